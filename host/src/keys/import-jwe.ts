/**
 * The key pairs that keys are enciphered to, and what comes enciphered to them: a JWE in compact form whose content is a JWK
 * of a symmetric key. One pair for each algorithm; the private parts are in the database, wrapped.
 *
 * | alg | key pair | protects keys up to |
 * |---|---|---|
 * | RSA-OAEP-256 | RSA, 3072 bits | 128 bits |
 * | ECDH-ES+A256KW | P-521 | 256 bits |
 * @see [RFC7516] 7.1 (compact form), [RFC7517] 6.4 (`oct` keys), 7 (enciphered keys)
 */
import { compactDecrypt, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import { strictFault } from '../json-body.js'
import { type MasterKey, randomHex } from '../wrap.js'
import { hostSecret } from './host-secrets.js'

export type ImportAlgorithm = 'RSA-OAEP-256' | 'ECDH-ES+A256KW'

const ENCRYPTION = 'A256GCM'
/** Of a whole JWE, in characters. */
export const LONGEST_JWE = 8192
/** Five parts of strict base64url; jose's decoder forgives more. */
const COMPACT = /^([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
const HEADER: Readonly<Record<ImportAlgorithm, readonly string[]>> = {
  'RSA-OAEP-256': ['alg', 'enc', 'kid', 'cty'],
  'ECDH-ES+A256KW': ['alg', 'enc', 'kid', 'cty', 'epk', 'apu', 'apv'],
}
const PUBLIC_MEMBERS = ['kty', 'n', 'e', 'crv', 'x', 'y', 'kid', 'alg', 'use'] as const

/** The public keys as a JWK set. The pairs are made at the first call. */
export async function importKeySet(database: Database, masterKey: MasterKey): Promise<{ readonly keys: JWK[] }> {
  const pairs = await keyPairs(database, masterKey)
  return { keys: pairs.map((pair) => pick(pair, PUBLIC_MEMBERS)) }
}

/** A key that came enciphered: its bytes, for the caller to zero, and how strongly they were protected. */
export interface DecipheredKey {
  readonly bytes: Uint8Array
  readonly strength: number
}

/**
 * The key in a JWE to one of the host's pairs.
 * @throws ERR_KEY_IMPORT, always with the same text, whatever is wrong: its form, its header, its key, its content
 */
export async function decipherJwe(database: Database, masterKey: MasterKey, jwe: string): Promise<DecipheredKey> {
  const { jwk, strength } = await decipherJwk(database, masterKey, jwe)
  return { bytes: keyIn(jwk), strength }
}

/** A JWK that came enciphered, its members not looked at yet, and how strongly it was protected. */
export interface DecipheredJwk {
  readonly jwk: Readonly<Record<string, unknown>>
  readonly strength: number
}

/** The JWK in a JWE to one of the host's pairs; otherwise as {@link decipherJwe}. */
export async function decipherJwk(database: Database, masterKey: MasterKey, jwe: string): Promise<DecipheredJwk> {
  const { alg, kid } = headerOf(jwe)
  const pair = (await keyPairs(database, masterKey)).find((each) => each.alg === alg && each.kid === kid)
  if (pair === undefined) throw new HostError('ERR_KEY_IMPORT')
  const { plaintext } = await compactDecrypt(jwe, await importJWK(pair, alg), {
    keyManagementAlgorithms: [alg],
    contentEncryptionAlgorithms: [ENCRYPTION],
  }).catch(() => {
    // The cause would tell which step failed, and it may quote what came out of it.
    throw new HostError('ERR_KEY_IMPORT')
  })
  try {
    return { jwk: objectIn(plaintext), strength: alg === 'RSA-OAEP-256' ? 128 : 256 }
  } finally {
    plaintext.fill(0)
  }
}

/** The header, looked at before jose sees it: none but known members, so no `zip`, `crit`, `p2c` or key of the sender's. */
function headerOf(jwe: string): { readonly alg: ImportAlgorithm; readonly kid: unknown } {
  const part = jwe.length <= LONGEST_JWE ? COMPACT.exec(jwe)?.[1] : undefined
  const header = objectIn(Buffer.from(part ?? '', 'base64url'))
  const alg = Object.keys(HEADER).find((name) => name === header['alg']) as ImportAlgorithm | undefined
  const isKnown = alg !== undefined && Object.keys(header).every((name) => HEADER[alg].includes(name))
  if (!isKnown || header['enc'] !== ENCRYPTION) throw new HostError('ERR_KEY_IMPORT')
  return { alg, kid: header['kid'] }
}

/** Text of strict JSON as an object. ERR_KEY_IMPORT */
function objectIn(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    value = JSON.parse(text)
    if (strictFault(text) !== undefined) value = undefined
  } catch {
    value = undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new HostError('ERR_KEY_IMPORT')
  return value as Record<string, unknown>
}

/** The bytes of `{ "kty": "oct", "k": … }`, and of nothing that says more. */
function keyIn({ kty, k, ...more }: DecipheredJwk['jwk']): Uint8Array {
  const isKey = kty === 'oct' && typeof k === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(k)
  if (!isKey || Object.keys(more).length > 0) throw new HostError('ERR_KEY_IMPORT')
  return Uint8Array.from(Buffer.from(k, 'base64url'))
}

async function keyPairs(database: Database, masterKey: MasterKey): Promise<JWK[]> {
  const text = await hostSecret(database, masterKey, 'key-import', async () =>
    new TextEncoder().encode(JSON.stringify([await newPair('RSA-OAEP-256'), await newPair('ECDH-ES+A256KW')])),
  )
  try {
    return JSON.parse(new TextDecoder().decode(text)) as JWK[]
  } finally {
    text.fill(0)
  }
}

async function newPair(alg: ImportAlgorithm): Promise<JWK> {
  const size = alg === 'RSA-OAEP-256' ? { modulusLength: 3072 } : { crv: 'P-521' }
  const { privateKey } = await generateKeyPair(alg, { extractable: true, ...size })
  return { ...(await exportJWK(privateKey)), kid: randomHex(8), alg, use: 'enc' }
}

function pick(key: JWK, names: readonly (keyof JWK)[]): JWK {
  return Object.fromEntries(names.flatMap((name) => (key[name] === undefined ? [] : [[name, key[name]]])))
}
