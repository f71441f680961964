/** POST /v1/channel-credentials: what the host proves itself with to cards. It is listed and retired under /v1/keys. */
import { Type } from 'typebox'
import { importCredentials, type RsaJwk } from '../channels/credentials.js'
import type { Routes } from '../context.js'
import { withIdempotency } from '../idempotency.js'
import { LONGEST_JWE } from '../keys/import-jwe.js'
import { audited, sendKey } from './keys.js'
import { Hex, ID } from './schemas.js'

const closed = { additionalProperties: false } as const
const Base64url = () => Type.String({ minLength: 1, maxLength: 1024, pattern: '^[A-Za-z0-9_-]*$' })
const Certificate = () => Hex(16, 2048, 'A card-verifiable certificate, 7F21.')
const NAMED_KEY = (description: string) =>
  Type.Optional(
    Type.Object(
      {
        id: Hex(8, 8, 'Who it is of.'),
        modulus: Hex(128, 512, 'Modulus.'),
        exponent: Hex(1, 4, 'Public exponent.'),
      },
      { ...closed, description },
    ),
  )
const BODY = Type.Object(
  {
    issuer: ID,
    jwe: Type.Optional(
      Type.String({
        maxLength: LONGEST_JWE,
        description: 'A private JWK of kty RSA, enciphered to a key of /v1/keys/import-key.',
      }),
    ),
    privateKey: Type.Optional(
      Type.Object(
        {
          ...{ kty: Type.Literal('RSA'), n: Base64url(), e: Base64url(), d: Base64url(), p: Base64url() },
          q: Base64url(),
        },
        { ...closed, description: 'The JWK in clear; dev mode only.' },
      ),
    ),
    hostId: Hex(8, 8, "The holder reference of the host's certificate."),
    hostCertificates: Type.Optional(
      Type.Array(Certificate(), {
        maxItems: 8,
        description: "From the one that the card's trust point signed down to the host's own.",
      }),
    ),
    trustPoint: NAMED_KEY("Whose signature at the top of the card's certificates counts."),
    cardIssuers: Type.Optional(
      Type.Array(Certificate(), {
        maxItems: 8,
        description: "Between the trust point and the card's own, from the top.",
      }),
    ),
    card: NAMED_KEY("The card's key, where it is known beforehand: its certificate is not read then."),
    keyReferences: Type.Optional(
      Type.Object(
        {
          publicKey: Type.Optional(
            Hex(2, 2, 'Version and index of the key on the card that the host is checked with.'),
          ),
          privateKey: Type.Optional(Hex(2, 2, "The same of the card's own.")),
        },
        closed,
      ),
    ),
  },
  closed,
)

/** Adds the route of credentials. */
export const channelCredentialRoutes: Routes = (app, context) => {
  app.post(
    '/v1/channel-credentials',
    {
      config: { scope: 'keys:admin' },
      schema: { summary: 'Import credentials for secure channels', tags: ['channels'], body: BODY },
    },
    async (request, reply) => {
      const { privateKey, ...body } = request.body
      const given = { ...body, ...(privateKey && { privateKey: privateKey as RsaJwk }) }
      const sent = await withIdempotency(context, request, async (transaction) => ({
        status: 201,
        body: await importCredentials({ ...context, database: transaction }, given, audited(request, 'key.import')),
      }))
      return sendKey(context, reply, sent)
    },
  )
}
