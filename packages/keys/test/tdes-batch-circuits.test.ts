import { describe, expect, it } from 'vitest'
import { formatCircuit, parseCircuit, sBox, truthTables } from '../generate/circuit.js'
import { SBOX_CIRCUITS } from '../generate/sbox-circuits.data.js'
import { BOXES, KEY_SLICES, ROTATIONS, sliceOf } from '../generate/wiring.js'

/** The value of each wire for one input, one gate after the other. */
function run(text: string, input: number): number {
  const { gates, outputs } = parseCircuit(text)
  const wires: number[] = [32, 16, 8, 4, 2, 1].map((weight) => (input & weight ? 1 : 0))
  for (const { operation, a, b } of gates) {
    const [x, y] = [wires[a] as number, wires[b] as number]
    wires.push({ '&': x & y, '|': x | y, '^': x ^ y, '-': x & (1 - y), '~': 1 - x }[operation])
  }
  return outputs.reduce((value, wire) => 2 * value + (wires[wire] as number), 0)
}

/** First row of S1 and last row of S8, as FIPS 46-3 prints them, for the inputs 0.0 and 1.1. */
const S1_ROW_0 = [14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7]
const S8_ROW_3 = [2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11]

describe('S-box circuits', () => {
  it.each(SBOX_CIRCUITS.map((text, box) => ({ box, text })))('S$box+1 for all 64 inputs', ({ box, text }) => {
    for (let input = 0; input < 64; input++) expect(run(text, input), `input ${input}`).toBe(sBox(box, input))
  })
  it('has the rows as the standard prints them', () => {
    const [first, last] = [SBOX_CIRCUITS[0] as string, SBOX_CIRCUITS[7] as string]
    expect(S1_ROW_0.map((_, column) => run(first, 2 * column))).toEqual(S1_ROW_0)
    expect(S8_ROW_3.map((_, column) => run(last, 33 + 2 * column))).toEqual(S8_ROW_3)
  })
  it('has eight, each below 60 gates', () => {
    expect(SBOX_CIRCUITS).toHaveLength(8)
    for (const text of SBOX_CIRCUITS) expect(parseCircuit(text).gates.length).toBeLessThan(60)
  })
  it('comes back from its text', () => {
    for (const text of SBOX_CIRCUITS) expect(formatCircuit(parseCircuit(text))).toBe(text)
  })
  it('gives truth tables', () => {
    const tables = truthTables(parseCircuit('0&1 ~5 2-3 0|1 4^5 > 6 7 8 9'))
    const ones = (table: bigint | undefined) => [...(table ?? 0n).toString(2)].filter((bit) => bit === '1').length
    expect(tables.map(ones)).toEqual([32, 32, 32, 32, 32, 32, 16, 32, 16, 48, 32])
    expect(tables[7]).toBe(0x5555555555555555n)
  })
  it.each(['0&6 > 6', '6^1 > 6', '0+1 > 6', '0& > 6', '& > 6', '~ > 6', '0&1|2 > 6'])('refuses %j', (text) =>
    expect(() => parseCircuit(text)).toThrow(/gate/),
  )
})

describe('wiring', () => {
  it('knows where bits lie: bit 58 comes first after IP, bit 7 last', () => {
    expect([57, 49, 6].map(sliceOf)).toEqual([0, 1, 63])
  })
  it('lets C and D turn by 28 in all, and takes each key bit but the parity bits', () => {
    expect(ROTATIONS).toEqual([1, 2, 4, 6, 8, 10, 12, 14, 15, 17, 19, 21, 23, 25, 27, 28])
    expect(new Set(KEY_SLICES).size).toBe(56)
    for (const bit of [7, 15, 23, 31, 39, 47, 55, 63]) expect(KEY_SLICES).not.toContain(sliceOf(bit))
  })
  it('gives every bit of the left half to one S-box, and every bit of the right half to one or two', () => {
    expect(BOXES.flatMap(({ left }) => left).sort((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_, n) => n))
    expect(BOXES[0]?.right).toEqual([31, 0, 1, 2, 3, 4])
    expect(BOXES[7]?.right).toEqual([27, 28, 29, 30, 31, 0])
    // PC-2 begins 14 17 11 24 1 5 and ends 46 42 50 36 29 32; D begins behind two copies of C.
    expect(BOXES[0]?.key).toEqual([13, 16, 10, 23, 0, 4])
    expect(BOXES[7]?.key).toEqual([73, 69, 77, 63, 56, 59])
  })
})
