/**
 * Card action analysis: what the card knows of its past and of this transaction, and whether it approves, goes online or
 * declines. The card never gives a better cryptogram than the terminal asked for: TC before ARQC before AAC.
 *
 * Issuers set these rules in the application default action (ADA, tag 9F52); without it none of its bits are set. Cards of
 * families that keep such rules elsewhere (CIAC) have an ADA here, too.
 *
 * | fact | first GENERATE AC | second, unable to go online |
 * |---|---|---|
 * | application blocked | decline | decline |
 * | last online transaction not completed | online | |
 * | go online asked for by the issuer | online | |
 * | a limit exceeded | online | decline for an upper limit |
 * | issuer authentication failed last time | online by ADA 1.8 | |
 * | new card (last online ATC 0000) | online by ADA 1.2 | decline by ADA 1.1 |
 * | PIN try limit exceeded before | decline by ADA 2.7 or 2.3, online by ADA 2.6 | decline by ADA 2.5 |
 * | script failed last time | online by ADA 2.4 | |
 * @see [EMV-B3] 10.8, [PBOC] 5 (card action analysis), [VIS]
 */
import type { CardVerification } from './card-verification-results.js'
import type { ApplicationContext, ApplicationMemory, CryptogramKind } from './debit-credit-model.js'
import { exceededLimits, type OfflineCount } from './offline-limits.js'
import type { TerminalValues } from './terminal-values.js'

/** Bits of the ADA: byte, bit. */
const ADA = {
  onlineAfterIssuerAuthenticationFailure: [1, 8],
  declineOnIssuerAuthenticationFailure: [1, 7],
  declineWithoutMandatoryIssuerAuthentication: [1, 6],
  adviceWhenDeclinedOffline: [1, 5],
  adviceOnPinTryLimit: [1, 4],
  adviceOnIssuerAuthentication: [1, 3],
  onlineWhenNew: [1, 2],
  declineNewWhenUnableToGoOnline: [1, 1],
  declineOnEarlierPinTryLimit: [2, 7],
  onlineOnEarlierPinTryLimit: [2, 6],
  declineEarlierPinTryLimitWhenUnableToGoOnline: [2, 5],
  onlineAfterScriptFailure: [2, 4],
  declineWithAdviceOnEarlierPinTryLimit: [2, 3],
} as const satisfies Readonly<Record<string, readonly [byte: number, bit: number]>>

/** A rule that the issuer may set. */
export type AdaRule = keyof typeof ADA

/** Whether the issuer has set a rule. */
export function adaSays(memory: ApplicationMemory, rule: AdaRule): boolean {
  if (!memory.has('data/9F52')) return false
  const [byte, bit] = ADA[rule]
  return (((memory.read('data/9F52')[byte - 1] ?? 0) >> (bit - 1)) & 1) === 1
}

/** The facts as they stand before a cryptogram is chosen. */
export type CardFacts = Omit<CardVerification, 'firstKind' | 'secondKind' | 'cdaFirst' | 'cdaSecond'>

/** Looks at everything that the CVR of the first GENERATE AC tells. */
export function reviewCard(context: ApplicationContext, values: TerminalValues, count: OfflineCount): CardFacts {
  const { memory, transaction } = context
  const pinTryCounter = memory.has('data/9F17') ? memory.readNumber('data/9F17') : undefined
  return {
    issuerAuthentication: 'none',
    issuerAuthenticationNotPerformed: false,
    unableToGoOnline: false,
    offlinePin: transaction.pin,
    offlinePinEnciphered: transaction.pinEnciphered,
    terminalWronglyConsidersPinOk: claimsOfflinePin(values.get('9F34')) && transaction.pin !== 'succeeded',
    pinTryLimitExceeded: pinTryCounter === 0,
    pinTryCounter: pinTryCounter ?? 0,
    blockedByPin: memory.state('blocked') === BLOCKED_BY_PIN,
    lastOnlineNotCompleted: memory.state('onlineAuthorisation') !== 0,
    lastIssuerAuthenticationFailed: memory.state('issuerAuthenticationFailed') !== 0,
    newCard: memory.has('data/9F13') && memory.readNumber('data/9F13') === 0,
    lastSdaFailed: memory.state('sdaFailed') !== 0,
    lastDdaFailed: memory.state('ddaFailed') !== 0,
    scriptCounter: memory.state('scriptCounter'),
    scriptFailed: memory.state('scriptFailed') !== 0,
    goOnlineNext: memory.state('goOnlineNext') !== 0,
    limits: exceededLimits(context, count),
    international: count.abroadByCountry,
    ddaPerformed: transaction.dynamicAuthentication,
  }
}

const BLOCKED_BY_PIN = 2
/** [EMV-B3] Annex C3: the CVM codes with a PIN that the card verifies, with and without signature. */
const OFFLINE_PIN_METHODS: readonly number[] = [0x01, 0x03, 0x04, 0x05]
const SUCCESSFUL = 0x02

/** CVM results (9F34): the method without the bit for what to do when it fails, the condition, the result. */
function claimsOfflinePin(cvmResults: Uint8Array | undefined): boolean {
  const [method = 0, , result] = cvmResults ?? []
  return OFFLINE_PIN_METHODS.includes(method & 0x3f) && result === SUCCESSFUL
}

/** The first cryptogram: as asked for, or worse. */
export function firstCryptogram(context: ApplicationContext, asked: CryptogramKind, facts: CardFacts): CryptogramKind {
  if (asked === 'AAC' || declines(context, facts)) return 'AAC'
  return asked === 'ARQC' || goesOnline(context, facts) ? 'ARQC' : 'TC'
}

function declines({ memory, transaction }: ApplicationContext, facts: CardFacts): boolean {
  if (memory.state('blocked') !== 0) return true
  return (
    transaction.pinBlockedBefore &&
    facts.pinTryLimitExceeded &&
    (adaSays(memory, 'declineOnEarlierPinTryLimit') || adaSays(memory, 'declineWithAdviceOnEarlierPinTryLimit'))
  )
}

function goesOnline({ memory, transaction }: ApplicationContext, facts: CardFacts): boolean {
  if (facts.lastOnlineNotCompleted || facts.goOnlineNext || Object.values(facts.limits).some(Boolean)) return true
  const rules: readonly (readonly [fact: boolean, rule: AdaRule])[] = [
    [facts.lastIssuerAuthenticationFailed, 'onlineAfterIssuerAuthenticationFailure'],
    [facts.newCard, 'onlineWhenNew'],
    [facts.pinTryLimitExceeded && transaction.pinBlockedBefore, 'onlineOnEarlierPinTryLimit'],
    [facts.scriptFailed, 'onlineAfterScriptFailure'],
  ]
  return rules.some(([fact, rule]) => fact && adaSays(memory, rule))
}

/** Whether the card declines what it wanted to ask the issuer, who cannot be reached. */
export function declinesWhenUnableToGoOnline(
  { memory, transaction }: ApplicationContext,
  { limits, newCard, pinTryLimitExceeded }: CardFacts,
): boolean {
  if (limits.upperConsecutive || limits.upperCumulative || limits.upperCumulativeDual) return true
  if (newCard && adaSays(memory, 'declineNewWhenUnableToGoOnline')) return true
  return (
    pinTryLimitExceeded &&
    transaction.pinBlockedBefore &&
    adaSays(memory, 'declineEarlierPinTryLimitWhenUnableToGoOnline')
  )
}

/** Bits 4 to 1 of the CID: an advice is wanted, and why. [EMV-B3] 6.5.5.4 table 14 */
const ADVICE = { none: 0x00, declined: 0x08, pinTryLimit: 0x0a, issuerAuthentication: 0x0b } as const

/** The advice that an AAC without the issuer asks for. */
export function offlineAdvice({ memory, transaction }: ApplicationContext, facts: CardFacts): number {
  const rule = transaction.pinBlockedBefore ? 'declineWithAdviceOnEarlierPinTryLimit' : 'adviceOnPinTryLimit'
  if (facts.pinTryLimitExceeded && adaSays(memory, rule)) return ADVICE.pinTryLimit
  return adaSays(memory, 'adviceWhenDeclinedOffline') ? ADVICE.declined : ADVICE.none
}

/** The advice that an AAC asks for which the issuer's authentication has caused. */
export function issuerAuthenticationAdvice({ memory }: ApplicationContext): number {
  return adaSays(memory, 'adviceOnIssuerAuthentication') ? ADVICE.issuerAuthentication : ADVICE.none
}

/** TVR byte 1. [EMV-B3] Annex C5 */
const TVR_SDA_FAILED = 0x40
const TVR_DDA_OR_CDA_FAILED = 0x0c

/** Keeps for the next transaction what the terminal says of offline data authentication in one that is declined offline. */
export function rememberFailedAuthentication(memory: ApplicationMemory, tvr: Uint8Array | undefined): void {
  const [byte1 = 0] = tvr ?? []
  if ((byte1 & TVR_SDA_FAILED) !== 0) memory.setState('sdaFailed', 1)
  if ((byte1 & TVR_DDA_OR_CDA_FAILED) !== 0) memory.setState('ddaFailed', 1)
}
