/**
 * Scripts of one shape for many cards: the same commands with other values. Nothing is made for a record but its bytes, and
 * the batch engine computes the MACs of a hundred cards at once. It does so on the main thread: the two hundred scripts of a
 * chunk of 64 KB take 0.15 ms, and a message to another thread and back 0.1 ms, of which this thread bears the half.
 *
 * A record begins with what every script has; behind it lie values and MACs, wherever the commands say:
 *
 * | byte | |
 * |---|---|
 * | 0 | number of digits of the PAN |
 * | 1 to 19 | its digits in ASCII |
 * | 20, 21 | those of the sequence number |
 * | 22, 23 | ATC |
 * | 24 to 31 | ARQC |
 */
import { type BatchSession, scheme, scriptMacs, TdesKey } from '@issuerkit/keys'
import { HostError, systemCode } from '../errors.js'
import type { ScriptRequest } from './key-service.js'
import type { OpenIssuer } from './open-issuer.js'
import { type ScriptKeyChoice, scriptKeys } from './script-keys.js'

/** Where the values lie that every script has, and where those of its commands may begin. */
export const RECORD = { panDigits: 0, pan: 1, panSequence: 20, atc: 22, arqc: 24, values: 32 } as const

/** A command of the shape. */
export interface RecordCommand {
  /** CLA INS P1 P2 Lc. */
  readonly header: Uint8Array
  /** Where a record has what stands between header and MAC; a length of 0 where nothing does. */
  readonly value: { readonly offset: number; readonly length: number }
  /** Where it takes the MAC. */
  readonly mac: number
}

/** The records, and what they have in common. */
export interface ScriptRecords extends Pick<ScriptRequest, 'issuer' | 'scheme' | 'dki'> {
  readonly commands: readonly RecordCommand[]
  readonly macLength: number
  readonly count: number
  readonly bytes: Uint8Array
  /** Bytes from one record to the next. */
  readonly stride: number
}

/**
 * Puts the MACs into the records.
 * @returns 1 for each record that has its MACs; 0 for one that has to go by itself: no TDES, a long PAN with option B, or
 *   anything that is an error, so that the error is found where it is worded
 */
export function secureRecords(open: OpenIssuer, records: ScriptRecords): Uint8Array {
  const done = new Uint8Array(records.count)
  for (const { choice, members } of byKeys(open, records)) {
    const { option } = scheme(choice.scheme).iccKey
    const fit = option === 'A' ? members : members.filter((n) => (records.bytes[n * records.stride] as number) <= 16)
    if (secure(choice, records, fit)) for (const n of fit) done[n] = 1
  }
  return done
}

interface Group {
  readonly choice: ScriptKeyChoice
  readonly members: Int32Array
}

/** The records by the keys that they are for; those without any are left out. */
function byKeys(open: OpenIssuer, { bytes, stride, count, scheme, dki }: ScriptRecords): Group[] {
  const request = { ...(scheme === undefined ? {} : { scheme }), ...(dki === undefined ? {} : { dki }) }
  const all = new Int32Array(count)
  for (let n = 0; n < count; n++) all[n] = n
  const panOf = (n: number) => {
    const at = n * stride + RECORD.pan
    return Buffer.from(bytes.buffer, bytes.byteOffset + at, bytes[n * stride]).toString('latin1')
  }
  if (open.profile.binRanges.length === 0) return choices(open, '', request, all)
  // Cards whose PANs begin alike are of one range.
  const digits = Math.max(...open.profile.binRanges.map(({ from }) => from.length))
  const groups = new Map<string, number[]>()
  for (const n of all) {
    const start = panOf(n).slice(0, digits)
    const group = groups.get(start)
    if (group === undefined) groups.set(start, [n])
    else group.push(n)
  }
  return [...groups].flatMap(([pan, members]) => choices(open, pan, request, Int32Array.from(members)))
}

function choices(
  open: OpenIssuer,
  pan: string,
  request: Pick<ScriptRequest, 'scheme' | 'dki'>,
  members: Int32Array,
): Group[] {
  try {
    return [{ choice: scriptKeys(open, pan, request), members }]
  } catch (error) {
    if (error instanceof HostError || systemCode(error) !== undefined) return []
    throw error
  }
}

/** Bytes of a card: Y, ARQC, ATC. */
const CARD = { y: 0, arqc: 8, atc: 16, length: 18 } as const

function secure({ scheme: name, keys }: ScriptKeyChoice, records: ScriptRecords, members: Int32Array): boolean {
  const { scriptSession, macPrefix } = scheme(name)
  const { mac: key } = keys
  if (scriptSession === 'pboc-sm4' || !(key instanceof TdesKey)) return false
  const { commands, macLength, bytes, stride } = records
  const count = members.length
  const cards = cardsOf(records, members)
  const column = (offset: number) => ({ bytes: cards, offset, stride: CARD.length })
  const session: BatchSession =
    scriptSession === 'emv-common'
      ? { method: scriptSession, diversificationValue: column(CARD.arqc) }
      : { method: scriptSession, atc: column(CARD.atc) }
  const macs = new Uint8Array(count * 8)
  for (const { header, value, mac } of commands) {
    const prefix = macPrefix === 'header' ? header.length : header.length + 10
    const length = prefix + value.length
    const messages = new Uint8Array(count * length)
    for (let i = 0; i < count; i++) {
      const [from, to] = [(members[i] as number) * stride, i * length]
      for (let n = 0; n < header.length; n++) messages[to + n] = header[n] as number
      for (let n = header.length; n < prefix; n++) {
        messages[to + n] = bytes[from + RECORD.atc - header.length + n] as number
      }
      for (let n = 0; n < value.length; n++) messages[to + prefix + n] = bytes[from + value.offset + n] as number
    }
    const out = { bytes: macs, stride: 8 }
    scriptMacs(key, { count, y: column(CARD.y), session, messages: { bytes: messages }, length, mac: out, macLength })
    for (let i = 0; i < count; i++) {
      const to = (members[i] as number) * stride + mac
      for (let n = 0; n < macLength; n++) bytes[to + n] = macs[8 * i + n] as number
    }
  }
  return true
}

/** Y by option A, and what follows it. [EMV-B2] A1.4.1 */
function cardsOf({ bytes, stride }: ScriptRecords, members: Int32Array): Uint8Array {
  const count = members.length
  const cards = new Uint8Array(count * CARD.length)
  for (let i = 0; i < count; i++) {
    const [from, to] = [(members[i] as number) * stride, i * CARD.length]
    putY(bytes, from, cards, to + CARD.y)
    for (let n = 0; n < 8; n++) cards[to + CARD.arqc + n] = bytes[from + RECORD.arqc + n] as number
    for (let n = 0; n < 2; n++) cards[to + CARD.atc + n] = bytes[from + RECORD.atc + n] as number
  }
  return cards
}

/** The last 16 digits of PAN and sequence number, two in a byte, zeros in front. */
function putY(bytes: Uint8Array, from: number, to: Uint8Array, place: number): void {
  const panSequence = from + RECORD.panSequence
  to[place + 7] = (((bytes[panSequence] as number) & 0x0f) << 4) | ((bytes[panSequence + 1] as number) & 0x0f)
  const first = from + RECORD.pan
  let digit = first + (bytes[from + RECORD.panDigits] as number) - 1
  for (let byte = place + 6; byte >= place; byte--, digit -= 2) {
    const low = digit >= first ? (bytes[digit] as number) & 0x0f : 0
    const high = digit > first ? (bytes[digit - 1] as number) & 0x0f : 0
    to[byte] = (high << 4) | low
  }
}
