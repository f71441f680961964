/** Commands that write data of the card: PUT DATA and UPDATE RECORD. The data are sent in clear, before the MAC. */
import { IssuerkitError, TAGS, tagBytes } from '@issuerkit/apdu'
import type { ScriptSession } from './script-session.js'
import { type SecuredCommand, secureCommand } from './secure-command.js'
import type { ScriptWarning } from './warning.js'

/**
 * The data objects that a PBOC card lets PUT DATA change, by name. Any other tag may be given too: a card of another
 * scheme has others. @see [PBOC-SCRIPT] 5 (the first eight), [PBOC] (electronic cash)
 */
export const PUT_DATA_TAGS = {
  /** 连续脱机交易下限 */
  lowerConsecutiveOfflineLimit: '9F58',
  /** 连续脱机交易上限 */
  upperConsecutiveOfflineLimit: '9F59',
  /** 连续脱机交易限制数（国际－国家） */
  consecutiveTransactionLimitInternationalCountry: '9F72',
  /** 连续脱机交易限制数（国际－货币） */
  consecutiveTransactionLimitInternationalCurrency: '9F53',
  /** 累计脱机交易金额限制数 */
  cumulativeTransactionAmountLimit: '9F54',
  /** 累计脱机交易金额限制数（双货币） */
  cumulativeTransactionAmountLimitDualCurrency: '9F75',
  /** 累计脱机交易金额上限 */
  cumulativeTransactionAmountUpperLimit: '9F5C',
  /** 货币转换因子 */
  currencyConversionFactor: '9F73',
  electronicCashBalanceLimit: '9F77',
  electronicCashSingleTransactionLimit: '9F78',
  electronicCashBalance: '9F79',
  electronicCashResetThreshold: '9F6D',
  cardCvmLimit: '9F6B',
} as const satisfies Readonly<Record<string, string>>

/**
 * The limits that [PBOC-SCRIPT] 5 lets UPDATE RECORD change in the files 1 to 10, as it names them. EMV names the same
 * two tags the other way round: 9F14 is its lower limit, 9F23 its upper one. @see [EMV-B3] Annex A
 */
export const UPDATE_RECORD_TAGS = {
  /** Lower Consecutive Offline Limit of EMV */
  '9F14': '连续脱机交易上限',
  /** Upper Consecutive Offline Limit of EMV */
  '9F23': '连续脱机交易下限',
} as const satisfies Readonly<Record<string, string>>

/** A data object and its new value. */
export interface PutDataInput {
  /** One or two bytes, upper-case hexadecimal: `9F58`, `C3`. */
  readonly tag: string
  /** The whole value, in the coding of the data object; at least one byte. */
  readonly value: Uint8Array
}

/** PUT DATA as built. */
export interface PutDataCommand extends SecuredCommand {
  /** Empty, or that the dictionary of data objects gives this one another length. */
  readonly warnings: readonly ScriptWarning[]
}

/**
 * PUT DATA, 04 DA and the tag in P1 P2 (P1 = 00 for a tag of one byte).
 * @throws ERR_TAG when the tag is not well-formed or has more than 2 bytes
 * @throws ERR_SCRIPT when the value is empty, or does not fit Lc beside the MAC (247 bytes with 8, 251 with 4)
 * @throws ERR_KEY_DESTROYED
 * @see [PBOC-SCRIPT] 5, table 2-25; [ISO7816-4] 7.4.3 and 7.4.1 (P1 P2)
 */
export function putData(session: ScriptSession, { tag, value }: PutDataInput): PutDataCommand {
  const bytes = tagBytes(tag)
  if (bytes.length > 2) {
    throw new IssuerkitError('ERR_TAG', { label: 'tag', expected: '1 or 2 bytes', got: `${bytes.length} bytes` })
  }
  const [p1, p2] = bytes.length === 1 ? [0, ...bytes] : bytes
  expectNotEmpty(value, `value of tag ${tag}`)
  const command = secureCommand(session, 'put-data', [0x04, 0xda, p1 as number, p2 as number], value)
  return { ...command, warnings: lengthWarnings(tag, value.length) }
}

/** A record and its new content. */
export interface UpdateRecordInput {
  /** Short file identifier, 1 to 30; EMV's files are 1 to 10. */
  readonly sfi: number
  /** Record number, 1 to 254. */
  readonly record: number
  /** The whole record; at least one byte. */
  readonly value: Uint8Array
}

/**
 * UPDATE RECORD, 04 DC, record number in P1, SFI in bits 8 to 4 of P2 and 100 below it.
 * @throws ERR_SCRIPT when SFI or record number is out of range, or the record is empty or does not fit Lc beside the MAC
 * @throws ERR_KEY_DESTROYED
 * @see [PBOC-SCRIPT] 5, tables 2-28 and 2-29; [ISO7816-4] 7.3.5
 */
export function updateRecord(session: ScriptSession, { sfi, record, value }: UpdateRecordInput): SecuredCommand {
  expectWithin(sfi, 30, 'sfi')
  // [ISO7816-4] 7.3.1: 00 is the current record, which a script cannot know, FF is reserved.
  expectWithin(record, 254, 'record number')
  expectNotEmpty(value, 'record')
  return secureCommand(session, 'update-record', [0x04, 0xdc, record, (sfi << 3) | 0x04], value)
}

function expectNotEmpty(value: Uint8Array, label: string): void {
  if (value.length === 0) throw new IssuerkitError('ERR_SCRIPT', { label, expected: 'at least 1 byte', got: 'none' })
}

function expectWithin(value: number, most: number, label: string): void {
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new IssuerkitError('ERR_SCRIPT', { label, expected: `1 to ${most}`, got: String(value) })
  }
}

function lengthWarnings(tag: string, length: number): readonly ScriptWarning[] {
  const known = TAGS[tag]
  if (known === undefined || (length >= known.min && length <= known.max)) return []
  const expected = known.min === known.max ? `${known.min} bytes` : `${known.min} to ${known.max} bytes`
  return [{ code: 'data-object-length', expected, got: `${length} bytes` }]
}
