/** An open channel: commands go out protected, answers come in checked, one after the other. */
import type { Command } from '@issuerkit/apdu'
import { encipherBlocks } from '@issuerkit/keys'
import type { Counter } from './counter.js'
import { channelError } from './failure.js'
import type { Profile } from './profile.js'
import type { DirectionKeys } from './secure-message.js'
import type { MacKey, SessionKeys } from './session-keys.js'
import { LEVEL } from './templates.js'
import { isProtected, type UnwrappedResponse, unwrapResponse, wrapCommand } from './wrap.js'

/** What of a profile outlives the handshake. */
export type ChannelRules = Pick<Profile, 'headerCla' | 'headerAlone' | 'errorResponses' | 'messageLimit'>

/** Everything that an open channel is. */
export interface ChannelState {
  readonly rules: ChannelRules
  /** The security level: the bits of {@link LEVEL}. */
  readonly level: number
  readonly keys: SessionKeys
  /** The counters of the MAC keys; the same one twice when both directions share it. */
  readonly counters: ReadonlyMap<'CMAC' | 'RMAC', Counter>
  /** Commands sent so far. */
  readonly sent: number
  /** What the answer that is due must be: protected, as it comes, or none is due. */
  readonly due: 'protected' | 'plain' | 'none'
}

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/** An open channel. It prints as its level. */
export class Channel {
  /** The bits of {@link LEVEL}. */
  readonly level: number
  readonly #rules: ChannelRules
  readonly #keys: SessionKeys
  readonly #counters: ReadonlyMap<'CMAC' | 'RMAC', Counter>
  #sent: number
  #due: ChannelState['due']
  #open = true

  /** From the state that a handshake, or a saved session, gives. The keys become the channel's. */
  constructor({ rules, level, keys, counters, sent, due }: ChannelState) {
    this.level = level
    this.#rules = rules
    this.#keys = keys
    this.#counters = counters
    this.#sent = sent
    this.#due = due
  }

  /** Whether it has keys still. */
  get isOpen(): boolean {
    return this.#open
  }

  /**
   * A command under the protection of the session's level. Its answer goes to {@link unwrap} before the next command.
   * @throws ERR_COMMAND when the command is malformed: nothing has changed then
   * @throws ERR_CHANNEL when the channel is closed, an answer is due, or the session has had all its messages, which
   *   closes it
   * @see [GP] F.3.2, [SCP10] steps 146 to 156
   */
  wrap(command: Command): Uint8Array {
    this.#expectOpen()
    if (this.#due !== 'none') throw channelError('wrap', 'the answer to the last command first')
    const keys = this.#direction('CMAC', 'CENC')
    const wrapped = wrapCommand(command, keys, this.#rules)
    const protectedCommand = isProtected(command, keys)
    this.#closingOnFailure(() => {
      if (this.#sent >= this.#rules.messageLimit) {
        throw channelError('session', `at most ${this.#rules.messageLimit} commands`)
      }
      if (keys.mac !== undefined) this.#counter('CMAC').step()
    })
    this.#sent += 1
    this.#due = protectedCommand ? 'protected' : 'plain'
    return wrapped
  }

  /**
   * The answer to the command that {@link wrap} gave last.
   * @returns data and status; `authentic` says whether the card vouched for them
   * @throws ERR_SECURE_MESSAGING when it is not protected as it must be; the channel is closed then
   * @throws ERR_CHANNEL when the channel is closed, or no answer is due
   * @see [GP] F.3.2.4 to F.3.2.6
   */
  unwrap(response: Uint8Array): UnwrappedResponse {
    this.#expectOpen()
    if (this.#due === 'none') throw channelError('unwrap', 'a command first')
    const keys = this.#due === 'protected' ? this.#direction('RMAC', 'RENC') : {}
    const plain = this.#closingOnFailure(() => {
      const answer = unwrapResponse(response, keys, this.#rules)
      if (answer.authentic) this.#counter('RMAC').step()
      return answer
    })
    this.#due = 'none'
    return plain
  }

  /**
   * Data of a command enciphered once more, with the DEK: keys and PINs that the card is to store.
   * @param data whole blocks of 8 bytes; the command says how they are padded
   * @throws ERR_CHANNEL when the channel is closed or has no DEK; ERR_LENGTH when there are no whole blocks
   * @see [GP] F.3.2.7
   */
  encipherSensitiveData(data: Uint8Array, mode: 'ecb' | 'cbc'): Uint8Array {
    this.#expectOpen()
    if (this.#keys.dek === undefined) throw channelError('DEK', 'a template of its own')
    return encipherBlocks(this.#keys.dek, data, { mode })
  }

  /** Destroy the keys. Closing twice does no harm. */
  close(): void {
    this.#keys.destroy()
    this.#open = false
  }

  /**
   * The state, for saving, after which this channel is closed: one counter must not run in two places.
   * @param take copies what it needs; the keys are destroyed behind it
   * @throws ERR_CHANNEL when the channel is closed
   */
  release<T>(take: (state: ChannelState) => T): T {
    this.#expectOpen()
    try {
      return take({
        rules: this.#rules,
        level: this.level,
        keys: this.#keys,
        counters: this.#counters,
        sent: this.#sent,
        due: this.#due,
      })
    } finally {
      this.close()
    }
  }

  toString(): string {
    return `Channel(level ${this.level.toString(16).padStart(2, '0')}, ${this.#open ? 'open' : 'closed'})`
  }

  toJSON(): string {
    return this.toString()
  }

  [INSPECT](): string {
    return this.toString()
  }

  /** The keys of a direction as the level says, the MAC key with the counter's present value. */
  #direction(macRole: 'CMAC' | 'RMAC', encRole: 'CENC' | 'RENC'): DirectionKeys {
    const { cmac, rmac, cenc, renc } = this.#keys
    const [mac, enc] = macRole === 'CMAC' ? [cmac, cenc] : [rmac, renc]
    const has = (role: 'CMAC' | 'RMAC' | 'CENC' | 'RENC'): boolean => (this.level & LEVEL[role]) !== 0
    // A level without its keys does not come this far.
    return {
      mac: has(macRole) ? { key: mac as MacKey, counter: this.#counter(macRole).value } : undefined,
      enc: has(encRole) ? enc : undefined,
    }
  }

  #counter(role: 'CMAC' | 'RMAC'): Counter {
    return this.#counters.get(role) as Counter
  }

  #expectOpen(): void {
    if (!this.#open) throw channelError('channel', 'an open one')
  }

  /** Whatever goes wrong inside ends the session: its keys are destroyed before anybody hears of it. */
  #closingOnFailure<T>(f: () => T): T {
    try {
      return f()
    } catch (failure) {
      this.close()
      throw failure
    }
  }
}
