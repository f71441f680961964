/**
 * DES as FIPS 46-3 draws it, bit by bit from its printed tables: slow, and so plain that only the tables can be wrong.
 * Bits are lists of 0 and 1, the most significant one first.
 */
import { E, IP, P, PC1, PC2, S, SHIFTS } from '../../src/tdes-tables.js'

export type Bits = readonly number[]

export const bitsOf = (bytes: Uint8Array): Bits =>
  [...bytes].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((place) => (byte >> place) & 1))

export const numberOf = (bits: Bits): number => bits.reduce((value, bit) => 2 * value + bit, 0)

const bytesOf = (bits: Bits): Uint8Array =>
  Uint8Array.from({ length: bits.length / 8 }, (_, i) => numberOf(bits.slice(8 * i, 8 * i + 8)))

/** The bits that a table names, counted from 1. */
export const choose = (table: readonly number[], bits: Bits): Bits =>
  table.map((place) => bits[place - 1] ?? Number.NaN)

const xor = (a: Bits, b: Bits): Bits => a.map((bit, i) => bit ^ (b[i] ?? 0))
const rotate = (bits: Bits, places: number): Bits => [...bits.slice(places), ...bits.slice(0, places)]

/** The sixteen round keys of 48 bits. */
export function roundKeys(key: Uint8Array): Bits[] {
  const chosen = choose(PC1, bitsOf(key))
  let [c, d]: readonly [Bits, Bits] = [chosen.slice(0, 28), chosen.slice(28)]
  return SHIFTS.map((places) => {
    c = rotate(c, places)
    d = rotate(d, places)
    return choose(PC2, [...c, ...d])
  })
}

function f(half: Bits, key: Bits): Bits {
  const mixed = xor(choose(E, half), key)
  const out = S.flatMap((box, i) => {
    const [b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0, b6 = 0] = mixed.slice(6 * i, 6 * i + 6)
    const value = box[16 * (2 * b1 + b6) + 8 * b2 + 4 * b3 + 2 * b4 + b5] ?? Number.NaN
    return [3, 2, 1, 0].map((place) => (value >> place) & 1)
  })
  return choose(P, out)
}

/** One block enciphered by single DES. */
export function desByTheBook(key: Uint8Array, block: Uint8Array): Uint8Array {
  const permuted = choose(IP, bitsOf(block))
  let [left, right]: readonly [Bits, Bits] = [permuted.slice(0, 32), permuted.slice(32)]
  for (const roundKey of roundKeys(key)) [left, right] = [right, xor(left, f(right, roundKey))]
  const inverse = IP.map((_, i) => IP.indexOf(i + 1) + 1)
  return bytesOf(choose(inverse, [...right, ...left]))
}
