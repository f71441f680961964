/**
 * Idempotency keys: a request that changes something carries one, and sending it again gives the same bytes and changes
 * nothing more. The record of the key, the effect and the answer are one transaction, so that none is there without the
 * others. Answers are kept enciphered, since they may hold what else is never stored: MACed commands.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Database } from './database.js'
import { HostError } from './errors.js'
import { hostSeal } from './keys/host-secrets.js'
import { transact } from './transactions.js'
import { type MasterKey, sha256 } from './wrap.js'

/** What a request is answered with; the body is JSON. */
export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** An answer as it goes out. */
export interface SentAnswer {
  readonly status: number
  /** The bytes of the body. */
  readonly text: string
  /** It had been given before. */
  readonly replayed: boolean
}

interface Context {
  readonly database: Database
  readonly masterKey: MasterKey
}

type Work = (transaction: Database) => Promise<Answer>
type Asked = Pick<FastifyRequest, 'headers' | 'body' | 'method' | 'url' | 'caller'>

const KEY = /^[\x21-\x7E]{1,255}$/

/** What is kept, enciphered: what was asked, by its hash, and the answer. */
interface Kept {
  readonly asked: string
  readonly status: number
  readonly text: string
}

/**
 * Runs `work` in a transaction, once for each Idempotency-Key of a subject. The same key with the same request gives the
 * first answer again; of two at once the second waits for the first. What `work` throws undoes everything, the record of
 * the key too: the request may be sent again.
 * @throws ERR_IDEMPOTENCY_KEY for the key of another request, ERR_QUERY for one that is no key
 */
export async function withIdempotency(context: Context, request: Asked, work: Work): Promise<SentAnswer> {
  const { database } = context
  const key = request.headers['idempotency-key']
  if (key === undefined) return fresh(await transact(database, work))
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw new HostError('ERR_QUERY', 'An Idempotency-Key is 1 to 255 visible ASCII characters.')
  }
  const subject = request.caller?.subject ?? ''
  // A host secret, so that a new master key leaves the answers readable.
  const seal = await hostSeal(context, 'idempotency')
  const row = { id: JSON.stringify([subject, key]), issuer: '', usage: 'idempotency', algorithm: 'answer' }
  const asked = askedHash(request)
  return transact(database, async (transaction) => {
    // Of two requests at once, the second waits here until the first has ended.
    const { numInsertedOrUpdatedRows: added } = await transaction
      .insertInto('idempotency')
      .values({ subject, key })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (added === 1n) {
      const answer = fresh(await work(transaction))
      const kept: Kept = { asked, status: answer.status, text: answer.text }
      const sealed = seal.wrap(row, new TextEncoder().encode(JSON.stringify(kept)))
      await transaction
        .updateTable('idempotency')
        .set({ sealed })
        .where('subject', '=', subject)
        .where('key', '=', key)
        .execute()
      return answer
    }
    const { sealed } = await transaction
      .selectFrom('idempotency')
      .select('sealed')
      .where('subject', '=', subject)
      .where('key', '=', key)
      .executeTakeFirstOrThrow()
    const kept = JSON.parse(new TextDecoder().decode(seal.unwrap(row, sealed ?? new Uint8Array()))) as Kept
    if (kept.asked !== asked) throw new HostError('ERR_IDEMPOTENCY_KEY')
    return { status: kept.status, text: kept.text, replayed: true }
  })
}

/** Answers with what {@link withIdempotency} gives; a repeated answer says so in a header. */
export async function answerOnce(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  work: Work,
): Promise<FastifyReply> {
  return sendOnce(reply, await withIdempotency(context, request, work))
}

/** Sends what {@link withIdempotency} gave. */
export function sendOnce(reply: FastifyReply, { status, text, replayed }: SentAnswer): FastifyReply {
  if (replayed) void reply.header('idempotent-replayed', 'true')
  return reply.code(status).type('application/json; charset=utf-8').serializer(String).send(text)
}

/** Forgets the keys of requests that are older than `days`. @returns how many */
export async function forgetIdempotencyKeys(database: Database, days: number, now = new Date()): Promise<number> {
  const before = new Date(now.getTime() - days * 86_400_000)
  const { numDeletedRows } = await database
    .deleteFrom('idempotency')
    .where('created_at', '<', before)
    .executeTakeFirst()
  return Number(numDeletedRows)
}

function fresh({ status, body }: Answer): SentAnswer {
  return { status, text: JSON.stringify(body), replayed: false }
}

/** The request by what it asks: how it is spaced makes no difference, the order of its members does. */
function askedHash({ method, url, body }: Asked): string {
  const text = JSON.stringify([method, url, body ?? null])
  return Buffer.from(sha256(new TextEncoder().encode(text))).toString('hex')
}
