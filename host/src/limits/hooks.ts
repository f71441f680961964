/** The limits of a request: how many of its subject, and how many failed verifications about its card. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AuditRecorder } from '../audit/recorder.js'
import { HostError, systemCode } from '../errors.js'
import type { Metrics } from '../metrics.js'
import { hmacSha256, random } from '../wrap.js'
import type { FailureCounter, Taken } from './failures.js'
import { type RateLimit, rateLimiter } from './rate.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Requests to this route, or those whose body says so, try a secret of a card: they are counted by their end. */
    countFailures?: boolean | ((body: unknown) => boolean)
  }
  interface FastifyRequest {
    /** The verdict of the cryptogram that was judged, set by the route. */
    verdict: string | undefined
    /** Ends the verification that the limits count. */
    settle: ((failed: boolean) => void) | undefined
  }
}

export interface Limits {
  /** Undefined is no limit. */
  readonly rate: RateLimit | undefined
  readonly failures: FailureCounter
  readonly audit: AuditRecorder
  readonly metrics: Metrics
}

/** Verdicts and errors that a guess gets when it is wrong. */
const FAILED_VERDICTS = ['I']
const FAILED_CODES = ['ERR_PIN_BLOCK', 'ERR_KEY_BLOCK', 'ERR_PAN_MISMATCH']

/** Limits the requests to routes that are added to `app` from now on. It goes behind the guard. */
export function limitRequests(app: FastifyInstance, { rate, failures, audit, metrics }: Limits): void {
  app.decorateRequest('verdict', undefined)
  app.decorateRequest('settle', undefined)
  const takeRequest = rate === undefined ? () => undefined : rateLimiter(rate)

  app.addHook('onRequest', async ({ caller }, reply) => {
    const subject = caller?.subject ?? ''
    const wait = takeRequest(subject)
    if (wait === undefined) return
    metrics.limited('rate')
    audit.note({ subject, action: 'limit.rate', object: 'host', outcome: 'refused' })
    throw tooMany(reply, wait)
  })

  app.addHook('preHandler', async (request, reply) => {
    const { countFailures } = request.routeOptions.config
    if (countFailures === undefined || countFailures === false || !namesPan(request)) return
    if (typeof countFailures === 'function' && !countFailures(request.body)) return
    const subject = request.caller?.subject ?? ''
    const card = cardOf(request)
    request.settle = settleOf(failures.take(subject, card.key), reply, (first) => {
      metrics.limited('failures')
      if (first) audit.note({ subject, action: 'limit.failures', object: card.name, outcome: 'refused' })
    })
  })
  app.addHook('onError', async (request, _reply, error) => {
    if (FAILED_CODES.includes(systemCode(error) ?? '')) request.verdict = 'I'
  })
  app.addHook('onResponse', async ({ settle, verdict }) => {
    if (verdict !== undefined) metrics.verdict(verdict)
    settle?.(FAILED_VERDICTS.includes(verdict ?? ''))
  })
  app.addHook('onRequestAbort', async ({ settle }) => {
    // Whoever hangs up before the answer has learnt nothing, and must not gain a free try by it either.
    settle?.(true)
  })
}

function settleOf(taken: Taken, reply: FastifyReply, refused: (first: boolean) => void): (failed: boolean) => void {
  if ('settle' in taken) return taken.settle
  refused(taken.first)
  throw tooMany(reply, taken.waitSeconds)
}

function tooMany(reply: FastifyReply, seconds: number): HostError {
  void reply.header('retry-after', String(seconds))
  return new HostError('ERR_TOO_MANY_REQUESTS')
}

/** An advice or a command for a card may come without a PAN: then no secret of a card is tried. */
function namesPan({ body }: Pick<FastifyRequest, 'body'>): boolean {
  return typeof body === 'object' && body !== null && 'pan' in body
}

/** An id out of an address may be none of ours, and be anything. */
function withoutPan(id: string): string {
  return id.replaceAll(/\d{13,}/g, '?')
}

/** Cards are remembered by a hash that dies with the process. */
const CARD_KEY = random(32)

/**
 * What a card is counted and named by: its handle, or the authorization that is answered, where the address has one, whatever
 * PAN is tried with it; of a PAN the last four digits.
 */
export function cardOf({ body, params }: Pick<FastifyRequest, 'body'> & Partial<Pick<FastifyRequest, 'params'>>): {
  readonly key: string
  readonly name: string
} {
  const { card, id } = (params ?? {}) as Readonly<Record<string, unknown>>
  if (typeof card === 'string') return { key: card, name: `card:${withoutPan(card)}` }
  if (typeof id === 'string') return { key: id, name: `authorization:${withoutPan(id)}` }
  const { issuer, pan, panSequence } = body as Readonly<Record<string, unknown>>
  // DE23 has up to three digits, and its zeros may be left out: however it is written, it is one card.
  const sequence = `${panSequence ?? ''}`.padStart(2, '0').slice(-2)
  const text = new TextEncoder().encode(JSON.stringify([issuer, pan, sequence]))
  const key = Buffer.from(hmacSha256(CARD_KEY, text)).toString('base64url')
  return { key, name: `card:****${`${pan}`.slice(-4)} of ${issuer}` }
}
