/** Keys as rows: what is told of a key, and which rows it is found in. The value is in none of it. */
import type { KeyAlgorithm } from '@issuerkit/keys'
import type { Selectable } from 'kysely'
import { type Database, inTransaction } from '../database.js'
import { HostError } from '../errors.js'
import type { IssuerKeyTable } from '../tables.js'
import type { KeyRow } from '../wrap.js'

/** Issuer master keys by what they are for: cryptograms and ARPC, MACs of scripts, enciphering in scripts. */
export const ISSUER_KEY_USAGES = ['AC', 'MAC', 'ENC'] as const
/** Keys of a zone: under which PIN blocks, and under which key blocks come in. */
export const ZONE_KEY_USAGES = ['PIN', 'KBPK'] as const
export const KEY_USAGES = [...ISSUER_KEY_USAGES, ...ZONE_KEY_USAGES] as const
export const KEY_ALGORITHMS = ['tdes', 'aes', 'sm4'] as const satisfies readonly KeyAlgorithm[]

export type IssuerKeyUsage = (typeof ISSUER_KEY_USAGES)[number]
export type ZoneKeyUsage = (typeof ZONE_KEY_USAGES)[number]
export type KeyUsage = IssuerKeyUsage | ZoneKeyUsage

/** What is told of a key, or of the credentials of secure channels, which are an RSA key and more. */
export interface KeyRecord {
  readonly id: string
  readonly issuer: string
  readonly usage: KeyUsage | 'CHANNEL'
  readonly algorithm: KeyAlgorithm | 'rsa'
  /** The scheme family of an issuer master key, and the set that it is of. */
  readonly family: string | null
  readonly keySet: string | null
  /** Derivation key index of an issuer master key. */
  readonly dki: number | null
  /** The one version of key blocks that a KBPK opens. */
  readonly blockVersion: string | null
  /** Key check value: 3 bytes, 5 of an AES key; of credentials 5 bytes of SHA-256 of the modulus. */
  readonly kcv: string
  readonly created: string
  readonly retired: string | null
}

const COLUMNS = [
  'id',
  'issuer',
  'usage',
  'algorithm',
  'family',
  'key_set',
  'dki',
  'block_version',
  'kcv',
  'created_at',
  'retired_at',
] as const
type Row = Pick<Selectable<IssuerKeyTable>, (typeof COLUMNS)[number]>

function recordOf(row: Row): KeyRecord {
  return {
    id: row.id,
    issuer: row.issuer,
    usage: row.usage as KeyRecord['usage'],
    algorithm: row.algorithm as KeyRecord['algorithm'],
    family: row.family,
    keySet: row.dki === null ? null : row.key_set,
    dki: row.dki === null ? null : Number(row.dki),
    blockVersion: row.block_version,
    kcv: row.kcv,
    created: row.created_at.toISOString(),
    retired: row.retired_at?.toISOString() ?? null,
  }
}

/** What a row's wrapped key is bound to. */
export type BoundColumns = Pick<
  Selectable<IssuerKeyTable>,
  'id' | 'issuer' | 'usage' | 'algorithm' | 'family' | 'key_set' | 'dki' | 'block_version' | 'binding'
>

/** The names of {@link BoundColumns}, for queries. */
export const BOUND_COLUMNS = [
  'id',
  'issuer',
  'usage',
  'algorithm',
  'family',
  'key_set',
  'dki',
  'block_version',
  'binding',
] as const

/** What is authenticated with a wrapped key. A changed `binding` only makes it another text. */
export function boundRow({ id, issuer, usage, algorithm, ...rest }: BoundColumns): KeyRow {
  const row = { id, issuer, usage, algorithm }
  if (rest.binding === 1) return row
  return { ...row, bound: [rest.family, rest.key_set, rest.dki, rest.block_version].map((value) => value ?? '') }
}

/** Keys in the order of their ids, those after `after`. */
export async function listKeys(
  database: Database,
  { issuer, after, limit }: { issuer?: string | undefined; after?: string | undefined; limit: number },
): Promise<KeyRecord[]> {
  let query = database.selectFrom('issuer_key').select(COLUMNS).orderBy('id').limit(limit)
  if (issuer !== undefined) query = query.where('issuer', '=', issuer)
  if (after !== undefined) query = query.where('id', '>', after)
  return (await query.execute()).map(recordOf)
}

/** What is told of one key. ERR_NOT_FOUND */
export async function readKey(database: Database, id: string): Promise<KeyRecord> {
  const row = await database.selectFrom('issuer_key').select(COLUMNS).where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new HostError('ERR_NOT_FOUND', 'There is no such key.')
  return recordOf(row)
}

/** What belongs into the transaction of a change: its entry in the audit trail. */
export type AlsoInTransaction = (transaction: Database, record: KeyRecord) => Promise<unknown>

/**
 * Takes a key out of use for good. It stays for the audit, and to be recognised. The second time nothing happens.
 * @throws ERR_NOT_FOUND
 */
export async function retireKey(database: Database, id: string, also: AlsoInTransaction): Promise<KeyRecord> {
  return inTransaction(database, async (transaction) => {
    const retired = await transaction
      .updateTable('issuer_key')
      .set({ retired_at: new Date() })
      .where('id', '=', id)
      .where('retired_at', 'is', null)
      .returning('id')
      .execute()
    const record = await readKey(transaction, id)
    if (retired.length > 0) await also(transaction, record)
    return record
  })
}
