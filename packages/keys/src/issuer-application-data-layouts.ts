/**
 * The layouts of issuer application data (tag 9F10), as data.
 *
 * | layout | bytes |
 * |---|---|
 * | visa-0-1-3 | 06 DKI CVN CVR(4: 03 and three bytes) [discretionary] |
 * | visa-2-4 | 1F CVN DKI CVR(5) discretionary(24) |
 * | unionpay | 07 DKI CVN CVR(4: 03 and three bytes) algorithm [discretionary] |
 * | m-chip | DKI CVN CVR(6) DAC(2) counters(8 or 16) [last online ATC(2)] |
 * | ccd | 0F CCI DKI CVR(5) counters(8) 0F discretionary(15) |
 * | interac | 15 DKI CVN discretionary(19) |
 * @see [VIS] F, [MCHIP] IAD, [EMV-B3] C7.2, [UPI-F55]
 */
import type { FlagTable } from './flags.js'
import { CVR_CCD, CVR_MCHIP, CVR_VIS, CVR_VISA_5 } from './flags-cvr.js'
import type { SchemeFamily } from './schemes.js'

/** The name of a layout. */
export type IadLayoutName = 'visa-0-1-3' | 'visa-2-4' | 'unionpay' | 'm-chip' | 'ccd' | 'interac'

/** The name of a part of tag 9F10. */
export type IadFieldName =
  | 'length'
  | 'cci'
  | 'dki'
  | 'cvn'
  | 'cvr'
  | 'algorithm'
  | 'dac'
  | 'counters'
  | 'lastOnlineAtc'
  | 'discretionaryLength'
  | 'discretionary'

/** One layout: its parts in order and what tells it from the others. */
export interface IadLayout {
  readonly name: IadLayoutName
  readonly family: SchemeFamily
  /** The parts and their bytes; `rest` takes what is left. */
  readonly fields: readonly (readonly [name: IadFieldName, length: number | 'rest'])[]
  /** Whole length: the least and the most bytes. */
  readonly least: number
  readonly most: number
  /** Bytes with one value: offset, value. A layout without any is known by its length alone. */
  readonly constants: readonly (readonly [offset: number, value: number])[]
  /** Where the CVN stands, and the high nibbles that it can have. Asked only when bytes decide, not when AID or issuer do. */
  readonly cvnAt: number
  readonly cvnHighNibbles: readonly number[]
  /** Which bits of that byte are the CVN; all but for CCD, where the high nibble is a format code. */
  readonly cvnMask: number
  /** The byte that names the cipher and the values it may have; absent where every key is TDES. */
  readonly cipher?: { readonly at: number; readonly values: Readonly<Record<number, 'tdes' | 'aes' | 'sm4'>> }
  /** The meaning of the CVR, where it is public. */
  readonly cvr: FlagTable | undefined
}

const MCHIP_HEAD = [
  ['dki', 1],
  ['cvn', 1],
  ['cvr', 6],
  ['dac', 2],
] as const

/** M/Chip 4 has 18 bytes, M/Chip Advance any of the four lengths: 8 or 16 bytes of counters, the last online ATC or not. */
function mchip(length: number, ...tail: IadLayout['fields']): IadLayout {
  return {
    name: 'm-chip',
    family: 'mastercard',
    fields: [...MCHIP_HEAD, ...tail],
    least: length,
    most: length,
    constants: [],
    cvnAt: 1,
    cvnHighNibbles: [1],
    cvnMask: 0xff,
    cvr: CVR_MCHIP,
  }
}

/** The layouts, in the order in which bytes are matched: those with constant bytes before those with a length alone. */
export const IAD_LAYOUTS: readonly IadLayout[] = [
  {
    name: 'unionpay',
    family: 'unionpay',
    fields: [
      ['length', 1],
      ['dki', 1],
      ['cvn', 1],
      ['cvr', 4],
      ['algorithm', 1],
      ['discretionary', 'rest'],
    ],
    least: 8,
    most: 32,
    constants: [
      [0, 0x07],
      [3, 0x03],
    ],
    cvnAt: 2,
    cvnHighNibbles: [0, 1],
    cvnMask: 0xff,
    // [UPI-F55]: byte 8 selects the cipher.
    cipher: { at: 7, values: { 1: 'tdes', 4: 'sm4' } },
    cvr: CVR_VIS,
  },
  {
    name: 'visa-0-1-3',
    family: 'visa',
    fields: [
      ['length', 1],
      ['dki', 1],
      ['cvn', 1],
      ['cvr', 4],
      ['discretionary', 'rest'],
    ],
    least: 7,
    most: 32,
    constants: [
      [0, 0x06],
      [3, 0x03],
    ],
    cvnAt: 2,
    cvnHighNibbles: [0, 1, 3],
    cvnMask: 0xff,
    cvr: CVR_VIS,
  },
  {
    name: 'visa-2-4',
    family: 'visa',
    fields: [
      ['length', 1],
      ['cvn', 1],
      ['dki', 1],
      ['cvr', 5],
      ['discretionary', 'rest'],
    ],
    least: 32,
    most: 32,
    constants: [[0, 0x1f]],
    cvnAt: 1,
    cvnHighNibbles: [2, 4],
    cvnMask: 0xff,
    cvr: CVR_VISA_5,
  },
  {
    name: 'ccd',
    family: 'ccd',
    fields: [
      ['length', 1],
      ['cci', 1],
      ['dki', 1],
      ['cvr', 5],
      ['counters', 8],
      ['discretionaryLength', 1],
      ['discretionary', 15],
    ],
    least: 32,
    most: 32,
    constants: [
      [0, 0x0f],
      [16, 0x0f],
    ],
    cvnAt: 1,
    cvnHighNibbles: [0xa],
    cvnMask: 0x0f,
    // [EMV-B3] C7.2: cryptogram version 5 is TDES, 6 is AES.
    cipher: { at: 1, values: { 165: 'tdes', 166: 'aes' } },
    cvr: CVR_CCD,
  },
  {
    name: 'interac',
    family: 'interac',
    fields: [
      ['length', 1],
      ['dki', 1],
      ['cvn', 1],
      ['discretionary', 'rest'],
    ],
    least: 22,
    most: 22,
    constants: [[0, 0x15]],
    cvnAt: 2,
    cvnHighNibbles: [8],
    cvnMask: 0xff,
    cvr: undefined,
  },
  mchip(18, ['counters', 8]),
  mchip(20, ['counters', 8], ['lastOnlineAtc', 2]),
  mchip(26, ['counters', 16]),
  mchip(28, ['counters', 16], ['lastOnlineAtc', 2]),
]

/** Whose application an AID is, by its registered application provider identifier. */
export const RID_FAMILIES: Readonly<Record<string, SchemeFamily>> = {
  A000000003: 'visa',
  A000000004: 'mastercard',
  A000000277: 'interac',
  A000000333: 'unionpay',
}
