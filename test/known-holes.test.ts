/** Known holes of our dependencies, each tried: a version from before the mending fails here, whatever a list says. */
import { constants, createCipheriv, createHash, generateKeyPairSync, privateEncrypt, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { deflateRawSync } from 'node:zlib'
import forge from 'node-forge'
import { describe, expect, it } from 'vitest'

/** The host's dependencies are not the root's: they are taken as the host takes them. */
const ofHost = createRequire(new URL('../host/package.json', import.meta.url))

describe('node-forge', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent: 3 })
  const { n, e } = publicKey.export({ format: 'jwk' })
  const number = (text: string | undefined) =>
    new forge.jsbn.BigInteger(Buffer.from(text ?? '', 'base64url').toString('hex'), 16)
  const key = forge.pki.setRsaPublicKey(number(n), number(e))
  const digest = createHash('sha1').update('hello').digest()

  const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
    const value = Buffer.concat(parts)
    return Buffer.concat([Buffer.from([tag, value.length]), value])
  }
  const sha1Oid = der(6, Buffer.from('2B0E03021A', 'hex'))
  const none = Buffer.from('0500', 'hex')
  const hash = der(4, digest)

  /** Whether forge takes a block of this DigestInfo as a signature. */
  function accepts(digestInfo: Buffer): boolean {
    const block = Buffer.alloc(128, 0xff)
    block.set([0, 1])
    block[127 - digestInfo.length] = 0
    block.set(digestInfo, 128 - digestInfo.length)
    const signature = privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, block)
    try {
      return key.verify(digest.toString('binary'), signature.toString('binary'))
    } catch {
      return false
    }
  }

  it('takes a right signature', () => expect(accepts(der(0x30, der(0x30, sha1Oid, none), hash))).toBe(true))
  it.each([
    [
      'bytes behind NULL in the algorithm (CVE-2026-85393)',
      der(0x30, der(0x30, sha1Oid, none, der(4, randomBytes(40))), hash),
    ],
    ['bytes in place of NULL (CVE-2026-85393)', der(0x30, der(0x30, sha1Oid, der(4, randomBytes(40))), hash)],
    ['a NULL with bytes in it (CVE-2026-85393)', der(0x30, der(0x30, sha1Oid, der(5, randomBytes(40))), hash)],
    ['a field behind the digest (CVE-2026-33894)', der(0x30, der(0x30, sha1Oid, none), hash, der(4, randomBytes(40)))],
    ['bytes behind the structure', Buffer.concat([der(0x30, der(0x30, sha1Oid, none), hash), randomBytes(40)])],
  ])('refuses %s', (_, digestInfo) => expect(accepts(digestInfo)).toBe(false))
})

describe('fastify', () => {
  interface App {
    post(path: string, options: object, handler: () => Promise<string>): void
    inject(request: object): Promise<{ statusCode: number }>
    close(): Promise<void>
  }
  const fastify = ofHost('fastify') as () => App
  const object = { type: 'object', required: ['a'], properties: { a: { type: 'string' } } }
  const schema = { body: { content: { 'application/json': { schema: object } } } }

  it.each(['application/json', 'application/json\ta', ' application/json', 'application/json;', 'APPLICATION/JSON'])(
    'lets no body pass unvalidated that is sent as %j (CVE-2026-25223, CVE-2026-33806)',
    async (type) => {
      const app = fastify()
      app.post('/', { schema }, async () => 'reached')
      const headers = { 'content-type': type }
      const { statusCode } = await app.inject({ method: 'POST', url: '/', headers, payload: '{"b":1}' })
      await app.close()
      expect([400, 415]).toContain(statusCode)
    },
  )
})

describe('jose', () => {
  interface Jose {
    compactDecrypt(jwe: string, key: Uint8Array): Promise<unknown>
  }
  const jose = ofHost('jose') as Jose
  const part = (data: object | Uint8Array): string =>
    Buffer.from(data instanceof Uint8Array ? data : JSON.stringify(data)).toString('base64url')

  it('counts no PBES2 rounds by the million because a token says so (CVE-2022-36083)', async () => {
    const header = { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 20_000_000, p2s: part(new Uint8Array(16)) }
    const jwe = [part(header), part(new Uint8Array(24)), part(new Uint8Array(12)), 'AA', part(new Uint8Array(16))].join(
      '.',
    )
    const start = performance.now()
    await expect(jose.compactDecrypt(jwe, new Uint8Array(16))).rejects.toThrow()
    expect(performance.now() - start).toBeLessThan(500)
  })

  it('inflates no compressed payload (CVE-2024-28176)', async () => {
    const key = randomBytes(32)
    const iv = randomBytes(12)
    const header = part({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' })
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(header))
    const text = Buffer.concat([cipher.update(deflateRawSync(Buffer.alloc(1_000_000))), cipher.final()])
    const jwe = [header, '', part(iv), part(text), part(cipher.getAuthTag())].join('.')
    await expect(jose.compactDecrypt(jwe, key)).rejects.toThrow()
  })
})
