/**
 * What the host proves itself with to cards of a secure channel: an RSA key pair, the certificates over it, and whom it
 * trusts. Kept like a key: one row, the whole of it wrapped for that row, its use registered so that the pair serves nothing
 * else. What is shown of it is the beginning of the hash of its modulus.
 */
import { fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { RsaPrivateKey } from '@issuerkit/keys'
import { type Credentials, type NamedKey, open } from '@issuerkit/securechannel'
import { type Database, inTransaction } from '../database.js'
import { HostError } from '../errors.js'
import { recogniseKey } from '../keys/fingerprint.js'
import { decipherJwk } from '../keys/import-jwe.js'
import { type AlsoInTransaction, boundRow, type KeyRecord, readKey } from '../keys/key-records.js'
import { readProfile } from '../keys/open-issuer.js'
import { liveRow } from '../keys/stored-keys.js'
import { type MasterKey, sha256 } from '../wrap.js'

/** A public key and who it is of: 8 bytes. All in hexadecimal. */
export interface NamedKeyText {
  readonly id: string
  readonly modulus: string
  readonly exponent: string
}

/** The members of a private key as a JWK that count; what else [RFC7518] 6.3.2 knows may stand there. */
export interface RsaJwk {
  readonly kty: 'RSA'
  readonly n: string
  readonly e: string
  readonly d: string
  readonly p: string
  readonly q: string
}

/** Credentials without their private key, as they come in. Bytes are hexadecimal. */
export interface CredentialsText {
  readonly hostId: string
  readonly hostCertificates?: readonly string[]
  readonly trustPoint?: NamedKeyText
  readonly cardIssuers?: readonly string[]
  readonly card?: NamedKeyText
  readonly keyReferences?: { readonly publicKey?: string; readonly privateKey?: string }
}

/** Credentials to be taken in. */
export interface CredentialsImport extends CredentialsText {
  readonly issuer: string
  /** A JWE to the host's key, or, in dev mode, the JWK itself. */
  readonly jwe?: string
  readonly privateKey?: RsaJwk
}

interface Context {
  readonly database: Database
  readonly masterKey: MasterKey
  readonly devMode: boolean
}

/** What their row is of. */
const USE = { usage: 'CHANNEL', algorithm: 'rsa', family: null } as const
const MEMBERS = ['n', 'e', 'd', 'p', 'q'] as const
const KNOWN = ['kty', ...MEMBERS, 'dp', 'dq', 'qi']

/**
 * Takes credentials in. They have proved by then that a channel can be opened with them, as far as the host's side goes.
 * @param also done in the transaction that stores them
 * @throws ERR_KEY_IMPORT for a JWE or a JWK that is none; ERR_RSA for a key whose parts do not belong together; ERR_KEY for
 *   one that came under a weaker one; ERR_DEV_MODE for a clear one elsewhere; ERR_BODY for none or two; ERR_CHANNEL,
 *   ERR_CERTIFICATE, ERR_LENGTH for what does not go with it; ERR_NOT_FOUND for an unknown issuer; ERR_KEY_REUSE
 */
export async function importCredentials(
  context: Context,
  { issuer, jwe, privateKey, ...text }: CredentialsImport,
  also: AlsoInTransaction,
  id: string = crypto.randomUUID(),
): Promise<KeyRecord> {
  await readProfile(context.database, issuer)
  const jwk = await receive(context, jwe, privateKey)
  const credentials = credentialsOf(jwk, text)
  try {
    // It checks them as every handshake will.
    open('gp', 'transport', credentials).close()
    const kept = JSON.stringify({ jwk, text })
    return await store(context, { id, issuer }, credentials.hostKey, kept, also)
  } finally {
    credentials.hostKey.destroy()
  }
}

/**
 * The live credentials of an id; the caller destroys their key.
 * @throws ERR_NOT_FOUND when the issuer has none of this id in use; ERR_KEY_USAGE when it is a key for something else;
 *   ERR_KEY_UNWRAP
 */
export async function openCredentials(
  database: Database,
  masterKey: MasterKey,
  { issuer, id }: { readonly issuer: string; readonly id: string },
): Promise<Credentials> {
  const row = await liveRow(database, { issuer, id, usage: USE.usage })
  const bytes = masterKey.unwrap(boundRow(row), row.wrapped)
  const { jwk, text } = JSON.parse(new TextDecoder().decode(bytes)) as { jwk: RsaJwk; text: CredentialsText }
  bytes.fill(0)
  return credentialsOf(jwk, text)
}

async function receive(
  { database, masterKey, devMode }: Context,
  jwe: string | undefined,
  clear: RsaJwk | undefined,
): Promise<RsaJwk> {
  if ((jwe === undefined) === (clear === undefined)) {
    throw new HostError('ERR_BODY', 'A private key comes as one of jwe, privateKey.')
  }
  if (jwe === undefined) {
    if (!devMode) throw new HostError('ERR_DEV_MODE', 'A clear private key is for dev mode only.')
    return expectJwk({ ...clear })
  }
  const { jwk, strength } = await decipherJwk(database, masterKey, jwe)
  const key = expectJwk(jwk)
  // [X9.143] 5, in its spirit: a key never travels under a weaker one. 3072 bits of RSA are worth 128.
  if (bytesOf(key.n).length > 384 && strength < 256) {
    throw new IssuerkitError('ERR_KEY', { label: 'private key', expected: 'ECDH-ES+A256KW beyond 3072 bits' })
  }
  return key
}

function expectJwk(jwk: Readonly<Record<string, unknown>>): RsaJwk {
  const isText = (name: string): boolean => typeof jwk[name] === 'string' && /^[A-Za-z0-9_-]{1,1024}$/.test(jwk[name])
  const isKnown = Object.keys(jwk).every((name) => KNOWN.includes(name))
  if (jwk['kty'] !== 'RSA' || !isKnown || !MEMBERS.every(isText)) throw new HostError('ERR_KEY_IMPORT')
  const { kty, n, e, d, p, q } = jwk as unknown as RsaJwk
  return { kty, n, e, d, p, q }
}

function credentialsOf({ n, e, d, p, q }: RsaJwk, text: CredentialsText): Credentials {
  const { hostId, hostCertificates, trustPoint, cardIssuers, card, keyReferences } = text
  const { publicKey, privateKey } = keyReferences ?? {}
  const hex = (name: string, value: string): Uint8Array => fromHex(value, name)
  return {
    hostKey: RsaPrivateKey.create({
      ...{ modulus: bytesOf(n), exponent: bytesOf(e), privateExponent: bytesOf(d) },
      primes: [bytesOf(p), bytesOf(q)],
    }),
    hostId: hex('hostId', hostId),
    ...(hostCertificates && { hostCertificates: hostCertificates.map((each) => hex('hostCertificates', each)) }),
    ...(trustPoint && { trustPoint: namedKey(trustPoint) }),
    ...(cardIssuers && { cardIssuers: cardIssuers.map((each) => hex('cardIssuers', each)) }),
    ...(card && { card: namedKey(card) }),
    keyReferences: {
      ...(publicKey && { publicKey: hex('publicKey', publicKey) }),
      ...(privateKey && { privateKey: hex('privateKey', privateKey) }),
    },
  }
}

function namedKey({ id, modulus, exponent }: NamedKeyText): NamedKey {
  return { id: fromHex(id), key: { modulus: fromHex(modulus), exponent: fromHex(exponent) } }
}

function bytesOf(base64url: string): Uint8Array {
  return Uint8Array.from(Buffer.from(base64url, 'base64url'))
}

async function store(
  { database, masterKey }: Context,
  { id, issuer }: { readonly id: string; readonly issuer: string },
  { publicKey: { modulus } }: RsaPrivateKey,
  kept: string,
  also: AlsoInTransaction,
): Promise<KeyRecord> {
  const columns = { id, issuer, ...USE, key_set: 'default', dki: null, block_version: null, binding: 2 }
  const kcv = toHex(sha256(modulus).subarray(0, 5))
  return inTransaction(database, async (transaction) => {
    const fingerprint = await recogniseKey(transaction, masterKey, USE, modulus)
    const bytes = new TextEncoder().encode(kept)
    const wrapped = masterKey.wrap(boundRow(columns), bytes)
    bytes.fill(0)
    await transaction
      .insertInto('issuer_key')
      .values({ ...columns, kcv, wrapped, fingerprint })
      .execute()
    const record = await readKey(transaction, id)
    await also(transaction, record)
    return record
  })
}
