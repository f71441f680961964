/**
 * UnionPay's issuer discretionary data, the end of tag 9F10: balances of the card under a MAC of their own, so that an
 * issuer can build a load command from what the card holds.
 *
 * ```
 * length (1)  identifier (1)  value (5 or 10)  MAC (4)
 * ```
 * @see [PBOC] 5, [UPI-F55]
 */
import { concat, IssuerkitError } from '@issuerkit/apdu'
import { constantTimeEqual } from './compare.js'
import { expectAtc } from './expect.js'
import type { KeyLevel, SecretKey } from './key.js'
import { mac } from './mac.js'
import { type PaddingMethod, pad } from './padding.js'

/** What an identifier stands for. */
interface DiscretionaryRow {
  readonly name: string
  readonly valueLength: number
  /** Padding after the data have been filled with zeros to whole blocks of 8: only 01, 02 and 05 append 80. */
  readonly padding: PaddingMethod
}

const ROWS: Readonly<Record<number, DiscretionaryRow>> = {
  1: { name: 'electronicCashBalance', valueLength: 5, padding: 2 },
  2: { name: 'cumulativeOfflineAmount', valueLength: 5, padding: 2 },
  3: { name: 'electronicCashBalanceAndCumulativeOfflineAmount', valueLength: 10, padding: 1 },
  4: { name: 'cumulativeOfflineAmountAndItsLimit', valueLength: 10, padding: 1 },
  5: { name: 'availableOfflineAmount', valueLength: 5, padding: 2 },
}

/** Bytes of the MAC. */
const MAC_LENGTH = 4

/** The discretionary data, taken apart. */
export interface UnionPayDiscretionaryData {
  readonly id: number
  /** What the value is; `undefined` for an identifier without a meaning known here. */
  readonly name: string | undefined
  /** Amounts of 5 bytes, BCD, in the minor unit of the currency. */
  readonly value: Uint8Array
  /** 4 bytes. */
  readonly mac: Uint8Array
}

/**
 * The discretionary data, or `undefined` when they have another form: issuers may put there what they like.
 * @param bytes what follows the algorithm byte of tag 9F10
 */
export function parseDiscretionaryData(bytes: Uint8Array): UnionPayDiscretionaryData | undefined {
  if (bytes.length < 2 + MAC_LENGTH || bytes[0] !== bytes.length - 1) return undefined
  const id = bytes[1] as number
  const value = bytes.subarray(2, -MAC_LENGTH)
  const row = ROWS[id]
  if (row !== undefined && row.valueLength !== value.length) return undefined
  return { id, name: row?.name, value, mac: bytes.subarray(-MAC_LENGTH) }
}

/**
 * The MAC of discretionary data: the leftmost 4 bytes over ATC ‖ value, filled with zeros to a whole block of 8 bytes.
 *
 * The rule is that of posted card test programs; no published number confirms it. An identifier without a meaning known
 * here is treated as 01.
 * @param key the session key of the purpose MAC, of the transaction's ATC
 * @throws ERR_ATC; ERR_LENGTH when the value of a known identifier has another length; ERR_KEY_DESTROYED
 */
export function discretionaryDataMac(
  key: SecretKey<KeyLevel, 'MAC'>,
  atc: Uint8Array,
  { id, value }: Pick<UnionPayDiscretionaryData, 'id' | 'value'>,
): Uint8Array {
  const row = ROWS[id]
  if (row !== undefined && row.valueLength !== value.length) {
    const got = `${value.length} bytes`
    throw new IssuerkitError('ERR_LENGTH', { label: `IDD ${id}`, expected: `${row.valueLength} bytes`, got })
  }
  const data = pad(concat(expectAtc(atc), value), 1, 8)
  return mac(key, data, { padding: row?.padding ?? 2, length: MAC_LENGTH })
}

/**
 * Whether the MAC of discretionary data is that of this key and ATC, compared in constant time.
 * @throws ERR_ATC, ERR_KEY_DESTROYED
 */
export function verifyDiscretionaryData(
  key: SecretKey<KeyLevel, 'MAC'>,
  atc: Uint8Array,
  idd: UnionPayDiscretionaryData,
): boolean {
  return constantTimeEqual(discretionaryDataMac(key, atc, idd), idd.mac)
}
