/** OpenSSL's key objects are kept, up to some number: results are those of the key given, whichever was used before. */
import { expect, it } from 'vitest'
import { nodeBackend } from '../src/backend-node.js'

/** block^exponent mod modulus, by BigInt. */
function expected(modulus: bigint, block: bigint, exponent: 3 | 65537): bigint {
  let result = block
  for (let i = 0; i < (exponent === 3 ? 1 : 16); i++) result = (result * result) % modulus
  return (result * block) % modulus
}

const bytesOf = (value: bigint): Uint8Array =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(128, '0'), 'hex'))

it.each([3, 65537] as const)(
  'more keys with exponent %i than are kept, each used again soon and again much later',
  (e) => {
    const exponent = e === 3 ? Uint8Array.of(3) : Uint8Array.of(1, 0, 1)
    const moduli = Array.from({ length: 80 }, (_, i) => (1n << 511n) + 2n * BigInt(i) + 1n)
    const block = (1n << 400n) + 12345n
    // With the exponent 3 OpenSSL comes in after some uses.
    const uses = e === 3 ? 5 : 2
    const soon = moduli.flatMap((one, i) => [...Array.from({ length: uses }, () => one), moduli[i >> 1] ?? one])
    for (const modulus of [...soon, ...moduli.toReversed()]) {
      const result = nodeBackend.rsaPublic(bytesOf(modulus), exponent, bytesOf(block))
      expect(result).toEqual(bytesOf(expected(modulus, block, e)))
    }
  },
)

it('a key that is kept is not the caller’s array', () => {
  const exponent = Uint8Array.of(1, 0, 1)
  const [modulus, block] = [(1n << 511n) + 77n, (1n << 400n) + 12345n]
  const given = bytesOf(modulus)
  for (let i = 0; i < 2; i++) nodeBackend.rsaPublic(given, exponent, bytesOf(block))
  given[3] = 1
  const changed = modulus + (1n << 480n)
  expect(nodeBackend.rsaPublic(given, exponent, bytesOf(block))).toEqual(bytesOf(expected(changed, block, 65537)))
})

it('keys whose last bytes are the same are two', () => {
  const block = (1n << 400n) + 12345n
  const moduli = [(1n << 511n) + 99n, (1n << 511n) + (1n << 200n) + 99n]
  for (const e of [3, 65537] as const) {
    const exponent = e === 3 ? Uint8Array.of(3) : Uint8Array.of(1, 0, 1)
    for (let i = 0; i < 8; i++) {
      for (const modulus of moduli) {
        const result = nodeBackend.rsaPublic(bytesOf(modulus), exponent, bytesOf(block))
        expect(result).toEqual(bytesOf(expected(modulus, block, e)))
      }
    }
  }
})

it('keys that differ in the exponent alone are two', () => {
  const modulus = (1n << 511n) + 1n
  const block = bytesOf((1n << 400n) + 12345n)
  const raise = (...exponent: number[]) => nodeBackend.rsaPublic(bytesOf(modulus), Uint8Array.from(exponent), block)
  expect(raise(3)).not.toEqual(raise(1, 0, 1))
  expect(raise(3)).toEqual(raise(3))
})
