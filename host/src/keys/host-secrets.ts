/**
 * What the host keeps secret for itself: 32 random bytes under a name, in the database, wrapped under the master key. They
 * are not derived from the master key, so that a new master key changes no fingerprint, no PAN hash and no queued PIN.
 */
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import { type KeyRow, MasterKey, random } from '../wrap.js'

/**
 * | name | is the key of |
 * |---|---|
 * | key-fingerprint | the fingerprints by which a key that comes twice is recognised |
 * | pan-hash | the hashes that stand for PANs |
 * | queued-pin | PINs that wait for their card |
 * | audit-signing | the key pair that signs the heads of the audit trail; JSON |
 * | idempotency | the answers kept for requests that may come again |
 * | authorization | the authorizations kept: what was asked, what was answered |
 * | campaign | what the lines of campaigns hold until it was checked |
 * | channel | secure channels under way, and the hashes of their cards |
 * | key-import | the private parts of the key pairs that keys are enciphered to; JSON |
 */
export type HostSecretName =
  | 'key-fingerprint'
  | 'pan-hash'
  | 'queued-pin'
  | 'key-import'
  | 'audit-signing'
  | 'idempotency'
  | 'authorization'
  | 'campaign'
  | 'channel'

/** What a secret is bound to at rest. */
export function secretRow(name: string): KeyRow {
  return { id: name, issuer: '', usage: 'host', algorithm: 'secret' }
}

/**
 * The secret of a name, made at first use; of hosts that make it at once, one wins. Inside a transaction it also makes sure
 * that the master key is the database's, until the transaction ends.
 * @throws ERR_KEY_UNWRAP when the database is of another master key
 */
export async function hostSecret(
  database: Database,
  masterKey: MasterKey,
  name: HostSecretName,
  make: () => Promise<Uint8Array> | Uint8Array = () => random(32),
): Promise<Uint8Array> {
  const row = secretRow(name)
  const read = () =>
    database.selectFrom('host_secret').select('wrapped').where('name', '=', name).forShare().executeTakeFirst()
  const found = await read()
  if (found !== undefined) return masterKey.unwrap(row, found.wrapped)
  // One secret vouches for the master key: under another one nothing is made.
  if (name !== 'key-fingerprint') (await hostSecret(database, masterKey, 'key-fingerprint')).fill(0)
  const fresh = await make()
  await database
    .insertInto('host_secret')
    .values({ name, wrapped: masterKey.wrap(row, fresh) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  fresh.fill(0)
  const stored = await read()
  if (stored === undefined) throw new HostError('ERR_KEY_UNWRAP', `the host secret ${name} has gone`)
  return masterKey.unwrap(row, stored.wrapped)
}

/** The host's secrets, each read once and kept for as long as the process lives. */
export function hostSecrets(database: Database, masterKey: MasterKey): (name: HostSecretName) => Promise<Uint8Array> {
  const known = new Map<HostSecretName, Promise<Uint8Array>>()
  return (name) => {
    const secret = known.get(name) ?? hostSecret(database, masterKey, name)
    known.set(name, secret)
    // What could not be read is asked for again.
    secret.catch(() => known.delete(name))
    return secret
  }
}

const seals = new WeakMap<Database, Map<HostSecretName, Promise<MasterKey>>>()

/** A host secret as the key that records of one kind are enciphered under; read once for a database. */
export function hostSeal(
  { database, masterKey }: { readonly database: Database; readonly masterKey: MasterKey },
  name: HostSecretName,
): Promise<MasterKey> {
  const known = seals.get(database) ?? new Map<HostSecretName, Promise<MasterKey>>()
  seals.set(database, known)
  const seal = known.get(name) ?? hostSecret(database, masterKey, name).then((bytes) => new MasterKey(bytes))
  known.set(name, seal)
  seal.catch(() => known.delete(name))
  return seal
}
