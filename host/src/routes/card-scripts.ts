/** /v1/cards/{card}/scripts: queue a command for a card, see it, cancel it, and tell what became of it. */
import { Type } from 'typebox'
import { cancelEntry, proveEntry } from '../cards/entries.js'
import { findEntry } from '../cards/find.js'
import { entryJson } from '../cards/json.js'
import { expectReason, operationOf } from '../cards/operation.js'
import { prepareEntry, type QueueRequest, queueEntry } from '../cards/queue.js'
import type { Routes } from '../context.js'
import { answerOnce } from '../idempotency.js'
import { cardStore } from '../store/card-store.js'
import { CardParams, COMMAND, EntryParams, QUEUE_OPTIONS, REASON } from './card-schemas.js'

const closed = { additionalProperties: false } as const
const QUEUE = Type.Object(
  {
    command: COMMAND,
    ...QUEUE_OPTIONS,
    pan: Type.Optional(Type.String({ maxLength: 32, description: "The card's, needed with a PIN." })),
  },
  closed,
)
const CANCEL = Type.Object({ reason: REASON }, closed)
const PROOF = Type.Object(
  { executed: Type.Boolean({ description: 'Whether the card executed the command.' }), reason: REASON },
  closed,
)
const config = { scope: 'issue:scripts' } as const
const tags = ['cards']

/** Adds the routes of queued commands. */
export const cardScriptRoutes: Routes = (app, context) => {
  const { database } = context
  const store = cardStore(context)
  app.post(
    '/v1/cards/:card/scripts',
    {
      config: { ...config, countFailures: true },
      schema: { summary: 'Queue a command for a card', tags, params: CardParams, body: QUEUE },
    },
    async (request, reply) =>
      answerOnce(context, request, reply, async (transaction) => {
        const { card: handle } = request.params
        const operation = operationOf(request)
        const store = cardStore(context, transaction)
        const card = await store.byHandle(handle)
        const prepared = await prepareEntry(context, card, request.body as QueueRequest, operation.operator)
        const { entry, superseded } = await store.change({ handle }, (change) =>
          queueEntry(change, prepared, operation),
        )
        return { status: 201, body: { entry: entryJson(entry), superseded } }
      }),
  )
  app.get(
    '/v1/cards/:card/scripts/:entry',
    { config, schema: { summary: 'A command and what became of it', tags, params: EntryParams } },
    async ({ params }) => entryJson(await findEntry(database, await store.byHandle(params.card), params.entry)),
  )
  app.post(
    '/v1/cards/:card/scripts/:entry/cancel',
    { config, schema: { summary: 'Cancel a command', tags, params: EntryParams, body: CANCEL } },
    async (request, reply) =>
      answerOnce(context, request, reply, async (transaction) => {
        const { params, body } = request
        expectReason(body.reason)
        const entry = await cancelEntry(context, transaction, params, operationOf(request))
        return { status: 200, body: entryJson(entry) }
      }),
  )
  app.post(
    '/v1/cards/:card/scripts/:entry/proof',
    {
      config,
      schema: { summary: 'Tell whether the card executed a command', tags, params: EntryParams, body: PROOF },
    },
    async (request, reply) =>
      answerOnce(context, request, reply, async (transaction) => {
        const { params, body } = request
        expectReason(body.reason)
        const entry = await proveEntry(context, transaction, params, body.executed, operationOf(request))
        return { status: 200, body: entryJson(entry) }
      }),
  )
}
