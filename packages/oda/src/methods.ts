/** The methods of offline data authentication as data, and the choice among them. @see [EMV-B3] 10.3 */
import { expectLength } from '@issuerkit/apdu'

/**
 * What can be checked: the three methods of the standard, the contactless fDDA, and the two keys of the card by
 * themselves (`icc-key` for DDA and CDA, `pin-key` for enciphered PINs).
 */
export type OdaMethod = 'sda' | 'dda' | 'cda' | 'fdda' | 'icc-key' | 'pin-key'

/** The bits of the terminal verification results, byte 1, that a method can set. */
export interface MethodRow {
  /** Set as soon as the method is chosen. */
  readonly selected: number
  /** Set when a stage does not hold. */
  readonly failed: number
  /** Whether it counts as offline data authentication performed, in the transaction status information. */
  readonly performed: boolean
  /** Tags without which the method fails with "ICC data missing". Remainders are not among them: a key may not need one. */
  readonly mandatory: readonly string[]
}

const ICC_KEY_TAGS = ['90', '9F32', '9F46', '9F47'] as const

/**
 * TVR byte 1: 80 not performed, 40 SDA failed, 20 ICC data missing, 08 DDA failed, 04 CDA failed, 02 SDA selected.
 * fDDA reports as DDA; so does a failing ICC key by itself. The PIN key is no matter of these results.
 * @see [EMV-B3] Annex C5 (TVR), C6 (TSI), 7.2 (mandatory data)
 */
export const METHODS: Readonly<Record<OdaMethod, MethodRow>> = {
  sda: { selected: 0x02, failed: 0x40, performed: true, mandatory: ['90', '9F32', '93'] },
  dda: { selected: 0, failed: 0x08, performed: true, mandatory: ICC_KEY_TAGS },
  cda: { selected: 0, failed: 0x04, performed: true, mandatory: ICC_KEY_TAGS },
  fdda: { selected: 0, failed: 0x08, performed: true, mandatory: ICC_KEY_TAGS },
  'icc-key': { selected: 0, failed: 0x08, performed: false, mandatory: ICC_KEY_TAGS },
  'pin-key': { selected: 0, failed: 0, performed: false, mandatory: [] },
}

/** TVR byte 1. */
export const TVR_NOT_PERFORMED = 0x80
export const TVR_ICC_DATA_MISSING = 0x20
export const TVR_XDA_SELECTED = 0x01
/** TVR byte 4. */
export const TVR_XDA_FAILED = 0x01
/** TSI byte 1: offline data authentication was performed. */
export const TSI_PERFORMED = 0x80

/** What a terminal comes to: a method, one that this toolkit does not have, or none. */
export type ChosenMethod = 'sda' | 'dda' | 'cda' | 'xda' | 'none'

/** Byte 1 of the AIP, byte 3 of the terminal capabilities, in the order of preference. [EMV-B3] 10.3 */
const PREFERENCE: readonly (readonly [ChosenMethod, card: number, terminal: number])[] = [
  ['xda', 0x80, 0x04],
  ['cda', 0x01, 0x08],
  ['dda', 0x20, 0x40],
  ['sda', 0x40, 0x80],
]

/**
 * The method that a terminal chooses: the first of XDA, CDA, DDA and SDA that card and terminal both have. Which tags
 * the card carries plays no part: real cards carry signatures that their AIP does not announce.
 * @param aip application interchange profile (82), 2 bytes
 * @param terminalCapabilities tag 9F33, 3 bytes
 * @throws ERR_LENGTH
 * @see [EMV-B3] 10.3
 */
export function selectMethod(aip: Uint8Array, terminalCapabilities: Uint8Array): ChosenMethod {
  const card = expectLength(aip, 2, 'aip')[0] as number
  const terminal = expectLength(terminalCapabilities, 3, 'terminal capabilities')[2] as number
  const common = PREFERENCE.find(([, cardBit, terminalBit]) => (card & cardBit) !== 0 && (terminal & terminalBit) !== 0)
  return common === undefined ? 'none' : common[0]
}
