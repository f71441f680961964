/** The steps up to the records: the application is selected, started, read, and its data authenticated offline. */
import { type Exchange, encodeResponse, fromHex, parseResponse, toHex } from '@issuerkit/apdu'
import type { RsaPublicKey } from '@issuerkit/keys'
import { authenticateReading, selectMethod } from '@issuerkit/oda'
import { byPriority, DEFAULT_AIDS, selectByList, selectDirectory } from './application-selection.js'
import type { Finding, FindingCode } from './findings.js'
import { initiateApplication } from './initiate-application.js'
import {
  type AuthenticationOptions,
  authenticateApplication,
  type OfflineAuthentication,
} from './offline-authentication.js'
import { type ApplicationReading, readApplication } from './read-application.js'
import { type SelectedApplication, selectApplication } from './select-application.js'
import { transactionDateOf } from './terminal-data.js'
import type { TransactionOptions } from './transaction-model.js'
import { endTransaction, requireCardData, type TransactionState } from './transaction-state.js'

/** What of a reading ends a transaction. [EMV-B3] 7.2, 7.5, 10.2 */
const FATAL: readonly FindingCode[] = [
  'RECORD_STATUS',
  'RECORD_MALFORMED',
  'TAG_REPEATED',
  'TAG_MISSING',
  'TOO_MANY_RECORDS',
]

/** Selects, starts and reads an application; its data objects are the card's from here on. [EMV-B3] 10.1, 10.2 */
export async function openApplication(
  state: TransactionState,
  options: TransactionOptions,
): Promise<ApplicationReading> {
  const selected = await selectOne(state, options)
  state.phase = 'initiate-application'
  const initiated = await initiateApplication(state.exchange, selected, state.terminal)
  if (!initiated.ok) {
    const { status, findings } = initiated
    if (status === undefined || status === '9000') {
      endTransaction(state, { reason: 'card-data', detail: textOf(findings) })
    }
    endTransaction(state, { reason: status === '6985' ? 'conditions-not-satisfied' : 'card-status', status })
  }
  state.phase = 'read-application'
  const reading = await readApplication(state.exchange, selected, initiated)
  const values = [...selected.objects, ...reading.data, ['82', reading.aip] as const]
  for (const [tag, value] of values) state.card.set(tag, value)
  const fatal = reading.findings.filter(({ code }) => FATAL.includes(code))
  if (fatal.length > 0) endTransaction(state, { reason: 'card-data', detail: textOf(fatal) })
  if (!/^[0-9]{8,19}F*$/.test(toHex(requireCardData(state, '5A')))) {
    endTransaction(state, { reason: 'card-data', detail: 'tag 5A is no PAN' })
  }
  return reading
}

/** What a card did against the standard, in one line: sentences, tags and numbers of records. */
function textOf(findings: readonly Finding[]): string {
  return findings.map(({ sentence, about = '' }) => `${sentence} ${about}`.trim()).join(' ')
}

/** The application asked for, or the first of the card's that can be selected. [EMV-B1] 12.3, 12.4 */
async function selectOne(state: TransactionState, options: TransactionOptions): Promise<SelectedApplication> {
  const { specialDevice = false } = options
  const exchange = specialDevice ? fetchingBlockedFci(state.exchange) : state.exchange
  const aids = options.aid === undefined ? await candidates(exchange, options) : [options.aid]
  let refused: string | undefined
  for (const aid of aids) {
    const selected = await selectApplication(exchange, aid)
    const { status } = selected
    if (status === '9000' || (status === '6283' && specialDevice)) {
      if (selected.aid !== undefined) return selected
      endTransaction(state, { reason: 'card-data', detail: textOf(selected.findings) })
    }
    refused = status
  }
  if (refused === undefined || refused === '6A82') return endTransaction(state, { reason: 'no-application' })
  const reason = refused === '6283' ? 'application-blocked' : 'card-status'
  return endTransaction(state, { reason, status: refused })
}

async function candidates(
  exchange: Exchange,
  { aids = DEFAULT_AIDS, specialDevice = false }: TransactionOptions,
): Promise<Uint8Array[]> {
  const directory = await selectDirectory(exchange)
  if (directory.candidates.length > 0) return byPriority(directory.candidates).map(({ aid }) => aid)
  const list = await selectByList(exchange, aids)
  const blocked = list.blocked.map(({ aid }) => aid as Uint8Array)
  // Selected again, a blocked application says that it is; a card without any goes on to say what it has.
  const found = byPriority(list.candidates).map(({ aid }) => aid)
  if (found.length > 0 && !specialDevice) return found
  if (found.length + blocked.length > 0) return [...found, ...blocked]
  return list.cardBlocked ? aids.slice(0, 1) : []
}

/** Cards of PBOC may refuse SELECT of a blocked application with 6A81 and keep its FCI for GET RESPONSE. */
function fetchingBlockedFci(exchange: Exchange): Exchange {
  return async (command) => {
    const answer = await exchange(command)
    if (command[1] !== 0xa4 || parseResponse(answer).status !== '6A81') return answer
    const { data, status } = parseResponse(await exchange(fromHex('00C0000000')))
    return status === '9000' && data.length > 0 ? encodeResponse({ data, status: '6283' }) : answer
  }
}

/** Offline data authentication; without keys it is not performed. Sets the bits of TVR byte 1 and the TSI bit. */
export async function authenticateCard(
  state: TransactionState,
  reading: ApplicationReading,
  options: AuthenticationOptions | undefined,
): Promise<OfflineAuthentication | undefined> {
  state.phase = 'offline-data-authentication'
  const { bits, terminal } = state
  if (options === undefined) {
    bits.setTvr('offlineDataAuthenticationNotPerformed')
    return undefined
  }
  const authentication = await authenticateApplication(state.exchange, reading, terminal, options)
  const { verdict, outcome } = authentication
  const cda = selectMethod(reading.aip, terminal.get('9F33') as Uint8Array) === 'cda'
  if (!cda) bits.merge(verdict)
  // CDA is judged by its certificates here, and what they say belongs to CDA. [EMV-B2] 6.6
  else if (outcome === 'failed') {
    if (((verdict.tvr[0] as number) & 0x20) !== 0) bits.setTvr('iccDataMissing')
    bits.setTvr('cdaFailed')
    bits.setTsi('offlineDataAuthenticationPerformed')
  }
  return authentication
}

/** The ICC key, once its chain holds: for CDA. */
export function iccKeyOf(authentication: OfflineAuthentication | undefined): RsaPublicKey | undefined {
  if (authentication?.outcome !== 'cda-needs-generate-ac') return undefined
  const { iccModulus, iccExponent } = authentication.verdict.recovered
  // What a chain that holds has recovered.
  return { modulus: iccModulus as Uint8Array, exponent: iccExponent as Uint8Array }
}

/**
 * The key for an enciphered PIN: the card's PIN encipherment key, or its ICC key where it has none. [EMV-B2] 7.1
 * @throws ERR_DATE
 */
export function pinKeyOf(
  state: TransactionState,
  reading: ApplicationReading,
  options: AuthenticationOptions | undefined,
): RsaPublicKey | undefined {
  if (options === undefined) return undefined
  const { unpredictableNumber: _, asSent: __, ...given } = options
  const own = state.card.has('9F2D')
  const verdict = authenticateReading(reading, {
    transactionDate: transactionDateOf(state.terminal),
    ...given,
    tags: reading.objects,
    method: own ? 'pin-key' : 'icc-key',
  })
  const { pinModulus, pinExponent, iccModulus, iccExponent } = verdict.recovered
  const [modulus, exponent] = own ? [pinModulus, pinExponent] : [iccModulus, iccExponent]
  return verdict.ok ? { modulus: modulus as Uint8Array, exponent: exponent as Uint8Array } : undefined
}
