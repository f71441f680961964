/** OpenSSL's key objects are kept, up to some number: results are those of the key given, whichever was used before. */
import { expect, it } from 'vitest'
import { nodeBackend } from '../src/backend-node.js'

/** block^65537 mod modulus, by BigInt. */
function expected(modulus: bigint, block: bigint): bigint {
  let result = block
  for (let i = 0; i < 16; i++) result = (result * result) % modulus
  return (result * block) % modulus
}

const bytesOf = (value: bigint): Uint8Array =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(128, '0'), 'hex'))

it('hundreds of keys, each used again soon and again much later', () => {
  const exponent = Uint8Array.of(1, 0, 1)
  const moduli = Array.from({ length: 150 }, (_, i) => (1n << 511n) + 2n * BigInt(i) + 1n)
  const block = (1n << 400n) + 12345n
  for (const modulus of [...moduli.flatMap((one, i) => [one, one, moduli[i >> 1] ?? one]), ...moduli.toReversed()]) {
    const result = nodeBackend.rsaPublic(bytesOf(modulus), exponent, bytesOf(block))
    expect(result).toEqual(bytesOf(expected(modulus, block)))
  }
})

it('keys that differ in the exponent alone are two', () => {
  const modulus = (1n << 511n) + 1n
  const block = bytesOf((1n << 400n) + 12345n)
  const raise = (...exponent: number[]) => nodeBackend.rsaPublic(bytesOf(modulus), Uint8Array.from(exponent), block)
  expect(raise(3)).not.toEqual(raise(1, 0, 1))
  expect(raise(3)).toEqual(raise(3))
})
