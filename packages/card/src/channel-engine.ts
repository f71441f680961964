/**
 * The card at work. Each command is told apart (step 104), looked up in the table of `channel-table.ts`, and run; what
 * fails goes back to step 102. A command under secure messaging is unwrapped, handed to the card's applications, and
 * its answer wrapped (steps 146 to 156).
 */
import {
  type Command,
  concat,
  type Exchange,
  encodeCommand,
  fromHex,
  parseCommand,
  parseResponse,
  type Response,
  toHex,
} from '@issuerkit/apdu'
import { commandHeader, identifyCommand, logicalChannel } from './channel-command.js'
import {
  certificateLength,
  getDataCertificate,
  manageSecurityEnvironment,
  type StepOutcome,
  verifyCertificate,
} from './channel-environment.js'
import { decipher, externalAuthenticate, getChallenge, internalAuthenticate, settle } from './channel-handshake.js'
import { type ChannelConfiguration, type ChannelMemory, forgetChallenge, reset } from './channel-memory.js'
import { unwrapCommand, wrapResponse } from './channel-messaging.js'
import { type ChannelCommand, channelCell } from './channel-table.js'
import { LEVEL } from './channel-template.js'

/** A chain of commands may bring this many bytes. */
const MOST_CHAINED = 4096
const SHORT = 256
const EMPTY = new Uint8Array(0)

const STEPS = {
  'manage-security-environment': manageSecurityEnvironment,
  'get-data-certificate': getDataCertificate,
  decipher,
  'get-challenge': getChallenge,
  'external-authenticate': externalAuthenticate,
  'internal-authenticate': internalAuthenticate,
} as const

/** The channel's commands on a memory. */
export class ChannelEngine {
  readonly #memory: ChannelMemory
  readonly #configuration: ChannelConfiguration
  readonly #application: Exchange
  /** What GET RESPONSE fetches, with its status. */
  #waiting = EMPTY

  constructor(memory: ChannelMemory, configuration: ChannelConfiguration, application: Exchange) {
    this.#memory = memory
    this.#configuration = configuration
    this.#application = application
  }

  /** Power-up. [SCP10] 101, 102 */
  reset(): void {
    this.#waiting = EMPTY
    reset(this.#memory, this.#configuration)
  }

  /** Whatever comes, an answer goes: a failure inside of the card ends the session. */
  async answer(bytes: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.#dispatch(bytes)
    } catch {
      return this.#fail('6F00')
    }
  }

  async #dispatch(bytes: Uint8Array): Promise<Uint8Array> {
    const waiting = this.#waiting
    this.#waiting = EMPTY
    const command = parse(bytes)
    if (command === undefined) return this.#refuse('6700')
    if (waiting.length > 0 && toHex(bytes.subarray(0, 4)) === '00C00000') return this.#send(waiting, command.le)
    // The card has the basic channel alone. [ISO7816-4] 5.1.1
    if (logicalChannel(command.cla) !== 0) return this.#refuse('6881')
    const kind = identifyCommand(command, this.#configuration.profile.classes)
    const { chain } = this.#memory
    const outside = kind === 'secured' || kind === 'select' || kind === 'other'
    // A chain that another command breaks takes that command with it. [ISO7816-4] 5.1.1.1
    if (chain !== undefined && (outside || chain.header !== commandHeader(command))) return this.#fail('6883')
    if (kind === 'secured') return this.#secured(bytes)
    if (kind === 'select' || kind === 'other') return this.#plain(kind, bytes)
    if (kind === 'verify-certificate') return this.#certificate(command)
    return this.#channel(kind, command)
  }

  /** The commands of the handshake but VERIFY CERTIFICATE, when the last one of their chain has come. */
  #channel(kind: keyof typeof STEPS | 'unknown-operation', command: Command): Uint8Array {
    const memory = this.#memory
    const data = concat(memory.chain?.bytes ?? EMPTY, command.data ?? EMPTY)
    if (data.length > MOST_CHAINED) return this.#fail('6700')
    const more = (command.cla & 0x10) !== 0
    memory.chain = more ? { header: commandHeader(command), bytes: data } : undefined
    if (more) return Uint8Array.of(0x90, 0)
    const entered = this.#enter(kind)
    if (typeof entered !== 'string' || kind === 'unknown-operation') return entered as Uint8Array
    const answer = this.#finish(STEPS[kind](memory, this.#configuration, { ...command, data }), command.le)
    if (entered === 'last') reset(memory, this.#configuration)
    return answer
  }

  /** A piece of a certificate, whole certificates as they become so. [SCP10] 113 to 115; F.4.7 */
  #certificate(command: Command): Uint8Array {
    const memory = this.#memory
    if (memory.chain === undefined) {
      const entered = this.#enter('verify-certificate')
      if (typeof entered !== 'string') return entered
      memory.state = 'required'
    }
    const bytes = concat(memory.chain?.bytes ?? EMPTY, command.data ?? EMPTY)
    const more = (command.cla & 0x10) !== 0
    const header = commandHeader(command)
    if (bytes.length > MOST_CHAINED) return this.#fail('6700')
    const length = certificateLength(bytes)
    if (more && length !== 0 && bytes.length < (length ?? MOST_CHAINED + 1)) {
      memory.chain = { header, bytes }
      return Uint8Array.of(0x90, 0)
    }
    // Cut short, or more behind it than itself; or no certificate at all.
    if (length !== bytes.length) return this.#fail('6A80')
    // [SCP10] 114: bit 5 on the last piece of a certificate tells that another certificate follows.
    memory.chain = more ? { header, bytes: EMPTY } : undefined
    return this.#finish(verifyCertificate(memory, this.#configuration, bytes, command.p2, more))
  }

  /** [SCP10] 146: a command outside of secure messaging, for the applications. */
  async #plain(kind: 'select' | 'other', bytes: Uint8Array): Promise<Uint8Array> {
    const entered = this.#enter(kind)
    if (typeof entered !== 'string') return entered
    const response = parseResponse(await this.#application(bytes))
    if (entered === 'last') reset(this.#memory, this.#configuration)
    return this.#wrap(response)
  }

  /** [SCP10] 147 to 156 */
  async #secured(bytes: Uint8Array): Promise<Uint8Array> {
    const entered = this.#enter('secured')
    if (typeof entered !== 'string') return entered
    const command = unwrapCommand(bytes, { ...this.#memory, profile: this.#configuration.profile })
    if (command === undefined) return this.#abort()
    return this.#wrap(parseResponse(await this.#application(encodeCommand(command))))
  }

  #wrap(response: Response): Uint8Array {
    const wrapped = wrapResponse(response, { ...this.#memory, profile: this.#configuration.profile })
    return wrapped === undefined ? this.#abort() : this.#send(wrapped, undefined)
  }

  /** What the table says before the step: the answer when it ends here, or whether the step runs, perhaps as the last. */
  #enter(kind: ChannelCommand): Uint8Array | 'run' | 'last' {
    const memory = this.#memory
    if (memory.state === 'answerable' && kind !== 'internal-authenticate') memory.state = settle(memory).next
    const { certificateWithoutEnvironment } = this.#configuration.profile
    const cell = channelCell(kind, memory.state, memory.variant, certificateWithoutEnvironment)
    // [SCP10] 148: C-MAC or C-DEC demanded.
    const isProtected = (memory.level & (LEVEL.cmac | LEVEL.cenc)) !== 0
    const order = kind === 'unknown-operation' ? '6A86' : '6985'
    if (cell === 'anew') reset(memory, this.#configuration)
    if (cell === 'withdraw' || cell === 'lapse') {
      forgetChallenge(memory)
      memory.state = memory.base
    }
    if ((cell === 'level' || cell === 'guard') && isProtected) return this.#abort()
    if (cell === 'order' || cell === 'guard') return this.#fail(order)
    if (cell === 'drop') return this.#fail('6982')
    if (cell === 'deny' || cell === 'lapse') return this.#refuse('6982')
    return cell === 'last' ? 'last' : 'run'
  }

  #finish(outcome: StepOutcome, le?: number): Uint8Array {
    if ('refuse' in outcome) return outcome.stay === true ? this.#refuse(outcome.refuse) : this.#fail(outcome.refuse)
    this.#memory.state = outcome.next
    return this.#send(concat(outcome.data ?? EMPTY, Uint8Array.of(0x90, 0)), le)
  }

  /** The answer, or as much of it as fits, and 61XX. [ISO7816-4] 5.1.3 */
  #send(answer: Uint8Array, le = SHORT): Uint8Array {
    const length = answer.length - 2
    if (length <= le) return answer
    this.#waiting = answer.slice(le)
    return concat(answer.subarray(0, le), Uint8Array.of(0x61, Math.min(length - le, SHORT) & 0xff))
  }

  /** Secure messaging failed: the session is over, and says so until another one begins. [SCP10] 147, 151, 155; F.1.6 */
  #abort(): Uint8Array {
    if (this.#configuration.profile.messagingFailure === 'abort') {
      reset(this.#memory, this.#configuration)
      this.#memory.state = 'aborted'
    }
    return this.#refuse('6982')
  }

  /** The error, and S2. */
  #fail(status: string): Uint8Array {
    reset(this.#memory, this.#configuration)
    return this.#refuse(status)
  }

  /** The error alone. Hardened, all errors are one. */
  #refuse(status: string): Uint8Array {
    return fromHex(this.#configuration.hardened ? '6982' : status)
  }
}

function parse(bytes: Uint8Array): Command | undefined {
  try {
    return parseCommand(bytes)
  } catch {
    return undefined
  }
}
