/** Published cryptograms and ARPCs, from cards whose memory says what the numbers say. */
import { readFileSync } from 'node:fs'
import { fromHex, toHex } from '@issuerkit/apdu'
import { createKey, deriveIccMasterKey, type SchemeName } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { application, authenticate, CDOL1, generate, type TestApplication } from './support/application.js'

interface Case {
  readonly id: string
  readonly inputs: Readonly<Record<string, unknown>>
  readonly expect: Readonly<Record<string, string>>
}
function vector(file: string, id: string): Case {
  const { cases } = JSON.parse(readFileSync(new URL(`../../../vectors/${file}.json`, import.meta.url), 'utf8'))
  return (cases as Case[]).find((row) => row.id === id) as Case
}

/** The card's key by the vector's own issuer key. */
function iccKey({ inputs }: Case, option: 'A' | 'B', parity: 'odd' | 'none'): string {
  const imk = createKey('tdes', 'issuer', 'AC', fromHex(inputs['imk'] as string), { allowEqualHalves: true })
  const card = { pan: inputs['pan'] as string, panSequence: inputs['panSequence'] as string }
  return toHex(deriveIccMasterKey(imk, card, { option, parity }).expose())
}

/** Tag 91 in CDOL2, and the ARC. */
const CDOL2 = `8A02910A${CDOL1}`
const JPOS = '000000010000 000000001000 0840 0000001080 0840 980704 00 11111111'.split(' ')
const PBOC = '000000000001 000000000000 0156 0080046000 0156 140701 00 1E78EEBC'.split(' ')
const values = (list: readonly string[]): Record<string, string> =>
  Object.fromEntries(['9F02', '9F03', '9F1A', '95', '5F2A', '9A', '9C', '9F37'].map((tag, i) => [tag, list[i] ?? '']))

interface Row {
  readonly ac: string
  readonly arpc?: string
  readonly scheme: SchemeName
  readonly iad: string
  readonly card: TestApplication
  readonly terminal?: Record<string, string>
  readonly aip?: string
  readonly option?: 'A' | 'B'
}

const MCHIP: TestApplication = {
  config: { cdol2: CDOL2 },
  objects: { 'data/9F17': '03', 'data/9F57': '0124' },
}

const ROWS: readonly Row[] = [
  {
    ac: 'ac-cvn-VisaCVN10',
    arpc: 'arpc-pyemv-cvn10',
    scheme: 'visa-cvn10',
    iad: '06010A03A06010',
    // PIN try limit and a limit exceeded; one script command.
    card: { objects: { 'data/9F17': '00', 'data/9F58': '00' }, state: { scriptCounter: 1 } },
  },
  {
    ac: 'ac-cvn-VisaCVN18',
    arpc: 'arpc-pyemv-cvn18',
    scheme: 'visa-cvn18',
    iad: '06011203A0B800',
    // Last online transaction not completed, a limit exceeded, new card, issuer authentication failed last time.
    card: {
      objects: { 'data/9F58': '00', 'data/9F13': '0000' },
      state: { onlineAuthorisation: 1, issuerAuthenticationFailed: 1 },
    },
    option: 'B',
  },
  {
    ac: 'ac-cvn-InteracCVN133',
    arpc: 'arpc-pyemv-cvn133',
    scheme: 'interac-cvn133',
    iad: '1501850440B100000000B00000000000000000000000',
    card: { config: { issuerDiscretionaryData: '0440B100000000B0' } },
  },
  {
    ac: 'ac-cvn-MasterCardCVN16',
    arpc: 'arpc-pyemv-cvn16',
    scheme: 'mastercard-cvn16',
    iad: '0110A00003220000ABCD000000000000 00FF',
    card: MCHIP,
  },
  {
    ac: 'ac-cvn-MasterCardCVN17',
    arpc: 'arpc-pyemv-cvn17',
    scheme: 'mastercard-cvn17',
    iad: '0111A00003220000ABCD000000000003 22FF',
    card: { ...MCHIP, state: { cumulativeAmount: 3, consecutiveOffline: 0x22 } },
  },
  {
    ac: 'ac-cvn-MasterCardCVN20',
    arpc: 'arpc-pyemv-cvn20',
    scheme: 'mastercard-cvn20',
    iad: '0114A00003220000ABCD000000000000 00FF',
    card: MCHIP,
  },
  {
    ac: 'ac-jpos-mchip-p80',
    arpc: 'arpc-jpos-mchip-p80',
    scheme: 'mastercard-cvn16',
    iad: '0110A08003242000ABCD000000000000 00FF',
    terminal: values(JPOS),
    aip: '5800',
    // DDA, a domestic country other than the terminal's, the lower cumulative limit exceeded.
    card: {
      config: { cdol2: CDOL2 },
      objects: {
        'data/9F36': '3456',
        'data/9F17': '03',
        'data/9F57': '0124',
        'data/9F51': '0840',
        'data/9F54': '000000009999',
      },
      transaction: { dynamicAuthentication: true },
    },
  },
  {
    ac: 'ac-jpos-cskd-p80',
    arpc: 'arpc-jpos-cskd-p80',
    scheme: 'mastercard-cvn20',
    iad: '0114A08003242000ABCD000000000000 00FF',
    terminal: values(JPOS),
    aip: '5800',
    card: {
      config: { cdol2: CDOL2 },
      objects: {
        'data/9F36': '3456',
        'data/9F17': '03',
        'data/9F57': '0124',
        'data/9F51': '0840',
        'data/9F54': '000000009999',
      },
      transaction: { dynamicAuthentication: true },
    },
  },
  {
    ac: 'ac-pboc-cvn01-1',
    arpc: 'arpc-pboc-1',
    scheme: 'pboc',
    iad: '07010103A0400201',
    terminal: values(PBOC),
    aip: '7D00',
    // PIN try limit exceeded, DDA performed.
    card: {
      objects: { 'data/9F36': '0240', 'data/9F17': '00' },
      transaction: { dynamicAuthentication: true },
    },
  },
]

function start(row: Row) {
  const published = vector('application-cryptogram', row.ac)
  const tags = (published.inputs['tags'] ?? {}) as Record<string, string>
  const { objects, config } = row.card
  const context = application({
    ...row.card,
    scheme: row.scheme,
    key: iccKey(published, row.option ?? 'A', row.scheme === 'pboc' ? 'none' : 'odd'),
    config: {
      aip: row.aip ?? '1800',
      issuerDiscretionaryData: row.scheme.startsWith('mastercard') ? 'ABCD' : '',
      ...config,
    },
    objects: { 'data/9F36': '001C', ...objects },
  })
  return { context, answer: generate(context, 'ARQC', row.terminal ?? tags), published }
}

describe('the ARQC of a card', () => {
  it.each(ROWS)('$ac', (row) => {
    const { answer, published } = start(row)
    expect(answer.status).toBe('9000')
    expect(answer.iad).toBe(row.iad.replaceAll(' ', ''))
    expect(answer.cryptogram).toBe(published.expect['cryptogram'])
  })

  it.each(ROWS)('$ac is answered by $arpc', (row) => {
    const { context, answer } = start(row)
    const { inputs, expect: answered } = vector('arpc', row.arpc as string)
    expect(inputs['arqc']).toBe(answer.cryptogram)
    const data = `${answered['arpc']}${inputs['arc'] ?? inputs['csu']}`
    if (row.card.config?.cdol2 === CDOL2) {
      const second = generate(context, 'TC', { ...row.terminal, '91': data })
      expect(second.kind).toBe('TC')
      expect(context.transaction.issuerAuthentication).toBe('succeeded')
      return
    }
    // Those vectors' AIP does not promise EXTERNAL AUTHENTICATE, which only matters for the cryptogram.
    const promised = { ...context, config: { ...context.config, aip: '1C00' } }
    expect(authenticate(promised, data)).toBe('9000')
  })

  it.each(ROWS)('$ac is not answered by one bit less', (row) => {
    const { context } = start(row)
    const { inputs, expect: answered } = vector('arpc', row.arpc as string)
    const wrong = fromHex(`${answered['arpc']}${inputs['arc'] ?? inputs['csu']}`)
    wrong[wrong.length - 1] = (wrong[wrong.length - 1] as number) ^ 0x01
    const promised = { ...context, config: { ...context.config, aip: '1C00' } }
    expect(authenticate(promised, toHex(wrong))).toBe('6300')
    expect(context.memory.state('issuerAuthenticationFailed')).toBe(1)
  })
})
