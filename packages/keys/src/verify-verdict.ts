/** The verdict on an application cryptogram, in the words that networks use. */
import type { CryptogramPart } from './cryptogram-data.js'
import type { TagValues, Tolerance } from './de55-tolerances.js'
import type { DecodedFlags } from './flags.js'
import type { IssuerApplicationData } from './issuer-application-data.js'
import type { UnionPayDiscretionaryData } from './issuer-application-data-idd.js'
import type { PaddingMethod } from './padding.js'
import type { SchemeName } from './schemes.js'
import type { CryptogramType } from './verify-atc.js'
import { atcNumber, type Message } from './verify-message.js'

/**
 * | code | the cryptogram | meaning |
 * |---|---|---|
 * | V | valid | nothing speaks against it |
 * | I | invalid | the key is there and gives another cryptogram |
 * | E | valid | replay: this ATC was seen before with this kind of cryptogram |
 * | A | valid | the ATC is out of the range that the host allows |
 * | G | valid | not of the kind that was expected: a TC or AAC where an ARQC should be |
 * | T | valid | TVR or CVR carry a bit that the issuer's policy refuses |
 * | K | not checked | no key set for the DKI and algorithm of tag 9F10 |
 * | F | not checked | format: DE55 or a value in it is malformed, or tag 9F10 has not the layout that it must have |
 * | U | not checked | unable: a value is missing, or nothing says the scheme |
 */
export type VerdictCode = 'V' | 'I' | 'E' | 'A' | 'G' | 'T' | 'K' | 'F' | 'U'

/** What is said in words for each code. */
export const VERDICT_REASONS: Readonly<Record<VerdictCode, string>> = {
  V: 'valid',
  I: 'the cryptogram is not that of the key and the data',
  E: 'replay: a cryptogram of this kind and ATC was seen before',
  A: 'the ATC is out of range',
  G: 'valid, but not the kind of cryptogram that was expected',
  T: 'valid, but TVR or CVR are against the policy',
  K: 'no key set for this DKI and algorithm',
  F: 'malformed',
  U: 'unable to verify',
}

/** UnionPay's discretionary data with what became of their MAC: it is checked when the key set has a MAC key. */
export interface CheckedDiscretionaryData extends UnionPayDiscretionaryData {
  readonly macVerdict: 'valid' | 'invalid' | 'unchecked'
}

/** The verdict. What could be read stands in it even when the cryptogram could not be checked. */
export interface CryptogramVerdict {
  /** Whether the code is V. */
  readonly ok: boolean
  readonly code: VerdictCode
  readonly reason: string
  /** Whether the cryptogram verified; `undefined` when it was not checked. E, A, G and T are about valid ones. */
  readonly cryptogramValid: boolean | undefined
  /** Whether the cryptogram covers the whole CVR and the TVR: then they are proof, else hearsay. */
  readonly proven: { readonly cvr: boolean; readonly tvr: boolean }
  /** Every code of E, A, G and T that holds, in that order; `code` is the first. */
  readonly findings: readonly VerdictCode[]
  readonly scheme: SchemeName | undefined
  readonly algorithm: 'tdes' | 'aes' | 'sm4' | undefined
  readonly dki: number | undefined
  readonly cvn: number | undefined
  /** The kind of cryptogram: as the CVR says, which the cryptogram covers; else as tag 9F27 says. */
  readonly type: CryptogramType | undefined
  readonly atc: number | undefined
  /** The values of the message by tag, script results (DF31, 9F5B) among them; empty when it could not be read. */
  readonly tags: TagValues
  /** What was MACed, tag by tag, and its padding method. Empty when it did not come to that. */
  readonly parts: readonly CryptogramPart[]
  readonly padding: PaddingMethod | undefined
  readonly iad: IssuerApplicationData | undefined
  readonly cvr: DecodedFlags | undefined
  readonly tvr: DecodedFlags | undefined
  readonly tsi: DecodedFlags | undefined
  readonly cvmResults: DecodedFlags | undefined
  readonly terminalCapabilities: DecodedFlags | undefined
  readonly idd: CheckedDiscretionaryData | undefined
  /** The rules of the policy that are met: `cvr.scriptFailed`, `tvr.newCard`. */
  readonly policyHits: readonly string[]
  /** For U: the tags that are missing. */
  readonly missing: readonly string[]
  readonly tolerances: readonly Tolerance[]
}

/** What a verdict may say beside its code. */
type Said = Partial<CryptogramVerdict> & { readonly detail?: string | undefined }

/** A verdict from its code and what is known; what is not said is absent. Inside this package only. */
export function verdictOf(code: VerdictCode, { detail, ...said }: Said): CryptogramVerdict {
  return {
    ...NOTHING_SAID,
    ...said,
    ok: code === 'V',
    code,
    reason: detail === undefined ? VERDICT_REASONS[code] : `${VERDICT_REASONS[code]}: ${detail}`,
  }
}

/** What a message says, as a verdict reports it. Inside this package only. */
export function reported(message: Message): Partial<CryptogramVerdict> {
  const { tags, iad, cidType, cvrType, cvr, tvr, tsi, cvmResults, terminalCapabilities, tolerances } = message
  const atc = tags.get('9F36')
  return {
    algorithm: iad?.algorithm,
    dki: iad?.dki,
    cvn: iad?.cvn,
    type: cvrType ?? (cidType === 'RFU' ? undefined : cidType),
    atc: atc?.length === 2 ? atcNumber(atc) : undefined,
    tags,
    iad,
    cvr,
    tvr,
    tsi,
    cvmResults,
    terminalCapabilities,
    // Its MAC has not been looked at yet.
    idd: iad?.idd === undefined ? undefined : { ...iad.idd, macVerdict: 'unchecked' },
    tolerances,
  }
}

const NOTHING_SAID: Omit<CryptogramVerdict, 'ok' | 'code' | 'reason'> = {
  cryptogramValid: undefined,
  proven: { cvr: false, tvr: false },
  findings: [],
  scheme: undefined,
  algorithm: undefined,
  dki: undefined,
  cvn: undefined,
  type: undefined,
  atc: undefined,
  tags: new Map(),
  parts: [],
  padding: undefined,
  iad: undefined,
  cvr: undefined,
  tvr: undefined,
  tsi: undefined,
  cvmResults: undefined,
  terminalCapabilities: undefined,
  idd: undefined,
  policyHits: [],
  missing: [],
  tolerances: [],
}
