/**
 * A circuit: what a bitsliced engine runs instead of looking a value up in an S-box.
 *
 * Wires 0 to 5 are the six input bits of the S-box, from the left as the standard numbers them; wire 6 + n is the n-th
 * gate. Every gate is one instruction on a whole slice, so it serves all lanes at once. Written as text:
 *
 * | text | gate |
 * |---|---|
 * | `a&b` `a|b` `a^b` | and, or, exclusive or of two wires |
 * | `a-b` | a and not b, one instruction as well |
 * | `~a` | not |
 * | `> w x y z` | the wires that are the four output bits, from the left |
 *
 * The checks run the circuit on truth tables: wire n as a number whose bit i is its value for the input i, all 64 at
 * once.
 */

import { S } from '../src/tdes-tables.js'

/** One instruction; `b` is unused by `~`. */
export interface Gate {
  readonly operation: '&' | '|' | '^' | '-' | '~'
  readonly a: number
  readonly b: number
}

/** The gates in an order in which each uses wires before it, and the wires of the outputs. */
export interface Circuit {
  readonly gates: readonly Gate[]
  readonly outputs: readonly number[]
}

/** Input bits of an S-box. */
export const INPUTS = 6

/** The circuit of a text; a text that is no circuit throws. */
export function parseCircuit(text: string): Circuit {
  const [gates = '', outputs = ''] = text.split('>')
  const circuit = {
    gates: gates.trim().split(/\s+/).map(parseGate),
    outputs: outputs.trim().split(/\s+/).map(Number),
  }
  circuit.gates.forEach(({ a, b }, n) => {
    if (a >= INPUTS + n || b >= INPUTS + n) throw new Error(`gate ${n} uses a wire that is not before it`)
  })
  return circuit
}

function parseGate(text: string): Gate {
  const match = /^(?:~(?<not>\d+)|(?<a>\d+)(?<operation>[&|^-])(?<b>\d+))$/.exec(text)?.groups
  if (match === undefined) throw new Error(`no gate: ${text}`)
  if (match['not'] !== undefined) return { operation: '~', a: Number(match['not']), b: 0 }
  return { operation: match['operation'] as Gate['operation'], a: Number(match['a']), b: Number(match['b']) }
}

/** The text of a circuit. */
export function formatCircuit({ gates, outputs }: Circuit): string {
  return `${gates.map(({ operation, a, b }) => (operation === '~' ? `~${a}` : `${a}${operation}${b}`)).join(' ')} > ${outputs.join(' ')}`
}

/** The truth tables of all wires: bit i of a table is the wire's value when the input is the number i. */
export function truthTables({ gates }: Circuit): bigint[] {
  const tables = Array.from({ length: INPUTS }, (_, n) => inputTable(n))
  for (const { operation, a, b } of gates) {
    const [x, y] = [tables[a] as bigint, tables[b] as bigint]
    tables.push(BigInt.asUintN(64, { '&': x & y, '|': x | y, '^': x ^ y, '-': x & ~y, '~': ~x }[operation]))
  }
  return tables
}

/** Input bit n, from the left of six, for the 64 inputs. */
function inputTable(n: number): bigint {
  return tableOf((input) => (input >> (INPUTS - 1 - n)) & 1)
}

/** The truth table of a function of the input. */
export function tableOf(bit: (input: number) => number): bigint {
  return Array.from({ length: 64 }, (_, input) => BigInt(bit(input)) << BigInt(input)).reduce((sum, one) => sum | one)
}

/** The four output bits of an S-box (0 to 7) for six input bits. */
export function sBox(box: number, input: number): number {
  const row = ((input >> 4) & 2) | (input & 1)
  return S[box]?.[16 * row + ((input >> 1) & 15)] as number
}
