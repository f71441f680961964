/** The e-purse's codes once more, by OpenSSL alone: nothing here comes from the code under test. */
import { createCipheriv } from 'node:crypto'
import { readFileSync } from 'node:fs'

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()
export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

/** Padding method 2, to blocks of 8 bytes. */
export function padded(data: Uint8Array): Buffer {
  const filled = Buffer.alloc(Math.floor(data.length / 8) * 8 + 8)
  filled.set(data)
  filled[data.length] = 0x80
  return filled
}

/** 3DES with 16 bytes, single DES with 8. */
export function encipher(key: Uint8Array, data: Uint8Array): Buffer {
  return run('des-ede3-ecb', key, null, data)
}

/** CBC-MAC: padding method 2, the left 4 bytes. */
export function cbcMac(key: Uint8Array, data: Uint8Array, iv = Buffer.alloc(8)): Buffer {
  return run('des-ede3-cbc', key, iv, padded(data)).subarray(-8, -4)
}

/** Algorithm 3 with an initial value: single DES up to the last block, 3DES on it. */
export function retailMac(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Buffer {
  const blocks = padded(data)
  const before = blocks.subarray(0, -8)
  const chained =
    before.length === 0 ? Buffer.from(iv) : run('des-ede3-cbc', key.subarray(0, 8), iv, before).subarray(-8)
  return run('des-ede3-cbc', key, chained, blocks.subarray(-8)).subarray(0, 4)
}

/** Left half XOR right half. */
export function folded(key: Uint8Array): Uint8Array {
  return key.subarray(0, 8).map((byte, i) => byte ^ (key[8 + i] as number))
}

export interface VectorCase {
  readonly id: string
  readonly inputs: Readonly<Record<string, unknown>>
  readonly expect?: Readonly<Record<string, unknown>>
  readonly error?: string
}

/** The inputs of an epurse-session-key case. */
export interface SessionKeyInputs {
  readonly key: string
  readonly random: string
  readonly serial: number
  readonly terminalSerial?: number
}

/** The inputs of an epurse-transaction case. */
export interface TransactionInputs {
  readonly kind: 'load' | 'unload' | 'cash' | 'purchase' | 'overdraft' | 'capp'
  readonly purse: 'ed' | 'ep'
  readonly key: string
  readonly dtk: string
  readonly amount: number
  readonly terminal: string
  readonly initialized: string
  readonly date: string
  readonly time: string
  readonly terminalSerial?: number
  readonly answer: string
}

/** The inputs of an epurse-transaction case, by its id. */
export function transactionInputs(id: string): TransactionInputs {
  return vectors('epurse-transaction').find((entry) => entry.id === id)?.inputs as unknown as TransactionInputs
}

/** The cases of a vector file of the project. */
export function vectors(operation: string): VectorCase[] {
  const file = new URL(`../../../vectors/${operation}.json`, import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { cases: VectorCase[] }).cases
}

function run(cipher: string, key: Uint8Array, iv: Uint8Array | null, data: Uint8Array): Buffer {
  const triple = key.length === 8 ? [key, key, key] : [key, key.subarray(0, 8)]
  const made = createCipheriv(cipher, Buffer.concat(triple), iv).setAutoPadding(false)
  return Buffer.concat([made.update(data), made.final()])
}
