/**
 * The description of the interface: OpenAPI 3.1 at /openapi.json and a page for people at /docs, which fetches nothing
 * from elsewhere.
 */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { REQUEST_EXAMPLES } from './routes/examples.data.js'
import { HOST_VERSION } from './version.js'

/** Collects the routes that are added after it. */
export async function collectOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'issuerkit',
        version: HOST_VERSION,
        description: 'Cryptographic issuer host for EMV and PBOC chip cards. Bytes are upper-case hexadecimal text.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
      security: [{ token: [] }],
    },
    transform: ({ schema, url, route }) => ({ schema: withExamples(schema, `${route.method} ${url}`), url }),
  })
}

/** Serves what was collected. */
export async function serveOpenApi(app: FastifyInstance): Promise<void> {
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { validatorUrl: null } })
}

/** The schema of a route with the examples of its body. */
function withExamples(schema: FastifySchema | undefined, route: string): FastifySchema {
  const example = REQUEST_EXAMPLES[route.replaceAll(/:(\w+)/g, '{$1}')]
  if (example?.body !== undefined) return { ...schema, body: { ...(schema?.body as object), examples: [example.body] } }
  if (example?.lines === undefined) return { ...schema }
  const text = example.lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  return { ...schema, body: { type: 'string', examples: [text] } }
}
