/** POST /v1/cards, GET /v1/cards/{card} and its history: cards by a handle that tells nothing of their PAN. */
import { type Static, Type } from 'typebox'
import { openCard } from '../cards/find.js'
import { cardJson, chipJson, deliveryJson, entryJson, wholeCardJson } from '../cards/json.js'
import { operationOf } from '../cards/operation.js'
import type { Routes } from '../context.js'
import { answerOnce } from '../idempotency.js'
import { type ArchivedItem, readArchive } from '../store/archive.js'
import { cardStore } from '../store/card-store.js'
import { APPLICATION, CardParams, PAGE } from './card-schemas.js'
import { CARD } from './schemas.js'

const BODY = Type.Object(
  { ...CARD, panSequence: Type.Optional(CARD.panSequence), application: APPLICATION },
  { additionalProperties: false },
)
const config = { scope: 'issue:scripts' } as const
const tags = ['cards']

/** Adds the routes of cards. */
export const cardRoutes: Routes = (app, context) => {
  const { database } = context
  const store = cardStore(context)
  app.post(
    '/v1/cards',
    { config, schema: { summary: 'Find a card, or make it known', tags, body: BODY } },
    async (request, reply) =>
      answerOnce(context, request, reply, async (transaction) => {
        const { panSequence = '00', ...name } = request.body as Static<typeof BODY>
        const card = await openCard(context, transaction, { ...name, panSequence }, operationOf(request))
        return { status: 200, body: cardJson(card) }
      }),
  )
  app.get(
    '/v1/cards/:card',
    { config, schema: { summary: 'A card: its counters, commands and deliveries', tags, params: CardParams } },
    async ({ params }) => wholeCardJson(await store.byHandle(params.card)),
  )
  app.get(
    '/v1/cards/:card/history',
    {
      config,
      schema: {
        summary: 'What is over: commands, deliveries, earlier chips and stops, the oldest first',
        tags,
        params: CardParams,
        querystring: PAGE,
      },
    },
    async ({ params, query: { after, limit = 100 } }) => {
      const { handle } = await store.byHandle(params.card)
      const page = await readArchive(database, handle, { after, limit: limit + 1 })
      const shown = page.slice(0, limit)
      return { history: shown.map(itemJson), next: page.length > limit ? (shown.at(-1)?.cursor ?? null) : null }
    },
  )
}

function itemJson({ archived, ...item }: ArchivedItem): object {
  const time = archived.toISOString()
  switch (item.kind) {
    case 'entry':
      return { kind: 'entry', archived: time, ...entryJson(item.body) }
    case 'delivery':
      // What kind of item it is; of what kind its cryptogram was has another name here.
      return { ...deliveryJson(item.body), cryptogram: item.body.kind, kind: 'delivery', archived: time }
    case 'ledger':
      return { kind: 'chip', archived: time, ...chipJson(item.body) }
    case 'stop':
      return { kind: 'stop', archived: time, ...item.body }
  }
}
