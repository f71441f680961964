/** POST, GET and DELETE /v1/keys: import, list and retire keys. No answer holds a key's value. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { appendAudit } from '../audit/append.js'
import type { AuditAction } from '../audit/entry.js'
import type { RouteContext, Routes } from '../context.js'
import { HostError } from '../errors.js'
import { type SentAnswer, sendOnce, withIdempotency } from '../idempotency.js'
import { importKeySet, LONGEST_JWE } from '../keys/import-jwe.js'
import { importKey, type KeyMaterial } from '../keys/import-key.js'
import {
  type AlsoInTransaction,
  KEY_ALGORITHMS,
  KEY_USAGES,
  type KeyRecord,
  listKeys,
  readKey,
  retireKey,
} from '../keys/key-records.js'
import { Choice, FAMILIES, Hex, ID, IdParams } from './schemas.js'

const closed = { additionalProperties: false } as const
const Kcv = () => Type.Optional(Hex(2, 16, 'Key check value, the first 2 bytes of it or more; it must agree.'))
const BODY = Type.Object(
  {
    issuer: ID,
    usage: Choice(
      KEY_USAGES,
      'AC, MAC and ENC are issuer master keys; PIN and KBPK protect PIN blocks and key blocks.',
    ),
    algorithm: Choice(KEY_ALGORITHMS),
    dki: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 255, description: 'Derivation key index of an issuer master key.' }),
    ),
    family: Type.Optional(Choice(FAMILIES, "The scheme family of an issuer master key; the issuer's unless given.")),
    keySet: Type.Optional(ID),
    blockVersion: Type.Optional(Choice(['B', 'C', 'D'] as const, 'The version of key blocks that a KBPK opens.')),
    kcv: Kcv(),
    jwe: Type.Optional(
      Type.String({
        maxLength: LONGEST_JWE,
        description: 'A JWK of kty oct, enciphered to a key of /v1/keys/import-key.',
      }),
    ),
    keyBlock: Type.Optional(Type.String({ maxLength: 9999, description: 'TR-31, under the KBPK.' })),
    kbpk: Type.Optional(ID),
    components: Type.Optional(
      Type.Array(Type.Object({ value: Hex(16, 32, 'One component.'), kcv: Kcv() }, closed), {
        minItems: 2,
        maxItems: 3,
        description: 'Dev mode only.',
      }),
    ),
  },
  closed,
)
const PAGE = Type.Object(
  {
    issuer: Type.Optional(ID),
    after: Type.Optional(ID),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: '50 unless given.' })),
  },
  closed,
)
const config = { scope: 'keys:admin' } as const
const tags = ['keys']

/** Adds the routes of keys. */
export const keyRoutes: Routes = (app, context) => {
  const { database, masterKey } = context
  app.get(
    '/v1/keys/import-key',
    { config, schema: { summary: 'The public keys that keys are enciphered to, a JWK set', tags } },
    async () => importKeySet(database, masterKey),
  )
  app.post('/v1/keys', { config, schema: { summary: 'Import a key', tags, body: BODY } }, async (request, reply) => {
    const { body } = request
    const { jwe: _jwe, keyBlock: _keyBlock, kbpk: _kbpk, components: _components, ...use } = body
    const given = { ...use, material: materialOf(body) }
    const sent = await withIdempotency(context, request, async (transaction) => ({
      status: 201,
      body: await importKey({ ...context, database: transaction }, given, audited(request, 'key.import')),
    }))
    return sendKey(context, reply, sent)
  })
  app.get(
    '/v1/keys',
    { config, schema: { summary: 'List keys, those that are retired too', tags, querystring: PAGE } },
    async ({ query: { issuer, after, limit = 50 } }) => {
      const page = await listKeys(database, { issuer, after, limit: limit + 1 })
      const shown = page.slice(0, limit)
      return { keys: shown, next: page.length > limit ? (shown.at(-1)?.id ?? null) : null }
    },
  )
  app.get(
    '/v1/keys/:id',
    { config, schema: { summary: 'What is known of a key', tags, params: IdParams } },
    async ({ params }) => readKey(database, params.id),
  )
  app.delete(
    '/v1/keys/:id',
    { config, schema: { summary: 'Retire a key: it stays for the audit and is used no more', tags, params: IdParams } },
    async (request, reply) => {
      const { id } = request.params
      const sent = await withIdempotency(context, request, async (transaction) => ({
        status: 200,
        body: await retireKey(transaction, id, audited(request, 'key.retire')),
      }))
      return sendKey(context, reply, sent)
    },
  )
}

/** Answers with a key's record, when its change has happened: what is kept open of the issuer is let go of before. */
export function sendKey({ keys }: Pick<RouteContext, 'keys'>, reply: FastifyReply, sent: SentAnswer): FastifyReply {
  const { id, issuer } = JSON.parse(sent.text) as KeyRecord
  keys.forget(issuer)
  if (sent.status === 201) void reply.header('location', `/v1/keys/${id}`)
  return sendOnce(reply, sent)
}

/** The entry of a change in the audit trail, in the change's own transaction. */
export function audited({ caller, id }: Pick<FastifyRequest, 'caller' | 'id'>, action: AuditAction): AlsoInTransaction {
  return (transaction, { id: key, issuer, usage, algorithm, kcv }) =>
    appendAudit(transaction, {
      subject: caller?.subject ?? '',
      action,
      object: `key:${key}`,
      outcome: 'ok',
      request: id,
      detail: { issuer, usage, algorithm, kcv },
    })
}

/** Exactly one way in. */
function materialOf({ jwe, keyBlock, kbpk, components }: Static<typeof BODY>): KeyMaterial {
  const ways: KeyMaterial[] = []
  if (jwe !== undefined) ways.push({ jwe })
  if (keyBlock !== undefined && kbpk !== undefined) ways.push({ keyBlock, kbpk })
  if (components !== undefined) ways.push({ components })
  const [material] = ways
  const isWhole = (keyBlock === undefined) === (kbpk === undefined)
  if (material !== undefined && ways.length === 1 && isWhole) return material
  throw new HostError('ERR_BODY', 'A key comes as one of jwe, keyBlock with kbpk, components.')
}
