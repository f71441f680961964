/** A card that was read, as text and as JSON. */
import { fromHex } from '@issuerkit/apdu'
import { publishedCaKeys } from '@issuerkit/oda'
import { describe, expect, test } from 'vitest'
import { attempt } from '../src/attempt.js'
import { showCard } from '../src/card-tree.js'
import { readCard } from '../src/read-card.js'
import { recordedCard } from '../src/recorded-card.js'
import { createTerminalData } from '../src/terminal-data.js'
import { treeText } from '../src/tree-text.js'
import { AID, cardOf, correctSession, DIRECTORY_FCI, fci, HOLDER_RECORD, PSE, tlv } from './reading-support.js'

const authentication = { store: publishedCaKeys().store, transactionDate: '20221101' }
const sdaTerminal = createTerminalData([['9F33', fromHex('E0F880')]])

describe('the tree as text', () => {
  const read = () => readCard(recordedCard(correctSession()).exchange, { authentication, terminal: sdaTerminal })

  test('shows everything by name, and nothing of the holder', async () => {
    const text = treeText(await read())
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        'payment system environment 1PAY.SYS.DDF01: 9000 (success)',
        `  ${AID}, "PBOC DEBIT", priority 1`,
        `application ${AID} "PBOC DEBIT": 9000 (success)`,
        '        9F38 Processing Options Data Object List (PDOL): 9F7A019F02065F2A02',
        '          9F02 Amount, Authorised (Numeric), 6 bytes',
        '          9F7A Electronic Cash Terminal Support Indicator, 1 byte',
        '        5F2D Language Preference: 7A68 "zh"',
        '  values for the PDOL: 000000000000000156',
        '    82 7C00 (SDA, DDA, cardholder verification, terminal risk management, issuer authentication)',
        '      SFI 2 record 1, the first 1 signed',
        '      SFI 2 records 3 to 6',
        '    57 Track 2 Equivalent Data: 621483******7436**********************',
        '    5A Application Primary Account Number (PAN): 621483******7436',
        '    5F24 Application Expiration Date: 221130',
        '  offline data authentication, sda: ok',
        '    static-data: ok [EMV-B2] 5.4',
        '    TVR 0200000000  TSI 8000',
      ]),
    )
    expect(text).not.toContain('findings')
    expect(text.endsWith('\n')).toBe(true)
    for (const secret of ['6214830100237436', '30100237', '5445535420434152', '3131303130', 'TEST CARD']) {
      expect(text).not.toContain(secret)
    }
    expect(text).toMatch(/ 9F46 ICC Public Key Certificate: [0-9A-F]{32}… \(144 bytes\)\n/)
    expect(text).toMatch(/ 90 Issuer Public Key Certificate: [0-9A-F]{64}… \(176 bytes\)\n/)
  })

  test('shows the holder where it is asked to', async () => {
    const text = treeText(await read(), { unmasked: true })
    expect(text).toContain('5A Application Primary Account Number (PAN): 6214830100237436\n')
    expect(text).toContain('57 Track 2 Equivalent Data: 6214830100237436D22112200000000000000F\n')
    expect(text).toContain('"TEST CARD HOLDER OF SEED ONE"')
  })

  test('as JSON has the same values, and no others', async () => {
    const json = JSON.stringify(showCard(await read()))
    expect(json).not.toMatch(/6214830100237436|54455354/)
    expect(JSON.parse(json)).toMatchObject({
      cardBlocked: false,
      searches: [{ method: 'pse', candidates: [{ aid: AID, label: 'PBOC DEBIT', priority: 1 }] }],
      applications: [{ status: '9000', aip: { value: '7C00' }, authentication: { verdict: { tvr: '0200000000' } } }],
    })
    expect(JSON.stringify(showCard(await read(), { unmasked: true }))).toContain(HOLDER_RECORD.slice(8, 46))
  })

  test('hides the PAN where nobody expects it, and what could steer the screen', async () => {
    const pan = '4761739001010010'
    const { exchange } = cardOf({
      [PSE]: DIRECTORY_FCI,
      '00B2010C': `${tlv('70', tlv('61', tlv('4F', AID), tlv('50', '1B5B324A31323334353637383930313233'), tlv('9F12', '4E')))}9000`,
      '00B2020C': '6A83',
      [`00A4040008${AID}`]: fci(AID, tlv('50', '1B5B324A'), tlv('BF0C', tlv('DF20', pan), tlv('9F4D', '0B01'))),
      '80A8': `${tlv('77', tlv('82', '0100'), tlv('94', '10010200 58010100 18010100'.replaceAll(' ', '')), tlv('DF21', `04${pan}`))}9000`,
      '00B20114': `${tlv('70', tlv('5A', pan), tlv('DF22', `34${[...pan].map((digit) => `3${digit}`).join('')}`), 'DF2300')}9000`,
      '00B20214': `${tlv('70', tlv('57', `${pan}D491`), 'A500')}9000`,
      '00B2011C': '6A83',
      '00B2015C': `${pan}9000`,
      '80CA9F36': '9F3602000A9000',
    })
    const tree = await readCard(exchange, { methods: ['pse'] })
    const text = treeText(tree)
    expect(text).not.toMatch(/4761739001010010|34373631373339/)
    expect(text).toContain(`DF20 unknown: ${'*'.repeat(16)}`)
    expect(text).toContain(`DF21 unknown: 04${'*'.repeat(16)}`)
    expect(text).toContain(`DF22 unknown: 34${'*'.repeat(32)}`)
    expect(text).toContain('  SFI 11 record 1: 8 bytes that are no data objects\n')
    expect(text).toContain('  log of transactions\n    record 1: 8 bytes that are no data objects\n')
    expect(text).toContain('  by GET DATA\n    9F36 Application Transaction Counter (ATC): 000A\n')
    expect(text).toContain('82 0100 (CDA)\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F]/)
    expect(text).toContain(`application ${AID} "?[2J": 9000`)
    expect(text).toContain(`  ${AID}, "?[2J*", "N"\n`)
    expect(treeText(tree, { unmasked: true })).toContain(`  SFI 11 record 1: ${pan}\n`)
    expect(treeText(tree, { unmasked: true })).toContain('"?[2J1234567890123"')
  })

  test('names a log by its format, and shows an answer that is no FCI as nothing', async () => {
    const { exchange } = cardOf({
      '00A4040007A0000000031010': fci('A0000000031010', tlv('BF0C', tlv('9F4D', '0B01'))),
      '00A4040007A0000000041010': '0102 9000',
      '80A8': '6985',
      '80CA9F4F': '9F4F049A03E1029000',
      '00B2015C': '26010212349000',
    })
    const aids = [fromHex('A0000000031010'), fromHex('A0000000041010')]
    const tree = await readCard(exchange, { aids, methods: ['list'] })
    const text = treeText(tree)
    expect(text).toContain('list of AIDs: 9000 (success)\n  A0000000031010\n  FCI_MALFORMED: ')
    expect(text).toContain(
      'log of transactions\n    record 1\n      9A Transaction Date: 260102\n      E1 unknown: ****\n',
    )
    expect(text).toContain('  findings\n    OPTIONS_STATUS (6985): ')
  })

  test('takes an application without a name', () => {
    const selected = { status: '6283', objects: new Map(), findings: [] }
    const tree = { searches: [], cardBlocked: false, applications: [{ selected }] }
    expect(treeText(tree)).toMatch(/^application without a name: 6283 \(.*\)\n$/)
  })

  test('of nothing says so', async () => {
    const tree = await readCard(cardOf({}).exchange)
    expect(treeText(tree).split('\n')).toEqual([
      'payment system environment 1PAY.SYS.DDF01: 6A82 (file or application not found)',
      'proximity payment system environment 2PAY.SYS.DDF01: 6A82 (file or application not found)',
      'list of AIDs: 6A82 (file or application not found)',
      '',
    ])
  })
})

describe('malformed data', () => {
  test('is nothing; a fault of the toolkit passes through', () => {
    expect(attempt(() => fromHex('0'))).toBeUndefined()
    const fault = (): never => {
      throw new RangeError('a fault')
    }
    expect(() => attempt(fault)).toThrow(RangeError)
  })
})
