/**
 * The engine as WebAssembly text: 128 lanes, a slice being a vector of 128 bits, slice n at address 16 n.
 *
 * | function | does |
 * |---|---|
 * | load(from, stride, to) | blocks of 8 bytes, one for each lane, `stride` bytes apart -> the 64 slices of a block |
 * | store(from, to, stride) | the way back |
 * | schedule(block, key) | the slices of a block -> those of a DES key |
 * | des(block, key) | enciphers a block |
 * | tdes(block, key1, key2, key3), untdes | enciphers, deciphers a block with TDES |
 * | xor(block, other) | block XOR other, into block |
 * | parity(block) | the parity bits of a block that is a key made odd |
 *
 * Slices are named by their number, records by their address. One round is one function, called 16 times with another
 * key address each: small enough for the processor's caches. There is no branch but the loops over lanes, whose number
 * is fixed, and no address that depends on data: nothing here takes longer or shorter because of a secret.
 *
 * load and store are transpositions of 128 rows of 64 bits, in two steps: first bytes by interleaving vectors, then
 * bits by exchanging groups of 4, 2 and 1 of them between vectors.
 */
import type { Circuit, Gate } from './circuit.js'
import { BOXES, KEY_SLICES, ROTATIONS, sliceOf } from './wiring.js'

/** Slices that hold everything; the bytes of records follow. load and store use the last 64 for themselves. */
export const SLICES = 2048
const SCRATCH = 16 * (SLICES - 64)
const PAGES = 2

const OPERATION = { '&': 'v128.and', '|': 'v128.or', '^': 'v128.xor', '-': 'v128.andnot' } as const

/** The module's text for the circuits S1 to S8. */
export function wat(circuits: readonly Circuit[]): string {
  const parts = [load(), store(), schedule(), round(circuits), sixteen('encipher'), sixteen('decipher')]
  const all = [...parts, swap(), des(), tdes(), untdes()]
  return `(module\n(memory (export "memory") ${PAGES} ${PAGES})\n${[...all, xor(), parity()].join('\n')}\n)\n`
}

const get = (name: string) => `(local.get $${name})`
const set = (name: string, value: string) => `(local.set $${name} ${value})`
const read = (address: string, offset: number) => `(v128.load offset=${offset} ${get(address)})`
const write = (address: string, offset: number, value: string) =>
  `(v128.store offset=${offset} ${get(address)} ${value})`
const both = (name: string, a: string, b: string) => `(${name} ${a} ${b})`
const range = (length: number) => Array.from({ length }, (_, n) => n)
const addressOf = (slice: string) => set(slice, both('i32.shl', get(slice), '(i32.const 4)'))

function code(
  name: string,
  params: string,
  vectors: readonly string[],
  body: readonly string[],
  exported = true,
): string {
  const head = `(func $${name}${exported ? ` (export "${name}")` : ''}`
  const list = params.split(' ').map((param) => `(param $${param} i32)`)
  return `${head} ${list.join(' ')} ${vectors.map((vector) => `(local $${vector} v128)`).join(' ')}\n${body.join('\n')})`
}

/** `body` once for each of `count` values of an address that moves on by `by` (a text) each time, another too. */
function loop(count: number, body: readonly string[], moves: Readonly<Record<string, string>>): string {
  const steps = Object.entries(moves).map(([name, by]) => set(name, both('i32.add', get(name), by)))
  return `(local.set $n (i32.const ${count}))\n(loop $again\n${[...body, ...steps].join('\n')}
(br_if $again (local.tee $n (i32.sub ${get('n')} (i32.const 1)))))`
}

/** Bytes of the low or the high halves of two vectors, taken in turn. */
function interleave(half: 0 | 1, a: string, b: string): string {
  const lanes = range(8).flatMap((n) => [8 * half + n, 16 + 8 * half + n])
  return `(i8x16.shuffle ${lanes.join(' ')} ${a} ${b})`
}

/** Bit t of the bytes of vector g exchanged with bit g of those of vector t. */
function transposeBits(name: string): string[] {
  const steps: string[] = []
  for (const distance of [4, 2, 1]) {
    const mask = { 4: '0x0f0f0f0f', 2: '0x33333333', 1: '0x55555555' }[distance]
    for (const g of range(8).filter((n) => (n & distance) === 0)) {
      const [low, high] = [`${name}${g}`, `${name}${g + distance}`]
      const moved = both('i16x8.shr_u', get(low), `(i32.const ${distance})`)
      const differing = both(
        'v128.and',
        both('v128.xor', moved, get(high)),
        `(v128.const i32x4 ${`${mask} `.repeat(4)})`,
      )
      steps.push(set('t', differing), set(high, both('v128.xor', get(high), get('t'))))
      steps.push(set(low, both('v128.xor', get(low), both('i16x8.shl', get('t'), `(i32.const ${distance})`))))
    }
  }
  return steps
}

/**
 * Three times: each vector interleaved with the one half-way on, the low halves giving the first vectors of the next
 * level, the high halves the others. What was spread over eight vectors lies side by side after it. `level` are texts
 * of the vectors to begin with; the steps fill the locals w0_0 to w2_7, and the results are texts again.
 */
function interleaveThrice(level: readonly string[]): { steps: string[]; results: readonly string[] } {
  const steps: string[] = []
  let results = level
  for (const [depth, count] of [4, 2, 1].entries()) {
    steps.push(...results.map((value, i) => set(`w${depth}_${i}`, value)))
    results = range(8).map((i) => {
      const [group, half, n] = [Math.floor(i / (2 * count)), Math.floor(i / count) % 2, i % count]
      const at = 2 * count * group + n
      return interleave(half as 0 | 1, get(`w${depth}_${at}`), get(`w${depth}_${at + count}`))
    })
  }
  return { steps, results }
}

const NETWORK = range(3).flatMap((depth) => range(8).map((i) => `w${depth}_${i}`))

/** Byte b of a block, its bit t from the right: the offset of its slice. */
const offsetOf = (b: number, t: number) => 16 * sliceOf(8 * b + 7 - t)

function load(): string {
  // Lanes g, g + 8, ..., g + 120 together give bit g of the slices' bytes; their bytes b go to SCRATCH + 128 b + 16 g.
  const rows = range(16).flatMap((p) => [
    set(`r${p}`, `(v128.load64_zero ${get('row')})`),
    set('row', both('i32.add', get('row'), both('i32.mul', get('stride'), '(i32.const 8)'))),
  ])
  const pairs = range(8).map((i) => interleave(0, get(`r${i}`), get(`r${i + 8}`)))
  const { steps, results } = interleaveThrice(pairs)
  const gather = [
    set('row', get('from')),
    ...rows,
    ...steps,
    ...results.map((value, b) => write('scratch', SCRATCH + 128 * b, value)),
  ]
  const slices = range(8).flatMap((b) => [
    ...range(8).map((g) => set(`r${g}`, `(v128.load (i32.const ${SCRATCH + 128 * b + 16 * g}))`)),
    ...transposeBits('r'),
    ...range(8).map((t) => write('to', offsetOf(b, t), get(`r${t}`))),
  ])
  const vectors = ['t', ...range(16).map((p) => `r${p}`), ...NETWORK]
  return code('load', 'from stride to', vectors, [
    '(local $row i32) (local $scratch i32) (local $n i32)',
    addressOf('to'),
    loop(8, gather, { from: get('stride'), scratch: '(i32.const 16)' }),
    ...slices,
  ])
}

function store(): string {
  const slices = range(8).flatMap((b) => [
    ...range(8).map((t) => set(`r${t}`, read('from', offsetOf(b, t)))),
    ...transposeBits('r'),
    ...range(8).map((g) => `(v128.store (i32.const ${SCRATCH + 128 * b + 16 * g}) ${get(`r${g}`)})`),
  ])
  const { steps, results } = interleaveThrice(range(8).map((b) => read('scratch', SCRATCH + 128 * b)))
  const rows = results.flatMap((value, i) => [
    set('t', value),
    ...[0, 1].flatMap((half) => [
      `(v128.store64_lane ${half} ${get('row')} ${get('t')})`,
      ...(i === 7 && half === 1
        ? []
        : [set('row', both('i32.add', get('row'), both('i32.mul', get('stride'), '(i32.const 8)')))]),
    ]),
  ])
  const vectors = ['t', ...range(8).map((p) => `r${p}`), ...NETWORK]
  return code('store', 'from to stride', vectors, [
    '(local $row i32) (local $scratch i32) (local $n i32)',
    addressOf('from'),
    ...slices,
    loop(8, [set('row', get('to')), ...steps, ...rows], { to: get('stride'), scratch: '(i32.const 16)' }),
  ])
}

function schedule(): string {
  const copies = KEY_SLICES.flatMap((slice, n) => {
    const at = 16 * (n < 28 ? n : n + 28)
    return [set('t', read('block', 16 * slice)), write('key', at, get('t')), write('key', at + 16 * 28, get('t'))]
  })
  return code('schedule', 'block key', ['t'], [addressOf('block'), addressOf('key'), ...copies])
}

/** left = left XOR f(right, key): addresses. */
function round(circuits: readonly Circuit[]): string {
  const most = Math.max(...circuits.map(({ gates }) => gates.length))
  const body = BOXES.flatMap((box, n) => {
    const { gates, outputs } = circuits[n] as Circuit
    return [
      ...box.right.map((slice, i) =>
        set(`w${i}`, both('v128.xor', read('right', 16 * slice), read('key', 16 * (box.key[i] as number)))),
      ),
      ...gates.map((gate, i) => set(`w${6 + i}`, gateText(gate))),
      ...box.left.map((slice, i) =>
        write('left', 16 * slice, both('v128.xor', read('left', 16 * slice), get(`w${outputs[i]}`))),
      ),
    ]
  })
  return code(
    'round',
    'left right key',
    range(6 + most).map((i) => `w${i}`),
    body,
    false,
  )
}

function gateText({ operation, a, b }: Gate): string {
  return operation === '~' ? `(v128.not ${get(`w${a}`)})` : both(OPERATION[operation], get(`w${a}`), get(`w${b}`))
}

/** Sixteen rounds; left and right are not exchanged after the last, the caller knows. */
function sixteen(name: 'encipher' | 'decipher'): string {
  const rotations = name === 'encipher' ? ROTATIONS : [...ROTATIONS].reverse()
  const calls = rotations.map((places, n) => {
    const [changed, other] = n % 2 === 0 ? ['left', 'right'] : ['right', 'left']
    return `(call $round ${get(changed as string)} ${get(other as string)} ${both('i32.add', get('key'), `(i32.const ${16 * places})`)})`
  })
  return code(name, 'left right key', [], calls, false)
}

function swap(): string {
  const steps = range(32).flatMap((n) => [
    set('t', read('block', 16 * n)),
    write('block', 16 * n, read('block', 16 * (n + 32))),
    write('block', 16 * (n + 32), get('t')),
  ])
  return code('swap', 'block', ['t'], steps, false)
}

const halvesOf = (block: string) => [get(block), both('i32.add', get(block), '(i32.const 512)')] as const

function des(): string {
  const [left, right] = halvesOf('block')
  const call = `(call $encipher ${left} ${right} ${get('key')})`
  return code('des', 'block key', [], [addressOf('block'), addressOf('key'), call, `(call $swap ${get('block')})`])
}

/**
 * Three times sixteen rounds. The halves that a cipher leaves are exchanged: the next takes them the other way
 * round.
 */
function tdes(): string {
  const [left, right] = halvesOf('block')
  return code(
    'tdes',
    'block key1 key2 key3',
    [],
    [
      ...['block', 'key1', 'key2', 'key3'].map(addressOf),
      `(call $encipher ${left} ${right} ${get('key1')})`,
      `(call $decipher ${right} ${left} ${get('key2')})`,
      `(call $encipher ${left} ${right} ${get('key3')})`,
      `(call $swap ${get('block')})`,
    ],
  )
}

function untdes(): string {
  const [left, right] = halvesOf('block')
  return code(
    'untdes',
    'block key1 key2 key3',
    [],
    [
      ...['block', 'key1', 'key2', 'key3'].map(addressOf),
      `(call $decipher ${left} ${right} ${get('key3')})`,
      `(call $encipher ${right} ${left} ${get('key2')})`,
      `(call $decipher ${left} ${right} ${get('key1')})`,
      `(call $swap ${get('block')})`,
    ],
  )
}

function xor(): string {
  const steps = range(64).map((n) =>
    write('block', 16 * n, both('v128.xor', read('block', 16 * n), read('other', 16 * n))),
  )
  return code('xor', 'block other', [], [addressOf('block'), addressOf('other'), ...steps])
}

function parity(): string {
  const steps = range(8).map((b) => {
    const bits = range(7).map((t) => read('block', offsetOf(b, t + 1)))
    return write('block', offsetOf(b, 0), `(v128.not ${bits.reduce((sum, bit) => both('v128.xor', sum, bit))})`)
  })
  return code('parity', 'block', [], [addressOf('block'), ...steps])
}
