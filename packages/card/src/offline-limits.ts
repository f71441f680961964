/**
 * Velocity checking: how many transactions, and how much money, the card lets through without asking the issuer.
 *
 * | data object | limit on | exceeded |
 * |---|---|---|
 * | 9F58, 9F59 | consecutive offline transactions, lower and upper | online; declined when that is impossible |
 * | 9F53, 9F72 | those abroad, by currency and by country | online |
 * | 9F54, 9F5C | amounts in the application's currency (9F51), lower and upper | as 9F58, 9F59 |
 * | 9F75, 9F5C | the same with those of a second currency (9F76), converted by 9F73 | as 9F58, 9F59 |
 *
 * A limit is exceeded when the transaction under way, counted in, goes above it. Without 9F58 or 9F59 the limits that the
 * records give to the terminal (9F14, 9F23) hold for the card, too.
 * @see [PBOC] 5 (card risk management), [VIS], [PBOC-SCRIPT] 5
 */
import { aflRecords, equalBytes, findTlv, fromHex, parseAfl, parseTlv } from '@issuerkit/apdu'
import { fromBcd } from './bcd.js'
import type { ExceededLimits } from './card-verification-results.js'
import type { ApplicationContext, ApplicationMemory, StateName } from './debit-credit-model.js'
import type { TerminalValues } from './terminal-values.js'

/** What the transaction under way counts as. Unknown where card or terminal do not say what it takes. */
export interface OfflineCount {
  readonly abroadByCountry: boolean | undefined
  readonly abroadByCurrency: boolean | undefined
  /** In the application's currency; 0 in any other. */
  readonly amount: number
  /** In the application's currency, or in the second one and converted. */
  readonly amountDual: number
}

/** Files whose records EMV governs; UPDATE RECORD changes the limits in them. [PBOC-SCRIPT] 5 */
const LAST_EMV_FILE = 10

/** What the transaction counts as. */
export function offlineCount(memory: ApplicationMemory, values: TerminalValues): OfflineCount {
  const currency = values.get('5F2A')
  const amount = fromBcd(values.get('9F02') ?? new Uint8Array(0))
  const same = (tag: string, other: Uint8Array | undefined): boolean | undefined =>
    other === undefined || !memory.has(`data/${tag}`) ? undefined : equalBytes(memory.read(`data/${tag}`), other)
  const [isHome, isOwn, isSecond] = [same('9F57', values.get('9F1A')), same('9F51', currency), same('9F76', currency)]
  return {
    abroadByCountry: isHome === undefined ? undefined : !isHome,
    abroadByCurrency: isOwn === undefined ? undefined : !isOwn,
    amount: isOwn === true ? amount : 0,
    amountDual: isOwn === true ? amount : isSecond === true ? converted(memory, amount) : 0,
  }
}

/**
 * An amount of the second currency in the application's. 9F73: the decimal places of the rate in the first digit, the rate
 * in the other seven; without it both are worth the same.
 */
function converted(memory: ApplicationMemory, amount: number): number {
  if (!memory.has('data/9F73')) return amount
  const factor = memory.read('data/9F73')
  const places = BigInt((factor[0] as number) >> 4)
  const rate = BigInt(fromBcd(factor) % 10_000_000)
  return Number((BigInt(amount) * rate) / 10n ** places)
}

/** Which limits this transaction exceeds, counted in. */
export function exceededLimits(context: ApplicationContext, count: OfflineCount): ExceededLimits {
  const { memory } = context
  const above = (name: StateName, more: number, limit: number | undefined): boolean =>
    limit !== undefined && memory.state(name) + more > limit
  const limits = offlineLimits(context)
  return {
    lowerConsecutive: above('consecutiveOffline', 1, limits.lowerConsecutive),
    upperConsecutive: above('consecutiveOffline', 1, limits.upperConsecutive),
    international:
      (count.abroadByCountry === true && above('consecutiveInternationalCountry', 1, limits.country)) ||
      (count.abroadByCurrency === true && above('consecutiveInternationalCurrency', 1, limits.currency)),
    lowerCumulative: above('cumulativeAmount', count.amount, limits.lowerCumulative),
    upperCumulative: above('cumulativeAmount', count.amount, limits.upperCumulative),
    lowerCumulativeDual: above('cumulativeAmountDual', count.amountDual, limits.lowerCumulativeDual),
    // 9F5C is the upper limit of both accumulators; the second one counts where 9F75 limits it.
    upperCumulativeDual:
      limits.lowerCumulativeDual !== undefined &&
      above('cumulativeAmountDual', count.amountDual, limits.upperCumulative),
  }
}

/** Counts an approval without the issuer. Counters stay at their highest value. */
export function countOffline(memory: ApplicationMemory, count: OfflineCount): void {
  const add = (name: StateName, more: number, most: number): void =>
    memory.setState(name, Math.min(memory.state(name) + more, most))
  add('consecutiveOffline', 1, 0xff)
  if (count.abroadByCountry === true) add('consecutiveInternationalCountry', 1, 0xff)
  if (count.abroadByCurrency === true) add('consecutiveInternationalCurrency', 1, 0xff)
  add('cumulativeAmount', count.amount, MOST_AMOUNT)
  add('cumulativeAmountDual', count.amountDual, MOST_AMOUNT)
}

/** Twelve digits. */
const MOST_AMOUNT = 999_999_999_999

const COUNTERS = [
  'consecutiveOffline',
  'consecutiveInternationalCountry',
  'consecutiveInternationalCurrency',
  'cumulativeAmount',
  'cumulativeAmountDual',
] as const satisfies readonly StateName[]

/** After an online transaction: all counters at 0. */
export function resetCounters(memory: ApplicationMemory): void {
  for (const name of COUNTERS) memory.setState(name, 0)
}

/** As a card status update may ask: counters at their limits, so that the next transaction goes online. [EMV-B3] C10 */
export function setCountersToLimits(context: ApplicationContext): void {
  const limits = offlineLimits(context)
  const values: Record<(typeof COUNTERS)[number], number | undefined> = {
    consecutiveOffline: limits.upperConsecutive,
    consecutiveInternationalCountry: limits.country,
    consecutiveInternationalCurrency: limits.currency,
    cumulativeAmount: limits.upperCumulative,
    cumulativeAmountDual: limits.upperCumulative,
  }
  for (const name of COUNTERS) context.memory.setState(name, values[name] ?? context.memory.state(name))
}

/** The limits that were personalised, as numbers. */
function offlineLimits({ memory, config, switches }: ApplicationContext) {
  const number = (tag: string): number | undefined =>
    memory.has(`data/${tag}`) ? memory.readNumber(`data/${tag}`) : undefined
  const amount = (tag: string): number | undefined =>
    memory.has(`data/${tag}`) ? fromBcd(memory.read(`data/${tag}`)) : undefined
  // Tag 9F14 is EMV's lower limit; the article calls it the upper one.
  const [lower, upper] = switches.offlineLimitTags === 'emv' ? ['9F14', '9F23'] : ['9F23', '9F14']
  return {
    lowerConsecutive: number('9F58') ?? limitInRecords(memory, config.afl, lower as string),
    upperConsecutive: number('9F59') ?? limitInRecords(memory, config.afl, upper as string),
    currency: number('9F53'),
    country: number('9F72'),
    lowerCumulative: amount('9F54'),
    upperCumulative: amount('9F5C'),
    lowerCumulativeDual: amount('9F75'),
  }
}

function limitInRecords(memory: ApplicationMemory, afl: string, tag: string): number | undefined {
  for (const { sfi, record } of aflRecords(parseAfl(fromHex(afl)))) {
    const name = `record/${sfi}/${record}`
    if (sfi > LAST_EMV_FILE || !memory.has(name)) continue
    const value = valueIn(memory.read(name), tag)
    if (value !== undefined) return value[0]
  }
  return undefined
}

/** The value of a tag in a record. UPDATE RECORD may have put anything there. */
function valueIn(record: Uint8Array, tag: string): Uint8Array | undefined {
  try {
    return findTlv(parseTlv(record), '70', tag)?.value
  } catch {
    return undefined
  }
}
