/** POST /v1/scripts/batch: scripts for many cards, one JSON object a line, streamed both ways. */
import { type Static, Type } from 'typebox'
import { LONGEST_ID, lineValidator } from '../batch/lines-json.js'
import { ScriptLines } from '../batch/script-lines.js'
import { addBatchRoute } from '../batch/stream.js'
import type { Routes } from '../context.js'
import { SCRIPT } from './script-body.js'

const closed = { additionalProperties: false } as const
const LINE = Type.Object(
  { id: Type.Optional(Type.String({ maxLength: LONGEST_ID, description: 'Given back with the answer.' })), ...SCRIPT },
  closed,
)
const { issuer, scheme, dki, template, le } = SCRIPT
const QUERY = Type.Object(
  { issuer: Type.Optional(issuer), scheme, dki, template: Type.Optional(template), le },
  { ...closed, description: 'For lines that have none of their own.' },
)

const DESCRIPTION = [
  'A line is a body of /v1/scripts, and may have an `id` of its own. The answer has a line for each, in their order: what',
  '/v1/scripts answers, or `{ "line": 7, "id": …, "error": { "code": …, "message": … } }`. Empty lines are passed over and',
  'counted. A line has at most 16 KB, a batch a million lines. PIN changes are refused with ERR_PIN_IN_BATCH. Lines that have',
  'the same fields in the same order, and the same spaces, are built together, a hundred times as fast as one by one.',
].join(' ')

/** Adds the route. */
export const scriptBatchRoutes: Routes = (app, context) =>
  addBatchRoute(app, {
    url: '/v1/scripts/batch',
    config: { scope: 'issue:scripts' },
    summary: 'Build issuer scripts for many cards',
    description: DESCRIPTION,
    tag: 'scripts',
    querystring: QUERY,
    answer(request, defaults) {
      const validate = lineValidator<Static<typeof LINE>>(request, LINE)
      const lines = new ScriptLines({ context, request, defaults, validate })
      return (some, bytes) => lines.answer(some, bytes)
    },
  })
