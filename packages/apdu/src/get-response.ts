/**
 * The answers 61XX and 6CXX of T=0 cards, which ask for one more command.
 * @see [ISO7816-4] 5.1.3 and 7.6.1, [EMV-B1] 9.3.1
 */
import { concat } from './bytes.js'
import { encodeCommand, replaceLe } from './command.js'
import { type Exchange, ExchangeError, withQueue } from './exchange.js'
import { encodeResponse, parseResponse, type Response } from './response.js'
import { describeStatus } from './status.js'

/** The limit of {@link withGetResponse}. */
export interface GetResponseOptions {
  /** How many answers to GET RESPONSE one command may take. Default 256. */
  readonly chunks?: number
}

/** [ISO7816-4] 5.1: no response data field is longer. */
const MAX_DATA = 65536

/**
 * Answers 61XX with GET RESPONSE until the card has given all, and 6CXX with the same command and the Le that the card
 * named. The caller sees one answer: all the data and the last status, warnings 62XX and 63XX included.
 *
 * - A command is sent again only after 6CXX, once, and only when it has an Le: the last byte of a data field is never
 *   taken for one (it may be of a MAC). A second 6CXX is handed on.
 * - 6CXX to GET RESPONSE repeats GET RESPONSE, once, never the command, which the card has carried out already.
 * - GET RESPONSE has class 00 whatever class the command had, and is no part of secure messaging.
 * - Calls pass one at a time, as with {@link withQueue}.
 *
 * Data is bounded by 65536 bytes.
 * @throws ERR_EXCHANGE, an {@link ExchangeError} with `received`: GET RESPONSE was refused (6D00 or 6985: another
 * command came between, or the card lost its answer) or not answered, or a limit was reached
 * @throws ERR_RESPONSE when the answer to the command itself has no status
 */
export function withGetResponse(exchange: Exchange, options: GetResponseOptions = {}): Exchange {
  const { chunks = 256 } = options
  return withQueue(async (command) => {
    let answer = parseResponse(await exchange(command))
    if (answer.status.startsWith('6C')) {
      const corrected = replaceLe(command, announced(answer))
      if (corrected !== undefined) answer = parseResponse(await exchange(corrected))
    }
    for (let chunk = 0; answer.status.startsWith('61'); chunk++) {
      // Written so that a limit which is not a number refuses everything.
      if (!(chunk < chunks)) throw new ExchangeError(`at most ${chunks} answers`, answer.status, answer.data)
      answer = await continued(exchange, answer)
    }
    return encodeResponse(answer)
  })
}

/** The answer with what one GET RESPONSE adds to it. */
async function continued(exchange: Exchange, { data, status }: Response): Promise<Response> {
  let next: Response
  try {
    next = parseResponse(await exchange(getResponse(announced({ status }))))
    if (next.status.startsWith('6C')) next = parseResponse(await exchange(getResponse(announced(next))))
  } catch (cause) {
    throw new ExchangeError('an answer', 'none', data, cause)
  }
  // Another status than success or warning belongs to GET RESPONSE; handed on, it would pass for that of the command.
  if (!/^(?:9|6[123])/.test(next.status)) {
    throw new ExchangeError('61XX, 62XX, 63XX or 9XXX', `${next.status} (${describeStatus(next.status)})`, data)
  }
  const joined = concat(data, next.data)
  if (joined.length > MAX_DATA) throw new ExchangeError(`at most ${MAX_DATA} bytes`, `${joined.length} bytes`, joined)
  return { data: joined, status: next.status }
}

/** [ISO7816-4] 5.1.3: the second status byte of 61XX and 6CXX is a length, 00 for 256. */
function announced({ status }: Pick<Response, 'status'>): number {
  return Number.parseInt(status.slice(2), 16) || 256
}

/** [EMV-B1] 9.3.1: the header is 00C00000, also after a command of class 8X. */
function getResponse(le: number): Uint8Array {
  return encodeCommand({ cla: 0x00, ins: 0xc0, p1: 0, p2: 0, le })
}
