import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { AesKey, createKey, type KeyLevel, Sm4Key, TdesKey } from '../src/index.js'
import { coded } from './support/errors.js'

const BYTES = fromHex('0123456789ABCDEFFEDCBA9876543210')
const K1 = '0123456789ABCDEF'
const K2 = 'FEDCBA9876543210'
const K3 = '89ABCDEF01234567'
const LEVELS: readonly KeyLevel[] = ['issuer', 'icc', 'session', 'zone']
const CLASSES = [
  ['TdesKey', TdesKey],
  ['AesKey', AesKey],
  ['Sm4Key', Sm4Key],
] as const

describe.each(CLASSES)('%s', (name, { create }) => {
  it('knows its algorithm, level and purpose, and copies its bytes', () => {
    const bytes = BYTES.slice()
    const key = create('icc', 'ENC', bytes)
    bytes.fill(0)
    expect([key.algorithm, key.level, key.purpose]).toEqual([name.slice(0, -3).toLowerCase(), 'icc', 'ENC'])
    expect(toHex(key.expose())).toBe(toHex(BYTES))
  })

  it('copies a Buffer, too, of which slices share the bytes', () => {
    const bytes = Buffer.from(BYTES)
    const key = create('icc', 'ENC', bytes)
    bytes.fill(0)
    expect(toHex(key.expose())).toBe(toHex(BYTES))
  })

  it('gives the bytes themselves, not a copy', () => {
    const key = create('icc', 'ENC', BYTES)
    expect(key.expose()).toBe(key.expose())
  })

  it('zeroes its bytes when destroyed, and is of no use afterwards', () => {
    const key = create('session', 'MAC', BYTES)
    const bytes = key.expose()
    key.destroy()
    expect(toHex(bytes)).toBe('00'.repeat(16))
    expect(() => key.expose()).toThrow(coded('ERR_KEY_DESTROYED', { label: 'session MAC key' }))
    expect(() => key.kcv).toThrow(coded('ERR_KEY_DESTROYED', { label: 'session MAC key' }))
    expect(String(key)).toBe(`${name}(session MAC, destroyed)`)
    expect(() => key.destroy()).not.toThrow()
    expect(() => key.expose()).toThrow(coded('ERR_KEY_DESTROYED'))
  })

  it.each(LEVELS)('refuses other lengths at the level %s', (level) => {
    const allowed = name === 'AesKey' ? [16, 24, 32] : name === 'TdesKey' && level === 'zone' ? [16, 24] : [16]
    for (let length = 0; length <= 33; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i + 1) * 7)
      const run = (): unknown => create(level, 'AC', bytes)
      if (allowed.includes(length)) expect(run).not.toThrow()
      else expect(run).toThrow(coded('ERR_KEY', { label: `${level} AC key`, got: `${length} bytes` }))
    }
  })

  it.each([[toHex(BYTES)], [undefined], [{ length: 16 }], [[...BYTES]]])('refuses %j for bytes', (bytes) => {
    expect(() => create('icc', 'AC', bytes as unknown as Uint8Array)).toThrow(coded('ERR_KEY', { got: typeof bytes }))
  })
})

describe('TdesKey', () => {
  it.each([
    ['equal halves', K1 + K1],
    ['halves that differ in parity alone', `${K1}0022446688AACCEE`],
    ['zero', '00'.repeat(16)],
  ])('refuses %s unless allowed by name', (_, hex) => {
    const label = 'issuer AC key'
    expect(() => TdesKey.create('issuer', 'AC', fromHex(hex))).toThrow(coded('ERR_KEY', { label, got: 'equal halves' }))
    expect(() => TdesKey.create('issuer', 'AC', fromHex(hex), { allowEqualHalves: false })).toThrow(coded('ERR_KEY'))
    expect(toHex(TdesKey.create('issuer', 'AC', fromHex(hex), { allowEqualHalves: true }).expose())).toBe(hex)
  })

  it('accepts halves that differ in one bit other than parity', () =>
    expect(() => TdesKey.create('issuer', 'AC', fromHex(`${K1}0123456789ABCDED`))).not.toThrow())

  it.each([
    ['K1 = K2', K1 + K1 + K3],
    ['K2 = K3', K1 + K2 + K2],
  ])('refuses three keys with %s', (_, hex) =>
    expect(() => TdesKey.create('zone', 'KBPK', fromHex(hex))).toThrow(coded('ERR_KEY', { got: 'equal halves' })),
  )

  it.each([K1 + K2 + K3, K1 + K2 + K1])('accepts the three keys %s', (hex) =>
    expect(toHex(TdesKey.create('zone', 'KBPK', fromHex(hex)).expose())).toBe(hex),
  )

  it('takes 8 bytes at the level zone alone, when allowed by name', () => {
    expect(() => TdesKey.create('zone', 'MAC', fromHex(K1))).toThrow(coded('ERR_KEY', { got: '8 bytes' }))
    expect(() => TdesKey.create('zone', 'MAC', fromHex(K1), { allowSingleLength: false })).toThrow(coded('ERR_KEY'))
    expect(toHex(TdesKey.create('zone', 'MAC', fromHex(K1), { allowSingleLength: true }).expose())).toBe(K1)
    for (const level of ['issuer', 'icc', 'session'] as const) {
      expect(() => TdesKey.create(level, 'MAC', fromHex(K1), { allowSingleLength: true })).toThrow(coded('ERR_KEY'))
    }
  })

  it('may withhold its check value', () => {
    const key = TdesKey.create('session', 'MAC', BYTES, { withholdKcv: true })
    expect(key.kcv).toBe('withheld')
    expect(String(key)).toBe('TdesKey(session MAC, kcv withheld)')
    expect(TdesKey.create('session', 'MAC', BYTES, { withholdKcv: false }).kcv).toBe('08D7B4')
    key.destroy()
    expect(() => key.kcv).toThrow(coded('ERR_KEY_DESTROYED'))
  })
})

describe('createKey', () => {
  it.each([
    ['tdes', TdesKey],
    ['aes', AesKey],
    ['sm4', Sm4Key],
  ] as const)('gives the class of %s', (algorithm, type) => {
    const key = createKey(algorithm, 'zone', 'PIN', BYTES)
    expect(key).toBeInstanceOf(type)
    expect([key.level, key.purpose, toHex(key.expose())]).toEqual(['zone', 'PIN', toHex(BYTES)])
  })

  it('passes the options on', () => {
    const equal = fromHex(K1 + K1)
    expect(() => createKey('tdes', 'issuer', 'AC', equal)).toThrow(coded('ERR_KEY'))
    expect(createKey('tdes', 'issuer', 'AC', equal, { allowEqualHalves: true }).level).toBe('issuer')
    for (const algorithm of ['aes', 'sm4'] as const) {
      expect(createKey(algorithm, 'icc', 'AC', BYTES, { withholdKcv: true }).kcv).toBe('withheld')
    }
  })

  it.each(['des', '', 'toString', 'TDES'])('refuses the algorithm %j', (algorithm) =>
    expect(() => createKey(algorithm as 'aes', 'icc', 'AC', BYTES)).toThrow(
      coded('ERR_OPTION', { label: 'algorithm' }),
    ),
  )
})
