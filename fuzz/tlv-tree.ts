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
export function toBytes(nodes: readonly Node[]): number[] {
  return nodes.flatMap(({ tag, content }) => {
    const value = content instanceof Uint8Array ? [...content] : toBytes(content)
    if (tag.length === 0) return value
    const n = value.length
    const length = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : [0x82, n >> 8, n & 0xff]
    return [...tag, ...length, ...value]
  })
}

/** Every list of nodes in the tree, the outermost first. */
export function lists(nodes: Node[]): Node[][] {
  return [nodes, ...nodes.flatMap(({ content }) => (content instanceof Uint8Array ? [] : lists(content)))]
}
