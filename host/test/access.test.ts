import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDevAccess } from '../src/access/dev-token.js'
import { readKeySet } from '../src/access/key-set.js'
import { parseScopes, SCOPES } from '../src/access/scopes.js'
import { tokenVerifier } from '../src/access/verify-token.js'
import { openDatabase } from '../src/database.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import { buildServer } from '../src/server.js'
import { MasterKey } from '../src/wrap.js'
import { echo } from './support/server.js'

// Tokens are made here by hand: nothing that checks them has a part in making them.
const ours = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const theirs = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const publicJwk = { ...ours.publicKey.export({ format: 'jwk' }), kid: 'a', alg: 'ES256', use: 'sig' }
const rsaJwk = { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'r', alg: 'RS256', use: 'sig' }
const verify = tokenVerifier({ keys: readKeySet({ keys: [publicJwk, rsaJwk] }), issuer: 'idp', audience: 'issuerkit' })

const now = Math.floor(Date.now() / 1000)
const HEADER = { alg: 'ES256', typ: 'at+jwt', kid: 'a' }
const CLAIMS = { iss: 'idp', aud: 'issuerkit', sub: 'alice', iat: now, exp: now + 60, scope: 'verify:oda x' }

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const signEs256 = (text: string, key: KeyObject = ours.privateKey) =>
  sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')

function token(header: object = {}, claims: object = {}, signer: (text: string) => string = signEs256): string {
  const text = `${encode({ ...HEADER, ...header })}.${encode({ ...CLAIMS, ...claims })}`
  return `${text}.${signer(text)}`
}
const hmac = (secret: string | Buffer) => (text: string) =>
  createHmac('sha256', secret).update(text).digest('base64url')

describe('a token', () => {
  test('of our key with our claims tells who asks and what they may', async () => {
    const caller = await verify(`Bearer ${token()}`)
    expect(caller).toEqual({ subject: 'alice', scopes: new Set(['verify:oda']) })
    expect(await verify(`bearer ${token({ typ: 'application/at+jwt' }, { aud: ['other', 'issuerkit'] })}`)).toEqual(
      caller,
    )
    const signRs256 = (text: string) => sign('sha256', Buffer.from(text), rsa.privateKey).toString('base64url')
    expect(await verify(`Bearer ${token({ alg: 'RS256', kid: 'r' }, {}, signRs256)}`)).toEqual(caller)
  })

  const pem = ours.publicKey.export({ format: 'pem', type: 'spki' })
  const der = ours.publicKey.export({ format: 'der', type: 'spki' })
  const good = token()
  const parts = good.split('.')
  test.each<[string, string | undefined]>([
    ['nothing', undefined],
    ['no scheme', good],
    ['another scheme', `Basic ${good}`],
    ['an empty token', 'Bearer '],
    ['alg none', `Bearer ${token({ alg: 'none' }, {}, () => '')}`],
    ['alg none with a signature', `Bearer ${token({ alg: 'none' })}`],
    ['HS256 with the public key as secret', `Bearer ${token({ alg: 'HS256' }, {}, hmac(pem))}`],
    ['HS256 with the DER key as secret', `Bearer ${token({ alg: 'HS256' }, {}, hmac(der))}`],
    ["an algorithm that is not the key's", `Bearer ${token({ alg: 'RS256' })}`],
    ['a PS256 signature that the set does not name', `Bearer ${token({ alg: 'PS256', kid: 'r' })}`],
    ['another key', `Bearer ${token({}, {}, (text) => signEs256(text, theirs.privateKey))}`],
    [
      'another key that it brings along',
      `Bearer ${token({ jwk: theirs.publicKey.export({ format: 'jwk' }), kid: undefined }, {}, (text) => signEs256(text, theirs.privateKey))}`,
    ],
    ['an unknown kid', `Bearer ${token({ kid: 'b' })}`],
    ['a kid of another kind', `Bearer ${token({ kid: 7 })}`],
    ['an unknown critical header', `Bearer ${token({ crit: ['x'], x: 1 })}`],
    ['another type', `Bearer ${token({ typ: 'JWT' })}`],
    ['no type', `Bearer ${token({ typ: undefined })}`],
    ['an end in the past', `Bearer ${token({}, { exp: now - 6 })}`],
    ['no end', `Bearer ${token({}, { exp: undefined })}`],
    ['an end that is text', `Bearer ${token({}, { exp: `${now + 60}` })}`],
    ['a beginning in the future', `Bearer ${token({}, { nbf: now + 30 })}`],
    ['no time of issue', `Bearer ${token({}, { iat: undefined })}`],
    ['a time of issue in the future', `Bearer ${token({}, { iat: now + 30 })}`],
    ['a great age', `Bearer ${token({}, { iat: now - 86_500 })}`],
    ['another issuer', `Bearer ${token({}, { iss: 'idp2' })}`],
    ['another audience', `Bearer ${token({}, { aud: 'issuerkit2' })}`],
    ['no audience', `Bearer ${token({}, { aud: undefined })}`],
    ['no subject', `Bearer ${token({}, { sub: undefined })}`],
    ['an empty subject', `Bearer ${token({}, { sub: '' })}`],
    ['a subject with a control character', `Bearer ${token({}, { sub: 'a\u0000' })}`],
    ['a subject with half a character', `Bearer ${token({}, { sub: 'a\ud800' })}`],
    ['a subject that is no text', `Bearer ${token({}, { sub: 7 })}`],
    ['a subject without end', `Bearer ${token({}, { sub: 'x'.repeat(257) })}`],
    ['a changed claim', `Bearer ${parts[0]}.${encode({ ...CLAIMS, sub: 'mallory' })}.${parts[2]}`],
    ['a cut signature', `Bearer ${good.slice(0, -4)}`],
    [
      'a signature in DER',
      `Bearer ${token({}, {}, (text) => sign('sha256', Buffer.from(text), ours.privateKey).toString('base64url'))}`,
    ],
    ['a space inside', `Bearer ${parts[0]} .${parts[1]}.${parts[2]}`],
    ['a space behind', `Bearer ${good} `],
    ['two spaces before', `Bearer  ${good}`],
    ['padding', `Bearer ${good}=`],
    ['the other base64', `Bearer ${good.slice(0, -2)}+/`],
    ['four parts', `Bearer ${good}.x`],
    ['two parts', `Bearer ${parts[0]}.${parts[1]}`],
    ['two tokens', `Bearer ${good}, Bearer ${good}`],
    ['a newline behind', `Bearer ${good}\n`],
    ['more than 4 KB', `Bearer ${token({}, { pad: 'x'.repeat(4_000) })}`],
  ])('with %s is refused, without saying why', async (_what, authorization) => {
    await expect(verify(authorization)).rejects.toMatchObject({
      code: 'ERR_UNAUTHORIZED',
      message: 'A request carries no access token, or one that is not valid.',
    })
  })

  test('may have 4 KB', async () => {
    const empty = token({}, { pad: '' }).length
    const padded = token({}, { pad: 'x'.repeat(Math.floor(((4_096 - empty) * 3) / 4)) })
    expect(padded.length).toBeGreaterThan(4_090)
    expect(padded.length).toBeLessThanOrEqual(4_096)
    expect(await verify(`Bearer ${padded}`)).toMatchObject({ subject: 'alice' })
  })
})

describe('a key set', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a list', [publicJwk]],
    ['no key', { keys: [] }],
    ['a key that is none', { keys: ['x'] }],
    ['a key without kid', { keys: [{ ...publicJwk, kid: undefined }] }],
    ['a kid twice', { keys: [publicJwk, { ...rsaJwk, kid: 'a' }] }],
    ['a private key', { keys: [{ ...ours.privateKey.export({ format: 'jwk' }), kid: 'a', alg: 'ES256', use: 'sig' }] }],
    ['a secret key', { keys: [{ kty: 'oct', k: 'AAAA', kid: 'a', alg: 'HS256', use: 'sig' }] }],
    ['a key for enciphering', { keys: [{ ...publicJwk, use: 'enc' }] }],
    ['a key without algorithm', { keys: [{ ...publicJwk, alg: undefined }] }],
    ['HS256', { keys: [{ ...publicJwk, alg: 'HS256' }] }],
    ['ES256 on another curve', { keys: [{ ...publicJwk, crv: 'P-384' }] }],
    ['RS256 on a curve', { keys: [{ ...publicJwk, alg: 'RS256' }] }],
    ['1024 bits', { keys: [{ ...small, kid: 's', alg: 'RS256', use: 'sig' }] }],
    ['the exponent 1', { keys: [{ ...rsaJwk, e: 'AQ' }] }],
    ['the exponent 3', { keys: [{ ...rsaJwk, e: 'Aw' }] }],
    ['an even exponent', { keys: [{ ...rsaJwk, e: 'AQAC' }] }],
    ['no modulus', { keys: [{ ...rsaJwk, n: undefined }] }],
    ['no exponent', { keys: [{ ...rsaJwk, e: undefined }] }],
  ])('with %s is refused', (_what, value) => {
    expect(() => readKeySet(value)).toThrow(expect.objectContaining({ code: 'ERR_KEY_SET' }))
  })
})

test.each([
  [undefined, []],
  [['verify:oda'], []],
  ['', []],
  ['verify:oda channels', ['verify:oda', 'channels']],
  ['verify:oda2 Channels', []],
])('the scope claim %j means %j', (claim, scopes) => {
  expect([...parseScopes(claim)]).toEqual(scopes)
})

describe('a route', () => {
  const database = openDatabase({ address: { connectionString: 'postgres://127.0.0.1:1/none' } })
  let app: FastifyInstance
  beforeAll(async () => {
    const masterKey = new MasterKey(new Uint8Array(32))
    const context = { database, masterKey, keys: localKeyService(database, masterKey), devMode: false }
    app = await buildServer({ context, verifyToken: verify, routes: [echo], log: { level: 'silent' } })
  })
  afterAll(async () => {
    await app.close()
    await database.destroy()
  })
  const send = (headers: Record<string, string>) =>
    app.inject({ method: 'POST', url: '/v1/echo', payload: '{', headers })

  test('asks for a token before it reads the body', async () => {
    const answer = await send({ 'content-type': 'x' })
    expect(answer.json()).toMatchObject({ code: 'ERR_UNAUTHORIZED', status: 401, title: 'Unauthorized' })
    expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
  })

  test('asks for its scope before it reads the body', async () => {
    const answer = await send({ authorization: `Bearer ${token({}, { scope: 'keys:admin' })}` })
    expect(answer.json()).toMatchObject({
      code: 'ERR_FORBIDDEN',
      status: 403,
      detail: 'This route needs the scope verify:oda.',
    })
    expect(answer.headers['www-authenticate']).toBe('Bearer error="insufficient_scope", scope="verify:oda"')
  })

  test('then reads the body', async () => {
    const answer = await send({ authorization: `Bearer ${token()}`, 'content-type': 'application/json' })
    expect(answer.json()).toMatchObject({ code: 'ERR_BODY', status: 400 })
  })
})

test('the token of dev mode has every scope under its own key', async () => {
  const { policy, token: devToken } = await createDevAccess()
  expect(await tokenVerifier(policy)(`Bearer ${devToken}`)).toEqual({ subject: 'developer', scopes: new Set(SCOPES) })
  await expect(tokenVerifier((await createDevAccess()).policy)(`Bearer ${devToken}`)).rejects.toThrow()
})
