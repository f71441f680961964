/**
 * A virtual card as a reader sees it: power, an answer to reset, one command at a time, and the transport's own habits.
 *
 * What the card says (the processor) and how it is carried (here) are apart. On T=0 data leave the card only when the
 * terminal has named their length:
 *
 * | command | answer |
 * |---|---|
 * | with a data field (case 4) | 61XX, the data by GET RESPONSE; with a warning 62XX, 63XX the warning first |
 * | without (case 2), Le as long as the data | the data |
 * | without, any other Le | 6CXX |
 *
 * The effects of a command are in memory, by one commit, before its answer leaves the card.
 * @see [EMV-B1] 9.2, 9.3.1, [ISO7816-4] 5.1.3
 */
import {
  type Command,
  type Exchange,
  encodeResponse,
  IssuerkitError,
  parseCommand,
  type Response,
  readHeader,
  withQueue,
} from '@issuerkit/apdu'
import type { CardMemory } from './memory.js'
import { PowerLoss } from './memory-cells.js'

/** What a processor says to a command. */
export interface CardAnswer {
  /** SW1 SW2 as 4 upper-case hexadecimal digits. */
  readonly status: string
  readonly data?: Uint8Array
  /** Data that GET RESPONSE alone gives, on either protocol: the FCI behind a refused SELECT. */
  readonly later?: Uint8Array
}

/** The card's program: what commands do. */
export interface CardProcessor {
  readonly atr: Uint8Array
  readonly protocol: 'T=0' | 'T=1'
  /** What GET RESPONSE answers when there is nothing to get. Cards differ: 6D00, 6F00, 6985. */
  readonly nothingPending: string
  /** Power-up, after the memory has recovered: everything that power took is at its first value. */
  reset(): void
  /** A command other than a granted GET RESPONSE. What it writes is committed when it returns. @throws PowerLoss */
  process(command: Command): CardAnswer
  /** Asked before GET RESPONSE is served: a status refuses it, as a card that is blocked for good does. */
  refuseGetResponse?(command: Command): string | undefined
}

/** A virtual card in the hand of a test, a terminal or a reader. */
export interface VirtualCard {
  /**
   * Command bytes in, answer bytes out, one at a time in the order of the calls. Whatever the bytes are, the card answers.
   * Rejects with ERR_POWER when it has no power, or loses it on the way.
   */
  readonly exchange: Exchange
  readonly protocol: 'T=0' | 'T=1'
  /** The memory, for tests: fuse, state, saving. */
  readonly memory: CardMemory
  readonly powered: boolean
  /**
   * Cold or warm reset: the memory recovers, the rest begins anew.
   * @returns the answer to reset
   * @throws ERR_POWER when the fuse cuts the recovery, too
   */
  readonly powerUp: () => Uint8Array
  readonly powerDown: () => void
}

const GET_RESPONSE = 0xc0
/** [ISO7816-4] 5.1: the longest short data field. */
const SHORT = 256

/** A card of a memory and a program, powered up. */
export function createVirtualCard(memory: CardMemory, processor: CardProcessor): VirtualCard {
  let powered = false
  let pending: Uint8Array | undefined

  const lose = (): IssuerkitError => {
    powered = false
    memory.rollback()
    forget()
    processor.reset()
    return new IssuerkitError('ERR_POWER', { label: 'card', expected: 'power', got: 'none' })
  }
  const forget = (): void => {
    pending?.fill(0)
    pending = undefined
  }
  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      if (error instanceof PowerLoss) throw lose()
      memory.rollback()
      throw error
    }
  }
  const answer = (bytes: Uint8Array): Response => {
    const command = commandOf(bytes, processor.protocol)
    if (typeof command === 'string') {
      forget()
      return respond(command)
    }
    if (command.ins === GET_RESPONSE) return getResponse(command)
    // [ISO7816-4] 5.1.3: any other command gives up what was not fetched.
    forget()
    const said = processor.process(command)
    memory.commit()
    return carry(command, said)
  }
  const getResponse = (command: Command): Response => {
    const { cla, p1, p2, data, le = SHORT } = command
    const refused = processor.refuseGetResponse?.(command)
    if (refused !== undefined) return respond(refused)
    if (pending === undefined) return respond(processor.nothingPending)
    if (cla !== 0) return respond('6E00')
    if (p1 !== 0 || p2 !== 0) return respond('6A86')
    if (data !== undefined) return respond('6700')
    const rest = pending.length
    if (processor.protocol === 'T=0' && le > rest) return respond(`6C${lengthByte(rest)}`)
    const part = pending.slice(0, le)
    pending = le >= rest ? undefined : pending.slice(le)
    return respond(pending === undefined ? '9000' : `61${lengthByte(pending.length)}`, part)
  }
  const carry = ({ data, le }: Command, said: CardAnswer): Response => {
    const { status, later, data: given = new Uint8Array(0) } = said
    pending = later?.slice()
    if (given.length === 0) return respond(status)
    const warning = /^6[23]/.test(status)
    if (processor.protocol === 'T=0' && (data !== undefined || warning)) {
      pending = given.slice()
      return respond(warning ? status : `61${lengthByte(given.length)}`)
    }
    // On T=0 the length has to be the right one; on T=1 the answer may be shorter than Le.
    const fits = processor.protocol === 'T=0' ? le === given.length : (le ?? SHORT) >= given.length
    return fits ? respond(status, given) : respond(`6C${lengthByte(given.length)}`)
  }

  const card = {
    protocol: processor.protocol,
    memory,
    get powered() {
      return powered
    },
    exchange: withQueue(async (bytes) => {
      if (!powered) throw lose()
      return encodeResponse(guarded(() => answer(bytes)))
    }),
    powerUp: () => {
      forget()
      guarded(() => memory.recover())
      processor.reset()
      powered = true
      return processor.atr.slice()
    },
    powerDown: () => void lose(),
  }
  card.powerUp()
  return card
}

/** The command, or the status that refuses what is none. [ISO7816-4] 5.1.1, 5.1.2, [EMV-B1] 9.2.2 */
function commandOf(bytes: Uint8Array, protocol: 'T=0' | 'T=1'): Command | string {
  const header = readHeader(bytes)
  if (header === undefined) return '6700'
  if (header.cla === 0xff) return '6E00'
  if (header.ins >> 4 === 6 || header.ins >> 4 === 9) return '6D00'
  try {
    const command = parseCommand(bytes)
    const extended = bytes[4] === 0 && bytes.length > 5
    return extended && protocol === 'T=0' ? '6700' : command
  } catch {
    return '6700'
  }
}

/** XX of 61XX and 6CXX: 00 for 256 and more. */
function lengthByte(length: number): string {
  return (length >= SHORT ? 0 : length).toString(16).toUpperCase().padStart(2, '0')
}

function respond(status: string, data: Uint8Array = new Uint8Array(0)): Response {
  return { data, status }
}
