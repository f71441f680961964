/**
 * The answer to GENERATE AC: cryptogram and template.
 *
 * | template | families | data |
 * |---|---|---|
 * | 80 (format 1) | visa, unionpay, interac | CID ‖ ATC ‖ cryptogram ‖ 9F10 |
 * | 77 (format 2) | mastercard, ccd | 9F27, 9F36, 9F26, 9F10 as data objects |
 * | 77 with CDA | all | 9F27, 9F36, 9F10, 9F4B; the cryptogram stands in the signature alone |
 * @see [EMV-B3] 6.5.5.4, [EMV-B2] 6.6.1, 8.1
 */
import { concat, encodeTlv, fromHex, IssuerkitError } from '@issuerkit/apdu'
import { generateCryptogram, scheme } from '@issuerkit/keys'
import { answerCombined } from '@issuerkit/oda'
import { rsaKey } from './card-json.js'
import { withCardKeys } from './card-keys.js'
import type { CardVerification } from './card-verification-results.js'
import type { ApplicationContext, CryptogramKind } from './debit-credit-model.js'
import { type CardIssuerApplicationData, cardIssuerApplicationData } from './issuer-application-data.js'
import type { TerminalValues } from './terminal-values.js'

/** A cryptogram that was decided on. */
export interface CryptogramDecision {
  readonly kind: CryptogramKind
  /** Bits 4 to 1 of the CID. */
  readonly advice: number
  readonly facts: CardVerification
  readonly values: TerminalValues
  /** The data of the GENERATE ACs of this transaction, this one's with them. */
  readonly cdol1Data: Uint8Array
  readonly cdol2Data?: Uint8Array
  /** Whether the answer is signed (CDA). */
  readonly isSigned: boolean
}

const KIND_BITS = { AAC: 0x00, TC: 0x40, ARQC: 0x80 } as const
/** Length of the ICC dynamic number. [EMV-B2] 6.5.1: 2 to 8 */
const DYNAMIC_NUMBER = 8
/** A transaction without cashback may leave 9F03 out of the CDOL. */
const NO_OTHER_AMOUNT = new Uint8Array(6)

/**
 * The cryptogram, 8 bytes, and the answer that carries it.
 * @throws ERR_CARD when the scheme's cryptogram covers, or CDA needs, a value that no data object list asks for, or CDA
 *   needs a key that the card does not have; as {@link cardIssuerApplicationData} and `answerCombined`
 */
export function answerCryptogram(
  context: ApplicationContext,
  decision: CryptogramDecision,
): { readonly cryptogram: Uint8Array; readonly data: Uint8Array } {
  const { memory, config } = context
  const { kind, advice, facts, values, isSigned } = decision
  const issuer = cardIssuerApplicationData(config, memory, facts)
  const covered = coveredData(context, values, issuer)
  const { cryptogramPadding: padding, family } = scheme(config.scheme)
  const cryptogram = withCardKeys(context, values, ({ key }) => generateCryptogram(key, covered, padding))
  const cid = Uint8Array.of(KIND_BITS[kind] | advice)
  const atc = memory.read('data/9F36')
  const [head, tail] = [concat(encodeTlv('9F27', cid), encodeTlv('9F36', atc)), encodeTlv('9F10', issuer.iad)]
  if (isSigned) return { cryptogram, data: combined(context, decision, cryptogram, concat(head, tail)) }
  const data =
    family === 'mastercard' || family === 'ccd'
      ? encodeTlv('77', concat(head, encodeTlv('9F26', cryptogram), tail))
      : encodeTlv('80', concat(cid, atc, cryptogram, issuer.iad))
  return { cryptogram, data }
}

/** What the cryptogram covers: the terminal's values as they came, and the card's own. [EMV-B2] 8.1.1 */
function coveredData(
  { memory, config }: ApplicationContext,
  values: TerminalValues,
  { iad, cvr, counters }: CardIssuerApplicationData,
): Uint8Array {
  const own: Readonly<Record<string, Uint8Array>> = {
    '82': fromHex(config.aip),
    '9F36': memory.read('data/9F36'),
    CVR: cvr,
    COUNTERS: counters,
    IAD: iad,
    IAD5: iad.subarray(4, 5),
  }
  return concat(...scheme(config.scheme).cryptogramData.map((element) => own[element] ?? value(values, element)))
}

function value(values: TerminalValues, tag: string): Uint8Array {
  const found = values.get(tag) ?? (tag === '9F03' ? NO_OTHER_AMOUNT : undefined)
  if (found !== undefined) return found
  throw new IssuerkitError('ERR_CARD', { label: `tag ${tag}`, expected: 'a data object list that asks for it' })
}

function combined(
  context: ApplicationContext,
  { values, cdol1Data, cdol2Data }: CryptogramDecision,
  cryptogram: Uint8Array,
  answer: Uint8Array,
): Uint8Array {
  const { memory, transaction, random } = context
  const icc = rsaKey(memory, 'rsa/icc')
  if (icc === undefined) throw new IssuerkitError('ERR_CARD', { label: 'rsa/icc', expected: 'a key for CDA' })
  try {
    return answerCombined(icc, {
      iccDynamicNumber: random(DYNAMIC_NUMBER),
      applicationCryptogram: cryptogram,
      unpredictableNumber: value(values, '9F37'),
      pdolData: transaction.pdolData,
      cdol1Data,
      ...(cdol2Data === undefined ? {} : { cdol2Data }),
      answer,
    })
  } finally {
    icc.destroy()
  }
}
