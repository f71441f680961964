import { beforeAll, describe, expect, test } from 'vitest'
import { useDatabase } from './support/database.js'
import { expectNothingSeen, type Importer, importer, marked, USE } from './support/importing.js'
import { componentsOf, encipherTo, jwkOf, kcvOf, keyHost } from './support/keys.js'

const db = useDatabase()
let { host, rsa, ec, post, fresh } = {} as Importer
beforeAll(async () => {
  ;({ host, rsa, ec, post, fresh } = await importer(db.database()))
})

describe('a key enciphered to the host', () => {
  test('the public keys say what they are for and nothing private', () => {
    expect(rsa).toMatchObject({ kty: 'RSA', alg: 'RSA-OAEP-256', use: 'enc', kid: expect.any(String), e: 'AQAB' })
    expect(Buffer.from(`${rsa.n}`, 'base64url').length).toBe(384)
    expect(ec).toMatchObject({ kty: 'EC', crv: 'P-521', alg: 'ECDH-ES+A256KW', use: 'enc', kid: expect.any(String) })
    for (const key of [rsa, ec])
      for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(key).not.toHaveProperty(name)
  })

  test('they stay the same, on another node too', async () => {
    const again = await keyHost(db.database())
    expect((await again.get('/v1/keys/import-key')).body['keys']).toEqual([rsa, ec])
  })

  test.each([
    ['TDES by RSA', 'rsa', { algorithm: 'tdes' }, 16],
    ['SM4 by RSA', 'rsa', { algorithm: 'sm4', usage: 'MAC' }, 16],
    ['AES of 128 bits by RSA', 'rsa', { algorithm: 'aes', usage: 'ENC' }, 16],
    ['AES of 256 bits by ECDH', 'ec', { algorithm: 'aes' }, 32],
    ['TDES by ECDH', 'ec', { algorithm: 'tdes', usage: 'MAC' }, 16],
  ] as const)('%s comes in', async (_, to, use, length) => {
    const key = marked(length)
    const jwe = await encipherTo(to === 'rsa' ? rsa : ec, jwkOf(key), { cty: 'jwk+json' })
    const { status, body, text } = await post({ ...use, jwe, kcv: kcvOf(use.algorithm, key).slice(0, 6) })
    expect(status).toBe(201)
    expect(body).toEqual({
      ...{ id: expect.stringMatching(/^[0-9a-f-]{36}$/), issuer: 'bank', usage: 'AC', ...use, family: 'unionpay' },
      ...{ keySet: 'default', dki: expect.any(Number), blockVersion: null, kcv: kcvOf(use.algorithm, key) },
      ...{ created: expect.stringMatching(/^\d{4}-.*Z$/), retired: null },
    })
    expect(text).not.toContain(key)
    expect((await host.get(`/v1/keys/${body['id']}`)).body).toEqual(body)
  })

  const content = jwkOf('11223344556677889900AABBCCDDEEFF')
  const withHeader = async (header: unknown): Promise<string> => {
    const text = typeof header === 'string' ? header : JSON.stringify(header)
    return (await encipherTo(rsa, content)).replace(/^[^.]+/, Buffer.from(text).toString('base64url'))
  }

  test.each<[string, () => string | Promise<string>]>([
    ['not a JWE', () => 'a.b.c'],
    ['nothing', () => ''],
    ['padding in base64url', async () => `${await encipherTo(rsa, content)}=`],
    ['a space in front', async () => ` ${await encipherTo(rsa, content)}`],
    ['a changed tag', async () => (await encipherTo(rsa, content)).replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'))],
    ['another enc', () => encipherTo(rsa, content, { enc: 'A128CBC-HS256' })],
    ['RSA-OAEP with SHA-1', () => encipherTo(rsa, content, { alg: 'RSA-OAEP' })],
    ['ECDH without key wrap', () => encipherTo(ec, content, { alg: 'ECDH-ES' })],
    ['another kid', () => encipherTo(rsa, content, { kid: 'other' })],
    ['the kid of the other pair', () => encipherTo(rsa, content, { kid: `${ec.kid}` })],
    ['no JWK', () => encipherTo(rsa, 'C0FFEE')],
    ['bytes', () => encipherTo(rsa, Uint8Array.of(0xff, 0xfe))],
    ['a list', () => encipherTo(rsa, '[]')],
    ['another kind of JWK', () => encipherTo(rsa, '{"kty":"RSA","k":"AAAA"}')],
    ['a JWK that says more', () => encipherTo(rsa, '{"kty":"oct","k":"AAAA","alg":"A128KW"}')],
    ['a member twice', () => encipherTo(rsa, '{"kty":"oct","k":"AAAA","k":"AAAB"}')],
    ['k that is no base64url', () => encipherTo(rsa, '{"kty":"oct","k":"AA+A"}')],
    ['zip', () => withHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: rsa.kid, zip: 'DEF' })],
    ['crit', () => withHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: rsa.kid, crit: ['x'], x: 1 })],
    ['PBES2', () => withHeader({ alg: 'PBES2-HS256+A128KW', enc: 'A256GCM', kid: rsa.kid, p2c: 1e9, p2s: 'AAAA' })],
    ['p2c beside RSA', () => withHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: rsa.kid, p2c: 1e9 })],
    ['RSA1_5', () => withHeader({ alg: 'RSA1_5', enc: 'A256GCM', kid: rsa.kid })],
    ['dir', () => withHeader({ alg: 'dir', enc: 'A256GCM', kid: rsa.kid })],
    ['a key of its own', () => withHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: rsa.kid, jwk: rsa })],
    ['jku', () => withHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: rsa.kid, jku: 'http://127.0.0.1/' })],
    ['a header that is no JSON', () => withHeader('x')],
    ['a header that is null', () => withHeader(null)],
  ])('with %s is one and the same error', async (_, make) => {
    const { status, body } = await post({ jwe: await make() })
    expect([status, body['code']]).toEqual([400, 'ERR_KEY_IMPORT'])
    expect(body['detail']).toBe("A key is not enciphered to the host's import key as it must be.")
  })

  test('8 KB and no more', async () => {
    const long = await encipherTo(rsa, content, { cty: 'x'.repeat(6000) })
    expect(long.length).toBeGreaterThan(8192)
    expect((await post({ jwe: long })).body['code']).toBe('ERR_BODY')
  })

  test('an AES key of 256 bits does not travel under 128', async () => {
    const { status, body } = await post({ algorithm: 'aes', jwe: await encipherTo(rsa, jwkOf(marked(32))) })
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: 'ERR_KEY', expected: 'protection of 256 bits', got: '128 bits' })
  })

  test.each([
    ['zero', '00'.repeat(16), 'tdes'],
    ['zero but for parity', '01'.repeat(16), 'tdes'],
    ['zero', '00'.repeat(16), 'aes'],
    ['zero', '00'.repeat(16), 'sm4'],
    ['weak in one half', `1F1F1F1F0E0E0E0E${'0123456789ABCDEF'}`, 'tdes'],
    ['semi-weak in the other', `0123456789ABCDEF${'01FE01FE01FE01FE'}`, 'tdes'],
    ['of equal halves', '0123456789ABCDEF'.repeat(2), 'tdes'],
    ['of halves equal but for parity', '0123456789ABCDEF0022446688AACCEE', 'tdes'],
    ['of 8 bytes', '0123456789ABCDEF', 'tdes'],
    ['of 24 bytes', '0123456789ABCDEFFEDCBA98765432101122334455667788', 'tdes'],
    ['of 15 bytes', '11'.repeat(15), 'aes'],
    ['of 32 bytes', '12'.repeat(32), 'sm4'],
  ])('that is %s is refused', async (_, key, algorithm) => {
    const { status, body } = await post({ algorithm, jwe: await encipherTo(ec, jwkOf(key)) })
    expect([status, body['code']]).toEqual([400, 'ERR_KEY'])
  })

  test.each(['0000', '000000', '0000000000'])('with the check value %s, which it has not, is refused', async (kcv) => {
    const { status, body } = await post({ algorithm: 'aes', kcv, jwe: await encipherTo(ec, jwkOf(marked(32))) })
    expect([status, body['code']]).toEqual([400, 'ERR_KCV'])
  })

  test.each([
    ['tdes', '00000000'],
    ['aes', '000000000000'],
  ])('the check value of a %s key is not longer than it is shown', async (algorithm, kcv) => {
    const { body } = await post({ algorithm, kcv, jwe: await encipherTo(ec, jwkOf(marked())) })
    expect(body).toMatchObject({ code: 'ERR_KCV', got: `${kcv.length / 2} bytes` })
  })
})

describe('clear components', () => {
  const [one, two, three] = [
    '11223344556677889900AABBCCDDEEFF',
    '0F1E2D3C4B5A69788796A5B4C3D2E1F0',
    'A1'.repeat(16),
  ] as const
  const whole = (...parts: string[]) =>
    parts
      .map((part) => Buffer.from(part, 'hex'))
      .reduce((a, b) => Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0))))
      .toString('hex')

  test('two or three make a key, their check values and its own agreeing', async () => {
    const parts = [one, two, three].map((value) => ({ value, kcv: kcvOf('tdes', value) }))
    // A single component of equal halves is fine.
    const kcv = kcvOf('tdes', whole(one, two, three))
    expect(await post({ components: parts, kcv })).toMatchObject({ status: 201, body: { kcv } })
    expect(await post({ components: parts.slice(0, 2) })).toMatchObject({
      ...{ status: 201, body: { kcv: kcvOf('tdes', whole(one, two)) } },
    })
  })

  test.each([
    ['one alone', [{ value: one }], 'ERR_BODY'],
    ['four', [{ value: one }, { value: two }, { value: three }, { value: 'B2'.repeat(16) }], 'ERR_BODY'],
    ['a zero one', [{ value: one }, { value: '00'.repeat(16) }], 'ERR_KEY'],
    ['two that are equal', [{ value: one }, { value: one }], 'ERR_KEY'],
    ['two of three that are equal', [{ value: one }, { value: two }, { value: one }], 'ERR_KEY'],
    ['different lengths', [{ value: one }, { value: `${two}${two}` }], 'ERR_KEY'],
    ['a wrong check value of one', [{ value: one, kcv: '000000' }, { value: two }], 'ERR_KCV'],
    [
      'a key of equal halves',
      [{ value: '0011223344556677'.repeat(2) }, { value: '8899AABBCCDDEEFF'.repeat(2) }],
      'ERR_KEY',
    ],
    ['no hexadecimal', [{ value: 'X'.repeat(32) }, { value: two }], 'ERR_BODY'],
  ])('%s are refused', async (_, components, code) => {
    const { status, body } = await post({ components })
    expect([status, body['code']]).toEqual([400, code])
  })

  test('a wrong check value of the whole is refused', async () => {
    expect((await post({ components: componentsOf(marked()), kcv: '000000' })).body['code']).toBe('ERR_KCV')
  })

  test('they are for dev mode only', async () => {
    const production = await keyHost(db.database(), { devMode: false })
    const { status, body } = await production.post('/v1/keys', { ...USE, dki: 200, components: componentsOf(marked()) })
    expect([status, body['code']]).toEqual([403, 'ERR_DEV_MODE'])
    const enciphered = await encipherTo(rsa, jwkOf(marked()))
    expect((await production.post('/v1/keys', { ...USE, dki: 200, jwe: enciphered })).status).toBe(201)
  })
})

describe('what goes with a use', () => {
  test.each([
    ['an AC key without an index', { usage: 'AC', dki: undefined }, 422, 'ERR_KEY_USAGE'],
    ['a MAC key with a block version', { usage: 'MAC', blockVersion: 'B' }, 422, 'ERR_KEY_USAGE'],
    ['a PIN key with an index', { usage: 'PIN' }, 422, 'ERR_KEY_USAGE'],
    ['a PIN key with a family', { usage: 'PIN', dki: undefined, family: 'visa' }, 422, 'ERR_KEY_USAGE'],
    ['a PIN key of a set', { usage: 'PIN', dki: undefined, keySet: 'x' }, 422, 'ERR_KEY_USAGE'],
    ['a PIN key with a block version', { usage: 'PIN', dki: undefined, blockVersion: 'B' }, 422, 'ERR_KEY_USAGE'],
    ['a PIN key of SM4', { usage: 'PIN', dki: undefined, algorithm: 'sm4' }, 422, 'ERR_KEY_USAGE'],
    ['a KBPK without a version', { usage: 'KBPK', dki: undefined }, 422, 'ERR_KEY_USAGE'],
    ['a TDES KBPK of version D', { usage: 'KBPK', dki: undefined, blockVersion: 'D' }, 422, 'ERR_KEY_USAGE'],
    [
      'an AES KBPK of version B',
      { usage: 'KBPK', dki: undefined, algorithm: 'aes', blockVersion: 'B' },
      422,
      'ERR_KEY_USAGE',
    ],
    ['an index of 256', { dki: 256 }, 400, 'ERR_BODY'],
    ['an unknown use', { usage: 'DEK' }, 400, 'ERR_BODY'],
    ['an unknown algorithm', { algorithm: 'des' }, 400, 'ERR_BODY'],
    ['an unknown family', { family: 'amex' }, 400, 'ERR_BODY'],
    ['an unknown issuer', { issuer: 'nobody' }, 404, 'ERR_NOT_FOUND'],
    ['an unknown field', { value: 'x' }, 400, 'ERR_BODY'],
    ['no value', { components: undefined }, 400, 'ERR_BODY'],
    ['two ways at once', { jwe: 'x' }, 400, 'ERR_BODY'],
    ['a key block without its KBPK', { components: undefined, keyBlock: 'x' }, 400, 'ERR_BODY'],
    ['a KBPK without its key block', { kbpk: 'x' }, 400, 'ERR_BODY'],
  ])('%s is refused', async (_, change, status, code) => {
    const answer = await fresh(change)
    expect([answer.status, answer.body['code']]).toEqual([status, code])
  })
})

test('no byte of a key was answered, logged, audited or stored in clear', async () => {
  await expectNothingSeen(host, db.database())
})
