/** The mutator: small damage, and changes that keep a TLV structure whole around them. */
import type { Random } from './random.js'
import { type Node, toBytes, toTree } from './tlv-tree.js'

/** Longer inputs are cut if a target does not ask for them: they cost time and seldom find more than shorter ones. */
export const MAX_INPUT = 512

/** The bytes at which lengths, tags and signs change their meaning. */
const BOUNDARIES = [0x00, 0x01, 0x1f, 0x3f, 0x7f, 0x80, 0x81, 0x82, 0x83, 0x84, 0x90, 0xbf, 0xfe, 0xff]

/** Length fields on both sides of each form's limits, and forms longer than they need to be. */
const LENGTHS = ['00', '7F', '80', '8100', '817F', '8180', '81FF', '820000', '820080', '8200FF', '820100', '82FFFF']
  .concat(['83000001', '83FFFFFF', '8400000001', '847FFFFFFF', '84FFFFFFFF', '850000000001', 'FF'])
  .map((hex) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)))

type Mutation = (input: Uint8Array, random: Random, other: Uint8Array) => Uint8Array

function splice(input: Uint8Array, start: number, remove: number, insert: Uint8Array = new Uint8Array(0)): Uint8Array {
  const result = new Uint8Array(input.length - remove + insert.length)
  result.set(input.subarray(0, start))
  result.set(insert, start)
  result.set(input.subarray(start + remove), start + insert.length)
  return result
}

function withByte(input: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const result = input.slice()
  if (at < result.length) result[at] = change(result[at] as number)
  return result
}

/** A slice of random place and length, short more often than long. */
function slice(input: Uint8Array, random: Random): { start: number; length: number } {
  const start = random.below(input.length)
  const most = Math.min(input.length - start, random.pick([1, 2, 4, 8, 16, input.length]))
  return { start, length: 1 + random.below(most) }
}

/** A list of nodes somewhere in the tree: the outermost, or by chance one further in. */
function someList(tree: Node[], random: Random): Node[] {
  let list = tree
  while (random.below(3) > 0) {
    const inner = list[random.below(list.length)]?.content
    if (inner === undefined || inner instanceof Uint8Array || inner.length === 0) break
    list = inner
  }
  return list
}

/** A change to the tree of an input that looks like TLV, written back with lengths that fit. */
function onTree(change: (list: Node[], random: Random, other: Uint8Array) => void): Mutation {
  return (input, random, other) => {
    const tree = toTree(input)
    change(someList(tree, random), random, other)
    return toBytes(tree)
  }
}

const at = (list: readonly unknown[], random: Random): number => random.below(list.length)

/** Name -> mutation. Every one takes an input that is not empty. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  flipBit: (input, random) => withByte(input, random.below(input.length), (byte) => byte ^ (1 << random.below(8))),
  setByte: (input, random) => withByte(input, random.below(input.length), () => random.next() & 0xff),
  boundary: (input, random) => withByte(input, random.below(input.length), () => random.pick(BOUNDARIES)),
  addOne: (input, random) => withByte(input, random.below(input.length), (byte) => byte + random.pick([1, -1])),
  insert: (input, random) => splice(input, random.below(input.length + 1), 0, random.bytes(1 + random.below(4))),
  insertBoundary: (input, random) =>
    splice(input, random.below(input.length + 1), 0, Uint8Array.of(random.pick(BOUNDARIES))),
  remove: (input, random) => {
    const { start, length } = slice(input, random)
    return splice(input, start, length)
  },
  duplicate: (input, random) => {
    const { start, length } = slice(input, random)
    return splice(input, random.below(input.length + 1), 0, input.subarray(start, start + length))
  },
  repeat: (input, random) => {
    const { start, length } = slice(input, random)
    const times = random.pick([2, 2, 3, 3, 16, 256])
    const repeated = new Uint8Array(Math.min(length * times, MAX_INPUT))
    for (let i = 0; i < repeated.length; i++) repeated[i] = input[start + (i % length)] as number
    return splice(input, start, 0, repeated)
  },
  truncate: (input, random) => input.slice(0, random.below(input.length)),
  join: (input, random, other) => {
    const head = input.subarray(0, random.below(input.length + 1))
    return splice(other, 0, random.below(other.length + 1), head)
  },
  lengthField: (input, random) => splice(input, random.below(input.length), 1, random.pick(LENGTHS)),
  treeLength: (input, random) => {
    // The first byte of a length field that is one.
    const node = random.pick(someList(toTree(input), random))
    const place = node.tag.byteOffset - input.byteOffset + node.tag.length
    return node.tag.length === 0 ? input : splice(input, place, 1, random.pick(LENGTHS))
  },
  treeDuplicate: onTree((list, random) => {
    list.splice(at(list, random), 0, list[at(list, random)] as Node)
  }),
  treeRemove: onTree((list, random) => {
    list.splice(at(list, random), 1)
  }),
  treeSwap: onTree((list, random) => {
    list.push(...list.splice(at(list, random), 1))
  }),
  treeValue: onTree((list, random, other) => {
    const node = list[at(list, random)] as Node
    if (node.content instanceof Uint8Array) {
      node.content = random.pick([new Uint8Array(0), random.bytes(1 + random.below(32)), other.slice(0, 300)])
    }
  }),
  treeWrap: onTree((list, random) => {
    const i = at(list, random)
    const tag = random.pick(['70', '77', '72', '6F', 'BF0C', '80'])
    list[i] = { tag: Uint8Array.from(Buffer.from(tag, 'hex')), content: [list[i] as Node] }
  }),
}

const ALL = Object.values(MUTATIONS)

/** A new input from one of the corpus: one mutation, or several on top of each other, at most `longest` bytes. */
export function mutate(corpus: readonly Uint8Array[], random: Random, longest: number = MAX_INPUT): Uint8Array {
  let input = random.pick(corpus)
  do {
    const other = random.pick(corpus)
    input = input.length === 0 ? random.bytes(1 + random.below(8)) : random.pick(ALL)(input, random, other)
    if (input.length > longest) input = input.slice(0, longest)
  } while (random.below(2) === 0)
  return input
}
