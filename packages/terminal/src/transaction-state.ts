/**
 * What a terminal holds while a transaction runs. The steps are functions over it.
 *
 * Values stand by tag in two maps: what the terminal gives, and what the card gave. Where both have a tag, the terminal's
 * goes first: a card must not choose the amount that it signs.
 */
import {
  type Command,
  type ErrorCode,
  type Exchange,
  encodeCommand,
  IssuerkitError,
  parseResponse,
  type Response,
  toHex,
} from '@issuerkit/apdu'
import type { ResultBits } from './tvr.js'

/** The steps of a transaction in the words of the standard. @see [EMV-B3] 10 */
export type TransactionPhase =
  | 'application-selection'
  | 'initiate-application'
  | 'read-application'
  | 'offline-data-authentication'
  | 'processing-restrictions'
  | 'cardholder-verification'
  | 'terminal-risk-management'
  | 'terminal-action-analysis'
  | 'first-generate-ac'
  | 'online'
  | 'external-authenticate'
  | 'script-71'
  | 'second-generate-ac'
  | 'script-72'
  | 'completed'

/** One command of a transaction. */
export interface TransactionStep {
  readonly phase: TransactionPhase
  /** CLA INS P1 P2 in hexadecimal; the data field, which may hold a PIN, stays out. */
  readonly header: string
  /** SW1 SW2; absent when no answer came. */
  readonly status?: string
}

/**
 * Why a transaction ended before its last step.
 *
 * | reason | |
 * |---|---|
 * | no-application | no application in common with the card |
 * | application-blocked | the application is blocked, and the terminal is no special device |
 * | conditions-not-satisfied | the card answered 6985 |
 * | card-status | the card answered with another status than the step allows |
 * | card-data | mandatory data of the card is missing or malformed |
 * | no-answer | a command was sent and no answer came: what the card did is not known |
 */
export type EndReason =
  | 'no-application'
  | 'application-blocked'
  | 'conditions-not-satisfied'
  | 'card-status'
  | 'card-data'
  | 'no-answer'

/** The end of a transaction that did not reach its last step. */
export interface TransactionEnd {
  readonly reason: EndReason
  readonly phase: TransactionPhase
  /** The status word, where the card gave one. */
  readonly status?: string
  /** The code of the error behind it: ERR_EXCHANGE, ERR_READER, ERR_POWER ... or what the card's data was refused with. */
  readonly code?: ErrorCode
  /** What was wrong, without any value of the card. */
  readonly detail?: string
}

/** Carries the end of a transaction out of its step. It never leaves this package. */
export class TransactionEnded extends Error {
  readonly end: TransactionEnd

  constructor(end: TransactionEnd) {
    super(end.reason)
    this.end = end
  }
}

/** The state that the steps share. */
export interface TransactionState {
  /** Every command of the transaction passes here and leaves a step. */
  readonly exchange: Exchange
  readonly terminal: ReadonlyMap<string, Uint8Array>
  /** Data objects of the card: FCI, GET PROCESSING OPTIONS, records, GET DATA, GENERATE AC. */
  readonly card: Map<string, Uint8Array>
  /** What the steps came to: 95, 9B, 9F34, 8A, 91, 98. */
  readonly computed: Map<string, Uint8Array>
  readonly bits: ResultBits
  readonly steps: TransactionStep[]
  phase: TransactionPhase
}

/** Errors of an exchange that say that no answer came. */
const NO_ANSWER: readonly ErrorCode[] = ['ERR_EXCHANGE', 'ERR_POWER', 'ERR_READER', 'ERR_RESPONSE']

/** The state at the beginning. */
export function createTransactionState(
  exchange: Exchange,
  terminal: ReadonlyMap<string, Uint8Array>,
  bits: ResultBits,
): TransactionState {
  const steps: TransactionStep[] = []
  const state: TransactionState = {
    exchange: async (command) => {
      const header = toHex(command.subarray(0, 4))
      const { phase } = state
      let answer: Uint8Array
      try {
        answer = await exchange(command)
        steps.push({ phase, header, status: parseResponse(answer).status })
      } catch (error) {
        // Anything else is a fault of the caller's exchange, such as a replayed session that was left.
        if (!(error instanceof IssuerkitError) || !NO_ANSWER.includes(error.code)) throw error
        steps.push({ phase, header })
        throw new TransactionEnded({ reason: 'no-answer', phase, code: error.code })
      }
      return answer
    },
    terminal,
    card: new Map(),
    computed: new Map(),
    bits,
    steps,
    phase: 'application-selection',
  }
  return state
}

/** Sends a command and gives the answer, whatever its status. */
export async function send(state: TransactionState, command: Command | Uint8Array): Promise<Response> {
  return parseResponse(await state.exchange(command instanceof Uint8Array ? command : encodeCommand(command)))
}

/** All values by tag: the card's, over them the terminal's, over them what the steps came to. */
export function allValues(state: TransactionState): Map<string, Uint8Array> {
  const registers = [['95', state.bits.tvr()] as const, ['9B', state.bits.tsi()] as const]
  return new Map([...state.card, ...state.terminal, ...registers, ...state.computed])
}

/** Ends the transaction in the phase that it is in. */
export function endTransaction(state: TransactionState, end: Omit<TransactionEnd, 'phase'>): never {
  throw new TransactionEnded({ ...end, phase: state.phase })
}

/** Whether the card's AIP (82) has a bit of its first byte. @see [EMV-B3] C1 */
export function hasAipBit({ card }: TransactionState, bit: number): boolean {
  return (unsigned(card.get('82')?.subarray(0, 1)) & bit) !== 0
}

/** A data object of the card without which the transaction ends. @see [EMV-B3] 7.2 */
export function requireCardData(state: TransactionState, tag: string): Uint8Array {
  const value = state.card.get(tag)
  return value ?? endTransaction(state, { reason: 'card-data', detail: `tag ${tag} missing` })
}

/**
 * What `read` makes of the card's data; data that it refuses with a coded error ends the transaction. The messages of the
 * parsers hold tags, lengths and offsets, no value.
 */
export function parseCardData<T>(state: TransactionState, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof IssuerkitError)) throw error
    return endTransaction(state, { reason: 'card-data', code: error.code, detail: error.message })
  }
}

/** Digits of a numeric value (n), two a byte; 0 when it is absent or holds other than digits. */
export function numeric(value: Uint8Array | undefined): number {
  const digits = toHex(value ?? new Uint8Array(0))
  return /^[0-9]{1,15}$/.test(digits) ? Number(digits) : 0
}

/** An unsigned number of the bytes, the most significant first; 0 when absent. */
export function unsigned(value: Uint8Array | undefined): number {
  return (value ?? new Uint8Array(0)).reduce((sum, byte) => sum * 256 + byte, 0)
}

/** GET DATA: the value of the object, or `undefined` when the card does not give exactly this one. [EMV-B3] 6.5.7 */
export async function getData(state: TransactionState, tag: string): Promise<Uint8Array | undefined> {
  const [p1, p2] = [Number.parseInt(tag.slice(0, 2), 16), Number.parseInt(tag.slice(2), 16)]
  const { data, status } = await send(state, { cla: 0x80, ins: 0xca, p1, p2, le: 256 })
  const header = [p1, p2, data[2]]
  const whole = status === '9000' && header.every((byte, i) => byte === data[i]) && data[2] === data.length - 3
  if (!whole) return undefined
  const value = data.slice(3)
  state.card.set(tag, value)
  return value
}
