/**
 * Card verification results (CVR): what the card did and saw, as facts without a payment system, and the encoder of each
 * family.
 *
 * | family | bytes | encoder |
 * |---|---|---|
 * | unionpay, visa (IAD formats 0, 1, 3) | 4 | {@link encodeCvrVis} |
 * | visa (IAD formats 2 and 4) | 5 | {@link encodeCvrVisaDevice} |
 * | mastercard | 6 | {@link encodeCvrMchip} |
 * | ccd | 5 | {@link encodeCvrCcd} |
 * | interac | none is public: its issuer discretionary data stand as they were personalised | |
 */
import { scheme } from '@issuerkit/keys'
import { encodeCvrCcd } from './cvr-ccd.js'
import { encodeCvrMchip } from './cvr-mchip.js'
import { encodeCvrVis, encodeCvrVisaDevice } from './cvr-visa.js'
import type { CryptogramKind } from './debit-credit-model.js'

/** Limits of the card that this transaction, counted in, exceeds. */
export interface ExceededLimits {
  readonly lowerConsecutive: boolean
  readonly upperConsecutive: boolean
  /** Consecutive offline transactions abroad, by country or by currency. */
  readonly international: boolean
  readonly lowerCumulative: boolean
  readonly upperCumulative: boolean
  /** The amounts of both currencies together. */
  readonly lowerCumulativeDual: boolean
  readonly upperCumulativeDual: boolean
}

/** The facts behind a CVR. */
export interface CardVerification {
  readonly firstKind: CryptogramKind
  /** Nothing before the second GENERATE AC. */
  readonly secondKind: 'AAC' | 'TC' | undefined
  /** Of this transaction. */
  readonly issuerAuthentication: 'none' | 'succeeded' | 'failed'
  /** The transaction was authorised online and the issuer, whom the card can authenticate, was not authenticated. */
  readonly issuerAuthenticationNotPerformed: boolean
  readonly unableToGoOnline: boolean
  readonly offlinePin: 'none' | 'succeeded' | 'failed'
  /** The PIN was enciphered. */
  readonly offlinePinEnciphered: boolean
  /** The terminal's CVM results claim an offline PIN that the card did not see succeed. */
  readonly terminalWronglyConsidersPinOk: boolean
  readonly pinTryLimitExceeded: boolean
  readonly pinTryCounter: number
  /** The application is blocked since the PIN try limit was exceeded. */
  readonly blockedByPin: boolean
  readonly lastOnlineNotCompleted: boolean
  readonly lastIssuerAuthenticationFailed: boolean
  readonly newCard: boolean
  readonly lastSdaFailed: boolean
  readonly lastDdaFailed: boolean
  readonly scriptCounter: number
  readonly scriptFailed: boolean
  readonly goOnlineNext: boolean
  readonly limits: ExceededLimits
  /** By the country of the terminal; unknown where the card or the terminal does not say its own. */
  readonly international: boolean | undefined
  /** INTERNAL AUTHENTICATE was answered in this transaction. */
  readonly ddaPerformed: boolean
  /** CDA in the answer to the first and to the second GENERATE AC. */
  readonly cdaFirst: boolean
  readonly cdaSecond: boolean
}

/**
 * The CVR as it stands in tag 9F10 and under the cryptogram, with its length byte where the family has one; empty for
 * interac.
 * @throws ERR_SCHEME
 */
export function encodeCvr(schemeName: string, facts: CardVerification): Uint8Array {
  const row = scheme(schemeName)
  switch (row.family) {
    case 'unionpay':
      return encodeCvrVis(facts)
    case 'visa':
      return isDeviceFormat(row.cryptogramVersion)
        ? encodeCvrVisaDevice(facts, row.scriptSession === 'emv-common')
        : encodeCvrVis(facts)
    case 'mastercard':
      return encodeCvrMchip(facts)
    case 'ccd':
      return encodeCvrCcd(facts)
    case 'interac':
      return new Uint8Array(0)
  }
}

/** Visa: the high nibble of the CVN is the format of the IAD; 2 and 4 have a CVR of 5 bytes. [VIS] F */
export function isDeviceFormat(cryptogramVersion: number): boolean {
  const format = cryptogramVersion >> 4
  return format === 2 || format === 4
}
