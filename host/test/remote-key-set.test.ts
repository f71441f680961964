import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type RemoteKeySetOptions, remoteKeySet } from '../src/access/remote-key-set.js'
import { tokenVerifier } from '../src/access/verify-token.js'
import { accessPolicy } from '../src/cli/serve-options.js'

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const [one, two] = [pair(), pair()]
const jwk = (kid: string, { publicKey } = one) => ({
  ...publicKey.export({ format: 'jwk' }),
  kid,
  alg: 'ES256',
  use: 'sig',
})

function token(kid: string, { privateKey } = one): string {
  const now = Math.floor(Date.now() / 1000)
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { iss: 'idp', aud: 'issuerkit', sub: 'alice', iat: now, exp: now + 60 }
  const text = `${encode({ alg: 'ES256', typ: 'at+jwt', kid })}.${encode(claims)}`
  return `Bearer ${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** A key server of which the test says what it answers, and at what time it is. */
function keyServer(answer: () => Response | Promise<Response>) {
  const state = { now: 0, fetches: 0, errors: 0, asked: [] as RequestInit[] }
  const options: RemoteKeySetOptions = {
    now: () => state.now,
    onError: () => state.errors++,
    fetch: async (_url, init) => {
      state.fetches++
      state.asked.push(init ?? {})
      return answer()
    },
  }
  const keys = remoteKeySet('https://login.example/jwks', options)
  return { state, verify: tokenVerifier({ keys, issuer: 'idp', audience: 'issuerkit' }) }
}
const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status })

describe('a key set that is fetched', () => {
  test('is fetched once for many tokens, and again when it is ten minutes old', async () => {
    const { state, verify } = keyServer(() => json({ keys: [jwk('a')] }))
    expect(state.fetches).toBe(0)
    await Promise.all(Array.from({ length: 20 }, () => verify(token('a'))))
    expect(state.fetches).toBe(1)
    expect(state.asked[0]).toMatchObject({ redirect: 'error', signal: expect.any(AbortSignal) })
    state.now = 599_999
    await verify(token('a'))
    expect(state.fetches).toBe(1)
    state.now = 600_000
    await verify(token('a'))
    expect(state.fetches).toBe(2)
  })

  test('is fetched for unknown key ids at most once in 30 seconds', async () => {
    const { state, verify } = keyServer(() => json({ keys: [jwk('a')] }))
    await verify(token('a'))
    for (let second = 0; second < 300; second++) {
      state.now = second * 1_000
      await expect(verify(token(`made-up-${second}`))).rejects.toMatchObject({ code: 'ERR_UNAUTHORIZED' })
      await verify(token('a'))
    }
    expect(state.fetches).toBe(10)
  })

  test('learns a new key, and forgets one that is gone', async () => {
    let keys = [jwk('a')]
    const { state, verify } = keyServer(() => json({ keys }))
    await verify(token('a'))
    keys = [jwk('b', two)]
    await expect(verify(token('b', two))).rejects.toMatchObject({ code: 'ERR_UNAUTHORIZED' })
    state.now = 30_000
    expect(await verify(token('b', two))).toMatchObject({ subject: 'alice' })
    await expect(verify(token('a'))).rejects.toMatchObject({ code: 'ERR_UNAUTHORIZED' })
  })

  test.each<[string, () => Response | Promise<Response>]>([
    ['an error', () => json({ keys: [jwk('a')] }, 500)],
    ['no content', () => new Response(null, { status: 204 })],
    ['no JSON', () => new Response('<html>')],
    ['no key set', () => json({})],
    [
      'a private key in it',
      () => json({ keys: [{ ...one.privateKey.export({ format: 'jwk' }), kid: 'a', alg: 'ES256', use: 'sig' }] }),
    ],
    [
      'a symmetric key beside',
      () => json({ keys: [jwk('a'), { kty: 'oct', k: 'AAAA', kid: 'h', alg: 'HS256', use: 'sig' }] }),
    ],
    ['the same kid twice', () => json({ keys: [jwk('a'), jwk('a', two)] })],
    ['more than 64 KB', () => json({ keys: [jwk('a')], pad: 'x'.repeat(65_536) })],
    ['no connection', () => Promise.reject(new TypeError('fetch failed'))],
  ])('with %s is not taken, and that is no fault of the token', async (_, answer) => {
    const { state, verify } = keyServer(answer)
    await expect(verify(token('a'))).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    await expect(verify(token('a'))).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    expect([state.fetches, state.errors]).toEqual([1, 1])
  })

  test('keeps the keys of before while the server is out of reach', async () => {
    let up = true
    const { state, verify } = keyServer(() => (up ? json({ keys: [jwk('a')] }) : json({}, 503)))
    await verify(token('a'))
    up = false
    state.now = 700_000
    expect(await verify(token('a'))).toMatchObject({ subject: 'alice' })
    expect(state.errors).toBe(1)
  })

  test.each(['http://login.example/jwks', 'https://a:b@login.example/jwks', 'ftp://login.example', 'https://'])(
    'may not come from %s',
    (jwks) => {
      expect(() => accessPolicy({ jwks, issuer: 'i', audience: 'a' })).toThrow(
        expect.objectContaining({ code: 'ERR_KEY_SET' }),
      )
    },
  )
  test('may come from an https address', () => {
    const { keys } = accessPolicy({ jwks: 'https://login.example/jwks', issuer: 'i', audience: 'a' })
    expect(keys.algorithms).toEqual(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])
  })
})
