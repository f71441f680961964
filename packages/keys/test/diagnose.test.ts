import { concat, fromHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  type Change,
  type CryptogramSessionMethod,
  createKey,
  cryptogramData,
  cryptogramSessionKey,
  type DiagnoseCryptogramInput,
  type Diagnosis,
  deriveIccMasterKey,
  diagnoseCryptogram,
  generateApplicationCryptogram,
  generateCryptogram,
  SCHEMES,
  type SchemeName,
  scheme,
  withOddParity,
} from '../src/index.js'
import { coded } from './support/errors.js'
import { CARD, ENC_IMK, field55, IMK, issuerKey, MAC_IMK, SCHEME_NAMES, transaction } from './support/transactions.js'

const LONG = { pan: '6200000000000000005', panSequence: '01' }

const keysOf = (name: SchemeName) => {
  const { algorithm } = scheme(name)
  return {
    ac: issuerKey(name),
    mac: createKey(algorithm, 'issuer', 'MAC', fromHex(MAC_IMK)),
    enc: createKey(algorithm, 'issuer', 'ENC', fromHex(ENC_IMK)),
  }
}

function diagnose(name: SchemeName, cryptogram: Uint8Array, more: Partial<DiagnoseCryptogramInput> = {}): Diagnosis {
  const tags = new Map([...transaction(name), ['9F26', cryptogram] as const])
  const input = { testKeys: true, keys: keysOf(name), card: LONG, scheme: name, tags, ...more }
  return diagnoseCryptogram(input as DiagnoseCryptogramInput)
}

const method = (of: SchemeName): CryptogramSessionMethod => scheme(of).cryptogramSession
const VALUES = { atc: fromHex('0064'), unpredictableNumber: fromHex('A1B2C3D4') }

/** The cryptogram of somebody who did one thing otherwise. */
function mistaken(
  name: SchemeName,
  does: {
    imk?: string
    panSequence?: string
    option?: 'A' | 'B'
    parity?: 'odd'
    session?: CryptogramSessionMethod
    tree?: { branch: number; height: number }
    data?: Uint8Array
    padding?: 1 | 2
  },
): Uint8Array {
  const row = scheme(name)
  const imk = issuerKey(name, does.imk ?? IMK)
  const card = { ...LONG, panSequence: does.panSequence ?? LONG.panSequence }
  const derived = deriveIccMasterKey(imk, card, { option: does.option ?? row.iccKey.option, parity: 'none' })
  const bytes = does.parity === 'odd' ? withOddParity(derived.expose()) : derived.expose()
  const icc = createKey(row.algorithm, 'icc', 'AC', bytes)
  const values = { ...VALUES, ...does.tree, iv: new Uint8Array(16) }
  const key = cryptogramSessionKey(icc, does.session ?? method(name), values)
  const data = does.data ?? cryptogramData(name, transaction(name)).data
  return generateCryptogram(key, data, does.padding ?? row.cryptogramPadding)
}

const element = (name: SchemeName, ...elements: string[]): Uint8Array =>
  cryptogramData(name, transaction(name), { elements }).data
const COMMON = ['9F02', '9F03', '9F1A', '95', '5F2A', '9A', '9C', '9F37', '82', '9F36']

describe('the single change', () => {
  it.each([
    ['visa-cvn10', { padding: 2 }, { kind: 'padding', from: 'method 1', to: 'method 2' }],
    ['pboc', { padding: 1 }, { kind: 'padding', from: 'method 2', to: 'method 1' }],
    [
      'pboc',
      { data: element('pboc', ...COMMON, 'IAD') },
      { kind: 'covered-data', from: 'CVR last', to: 'whole 9F10 last' },
    ],
    [
      'visa-cvn18',
      { data: element('visa-cvn18', ...COMMON, 'CVR') },
      { kind: 'covered-data', from: 'whole 9F10 last', to: 'CVR last' },
    ],
    [
      'mastercard-cvn20',
      { data: element('mastercard-cvn20', ...COMMON, 'CVR', 'COUNTERS') },
      { kind: 'covered-data', from: 'CVR last', to: 'CVR and counters last' },
    ],
    [
      'mastercard-cvn21',
      { data: element('mastercard-cvn21', ...COMMON) },
      { kind: 'covered-data', from: 'CVR and counters last', to: 'nothing of 9F10' },
    ],
    [
      'pboc',
      { data: element('pboc', '9F02', '9F37', '9F36', 'IAD5') },
      { kind: 'covered-data', from: 'CVR last', to: 'contactless: 9F02 9F37 9F36 and byte 5 of 9F10' },
    ],
    [
      'pboc-cvn17',
      { data: element('pboc-cvn17', ...COMMON, 'CVR') },
      { kind: 'covered-data', from: 'contactless: 9F02 9F37 9F36 and byte 5 of 9F10', to: 'CVR last' },
    ],
    [
      'visa-cvn10',
      { data: concat(element('visa-cvn10', ...COMMON), fromHex('A06010')) },
      { kind: 'covered-data', from: 'CVR last', to: 'CVR without its length byte last' },
    ],
    [
      'pboc',
      { data: concat(element('pboc', ...COMMON), fromHex('A00000')) },
      { kind: 'covered-data', from: 'CVR last', to: 'CVR without its length byte last' },
    ],
    ['pboc', { panSequence: '00' }, { kind: 'pan-sequence', from: '01', to: '00' }],
    ['pboc', { panSequence: '02' }, { kind: 'pan-sequence', from: '01', to: '02' }],
    ['pboc', { panSequence: '99' }, { kind: 'pan-sequence', from: '01', to: '99' }],
    ['pboc-sm4', { parity: 'odd' }, { kind: 'parity', from: 'none', to: 'odd' }],
    ['mastercard-cvn20', { option: 'B' }, { kind: 'option', from: 'A', to: 'B' }],
    ['visa-cvn18', { option: 'A' }, { kind: 'option', from: 'B', to: 'A' }],
    ['pboc', { session: 'none' }, { kind: 'session-method', from: 'pboc', to: 'none' }],
    ['pboc', { session: 'emv-common' }, { kind: 'session-method', from: 'pboc', to: 'emv-common' }],
    [
      'mastercard-cvn20',
      { session: 'mastercard-skd' },
      { kind: 'session-method', from: 'emv-common', to: 'mastercard-skd' },
    ],
    ['mastercard-cvn16', { session: 'visa-xor' }, { kind: 'session-method', from: 'mastercard-skd', to: 'visa-xor' }],
    ['visa-cvn10', { session: 'pboc' }, { kind: 'session-method', from: 'none', to: 'pboc' }],
    ['pboc-sm4', { session: 'none' }, { kind: 'session-method', from: 'pboc-sm4', to: 'none' }],
    ['pboc', { imk: MAC_IMK }, { kind: 'key', from: 'ac', to: 'mac' }],
    ['pboc-sm4-cvn17', { imk: ENC_IMK }, { kind: 'key', from: 'ac', to: 'enc' }],
  ] as const)('of %s %j', (name, does, change) => {
    const diagnosis = diagnose(name, mistaken(name, does as Parameters<typeof mistaken>[1]))
    expect(diagnosis).toMatchObject({ verifies: false, change, changes: [change] })
    expect(diagnosis.tried).toContainEqual(change)
  })

  it.each([
    ['emv2000-tree 4/8', { branch: 4, height: 8 }],
    ['emv2000-tree 2/16', { branch: 2, height: 16 }],
  ])('is the %s', (to, tree) => {
    const wrong = mistaken('mastercard-cvn20', { session: 'emv2000-tree', tree, parity: 'odd' })
    expect(diagnose('mastercard-cvn20', wrong).change).toEqual({ kind: 'session-method', from: 'emv-common', to })
  })

  it('is found from DE55 and without a scheme', () => {
    const tags = new Map([...transaction('pboc'), ['9F26', mistaken('pboc', { panSequence: '00' })] as const])
    const input = { testKeys: true, keys: { ac: issuerKey('pboc') }, card: LONG, field55: field55(tags) } as const
    expect(diagnoseCryptogram(input).change).toMatchObject({ kind: 'pan-sequence', to: '00' })
  })
})

describe('what is tried', () => {
  const nothing = new Uint8Array(8)
  const kinds = (tried: readonly Change[]): Record<string, number> => {
    const counts: Record<string, number> = {}
    for (const { kind } of tried) counts[kind] = (counts[kind] ?? 0) + 1
    return counts
  }

  it.each([
    ['pboc', { padding: 1, 'covered-data': 4, 'pan-sequence': 99, parity: 1, option: 1, 'session-method': 6, key: 2 }],
    [
      'mastercard-cvn16',
      { padding: 1, 'covered-data': 4, 'pan-sequence': 99, parity: 1, option: 1, 'session-method': 6, key: 2 },
    ],
    // The CVR of Interac is not public, and no other cipher than SM4 has its option and methods.
    [
      'interac-cvn133',
      { padding: 1, 'covered-data': 1, 'pan-sequence': 99, parity: 1, option: 1, 'session-method': 6, key: 2 },
    ],
    ['pboc-sm4', { padding: 1, 'covered-data': 4, 'pan-sequence': 99, parity: 1, 'session-method': 1, key: 2 }],
  ] as const)('for %s is %j', (name, expected) => {
    const { tried, change, changes } = diagnose(name, nothing)
    expect(kinds(tried)).toEqual(expected)
    expect([change, changes]).toEqual([undefined, []])
  })

  it('is nothing when it verifies', () => {
    const { cryptogram } = generateApplicationCryptogram({
      scheme: 'pboc',
      imk: issuerKey('pboc'),
      card: CARD,
      tags: transaction('pboc'),
    })
    expect(diagnose('pboc', cryptogram, { card: CARD })).toEqual({
      verifies: true,
      change: undefined,
      changes: [],
      tried: [],
    })
  })

  it('is no other purpose without its key, and no method without its values', () => {
    expect(kinds(diagnose('pboc', nothing, { keys: { ac: issuerKey('pboc') } }).tried)['key']).toBeUndefined()
    const { ac, mac } = keysOf('pboc')
    expect(kinds(diagnose('pboc', nothing, { keys: { ac, ...(mac === undefined ? {} : { mac }) } }).tried)['key']).toBe(
      1,
    )
  })

  it('begins with the padding and goes on to the keys', () => {
    const order = [...new Set(diagnose('pboc', nothing).tried.map(({ kind }) => kind))]
    expect(order).toEqual(['padding', 'covered-data', 'pan-sequence', 'parity', 'option', 'session-method', 'key'])
  })

  it('names the data of every scheme', () => {
    for (const name of SCHEME_NAMES) {
      const from = diagnose(name, nothing).tried.find(({ kind }) => kind === 'covered-data')?.from
      expect(from, name).toMatch(/./)
    }
    expect(SCHEME_NAMES).toHaveLength(Object.keys(SCHEMES).length)
  })
})

describe('refused is', () => {
  const nothing = new Uint8Array(8)
  it.each([
    ['a diagnosis without a word on the keys', { testKeys: undefined }, 'ERR_OPTION', 'testKeys'],
    ['a diagnosis of other keys', { testKeys: false }, 'ERR_OPTION', 'testKeys'],
    ['a diagnosis of keys that are only truthy', { testKeys: 1 }, 'ERR_OPTION', 'testKeys'],
    ['a PAN with letters', { card: { ...LONG, pan: '620000000000000A' } }, 'ERR_PAN', 'pan'],
    ['an unknown scheme', { scheme: 'x' }, 'ERR_SCHEME', 'scheme'],
    ['a scheme of another cipher', { scheme: 'pboc-sm4' }, 'ERR_KEY', 'pboc-sm4'],
    ['a message without a cryptogram', { tags: transaction('pboc') }, 'ERR_ARQC', 'arqc'],
    [
      'a message without 9F02',
      {
        tags: new Map(
          [...transaction('pboc'), ['9F26', nothing]].filter(([t]) => t !== '9F02') as [string, Uint8Array][],
        ),
      },
      'ERR_TAG',
      'tag 9F02',
    ],
    [
      'a message without 9F36',
      {
        tags: new Map(
          [...transaction('pboc'), ['9F26', nothing]].filter(([t]) => t !== '9F36') as [string, Uint8Array][],
        ),
      },
      'ERR_ATC',
      'atc',
    ],
  ] as const)('%s', (_, more, code, label) => {
    const run = (): unknown => diagnose('pboc', nothing, more as unknown as Partial<DiagnoseCryptogramInput>)
    expect(run).toThrow(coded(code, { label }))
  })

  it('a number that is missing where the scheme needs it', () => {
    const tags = new Map([...transaction('mastercard-cvn16'), ['9F26', nothing] as const])
    tags.delete('9F37')
    expect(() => diagnose('mastercard-cvn16', nothing, { tags })).toThrow(coded('ERR_LENGTH'))
  })
})
