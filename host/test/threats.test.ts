/** The threats of the table in the specification that concern routes: what must not happen, tried through HTTP. */
import { beforeAll, describe, expect, test } from 'vitest'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { REQUEST_EXAMPLES } from '../src/routes/examples.data.js'
import { ROUTES } from '../src/wiring.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { EXAMPLES, replacingTexts, requestOf } from './support/requests.js'
import { type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
/** In dev mode with a generous budget of failures; as an issuer would run it; in dev mode with the usual budget. */
let [generous, strict, usual]: TestServer[] = []
beforeAll(async () => {
  await loadDemoIssuer(database(), new MasterKey(new Uint8Array(32)))
  const failures = { perCard: 100_000, perSubject: 100_000 }
  generous = await testServer(database(), ROUTES, 'silent', { limits: { failures } })
  strict = await testServer(database(), ROUTES, 'silent', { context: { devMode: false }, limits: { failures } })
  usual = await testServer(database(), ROUTES, 'silent')
})

type Body = Readonly<Record<string, unknown>>
const bodyOf = (route: string) => REQUEST_EXAMPLES[route]?.body as Body
async function post(server: TestServer | undefined, url: string, payload: unknown) {
  if (server === undefined) throw new Error('no server')
  const answer = await server.send({ method: 'POST', url, payload: payload as object })
  return { status: answer.statusCode, body: answer.json(), text: answer.body }
}

// The rows of vectors/threats.json, by their ids; computed there with node:crypto.
describe('t-arpc-oracle', () => {
  const arpc = bodyOf('POST /v1/cryptograms/arpc')
  const ask = (server: TestServer | undefined, arqc: string) =>
    post(server, '/v1/cryptograms/arpc', {
      ...arpc,
      emv: { ...(arpc['emv'] as Body), '9F26': arqc },
      decision: { arc: '3030' },
    })

  test('an ARQC that does not verify is answered with no ARPC', async () => {
    for (const arqc of ['3031F00000000000', '30310F0000000000']) {
      const { status, body, text } = await ask(generous, arqc)
      expect([status, body.code, body.verdict]).toEqual([422, 'ERR_NO_ARPC', 'I'])
      expect(text).not.toMatch(/848C35717F66D409|44F9286FF19ABFFD|"arpc"/)
    }
  })

  test('and after ten of them with nothing at all', async () => {
    for (let i = 0; i < 10; i++) expect((await ask(usual, `30310F00000000${i}0`)).status).toBe(422)
    const { status, body } = await ask(usual, '5D016C91005E7CC2')
    expect([status, body.code]).toEqual([429, 'ERR_TOO_MANY_REQUESTS'])
  })

  test('one key serves one family of schemes', async () => {
    const components = [{ value: '00112233445566778899AABBCCDDEEFF' }, { value: '0132547698BADCFE763123EF4754BACF' }]
    const key = { issuer: 'demo-pboc', usage: 'AC', algorithm: 'tdes', components }
    expect((await post(generous, '/v1/keys', { ...key, dki: 7, family: 'visa' })).status).toBe(201)
    const again = await post(generous, '/v1/keys', { ...key, dki: 8, family: 'mastercard' })
    expect([again.status, again.body.code]).toEqual([409, 'ERR_KEY_REUSE'])
    const used = await post(generous, '/v1/keys', { ...key, dki: 8, family: 'visa', usage: 'MAC' })
    expect([used.status, used.body.code]).toEqual([409, 'ERR_KEY_REUSE'])
  })
})

describe('t-pin-dictionary, t-second-block and t-d1', () => {
  const script = bodyOf('POST /v1/scripts')
  const pins = ['4917', '4918', '123456', '12345678901', '123456789012']

  test.each(pins)('a clear PIN %s is refused outside dev mode, explained or not', async (newPin) => {
    for (const command of [
      { type: 'pin-change', newPin },
      { type: 'pin-change-with-current', newPin, currentPin: '0000' },
    ]) {
      for (const query of ['', '?explain=true']) {
        const { status, text } = await post(strict, `/v1/scripts${query}`, { ...script, commands: [command] })
        expect(status).toBeGreaterThanOrEqual(400)
        expect(status).toBeLessThan(500)
        expect(text).not.toMatch(/apdu|0000000089ABCDEF|"d1"|"d"/i)
        expect(text).not.toContain(newPin)
      }
    }
  })
})

test('t-xor-session: no answer holds a session key or the key of the card', async () => {
  for (const route of ['POST /v1/cryptograms/verify', 'POST /v1/cryptograms/arpc', 'POST /v1/scripts']) {
    const { status, text } = await post(generous, `${route.slice(5)}?explain=true`, bodyOf(route))
    expect(status).toBe(200)
    expect(text).not.toMatch(/session|D4102725E6E5AD32|F0C34A8124CEE0A9|12B1AC4AF070CC35/i)
  }
})

describe('t-null-key', () => {
  const twice = 'CA978112CA1BBDCAFAC231B39A23DC4D'
  test.each<[string, string[]]>([
    ['a component given twice', [twice, twice]],
    ['a component of zeros', [twice, '0'.repeat(32)]],
    ['components that make zero', [twice, twice, '0'.repeat(32)]],
    ['components that make equal halves', ['0123456789ABCDEF0123456789ABCDEF', 'FEDCBA9876543210FEDCBA9876543210']],
    ['components that make a weak half', [`${'11'.repeat(8)}0123456789ABCDEF`, `${'10'.repeat(8)}FEDCBA9876543211`]],
  ])('%s is refused', async (_, values) => {
    const components = values.map((value) => ({ value }))
    const { status, body } = await post(generous, '/v1/keys', {
      issuer: 'demo-pboc',
      usage: 'PIN',
      algorithm: 'tdes',
      components,
    })
    expect([status, body.code]).toEqual([400, 'ERR_KEY'])
  })
  test('components are refused outside dev mode', async () => {
    const { status, body } = await post(strict, '/v1/keys', bodyOf('POST /v1/keys'))
    expect([status, body.code]).toEqual([403, 'ERR_DEV_MODE'])
  })
})

describe('17: an enciphered key with a bomb in its header is refused unread', () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const jwe = (header: object, rest = '.AAAA.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA') =>
    `${encode(header)}${rest}`
  test.each<[string, string]>([
    ['a million million rounds', jwe({ alg: 'PBES2-HS256+A128KW', enc: 'A256GCM', p2c: 1e9, p2s: 'AAAAAAAAAAA' })],
    ['compression', jwe({ alg: 'RSA-OAEP-256', enc: 'A256GCM', zip: 'DEF' })],
    ['RSA1_5', jwe({ alg: 'RSA1_5', enc: 'A256GCM' })],
    ['dir', jwe({ alg: 'dir', enc: 'A256GCM' }, '..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA')],
    ['another content cipher', jwe({ alg: 'RSA-OAEP-256', enc: 'A128CBC-HS256' })],
    ['an address of a key', jwe({ alg: 'RSA-OAEP-256', enc: 'A256GCM', jku: 'http://127.0.0.1:1/' })],
    ['no JWE at all', 'x'],
    ['five empty parts', '....'],
  ])('%s', async (_, text) => {
    const { status, body } = await post(strict, '/v1/keys', {
      issuer: 'demo-pboc',
      usage: 'PIN',
      algorithm: 'tdes',
      jwe: text,
    })
    expect([status, body.code]).toEqual([400, 'ERR_KEY_IMPORT'])
  })
})

const JSON_EXAMPLES = EXAMPLES.filter(({ body }) => body !== undefined)

describe('18: a body is taken as it is or refused', () => {
  test.each(JSON_EXAMPLES)('$route with every text of another type', async (example) => {
    for (const wrong of [7, true, null, ['AB'], { a: 1 }]) {
      for (const body of replacingTexts(example.body, wrong)) {
        const answer = await generous?.send(requestOf(example, body))
        expect([answer?.statusCode, answer?.json().code]).toEqual([400, 'ERR_BODY'])
      }
    }
  })

  test.each(JSON_EXAMPLES)('$route with every text strange', async (example) => {
    const long = 'A'.repeat(60_000)
    for (const strange of [long, '\ud800', '00\n', '\u0000', '０１', '__proto__', ' ', '']) {
      for (const body of replacingTexts(example.body, strange)) {
        const answer = await generous?.send(requestOf(example, body))
        expect(answer?.statusCode).toBeLessThan(500)
        // Strange texts are an error or a negative verdict, except where any text is fine.
        expect(answer?.body.length).toBeLessThan(4_000)
      }
    }
  })

  test.each(JSON_EXAMPLES)(
    '$route with 1 MB, a field too many, a field twice, a prototype, a deep nest',
    async (example) => {
      const text = JSON.stringify(example.body)
      const bodies = [
        [413, JSON.stringify({ ...(example.body as object), pad: 'A'.repeat(1_000_000) })],
        [400, JSON.stringify({ ...(example.body as object), more: 1 })],
        [400, text.replace('{', '{"issuer":"a","issuer":"a",')],
        [400, text.replace('{', '{"__proto__":{"a":1},')],
        [400, text.replace('{', '{"constructor":{"prototype":{"a":1}},')],
        [400, `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
        [400, text.slice(0, -1)],
      ] as const
      for (const [status, payload] of bodies) {
        const answer = await generous?.send({ ...requestOf(example), payload })
        expect([answer?.statusCode, payload.slice(0, 40)]).toEqual([status, payload.slice(0, 40)])
      }
    },
  )

  const SPELLINGS = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/jsonp',
    'application/json;',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'application/json;charset',
    ' application/json',
    'application/json, text/plain',
    'application/json\t',
    'application/\tjson',
    'application/json;a=b',
    'application /json',
    'json',
    '*/*',
    'application/*',
    'application/json+x',
    'application/vnd.api+json',
    'application/ld+json',
    'application/problem+json',
    'text/json',
    'application/json; charset="utf-8',
    'application/json charset=utf-8',
    'application/octet-stream',
  ]
  test.each(JSON_EXAMPLES)('$route in another content type is not read', async (example) => {
    expect(SPELLINGS).toHaveLength(26)
    const taken: string[] = []
    for (const type of SPELLINGS) {
      const answer = await generous?.send({ ...requestOf(example, { evil: 1 }), headers: { 'content-type': type } })
      if (![415, 400].includes(answer?.statusCode ?? 0)) taken.push(type)
    }
    expect(taken).toEqual([])
  })
})

describe('22: what a proxy says is nobody', () => {
  const FORGED = [
    { 'x-forwarded-for': '10.0.0.1' },
    { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
    { forwarded: 'for=10.0.0.1;host=evil.example' },
    { 'x-real-ip': '10.0.0.1' },
    { 'x-original-url': '/v1/keys', 'x-rewrite-url': '/v1/keys' },
    { 'x-http-method-override': 'DELETE' },
    { host: 'evil.example' },
  ]
  test.each(FORGED)('%j changes neither the answer nor who asks', async (headers) => {
    const request = { url: '/v1/keys/demo-pboc-AC', headers: headers as Record<string, string> }
    const [plain, forged] = [await generous?.send({ url: request.url }), await generous?.send(request)]
    expect([forged?.statusCode, forged?.body]).toEqual([200, plain?.body])
    expect(JSON.stringify(forged?.headers)).not.toMatch(/evil|10\.0\.0\.1/)
    expect((await generous?.app.inject(request))?.statusCode).toBe(401)
  })
})

test('25: no route takes an address to fetch from', async () => {
  const text = JSON.stringify((await generous?.app.inject({ url: '/openapi.json' }))?.json().paths)
  expect(text).toContain('"panSequence"')
  expect(text).not.toMatch(/"(?:[a-z]*ur[il]|href|callback|webhook|endpoint)":|"format":"ur[il]/i)
})

test('1: no route takes a PIN block in and gives one out', async () => {
  const { paths } = (await generous?.app.inject({ url: '/openapi.json' }))?.json() ?? {}
  expect(Object.keys(paths).filter((path) => /pin|translate|encipher|decipher|encrypt|decrypt/i.test(path))).toEqual([])
})
