/**
 * The terminal's way to the issuer, over HTTP: an online request becomes an authorization, in one half or two, and its answer
 * what the terminal takes. Whatever comes again must be answered with the same bytes.
 */
import { concat, encodeTlv, fromHex, parseTlv, toHex } from '@issuerkit/apdu'
import { encodeScriptResults } from '@issuerkit/scripts'
import type { IssuerLink, OnlineRequest, OnlineResponse } from '@issuerkit/terminal'
import type { Reply } from './network.js'
import { type Account, type Claim, chance, chipOf, count, type SentDelivery, several, type World } from './world.js'

/**
 * | fate | |
 * |---|---|
 * | answered | the host answers, and the terminal hears it |
 * | lost | the host answers, and nobody hears it |
 * | late | the terminal gives up; the request comes to the host some transactions later |
 * | unreachable | the host never hears of it |
 * | spoilt | one bit of the issuer authentication data is wrong when they reach the terminal |
 */
export type Fate = 'answered' | 'lost' | 'late' | 'unreachable' | 'spoilt'

/** How a transaction goes online. */
export interface Way {
  readonly reference: string
  readonly entryMode: string | undefined
  readonly approved: boolean
  readonly halves: 1 | 2
  readonly fate: Fate
  /** Results of an earlier transaction that the terminal adds to its request. */
  readonly earlier: Claim['results']
}

/** The answer of an authorization, as the interface gives it. */
interface AnswerJson {
  readonly approved: boolean
  readonly arc?: string
  readonly emv: string
  readonly issuerAuthenticationData: string | null
  readonly delivery: string | null
  readonly scripts: readonly {
    readonly identifier: string
    readonly commands: readonly { readonly entry: string; readonly apdu: string }[]
  }[]
}

/** A link of one transaction, and its message once more, as networks repeat it. */
export interface HostLink {
  readonly link: IssuerLink
  /** Undefined until the transaction has gone online. */
  again(): (() => Promise<void>) | undefined
}

/** The link of one transaction of the account's card. */
export function hostLink(world: World, account: Account, way: Way): HostLink {
  let sent: { readonly ask: () => Promise<Reply>; readonly answer: string } | undefined
  const expectSame = ({ status, body, text }: Reply, answer: string): void => {
    count(world, 'repeats')
    if (status === 200 && JSON.stringify(body['answer']) === answer) return
    fault(world, account, way, `a repeat got ${status} ${text}, and before ${answer}`)
  }
  const again = async (): Promise<void> => {
    if (sent === undefined) return
    const reply = await sent.ask()
    if (reply.body['repeat'] !== true) fault(world, account, way, `a repeat is not told to be one: ${reply.text}`)
    expectSame(reply, sent.answer)
  }
  const first = async (request: OnlineRequest): Promise<void> => {
    const ask = asker(world, account, way, request)
    const [reply, ...more] = await several(account, 0.1, ask)
    for (const one of more) expectSame(one, JSON.stringify(reply.body['answer']))
    if (reply.status !== 200) return fault(world, account, way, `answered ${reply.status} ${reply.text}`)
    sent = { ask, answer: JSON.stringify(reply.body['answer']) }
    note(world, account, way, request, reply)
  }
  const link: IssuerLink = async (request) => {
    const { fate } = way
    if (fate === 'late')
      account.mail.push({ due: account.turns + 1 + account.random.below(3), send: () => first(request) })
    if (fate === 'late' || fate === 'unreachable') return 'unable-to-go-online'
    if (sent === undefined) await first(request)
    else await again()
    if (fate === 'lost' || sent === undefined) return 'unable-to-go-online'
    const response = responseOf(JSON.parse(sent.answer) as AnswerJson | null)
    return fate === 'spoilt' ? spoilt(response) : response
  }
  return { link, again: () => (sent === undefined ? undefined : again) }
}

/** As the network spoils it on the way. */
function spoilt(response: OnlineResponse | 'unable-to-go-online'): OnlineResponse | 'unable-to-go-online' {
  if (response === 'unable-to-go-online' || response.issuerAuthenticationData === undefined) return response
  const issuerAuthenticationData = response.issuerAuthenticationData.map((byte, i) => (i === 2 ? byte ^ 0x10 : byte))
  return { ...response, issuerAuthenticationData }
}

/** Sends the request, and where the issuer decides later its decision; always the same bytes. */
function asker(world: World, account: Account, way: Way, request: OnlineRequest): () => Promise<Reply> {
  const { kind } = account
  const { pan, panSequence } = request
  const isCsu = kind.approve.length === 8
  const code = way.approved ? kind.approve : kind.decline
  const decided = { [isCsu ? 'csu' : 'arc']: code, approved: way.approved }
  const body = {
    issuer: kind.issuer,
    reference: way.reference,
    pan,
    panSequence,
    ...(way.entryMode === undefined ? {} : { entryMode: way.entryMode }),
    ...(account.random.below(2) === 0 ? { application: kind.aid } : {}),
    emv: toHex(withResults(request.field55, way.earlier)),
    ...(way.halves === 1 ? { decision: { approved: decided, declined: kind.decline } } : {}),
  }
  return async () => {
    const first = await world.network.send({ method: 'POST', url: '/v1/authorizations', body })
    if (way.halves === 1 || first.status !== 200) return first
    const url = `/v1/authorizations/${first.body['authorization']}/response`
    const second = await world.network.send({ method: 'POST', url, body: { pan, ...decided } })
    return second.status === 200 ? { ...second, body: { ...second.body, repeat: first.body['repeat'] } } : second
  }
}

function withResults(field55: Uint8Array, results: Claim['results']): Uint8Array {
  return results.length === 0 ? field55 : concat(field55, encodeTlv('9F5B', encodeScriptResults(results)))
}

/** What the answer says, and what it must not. */
function note(world: World, account: Account, way: Way, { kind, field55 }: OnlineRequest, { body }: Reply): void {
  const { deliveries, claims } = chipOf(account)
  const atc = Number.parseInt(toHex(parseTlv(field55).find(({ tag }) => tag === '9F36')?.value ?? new Uint8Array()), 16)
  if (way.earlier.length > 0) claims.push({ with: 'request', reference: way.reference, atc, results: way.earlier })
  const { verdict, answer } = body as { readonly verdict: string; readonly answer: AnswerJson | null }
  count(world, `verdict ${verdict}`)
  const expected = kind === 'ARQC' ? 'V' : 'G'
  if (verdict !== expected) fault(world, account, way, `verdict ${verdict} ${JSON.stringify(body['findings'])}`)
  if (kind === 'ARQC' && answer?.issuerAuthenticationData == null) fault(world, account, way, 'no tag 91')
  if (answer === null || answer.delivery === null) return
  count(world, 'deliveries')
  if (way.entryMode !== undefined) fault(world, account, way, 'a delivery to a card that is not there any more')
  const sent: SentDelivery = { delivery: answer.delivery, reference: way.reference, atc, scripts: answer.scripts }
  deliveries.set(sent.delivery, sent)
}

function responseOf(answer: AnswerJson | null): OnlineResponse | 'unable-to-go-online' {
  if (answer === null) return 'unable-to-go-online'
  const objects = parseTlv(fromHex(answer.emv))
  const { issuerAuthenticationData: data } = answer
  return {
    // By method 2 nothing but the status update says it; the terminal takes its network's word.
    arc: fromHex(answer.arc ?? (answer.approved ? '3030' : '3531')),
    ...(data === null ? {} : { issuerAuthenticationData: fromHex(data) }),
    scripts: objects.filter(({ tag }) => tag === '71' || tag === '72').map(({ bytes }) => bytes),
  }
}

function fault(world: World, { name }: Account, { reference }: Way, what: string): void {
  world.faults.push(`${name}, ${reference}: ${what}`)
}

/** A reference of the account's next transaction. */
export function referenceOf(account: Account): string {
  return `${account.name}/${account.chips.length}/${account.turns}`
}

/** Whether the transaction is done in two calls, and whether it is approved. */
export function randomWay(account: Account, given: Partial<Way> = {}): Way {
  return {
    reference: referenceOf(account),
    entryMode: undefined,
    approved: chance(account, 0.85),
    halves: chance(account, 0.25) ? 2 : 1,
    fate: 'answered',
    earlier: [],
    ...given,
  }
}
