/**
 * Signed heads: the ends of all chains at one moment, as a JWS by the host's audit key. Whoever keeps one elsewhere can tell
 * later that nothing before it was changed or cut off, whatever happened to the database.
 */
import {
  CompactSign,
  calculateJwkThumbprint,
  compactVerify,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose'
import type { Database } from '../database.js'
import { hostSecret } from '../keys/host-secrets.js'
import type { MasterKey } from '../wrap.js'

/** The end of a chain. */
export interface ChainHead {
  readonly chain: number
  readonly seq: number
  /** 32 bytes in hexadecimal. */
  readonly hash: string
}

/** What a signed head says. */
export interface SignedHeads {
  readonly at: string
  readonly heads: readonly ChainHead[]
}

const ALGORITHM = 'ES256'
const TYPE = 'issuerkit-audit-head'

/** The ends of all chains that hold an entry. */
export async function currentHeads(database: Database): Promise<ChainHead[]> {
  const rows = await database.selectFrom('audit_head').selectAll().where('seq', '>', '0').orderBy('chain').execute()
  return rows.map(({ chain, seq, hash }) => ({ chain, seq: Number(seq), hash: Buffer.from(hash).toString('hex') }))
}

/**
 * Signs the ends of the chains as they are and keeps the result in the database. The key is made at first use; its private
 * part is a host secret, its public part stands in `audit_key`.
 * @throws ERR_KEY_UNWRAP under another master key
 */
export async function signHeads(database: Database, masterKey: MasterKey, now = new Date()): Promise<string> {
  const { kid, jwk } = await auditKey(database, masterKey)
  const heads = await currentHeads(database)
  const payload: SignedHeads = { at: now.toISOString(), heads }
  const jws = await new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid })
    .sign(await importJWK(jwk, ALGORITHM))
  await database.insertInto('audit_signed_head').values({ at: now, kid, jws }).execute()
  return jws
}

async function auditKey(database: Database, masterKey: MasterKey): Promise<{ kid: string; jwk: JWK }> {
  const bytes = await hostSecret(database, masterKey, 'audit-signing', async () => {
    const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true })
    return new TextEncoder().encode(JSON.stringify(await exportJWK(privateKey)))
  })
  const jwk = JSON.parse(new TextDecoder().decode(bytes)) as JWK
  const { d: _, ...open } = jwk
  const kid = await calculateJwkThumbprint(open)
  await database
    .insertInto('audit_key')
    .values({ kid, jwk: JSON.stringify(open) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return { kid, jwk }
}

/** What `jws` says, or undefined when none of `keys` (by thumbprint) has signed it. */
export async function readSignedHeads(jws: string, keys: readonly JWK[]): Promise<SignedHeads | undefined> {
  try {
    const { kid } = decodeProtectedHeader(jws)
    for (const key of keys) {
      if ((await calculateJwkThumbprint(key)) !== kid) continue
      const { payload, protectedHeader } = await compactVerify(jws, await importJWK(key, ALGORITHM), {
        algorithms: [ALGORITHM],
      })
      if (protectedHeader.typ === TYPE) return JSON.parse(new TextDecoder().decode(payload)) as SignedHeads
    }
  } catch {
    // Not a JWS, or not a true one: the same to whoever asks.
  }
  return undefined
}
