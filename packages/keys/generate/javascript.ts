/** The round function as JavaScript: 32 lanes, a slice being one element of an Int32Array. */
import type { Circuit, Gate } from './circuit.js'
import { SLICES } from './wat.js'
import { BOXES } from './wiring.js'

/** Of 32 lanes, as many for each as the other engine has. */
const RECORD_BYTES = 32 * 768

const HEAD = `/**
 * Made by packages/keys/generate/generate.ts from the S-box circuits: the round function of the bitsliced engine where
 * there is no WebAssembly with vectors. 32 lanes: each number is a slice of them, bit i belonging to lane i.
 */

/**
 * The memory of the engine: slices, and behind them bytes of records. Being a constant makes the round half as fast
 * again.
 */
export const MEMORY = new ArrayBuffer(${4 * SLICES + RECORD_BYTES})

const slices = new Int32Array(MEMORY)
`

/** The source file for the circuits S1 to S8. */
export function javascript(circuits: readonly Circuit[]): string {
  const boxes = circuits.map((circuit, box) => `  // S${box + 1}\n  {\n${sBox(circuit, box)}  }\n`)
  return `${HEAD}
/** left = left XOR f(right, key): the numbers of the first slices of the halves and of the key, rotated. */
export function round(left: number, right: number, key: number): void {
${boxes.join('')}}
`
}

function sBox({ gates, outputs }: Circuit, n: number): string {
  const { left, right, key } = BOXES[n] as (typeof BOXES)[number]
  const at = (half: string, slice: number) => `slices[${half}${slice === 0 ? '' : ` + ${slice}`}]`
  const value = (half: string, slice: number) => `(${at(half, slice)} as number)`
  const lines = [
    ...right.map((slice, i) => `const w${i} = ${value('right', slice)} ^ ${value('key', key[i] as number)}`),
    ...gates.map((gate, i) => `const w${6 + i} = ${gateText(gate)}`),
    ...left.map((slice, i) => `${at('left', slice)} = ${value('left', slice)} ^ w${outputs[i]}`),
  ]
  return lines.map((line) => `    ${line}\n`).join('')
}

function gateText({ operation, a, b }: Gate): string {
  if (operation === '~') return `~w${a}`
  return operation === '-' ? `w${a} & ~w${b}` : `w${a} ${operation} w${b}`
}
