/** Keys in the database: one row a key, wrapped for that row. */
import { createKey, type KeySet, keyCheckValue, type SchemeFamily, type SecretKey } from '@issuerkit/keys'
import { type Database, inTransaction } from '../database.js'
import { HostError, systemCode } from '../errors.js'
import type { MasterKey } from '../wrap.js'
import { recogniseKey } from './fingerprint.js'
import {
  type AlsoInTransaction,
  BOUND_COLUMNS,
  type BoundColumns,
  boundRow,
  type IssuerKeyUsage,
  type KeyRecord,
  readKey,
  type ZoneKeyUsage,
} from './key-records.js'

export type { IssuerKeyUsage } from './key-records.js'

/** A key of any use. */
export type StorableKey = SecretKey<'issuer', IssuerKeyUsage> | SecretKey<'zone', ZoneKeyUsage>

/** Where a key belongs. */
export interface KeyPlace {
  readonly id: string
  readonly issuer: string
  /** Of an issuer master key alone, all three. */
  readonly family?: string
  readonly keySet?: string
  readonly dki?: number
  /** Of a KBPK alone. */
  readonly blockVersion?: string
}

/**
 * Stores a key, wrapped, in one transaction with the check that it serves no other use, and with what `also` does.
 * @throws ERR_KEY_EXISTS for a second live key of its set, index, usage and algorithm; ERR_KEY_REUSE for a key that was
 *   imported for something else; ERR_NOT_FOUND for an unknown issuer; ERR_KEY_UNWRAP under another master key
 */
export async function storeKey(
  database: Database,
  masterKey: MasterKey,
  place: KeyPlace,
  key: StorableKey,
  also: AlsoInTransaction = async () => {},
): Promise<KeyRecord> {
  const { id, issuer, family = null, keySet = 'default', dki, blockVersion = null } = place
  const columns = {
    ...{ id, issuer, usage: key.purpose, algorithm: key.algorithm, family, key_set: keySet },
    ...{ dki: dki === undefined ? null : String(dki), block_version: blockVersion, binding: 2 },
  }
  const kcv = keyCheckValue(key, { length: key.algorithm === 'aes' ? 5 : 3 })
  return inTransaction(database, async (transaction) => {
    const fingerprint = await recogniseKey(transaction, masterKey, columns, key.expose())
    const wrapped = masterKey.wrap(boundRow(columns), key.expose())
    await transaction
      .insertInto('issuer_key')
      .values({ ...columns, kcv, wrapped, fingerprint })
      .execute()
    const record = await readKey(transaction, id)
    await also(transaction, record)
    return record
  }).catch((error: unknown) => {
    const code = systemCode(error)
    if (code === '23505') throw new HostError('ERR_KEY_EXISTS', undefined, { cause: error })
    if (code === '23503') throw new HostError('ERR_NOT_FOUND', 'There is no such issuer.', { cause: error })
    throw error
  })
}

/** An issuer master key to be stored under an id of the caller's. */
export interface NewIssuerKey {
  readonly id: string
  readonly issuer: string
  /** Derivation key index of the set that it belongs to. */
  readonly dki: number
  readonly key: SecretKey<'issuer', IssuerKeyUsage>
  /** The family of the issuer's profile unless given. */
  readonly family?: string
  readonly keySet?: string
}

/** Stores a key, wrapped. A key that is there under the same id is left as it is. Otherwise as {@link storeKey}. */
export async function storeIssuerKey(
  database: Database,
  masterKey: MasterKey,
  { key, ...place }: NewIssuerKey,
): Promise<void> {
  const isThere = async () =>
    (await database.selectFrom('issuer_key').select('id').where('id', '=', place.id).executeTakeFirst()) !== undefined
  if (await isThere()) return
  const issuer = await database.selectFrom('issuer').select('profile').where('id', '=', place.issuer).executeTakeFirst()
  const family = (issuer?.profile as { family?: string } | undefined)?.family
  await storeKey(database, masterKey, { ...(family === undefined ? {} : { family }), ...place }, key).catch(
    async (error: unknown) => {
      // Another host that starts at the same time may have stored it.
      if (!(await isThere())) throw error
    },
  )
}

/** A key set of an issuer, and which cards it is for. */
export interface StoredKeySet extends KeySet {
  readonly name: string
  readonly family: SchemeFamily
}

/**
 * The live key sets of an issuer, unwrapped; the caller destroys the keys. A set without an AC key is left out: nothing
 * verifies with it. Every row is unwrapped, those too that nobody asks for: one that does not unwrap is a sign that
 * somebody changed it.
 * @throws ERR_KEY_UNWRAP
 */
export async function openKeySets(database: Database, masterKey: MasterKey, issuer: string): Promise<StoredKeySet[]> {
  const rows = await database
    .selectFrom('issuer_key')
    .select([...BOUND_COLUMNS, 'wrapped'])
    .where('issuer', '=', issuer)
    .where('dki', 'is not', null)
    .where('retired_at', 'is', null)
    .orderBy('id')
    .execute()
  const sets = new Map<string, typeof rows>()
  for (const row of rows) {
    const name = JSON.stringify([row.key_set, row.family, row.algorithm, row.dki])
    sets.set(name, [...(sets.get(name) ?? []), row])
  }
  return [...sets.values()].flatMap((set) => openKeySet(set, masterKey))
}

type StoredKey = BoundColumns & { readonly wrapped: Uint8Array }

function openKeySet(rows: readonly StoredKey[], masterKey: MasterKey): StoredKeySet[] {
  const keys = rows.map((row) => openKey(masterKey, row, 'issuer') as SecretKey<'issuer', IssuerKeyUsage>)
  const find = <P extends IssuerKeyUsage>(usage: P) =>
    keys.find((key) => key.purpose === usage) as SecretKey<'issuer', P> | undefined
  const [ac, mac, enc] = [find('AC'), find('MAC'), find('ENC')]
  const first = rows[0]
  if (ac === undefined || first === undefined) {
    for (const key of keys) key.destroy()
    return []
  }
  const { dki, key_set: name, family } = first
  // Written out, not spread: objects of one shape, whenever they are read, are what compiled code for them lasts for.
  return [{ dki: Number(dki), name, family: family as SchemeFamily, algorithm: ac.algorithm, ac, mac, enc }]
}

/** The live zone key of an id, with the version of key blocks it is bound to; the caller destroys the key. */
export interface OpenZoneKey<P extends ZoneKeyUsage> {
  readonly key: SecretKey<'zone', P>
  readonly blockVersion: string | null
}

/**
 * Opens a key of a zone for one of its uses.
 * @throws ERR_NOT_FOUND when the issuer has no live key of this id; ERR_KEY_USAGE when it is for something else;
 *   ERR_KEY_UNWRAP
 */
export async function openZoneKey<P extends ZoneKeyUsage>(
  database: Database,
  masterKey: MasterKey,
  { issuer, id, usage }: { readonly issuer: string; readonly id: string; readonly usage: P },
): Promise<OpenZoneKey<P>> {
  const row = await liveRow(database, { issuer, id, usage })
  return { key: openKey(masterKey, row, 'zone') as SecretKey<'zone', P>, blockVersion: row.block_version }
}

/** The row of a live key of an issuer, for one use. ERR_NOT_FOUND, ERR_KEY_USAGE */
export async function liveRow(
  database: Database,
  { issuer, id, usage }: { readonly issuer: string; readonly id: string; readonly usage: string },
): Promise<StoredKey> {
  const row = await database
    .selectFrom('issuer_key')
    .select([...BOUND_COLUMNS, 'wrapped'])
    .where('issuer', '=', issuer)
    .where('id', '=', id)
    .where('retired_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) throw new HostError('ERR_NOT_FOUND', 'The issuer has no such key in use.')
  if (row.usage !== usage) throw new HostError('ERR_KEY_USAGE', `The key is for ${row.usage}, not for ${usage}.`)
  return row
}

function openKey(masterKey: MasterKey, row: StoredKey, level: 'issuer' | 'zone'): StorableKey {
  const bytes = masterKey.unwrap(boundRow(row), row.wrapped)
  try {
    return createKey(row.algorithm as 'tdes', level, row.usage as 'AC', bytes) as StorableKey
  } finally {
    bytes.fill(0)
  }
}

/** The ids of live keys that do not unwrap, in order. */
export async function unusableKeys(database: Database, masterKey: MasterKey): Promise<string[]> {
  const rows = await database
    .selectFrom('issuer_key')
    .select([...BOUND_COLUMNS, 'wrapped'])
    .where('retired_at', 'is', null)
    .orderBy('id')
    .execute()
  return rows
    .filter((row) => {
      try {
        masterKey.unwrap(boundRow(row), row.wrapped).fill(0)
        return false
      } catch {
        return true
      }
    })
    .map(({ id }) => id)
}
