/** POST /v1/cryptograms/batch: cryptograms of many transactions, ARQC, TC or AAC, one JSON object a line: clearing files. */
import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { errorLine, type Fields, idOf, jsonLine, LONGEST_ID, lineFields, lineValidator } from '../batch/lines-json.js'
import { addBatchRoute, type Line } from '../batch/stream.js'
import type { RouteContext, Routes } from '../context.js'
import { HostError } from '../errors.js'
import { cardOf } from '../limits/hooks.js'
import { problemOf } from '../problem.js'
import { requestOf, verdictAnswer } from './cryptograms.js'
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
      const work = { context, request, defaults, validate }
      return async (lines, bytes) => {
        const answers: Uint8Array[] = []
        for (const line of lines) answers.push(line.answer ?? (await answerLine(work, line, bytes)))
        return Buffer.concat(answers)
      }
    },
  })

interface Work {
  readonly context: RouteContext
  readonly request: FastifyRequest
  readonly defaults: Fields
  readonly validate: (fields: Fields) => Static<typeof LINE>
}

async function answerLine(work: Work, { number, begin, end }: Line, bytes: Uint8Array): Promise<Uint8Array> {
  const { context, request, defaults, validate } = work
  const { audit, metrics, keys } = context
  let head: { readonly id?: string } = {}
  let issuer = '?'
  const subject = request.caller?.subject ?? ''
  const note = (outcome: 'ok' | 'refused' | 'failed') => {
    const detail = { use: 'cryptogram-verify' }
    audit.note({ subject, action: 'key.use', object: `issuer:${issuer}`, outcome, detail })
  }
  let settle: (failed: boolean) => void = () => {}
  try {
    audit.expectWritable()
    const fields = lineFields(bytes.subarray(begin, end))
    head = idOf(fields)
    const line = validate({ ...defaults, ...fields })
    settle = takeTry(context, subject, line)
    issuer = line.issuer
    const { expectedType } = line
    const verdict = await keys.verifyCryptogram({
      ...requestOf(line),
      ...(expectedType === undefined ? {} : { expectedType }),
    })
    metrics.verdict(verdict.code)
    settle(verdict.code === 'I')
    note('ok')
    return jsonLine({ ...head, ...verdictAnswer(verdict, false) })
  } catch (error) {
    settle(false)
    const { status } = problemOf(error)
    if (status === 400 || status === 404) issuer = '?'
    if (status !== 429) note(status >= 500 ? 'failed' : 'refused')
    return errorLine(request, number, head, error)
  }
}

/** Counts a verification about the card of a line, as those of single requests are. ERR_TOO_MANY_REQUESTS */
function takeTry(
  { failures, metrics, audit }: RouteContext,
  subject: string,
  line: Static<typeof LINE>,
): (failed: boolean) => void {
  const { key, name } = cardOf({ body: line })
  const taken = failures.take(subject, key)
  if ('settle' in taken) return taken.settle
  metrics.limited('failures')
  if (taken.first) audit.note({ subject, action: 'limit.failures', object: name, outcome: 'refused' })
  throw new HostError('ERR_TOO_MANY_REQUESTS', `Too many failed verifications: again in ${taken.waitSeconds} s.`)
}
