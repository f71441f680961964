/**
 * The second GENERATE AC: what the issuer's answer, or its absence, does to the cryptogram and to the card.
 *
 * | after an online transaction | indicators and counters |
 * |---|---|
 * | issuer authentication succeeded, is optional and was not done, or is not supported | reset, approved or declined |
 * | failed, or mandatory (9F56 bit 8) and not done | stay, and the failure is remembered |
 *
 * Reset are the script counter and the script failure, online, SDA, DDA and issuer authentication failure indicators; the
 * offline counters, unless a card status update says otherwise; and the last online ATC becomes this ATC. Where the
 * terminal was unable to go online nothing is reset: online authorisation stays incomplete.
 * @see [EMV-B3] 10.11, Annex C10 (card status update), [PBOC] 5, [PBOC-SCRIPT] 8, 9
 */
import type { ApplicationContext, StateName } from './debit-credit-model.js'
import { supportsIssuerAuthentication } from './issuer-authentication.js'
import { countOffline, type OfflineCount, resetCounters, setCountersToLimits } from './offline-limits.js'
import {
  adaSays,
  type CardFacts,
  declinesWhenUnableToGoOnline,
  issuerAuthenticationAdvice,
  offlineAdvice,
  rememberFailedAuthentication,
} from './risk-management.js'

/** What the second cryptogram is, and bits 4 to 1 of its CID. */
export interface Completion {
  readonly kind: 'TC' | 'AAC'
  readonly advice: number
}

/** Bits of a card status update, bytes 2 and 1. [EMV-B3] Annex C10 */
const CSU = {
  approves: 0x80,
  blocksCard: 0x40,
  blocksApplication: 0x20,
  updatesPinTryCounter: 0x10,
  goesOnlineNext: 0x08,
  counters: 0x03,
  pinTryCounter: 0x0f,
} as const
/** [VIS] tag 9F56: issuer authentication is mandatory. */
const MANDATORY = 0x80

const RESET: readonly StateName[] = [
  'scriptCounter',
  'scriptFailed',
  'onlineAuthorisation',
  'sdaFailed',
  'ddaFailed',
  'issuerAuthenticationFailed',
]

/** Whether the issuer can be authenticated, and was not. */
export function issuerAuthenticationMissing({ config, transaction }: ApplicationContext): boolean {
  return transaction.issuerAuthentication === 'none' && supportsIssuerAuthentication(config)
}

/** The issuer has answered. */
export function completeOnline(context: ApplicationContext, asked: 'TC' | 'AAC', count: OfflineCount): Completion {
  const { memory, transaction } = context
  const missing = issuerAuthenticationMissing(context) && isMandatory(context)
  const refused =
    (transaction.issuerAuthentication === 'failed' && adaSays(memory, 'declineOnIssuerAuthenticationFailure')) ||
    (missing && adaSays(memory, 'declineWithoutMandatoryIssuerAuthentication'))
  const { csu } = transaction
  // [EMV-B3] Annex C10: by method 2 the approval itself is under the issuer's MAC.
  const disapproved = csu !== undefined && (byte2(csu) & CSU.approves) === 0
  const isApproved = asked === 'TC' && memory.state('blocked') === 0 && !refused && !disapproved
  // The next transaction takes it for a failure; in this one there was none.
  if (missing) memory.setState('issuerAuthenticationFailed', 1)
  else if (transaction.issuerAuthentication !== 'failed') reset(context, count)
  if (csu !== undefined) obey(context, csu)
  const advice = asked === 'TC' && refused ? issuerAuthenticationAdvice(context) : 0
  return { kind: isApproved ? 'TC' : 'AAC', advice }
}

/** The issuer could not be reached. */
export function completeOffline(
  context: ApplicationContext,
  asked: 'TC' | 'AAC',
  facts: CardFacts,
  count: OfflineCount,
  tvr: Uint8Array | undefined,
): Completion {
  const { memory } = context
  const isBlocked = memory.state('blocked') !== 0
  if (asked === 'TC' && !isBlocked && !declinesWhenUnableToGoOnline(context, facts)) {
    countOffline(memory, count)
    return { kind: 'TC', advice: 0 }
  }
  rememberFailedAuthentication(memory, tvr)
  return { kind: 'AAC', advice: offlineAdvice(context, facts) }
}

function isMandatory({ memory }: ApplicationContext): boolean {
  return memory.has('data/9F56') && ((memory.read('data/9F56')[0] ?? 0) & MANDATORY) !== 0
}

function reset(context: ApplicationContext, count: OfflineCount): void {
  const { memory, transaction } = context
  for (const name of RESET) memory.setState(name, 0)
  if (memory.has('data/9F13')) memory.write('data/9F13', memory.read('data/9F36'))
  const csu = transaction.csu === undefined ? undefined : byte2(transaction.csu)
  memory.setState('goOnlineNext', csu !== undefined && (csu & CSU.goesOnlineNext) !== 0 ? 1 : 0)
  // 00: as they are; 01: to the upper limits; 10: to zero; 11: this transaction counts as an offline one.
  const update = csu === undefined ? 2 : csu & CSU.counters
  if (update === 1) setCountersToLimits(context)
  if (update === 2) resetCounters(memory)
  if (update === 3) countOffline(memory, count)
}

/** What a card status update asks for beside counters. Blocks come after the cryptogram: the transaction ends as decided. */
function obey({ memory }: ApplicationContext, csu: Uint8Array): void {
  const bits = byte2(csu)
  if ((bits & CSU.updatesPinTryCounter) !== 0 && memory.has('pin-try-limit')) {
    const tries = (csu[0] as number) & CSU.pinTryCounter
    memory.writeNumber('data/9F17', Math.min(tries, memory.readNumber('pin-try-limit')))
  }
  if ((bits & CSU.blocksApplication) !== 0) memory.setState('blocked', 1)
  if ((bits & CSU.blocksCard) !== 0) memory.blockCard()
}

function byte2(csu: Uint8Array): number {
  return csu[1] as number
}
