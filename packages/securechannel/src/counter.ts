/** The message counter of secure messaging: 64 bits, used, then stepped. [GP] F.2.3, [SCP10] "signature information" */
import { expectLength } from '@issuerkit/apdu'
import { channelError } from './failure.js'

/** A counter that both directions may share. */
export class Counter {
  readonly #value: Uint8Array

  /** @param start 8 bytes, copied. @throws ERR_LENGTH */
  constructor(start: Uint8Array) {
    this.#value = Uint8Array.from(expectLength(start, 8, 'counter'))
  }

  /** The value that the next MAC has, a copy. */
  get value(): Uint8Array {
    return this.#value.slice()
  }

  /**
   * One further.
   * @throws ERR_CHANNEL when every value has been used: a value twice would let a message be sent twice
   */
  step(): void {
    if (this.#value.every((byte) => byte === 0xff)) throw channelError('message counter', 'a value not used before')
    for (let i = 7; i >= 0; i--) {
      const digit = ((this.#value[i] as number) + 1) & 0xff
      this.#value[i] = digit
      if (digit !== 0) break
    }
  }
}
