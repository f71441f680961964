/** Issuer master keys in the database: one row a key, wrapped for that row. */
import { createKey, type KeySet, type SecretKey } from '@issuerkit/keys'
import type { Database } from '../database.js'
import type { IssuerKeyTable } from '../tables.js'
import type { MasterKey } from '../wrap.js'

/** The algorithms and uses of issuer master keys. */
export type IssuerKeyAlgorithm = 'tdes' | 'aes' | 'sm4'
export type IssuerKeyUsage = 'AC' | 'MAC' | 'ENC'

/** A key to be stored. */
export interface NewIssuerKey {
  readonly id: string
  readonly issuer: string
  /** Derivation key index of the set that it belongs to. */
  readonly dki: number
  readonly key: SecretKey<'issuer', IssuerKeyUsage>
}

/** Stores a key, wrapped. A key that is there under the same id is left as it is. */
export async function storeIssuerKey(database: Database, masterKey: MasterKey, given: NewIssuerKey): Promise<void> {
  const { id, issuer, dki, key } = given
  const row = { id, issuer, usage: key.purpose, algorithm: key.algorithm }
  await database
    .insertInto('issuer_key')
    .values({ ...row, dki: String(dki), kcv: key.kcv, wrapped: masterKey.wrap(row, key.expose()) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
}

/**
 * The key sets of an issuer, unwrapped; the caller destroys the keys. A set without an AC key is left out: nothing
 * verifies with it.
 */
export async function openKeySets(database: Database, masterKey: MasterKey, issuer: string): Promise<KeySet[]> {
  const rows = await database
    .selectFrom('issuer_key')
    .select(['id', 'issuer', 'usage', 'algorithm', 'dki', 'wrapped'])
    .where('issuer', '=', issuer)
    .where('retired_at', 'is', null)
    .orderBy('id')
    .execute()
  const sets = new Map<string, typeof rows>()
  for (const row of rows) {
    const name = `${row.algorithm} ${row.dki}`
    sets.set(name, [...(sets.get(name) ?? []), row])
  }
  return [...sets.values()].flatMap((set) => openKeySet(set, masterKey))
}

type StoredKey = Pick<IssuerKeyTable, 'id' | 'issuer' | 'usage' | 'algorithm' | 'wrapped' | 'dki'>

/** Unwraps every row, those too that nobody asks for: a row that does not unwrap is a sign that somebody changed it. */
function openKeySet(rows: readonly StoredKey[], masterKey: MasterKey): KeySet[] {
  const keys = rows.map((row) => openKey(masterKey, row))
  const find = <P extends IssuerKeyUsage>(usage: P) =>
    keys.find((key) => key.purpose === usage) as SecretKey<'issuer', P> | undefined
  const [ac, mac, enc] = [find('AC'), find('MAC'), find('ENC')]
  if (ac === undefined) return []
  const dki = Number(rows[0]?.dki)
  const more = { ...(mac === undefined ? {} : { mac }), ...(enc === undefined ? {} : { enc }) }
  return [{ dki, algorithm: ac.algorithm, ac, ...more }]
}

function openKey(masterKey: MasterKey, row: StoredKey): SecretKey<'issuer', IssuerKeyUsage> {
  const bytes = masterKey.unwrap(row, row.wrapped)
  try {
    return createKey(row.algorithm as IssuerKeyAlgorithm, 'issuer', row.usage as IssuerKeyUsage, bytes)
  } finally {
    bytes.fill(0)
  }
}
