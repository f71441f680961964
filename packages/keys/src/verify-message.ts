/** Reading a message for verification: what it says of card, scheme and transaction, before any key is touched. */
import { IssuerkitError } from '@issuerkit/apdu'
import { type EmvData, hintWithAid } from './cryptogram-generate.js'
import { isUnionPayOrder, parseField55 } from './de55.js'
import type { TagValues, Tolerance } from './de55-tolerances.js'
import { type DecodedFlags, decodeFlags, type FlagTable } from './flags.js'
import { CVM_RESULTS, TERMINAL_CAPABILITIES, TSI, TVR } from './flags-terminal.js'
import {
  familyOfAid,
  type IadHint,
  type IssuerApplicationData,
  parseIssuerApplicationData,
} from './issuer-application-data.js'
import { IAD_LAYOUTS } from './issuer-application-data-layouts.js'
import { scheme } from './schemes.js'
import type { CryptogramType } from './verify-atc.js'

/** What a message says. */
export interface Message {
  readonly tags: TagValues
  readonly tolerances: readonly Tolerance[]
  readonly iad: IssuerApplicationData | undefined
  /** Why tag 9F10, although it is there, could not be taken apart. */
  readonly iadError: IssuerkitError | undefined
  /** Whether it is known whose card it is, so that an unknown layout of tag 9F10 is a fault of the message. */
  readonly isFamilyKnown: boolean
  /** The kind of cryptogram by tag 9F27; RFU for the coding that is reserved. */
  readonly cidType: CryptogramType | 'RFU' | undefined
  /** The kind of cryptogram by the CVR: what the second GENERATE AC returned, else what the first did. */
  readonly cvrType: CryptogramType | undefined
  /** Card verification results, from tag 9F10 or the part `CVR`. */
  readonly cvr: DecodedFlags | undefined
  readonly tvr: DecodedFlags | undefined
  readonly tsi: DecodedFlags | undefined
  readonly cvmResults: DecodedFlags | undefined
  readonly terminalCapabilities: DecodedFlags | undefined
}

/** The value of a computation, or the coded error that ended it. Any other error passes through. */
export type Attempt<T> = { readonly value: T } | { readonly error: IssuerkitError }

export function attempt<T>(compute: () => T): Attempt<T> {
  try {
    return { value: compute() }
  } catch (error) {
    if (error instanceof IssuerkitError) return { error }
    throw error
  }
}

/**
 * Reads a message.
 * @throws ERR_TLV, ERR_TAG when it is DE55 and malformed
 */
export function readMessage(data: EmvData, hint: IadHint): Message {
  const field = 'tags' in data ? { tags: data.tags, list: [], tolerances: [] } : parseField55(data.field55)
  const { tags } = field
  const full = hintWithAid(hint, tags)
  const bytes = tags.get('9F10')
  const parsed = bytes === undefined ? undefined : attempt(() => parseIssuerApplicationData(bytes, full))
  const iad = parsed !== undefined && 'value' in parsed ? parsed.value : undefined
  const cvr = decodeCvrPart(tags.get('CVR'), full) ?? iad?.cvrFlags
  const isDisordered = iad?.family === 'unionpay' && !isUnionPayOrder(field.list)
  return {
    tags,
    tolerances: isDisordered ? [...field.tolerances, { name: 'tag-order' }] : field.tolerances,
    iad,
    iadError: parsed !== undefined && 'error' in parsed ? parsed.error : undefined,
    isFamilyKnown: full.family !== undefined || (full.aid !== undefined && familyOfAid(full.aid) !== undefined),
    cidType: typeOfCid(tags.get('9F27')),
    cvrType: typeOfCvr(cvr),
    cvr,
    tvr: decodeIfWhole(TVR, tags.get('95')),
    tsi: decodeIfWhole(TSI, tags.get('9B')),
    cvmResults: decodeIfWhole(CVM_RESULTS, tags.get('9F34')),
    terminalCapabilities: decodeIfWhole(TERMINAL_CAPABILITIES, tags.get('9F33')),
  }
}

/** Values that no cryptogram covers may have any length: a wrong one is not decoded, and stops nothing. */
function decodeIfWhole(table: FlagTable, bytes: Uint8Array | undefined): DecodedFlags | undefined {
  return bytes?.length === table.length ? decodeFlags(table, bytes) : undefined
}

/** A CVR that is given apart from tag 9F10 is what the cryptogram is computed over; the scheme's family says its bits. */
function decodeCvrPart(part: Uint8Array | undefined, hint: IadHint): DecodedFlags | undefined {
  const family = hint.scheme === undefined ? hint.family : scheme(hint.scheme).family
  const layout = IAD_LAYOUTS.find((row) => row.family === family && row.cvr?.length === part?.length)
  return layout?.cvr === undefined ? undefined : decodeFlags(layout.cvr, part as Uint8Array)
}

/** [EMV-B3] 6.5.5.4 table 14: bits 8 and 7 of the cryptogram information data. */
const CID_TYPES = ['AAC', 'TC', 'ARQC', 'RFU'] as const

function typeOfCid(cid: Uint8Array | undefined): CryptogramType | 'RFU' | undefined {
  return cid?.length === 1 ? CID_TYPES[(cid[0] as number) >> 6] : undefined
}

function typeOfCvr(cvr: DecodedFlags | undefined): CryptogramType | undefined {
  const { secondGenerateAc, firstGenerateAc } = cvr?.values ?? {}
  const last = secondGenerateAc === 'notRequested' ? firstGenerateAc : secondGenerateAc
  return last === 'AAC' || last === 'TC' || last === 'ARQC' ? last : undefined
}

/** The application transaction counter as a number. */
export function atcNumber(atc: Uint8Array): number {
  return ((atc[0] as number) << 8) | (atc[1] as number)
}
