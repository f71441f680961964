/** POST /v1/cryptograms/batch: cryptograms of many transactions, ARQC, TC or AAC, one JSON object a line: clearing files. */
import { type Static, Type } from 'typebox'
import { answerCryptograms } from '../batch/cryptogram-lines.js'
import { LONGEST_ID, lineValidator } from '../batch/lines-json.js'
import { addBatchRoute } from '../batch/stream.js'
import type { Routes } from '../context.js'
import { CARD, Choice, EMV, SCHEME } from './schemas.js'

const closed = { additionalProperties: false } as const
const expectedType = Type.Optional(
  Choice(['ARQC', 'TC', 'AAC'] as const, 'The kind that the cryptogram must be of; ARQC unless given.'),
)
const LINE = Type.Object(
  {
    id: Type.Optional(Type.String({ maxLength: LONGEST_ID, description: 'Given back with the verdict.' })),
    ...CARD,
    emv: EMV,
    scheme: SCHEME,
    expectedType,
  },
  closed,
)
const QUERY = Type.Object({ issuer: Type.Optional(CARD.issuer), scheme: SCHEME, expectedType }, closed)

const DESCRIPTION = [
  'A line is a body of /v1/cryptograms/verify, and may have an `id` and the `expectedType` of its cryptogram. The answer has',
  'a line for each, in their order: the verdict, or `{ "line": 7, "id": …, "error": { "code": …, "message": … } }`. Empty',
  'lines are passed over and counted. Failed verifications count as single ones do: of a card with too many of them, or for a',
  'caller with too many, lines are answered with ERR_TOO_MANY_REQUESTS.',
].join(' ')

/** Adds the route. */
export const cryptogramBatchRoutes: Routes = (app, context) =>
  addBatchRoute(app, {
    url: '/v1/cryptograms/batch',
    config: { scope: 'verify:cryptograms' },
    summary: 'Verify the application cryptograms of many transactions',
    description: DESCRIPTION,
    tag: 'cryptograms',
    querystring: QUERY,
    answer(request, defaults) {
      const validate = lineValidator<Static<typeof LINE>>(request, LINE)
      return (lines, bytes) => answerCryptograms({ context, request, defaults, validate }, lines, bytes)
    },
  })
