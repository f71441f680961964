/** Lines out of chunks, however these are cut, in memory for one chunk and one line. */

/** Node and browsers have it; the language's own library does not name it. */
declare class TextDecoder {
  decode(bytes?: Uint8Array, options?: { readonly stream: boolean }): string
}

/**
 * The lines of a text in UTF-8, without their line feeds; `undefined` for a line of more than `most` characters, of
 * which nothing is kept. What follows the last line feed is a line too, unless it is empty.
 *
 * Bytes that are not UTF-8 become U+FFFD. A chunk is asked for when the lines of the one before have been taken.
 */
export async function* linesOf(
  input: AsyncIterable<Uint8Array | string>,
  most: number,
): AsyncGenerator<string | undefined> {
  const decoder = new TextDecoder()
  let open: string | undefined = ''
  const append = (part: string): string | undefined =>
    open === undefined || open.length + part.length > most ? undefined : open + part
  for await (const chunk of input) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      yield append(text.slice(start, end))
      open = ''
      start = end + 1
    }
    open = append(text.slice(start))
  }
  open = append(decoder.decode())
  if (open !== '') yield open
}
