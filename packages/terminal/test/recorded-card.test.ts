/** A recorded session as a card, and cards that answer whatever comes to their mind. */
import {
  type Exchange,
  ExchangeError,
  fromHex,
  IssuerkitError,
  parseTranscript,
  toHex,
  withGetResponse,
} from '@issuerkit/apdu'
import { publishedCaKeys } from '@issuerkit/oda'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { showCard } from '../src/card-tree.js'
import { readCard } from '../src/read-card.js'
import { recordedCard } from '../src/recorded-card.js'
import { treeText } from '../src/tree-text.js'
import { AID, cardOf, DIRECTORY_FCI, entry, fci, PSE, tlv } from './reading-support.js'

const authentication = { store: publishedCaKeys().store, transactionDate: '20221101' }

describe('a recorded session', () => {
  const session = (text: string) => recordedCard(parseTranscript(text))

  test('is answered by meaning, as a T=1 card', async () => {
    const { exchange, asSent } = session(
      '> 00A4040005A000000003\n< 6102\n> 00C0000002\n< 6F009000\n> 00B2010C00\n< 6C01\n> 00B2010C01\n< 709000\n> 80A80000028300\n< 80009000\n',
    )
    const ask = async (command: string): Promise<string> => toHex(await exchange(fromHex(command)))
    expect(await ask('00A4040007A000000003101000')).toBe('6F009000')
    expect(toHex(asSent() ?? new Uint8Array(0))).toBe('00A4040005A000000003')
    expect(await ask('00B2010C00')).toBe('709000')
    expect(await ask('80A8000004830212340 0'.replace(' ', ''))).toBe('80009000')
    expect(toHex(asSent() ?? new Uint8Array(0))).toBe('80A80000028300')
  })

  test.each([
    ['another name', '00A4040005A00000000400', '6A82'],
    ['less of a name', '00A4040004A000000000', '6A82'],
    ['the next of a name', '00A4040207A000000003101000', '6A82'],
    ['another record', '00B2020C00', '6A83'],
    ['a data object', '80CA9F3600', '6A88'],
    ['another command', '0084000008', '6D00'],
    ['what is no command', '00A4', '6A82'],
    ['less than that', '00', '6D00'],
    ['what was sent with other data', '00200080022412', '6D00'],
    ['what was malformed in another way', '80AE40002F00', '6D00'],
  ])('does not know %s', async (_name, command, status) => {
    const { exchange, asSent } = session(
      '> 00A4040005A000000003\n< 6F009000\n> 00B2010C00\n< 709000\n> 00200080022411\n< 9000\n> 80AE40002E00\n< 9000\n',
    )
    await exchange(fromHex('00A4040005A00000000300'))
    expect(toHex(await exchange(fromHex(command)))).toBe(status)
    expect(asSent()).toBeUndefined()
  })

  test('goes on to the next reading of an application, and stays with the last', async () => {
    const { exchange } = session(
      '> 00B2010C00\n< 019000\n> 00A4040005A000000003\n< 119000\n> 00B2010C00\n< 029000\n> 00A4040005A000000003\n< 129000\n> 00B2010C00\n< 039000\n',
    )
    const answers: string[] = []
    for (const command of [
      '00B2010C00',
      '00A4040005A000000003',
      '00B2010C00',
      '00A4040005A000000003',
      '00B2010C00',
      '00A4040005A000000003',
    ]) {
      answers.push(toHex((await exchange(fromHex(command))).subarray(0, 1)))
    }
    expect(answers).toEqual(['01', '11', '02', '12', '03', '12'])
  })
})

describe('a hostile card', () => {
  const status = fc.constantFrom('9000', '6283', '6A83', '6A82', '6A81', '6985', '6C00', '6C10', '6100', '6110', '61FF')
  const plausible = fc.constantFrom(
    '',
    fci(AID, tlv('9F38', '9F3704')).slice(0, -4),
    DIRECTORY_FCI.slice(0, -4),
    tlv('6F', tlv('84', AID), tlv('A5', tlv('9F38', '9F37FF'), tlv('BF0C', entry(AID, '01'), tlv('9F4D', '0BFF')))),
    tlv('70', entry(AID, '01'), entry('A0000000031010', '02')),
    tlv('80', '7D00', '0801FF01'),
    tlv('77', tlv('82', '2000'), tlv('94', '0801020110010100')),
    tlv('70', tlv('5A', '4761739001010010'), tlv('57', '4761739001010010D491')),
    tlv('9F4F', '9A039F3602'),
  )
  const data = fc.oneof(
    { weight: 3, arbitrary: plausible.map((text) => fromHex(text)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  )
  const answer = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(data, status).map(([bytes, sw]) => Uint8Array.of(...bytes, ...fromHex(sw))) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 30 }) },
  )

  test('never brings up an error without a code, and never keeps the terminal for ever', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 12 }), async (answers) => {
        let count = 0
        const raw: Exchange = async () => answers[count++ % answers.length] as Uint8Array
        const tree = await readCard(withGetResponse(raw, { chunks: 4 }), { authentication })
        if (tree.ended !== undefined) expect(tree.ended).toBeInstanceOf(IssuerkitError)
        expect(treeText(tree)).not.toContain('4761739001010010')
        expect(JSON.stringify(showCard(tree))).not.toContain('4761739001010010')
        // 255 records of a directory, 32 applications of 512 records and a log of 255: each with its GET RESPONSEs.
        expect(count).toBeLessThan(32 * (512 + 255 + 10) * 12)
      }),
      { numRuns: 150 },
    )
  })

  test('that breaks off an answer ends the reading with what came', async () => {
    const { exchange } = cardOf({ [PSE]: '6110', '00C0': '6D00' })
    const tree = await readCard(withGetResponse(exchange))
    expect(tree.ended).toBeInstanceOf(ExchangeError)
  })
})
