/** /v1/campaigns: bulk jobs. A campaign is made, takes its lines, is started, and gives a result for each line. */
import { Readable } from 'node:stream'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import type { Scope } from '../access/scopes.js'
import { appendAudit } from '../audit/append.js'
import { lineValidator } from '../batch/lines-json.js'
import { NDJSON } from '../batch/stream.js'
import { campaignJson } from '../campaigns/json.js'
import { CAMPAIGN_CHANGES, changeCampaign, createCampaign, listCampaigns, readCampaign } from '../campaigns/records.js'
import { resultLines } from '../campaigns/results.js'
import { queueSettings } from '../campaigns/settings.js'
import { type QueueLine, takeLines } from '../campaigns/upload.js'
import { operationOf } from '../cards/operation.js'
import type { QueueRequest } from '../cards/queue.js'
import type { App, RouteContext, Routes } from '../context.js'
import { HostError } from '../errors.js'
import { answerOnce } from '../idempotency.js'
import { BODY, CampaignParams, LINE, LINES_QUERY, LIST_QUERY, RESULT_QUERY } from './campaign-schemas.js'

/** What a campaign does is allowed to whoever may do it for one card. */
const SCOPES = { queue: 'issue:scripts', oda: 'verify:oda' } as const satisfies Record<string, Scope>
const KINDS = Object.keys(SCOPES) as (keyof typeof SCOPES)[]
const config = { scope: Object.values(SCOPES) } as const
const tags = ['campaigns']
const params = CampaignParams

const LINES = [
  'NDJSON. A line of a queue campaign names a card, `{ "card": "…" }` or `{ "pan": "…", "panSequence": "01" }`, and may have a',
  '`command` of its own and an `id`; a line of an oda campaign is one of /v1/oda/batch. Lines are stored some at a time: after',
  'an upload that was cut off, ask how many lines the campaign has, and go on with `from`. A bad line is taken too, and has its',
  'error in the result.',
].join(' ')

const RESULT = [
  'A line for each line, in their order, at any time: `state` is waiting, done, failed (refused; `retry` tries it again),',
  'invalid (the line itself is at fault) or cancelled.',
].join(' ')

/** Adds the routes of campaigns. */
export const campaignRoutes: Routes = async (app, context) => {
  const { database } = context
  app.post(
    '/v1/campaigns',
    { config, schema: { summary: 'Make a campaign', tags, body: BODY } },
    async (request, reply) => {
      const body = request.body as Static<typeof BODY>
      expectScope(request, body.kind)
      const work = await workOf(context, body)
      return answerOnce(context, request, reply, async (transaction) => {
        const { id = crypto.randomUUID() } = body
        await createCampaign(transaction, { id, operator: request.caller?.subject ?? '', work })
        const campaign = await readCampaign(transaction, id)
        await appendAudit(transaction, audited(request, 'campaign.create', id, { kind: body.kind }))
        return { status: 201, body: campaignJson(campaign) }
      })
    },
  )
  app.get(
    '/v1/campaigns',
    { config, schema: { summary: 'Campaigns, the latest first', tags, querystring: LIST_QUERY } },
    async (request) => {
      const { after, limit = 20 } = request.query
      const kinds = KINDS.filter((kind) => request.caller?.scopes.has(SCOPES[kind]))
      const page = await listCampaigns(database, { kinds, limit: limit + 1, ...(after === undefined ? {} : { after }) })
      const shown = page.slice(0, limit)
      return { campaigns: shown.map(campaignJson), next: page.length > limit ? (shown.at(-1)?.id ?? null) : null }
    },
  )
  app.get(
    '/v1/campaigns/:id',
    { config, schema: { summary: 'A campaign and how far it has come', tags, params } },
    async (request) => campaignJson(await readOwn(request)),
  )
  await app.register(async (scope) => addLines(scope, context))
  for (const change of CAMPAIGN_CHANGES) {
    app.post(
      `/v1/campaigns/:id/${change}`,
      { config, schema: { summary: `${change[0]?.toUpperCase()}${change.slice(1)} a campaign`, tags, params } },
      async (request, reply) => {
        if (request.body !== undefined) throw new HostError('ERR_BODY', 'The request has no body.')
        const { id } = await readOwn(request)
        return answerOnce(context, request, reply, async (transaction) => {
          const campaign = await changeCampaign(database, transaction, id, change)
          await appendAudit(transaction, audited(request, 'campaign.change', id, { change, lines: campaign.total }))
          return { status: 200, body: campaignJson(campaign) }
        })
      },
    )
  }
  app.get(
    '/v1/campaigns/:id/result',
    {
      config,
      schema: {
        ...{ summary: 'The result of a campaign', description: RESULT, tags, params, produces: [NDJSON] },
        querystring: RESULT_QUERY,
      },
    },
    async (request, reply) => {
      const { after = 0, state } = request.query
      const lines = resultLines(database, await readOwn(request), { after, state })
      return reply.type(NDJSON).send(Readable.from(lines))
    },
  )

  async function readOwn(request: FastifyRequest) {
    const { id } = request.params as Static<typeof params>
    const campaign = await readCampaign(database, id)
    expectScope(request, campaign.kind)
    return campaign
  }
}

/** Lines have a content type and no limit of their own: they are read as they come in. */
function addLines(scope: App, context: RouteContext): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(NDJSON, (_request, payload, done) => done(null, payload))
  const schema = { summary: 'Give a campaign its lines', description: LINES, tags, params, consumes: [NDJSON] }
  scope
    .withTypeProvider<TypeBoxTypeProvider>()
    .post(
      '/v1/campaigns/:id/lines',
      { config: { ...config, streams: true }, schema: { ...schema, querystring: LINES_QUERY } },
      async (request, reply) => {
        const { id } = request.params
        if (!(request.body instanceof Readable)) throw new HostError('ERR_CONTENT_TYPE')
        const { kind } = await readCampaign(context.database, id)
        expectScope(request, kind)
        const input = request.body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>
        const checkLine = lineValidator<QueueLine>(request, LINE)
        closeIfUnread(request, reply)
        const operation = operationOf(request)
        const { from } = request.query
        return { lines: await takeLines(context, { campaign: id, input, from, checkLine, operation }) }
      },
    )
}

/** What is left of a body after an error is not waited for. */
function closeIfUnread({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.raw.once('finish', () => {
    if (!raw.complete) raw.destroy()
  })
}

function expectScope({ caller }: FastifyRequest, kind: keyof typeof SCOPES): void {
  if (caller?.scopes.has(SCOPES[kind])) return
  throw new HostError('ERR_FORBIDDEN', `A campaign of kind ${kind} needs the scope ${SCOPES[kind]}.`)
}

async function workOf(context: RouteContext, body: Static<typeof BODY>) {
  const { id: _, ...work } = body
  if (work.kind === 'oda') {
    const { kind, ...settings } = work
    return { kind, issuer: null, settings }
  }
  const { kind, issuer, ...request } = work
  return { kind, issuer, settings: await queueSettings(context, issuer, request as QueueRequest) }
}

function audited(
  { caller, id: request }: FastifyRequest,
  action: 'campaign.create' | 'campaign.change',
  campaign: string,
  detail: Readonly<Record<string, string | number>>,
) {
  const subject = caller?.subject ?? ''
  return { subject, action, object: `campaign:${campaign}`, outcome: 'ok', request, detail } as const
}
