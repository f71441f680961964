/**
 * Terminal risk management: floor limit, random selection, velocity.
 * @see [EMV-B3] 10.6
 */
import { createSeededRandom } from './random-seed.js'
import { getData, hasAipBit, numeric, type TransactionState, unsigned } from './transaction-state.js'

/** What the terminal risks on its own. */
export interface RiskOptions {
  /** Random selection below the floor limit (9F1B); nothing is selected without. */
  readonly randomSelection?: RandomSelection
  /** The amount of earlier transactions of the same card in the terminal's log, in the unit of 9F02. */
  readonly loggedAmount?: number
  /** The merchant sends this transaction online. */
  readonly forceOnline?: boolean
  /** The card stands on the terminal's exception file. */
  readonly onExceptionFile?: boolean
}

/** Biased random selection. [EMV-B3] 10.6.2 */
export interface RandomSelection {
  /** Of the transactions below the threshold, the part that goes online: 0 to 99 per cent. */
  readonly targetPercentage: number
  /** The part of those just below the floor limit; not less than the target percentage. */
  readonly maximumTargetPercentage: number
  /** In the unit of 9F02, below the floor limit. */
  readonly threshold: number
  /** Decides the random number, 1 to 99. */
  readonly seed: number
}

/**
 * Sets the bits of TVR byte 4, `cardOnExceptionFile` and `newCard`, and the TSI bit.
 * @throws ERR_OPTION for a seed that is none
 */
export async function terminalRiskManagement(state: TransactionState, options: RiskOptions): Promise<void> {
  state.phase = 'terminal-risk-management'
  const { bits, card, terminal } = state
  if (options.onExceptionFile === true) bits.setTvr('cardOnExceptionFile')
  if (options.forceOnline === true) bits.setTvr('forcedOnline')
  // [EMV-B3] 10.6: byte 1 bit 4 of the AIP.
  if (!hasAipBit(state, 0x08)) return
  const amount = numeric(terminal.get('9F02'))
  const floorLimit = unsigned(terminal.get('9F1B'))
  // [EMV-B3] 10.6.1: the limit itself is above it.
  if (amount + (options.loggedAmount ?? 0) >= floorLimit) bits.setTvr('floorLimitExceeded')
  else if (options.randomSelection !== undefined && isSelected(amount, floorLimit, options.randomSelection)) {
    bits.setTvr('selectedRandomly')
  }
  if (card.has('9F14') && card.has('9F23')) await checkVelocity(state)
  bits.setTsi('terminalRiskManagementPerformed')
}

/** [EMV-B3] 10.6.2: the percentage grows from the threshold to the floor limit in a straight line. */
function isSelected(amount: number, floorLimit: number, selection: RandomSelection): boolean {
  const { targetPercentage, maximumTargetPercentage, threshold, seed } = selection
  const random = 1 + createSeededRandom(seed).below(99)
  if (amount < threshold) return random <= targetPercentage
  const factor = (amount - threshold) / (floorLimit - threshold)
  return random <= (maximumTargetPercentage - targetPercentage) * factor + targetPercentage
}

/** [EMV-B3] 10.6.3 */
async function checkVelocity(state: TransactionState): Promise<void> {
  const { bits, card } = state
  const atc = await getData(state, '9F36')
  const lastOnline = await getData(state, '9F13')
  const consecutive = unsigned(atc) - unsigned(lastOnline)
  const known = atc !== undefined && lastOnline !== undefined && consecutive > 0
  // [EMV-B3] 7.5: without the counters the check cannot be made, and the card had announced it.
  if (atc === undefined || lastOnline === undefined) bits.setTvr('iccDataMissing')
  if (!known || consecutive > unsigned(card.get('9F14'))) bits.setTvr('lowerConsecutiveOfflineLimitExceeded')
  if (!known || consecutive > unsigned(card.get('9F23'))) bits.setTvr('upperConsecutiveOfflineLimitExceeded')
  if (lastOnline !== undefined && unsigned(lastOnline) === 0) bits.setTvr('newCard')
}
