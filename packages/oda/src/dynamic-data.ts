/**
 * Dynamic data authentication: the signed dynamic application data (tag 9F4B) over what the terminal sent.
 *
 * | method | format | terminal data |
 * |---|---|---|
 * | DDA | 05 | the values of the DDOL, as sent in INTERNAL AUTHENTICATE |
 * | CDA | 05 | the unpredictable number alone; see combined-data |
 * | fDDA | 95 | unpredictable number, and by variant amount, currency and card authentication related data |
 *
 * @see [EMV-B2] 6.5, 6.6, [VIS] fDDA
 */
import { concat, parseDol, parseOneTlv, requireTlv } from '@issuerkit/apdu'
import type { RsaPublicKey } from '@issuerkit/keys'
import { type Fields, SIGNED_DYNAMIC_DATA } from './layout.js'
import type { ReasonCode } from './reasons.js'
import { hashMatches, isPadding, recoverBlock } from './signed-block.js'
import { attempt, fail, pass, type StageResult } from './stage.js'

/** The DDOL of a terminal for cards without 9F49: the unpredictable number, 4 bytes. [EMV-B2] 6.5.1 */
export const DEFAULT_DDOL: Uint8Array = Uint8Array.of(0x9f, 0x37, 0x04)

/** The signed dynamic application data as a signed block, by its format. */
export const SDAD = {
  emv: { name: 'SDAD', layout: SIGNED_DYNAMIC_DATA, format: 0x05 },
  fdda: { name: 'SDAD', layout: SIGNED_DYNAMIC_DATA, format: 0x95 },
} as const

/** A recovered signature whose hash is not yet checked. */
export interface OpenDynamicData {
  readonly fields: Fields<typeof SIGNED_DYNAMIC_DATA>
  readonly hashed: Uint8Array
  /** The ICC dynamic data, as long as its length byte says. */
  readonly dynamicData: Uint8Array
  /** What follows it up to the hash. */
  readonly padding: Uint8Array
}

/** Recovers signed dynamic application data, up to the ICC dynamic data. [EMV-B2] 6.5.2 and 6.6.2, steps 1 to 5 */
export function openDynamicData(
  iccKey: RsaPublicKey,
  signature: Uint8Array,
  format: keyof typeof SDAD,
): StageResult<OpenDynamicData> {
  const block = recoverBlock(SDAD[format], iccKey, signature)
  if (!block.ok) return block
  const { fields, hashed } = block.value
  const length = fields.dynamicDataLength[0] as number
  if (length > fields.content.length) return fail('SDAD_DYNAMIC_DATA_LENGTH')
  const dynamicData = fields.content.subarray(0, length)
  return pass({ fields, hashed, dynamicData, padding: fields.content.subarray(length) })
}

/**
 * The ICC dynamic number at the head of ICC dynamic data: a length byte and 2 to 8 bytes; `undefined` where it is not.
 * @see [EMV-B2] 6.5.1
 */
export function dynamicNumber(dynamicData: Uint8Array): Uint8Array | undefined {
  const [length = 0] = dynamicData
  if (length < 2 || length > 8 || dynamicData.length < 1 + length) return undefined
  return dynamicData.slice(1, 1 + length)
}

/** The signature and what it was made over. */
export interface DynamicDataInput {
  readonly iccKey: RsaPublicKey
  /** The signed dynamic application data itself, without tag 80 or 9F4B. */
  readonly signature: Uint8Array
  /** What the terminal sent, as sent. */
  readonly terminalData: Uint8Array
  /** `fdda` expects format 95, `emv` format 05. */
  readonly format: keyof typeof SDAD
}

/**
 * The ICC dynamic number (tag 9F4C), 2 to 8 bytes, once the card's signature over the terminal's data holds.
 *
 * Recovers iccDynamicNumber.
 * @see [EMV-B2] 6.5.2 steps 1 to 7
 */
export function verifyDynamicData(input: DynamicDataInput): StageResult<Uint8Array> {
  const opened = openDynamicData(input.iccKey, input.signature, input.format)
  if (!opened.ok) return opened
  const { fields, hashed, dynamicData, padding } = opened.value
  if (!hashMatches(fields.hash, hashed, input.terminalData)) return fail('SDAD_HASH')
  if (!isPadding(padding)) return fail('SDAD_PADDING')
  const number = dynamicNumber(dynamicData)
  if (number === undefined) return fail('SDAD_DYNAMIC_NUMBER')
  return pass(number, { iccDynamicNumber: number })
}

/**
 * The rule that the card's DDOL (9F49) breaks, if any. A card without one is asked by {@link DEFAULT_DDOL}.
 * @see [EMV-B2] 6.5.1 (a DDOL without the unpredictable number fails DDA)
 */
export function ddolFault(ddol: Uint8Array = DEFAULT_DDOL): ReasonCode | undefined {
  const entries = attempt(() => parseDol(ddol))
  if (entries === undefined) return 'DDOL_MALFORMED'
  return entries.some(({ tag }) => tag === '9F37') ? undefined : 'DDOL_UNPREDICTABLE_NUMBER'
}

/**
 * The signature in an answer to INTERNAL AUTHENTICATE: the value of tag 80, or of 9F4B in template 77. `undefined` where
 * the answer is neither. Both occur on real cards.
 * @param data the response data, without its status
 * @see [EMV-B3] 6.5.9.4
 */
export function signatureOfInternalAuthenticate(data: Uint8Array): Uint8Array | undefined {
  const answer = attempt(() => parseOneTlv(data, undefined, { nonMinimalLengths: true }))
  if (answer === undefined) return undefined
  if (answer.tag === '80') return answer.value
  return attempt(() => requireTlv([answer], '77', '9F4B').value)
}

/** The two variants of fDDA: `00` covers the unpredictable number alone, `01` also amount, currency and tag 9F69. */
export type FddaVariant = '00' | '01'

const FDDA_TAGS: Readonly<Record<FddaVariant, readonly string[]>> = {
  '00': ['9F37'],
  '01': ['9F37', '9F02', '5F2A', '9F69'],
}

/**
 * The variant that is signed: `01` where the terminal asks for it (bit 8 of byte 4 of its transaction qualifiers, 9F66)
 * and the card answers with card authentication related data (9F69).
 * @see [PBOC] 12 (qPBOC), [VIS] fDDA
 */
export function fddaVariant(values: ReadonlyMap<string, Uint8Array | undefined>): FddaVariant {
  const byte4 = values.get('9F66')?.[3] ?? 0
  return (byte4 & 0x80) !== 0 && values.get('9F69') !== undefined ? '01' : '00'
}

/** The terminal data of fDDA from single values, or `undefined` where one of them is missing. */
export function fddaTerminalData(
  variant: FddaVariant,
  values: ReadonlyMap<string, Uint8Array | undefined>,
): Uint8Array | undefined {
  const parts = FDDA_TAGS[variant].flatMap((tag) => values.get(tag) ?? [])
  return parts.length === FDDA_TAGS[variant].length ? concat(...parts) : undefined
}
