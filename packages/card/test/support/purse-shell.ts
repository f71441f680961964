/**
 * An e-purse card in a test's hand, and what its host knows: MACs and ciphers by OpenSSL, not by the code under test.
 * Keys are those that [ETC] leaves open, written down here once more.
 */
import { createCipheriv } from 'node:crypto'
import { fromHex, toHex } from '@issuerkit/apdu'
import { CardMemory } from '../../src/memory.js'
import { openPurseCard } from '../../src/purse-card.js'
import { personalisePurse } from '../../src/purse-personalise.js'
import { parsePurseProfile } from '../../src/purse-profile.js'
import type { VirtualCard } from '../../src/virtual-card.js'

export const PSE = '315041592E5359532E4444463031'
export const ADF1 = 'A00000000386980701'
export const ADF2 = 'A00000000386980702'
export const KEYS = {
  maintenance: '0123456789ABCDEF1032547698BADCFE',
  'pin-unblock': '13579BDF02468ACEFDB97531ECA86420',
  'pin-reload': 'A1B2C3D4E5F60718293A4B5C6D7E8F90',
  external: '404142434445464748494A4B4C4D4E4F',
  internal: '505152535455565758595A5B5C5D5E5F',
} as const

export interface PurseOverrides {
  readonly profile?: 'etc-2008' | 'fmcos'
  readonly protocol?: 'T=0' | 'T=1'
  readonly switches?: Record<string, unknown>
  /** Of the first application alone. */
  readonly adf1?: Record<string, unknown>
  readonly [field: string]: unknown
}

const index = (name: string): string => (name === 'external' || name === 'internal' ? '01' : '00')

export const application = (
  name: string,
  fid: string,
  change: Record<string, unknown> = {},
): Record<string, unknown> => ({
  name,
  fid,
  pin: '1234',
  keys: [
    ...Object.entries(KEYS).map(([key, value]) => ({ name: key, index: index(key), version: '01', value })),
    ...['purchase', 'load', 'tac'].map((key) => ({ name: key, index: '01', version: '01' })),
  ],
  ...change,
})

export function purseMemory({ adf1 = {}, ...overrides }: PurseOverrides = {}): CardMemory {
  const applications = [application(ADF1, '3F01', adf1), application(ADF2, '3F02')]
  return personalisePurse(parsePurseProfile({ protocol: 'T=1', applications, ...overrides }))
}

export interface Purse {
  readonly card: VirtualCard
  readonly memory: CardMemory
  /** Sends commands one after another; the answers, one word each. */
  readonly send: (...commands: readonly string[]) => Promise<string>
  /** An object of ADF1 in hexadecimal. */
  readonly object: (name: string) => string
  /** GET CHALLENGE, then the command that `build` makes of the challenge. */
  readonly secured: (build: (challenge: string) => string) => Promise<string>
}

/** Random bytes that a test knows: 01 02 03 .., going on from call to call. */
export function counting(): (length: number) => Uint8Array {
  let next = 0
  return (length) => Uint8Array.from({ length }, () => (next = (next + 1) & 0xff))
}

export function purseOf(memory: CardMemory): Purse {
  const card = openPurseCard(memory, { random: counting() })
  const exchange = async (command: string): Promise<string> => toHex(await card.exchange(fromHex(command)))
  return {
    card,
    memory,
    send: async (...commands) => {
      const answers: string[] = []
      for (const command of commands) answers.push(await exchange(command))
      return answers.join(' ')
    },
    object: (name) => toHex(memory.read(`adf/0/${name}`)),
    secured: async (build) => exchange(build((await exchange('0084000004')).slice(0, 8))),
  }
}

/** A card with ADF1 selected. */
export async function purse(overrides: PurseOverrides = {}): Promise<Purse> {
  const opened = purseOf(purseMemory(overrides))
  await opened.send(select(ADF1))
  return opened
}

export function clone(memory: CardMemory): CardMemory {
  return CardMemory.restore(memory.save())
}

export const byte = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0')
const lengthOf = (hex: string): string => byte(hex.length / 2)

export const select = (name: string): string => `00A40400${lengthOf(name)}${name}`
export const verify = (digits: string): string => `00200000${lengthOf(digits)}${digits}`
export const change = (data: string): string => `805E0100${lengthOf(data)}${data}`
export const initialize = (state: string, amount = '00000001'): string => `8050${state}0B01${amount}112233445566`
/** DEBIT with a wrong MAC1: 9302 in its state, 6901 out of it. */
export const WRONG_DEBIT = '805401000F000000012024010112121200000000'

/** Triple DES in CBC mode; of a key of 8 bytes single DES. */
export function desCbc(secret: string, data: string, iv = '0000000000000000'): string {
  const bytes = Buffer.from(secret, 'hex')
  const three = bytes.length === 8 ? Buffer.concat([bytes, bytes, bytes]) : Buffer.concat([bytes, bytes.subarray(0, 8)])
  const cipher = createCipheriv('des-ede3-cbc', three, Buffer.from(iv, 'hex')).setAutoPadding(false)
  return Buffer.concat([cipher.update(Buffer.from(data, 'hex')), cipher.final()])
    .toString('hex')
    .toUpperCase()
}

const padded = (hex: string): string => {
  const longer = `${hex}80`
  return longer.padEnd(Math.ceil(longer.length / 16) * 16, '0')
}

/** MAC algorithm 3: single DES, the last block triple; the leftmost 4 bytes. */
export function retailMac(secret: string, data: string, iv: string): string {
  const blocks = padded(data)
  const first = blocks.slice(0, -16)
  const chained = first === '' ? iv : desCbc(secret.slice(0, 16), first, iv).slice(-16)
  return desCbc(secret, blocks.slice(-16), chained).slice(0, 8)
}

export const spoilt = (hex: string): string => `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}`

interface Secured {
  /** CLA INS P1 P2. */
  readonly header: string
  readonly data?: string
  readonly secret?: string
  readonly bad?: boolean
}

/** A command under secure messaging with a challenge. */
export const underMac =
  ({ header, data = '', secret = KEYS.maintenance, bad = false }: Secured) =>
  (challenge: string): string => {
    const start = `${header}${byte(data.length / 2 + 4)}${data}`
    const mac = retailMac(secret, start, challenge.padEnd(16, '0'))
    return `${start}${bad ? spoilt(mac) : mac}`
  }

export const updateBinary = (place: string, data: string, bad = false) =>
  underMac({ header: `04D6${place}`, data, bad })
export const block = (p2: '00' | '01', bad = false) => underMac({ header: `841E00${p2}`, bad })
export const unblock = (bad = false) => underMac({ header: '84180000', bad })
export const blockCard = (bad = false) => underMac({ header: '84160000', bad })

/** Blocks in ECB mode under triple DES. */
export function encipher(secret: string, data: string): string {
  return (data.match(/.{16}/g) ?? []).map((one) => desCbc(secret, one)).join('')
}

/** PIN UNBLOCK of plain data that begin with their length. */
export function unblockPinPlain(plain: string, bad = false): (challenge: string) => string {
  const secret = KEYS['pin-unblock']
  const blocks = plain.length % 16 === 0 ? plain : padded(plain)
  return underMac({ header: '84240000', data: encipher(secret, blocks), secret, bad })
}
export const unblockPin = (digits: string, bad = false) => unblockPinPlain(`${lengthOf(digits)}${digits}`, bad)

/** RELOAD PIN: a MAC over the PIN alone, by both halves of the key by XOR. */
export function reloadPin(digits: string, bad = false): string {
  const bytes = Buffer.from(KEYS['pin-reload'], 'hex')
  const half = Buffer.from(bytes.subarray(0, 8).map((value, i) => value ^ (bytes[8 + i] ?? 0))).toString('hex')
  const mac = desCbc(half, padded(digits)).slice(-16, -8)
  return `805E0000${byte(digits.length / 2 + 4)}${digits}${bad ? spoilt(mac) : mac}`
}
