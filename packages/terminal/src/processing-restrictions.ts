/**
 * Processing restrictions: whether the application may be used here, today, for this.
 * @see [EMV-B3] 10.4
 */
import { equalBytes } from '@issuerkit/apdu'
import { numeric, type TransactionState, unsigned } from './transaction-state.js'

/** Application usage control (9F07), byte 1 and 2: the bits for [domestic, international] use. [EMV-B3] C2 */
const USAGE = {
  cash: [0x8000, 0x4000],
  goods: [0x2000, 0x1000],
  services: [0x0800, 0x0400],
  cashback: [0x0080, 0x0040],
} as const
const VALID_AT_ATMS = 0x0200
const VALID_ELSEWHERE = 0x0100

/** Sets the bits of TVR byte 2. */
export function processingRestrictions(state: TransactionState): void {
  state.phase = 'processing-restrictions'
  const { card, terminal, bits } = state
  const [ours, theirs] = [terminal.get('9F09'), card.get('9F08')]
  // [EMV-B3] 10.4.1: a card without a version number is taken to have the terminal's.
  if (ours !== undefined && theirs !== undefined && !equalBytes(ours, theirs)) bits.setTvr('applicationVersionsDiffer')
  if (!isUsageAllowed(state)) bits.setTvr('serviceNotAllowed')
  const today = day(terminal.get('9A'))
  const effective = card.get('5F25')
  if (effective !== undefined && day(effective) > today) bits.setTvr('applicationNotYetEffective')
  if (day(card.get('5F24')) < today) bits.setTvr('applicationExpired')
}

/** YYMMDD as a number that orders days: 50 to 99 are years of the 20th century. [EMV-B4] 6.7.3 */
function day(value: Uint8Array | undefined): number {
  const date = numeric(value)
  return date >= 500000 ? date : date + 1_000_000
}

/** [EMV-B3] 10.4.2 */
function isUsageAllowed({ card, terminal }: TransactionState): boolean {
  const control = card.get('9F07')
  if (control === undefined) return true
  const usage = unsigned(control.subarray(0, 2))
  const allows = (mask: number): boolean => (usage & mask) !== 0
  if (!allows(isAtm(terminal) ? VALID_AT_ATMS : VALID_ELSEWHERE)) return false
  const issuerCountry = card.get('5F28')
  const country = terminal.get('9F1A')
  if (issuerCountry === undefined || country === undefined) return true
  const at = equalBytes(issuerCountry, country) ? 0 : 1
  if (isCashback(terminal) && !allows(USAGE.cashback[at])) return false
  if (numeric(terminal.get('9C')) === 1) return allows(USAGE.cash[at])
  // The transaction type does not tell goods from services: either suffices.
  return isPurchase(terminal) ? allows(USAGE.goods[at] | USAGE.services[at]) : true
}

/** [EMV-B4] A1: a terminal of a financial institution, unattended, that gives cash (additional capabilities, bit 8). */
function isAtm(terminal: ReadonlyMap<string, Uint8Array>): boolean {
  const type = numeric(terminal.get('9F35'))
  return type >= 14 && type <= 16 && ((terminal.get('9F40')?.[0] ?? 0) & 0x80) !== 0
}

/** Transaction type (9C) 09, or another amount (9F03). */
export function isCashback(terminal: ReadonlyMap<string, Uint8Array>): boolean {
  return numeric(terminal.get('9C')) === 9 || numeric(terminal.get('9F03')) > 0
}

function isPurchase(terminal: ReadonlyMap<string, Uint8Array>): boolean {
  return [0, 9].includes(numeric(terminal.get('9C')))
}
