/** POST /v1/oda/verify: offline data authentication of a card from a recorded session with it. */
import { parseTranscript } from '@issuerkit/apdu'
import { authenticateTranscript, type OdaMethod, verdictText } from '@issuerkit/oda'
import { Type } from 'typebox'
import type { Routes } from '../context.js'
import { caKeyStores } from '../keys/ca-keys.js'
import { ID } from './schemas.js'

const BODY = Type.Object(
  {
    transcript: Type.String({
      minLength: 1,
      maxLength: 60_000,
      description: 'Lines of commands (> 00A4…) and answers (< 6F…9000), as they were recorded.',
    }),
    transactionDate: Type.String({ maxLength: 16, description: 'YYYYMMDD; certificates are judged as of this day.' }),
    method: Type.Optional(
      Type.Union(
        (['sda', 'icc-key', 'pin-key', 'dda', 'cda', 'fdda'] as const).map((method) => Type.Literal(method)),
        { description: 'Instead of the one that AIP and terminal capabilities choose.' },
      ),
    ),
    profile: Type.Optional(Type.Union([Type.Literal('live'), Type.Literal('test')])),
    allowExpiredCaKey: Type.Optional(Type.Boolean()),
    issuer: Type.Optional(ID),
  },
  { additionalProperties: false },
)

/** Adds the routes of offline data authentication. */
export const odaRoutes: Routes = (app, { keys }) => {
  const storeOf = caKeyStores(keys)
  app.post(
    '/v1/oda/verify',
    {
      config: { scope: 'verify:oda' },
      schema: {
        summary: "Check a card's offline data authentication",
        description: "With `issuer`, the issuer's own CA keys count before the published ones.",
        tags: ['offline data'],
        body: BODY,
      },
    },
    async ({ body: { transcript, method, profile = 'live', issuer, ...options } }) => {
      const store = await storeOf(issuer)
      const chosen = method === undefined ? {} : { method: method as OdaMethod }
      return verdictText(authenticateTranscript(parseTranscript(transcript), { store, profile, ...options, ...chosen }))
    },
  )
}
