/** Tokens that were good once are remembered: never beyond their time, nor beyond their key. */
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import type { JWTVerifyGetKey } from 'jose'
import { afterEach, expect, test, vi } from 'vitest'
import { type KeySet, readKeySet } from '../src/access/key-set.js'
import { tokenVerifier } from '../src/access/verify-token.js'
import { HostError } from '../src/errors.js'

afterEach(() => {
  vi.restoreAllMocks()
})

const START = 1_800_000_000
const pairs = [0, 1].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }))
const [first, second] = pairs.map(({ publicKey }) =>
  readKeySet({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'a', alg: 'ES256', use: 'sig' }] }),
) as [KeySet, KeySet]
const privateKey = createPrivateKey(pairs[0]?.privateKey.export({ format: 'pem', type: 'pkcs8' }) ?? '')

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
function token(claims: object = {}): string {
  const all = {
    iss: 'idp',
    aud: 'issuerkit',
    sub: 'alice',
    iat: START,
    exp: START + 600,
    scope: 'verify:oda',
    ...claims,
  }
  const text = `${encode({ alg: 'ES256', typ: 'at+jwt', kid: 'a' })}.${encode(all)}`
  return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** A verifier whose clock and key set a test may change, and how often a signature was checked. */
function verifier() {
  const state = { seconds: START, keys: first as KeySet | undefined }
  const find: JWTVerifyGetKey = async (...asked) => {
    if (state.keys === undefined) throw new HostError('ERR_UNAVAILABLE')
    return state.keys.find(...asked)
  }
  const checked = vi.spyOn(crypto.subtle, 'verify')
  checked.mockClear()
  const keys = { find, algorithms: first.algorithms }
  const verify = tokenVerifier({ keys, issuer: 'idp', audience: 'issuerkit' }, () => state.seconds * 1000)
  return { state, checked, verify: (text: string) => verify(`Bearer ${text}`) }
}

test('a signature is checked once, also when requests come at once', async () => {
  const { checked, verify } = verifier()
  const text = token()
  const caller = await verify(text)
  expect(caller).toEqual({ subject: 'alice', scopes: new Set(['verify:oda']) })
  expect(await Promise.all(Array.from({ length: 20 }, () => verify(text)))).toEqual(Array(20).fill(caller))
  expect(checked).toHaveBeenCalledTimes(1)
})

test.each([
  ['its expiry', {}, 605],
  ['a day', { exp: START + 200_000 }, 86_405],
])('a token is good to %s and the tolerance, and not a second longer', async (_, claims, until) => {
  const { state, verify } = verifier()
  const text = token(claims)
  await verify(text)
  state.seconds = START + until - 1
  expect(await verify(text)).toMatchObject({ subject: 'alice' })
  state.seconds = START + until + 1
  await expect(verify(text)).rejects.toMatchObject({ code: 'ERR_UNAUTHORIZED' })
})

test('a key that was replaced is good for nothing more, under the same name too', async () => {
  const { state, checked, verify } = verifier()
  const text = token()
  await verify(text)
  state.keys = second
  await expect(verify(text)).rejects.toMatchObject({ code: 'ERR_UNAUTHORIZED' })
  state.keys = first
  expect(await verify(text)).toMatchObject({ subject: 'alice' })
  state.keys = undefined
  await expect(verify(text)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
  expect(checked.mock.calls.length).toBeGreaterThan(1)
})

test('a token that differs in its signature is another one', async () => {
  const { verify } = verifier()
  const text = token()
  await verify(text)
  const [head, body] = text.split('.')
  const other = token({ sub: 'bob' }).split('.')
  await expect(verify(`${head}.${body}.${other[2]}`)).rejects.toMatchObject({ code: 'ERR_UNAUTHORIZED' })
  await expect(verify(`${head}.${other[1]}.${text.split('.')[2]}`)).rejects.toMatchObject({ code: 'ERR_UNAUTHORIZED' })
})

test('a thousand tokens are remembered, and the one that was longest unused is forgotten', async () => {
  const { checked, verify } = verifier()
  const texts = Array.from({ length: 1_001 }, (_, n) => token({ sub: `s${n}` }))
  for (const text of texts) await verify(text)
  expect(checked).toHaveBeenCalledTimes(1_001)
  await verify(texts[1_000] ?? '')
  await verify(texts[1] ?? '')
  expect(checked).toHaveBeenCalledTimes(1_001)
  await verify(texts[0] ?? '')
  expect(checked).toHaveBeenCalledTimes(1_002)
})
