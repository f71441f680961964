/**
 * Keys. A key knows its algorithm, its level in the derivation (issuer -> icc -> session) and the one purpose it serves,
 * all three in its type: handing an enciphering key to a MAC function does not compile.
 *
 * A key prints as its key check value, never as its bytes; `expose()` is the only door to them; `destroy()` zeroes them.
 * The bytes live in a private field of the class, so that neither JSON, a debugger's listing nor a log serialiser finds
 * them on the object.
 */
import { IssuerkitError, toHex } from '@issuerkit/apdu'
import { backend } from './backend.js'
import { constantTimeEqual } from './compare.js'

/** Where a key stands in the derivation: issuer master key, ICC master key (UDK), session key (process key). */
export type KeyLevel = 'issuer' | 'icc' | 'session'

/** What a key is for: application cryptograms and ARPC, message authentication, enciphering, key encryption. */
export type KeyPurpose = 'AC' | 'MAC' | 'ENC' | 'DEK'

/** Explicit permissions for keys that are refused otherwise. */
export interface CreateKeyOptions {
  /** Accept a key whose two halves are equal: it is single DES in disguise, and occurs in published test vectors. */
  readonly allowEqualHalves?: boolean
}

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/** A two-key TDES key of 16 bytes. */
export class TdesKey<L extends KeyLevel, P extends KeyPurpose> {
  readonly algorithm = 'tdes'
  readonly level: L
  readonly purpose: P
  readonly #bytes: Uint8Array
  #destroyed = false

  private constructor(level: L, purpose: P, bytes: Uint8Array) {
    this.level = level
    this.purpose = purpose
    this.#bytes = Uint8Array.from(bytes)
  }

  /**
   * A key from its 16 bytes, which are copied. Parity bits are kept as they are: DES ignores them, but D1 of a PIN block
   * and Visa's XOR session key do not.
   * @throws ERR_KEY when there are not 16 bytes, or both halves are equal without `allowEqualHalves`
   */
  static create<L extends KeyLevel, P extends KeyPurpose>(
    level: L,
    purpose: P,
    bytes: Uint8Array,
    { allowEqualHalves = false }: CreateKeyOptions = {},
  ): TdesKey<L, P> {
    const label = `${level} ${purpose} key`
    if (bytes.length !== 16) {
      throw new IssuerkitError('ERR_KEY', { label, expected: '16 bytes', got: `${bytes.length} bytes` })
    }
    if (!allowEqualHalves && constantTimeEqual(withoutParity(bytes.subarray(0, 8)), withoutParity(bytes.subarray(8)))) {
      throw new IssuerkitError('ERR_KEY', { label, expected: 'two different halves', got: 'equal halves' })
    }
    return new TdesKey(level, purpose, bytes)
  }

  /**
   * The key check value: the first three bytes of the zero block enciphered, as 6 hexadecimal digits.
   * @throws ERR_KEY_DESTROYED
   */
  get kcv(): string {
    return toHex(backend().des('encrypt', this.expose(), new Uint8Array(8)).subarray(0, 3))
  }

  /**
   * The bytes of the key themselves, not a copy: the one door to them. Do not keep them, `destroy()` zeroes them.
   * @throws ERR_KEY_DESTROYED
   */
  expose(): Uint8Array {
    if (this.#destroyed) throw new IssuerkitError('ERR_KEY_DESTROYED', { label: `${this.level} ${this.purpose} key` })
    return this.#bytes
  }

  /** Zero the bytes. Every later use throws ERR_KEY_DESTROYED. */
  destroy(): void {
    this.#bytes.fill(0)
    this.#destroyed = true
  }

  toString(): string {
    const shown = this.#destroyed ? 'destroyed' : `kcv ${this.kcv}`
    return `TdesKey(${this.level} ${this.purpose}, ${shown})`
  }

  toJSON(): string {
    return this.toString()
  }

  [INSPECT](): string {
    return this.toString()
  }
}

function withoutParity(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => byte & 0xfe)
}

/** The bytes with the lowest bit of each set so that its number of ones is odd, as DES keys are kept. In a new array. */
export function withOddParity(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => {
    const folded = byte ^ (byte >> 4)
    const ones = (0x6996 >> (folded & 15)) & 1
    return ones === 1 ? byte : byte ^ 1
  })
}
