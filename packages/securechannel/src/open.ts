/**
 * Opening a channel, step by step: the handshake gives a command, takes the card's answer, gives the next command. It does
 * not send anything itself, so that it works over a reader, a message queue or an HTTP request alike.
 */
import type { Exchange } from '@issuerkit/apdu'
import { agreement } from './agreement.js'
import type { CertificateOptions } from './certificate-verify.js'
import { Channel } from './channel.js'
import { type Context, type Credentials, exchangeCertificates, expectCredentials } from './credentials.js'
import { channelError } from './failure.js'
import { type Profile, type ProfileName, profileOf } from './profile.js'
import { type RandomSource, systemRandom } from './random.js'
import { SessionKeys } from './session-keys.js'
import type { Step, Steps } from './steps.js'
import { type Recording, Tape } from './tape.js'
import { type ControlReferenceTemplate, expectPayload, LEVEL, templatesOf, type Variant } from './templates.js'
import { transport } from './transport.js'

/** What a channel is to be. */
export interface OpenOptions {
  /** The bits of {@link LEVEL}: 33, MAC and enciphering in both directions, unless said. */
  readonly level?: number
  /** The card proves itself, too: the default. Key transport can do without, and then nobody knows who has the keys. */
  readonly mutual?: boolean
  /** The keys to be set up; by default as few as the level needs, and a DEK. */
  readonly templates?: readonly ControlReferenceTemplate[]
  /** How certificates are checked. */
  readonly certificates?: CertificateOptions
  /** Where random bytes come from: another source than the platform's is for tests. */
  readonly random?: RandomSource
}

/**
 * Begin a handshake.
 * @param profile `gp`, `feitian`, or a changed copy of one
 * @param variant `transport` (steps S4 to S7 of the patent) or `agreement` (S4' to S7')
 * @throws ERR_OPTION, ERR_CHANNEL, ERR_CERTIFICATE, ERR_LENGTH when profile, level, templates and credentials do not fit
 *   together; nothing has been sent then
 * @see [GP] F.1, F.4, [SCP10] steps 105 to 145 and 105' to 145'
 */
export function open(
  profile: ProfileName | Profile,
  variant: Variant,
  credentials: Credentials,
  options: OpenOptions = {},
): Handshake {
  const { level = 0x33, mutual = true, templates = templatesOf(level), certificates = {} } = options
  const payload = { level, templates }
  expectPayload(payload)
  expectAnswerLevel(level)
  const tape = new Tape(options.random ?? systemRandom)
  const { random } = tape
  const context = { profile: profileOf(profile), variant, credentials, certificates, mutual, payload, random }
  expectCredentials(context)
  return new Handshake(handshake(context), tape)
}

/** [GP] F.1.6: answers are protected when commands are; a card sees by the class byte that a command is. */
function expectAnswerLevel(level: number): void {
  const has = (bit: number): boolean => (level & bit) !== 0
  if ((has(LEVEL.RMAC) && !has(LEVEL.CMAC)) || (has(LEVEL.RENC) && !has(LEVEL.CMAC) && !has(LEVEL.CENC))) {
    throw channelError('security level', 'protected commands where answers are')
  }
}

function* handshake(context: Context): Steps<Channel> {
  const card = yield* exchangeCertificates(context)
  const { keys, counters } = yield* context.variant === 'transport'
    ? transport(context, card)
    : agreement(context, card)
  const { level } = context.payload
  return new Channel({ rules: context.profile, level, keys: new SessionKeys(keys), counters, sent: 0, due: 'none' })
}

/** A handshake under way. */
export class Handshake {
  readonly #steps: Steps<Channel>
  readonly #tape: Tape
  #step: Step | undefined
  #channel: Channel | undefined

  /** Of the steps given, the first is ready at once. */
  constructor(steps: Steps<Channel>, tape: Tape) {
    this.#steps = steps
    this.#tape = tape
    this.#advance(() => steps.next())
  }

  /** The command to be sent now; none when the handshake is over. */
  get step(): Step | undefined {
    return this.#step
  }

  /**
   * The card's answer to the present step: data and status, chained answers put together.
   * @returns the next step; `undefined` when the channel is open
   * @throws ERR_CHANNEL when the card refuses, its answer fails a check, or the handshake is over; ERR_CERTIFICATE when
   *   its certificate does not count. The handshake is over then, and its keys are destroyed.
   */
  answer(response: Uint8Array): Step | undefined {
    if (this.#step === undefined) throw channelError('handshake', 'one that is under way')
    this.#tape.hear(response)
    return this.#advance(() => this.#steps.next(response))
  }

  /** The channel. @throws ERR_CHANNEL when the handshake has not come to its end */
  get channel(): Channel {
    if (this.#channel === undefined) throw channelError('handshake', 'one that has come to its end')
    return this.#channel
  }

  /** Give up: secrets are destroyed. A channel that is open already is closed. */
  close(): void {
    this.#step = undefined
    // A generator that is given up runs its `finally` blocks, which zero what it holds; its value is of no use here.
    this.#steps.return(undefined as never)
    this.#channel?.close()
    this.#tape.erase()
  }

  /**
   * How it came to its present step, for saving, after which this handshake is closed: it must not go on in two places.
   * @param take copies what it needs; it is zeroed behind it
   * @throws ERR_CHANNEL when the handshake is over
   */
  release<T>(take: (recording: Recording, step: Step) => T): T {
    if (this.#step === undefined) throw channelError('handshake', 'one that is under way')
    try {
      return take(this.#tape.recording, this.#step)
    } finally {
      this.close()
    }
  }

  #advance(next: () => IteratorResult<Step, Channel>): Step | undefined {
    this.#step = undefined
    try {
      const result = next()
      if (result.done === true) this.#channel = result.value
      else this.#step = result.value
      return this.#step
    } finally {
      // A handshake that is over has no use for what it came by.
      if (this.#step === undefined) this.#tape.erase()
    }
  }
}

/**
 * A handshake run over an exchange with the card, which must put chained answers together (`withGetResponse`).
 * @returns the open channel
 * @throws as {@link Handshake.answer}, and whatever the exchange throws: the handshake is closed then
 */
export async function establish(handshake: Handshake, exchange: Exchange): Promise<Channel> {
  try {
    for (let step = handshake.step; step !== undefined; step = handshake.step) {
      handshake.answer(await exchange(step.command))
    }
    return handshake.channel
  } catch (failure) {
    handshake.close()
    throw failure
  }
}
