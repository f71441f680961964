/**
 * Keys. A key knows its algorithm, its level in the derivation (issuer -> icc -> session) and the one purpose it serves,
 * all three in its type: handing an enciphering key to a MAC function does not compile.
 *
 * A key prints as its key check value, never as its bytes; `expose()` is the only door to them; `destroy()` zeroes them.
 * The bytes live in a private field of the class, so that neither JSON, a debugger's listing nor a log serialiser finds
 * them on the object.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import type { KeyAlgorithm } from './block-cipher.js'
import { constantTimeEqual } from './compare.js'
import { keyCheckValue } from './kcv.js'
import { withoutParity } from './parity.js'
import { forgetSchedule } from './tdes-cache.js'

/**
 * Where a key stands: issuer master key, ICC master key (UDK), session key (process key); `zone` is outside of that
 * derivation: what two parties share to protect keys and PINs between them.
 */
export type KeyLevel = 'issuer' | 'icc' | 'session' | 'zone'

/**
 * What a key is for: application cryptograms and ARPC, message authentication, enciphering, key encryption, protection
 * of key blocks, PIN blocks.
 */
export type KeyPurpose = 'AC' | 'MAC' | 'ENC' | 'DEK' | 'KBPK' | 'PIN'

/** Explicit permissions for keys that are refused otherwise, and how a key prints. */
export interface CreateKeyOptions {
  /** Accept a TDES key whose halves are equal: it is single DES in disguise, and occurs in published test vectors. */
  readonly allowEqualHalves?: boolean
  /** Accept a DES key of 8 bytes at the level `zone`: single DES, for MAC algorithm 1 and check values of old systems. */
  readonly allowSingleLength?: boolean
  /** Print no key check value: for a key that differs from another one by a known value, as Visa's session keys do. */
  readonly withholdKcv?: boolean
}

/** A key of any algorithm. */
export type SecretKey<L extends KeyLevel, P extends KeyPurpose> = TdesKey<L, P> | AesKey<L, P> | Sm4Key<L, P>

/** The class of a key by its algorithm. */
export type KeyOf<A extends KeyAlgorithm, L extends KeyLevel, P extends KeyPurpose> = {
  tdes: TdesKey<L, P>
  aes: AesKey<L, P>
  sm4: Sm4Key<L, P>
}[A]

const INSPECT = Symbol.for('nodejs.util.inspect.custom')
const CLASS_NAME = { tdes: 'TdesKey', aes: 'AesKey', sm4: 'Sm4Key' } as const

/** What the keys of all algorithms have in common. */
abstract class Key<A extends KeyAlgorithm, L extends KeyLevel, P extends KeyPurpose> {
  readonly algorithm: A
  readonly level: L
  readonly purpose: P
  readonly #bytes: Uint8Array
  readonly #withholdKcv: boolean
  #destroyed = false

  protected constructor(algorithm: A, level: L, purpose: P, bytes: Uint8Array, { withholdKcv }: CreateKeyOptions) {
    this.algorithm = algorithm
    this.level = level
    this.purpose = purpose
    this.#bytes = new Uint8Array(bytes)
    this.#withholdKcv = withholdKcv === true
  }

  /**
   * The key check value of 3 bytes as 6 hexadecimal digits, by the algorithm's usual method: the zero block enciphered
   * for TDES and SM4, CMAC for AES. `withheld` for a key that was created so.
   * @throws ERR_KEY_DESTROYED
   */
  get kcv(): string {
    const kcv = keyCheckValue(this as unknown as SecretKey<L, P>)
    return this.#withholdKcv ? 'withheld' : kcv
  }

  /**
   * The bytes of the key themselves, not a copy: the one door to them. Do not keep them, `destroy()` zeroes them.
   * @throws ERR_KEY_DESTROYED
   */
  expose(): Uint8Array {
    if (this.#destroyed) throw new IssuerkitError('ERR_KEY_DESTROYED', { label: keyLabel(this.level, this.purpose) })
    return this.#bytes
  }

  /** Zero the bytes, and the key schedule if one is kept. Every later use throws ERR_KEY_DESTROYED. */
  destroy(): void {
    this.#bytes.fill(0)
    forgetSchedule(this)
    this.#destroyed = true
  }

  toString(): string {
    const shown = this.#destroyed ? 'destroyed' : `kcv ${this.kcv}`
    return `${CLASS_NAME[this.algorithm]}(${this.level} ${this.purpose}, ${shown})`
  }

  toJSON(): string {
    return this.toString()
  }

  [INSPECT](): string {
    return this.toString()
  }
}

/** A TDES key: 16 bytes (two-key) everywhere; at the level `zone` 24 bytes (three-key) too. */
export class TdesKey<L extends KeyLevel, P extends KeyPurpose> extends Key<'tdes', L, P> {
  /**
   * A key from its bytes, which are copied. Parity bits are kept as they are: DES ignores them, but D1 of a PIN block
   * and Visa's XOR session key do not.
   * @throws ERR_KEY when there are not 16 bytes (24 at the level `zone`, 8 there with `allowSingleLength`), or when two
   *   parts that follow each other are equal without `allowEqualHalves`: the three steps of TDES then leave one DES
   */
  static create<L extends KeyLevel, P extends KeyPurpose>(
    level: L,
    purpose: P,
    bytes: Uint8Array,
    options: CreateKeyOptions = {},
  ): TdesKey<L, P> {
    const zoneLengths = options.allowSingleLength === true ? [8, 16, 24] : [16, 24]
    expectKeyBytes(bytes, level === 'zone' ? zoneLengths : [16], keyLabel(level, purpose))
    if (options.allowEqualHalves !== true && hasEqualNeighbours(withoutParity(bytes))) {
      throw new IssuerkitError('ERR_KEY', {
        label: keyLabel(level, purpose),
        expected: 'two different halves',
        got: 'equal halves',
      })
    }
    return new TdesKey('tdes', level, purpose, bytes, options)
  }
}

/** An AES key of 16, 24 or 32 bytes. */
export class AesKey<L extends KeyLevel, P extends KeyPurpose> extends Key<'aes', L, P> {
  /**
   * A key from its bytes, which are copied.
   * @throws ERR_KEY when there are not 16, 24 or 32 bytes
   */
  static create<L extends KeyLevel, P extends KeyPurpose>(
    level: L,
    purpose: P,
    bytes: Uint8Array,
    options: CreateKeyOptions = {},
  ): AesKey<L, P> {
    expectKeyBytes(bytes, [16, 24, 32], keyLabel(level, purpose))
    return new AesKey('aes', level, purpose, bytes, options)
  }
}

/** An SM4 key of 16 bytes. */
export class Sm4Key<L extends KeyLevel, P extends KeyPurpose> extends Key<'sm4', L, P> {
  /**
   * A key from its bytes, which are copied.
   * @throws ERR_KEY when there are not 16 bytes
   */
  static create<L extends KeyLevel, P extends KeyPurpose>(
    level: L,
    purpose: P,
    bytes: Uint8Array,
    options: CreateKeyOptions = {},
  ): Sm4Key<L, P> {
    expectKeyBytes(bytes, [16], keyLabel(level, purpose))
    return new Sm4Key('sm4', level, purpose, bytes, options)
  }
}

const CREATE = { tdes: TdesKey.create, aes: AesKey.create, sm4: Sm4Key.create } as const

/**
 * A key of the algorithm named, for callers that learn the algorithm at run time.
 * @throws ERR_KEY as the `create` of the class; ERR_OPTION when there is no such algorithm
 */
export function createKey<A extends KeyAlgorithm, L extends KeyLevel, P extends KeyPurpose>(
  algorithm: A,
  level: L,
  purpose: P,
  bytes: Uint8Array,
  options?: CreateKeyOptions,
): KeyOf<A, L, P> {
  if (!Object.hasOwn(CREATE, algorithm)) {
    throw new IssuerkitError('ERR_OPTION', { label: 'algorithm', expected: Object.keys(CREATE).join(', ') })
  }
  return CREATE[algorithm](level, purpose, bytes, options) as KeyOf<A, L, P>
}

function keyLabel(level: KeyLevel, purpose: KeyPurpose): string {
  return `${level} ${purpose} key`
}

function expectKeyBytes(bytes: Uint8Array, lengths: readonly number[], label: string): void {
  if (!(bytes instanceof Uint8Array) || !lengths.includes(bytes.length)) {
    const got = bytes instanceof Uint8Array ? `${bytes.length} bytes` : typeof bytes
    throw new IssuerkitError('ERR_KEY', { label, expected: `${lengths.join(' or ')} bytes`, got })
  }
}

/** Whether K1 = K2 or K2 = K3. K1 = K3 is the ordinary two-key form. */
function hasEqualNeighbours(bytes: Uint8Array): boolean {
  const parts = Array.from({ length: bytes.length / 8 }, (_, i) => bytes.subarray(8 * i, 8 * i + 8))
  return parts.some((part, i) => i > 0 && constantTimeEqual(part, parts[i - 1] as Uint8Array))
}
