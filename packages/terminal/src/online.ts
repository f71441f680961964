/**
 * Going online: the request as an acquirer sends it on, the issuer's answer, and what the issuer is told afterwards.
 * @see [EMV-B3] 10.9, [EMV-B4] 12.1, [UPI-F55]
 */
import { concat, encodeTlv, toHex } from '@issuerkit/apdu'
import { Secret } from '@issuerkit/keys'
import type { Pin } from '@issuerkit/scripts'
import type { ScriptResultTags } from './script-processing.js'
import type { CryptogramKind } from './terminal-action-analysis.js'
import { allValues, hasAipBit, send, type TransactionState } from './transaction-state.js'

/** What goes to the issuer. */
export interface OnlineRequest {
  /** Decimal digits, without the padding of tag 5A. */
  readonly pan: string
  /** Two digits; `00` when the card gives none. */
  readonly panSequence: string
  /** ARQC; AAC from a special device, for the scripts that unblock an application. */
  readonly kind: CryptogramKind
  /** DE55: data objects in UnionPay's order. */
  readonly field55: Uint8Array
  /** The PIN as entered, its digits as ASCII; how it is enciphered on the way is the link's matter. */
  readonly onlinePin?: Secret
}

/** The issuer's answer. */
export interface OnlineResponse {
  /** Authorisation response code (8A, DE39), 2 bytes ASCII: 00, 10 and 11 approve. */
  readonly arc: Uint8Array
  /** The value of tag 91, 8 to 16 bytes. */
  readonly issuerAuthenticationData?: Uint8Array
  /** Whole templates 71 and 72, one in each item, in their order. */
  readonly scripts?: readonly Uint8Array[]
}

/** The way to the issuer. What it rejects with is its own fault and leaves the transaction. */
export type IssuerLink = (request: OnlineRequest) => Promise<OnlineResponse | 'unable-to-go-online'>

/** What a terminal tells the issuer after an online transaction: the script-result notification, and more. */
export interface TransactionAdvice {
  readonly pan: string
  readonly panSequence: string
  /** `completed`: the card gave its last cryptogram. `interrupted`: it did not, the issuer's answer may have been lost. */
  readonly kind: 'completed' | 'interrupted'
  /** DE55: UnionPay's tags of a notification, and the results in 9F5B too where there are any. */
  readonly field55: Uint8Array
}

/** [UPI-F55] usage 1. */
const REQUEST_TAGS =
  '9F26 9F27 9F10 9F37 9F36 95 9A 9C 9F02 5F2A 82 9F1A 9F03 9F33 9F34 9F35 9F1E 84 9F09 9F41 9F63'.split(' ')
/** [UPI-F55] usage 3, and the kind of the cryptogram. */
const ADVICE_TAGS = '9F33 95 9F37 9F1E 9F10 9F26 9F27 9F36 82 DF31 9F1A 9A'.split(' ')
/** [UPI-F55] usage 2. */
const REVERSAL_TAGS = '95 9F1E 9F10 9F36 DF31'.split(' ')

const APPROVING = ['3030', '3130', '3131']

/** The request, from what the transaction has come to. */
export function onlineRequest(state: TransactionState, kind: CryptogramKind, pin: Pin | undefined): OnlineRequest {
  const request = { ...holder(state), kind, field55: dataObjects(REQUEST_TAGS, allValues(state)) }
  if (pin === undefined) return request
  const onlinePin =
    pin instanceof Secret
      ? pin
      : Secret.of(
          Uint8Array.from(pin, (digit) => digit.charCodeAt(0)),
          'PIN',
        )
  return { ...request, onlinePin }
}

/** The advice, with the script results. */
export function transactionAdvice(
  state: TransactionState,
  kind: TransactionAdvice['kind'],
  results: ScriptResultTags,
): TransactionAdvice {
  const values = new Map([...allValues(state), ['DF31', results.DF31]])
  const field55 = dataObjects(kind === 'completed' ? ADVICE_TAGS : REVERSAL_TAGS, values)
  const emv = results['9F5B'].length === 0 ? [] : [encodeTlv('9F5B', results['9F5B'])]
  return { ...holder(state), kind, field55: concat(field55, ...emv) }
}

/** The records were read, and held a PAN. */
function holder({ card }: TransactionState): Pick<OnlineRequest, 'pan' | 'panSequence'> {
  const pan = toHex(card.get('5A') as Uint8Array).replace(/F+$/, '')
  return { pan, panSequence: toHex(card.get('5F34') ?? new Uint8Array(1)) }
}

function dataObjects(tags: readonly string[], values: ReadonlyMap<string, Uint8Array>): Uint8Array {
  return concat(
    ...tags.flatMap((tag) => {
      const value = values.get(tag)
      return value === undefined || value.length === 0 ? [] : [encodeTlv(tag, value)]
    }),
  )
}

/** Whether the issuer approves: 00, 10 and 11. [EMV-B4] 12.1, Annex A6 */
export function isApproval({ arc }: OnlineResponse): boolean {
  return APPROVING.includes(toHex(arc))
}

/**
 * EXTERNAL AUTHENTICATE, where the AIP says that the card takes issuer authentication data by it and there are any. Where
 * the CDOL2 asks for tag 91 the second GENERATE AC carries them.
 * @returns the status word; `undefined` when the command was not sent
 * @see [EMV-B3] 6.5.4, 10.9
 */
export async function authenticateIssuer(
  state: TransactionState,
  response: OnlineResponse,
): Promise<string | undefined> {
  const { issuerAuthenticationData } = response
  if (issuerAuthenticationData === undefined) return undefined
  state.computed.set('91', issuerAuthenticationData)
  // [EMV-B3] C1: byte 1 bit 3 of the AIP.
  if (!hasAipBit(state, 0x04)) return undefined
  state.phase = 'external-authenticate'
  const command = { cla: 0x00, ins: 0x82, p1: 0, p2: 0, data: issuerAuthenticationData }
  const { status } = await send(state, command)
  state.bits.setTsi('issuerAuthenticationPerformed')
  if (status !== '9000') state.bits.setTvr('issuerAuthenticationFailed')
  return status
}
