/** What a card signs in a transaction: dynamic data for INTERNAL AUTHENTICATE, and with a cryptogram for CDA. */
import { concat, encodeTlv, expectLength, IssuerkitError, parseTlv } from '@issuerkit/apdu'
import { type RsaPrivateKey, sha1 } from '@issuerkit/keys'
import { restLength, sign } from './issuing.js'
import { PADDING, SHA1_INDICATOR, SIGNED_DYNAMIC_DATA } from './layout.js'

/** What is signed, and in which form. */
export interface DynamicSignatureInput {
  /** ICC dynamic data: its number with its length in front, and for CDA more. */
  readonly dynamicData: Uint8Array
  /** What the terminal sent: the data of the DDOL, or tag 9F37 for CDA, or the data of fDDA. */
  readonly terminalData: Uint8Array
  /** `emv` (format 05) unless it is fDDA (format 95). */
  readonly format?: 'emv' | 'fdda'
}

/**
 * Signed dynamic application data (tag 9F4B), as long as the ICC's modulus.
 * @throws ERR_RSA when the key has no room for the block; ERR_LENGTH when the dynamic
 *   data do not fit; ERR_KEY_DESTROYED
 * @see [EMV-B2] 6.5.1 table 15
 */
export function signDynamicData(icc: RsaPrivateKey, input: DynamicSignatureInput): Uint8Array {
  const { dynamicData, terminalData, format = 'emv' } = input
  const room = restLength(icc, SIGNED_DYNAMIC_DATA)
  if (dynamicData.length > room) {
    const got = `${dynamicData.length} bytes`
    throw new IssuerkitError('ERR_LENGTH', { label: 'ICC dynamic data', expected: `at most ${room} bytes`, got })
  }
  const head = Uint8Array.of(format === 'emv' ? 0x05 : 0x95, SHA1_INDICATOR, dynamicData.length)
  const padding = new Uint8Array(room - dynamicData.length).fill(PADDING)
  return sign(icc, [head, dynamicData, padding], [terminalData])
}

/** ICC dynamic data of DDA: the length of the ICC dynamic number (2 to 8 bytes, tag 9F4C) and the number. */
export function iccDynamicData(iccDynamicNumber: Uint8Array): Uint8Array {
  if (iccDynamicNumber.length < 2 || iccDynamicNumber.length > 8) {
    const got = `${iccDynamicNumber.length} bytes`
    throw new IssuerkitError('ERR_LENGTH', { label: 'ICC dynamic number', expected: '2 to 8 bytes', got })
  }
  return concat(Uint8Array.of(iccDynamicNumber.length), iccDynamicNumber)
}

/** A GENERATE AC that is answered with CDA. */
export interface CombinedSignatureInput {
  /** 2 to 8 bytes. */
  readonly iccDynamicNumber: Uint8Array
  /** The application cryptogram, 8 bytes. It stands in the signature alone. */
  readonly applicationCryptogram: Uint8Array
  /** Tag 9F37 of this GENERATE AC. */
  readonly unpredictableNumber: Uint8Array
  /** The value of tag 83 as received; empty for a card without PDOL. */
  readonly pdolData: Uint8Array
  readonly cdol1Data: Uint8Array
  /** For the second GENERATE AC. */
  readonly cdol2Data?: Uint8Array
  /** The other data objects of the answer in their order, as TLV: 9F27, 9F36, and 9F10 where there is one. */
  readonly answer: Uint8Array
}

/**
 * The answer to GENERATE AC with CDA: template 77 with the data objects given and 9F4B behind them, without status.
 * @throws ERR_LENGTH; ERR_TLV when the answer is not TLV; ERR_TAG when it has no 9F27 of 1 byte; as {@link signDynamicData}
 * @see [EMV-B2] 6.6.1 table 18, 19
 */
export function answerCombined(icc: RsaPrivateKey, input: CombinedSignatureInput): Uint8Array {
  const { applicationCryptogram, unpredictableNumber, pdolData, cdol1Data, cdol2Data, answer } = input
  const cid = parseTlv(answer).find(({ tag }) => tag === '9F27')?.value
  if (cid?.length !== 1) throw new IssuerkitError('ERR_TAG', { label: 'answer', expected: 'tag 9F27 of 1 byte' })
  const sent = [pdolData, cdol1Data, ...(cdol2Data === undefined ? [] : [cdol2Data])]
  const dynamicData = concat(
    iccDynamicData(input.iccDynamicNumber),
    cid,
    expectLength(applicationCryptogram, 8, 'application cryptogram'),
    sha1(concat(...sent, answer)),
  )
  const signature = signDynamicData(icc, { dynamicData, terminalData: unpredictableNumber })
  return encodeTlv('77', [answer, encodeTlv('9F4B', signature)])
}
