/** POST /v1/cards/{card}/reissue, /atc-reset and /resume: what an operator does when card and ledger have parted. */
import { Type } from 'typebox'
import { auditOf, expectReason, operationOf } from '../cards/operation.js'
import { expectTaken } from '../cards/refusals.js'
import { reissueCard } from '../cards/reissue.js'
import { resumeCard } from '../cards/resume.js'
import type { Routes } from '../context.js'
import { answerOnce } from '../idempotency.js'
import { cardStore } from '../store/card-store.js'
import { APPLICATION, CardParams, REASON } from './card-schemas.js'
import { CARD, Choice } from './schemas.js'

const closed = { additionalProperties: false } as const
const REISSUE = Type.Object(
  {
    waiting: Choice(['cancel', 'move'] as const, 'What happens to the commands that wait.'),
    to: Type.Optional(
      Type.Object(
        { pan: Type.Optional(CARD.pan), panSequence: CARD.panSequence, application: APPLICATION },
        { ...closed, description: 'The new card. Without it, a new chip with the same numbers.' },
      ),
    ),
    reason: REASON,
  },
  closed,
)
const ATC_RESET = Type.Object(
  {
    atc: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 65_535,
        description: "The card's counter; without it, that of its next cryptogram.",
      }),
    ),
    forget: Type.Optional(Type.Boolean({ description: 'Forget the counters that were seen, too.' })),
    reason: REASON,
  },
  closed,
)
const RESUME = Type.Object({ reason: REASON }, closed)
const config = { scope: 'issue:scripts' } as const
const tags = ['cards']

/** Adds the routes that change a card as a whole. */
export const cardChangeRoutes: Routes = (app, context) => {
  app.post(
    '/v1/cards/:card/reissue',
    { config, schema: { summary: 'Replace a card by another, or its chip', tags, params: CardParams, body: REISSUE } },
    async (request, reply) =>
      answerOnce(context, request, reply, async (transaction) => {
        const { params, body } = request
        return { status: 200, body: await reissueCard(context, transaction, params.card, body, operationOf(request)) }
      }),
  )
  app.post(
    '/v1/cards/:card/atc-reset',
    {
      config,
      schema: { summary: 'Move the window of counters', tags, params: CardParams, body: ATC_RESET },
    },
    async (request, reply) => {
      const { params, body } = request
      const { reason, ...reset } = body
      const operation = operationOf(request)
      expectReason(reason)
      return answerOnce(context, request, reply, async (transaction) => {
        const highest = await cardStore(context, transaction).change({ handle: params.card }, (change) => {
          expectTaken(change.apply({ type: 'atc-reset', now: operation.now, ...reset }), 'done')
          change.audit(auditOf(operation, 'card.atc-reset', change.card, reset))
          return change.ledger.highestAtc
        })
        return { status: 200, body: { card: params.card, atc: { highest } } }
      })
    },
  )
  app.post(
    '/v1/cards/:card/resume',
    {
      config,
      schema: { summary: 'Work on a card again that was stopped', tags, params: CardParams, body: RESUME },
    },
    async (request, reply) =>
      answerOnce(context, request, reply, async (transaction) => {
        const { card } = request.params
        const what = { handle: card, reason: request.body.reason }
        return {
          status: 200,
          body: { card, resumed: await resumeCard(context, transaction, what, operationOf(request)) },
        }
      }),
  )
}
