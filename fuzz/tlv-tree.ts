/**
 * A forgiving view of bytes as BER-TLV, for the mutator only: it finds what looks like structure in damaged input, and
 * writes it back with lengths that fit. It shares no code with the parser that is being fuzzed.
 */
export interface Node {
  /** The tag's bytes. */
  tag: Uint8Array
  /** The nodes inside, or the bytes. */
  content: Node[] | Uint8Array
}

const LIMIT = 64

/** The nodes that the bytes look like; what does not look like one becomes the value of a last node without a tag. */
export function toTree(bytes: Uint8Array, depth = 0): Node[] {
  const nodes: Node[] = []
  let at = 0
  while (at < bytes.length) {
    const start = at
    let next = at + 1
    if (((bytes[at] as number) & 0x1f) === 0x1f) while (next < bytes.length && (bytes[next++] as number) & 0x80);
    let length = bytes[next++]
    if (length !== undefined && length > 0x80 && length <= 0x84) {
      const count = length & 0x7f
      length = bytes.subarray(next, next + count).reduce((sum, byte) => sum * 256 + byte, 0)
      next += count
    }
    if (length === undefined || length === 0x80 || next + length > bytes.length || nodes.length === LIMIT) {
      nodes.push({ tag: new Uint8Array(0), content: bytes.subarray(start) })
      break
    }
    const tagEnd = ((bytes[start] as number) & 0x1f) === 0x1f ? tagLength(bytes, start) : start + 1
    const value = bytes.subarray(next, next + length)
    const constructed = ((bytes[start] as number) & 0x20) !== 0 && depth < 8
    nodes.push({ tag: bytes.subarray(start, tagEnd), content: constructed ? toTree(value, depth + 1) : value })
    at = next + length
  }
  return nodes
}

function tagLength(bytes: Uint8Array, start: number): number {
  let end = start + 1
  while (end < bytes.length && (bytes[end++] as number) & 0x80);
  return end
}

/** The bytes of the nodes, each with the shortest length that fits. */
export function toBytes(nodes: readonly Node[]): Uint8Array {
  const parts = nodes.map(({ tag, content }) => ({
    tag,
    value: content instanceof Uint8Array ? content : toBytes(content),
  }))
  const size = ({ tag, value }: { tag: Uint8Array; value: Uint8Array }): number =>
    tag.length === 0 ? value.length : tag.length + lengthSize(value.length) + value.length
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + size(part), 0))
  let at = 0
  for (const { tag, value } of parts) {
    if (tag.length > 0) {
      bytes.set(tag, at)
      at += tag.length
      const count = lengthSize(value.length)
      for (let i = count - 1, rest = value.length; i >= 0; i--, rest >>= 8) bytes[at + i] = rest
      if (count > 1) bytes[at] = 0x7f + count
      at += count
    }
    bytes.set(value, at)
    at += value.length
  }
  return bytes
}

function lengthSize(length: number): number {
  return length < 0x80 ? 1 : length < 0x100 ? 2 : 3
}
