/** Whole cards: the one of seed 001, recorded and read again, and cards that fail. */
import { type Exchange, fromHex, IssuerkitError, replay, toHex } from '@issuerkit/apdu'
import { publishedCaKeys } from '@issuerkit/oda'
import { describe, expect, test } from 'vitest'
import { showCard } from '../src/card-tree.js'
import { readCard } from '../src/read-card.js'
import { recordedCard } from '../src/recorded-card.js'
import { createTerminalData } from '../src/terminal-data.js'
import { treeText } from '../src/tree-text.js'
import {
  AID,
  cardOf,
  correctSession,
  DIRECTORY_FCI,
  dataCommands,
  entry,
  fci,
  PPSE,
  PSE,
  seedSession,
  signingCard,
  tlv,
} from './reading-support.js'

/** As the card of the seed was valid, by the key that UnionPay has published. */
const authentication = { store: publishedCaKeys().store, transactionDate: '20221101' }
/** SDA is what the publication proves. */
const sdaTerminal = createTerminalData([['9F33', fromHex('E0F880')]])
/** The log entry of the card's FCI is 0B0A: its first record is asked for. */
const log = [{ command: fromHex('00B2015C00'), response: fromHex('6A83') }]

describe('the card of seed 001', () => {
  test('is read by the commands of the standard, and its static data holds', async () => {
    const entries = [...correctSession(), ...dataCommands(), ...log]
    const commands: string[] = []
    const recorded = replay(entries)
    const exchange: Exchange = (command) => {
      commands.push(toHex(command))
      return recorded(command)
    }
    const tree = await readCard(exchange, { authentication, terminal: sdaTerminal })
    expect(commands).toEqual(entries.map(({ command }) => toHex(command)))
    expect(tree).toMatchObject({ cardBlocked: false, searches: [{ method: 'pse', status: '9000', findings: [] }] })
    expect(tree.ended).toBeUndefined()
    const [application, ...more] = tree.applications
    expect(more).toEqual([])
    expect(application).toMatchObject({
      candidate: { label: 'PBOC DEBIT', priority: 1 },
      selected: { status: '9000', findings: [] },
      initiated: { ok: true, pdolData: fromHex('000000000000000156') },
      reading: { missing: [], findings: [] },
      authentication: { outcome: 'authenticated', verdict: { ok: true, method: 'sda' } },
    })
    expect(toHex(application?.reading?.aip ?? new Uint8Array(0))).toBe('7C00')
    // The tags that the article lists at its end.
    for (const tag of [
      '8E',
      '9F07',
      '9F0F',
      '5F24',
      '9F0E',
      '9F0D',
      '5A',
      '5F28',
      '5F34',
      '5F25',
      '57',
      '8F',
      '90',
      '9F23',
    ]) {
      expect([tag, application?.reading?.data.has(tag)]).toEqual([tag, true])
    }
  })

  test('is read again as it was published, with what the publication leaves out as findings', async () => {
    const { exchange, asSent } = recordedCard(seedSession())
    const tree = await readCard(exchange, { authentication: { ...authentication, asSent }, terminal: sdaTerminal })
    const { applications } = showCard(tree)
    expect(applications[0]).toMatchObject({
      aid: AID,
      label: 'PBOC DEBIT',
      authentication: { outcome: 'authenticated' },
    })
    expect(applications[0]?.findings).toMatchObject([{ code: 'RECORD_STATUS', about: 'SFI 1 record 1: 6A83' }])
  })

  test('does not hold with one bit of its static data changed', async () => {
    const session = correctSession().map((one) => {
      if (toHex(one.command) !== '00B2011400') return one
      const response = one.response.slice()
      response[6] = (response[6] ?? 0) ^ 0x01
      return { ...one, response }
    })
    const tree = await readCard(recordedCard(session).exchange, { authentication, terminal: sdaTerminal })
    expect(tree.applications[0]?.authentication).toMatchObject({ outcome: 'failed', verdict: { stage: 'static-data' } })
  })

  test('is not judged without keys', async () => {
    const tree = await readCard(recordedCard(correctSession()).exchange)
    expect(tree.applications[0]?.reading?.records).toHaveLength(8)
    expect(tree.applications[0]).not.toHaveProperty('authentication')
  })
})

describe('a card', () => {
  test('with several applications is read by priority', async () => {
    const { exchange } = cardOf({
      [PSE]: DIRECTORY_FCI,
      '00B2010C': `${tlv('70', entry('A0000000031010', '02'), entry('A0000000041010', '00'), entry(AID, '81'))}9000`,
      '00B2020C': '6A83',
      '00A4040007A0000000031010': fci('A0000000031010'),
      [`00A4040008${AID}`]: fci(AID),
      '80A8': '6985',
    })
    const tree = await readCard(exchange)
    expect(
      tree.applications.map(({ selected, candidate }) => [selected.status, toHex(candidate?.aid ?? fromHex(''))]),
    ).toEqual([
      ['9000', AID],
      ['9000', 'A0000000031010'],
      ['6A82', 'A0000000041010'],
    ])
    expect(tree.applications[0]?.initiated).toMatchObject({ ok: false, status: '6985' })
    const text = treeText(tree)
    expect(text).toContain(`  ${AID}, priority 1, needs confirmation\n`)
    expect(text).toContain('application A0000000041010: 6A82 (file or application not found)\n')
  })

  test('whose directory is empty is looked for in the next one', async () => {
    const { exchange } = cardOf({
      [PSE]: '6A82',
      [PPSE]: `${tlv('6F', tlv('84', '32'), tlv('A5', tlv('BF0C', entry(AID, '01'))))}9000`,
      [`00A4040008${AID}`]: fci(AID),
    })
    const tree = await readCard(exchange)
    expect(tree.searches.map(({ method }) => method)).toEqual(['pse', 'ppse'])
    expect(tree.applications).toHaveLength(1)
  })

  test('that is blocked is asked nothing more', async () => {
    const { exchange, commands } = cardOf({ '00A4': '6A81' })
    const tree = await readCard(exchange)
    expect([tree.cardBlocked, commands]).toEqual([true, [PSE]])
    expect(treeText(tree)).toContain('the card is blocked, or has no SELECT')
  })

  test('shows its blocked applications, and leaves them alone', async () => {
    const { exchange, commands } = cardOf({
      '00A4040007A0000000031010': '6283',
      '00A4040007A0000000041010': fci('A0000000041010'),
      '00C0': '6D00',
      '80A8': '6985',
    })
    const tree = await readCard(exchange, { aids: [fromHex('A0000000031010'), fromHex('A0000000041010')] })
    expect(tree.applications.map(({ selected }) => selected.status)).toEqual(['6283', '9000'])
    expect(commands.filter((command) => command.startsWith('80A8'))).toHaveLength(1)
    expect(treeText(tree)).toContain(
      'application A0000000031010: 6283 (warning: the selected file or application is blocked)\n',
    )
  })

  test('keeps what was read when it is taken out', async () => {
    const recorded = recordedCard(correctSession())
    let left = 9
    const exchange: Exchange = (command) => {
      if (left-- > 0) return recorded.exchange(command)
      throw new IssuerkitError('ERR_READER', { label: 'reader', expected: 'a card', got: 'none' })
    }
    const tree = await readCard(exchange)
    expect(tree.ended?.code).toBe('ERR_READER')
    expect(tree.applications[0]?.initiated?.ok).toBe(true)
    expect(tree.applications[0]).not.toHaveProperty('reading')
    expect(treeText(tree)).toMatch(/the reading ended: ERR_READER: reader: expected a card, got none\n$/)
    expect(showCard(tree).ended?.code).toBe('ERR_READER')
  })

  test('that answers without a status ends the reading', async () => {
    expect((await readCard(async () => fromHex('90'))).ended?.code).toBe('ERR_RESPONSE')
  })

  test("does not hide the toolkit's own faults, or a caller's", async () => {
    const broken = async (): Promise<Uint8Array> => {
      throw new TypeError('a fault')
    }
    await expect(readCard(broken)).rejects.toThrow(TypeError)
    await expect(readCard(cardOf({}).exchange, { aids: [fromHex('A0')] })).rejects.toMatchObject({ code: 'ERR_LENGTH' })
  })

  test('of CDA or of no method is told from a bad one', async () => {
    const card = signingCard()
    const [first = '', ...rest] = card.certificates.split(' ')
    const answers = (aip: string) => ({
      [`00A4040008${AID}`]: fci(AID),
      '80A8': `${tlv('80', aip, '08010101', '10010400')}9000`,
      '00B2010C': `${card.data}9000`,
      '00B20114': `${first}9000`,
      ...Object.fromEntries(rest.map((record, i) => [`00B20${i + 2}14`, `${record}9000`])),
    })
    const read = (aip: string) =>
      readCard(cardOf(answers(aip)).exchange, {
        authentication: { store: card.store, profile: 'test' },
        terminal: createTerminalData([['9A', fromHex('261121')]]),
      })
    expect(treeText(await read('7D00'))).toContain('icc-key: certificates ok; CDA itself needs a GENERATE AC\n')
    const none = treeText(await read('0000'))
    expect(none).toContain('    82 0000\n')
    expect(none).toContain('none: none that card and terminal have in common\n')
    expect(treeText(await read('6000'))).toMatch(
      /dda: NOT OK\n(.*\n)* {4}icc-certificate: NOT OK ICC_CERT_HASH: .* \[EMV-B2\] 6\.4/,
    )
  })
})
