/** Importing keys through HTTP, for tests. Check values are OpenSSL's. */
import { createCipheriv } from 'node:crypto'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { CompactEncrypt, type CompactJWEHeaderParameters, importJWK, type JWK } from 'jose'
import { createDevAccess } from '../../src/access/dev-token.js'
import { tokenVerifier } from '../../src/access/verify-token.js'
import type { Database } from '../../src/database.js'
import { keyCheck } from '../../src/keys/key-check.js'
import type { KeyService } from '../../src/keys/key-service.js'
import { localKeyService } from '../../src/keys/local-key-service.js'
import { buildServer } from '../../src/server.js'
import { ROUTES } from '../../src/wiring.js'
import { MasterKey } from '../../src/wrap.js'

export const masterBytes = new Uint8Array(32).fill(0x5a)

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly text: string
}

export interface KeyHost {
  readonly app: FastifyInstance
  readonly service: KeyService
  /** Everything that was logged or answered so far. */
  readonly seen: string[]
  send(options: InjectOptions): Promise<Answer>
  get(url: string): Promise<Answer>
  post(url: string, payload: object): Promise<Answer>
}

/** A server with all routes. */
export async function keyHost(
  database: Database,
  { devMode = true, keepMilliseconds = 0, master = masterBytes } = {},
): Promise<KeyHost> {
  const access = await createDevAccess()
  const seen: string[] = []
  const masterKey = new MasterKey(master)
  const service = localKeyService(database, masterKey, { keepMilliseconds })
  const app = await buildServer({
    context: { database, masterKey, keys: service, devMode, checks: [keyCheck(service)] },
    verifyToken: tokenVerifier(access.policy),
    routes: ROUTES,
    log: { level: 'debug', stream: { write: (line) => seen.push(line) } },
  })
  const send = async (options: InjectOptions): Promise<Answer> => {
    const headers = { authorization: `Bearer ${access.token}`, ...options.headers }
    const answer = await app.inject({ ...options, headers })
    seen.push(answer.body, JSON.stringify(answer.headers))
    return { status: answer.statusCode, body: answer.json() as Record<string, unknown>, text: answer.body }
  }
  return {
    app,
    service,
    seen,
    send,
    get: (url) => send({ method: 'GET', url }),
    post: (url, payload) => send({ method: 'POST', url, payload }),
  }
}

/** The two components of a key: one that is given, and the rest. */
export function componentsOf(hex: string): { value: string }[] {
  const one = '1F2E3D4C5B6A798897A6B5C4D3E2F101'.repeat(2).slice(0, hex.length)
  const rest = Buffer.from(hex, 'hex').map((byte, i) => byte ^ (Buffer.from(one, 'hex')[i] ?? 0))
  return [{ value: one }, { value: Buffer.from(rest).toString('hex').toUpperCase() }]
}

/** The key check value of a key: a zero block enciphered, for AES CMAC of it. */
export function kcvOf(algorithm: 'tdes' | 'aes' | 'sm4', hex: string): string {
  const key = Buffer.from(hex, 'hex')
  const name = { tdes: key.length === 24 ? 'des-ede3' : 'des-ede', aes: `aes-${8 * key.length}-ecb`, sm4: 'sm4-ecb' }
  const encipher = (block: Buffer) =>
    createCipheriv(name[algorithm], key, null).setAutoPadding(false).update(block) as Buffer
  if (algorithm !== 'aes')
    return encipher(Buffer.alloc(algorithm === 'tdes' ? 8 : 16))
      .toString('hex', 0, 3)
      .toUpperCase()
  // RFC 4493: of one whole block, AES( block XOR K1 ), K1 = L << 1, XOR 87 when a bit falls out.
  const l = BigInt(`0x${encipher(Buffer.alloc(16)).toString('hex')}`)
  const k1 = ((l << 1n) & ((1n << 128n) - 1n)) ^ (l >> 127n === 1n ? 0x87n : 0n)
  return encipher(Buffer.from(k1.toString(16).padStart(32, '0'), 'hex'))
    .toString('hex', 0, 5)
    .toUpperCase()
}

/** A JWE to one of the host's keys, made by jose. */
export async function encipherTo(
  key: JWK,
  content: string | Uint8Array,
  header: Partial<CompactJWEHeaderParameters> = {},
): Promise<string> {
  const plaintext = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return new CompactEncrypt(plaintext)
    .setProtectedHeader({ alg: `${key.alg}`, enc: 'A256GCM', kid: `${key.kid}`, ...header })
    .encrypt(await importJWK(key, `${header.alg ?? key.alg}`))
}

/** A symmetric key as a JWK. */
export function jwkOf(hex: string): string {
  return JSON.stringify({ kty: 'oct', k: Buffer.from(hex, 'hex').toString('base64url') })
}
