/**
 * RSA private keys, for test CAs, virtual cards and the host's end of a secure channel.
 *
 * Every private operation is the back end's: OpenSSL's, or, where somebody chose it, the portable one's, whose time depends on
 * the key. BigInt is used here for one thing, to find the primes of a key that is given without them, as published test keys
 * are.
 */
import { fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { backend, type RsaPrivateOperation } from './backend.js'
import type { RsaPublicKey } from './rsa.js'

/** What a private key is given as: big-endian bytes without leading zeros. The primes may be left out. */
export interface RsaPrivateParts extends RsaPublicKey {
  readonly privateExponent: Uint8Array
  readonly primes?: readonly [Uint8Array, Uint8Array]
}

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/** An RSA private key. It prints as its size; nothing gives its private parts out again but {@link RsaPrivateKey.expose}. */
export class RsaPrivateKey {
  readonly publicKey: RsaPublicKey
  #parts: Required<RsaPrivateParts> | undefined
  #operation: RsaPrivateOperation | undefined

  private constructor(parts: Required<RsaPrivateParts>) {
    this.publicKey = { modulus: parts.modulus, exponent: parts.exponent }
    this.#parts = parts
  }

  /**
   * A key from its parts, which are copied.
   * @throws ERR_RSA when they do not belong together
   */
  static create(given: RsaPrivateParts): RsaPrivateKey {
    const [n, e, d] = [given.modulus, given.exponent, given.privateExponent].map(toBigInt) as [bigint, bigint, bigint]
    const [p, q] = given.primes === undefined ? factor(n, e * d - 1n) : (given.primes.map(toBigInt) as [bigint, bigint])
    if (p * q !== n || p < 2n || q < 2n || (e * d) % (p - 1n) !== 1n || (e * d) % (q - 1n) !== 1n) throw notAKey()
    return new RsaPrivateKey({
      modulus: Uint8Array.from(given.modulus),
      exponent: Uint8Array.from(given.exponent),
      privateExponent: Uint8Array.from(given.privateExponent),
      primes: [toBytes(p), toBytes(q)],
    })
  }

  /**
   * A new key.
   * @param bits of the modulus: 512 to 4096, a multiple of 8
   * @param exponent 3 or 65537
   * @throws ERR_OPTION when bits or exponent are others; ERR_BACKEND when the back end refuses private keys
   */
  static generate(bits: number, exponent: 3 | 65537): RsaPrivateKey {
    if (!Number.isInteger(bits) || bits < 512 || bits > 4096 || bits % 8 !== 0) {
      throw new IssuerkitError('ERR_OPTION', {
        label: 'bits',
        expected: '512 to 4096, a multiple of 8',
        got: `${bits}`,
      })
    }
    if (exponent !== 3 && exponent !== 65537) {
      throw new IssuerkitError('ERR_OPTION', { label: 'exponent', expected: '3 or 65537', got: `${exponent}` })
    }
    return new RsaPrivateKey(backend().generateRsa(bits, exponent))
  }

  /**
   * block^d mod n: signing a block, or deciphering one. Nothing is padded or taken off.
   * @param block as many bytes as the modulus, a number below it
   * @returns as many bytes as the modulus
   * @throws ERR_RSA when the block is not one; ERR_KEY_DESTROYED; ERR_BACKEND when the back end refuses private keys
   * @see [EMV-B2] A2.1.1 (signing function)
   */
  operate(block: Uint8Array): Uint8Array {
    const parts = this.#expectParts()
    if (block.length !== parts.modulus.length || toBigInt(block) >= toBigInt(parts.modulus)) {
      const expected = `${parts.modulus.length} bytes below the modulus`
      throw new IssuerkitError('ERR_RSA', { label: 'block', expected, got: `${block.length} bytes` })
    }
    this.#operation ??= backend().rsaPrivate(parts)
    return this.#operation(block)
  }

  /**
   * The parts themselves, not copies, to save a test key: the one door to them.
   * @throws ERR_KEY_DESTROYED
   */
  expose(): Required<RsaPrivateParts> {
    return this.#expectParts()
  }

  /** Zero the private parts. Every later use throws ERR_KEY_DESTROYED. What the back end holds goes with the key object. */
  destroy(): void {
    this.#parts?.privateExponent.fill(0)
    for (const prime of this.#parts?.primes ?? []) prime.fill(0)
    this.#parts = undefined
    this.#operation = undefined
  }

  toString(): string {
    return `RsaPrivateKey(${8 * this.publicKey.modulus.length} bits${this.#parts === undefined ? ', destroyed' : ''})`
  }

  toJSON(): string {
    return this.toString()
  }

  [INSPECT](): string {
    return this.toString()
  }

  #expectParts(): Required<RsaPrivateParts> {
    if (this.#parts === undefined) throw new IssuerkitError('ERR_KEY_DESTROYED', { label: 'RSA private key' })
    return this.#parts
  }
}

/**
 * The primes of n from a multiple of the order of its group: a base whose powers reach a root of 1 other than 1 and -1
 * splits n. Half of all bases do, so sixteen small ones leave nothing to chance for a key.
 */
function factor(n: bigint, multiple: bigint): [bigint, bigint] {
  if (n % 2n === 0n || multiple <= 0n) throw notAKey()
  let odd = multiple
  while (odd % 2n === 0n) odd /= 2n
  for (const base of [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n, 41n, 43n, 47n, 53n]) {
    let root = power(base, odd, n)
    for (let exponent = odd; exponent < multiple && root !== 1n; exponent *= 2n) {
      const square = (root * root) % n
      if (square === 1n && root !== n - 1n) {
        const p = gcd(root - 1n, n)
        return [p, n / p]
      }
      root = square
    }
  }
  throw notAKey()
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  let factorOf = base % modulus
  for (let left = exponent; left > 0n; left /= 2n) {
    if (left % 2n === 1n) result = (result * factorOf) % modulus
    factorOf = (factorOf * factorOf) % modulus
  }
  return result
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b)
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x0${toHex(bytes)}`)
}

function toBytes(value: bigint): Uint8Array {
  const text = value.toString(16)
  return fromHex(text.padStart(text.length + (text.length % 2), '0'))
}

function notAKey(): IssuerkitError {
  return new IssuerkitError('ERR_RSA', { label: 'private key', expected: 'parts that belong together' })
}
