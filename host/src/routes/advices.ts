/** POST /v1/advices: what arrives later about a transaction. */
import { type Static, Type } from 'typebox'
import { type AdviceInput, advise } from '../authorizations/advise.js'
import type { Routes } from '../context.js'
import { callerOf, once, READING, REFERENCE } from './authorizations.js'
import { CARD, Choice, Hex } from './schemas.js'

const BODY = Type.Object(
  {
    issuer: CARD.issuer,
    reference: REFERENCE,
    kind: Choice(['script-result', 'reversal', 'cryptogram', 'clearing'] as const),
    pan: Type.Optional(CARD.pan),
    ...READING,
    scriptResults: Type.Optional(Hex(0, 80, 'DF31 or 9F5B, where they are not in `emv`.')),
    noAnswer: Type.Optional(Type.Boolean({ description: 'A reversal: the terminal never saw the answer.' })),
  },
  { additionalProperties: false },
)

const DESCRIPTION = [
  'A script-result notification, a reversal, an uploaded TC or AAC, or a clearing line, under the reference of the',
  'authorization that it is about. In any order and any number of times. With the PAN its cryptogram is verified, too.',
].join(' ')

/** Adds the route of advices. */
export const adviceRoutes: Routes = (app, context) => {
  const inOneGo = once(context)
  app.post(
    '/v1/advices',
    {
      config: { scope: 'verify:cryptograms', keyUse: 'advice', countFailures: true },
      schema: { summary: 'Take an advice', description: DESCRIPTION, tags: ['authorizations'], body: BODY },
    },
    (request, reply) =>
      inOneGo(request, reply, async (desk) => {
        const body = await advise(desk, callerOf(request), request.body as Static<typeof BODY> & AdviceInput)
        request.verdict = body.verdict ?? undefined
        return body
      }),
  )
}
