/**
 * Lines out of chunks, however these are cut, without a copy of a line: a group of lines is the bytes that came at once, with
 * where each line begins and ends. Memory holds one chunk and one line.
 */

/** Lines that came together. */
export interface LineGroup {
  /** Good until the next group is asked for. */
  readonly bytes: Uint8Array
  /** Where each line begins and ends, in turn, without its line feed; -1 and -1 for one that was too long to keep. */
  readonly bounds: readonly number[]
  /** The number of the first, counted from 1. */
  readonly first: number
}

const LINE_FEED = 0x0a
/** What Node reads at once. */
const CHUNK = 65_536

/**
 * The lines of `input` in groups. What follows the last line feed is a line too, unless it is empty.
 * @param longest bytes of a line; of a longer one nothing is kept
 */
export async function* lineGroups(input: AsyncIterable<Uint8Array>, longest: number): AsyncGenerator<LineGroup> {
  let bytes: Buffer = Buffer.allocUnsafeSlow(longest + CHUNK)
  /** Bytes of a line without an end, at the beginning. */
  let open = 0
  let skipping = false
  let first = 1
  for await (const chunk of input) {
    const length = open + chunk.length
    if (length > bytes.length) bytes = enlarged(bytes, open, length)
    bytes.set(chunk, open)
    const bounds: number[] = []
    let begin = 0
    const filled = bytes.subarray(0, length)
    for (let end = filled.indexOf(LINE_FEED, open); end >= 0; end = filled.indexOf(LINE_FEED, begin)) {
      if (skipping || end - begin > longest) bounds.push(-1, -1)
      else bounds.push(begin, end)
      skipping = false
      begin = end + 1
    }
    if (bounds.length > 0) yield { bytes, bounds, first }
    first += bounds.length / 2
    skipping ||= length - begin > longest
    open = skipping ? 0 : length - begin
    bytes.copyWithin(0, begin, begin + open)
  }
  if (skipping || open > 0) yield { bytes, bounds: skipping ? [-1, -1] : [0, open], first }
}

function enlarged(bytes: Buffer, kept: number, length: number): Buffer {
  const more = Buffer.allocUnsafeSlow(length)
  more.set(bytes.subarray(0, kept))
  return more
}
