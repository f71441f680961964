/**
 * POST, GET and DELETE /v1/channels: the host's end of the RSA secure channel, for whoever has the card. The caller sends the
 * commands on to the card and the card's whole answers back (61XX followed up with GET RESPONSE).
 */
import { fromHex } from '@issuerkit/apdu'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { CHANNEL_LIMITS, type ChannelRow, readChannel, sweepChannels, waitSeconds } from '../channels/channel-rows.js'
import { type ChannelService, channelService, type Outcome } from '../channels/sessions.js'
import type { RouteContext, Routes } from '../context.js'
import type { Database } from '../database.js'
import { HostError, type HostErrorCode } from '../errors.js'
import { httpStatus } from '../http-status.js'
import { sendOnce, withIdempotency } from '../idempotency.js'
import { toJson } from './json.js'
import { Choice, Hex, ID, IdParams } from './schemas.js'

const closed = { additionalProperties: false } as const
const BEGIN = Type.Object(
  {
    issuer: ID,
    credentials: Type.String({
      ...{ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9._-]*$' },
      description: "The id of the issuer's credentials.",
    }),
    card: Type.String({
      ...{ minLength: 1, maxLength: 64, pattern: '^[\\x20-\\x7E]*$' },
      description: 'What the caller calls the card: its sessions are counted. Kept as a hash.',
    }),
    variant: Choice(['transport', 'agreement'] as const, 'How the keys come about.'),
    profile: Type.Optional(Choice(['gp', 'feitian'] as const, 'Whose reading of the standard; gp unless given.')),
    level: Type.Optional(Hex(1, 1, 'Security level: 01 C-MAC, 02 C-ENC, 10 R-MAC, 20 R-ENC; 33 unless given.')),
    mutual: Type.Optional(Type.Boolean({ description: 'Whether the card proves itself, too; it does unless given.' })),
  },
  closed,
)
const STEP = Type.Optional(
  Type.Integer({
    ...{ minimum: 1, maximum: 2_147_483_647 },
    description: 'The `step` of the answer that this goes on from: with it, a message that comes twice does no harm.',
  }),
)
const RESPONSE = Type.Object({ response: Hex(1, 4096, "The card's answer: data and status."), step: STEP }, closed)
const COMMAND = Type.Object({ command: Hex(4, 4096, 'A command APDU without protection.'), step: STEP }, closed)
const SWEEP_MILLISECONDS = 60_000
const DESCRIPTION = [
  'The answer is the first `command` for the card. Send it on, and what the card answers to `/responses`, until `state` is',
  '`open`; then `/wrap` protects a command and `/unwrap` opens the answer to it. Any node goes on with any message. Whatever',
  'is wrong with what a card answers, the answer is ERR_CHANNEL_FAILED and the channel ends; so it does after half an hour',
  'without a message. A request that may come twice carries an `Idempotency-Key`, or the `step` that it goes on from.',
].join(' ')
const tags = ['channels']
const config = { scope: 'channels' } as const

/** Adds the routes of secure channels. */
export const channelRoutes: Routes = (app, context) => {
  const { database, masterKey, audit } = context
  const service = channelService(database, masterKey)
  const sweep = setInterval(() => {
    sweepChannels(database).catch((error: unknown) => app.log.error({ err: error }, 'channels cannot be swept'))
  }, SWEEP_MILLISECONDS).unref()
  app.addHook('onClose', async () => clearInterval(sweep))

  app.post(
    '/v1/channels',
    {
      config: { ...config, keyUse: 'channel-open' },
      schema: { summary: 'Open a secure channel', description: DESCRIPTION, tags, body: BEGIN },
    },
    async (request, reply) => {
      const { issuer, card: name, credentials, ...wanted } = request.body
      const settings = settingsOf(wanted as Wanted)
      const subject = subjectOf(request)
      const card = await service.cardHash(issuer, name)
      return answer({ context, service }, request, reply, 201, async (transaction) => {
        const wait = await waitSeconds(transaction, { subject, issuer, card_hash: card }, CHANNEL_LIMITS)
        if (wait > 0) {
          void reply.header('retry-after', String(wait))
          audit.note({ subject, action: 'limit.rate', object: 'route:/v1/channels', outcome: 'refused' })
          throw new HostError('ERR_TOO_MANY_REQUESTS', 'Too many sessions with this card, or too many that failed.')
        }
        const id = crypto.randomUUID()
        const begun = { id, subject, issuer, credentials, card, settings }
        return { answer: await service.begin(transaction, begun) }
      })
    },
  )
  app.post(
    '/v1/channels/:id/responses',
    { config, schema: { summary: "Go on with the card's answer", tags, params: IdParams, body: RESPONSE } },
    (request, reply) =>
      answer({ context, service }, request, reply, 200, (transaction) =>
        service.answer(transaction, nameOf(request), fromHex(request.body.response)),
      ),
  )
  app.post(
    '/v1/channels/:id/wrap',
    { config, schema: { summary: 'Protect a command', tags, params: IdParams, body: COMMAND } },
    (request, reply) =>
      answer({ context, service }, request, reply, 200, (transaction) =>
        service.wrap(transaction, nameOf(request), fromHex(request.body.command)),
      ),
  )
  app.post(
    '/v1/channels/:id/unwrap',
    { config, schema: { summary: 'Check and open the answer to it', tags, params: IdParams, body: RESPONSE } },
    (request, reply) =>
      answer({ context, service }, request, reply, 200, (transaction) =>
        service.unwrap(transaction, nameOf(request), fromHex(request.body.response)),
      ),
  )
  app.get(
    '/v1/channels/:id',
    { config, schema: { summary: 'Where a channel stands', tags, params: IdParams } },
    async (request) => describe(await readChannel(database, subjectOf(request), request.params.id)),
  )
  app.delete(
    '/v1/channels/:id',
    { config, schema: { summary: 'Close a channel: its keys are erased', tags, params: IdParams } },
    (request, reply) =>
      answer({ context, service }, request, reply, 200, async (transaction) => {
        const name = { subject: subjectOf(request), id: request.params.id }
        await service.close(transaction, name)
        return { answer: describe(await readChannel(transaction, name.subject, name.id)) }
      }),
  )
}

const subjectOf = ({ caller }: Pick<FastifyRequest, 'caller'>): string => caller?.subject ?? ''

function nameOf({ caller, params, body }: Pick<FastifyRequest, 'caller' | 'params' | 'body'>) {
  const { id } = params as { id: string }
  const { step } = body as { step?: number }
  return { subject: subjectOf({ caller }), id, ...(step === undefined ? {} : { step }) }
}

/** What the body says of it, by its schema. */
interface Wanted {
  readonly variant: 'transport' | 'agreement'
  readonly profile?: 'gp' | 'feitian'
  readonly level?: string
  readonly mutual?: boolean
}

function settingsOf({ variant, profile = 'gp', level = '33', mutual = true }: Wanted): ChannelRow['settings'] {
  const date = new Date().toISOString().slice(0, 10).replaceAll('-', '')
  return { variant, profile, level: Number.parseInt(level, 16), mutual, date }
}

/** Answers once for each Idempotency-Key. A refusal that has an effect is thrown behind its transaction, every time again. */
async function answer<T>(
  { context, service }: { readonly context: RouteContext; readonly service: ChannelService },
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  work: (transaction: Database) => Promise<Outcome<T>>,
): Promise<FastifyReply> {
  context.audit.expectWritable()
  await service.prepare()
  const sent = await withIdempotency(context, request, async (transaction) => {
    const outcome = await work(transaction)
    return 'refused' in outcome
      ? { status: httpStatus(outcome.refused), body: outcome.refused }
      : { status, body: toJson(outcome.answer) }
  })
  if (sent.status >= 400) throw new HostError(JSON.parse(sent.text) as HostErrorCode)
  return sendOnce(reply, sent)
}

function describe({ id, issuer, credentials, settings, state, outcome, version, ...times }: ChannelRow) {
  const { variant, profile, level, mutual } = settings
  return {
    ...{ channel: id, issuer, credentials, variant, profile, mutual },
    level: level.toString(16).toUpperCase().padStart(2, '0'),
    state: times.isExpired ? 'ended' : state,
    outcome: times.isExpired && outcome === null ? 'expired' : outcome,
    step: version,
    created: times.created_at.toISOString(),
    expires: times.expires_at.toISOString(),
  }
}
