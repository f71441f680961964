/** The terminal's and the host's side of the transactions, on OpenSSL: hexadecimal in, hexadecimal out. */
import { createCipheriv } from 'node:crypto'
import { DATE, DGK, KEYS, TERMINAL, TIME } from './purse-context.js'

const run = (cipher: string, key: Buffer, iv: Buffer | null, data: Buffer): Buffer => {
  const engine = createCipheriv(cipher, key, iv).setAutoPadding(false)
  return Buffer.concat([engine.update(data), engine.final()])
}
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')
const upper = (buffer: Buffer): string => buffer.toString('hex').toUpperCase()

/** One block under a key of 16 bytes (TDES) or 8 (DES). */
export function encipher(key: string, block: string): string {
  const parts = key.length === 16 ? key + key + key : key + key.slice(0, 16)
  return upper(run('des-ede3', bytes(parts), null, bytes(block)))
}

/** Single DES CBC-MAC, padding 2, left 4 bytes. */
export function mac(key: string, data: string): string {
  const padded = `${data}80`
  const whole = padded.padEnd(Math.ceil(padded.length / 16) * 16, '0')
  return upper(run('des-ede3-cbc', bytes(key + key + key), Buffer.alloc(8), bytes(whole)).subarray(-8, -4))
}

export function tac(data: string, dtk: string = KEYS.DTK): string {
  const half = (from: number): bigint => BigInt(`0x${dtk.slice(from, from + 16)}`)
  return mac((half(0) ^ half(16)).toString(16).padStart(16, '0'), data)
}

export const hex = (number: number, length: number): string =>
  number
    .toString(16)
    .toUpperCase()
    .padStart(2 * length, '0')

/** An initialisation: P1 P2, and the amount where it has one. */
export const initialize = (p1p2: string, amount?: number, index = '01'): string => {
  const data = index + (amount === undefined ? '' : hex(amount, 4)) + TERMINAL
  return `8050${p1p2}${hex(data.length / 2, 1)}${data}`
}

/** The session key that the answer to an initialisation of load, unload or the overdraft limit belongs to. */
export function onlineKey(key: string, answer: string): string {
  const random = answer.slice(-20, -12)
  return encipher(key, `${random}${answer.slice(8, 12)}8000`)
}

/** The same of purchases: the random number is the last thing in the answer. */
export function offlineKey(key: string, answer: string, terminalSerial = '00000102'): string {
  return encipher(key, answer.slice(-12, -4) + answer.slice(8, 12) + terminalSerial.slice(4))
}

/** CREDIT FOR LOAD or DEBIT FOR UNLOAD with the right MAC2. */
export function confirm(
  header: '805200000B' | '805403000B',
  key: string,
  answer: string,
  type: string,
  amount: number,
): string {
  const session = onlineKey(key, answer)
  return `${header}${DATE}${TIME}${mac(session, hex(amount, 4) + type + TERMINAL + DATE + TIME)}`
}

/** DEBIT with the right MAC1. */
export function debit(answer: string, type: string, amount: number, terminalSerial = '00000102'): string {
  const session = offlineKey(KEYS.DPK, answer, terminalSerial)
  const mac1 = mac(session, hex(amount, 4) + type + TERMINAL + DATE + TIME)
  return `805401000F${terminalSerial}${DATE}${TIME}${mac1}`
}

/** UPDATE OVERDRAFT LIMIT with the right MAC2. */
export function newLimit(answer: string, limit: number): string {
  const mac2 = mac(onlineKey(KEYS.DUK, answer), `${hex(limit, 3)}07${TERMINAL}${DATE}${TIME}`)
  return `805800000E${hex(limit, 3)}${DATE}${TIME}${mac2}`
}

/** A command with the last bit of its last byte the other way round: its MAC is wrong. */
export function spoilt(command: string): string {
  const last = Number.parseInt(command.slice(-2), 16) ^ 1
  return command.slice(0, -2) + hex(last, 1)
}

export const TERMINAL_RANDOM = '5A5A0102'

/** The session key of a grey lock, from the answer to its initialisation. */
export function greyKey(answer: string, terminalSerial = '00000102'): string {
  return encipher(offlineKey(DGK, answer, terminalSerial), `${TERMINAL_RANDOM}80000000`)
}
