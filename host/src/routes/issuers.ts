/** POST and GET /v1/issuers: whose cards the host works for, and by which rules. */
import { type Static, Type } from 'typebox'
import { appendAudit } from '../audit/append.js'
import type { Routes } from '../context.js'
import { HostError } from '../errors.js'
import { sendOnce, withIdempotency } from '../idempotency.js'
import { completeProfile, expectIssuerProfile, type IssuerProfile } from '../keys/issuer-profile.js'
import { Choice, FAMILIES, Hex, ID, IdParams } from './schemas.js'

const closed = { additionalProperties: false } as const
const Count = (minimum: number, maximum: number, description: string) =>
  Type.Optional(Type.Integer({ minimum, maximum, description }))
const Flag = (description: string) => Type.Optional(Type.Boolean({ description }))
const Digits = (description: string) => Type.String({ minLength: 1, maxLength: 19, pattern: '^[0-9]*$', description })
const Names = (description: string) =>
  Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64, description }))
const SchemeText = Type.String({ maxLength: 32, description: 'visa-cvn18, pboc …' })
const Schemes = Type.Optional(Type.Array(SchemeText, { minItems: 1, maxItems: 32, uniqueItems: true }))
const COUNTER = Type.Optional(
  Type.Object(
    {
      counts: Choice(['maced', 'executed'] as const),
      overflow: Choice(['saturate', 'wrap', 'either'] as const),
      resets: Choice(['online-completion', 'never'] as const),
    },
    closed,
  ),
)
const COUNTERS = { visa: COUNTER, mastercard: COUNTER, interac: COUNTER, ccd: COUNTER, unionpay: COUNTER }

const RANGE = Type.Object(
  {
    from: Digits('The first digits of a PAN.'),
    to: Digits('As long as from.'),
    family: Type.Optional(Choice(FAMILIES)),
    scheme: Type.Optional(SchemeText),
    schemes: Schemes,
    keySet: Type.Optional(ID),
  },
  closed,
)
const ATC = Type.Object(
  {
    seen: Count(16, 10_000, 'Pairs of ATC and kind of cryptogram that are remembered.'),
    ahead: Count(0, 65_535, 'How far a card may be ahead.'),
    behindOnline: Count(0, 65_535, 'How late an ARQC may come.'),
    behindOffline: Count(0, 65_535, 'How late a TC or AAC may come.'),
  },
  closed,
)
const EVIDENCE = Type.Object(
  {
    unknownAfterDays: Count(1, 365, 'Without a word for so long, commands are unknown.'),
    requiresIssuerAuthentication: Flag('The cards refuse scripts without it.'),
    counters: Type.Optional(Type.Object(COUNTERS, closed)),
    refuse: Type.Optional(Type.Object({ cvr: Names('Bits of the CVR.'), tvr: Names('Bits of the TVR.') }, closed)),
  },
  closed,
)
const DELIVERY = Type.Object(
  {
    templates: Type.Optional(
      Type.Array(Choice(['71', '72'] as const), { minItems: 1, maxItems: 2, uniqueItems: true }),
    ),
    maxScripts: Count(1, 8, 'Scripts in an answer.'),
    maxCommands: Count(1, 14, 'Commands in an answer.'),
    scriptBytes: Count(16, 255, 'Bytes of all templates.'),
    fieldBytes: Count(32, 999, 'Bytes of field 55.'),
    le: Type.Optional(Choice(['absent', '00'] as const)),
    tag8A: Flag('The answer carries tag 8A, too.'),
    answerTimeoutSeconds: Count(1, 3600, 'While a delivery is younger, no other goes out.'),
    maxAttempts: Count(1, 100, 'How often a command is sent.'),
    lifetimeDays: Count(1, 3650, 'How long a command waits.'),
    pinUnblockResends: Count(0, 16, 'How often PIN UNBLOCK goes out again after an unknown outcome.'),
    scriptsAfterAac: Flag('Unblocking commands may answer the AAC of a blocked card.'),
  },
  closed,
)
const CA_KEY = Type.Object(
  {
    rid: Hex(5, 5, 'Registered application provider identifier.'),
    index: Hex(1, 1, 'CA public key index.'),
    modulus: Hex(64, 248, 'Modulus.'),
    exponent: Hex(1, 3, '03 or 010001.'),
    checksum: Hex(20, 20, 'SHA-1 over RID, index, modulus and exponent.'),
    expiry: Type.Optional(Type.String({ pattern: '^[0-9]{8}$', description: 'YYYYMMDD.' })),
    hashAlgorithm: Type.Optional(Hex(1, 1, '01, SHA-1.')),
    keyAlgorithm: Type.Optional(Hex(1, 1, '01, RSA.')),
  },
  closed,
)
const BODY = Type.Object(
  {
    id: ID,
    family: Choice(FAMILIES, 'Whose layout tag 9F10 has.'),
    scheme: SchemeText,
    schemes: Schemes,
    keySet: Type.Optional(ID),
    binRanges: Type.Optional(Type.Array(RANGE, { maxItems: 256 })),
    atc: Type.Optional(ATC),
    evidence: Type.Optional(EVIDENCE),
    delivery: Type.Optional(DELIVERY),
    caKeys: Type.Optional(Type.Array(CA_KEY, { maxItems: 32 })),
  },
  closed,
)
const config = { scope: 'keys:admin' } as const
const tags = ['issuers']

/** Adds the routes of issuers. */
export const issuerRoutes: Routes = (app, context) => {
  const { database } = context
  app.post(
    '/v1/issuers',
    { config, schema: { summary: 'Set up an issuer', tags, body: BODY } },
    async (request, reply) => {
      const { id, ...profile } = request.body as Static<typeof BODY> & IssuerProfile
      const complete = expectIssuerProfile(profile)
      const sent = await withIdempotency(context, request, async (transaction) => {
        const row = await transaction
          .insertInto('issuer')
          .values({ id, profile: JSON.stringify(profile) })
          .onConflict((conflict) => conflict.doNothing())
          .returning('created_at')
          .executeTakeFirst()
        if (row === undefined) throw new HostError('ERR_ISSUER_EXISTS')
        await appendAudit(transaction, {
          subject: request.caller?.subject ?? '',
          action: 'issuer.create',
          object: `issuer:${id}`,
          outcome: 'ok',
          request: request.id,
        })
        return { status: 201, body: { id, ...complete, created: row.created_at.toISOString() } }
      })
      return sendOnce(reply.header('location', `/v1/issuers/${id}`), sent)
    },
  )
  app.get(
    '/v1/issuers/:id',
    { config, schema: { summary: 'The rules of an issuer, defaults filled in', tags, params: IdParams } },
    async ({ params: { id } }) => {
      const row = await database
        .selectFrom('issuer')
        .select(['profile', 'created_at'])
        .where('id', '=', id)
        .executeTakeFirst()
      if (row === undefined) throw new HostError('ERR_NOT_FOUND', 'There is no such issuer.')
      return { id, ...completeProfile(row.profile as IssuerProfile), created: row.created_at.toISOString() }
    },
  )
}
