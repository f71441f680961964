/**
 * The messages between the virtual reader vpcd and its card, both ways over one TCP connection.
 *
 * | field | bytes | |
 * |---|---|---|
 * | length | 2 | of the body, most significant byte first |
 * | body | length | one byte: a control; more: a command or an answer |
 *
 * TCP keeps no bounds of messages: they come in pieces and run together.
 */
import { concat, IssuerkitError } from '@issuerkit/apdu'

/** What the reader tells the card in a body of one byte. Only `atr` is answered, with the answer to reset. */
export const VPCD = { off: 0x00, on: 0x01, reset: 0x02, atr: 0x04 } as const

/** What a length of two bytes can say. */
export const MAX_BODY = 0xffff

/** A message, whole: it must leave by one write, or the network waits for an acknowledgement between its parts. */
export function frameMessage(body: Uint8Array): Uint8Array {
  if (body.length > MAX_BODY) {
    const details = { label: 'message', expected: `at most ${MAX_BODY} bytes`, got: `${body.length} bytes` }
    throw new IssuerkitError('ERR_LENGTH', details)
  }
  return concat(Uint8Array.of(body.length >> 8, body.length & 0xff), body)
}

/**
 * Puts messages together again. It keeps one unfinished message, at most 65537 bytes, and nothing else.
 * @returns a function from the next piece, of any length, to the bodies that it completes, in order, possibly empty ones
 */
export function createDeframer(): (piece: Uint8Array) => Uint8Array[] {
  let high: number | undefined
  let body: Uint8Array | undefined
  let filled = 0
  return (piece) => {
    const complete: Uint8Array[] = []
    for (let at = 0; at < piece.length; ) {
      const byte = piece[at] as number
      if (body === undefined) {
        at += 1
        if (high === undefined) {
          high = byte
          continue
        }
        body = new Uint8Array(high * 256 + byte)
        high = undefined
        filled = 0
      } else {
        const part = piece.subarray(at, at + body.length - filled)
        body.set(part, filled)
        filled += part.length
        at += part.length
      }
      if (filled === body.length) {
        complete.push(body)
        body = undefined
      }
    }
    return complete
  }
}
