/** Keys and secrets must not show in any place where an object ends up as text. */
import { format, inspect } from 'node:util'
import { fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { AesKey, deriveIccMasterKey, Secret, Sm4Key, TdesKey } from '../src/index.js'

const HEX = 'C0FFEE00DEADBEEFFACEFEED12345679'
const BYTES = fromHex(HEX)

/** The bytes in the shapes that printing gives them. */
const SHAPES = [
  HEX,
  HEX.toLowerCase(),
  Buffer.from(BYTES).toString('base64'),
  Buffer.from(BYTES).toString('latin1'),
  [...BYTES].slice(0, 4).join(','),
  [...BYTES].slice(0, 4).join(', '),
  'c0 ff ee',
  '"0":192',
]

const thrown = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

/** All ways to text that an application has. */
function texts(value: object): string[] {
  const holder = { nested: { value }, list: [value] }
  return [
    String(value),
    `${value}`,
    JSON.stringify(value),
    JSON.stringify(holder),
    inspect(value),
    inspect(value, { showHidden: true, depth: null, getters: true, showProxy: true }),
    inspect(holder, { depth: null, colors: true }),
    ...['%s', '%o', '%O', '%j', '%d'].map((pattern) => format(pattern, value)),
    format(value),
    JSON.stringify(Object.entries(value)),
    JSON.stringify({ ...value }),
    inspect(Object.getOwnPropertyDescriptors(value), { depth: null }),
    inspect(new Error('a failure', { cause: value })),
    inspect(new AggregateError([value])),
    JSON.stringify(new IssuerkitError('ERR_KEY', { label: String(value) })),
    String(new IssuerkitError('ERR_KEY', { got: `${value}` })),
    inspect(structuredClone(Object.fromEntries(Object.entries(value)))),
  ]
}

const KEYS = [
  ['TdesKey', TdesKey.create('icc', 'ENC', BYTES)],
  ['AesKey', AesKey.create('icc', 'ENC', BYTES)],
  ['Sm4Key', Sm4Key.create('icc', 'ENC', BYTES)],
] as const

describe.each(KEYS)('%s', (name, key) => {
  it('prints as its check value and never as its bytes', () => {
    for (const text of texts(key)) {
      expect(text).not.toBe('')
      for (const shape of SHAPES) expect(text).not.toContain(shape)
    }
  })

  it('prints level, purpose and check value', () => {
    const shown = `${name}(icc ENC, kcv ${key.kcv})`
    expect([String(key), inspect(key), JSON.parse(JSON.stringify(key)), format('%o', key)]).toEqual(
      Array(4).fill(shown),
    )
    expect(key.kcv).toMatch(/^[0-9A-F]{6}$/)
  })

  it('has nothing of its bytes in its own properties', () => {
    expect(Object.keys(key).sort()).toEqual(['algorithm', 'level', 'purpose'])
    expect(Object.getOwnPropertyNames(key).sort()).toEqual(['algorithm', 'level', 'purpose'])
    expect(Object.getOwnPropertySymbols(key)).toEqual([])
  })
})

describe('errors', () => {
  it.each([
    ['of creation', () => TdesKey.create('issuer', 'AC', BYTES.subarray(1))],
    ['of equal halves', () => TdesKey.create('issuer', 'AC', fromHex('C0FFEE00DEADBEEF'.repeat(2)))],
    ['of derivation', () => deriveIccMasterKey(TdesKey.create('issuer', 'AC', BYTES), { pan: '1', panSequence: '00' })],
    ['of an AES key', () => AesKey.create('issuer', 'AC', BYTES.subarray(0, 15))],
  ])('%s carry no byte of the key', (_, run) => {
    const error = thrown(run)
    expect(error).toBeInstanceOf(IssuerkitError)
    for (const text of texts(error as object))
      for (const shape of SHAPES) expect(text).not.toContain(shape.slice(0, 12))
  })
})

describe('Secret', () => {
  it('prints as its name and length and never as its bytes', () => {
    const secret = Secret.of(BYTES, 'D1')
    for (const text of texts(secret)) for (const shape of SHAPES) expect(text).not.toContain(shape)
    expect([String(secret), inspect(secret), JSON.parse(JSON.stringify(secret))]).toEqual(
      Array(3).fill('Secret(D1, 16 bytes)'),
    )
    expect(Object.getOwnPropertyNames(secret).sort()).toEqual(['label', 'length'])
    expect(toHex(secret.expose())).toBe(HEX)
  })
})
