/**
 * Issuer application data (tag 9F10) as the card builds it.
 *
 * | family | bytes |
 * |---|---|
 * | unionpay | 07 DKI CVN CVR(4) algorithm (01 TDES, 04 SM4) [discretionary] |
 * | visa, formats 0, 1, 3 | 06 DKI CVN CVR(4) [discretionary] |
 * | visa, formats 2, 4 | 1F CVN DKI CVR(5) discretionary(24) |
 * | mastercard | DKI CVN CVR(6) DAC(2) counters(8) |
 * | ccd | 0F A5 DKI CVR(5) counters(8) 0F discretionary(15) |
 * | interac | 15 DKI CVN discretionary(19) |
 *
 * Counters: the cumulative offline amount in BCD (6), the consecutive offline transactions (1), FF.
 * @see [VIS] F, [MCHIP] IAD, [EMV-B3] C7.2, [PBOC] 5
 */
import { concat, fromHex, IssuerkitError } from '@issuerkit/apdu'
import { scheme } from '@issuerkit/keys'
import { toBcd } from './bcd.js'
import { type CardVerification, encodeCvr, isDeviceFormat } from './card-verification-results.js'
import type { ApplicationConfig, ApplicationMemory } from './debit-credit-model.js'

/** Tag 9F10, and the parts of it that a cryptogram may cover by themselves. */
export interface CardIssuerApplicationData {
  /** Whole, 7 to 32 bytes. */
  readonly iad: Uint8Array
  readonly cvr: Uint8Array
  /** M/Chip and CCD: 8 bytes. Empty otherwise. */
  readonly counters: Uint8Array
}

/** Tag 9F10 is at most 32 bytes. [EMV-B3] Annex A */
const LONGEST = 32
/** [EMV-B3] C7.2: common core identifier, IAD format A, cryptogram version 5 in the low nibble. */
const CCI_FORMAT = 0xa0

/**
 * Tag 9F10 of the cryptogram under way.
 * @throws ERR_CARD when the issuer's discretionary data do not fit the layout of the family
 */
export function cardIssuerApplicationData(
  config: ApplicationConfig,
  memory: ApplicationMemory,
  facts: CardVerification,
): CardIssuerApplicationData {
  const { family, algorithm, cryptogramVersion: cvn } = scheme(config.scheme)
  const cvr = encodeCvr(config.scheme, facts)
  const discretionary = fromHex(config.issuerDiscretionaryData, 'issuerDiscretionaryData')
  const counters = family === 'mastercard' || family === 'ccd' ? offlineCounters(memory) : new Uint8Array(0)
  const { dki } = config
  const layouts = {
    unionpay: () => [byte(0x07, dki, cvn), cvr, byte(algorithm === 'sm4' ? 0x04 : 0x01), discretionary],
    visa: () =>
      isDeviceFormat(cvn)
        ? [byte(0x1f, cvn, dki), cvr, fill(discretionary, 24)]
        : [byte(0x06, dki, cvn), cvr, discretionary],
    // Bytes 9 and 10: the data authentication code of the signed static data.
    mastercard: () => [byte(dki, cvn), cvr, fill(discretionary, 2), counters],
    ccd: () => [byte(0x0f, CCI_FORMAT | cvn, dki), cvr, counters, byte(0x0f), fill(discretionary, 15)],
    interac: () => [byte(0x15, dki, cvn), fill(discretionary, 19)],
  }
  const iad = concat(...layouts[family]())
  if (iad.length > LONGEST) throw tooLong(LONGEST - iad.length + discretionary.length, discretionary.length)
  return { iad, cvr, counters }
}

function offlineCounters(memory: ApplicationMemory): Uint8Array {
  return concat(toBcd(memory.state('cumulativeAmount'), 6), byte(memory.state('consecutiveOffline'), 0xff))
}

function byte(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values)
}

function fill(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length > length) throw tooLong(length, bytes.length)
  const filled = new Uint8Array(length)
  filled.set(bytes)
  return filled
}

function tooLong(most: number, got: number): IssuerkitError {
  return new IssuerkitError('ERR_CARD', {
    label: 'issuerDiscretionaryData',
    expected: `at most ${most} bytes`,
    got: `${got} bytes`,
  })
}
