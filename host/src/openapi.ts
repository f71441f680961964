/**
 * The description of the interface: OpenAPI 3.1 at /openapi.json and a page for people at /docs, which fetches nothing
 * from elsewhere.
 */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
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
  })
}

/** Serves what was collected. */
export async function serveOpenApi(app: FastifyInstance): Promise<void> {
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { validatorUrl: null } })
}
