/**
 * Bytes that give a secret away without being a key: a PIN, a PIN block, D1 (four bytes of a card's key), key data.
 * They print as their length. `expose()` is the only door to them; `destroy()` zeroes them.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import { expectByteArray } from './expect.js'

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/** Secret bytes under a name. */
export class Secret {
  /** What the bytes are, in the words of the standard: `D1`, `pin block`. It is printed. */
  readonly label: string
  /** How many bytes; it is printed, and stays after `destroy()`. */
  readonly length: number
  readonly #bytes: Uint8Array
  #destroyed = false

  private constructor(bytes: Uint8Array, label: string) {
    this.label = label
    this.length = bytes.length
    this.#bytes = new Uint8Array(bytes)
  }

  /**
   * The bytes, copied, as a secret.
   * @throws ERR_LENGTH when they are no bytes
   */
  static of(bytes: Uint8Array, label: string): Secret {
    return new Secret(expectByteArray(bytes, label), label)
  }

  /**
   * The bytes themselves, not a copy. Do not keep them, `destroy()` zeroes them.
   * @throws ERR_KEY_DESTROYED
   */
  expose(): Uint8Array {
    if (this.#destroyed) throw new IssuerkitError('ERR_KEY_DESTROYED', { label: this.label })
    return this.#bytes
  }

  /** Zero the bytes. Every later `expose()` throws ERR_KEY_DESTROYED. */
  destroy(): void {
    this.#bytes.fill(0)
    this.#destroyed = true
  }

  toString(): string {
    return `Secret(${this.label}, ${this.length} bytes)`
  }

  toJSON(): string {
    return this.toString()
  }

  [INSPECT](): string {
    return this.toString()
  }
}
