/**
 * One key, one use: a key that was imported for something else is recognised by its fingerprint, an HMAC of its bytes under
 * a secret of the host's, which tells nothing of the key. What it was imported for stays known after the key is retired.
 */
import { constantTimeEqual } from '@issuerkit/keys'
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import { hmacSha256, type MasterKey } from '../wrap.js'
import { hostSecret } from './host-secrets.js'
import { BOUND_COLUMNS, boundRow } from './key-records.js'

/** What a key is for. */
interface KeyUse {
  readonly usage: string
  readonly algorithm: string
  readonly family: string | null
}

/**
 * The fingerprint of a key, its use registered. Call it in the transaction that stores the key.
 * @throws ERR_KEY_REUSE when it was imported for another use, algorithm or family; ERR_KEY_UNWRAP under another master key
 */
export async function recogniseKey(
  transaction: Database,
  masterKey: MasterKey,
  use: KeyUse,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const secret = await hostSecret(transaction, masterKey, 'key-fingerprint')
  await adoptOldRows(transaction, masterKey, secret)
  return register(transaction, use, fingerprintOf(secret, bytes))
}

async function register(transaction: Database, use: KeyUse, fingerprint: Uint8Array): Promise<Uint8Array> {
  const { usage, algorithm, family } = { ...use, family: use.family ?? '' }
  // Of two imports at once, the second waits here until the first has ended.
  await transaction
    .insertInto('key_use')
    .values({ fingerprint, usage, algorithm, family })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const first = await transaction
    .selectFrom('key_use')
    .select(['usage', 'algorithm', 'family'])
    .where('fingerprint', '=', fingerprint)
    .executeTakeFirstOrThrow()
  if (first.usage === usage && first.algorithm === algorithm && first.family === family) return fingerprint
  throw new HostError('ERR_KEY_REUSE')
}

/** Rows from before there were fingerprints get theirs. */
async function adoptOldRows(transaction: Database, masterKey: MasterKey, secret: Uint8Array): Promise<void> {
  const rows = await transaction
    .selectFrom('issuer_key')
    .select([...BOUND_COLUMNS, 'wrapped'])
    .where('fingerprint', 'is', null)
    .execute()
  for (const row of rows) {
    const bytes = masterKey.unwrap(boundRow(row), row.wrapped)
    const fingerprint = fingerprintOf(secret, bytes)
    bytes.fill(0)
    const { usage, algorithm, family } = row
    await transaction
      .insertInto('key_use')
      .values({ fingerprint, usage, algorithm, family: family ?? '' })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    await transaction.updateTable('issuer_key').set({ fingerprint }).where('id', '=', row.id).execute()
  }
}

/** 32 bytes. DES sees no parity bits, and K1 K2 K1 is K1 K2 to it, so neither may an import see a difference. */
function fingerprintOf(secret: Uint8Array, bytes: Uint8Array): Uint8Array {
  const plain = bytes.map((byte) => byte & 0xfe)
  const fingerprint = hmacSha256(secret, isTwoKey(plain) ? plain.subarray(0, 16) : plain)
  plain.fill(0)
  return fingerprint
}

/** Whether 24 bytes are the two-key form of TDES written out: K3 = K1, whatever the parity bits. */
export function isTwoKey(bytes: Uint8Array): boolean {
  if (bytes.length !== 24) return false
  const plain = bytes.map((byte) => byte & 0xfe)
  const equal = constantTimeEqual(plain.subarray(0, 8), plain.subarray(16))
  plain.fill(0)
  return equal
}
