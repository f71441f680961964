/**
 * A search for smaller S-box circuits: `node --conditions=@issuerkit/source --import tsx
 * packages/keys/generate/search.ts BOX SECONDS SEED`, BOX from 1 to 8. It prints each smaller circuit that it finds;
 * sbox-circuits.data.ts holds the best.
 *
 * It starts from the circuit that is there and walks. One step takes a gate and asks what may stand in its place. Not
 * every input matters: only those where another value of this wire would change an output, its care set. Any gate over
 * two other wires that agrees on the care set will do, or a wire as it is, as long as they do not depend on the gate
 * themselves. A step that leaves the circuit as large as it was is taken, too, and that is the whole trick: the walk
 * drifts through equivalent circuits until a gate turns out to be unnecessary. As in annealing it may also grow by a
 * gate, often at first and less and less. Some random gates that nothing uses yet are offered as wires at each step.
 *
 * Truth tables are two numbers of 32 bits, for 64 inputs. Each circuit is checked against the S-box before it is
 * printed.
 */
import { type Circuit, formatCircuit, type Gate, INPUTS, parseCircuit, sBox, tableOf, truthTables } from './circuit.js'
import { SBOX_CIRCUITS } from './sbox-circuits.data.js'

const [AND, OR, XOR, AND_NOT, NOT, WIRE] = [0, 1, 2, 3, 4, 5] as const
const SYMBOLS = ['&', '|', '^', '-', '~'] as const

/** Random gates offered at each step. */
const EXTRAS = 12
/** Offers that a step chooses from. */
const CHOICES = 6
/** How often a step may add a gate at first, and over how many steps that falls to never. */
const COOLING = { start: 0.25, steps: 8_000_000 } as const
/** More wires than a circuit ever has. */
const MOST = 200

/** The circuit: for each wire its gate and its truth table, in an order in which each gate stands behind its inputs. */
const operations = new Uint8Array(MOST)
const inputA = new Uint8Array(MOST)
const inputB = new Uint8Array(MOST)
const low = new Int32Array(MOST)
const high = new Int32Array(MOST)
let wires = 0
let outputs: number[] = []

/** For the gate of a step: the wires that depend on it, and their tables if it had the opposite value. */
const depends = new Uint8Array(MOST)
const otherLow = new Int32Array(MOST)
const otherHigh = new Int32Array(MOST)

/** A gate that could stand in the place of another. */
type Offer = readonly [operation: number, a: number, b: number]

let state = 1

/** A whole number below `below`: Marsaglia's xorshift. */
function random(below: number): number {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) % below
}

function apply(operation: number, x: number, y: number): number {
  if (operation === AND) return x & y
  if (operation === OR) return x | y
  if (operation === XOR) return x ^ y
  return operation === AND_NOT ? x & ~y : ~x
}

function place(n: number, [operation, a, b]: Offer): void {
  operations[n] = operation
  inputA[n] = a
  inputB[n] = b
  low[n] = apply(operation, low[a] as number, low[b] as number)
  high[n] = apply(operation, high[a] as number, high[b] as number)
}

function gateOf(n: number): Offer {
  return [operations[n] as number, inputA[n] as number, inputB[n] as number]
}

function load({ gates, outputs: ends }: Circuit): void {
  for (let n = 0; n < INPUTS; n++) {
    const table = tableOf((input) => (input >> (INPUTS - 1 - n)) & 1)
    low[n] = Number(BigInt.asIntN(32, table))
    high[n] = Number(BigInt.asIntN(32, table >> 32n))
  }
  gates.forEach(({ operation, a, b }, n) => {
    place(INPUTS + n, [SYMBOLS.indexOf(operation), a, b])
  })
  wires = INPUTS + gates.length
  outputs = [...ends]
}

function save(): Circuit {
  const gates = Array.from({ length: wires - INPUTS }, (_, n): Gate => {
    const [operation, a, b] = gateOf(INPUTS + n)
    return { operation: SYMBOLS[operation] as Gate['operation'], a, b }
  })
  return { gates, outputs }
}

/** The wires in an order of use again, those that no output needs left out. */
function tidy(): void {
  const places = new Int32Array(MOST).fill(-1)
  for (let n = 0; n < INPUTS; n++) places[n] = n
  const gates: Offer[] = []
  const visit = (n: number): number => {
    if (places[n] === -1) {
      const [operation, a, b] = gateOf(n)
      gates.push([operation, visit(a), operation === NOT ? 0 : visit(b)])
      places[n] = INPUTS + gates.length - 1
    }
    return places[n] as number
  }
  outputs = outputs.map(visit)
  wires = INPUTS + gates.length
  gates.forEach((gate, n) => {
    place(INPUTS + n, gate)
  })
}

/** How many gates the circuit has with the offer in the place of `gate`. */
function sizeWith(gate: number, offer: Offer): number {
  const seen = new Uint8Array(MOST)
  let count = 0
  const stack = [...outputs]
  for (let n = stack.pop(); n !== undefined; n = stack.pop()) {
    if (n < INPUTS || seen[n] === 1) continue
    seen[n] = 1
    const [operation, a, b] = n === gate ? offer : gateOf(n)
    if (operation !== WIRE) count++
    stack.push(a)
    if (operation < NOT) stack.push(b)
  }
  return count
}

/** Marks what depends on the gate. @returns its care set: the inputs for which its value reaches an output */
function careSet(gate: number): [number, number] {
  depends.fill(0, 0, wires)
  depends[gate] = 1
  otherLow[gate] = ~(low[gate] as number)
  otherHigh[gate] = ~(high[gate] as number)
  for (let n = gate + 1; n < wires; n++) {
    const [operation, a, b] = gateOf(n)
    const [isA, isB] = [depends[a] === 1, operation !== NOT && depends[b] === 1]
    if (!isA && !isB) continue
    depends[n] = 1
    otherLow[n] = apply(operation, (isA ? otherLow : low)[a] as number, (isB ? otherLow : low)[b] as number)
    otherHigh[n] = apply(operation, (isA ? otherHigh : high)[a] as number, (isB ? otherHigh : high)[b] as number)
  }
  let [careLow, careHigh] = [0, 0]
  for (const n of outputs) {
    if (depends[n] === 0) continue
    careLow |= (low[n] as number) ^ (otherLow[n] as number)
    careHigh |= (high[n] as number) ^ (otherHigh[n] as number)
  }
  return [careLow, careHigh]
}

/** The wires that do not depend on the gate of this step, and some random gates over them. */
function candidates(): number[] {
  const pool: number[] = []
  for (let n = 0; n < wires; n++) if (depends[n] === 0) pool.push(n)
  const own = pool.length
  for (let n = wires; n < wires + EXTRAS; n++) {
    const operation = random(5)
    place(n, [operation, pool[random(own)] as number, operation === NOT ? 0 : (pool[random(own)] as number)])
    pool.push(n)
  }
  return pool
}

/** Every gate over two candidates that agrees with the gate on its care set. */
function offersFor(gate: number): Offer[] {
  const [careLow, careHigh] = careSet(gate)
  const [wantLow, wantHigh] = [(low[gate] as number) & careLow, (high[gate] as number) & careHigh]
  const pool = candidates()
  const offers: Offer[] = []
  for (let i = 0; i < pool.length; i++) {
    const a = pool[i] as number
    const [aLow, aHigh] = [(low[a] as number) & careLow, (high[a] as number) & careHigh]
    if (aLow === wantLow && aHigh === wantHigh) offers.push([WIRE, a, 0])
    if ((aLow ^ careLow) === wantLow && (aHigh ^ careHigh) === wantHigh) offers.push([NOT, a, 0])
    for (let j = 0; j < i; j++) {
      const b = pool[j] as number
      const [bLow, bHigh] = [(low[b] as number) & careLow, (high[b] as number) & careHigh]
      if ((aLow ^ bLow) === wantLow && (aHigh ^ bHigh) === wantHigh) offers.push([XOR, a, b])
      if ((aLow & bLow) === wantLow && (aHigh & bHigh) === wantHigh) offers.push([AND, a, b])
      if ((aLow | bLow) === wantLow && (aHigh | bHigh) === wantHigh) offers.push([OR, a, b])
      if ((aLow & ~bLow) === wantLow && (aHigh & ~bHigh) === wantHigh) offers.push([AND_NOT, a, b])
      if ((bLow & ~aLow) === wantLow && (bHigh & ~aHigh) === wantHigh) offers.push([AND_NOT, b, a])
    }
  }
  return offers
}

/** One step: of a few offers for a random gate the best, if the circuit then has at most `limit` gates. */
function step(limit: number): void {
  const gate = INPUTS + random(wires - INPUTS)
  const offers = offersFor(gate)
  const [operation, a, b] = gateOf(gate)
  let best: Offer | undefined
  let size = limit + 1
  for (let choice = 0; choice < Math.min(CHOICES, offers.length); choice++) {
    const offer = offers[random(offers.length)] as Offer
    const isSame =
      offer[0] === operation &&
      Math.min(offer[1], offer[2]) === Math.min(a, b) &&
      Math.max(offer[1], offer[2]) === Math.max(a, b)
    const withIt = isSame ? size : sizeWith(gate, offer)
    if (withIt < size) [best, size] = [offer, withIt]
  }
  if (best === undefined) return
  if (best[0] === WIRE) replaceWire(gate, best[1])
  else place(gate, best)
  tidy()
}

function replaceWire(old: number, wire: number): void {
  outputs = outputs.map((n) => (n === old ? wire : n))
  for (let n = INPUTS; n < wires; n++) {
    if (inputA[n] === old) inputA[n] = wire
    if (inputB[n] === old && operations[n] !== NOT) inputB[n] = wire
  }
}

/** Whether the circuit is the S-box (0 to 7), for all 64 inputs. */
export function isSBox(circuit: Circuit, box: number): boolean {
  const tables = truthTables(circuit)
  return circuit.outputs.every((wire, bit) => tables[wire] === tableOf((input) => (sBox(box, input) >> (3 - bit)) & 1))
}

/** Coolings, one after the other from the best circuit so far, for so many seconds. @returns the best */
export function search(box: number, seconds: number, found: (circuit: Circuit) => void): Circuit {
  const end = Date.now() + 1000 * seconds
  let best = parseCircuit(SBOX_CIRCUITS[box] as string)
  while (Date.now() < end) {
    load(best)
    for (let i = 0; i < COOLING.steps && (i % 1000 !== 0 || Date.now() < end); i++) {
      const growth = COOLING.start * (1 - i / COOLING.steps) ** 2
      step(wires - INPUTS + (random(1 << 24) < growth * (1 << 24) ? 1 : 0))
      if (wires - INPUTS >= best.gates.length) continue
      best = save()
      if (!isSBox(best, box)) throw new Error('the walk left the S-box')
      found(best)
    }
  }
  return best
}

const [box = '1', seconds = '60', seed = '1'] = process.argv.slice(2)
state = Number(seed)
const best = search(Number(box) - 1, Number(seconds), (circuit) => {
  console.log(`S${box} ${circuit.gates.length} ${formatCircuit(circuit)}`)
})
console.error(`S${box}: ${best.gates.length} gates`)
