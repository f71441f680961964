/** Key objects go out as what they are, a key comes in as a secret, and nothing of either is left behind. */
import {
  AesKey,
  backend,
  type KeyBlockVersion,
  type NewKeyBlockHeader,
  Secret,
  Sm4Key,
  TdesKey,
  unwrapKeyBlock,
  useBackend,
  wrapKeyBlock,
} from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { coded } from './support/errors.js'
import { ALL_VERSIONS, hexBytes, KBPK } from './support/key-blocks.js'

const BYTES = hexBytes('00112233445566778899AABBCCDDEEFF0123456789ABCDEF1032547698BADCFE')
const secret = (length: number): Secret => Secret.of(BYTES.subarray(0, length), 'key')
const header = (version: KeyBlockVersion, algorithm: 'A' | 'T', change: object = {}): NewKeyBlockHeader => ({
  ...{ version, usage: 'D0', algorithm, modeOfUse: 'N', exportability: 'E' },
  ...change,
})

describe('key objects', () => {
  const wrapAs = (key: Parameters<typeof wrapKeyBlock>[2], usage: string, algorithm: 'A' | 'T' = 'T') =>
    wrapKeyBlock(KBPK.aes16, header('D', algorithm, { usage, modeOfUse: 'N' }), key)
  const ac = TdesKey.create('issuer', 'AC', BYTES.subarray(0, 16))

  it('go out under the usage of their purpose', () => {
    expect(wrapAs(ac, 'E0').slice(5, 8)).toBe('E0T')
    expect(wrapAs(AesKey.create('zone', 'PIN', BYTES.subarray(0, 16)), 'P0', 'A').slice(5, 8)).toBe('P0A')
    expect(wrapAs(KBPK.tdes24, 'K1').slice(5, 8)).toBe('K1T')
  })

  it.each([
    ['an issuer AC key', ac, 'E2', 'E0'],
    ['an issuer AC key', ac, 'D0', 'E0'],
    ['an ICC AC key', TdesKey.create('icc', 'AC', BYTES.subarray(0, 16)), 'E0', 'none'],
    ['a zone MAC key', TdesKey.create('zone', 'MAC', BYTES.subarray(0, 16)), 'E2', 'none'],
    ['an issuer DEK', TdesKey.create('issuer', 'DEK', BYTES.subarray(0, 16)), 'K0', 'none'],
  ])('%s does not go out under %s', (_, key, usage, expected) => {
    expect(() => wrapAs(key, usage)).toThrow(coded('ERR_KEY_BLOCK', { label: 'key usage', expected, got: usage }))
  })

  it.each([
    ['TDES as AES', ac, 'A', 'T'],
    ['AES as TDES', AesKey.create('issuer', 'AC', BYTES.subarray(0, 16)), 'T', 'A'],
    ['SM4 as AES', Sm4Key.create('issuer', 'AC', BYTES.subarray(0, 16)), 'A', 'none'],
  ] as const)('%s does not go out', (_, key, algorithm, expected) => {
    expect(() => wrapAs(key, 'E0', algorithm)).toThrow(
      coded('ERR_KEY_BLOCK', { label: 'algorithm', expected, got: algorithm }),
    )
  })

  it('that are destroyed do not go out', () => {
    const key = TdesKey.create('issuer', 'AC', BYTES.subarray(0, 16))
    key.destroy()
    expect(() => wrapAs(key, 'E0')).toThrow(coded('ERR_KEY_DESTROYED', { label: 'issuer AC key' }))
  })
})

describe('an unwrapped key', () => {
  it('is a secret that prints its length and usage', () => {
    const { key } = unwrapKeyBlock(KBPK.aes16, wrapKeyBlock(KBPK.aes16, header('D', 'A'), secret(16)))
    expect(`${key} ${JSON.stringify({ key })}`).toBe(
      'Secret(key of usage D0, 16 bytes) {"key":"Secret(key of usage D0, 16 bytes)"}',
    )
  })
})

describe('what is left behind', () => {
  /** Run the work on a back end that keeps every key it is given and everything it takes or gives. */
  function watched(work: () => unknown): { keys: Uint8Array[]; encrypted: Uint8Array[]; decrypted: Uint8Array[] } {
    const seen = { keys: [] as Uint8Array[], encrypted: [] as Uint8Array[], decrypted: [] as Uint8Array[] }
    const real = backend()
    const watch =
      (cipher: typeof real.des): typeof real.des =>
      (direction, key, data, iv) => {
        const out = cipher(direction, key, data, iv)
        seen.keys.push(key)
        if (direction === 'decrypt') seen.decrypted.push(out)
        else seen.encrypted.push(data)
        return out
      }
    useBackend({ ...real, des: watch(real.des), aes: watch(real.aes) })
    try {
      work()
    } finally {
      useBackend(real)
    }
    return seen
  }
  const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)

  it.each([
    ['B', KBPK.tdes16],
    ['C', KBPK.tdes24],
    ['D', KBPK.aes32],
  ] as const)('of version %s are zeros: derived keys and clear key data', (version, kbpk) => {
    const derived = (keys: Uint8Array[]) => keys.filter((key) => key !== kbpk.expose())
    let text = ''
    const wrapping = watched(() => {
      text = wrapKeyBlock(kbpk, header(version, 'T'), secret(16), ALL_VERSIONS)
    })
    expect(derived(wrapping.keys).length).toBeGreaterThanOrEqual(2)
    expect(derived(wrapping.keys).every(isZero)).toBe(true)
    const clear = wrapping.encrypted.filter((data) => data.length === 32)
    expect(clear.some(isZero)).toBe(true)

    const unwrapping = watched(() => unwrapKeyBlock(kbpk, text, ALL_VERSIONS))
    expect(derived(unwrapping.keys).length).toBeGreaterThanOrEqual(2)
    expect(derived(unwrapping.keys).every(isZero)).toBe(true)
    expect(unwrapping.decrypted.map(isZero)).toEqual([true])
    expect(isZero(kbpk.expose())).toBe(false)
  })

  it.each([
    ['B', KBPK.tdes16, 1],
    ['C', KBPK.tdes24, 0],
    ['D', KBPK.aes32, 1],
  ] as const)('of version %s are zeros when the MAC is wrong, and C deciphers nothing', (version, kbpk, deciphered) => {
    const text = wrapKeyBlock(kbpk, header(version, 'T'), secret(16), ALL_VERSIONS)
    const broken = text.slice(0, -1) + (text.endsWith('0') ? '1' : '0')
    const { keys, decrypted } = watched(() =>
      expect(() => unwrapKeyBlock(kbpk, broken, ALL_VERSIONS)).toThrow(coded('ERR_KEY_BLOCK', { label: 'MAC' })),
    )
    expect(decrypted).toHaveLength(deciphered)
    expect(decrypted.every(isZero)).toBe(true)
    expect(keys.filter((key) => key !== kbpk.expose()).every(isZero)).toBe(true)
  })
})
