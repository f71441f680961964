/**
 * A message about a transaction, as a network brings it: whose card, how it was read, and what the chip said. Nothing in it is
 * believed yet, and what cannot be read is no error here: the verdict says so.
 */
import { fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { parseField55, type TagValues, type Tolerance } from '@issuerkit/keys'
import { decodeScriptResults, type ScriptResultTag } from '@issuerkit/scripts'
import type { EmvValues } from '../keys/key-service.js'
import type { ReportedResult } from '../ledger/events.js'
import type { CardName } from '../store/card-change.js'
import { sha256 } from '../wrap.js'

/** DE55 in hexadecimal, with or without its length, or values by upper-case tag. */
export type EmvText = string | Readonly<Record<string, string>>

/** What names a card in a message. */
export interface CardText {
  readonly issuer: string
  readonly pan: string
  /** DE23: one to three digits, of which the last two count. */
  readonly panSequence?: string
  /** AID; else the chip's own data name it. */
  readonly application?: string
}

/**
 * | flag | |
 * |---|---|
 * | pan-sequence-absent | no DE23: 00 stands for it |
 * | emv-absent | no DE55: there is nothing to judge |
 * | script-results-unreadable | tag DF31 or 9F5B has not its coding, and was left aside |
 * | stand-in | the network decided and only reports |
 */
export type MessageFlag = 'pan-sequence-absent' | 'emv-absent' | 'script-results-unreadable' | 'stand-in'

/** The chip's part of a message. */
export interface ChipData {
  readonly emv: EmvValues
  /** Empty where DE55 is missing or cannot be read. */
  readonly tags: TagValues
  /** Tag 9F36, 0 to 65535. */
  readonly atc: number | undefined
  /** What tells this message from any other of its reference and counter; empty without DE55. */
  readonly fingerprint: string
  /** What terminals say of earlier scripts. */
  readonly results: readonly ReportedResult[]
  /** What was put right in reading DE55. */
  readonly tolerances: readonly Tolerance[]
  readonly flags: readonly MessageFlag[]
}

/** Reads the chip's part. Values by tag are taken as they are; DE55 that cannot be read leaves no tags. */
export function readChip(emv: EmvText | undefined): ChipData {
  if (emv === undefined) return { ...chipOf(new Map()), fingerprint: '', flags: ['emv-absent'] }
  if (typeof emv !== 'string') {
    return chipOf(new Map(Object.entries(emv).map(([tag, value]) => [tag, fromHex(value, `tag ${tag}`)])))
  }
  const field55 = fromHex(emv, 'emv')
  try {
    const { tags, tolerances } = parseField55(field55)
    return { ...chipOf(tags), tolerances }
  } catch (error) {
    if (!(error instanceof IssuerkitError)) throw error
    return { ...chipOf(new Map()), emv: { field55 }, fingerprint: digest(field55) }
  }
}

/** The chip's part from its values. */
export function chipOf(tags: TagValues): ChipData {
  const atc = tags.get('9F36')
  const results = scriptResultsOf(tags)
  return {
    emv: { tags },
    tags,
    atc: atc?.length === 2 ? ((atc[0] as number) << 8) | (atc[1] as number) : undefined,
    fingerprint: fingerprintOf(tags),
    results: results ?? [],
    tolerances: [],
    flags: results === undefined ? ['script-results-unreadable'] : [],
  }
}

/** The cryptogram, and what any scheme's cryptogram covers: the same message has them all, and a changed one does not. */
const COVERED = ['9F26', '9F27', '9F10', '9F36', '9F37', '9F02', '9F03', '9F1A', '95', '5F2A', '9A', '9C', '82']

function fingerprintOf(tags: TagValues): string {
  const parts = COVERED.map((tag) => `${tag}${toHex(tags.get(tag) ?? new Uint8Array(0))}`)
  return digest(new TextEncoder().encode(parts.join(' ')))
}

function digest(bytes: Uint8Array): string {
  return toHex(sha256(bytes).subarray(0, 16))
}

/** The script results of a message; `undefined` for such that cannot be read. */
export function scriptResultsOf(tags: TagValues): ReportedResult[] | undefined {
  try {
    return (['DF31', '9F5B'] as const).flatMap((tag) => scriptResults(tags.get(tag), tag))
  } catch (error) {
    if (error instanceof IssuerkitError) return undefined
    throw error
  }
}

/** Script results as the ledger takes them. ERR_LENGTH, ERR_SCRIPT */
export function scriptResults(value: Uint8Array | undefined, tag: ScriptResultTag): ReportedResult[] {
  return decodeScriptResults(value ?? new Uint8Array(0), tag).map(({ scriptIdentifier, ...result }) => ({
    ...result,
    scriptIdentifier: toHex(scriptIdentifier),
  }))
}

/** Tags that name the application, the most telling first: DF name, application identifier of the terminal, of the card. */
const APPLICATION = ['84', '9F06', '4F']

/** The card that a message names. The sequence number of a message without one is 00. */
export function cardOf({ issuer, pan, panSequence = '', application }: CardText, tags: TagValues): CardName {
  const named = APPLICATION.map((tag) => tags.get(tag)).find((aid) => aid !== undefined && isAid(aid))
  const aid = application?.toUpperCase() ?? (named === undefined ? undefined : toHex(named))
  const card = { issuer, pan, panSequence: panSequence.padStart(2, '0').slice(-2) }
  return aid === undefined ? card : { ...card, application: aid }
}

/** [ISO7816-4] 8.2.1.2: 5 to 16 bytes. */
function isAid({ length }: Uint8Array): boolean {
  return length >= 5 && length <= 16
}

/** Whether DE22 says that the chip was read through its contacts; a message without it is taken to. */
export function isContact(entryMode = '05'): boolean {
  return /^[09]5/.test(entryMode)
}
