/** POST /v1/oda/batch: offline data authentication of many cards, one JSON object a line, streamed both ways. */
import { Readable } from 'node:stream'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { odaResults } from '../batch/oda-lines.js'
import type { Routes } from '../context.js'
import { HostError } from '../errors.js'

const NDJSON = 'application/x-ndjson'

const QUERY = Type.Object(
  {
    transactionDate: Type.Optional(
      Type.String({ pattern: '^[0-9]{8}$', description: 'YYYYMMDD, for lines that have none of their own.' }),
    ),
    profile: Type.Optional(Type.Union([Type.Literal('live'), Type.Literal('test')])),
    issuer: Type.Optional(
      Type.String({
        ...{ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9._-]*$' },
        description: 'Whose own CA keys count before the published ones.',
      }),
    ),
    explain: Type.Optional(Type.Boolean({ description: 'Add every stage and what it recovered.' })),
  },
  { additionalProperties: false },
)

const DESCRIPTION = [
  'A line has `transcript`, or `records` with `aip` and `afl`, or `tags` with `rid` or `caKey`; and of its own `id`,',
  '`method`, `profile`, `transactionDate`, `allowExpiredCaKey`. Results come in the order of the lines, an error as a',
  'line with its code.',
].join(' ')

/** Adds the route. Its body is parsed line by line as it comes in, so it has a content type and no limit of its own. */
export const odaBatchRoutes: Routes = async (app, { keys, threads }) => {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(NDJSON, (_request, payload, done) => done(null, payload))
    scope.withTypeProvider<TypeBoxTypeProvider>().post(
      '/v1/oda/batch',
      {
        config: { scope: 'verify:oda', streams: true },
        schema: {
          summary: "Check many cards' offline data authentication",
          description: DESCRIPTION,
          tags: ['offline data'],
          consumes: [NDJSON],
          produces: [NDJSON],
          querystring: QUERY,
        },
      },
      async ({ body, query: { issuer, ...options } }, reply) => {
        if (!(body instanceof Readable)) throw new HostError('ERR_CONTENT_TYPE')
        const caKeys = issuer === undefined ? [] : (await keys.profile(issuer)).caKeys
        const results = odaResults(body, { threads, caKeys, options })
        return reply.type(NDJSON).send(Readable.from(results))
      },
    )
  })
}
