/** POST /v1/cryptograms/verify and /v1/cryptograms/arpc. */
import { fromHex } from '@issuerkit/apdu'
import { Type } from 'typebox'
import type { Routes } from '../context.js'
import { HostError } from '../errors.js'
import { requestOf, verdictAnswer } from '../keys/cryptogram-json.js'
import { problemOf, sendProblem } from '../problem.js'
import { toJson } from './json.js'
import { CARD, EMV, EXPLAIN, Hex, SCHEME } from './schemas.js'

const closed = { additionalProperties: false } as const
const VERIFY = Type.Object({ ...CARD, emv: EMV, scheme: SCHEME }, closed)
const ARPC = Type.Object(
  {
    ...CARD,
    emv: EMV,
    scheme: SCHEME,
    decision: Type.Union([
      Type.Object({ arc: Hex(2, 2, 'DE39 as two ASCII bytes: 3030 for 00.') }, closed),
      Type.Object(
        {
          csu: Hex(4, 4, 'Card status update.'),
          proprietaryAuthenticationData: Type.Optional(Hex(0, 8, 'What the application understands.')),
        },
        closed,
      ),
    ]),
  },
  closed,
)

/** Adds the routes of cryptograms. */
export const cryptogramRoutes: Routes = (app, { keys }) => {
  const config = { scope: 'verify:cryptograms', countFailures: true } as const
  app.post(
    '/v1/cryptograms/verify',
    {
      config: { ...config, keyUse: 'cryptogram-verify' },
      schema: {
        summary: 'Verify an application cryptogram',
        tags: ['cryptograms'],
        body: VERIFY,
        querystring: EXPLAIN,
      },
    },
    async (request) => {
      const verdict = await keys.verifyCryptogram(requestOf(request.body))
      request.verdict = verdict.code
      return verdictAnswer(verdict, request.query.explain === true)
    },
  )
  app.post(
    '/v1/cryptograms/arpc',
    {
      config: { ...config, keyUse: 'cryptogram-answer' },
      schema: { summary: 'Verify an ARQC and answer it', tags: ['cryptograms'], body: ARPC, querystring: EXPLAIN },
    },
    async (request, reply) => {
      const { body, query } = request
      const { decision } = body
      const { verdict, answer } = await keys.answerCryptogram(
        requestOf(body),
        'arc' in decision
          ? { arc: fromHex(decision.arc) }
          : {
              csu: fromHex(decision.csu),
              proprietaryAuthenticationData: fromHex(decision.proprietaryAuthenticationData ?? ''),
            },
      )
      request.verdict = verdict.code
      if (answer === undefined) {
        // Whoever looks at the status alone must not take this for an answer to the card.
        return sendProblem(reply, { ...problemOf(new HostError('ERR_NO_ARPC')), verdict: verdict.code })
      }
      return { ...verdictAnswer(verdict, query.explain === true), answer: toJson(answer) }
    },
  )
}
