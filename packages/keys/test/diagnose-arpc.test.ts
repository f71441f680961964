import { concat, fromHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  type ArpcDecision,
  createKey,
  cryptogramSessionKey,
  type DiagnoseArpcInput,
  type Diagnosis,
  deriveIccMasterKey,
  diagnoseArpc,
  generateArpcMethod1,
  generateArpcMethod2,
  type SchemeName,
  scheme,
} from '../src/index.js'
import { coded } from './support/errors.js'
import { CARD, IMK, issuerKey, MAC_IMK, transaction } from './support/transactions.js'

const ARQC = fromHex('E89051379F080D14')
const VALUES = { atc: fromHex('0064'), unpredictableNumber: fromHex('A1B2C3D4') }

function keys(name: SchemeName, { panSequence = '01', imk = IMK } = {}) {
  const iccKey = deriveIccMasterKey(issuerKey(name, imk), { ...CARD, panSequence }, { parity: 'none' })
  return { icc: iccKey, session: cryptogramSessionKey(iccKey, scheme(name).cryptogramSession, VALUES) }
}

function diagnose(
  name: SchemeName,
  arpc: Uint8Array,
  decision: ArpcDecision,
  more: Partial<DiagnoseArpcInput> = {},
): Diagnosis {
  const tags = new Map([...transaction(name), ['9F26', ARQC] as const])
  const mac = createKey(scheme(name).algorithm, 'issuer', 'MAC', fromHex(MAC_IMK))
  const input = { testKeys: true, keys: { ac: issuerKey(name), mac }, card: CARD, scheme: name, tags, arpc, decision }
  return diagnoseArpc({ ...input, ...more } as DiagnoseArpcInput)
}

const arc = fromHex('3035')

describe('the single change of an ARPC', () => {
  it.each([
    ['BCD, left', '0500'],
    ['BCD, right', '0005'],
    ['one digit a byte', '0005'],
    ['two EBCDIC characters', 'F0F5'],
  ])('is the form of the ARC: %s', (to, used) => {
    const arpc = generateArpcMethod1(keys('pboc').session, ARQC, fromHex(used))
    const { changes } = diagnose('pboc', arpc, { arc })
    expect(changes).toContainEqual({ kind: 'arc-form', from: 'as given', to })
  })

  it.each(['0500', 'F0F5', '0005'])('is two characters where %s was asked for', (given) => {
    const arpc = generateArpcMethod1(keys('pboc').session, ARQC, arc)
    const { change } = diagnose('pboc', arpc, { arc: fromHex(given) })
    expect(change).toEqual({ kind: 'arc-form', from: 'as given', to: 'two ASCII characters' })
  })

  it('tells the digits apart', () => {
    const arpc = generateArpcMethod1(keys('pboc').session, ARQC, fromHex('3530'))
    expect(diagnose('pboc', arpc, { arc: fromHex('5000') }).change?.to).toBe('two ASCII characters')
    expect(diagnose('pboc', arpc, { arc: fromHex('0050') }).change?.to).toBe('two ASCII characters')
    expect(diagnose('pboc', arpc, { arc: fromHex('0500') }).changes).toContainEqual({
      kind: 'arc-form',
      from: 'as given',
      to: 'two ASCII characters',
    })
  })

  it('is method 2 or 1', () => {
    const { session } = keys('pboc')
    const csu = concat(arc, new Uint8Array(2))
    expect(diagnose('pboc', generateArpcMethod2(session, ARQC, csu), { arc }).change).toEqual({
      kind: 'arpc-method',
      from: 'method 1',
      to: 'method 2, CSU = ARC and zeros',
    })
    expect(diagnose('pboc', generateArpcMethod1(session, ARQC, arc), { csu: fromHex('30350080') }).change).toEqual({
      kind: 'arpc-method',
      from: 'method 2',
      to: 'method 1, ARC = first two bytes of the CSU',
    })
  })

  it('is the other key', () => {
    const wrong = generateArpcMethod1(keys('pboc').icc, ARQC, arc)
    expect(diagnose('pboc', wrong, { arc }).change).toEqual({ kind: 'arpc-key', from: 'session', to: 'icc' })
    const other = generateArpcMethod1(keys('mastercard-cvn16').session, ARQC, arc)
    expect(diagnose('mastercard-cvn16', other, { arc }).change).toEqual({
      kind: 'arpc-key',
      from: 'icc',
      to: 'session',
    })
  })

  it('is in the keys', () => {
    const card = generateArpcMethod1(keys('pboc', { panSequence: '00' }).session, ARQC, arc)
    expect(diagnose('pboc', card, { arc }).change).toMatchObject({ kind: 'pan-sequence', to: '00' })
    const purpose = generateArpcMethod1(keys('pboc', { imk: MAC_IMK }).session, ARQC, arc)
    expect(diagnose('pboc', purpose, { arc }).change).toEqual({ kind: 'key', from: 'ac', to: 'mac' })
  })

  it('is none for an ARPC that verifies, or that nothing explains', () => {
    const good = generateArpcMethod1(keys('pboc').session, ARQC, arc)
    expect(diagnose('pboc', good, { arc })).toEqual({ verifies: true, change: undefined, changes: [], tried: [] })
    const none = diagnose('pboc', new Uint8Array(8), { arc })
    expect(none).toMatchObject({ verifies: false, change: undefined, changes: [] })
    expect([...new Set(none.tried.map(({ kind }) => kind))]).toEqual([
      'arc-form',
      'arpc-method',
      'arpc-key',
      'pan-sequence',
      'parity',
      'option',
      'session-method',
      'key',
    ])
  })

  it('tries no form of an ARC that is no two digits', () => {
    const { tried } = diagnose('pboc', new Uint8Array(8), { arc: fromHex('5A33') })
    expect(tried.filter(({ kind }) => kind === 'arc-form')).toEqual([])
    const digits = diagnose('pboc', new Uint8Array(8), { arc })
    expect(digits.tried.filter(({ kind }) => kind === 'arc-form')).toHaveLength(4)
  })
})

describe('refused is', () => {
  it.each([
    ['a diagnosis without a word on the keys', { testKeys: false }, 'ERR_OPTION', 'testKeys'],
    ['an unknown scheme', { scheme: 'x' }, 'ERR_SCHEME', 'scheme'],
    ['a scheme of another cipher', { scheme: 'pboc-sm4' }, 'ERR_KEY', 'pboc-sm4'],
    ['a transaction without its ARQC', { tags: transaction('pboc') }, 'ERR_ARQC', 'arqc'],
    ['an ARPC of 7 bytes', { arpc: new Uint8Array(7) }, 'ERR_LENGTH', 'arpc'],
    ['an ARPC of 9 bytes', { arpc: new Uint8Array(9) }, 'ERR_LENGTH', 'arpc'],
    ['an ARPC of 5 bytes', { arpc: new Uint8Array(5) }, 'ERR_LENGTH', 'arpc'],
    ['an ARC of 1 byte', { decision: { arc: new Uint8Array(1) } }, 'ERR_ARC', 'arc'],
    ['a CSU of 3 bytes', { decision: { csu: new Uint8Array(3) } }, 'ERR_LENGTH', 'csu'],
    ['a sequence number of one digit', { card: { ...CARD, panSequence: '1' } }, 'ERR_PAN_SEQUENCE', 'panSequence'],
  ] as const)('%s', (_, more, code, label) => {
    const run = (): unknown =>
      diagnose('pboc', new Uint8Array(8), { arc }, more as unknown as Partial<DiagnoseArpcInput>)
    expect(run).toThrow(coded(code, { label }))
  })
})
