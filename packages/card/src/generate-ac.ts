/**
 * GENERATE AC: the card's word on a transaction, twice at most.
 *
 * ```
 * first    CDOL1 data -> card action analysis -> TC, AAC: the end; ARQC: to the issuer
 * second   CDOL2 data, after an ARQC -> what the issuer said, or that it could not be reached -> TC or AAC
 * ```
 * @see [EMV-B3] 6.5.5, 9, 10.7, 10.8, 10.11, [EMV-B2] 6.6, [PBOC] 5
 */
import { type Command, dolLength, fromHex, parseDol } from '@issuerkit/apdu'
import { answerCryptogram } from './cryptogram-answer.js'
import type { ApplicationConfig, ApplicationContext, CryptogramKind } from './debit-credit-model.js'
import { authenticateIssuerInline } from './issuer-authentication.js'
import { countOffline, offlineCount } from './offline-limits.js'
import { firstCryptogram, offlineAdvice, rememberFailedAuthentication, reviewCard } from './risk-management.js'
import { terminalValues } from './terminal-values.js'
import { completeOffline, completeOnline, issuerAuthenticationMissing } from './transaction-completion.js'
import type { CardAnswer } from './virtual-card.js'

/** What P1 asks for. [EMV-B3] 6.5.5.2 table 12 */
interface Request {
  readonly asked: CryptogramKind
  readonly cda: boolean
}

const ASKED: ReadonlyMap<number, CryptogramKind> = new Map([
  [0x00, 'AAC'],
  [0x40, 'TC'],
  [0x80, 'ARQC'],
])
const CDA = 0x10
/** [EMV-B3] Annex C1, AIP byte 1 bit 1. */
const AIP_CDA = 0x01
/** Authorisation response codes of a terminal that was unable to go online: Y3, Z3. [EMV-B4] Annex A6 */
const UNABLE_TO_GO_ONLINE: readonly number[] = [0x5933, 0x5a33]

/**
 * GENERATE AC, 80 AE.
 *
 * | P1 | 00 AAC, 40 TC, 80 ARQC; +10 with CDA |
 * |---|---|
 * | 9000 | template 80 or 77 |
 * | 6A86 | another P1, P2 not 00, or CDA that the application does not have |
 * | 6985 | before GET PROCESSING OPTIONS; after a TC or AAC; a second one that asks for an ARQC |
 * | 6700 | data of another length than CDOL1, CDOL2 |
 * @throws ERR_CARD, ERR_KEY when the application was personalised with something that does not work
 */
export function generateAc(context: ApplicationContext, { p1, p2, data = new Uint8Array(0) }: Command): CardAnswer {
  const { config, transaction } = context
  const request = requestOf(context, p1)
  if (request === undefined || p2 !== 0) return { status: '6A86' }
  if (!transaction.started) return { status: '6985' }
  if (transaction.generateAcs === 0) {
    return isLength(config.cdol1, data) ? first(context, request, data) : { status: '6700' }
  }
  const { asked } = request
  if (transaction.generateAcs === 2 || transaction.firstKind !== 'ARQC' || asked === 'ARQC') return { status: '6985' }
  return isLength(config.cdol2, data) ? second(context, { ...request, asked }, data) : { status: '6700' }
}

function requestOf({ config, memory }: ApplicationContext, p1: number): Request | undefined {
  const asked = ASKED.get(p1 & ~CDA)
  const cda = (p1 & CDA) !== 0
  if (asked === undefined) return undefined
  return cda && !(supportsCda(config) && memory.has('rsa/icc')) ? undefined : { asked, cda }
}

function supportsCda({ aip }: ApplicationConfig): boolean {
  return ((fromHex(aip)[0] as number) & AIP_CDA) !== 0
}

function isLength(list: string, data: Uint8Array): boolean {
  return data.length === dolLength(parseDol(fromHex(list)))
}

function first(context: ApplicationContext, { asked, cda }: Request, cdol1Data: Uint8Array): CardAnswer {
  const { memory, config, switches, transaction } = context
  const values = terminalValues(config, transaction, cdol1Data)
  const count = offlineCount(memory, values)
  const review = reviewCard(context, values, count)
  const kind = firstCryptogram(context, asked, review)
  if (kind === 'TC') countOffline(memory, count)
  if (kind === 'ARQC') memory.setState('onlineAuthorisation', 1)
  if (kind === 'AAC') rememberFailedAuthentication(memory, values.get('95'))

  const isSigned = cda && (kind !== 'AAC' || switches.signAac)
  const facts = { ...review, firstKind: kind, secondKind: undefined, cdaFirst: isSigned, cdaSecond: false }
  const advice = kind === 'AAC' ? offlineAdvice(context, review) : 0
  const { cryptogram, data } = answerCryptogram(context, { kind, advice, facts, values, cdol1Data, isSigned })

  transaction.generateAcs = 1
  transaction.firstKind = kind
  transaction.cryptogram = cryptogram
  transaction.cdol1Data = cdol1Data.slice()
  transaction.verification = facts
  // [PBOC-SCRIPT] 11: a blocked application has no other way to be unblocked, and a blocked PIN has none either.
  const pinBlocked = memory.has('data/9F17') && memory.readNumber('data/9F17') === 0
  transaction.scriptsAfterAac = kind === 'AAC' && (memory.state('blocked') !== 0 || pinBlocked)
  if (isSigned) transaction.dynamicAuthentication = true
  return { status: '9000', data }
}

function second(
  context: ApplicationContext,
  { asked, cda }: { readonly asked: 'TC' | 'AAC'; readonly cda: boolean },
  cdol2Data: Uint8Array,
): CardAnswer {
  const { memory, config, switches, transaction } = context
  const { cdol1Data, verification: earlier } = transaction
  const values = terminalValues(config, transaction, cdol1Data, cdol2Data)
  const unableToGoOnline = isUnableToGoOnline(values.get('8A'))
  if (!unableToGoOnline) authenticateIssuerInline(context, values.get('91'))
  const { issuerAuthentication } = transaction
  const facts = {
    ...(earlier as NonNullable<typeof earlier>),
    issuerAuthentication,
    issuerAuthenticationNotPerformed: !unableToGoOnline && issuerAuthenticationMissing(context),
    unableToGoOnline,
  }
  const count = offlineCount(memory, values)
  const { kind, advice } = unableToGoOnline
    ? completeOffline(context, asked, facts, count, values.get('95'))
    : completeOnline(context, asked, count)

  const isSigned = cda && (kind !== 'AAC' || switches.signAac)
  const { data } = answerCryptogram(context, {
    kind,
    advice,
    facts: { ...facts, secondKind: kind, cdaSecond: isSigned },
    values,
    cdol1Data,
    cdol2Data,
    isSigned,
  })
  transaction.generateAcs = 2
  if (isSigned) transaction.dynamicAuthentication = true
  return { status: '9000', data }
}

function isUnableToGoOnline(arc: Uint8Array | undefined): boolean {
  const [high = 0, low = 0] = arc ?? []
  return UNABLE_TO_GO_ONLINE.includes((high << 8) | low)
}
