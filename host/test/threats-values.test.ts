/** More threats of the table in the specification, tried through HTTP: values that are chosen to break something. */
import { createCipheriv, randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { REQUEST_EXAMPLES } from '../src/routes/examples.data.js'
import { ROUTES } from '../src/wiring.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { componentsOf } from './support/keys.js'
import { type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
/** As an issuer runs it, with a generous budget of failures; and in dev mode, for clear components. */
let [strict, dev]: TestServer[] = []
let pinKey = ''
const PIN_KEY = '3F419E1CB7079442AA37474C2EFBF8B8'
beforeAll(async () => {
  await loadDemoIssuer(database(), new MasterKey(new Uint8Array(32)))
  const failures = { perCard: 1_000_000, perSubject: 1_000_000 }
  strict = await testServer(database(), ROUTES, 'silent', { context: { devMode: false }, limits: { failures } })
  dev = await testServer(database(), ROUTES, 'silent', { limits: { failures } })
  const { body } = await post(dev, '/v1/keys', { ...ZONE, components: componentsOf(PIN_KEY) })
  pinKey = `${body['id']}`
})

const ZONE = { issuer: 'demo-pboc', usage: 'PIN', algorithm: 'tdes' }
type Body = Readonly<Record<string, unknown>>
const bodyOf = (route: string) => REQUEST_EXAMPLES[route]?.body as Body
async function post(server: TestServer | undefined, url: string, payload: unknown) {
  const answer = await (server as TestServer).send({ method: 'POST', url, payload: payload as object })
  const { requestId: _, ...body } = answer.json() as Record<string, unknown>
  return { status: answer.statusCode, body, text: JSON.stringify(body), length: answer.body.length }
}

describe('1: a PIN block', () => {
  const script = bodyOf('POST /v1/scripts')
  const PAN = '6228000100001'
  const encipher = (clear: Uint8Array) =>
    createCipheriv('des-ede', Buffer.from(PIN_KEY, 'hex'), null).setAutoPadding(false).update(clear)
  /** Format 0, by hand. [ISO 9564-1] 9.3.2 */
  const block = (pin: string, pan = PAN) => {
    const field = Buffer.from(`0${pin.length.toString(16)}${pin}`.padEnd(16, 'F'), 'hex')
    const panField = Buffer.from(`0000${pan.slice(-13, -1).padStart(12, '0')}`, 'hex')
    return encipher(field.map((byte, i) => byte ^ (panField[i] ?? 0)))
  }
  let atc = 0x1000
  const change = (bytes: Uint8Array) => {
    const newPin = { key: pinKey, format: 0, block: Buffer.from(bytes).toString('hex') }
    const transaction = { atc: (atc++).toString(16), arqc: randomBytes(8).toString('hex') }
    return post(strict, '/v1/scripts', { ...script, ...transaction, commands: [{ type: 'pin-change', newPin }] })
  }

  test('of this PAN is taken', async () => {
    expect(await change(block('4917'))).toMatchObject({ status: 200, body: { commands: [{ type: 'pin-change' }] } })
  })

  test('that is wrong has one answer: 1,000 of random bytes, of another PAN, of bad padding, digits, lengths', async () => {
    const wrong = [
      block('4917', '6228000100019'),
      block('491'),
      block('49A7'),
      encipher(Buffer.from('0000000000000000', 'hex')),
      encipher(Buffer.from('FFFFFFFFFFFFFFFF', 'hex')),
      ...Array.from({ length: 1_000 }, () => randomBytes(8)),
    ]
    const answers = new Set<string>()
    const sizes = new Set<number>()
    for (const bytes of wrong) {
      const { status, text, length } = await change(bytes)
      answers.add(`${status} ${text}`)
      sizes.add(length)
    }
    expect([...answers]).toEqual([expect.stringMatching(/^400 .*"code":"ERR_PIN_BLOCK"/)])
    expect(sizes.size).toBe(1)
  })

  test('comes in and never goes out: no answer is made of one', async () => {
    const { paths } = (await (strict as TestServer).app.inject({ url: '/openapi.json' })).json()
    const taking = Object.keys(paths).filter((path) => JSON.stringify(paths[path]).includes('"newPin"'))
    // The ledger keeps PINs for its commands; a campaign shares its commands' shapes, and refuses these.
    expect(taking.filter((path) => !/^\/v1\/(cards|campaigns)/.test(path))).toEqual(['/v1/scripts'])
    const { text } = await change(block('4918'))
    const clear = Buffer.from('044918FFFFFFFFFF', 'hex')
    expect(text.toUpperCase()).not.toContain(clear.toString('hex').toUpperCase())
    expect(text.toUpperCase()).not.toContain(block('4918').toString('hex').toUpperCase())
  })
})

test('4: no field of a script chooses where something stands in what is enciphered', async () => {
  const { paths } = (await (strict as TestServer).app.inject({ url: '/openapi.json' })).json()
  const names = new Set(JSON.stringify(paths['/v1/scripts'].post.requestBody).match(/"(\w+)":(?=\{)/g) ?? [])
  expect(names.size).toBeGreaterThan(10)
  expect([...names].filter((name) => /offset|position|pad|length|prefix|suffix|mode|iv/i.test(name))).toEqual([
    '"macLength":',
  ])
})

// The weak and semi-weak keys of DES, with odd parity. [NIST SP 800-67] 3.3.2
const WEAK = ['0101010101010101', 'FEFEFEFEFEFEFEFE', 'E0E0E0E0F1F1F1F1', '1F1F1F1F0E0E0E0E']
const SEMI_WEAK = [
  ...['011F011F010E010E', '1F011F010E010E01', '01E001E001F101F1', 'E001E001F101F101', '01FE01FE01FE01FE'],
  ...['FE01FE01FE01FE01', '1FE01FE00EF10EF1', 'E01FE01FF10EF10E', '1FFE1FFE0EFE0EFE', 'FE1FFE1FFE0EFE0E'],
  ...['E0FEE0FEF1FEF1FE', 'FEE0FEE0FEF1FEF1'],
]
test('8: the 4 weak and 12 semi-weak keys, in either half, whatever their parity', async () => {
  expect([WEAK.length, SEMI_WEAK.length]).toEqual([4, 12])
  const good = '0123456789ABCDEF'
  for (const weak of [...WEAK, ...SEMI_WEAK]) {
    const even = Buffer.from(Buffer.from(weak, 'hex').map((byte) => byte ^ 1))
      .toString('hex')
      .toUpperCase()
    for (const key of [`${weak}${good}`, `${good}${weak}`, `${even}${good}`, `${good}${even}`]) {
      const { status, body } = await post(dev, '/v1/keys', { ...ZONE, components: componentsOf(key) })
      expect([key, status, body['code']]).toEqual([key, 400, 'ERR_KEY'])
    }
  }
})

test('12: a cryptogram has 8 bytes: no part of one, and no longer one, is ever compared', async () => {
  const verify = bodyOf('POST /v1/cryptograms/verify')
  const emv = verify['emv'] as Record<string, string>
  const right = `${emv['9F26']}${'00'.repeat(8)}`
  for (let length = 0; length <= 16; length++) {
    const { status, body } = await post(strict, '/v1/cryptograms/verify', {
      ...verify,
      emv: { ...emv, '9F26': right.slice(0, 2 * length) },
    })
    expect([length, status, body['verdict']]).toEqual([length, 200, length === 8 ? 'V' : 'F'])
    const script = bodyOf('POST /v1/scripts')
    const built = await post(strict, '/v1/scripts', { ...script, arqc: right.slice(0, 2 * length) })
    expect([length, built.status]).toEqual([length, length === 8 ? 200 : 400])
    const mac = await post(strict, '/v1/scripts', { ...script, macLength: length })
    expect([length, mac.status]).toEqual([length, length >= 4 && length <= 8 ? 200 : 400])
  }
})

describe('19: data objects within data objects', () => {
  const nested = (depth: number): string => {
    let inner = ''
    for (let i = 0; i < depth; i++) {
      const bytes = inner.length / 2
      const length = bytes < 128 ? bytes.toString(16).padStart(2, '0') : bytes < 256 ? `81${bytes.toString(16)}` : ''
      inner = `70${length === '' ? `82${bytes.toString(16).padStart(4, '0')}` : length}${inner}`
    }
    return inner
  }
  const LONG = ['8A'.padEnd(2, '0'), '70847FFFFFFF', '7084FFFFFFFF', '1F8181818101', '7080', `${'9F26'.repeat(100)}`]

  test.each([...[9, 64, 120].map(nested), ...LONG, '5F'.repeat(500), '00'.repeat(512)])(
    'in DE55: a verdict, not a fault (%#)',
    async (emv) => {
      const before = performance.now()
      const { status, body } = await post(strict, '/v1/cryptograms/verify', {
        ...bodyOf('POST /v1/cryptograms/verify'),
        emv,
      })
      expect([status, body['verdict']]).toEqual([200, 'F'])
      expect(performance.now() - before).toBeLessThan(1_000)
    },
  )

  test.each([9, 64, 1_000, 8_000])('in a record, %i deep', async (depth) => {
    const transcript = `> 00A4040007A0000003330101\n< ${nested(depth)}9000\n> 80A800000B83099F02065F2A02\n< 80167C009000\n`
    const { status } = await post(strict, '/v1/oda/verify', { transcript, transactionDate: '20221101' })
    expect(status).toBeLessThan(500)
  })
})

test('20: no pattern takes long, whatever it is given', async () => {
  const patterns = new Set<string>()
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, part] of Object.entries(value)) {
      if (name === 'pattern' && typeof part === 'string') patterns.add(part)
      else collect(part)
    }
  }
  collect((await (strict as TestServer).app.inject({ url: '/openapi.json' })).json())
  expect(patterns.size).toBeGreaterThan(5)
  const million = 1_000_000
  const texts = ['0', 'A', 'a-', '00', '9F26', ' ', '_'].flatMap((part) => {
    const text = part.repeat(million / part.length)
    return [`${text}!`, `${text}\n`, text]
  })
  for (const pattern of patterns) {
    const expression = new RegExp(pattern, 'u')
    for (const text of texts) {
      // Processor time, and the best of three: the machine may be busy. What backtracks takes minutes.
      const times = [0, 0, 0].map(() => {
        const before = process.cpuUsage()
        expression.test(text)
        return process.cpuUsage(before).user / 1000
      })
      expect([pattern, text.slice(0, 4), Math.min(...times) < 50]).toEqual([pattern, text.slice(0, 4), true])
    }
  }
})

describe('25: what is sent', () => {
  const metrics = async () => (await (strict as TestServer).app.inject({ url: '/metrics' })).body
  test('makes no label of a metric', async () => {
    for (const url of ['/v1/none', '/v1/keys/none', '/v1/audit']) await strict?.send({ url })
    const labels = (text: string) => new Set(text.split('\n').map((line) => line.replace(/ [^ ]*$/, '')))
    await metrics()
    const before = labels(await metrics())
    for (let i = 0; i < 300; i++) {
      const name = randomBytes(8).toString('hex')
      await strict?.send({
        url: i % 3 === 0 ? `/${name}` : i % 3 === 1 ? `/v1/keys/${name}` : `/v1/audit?subject=${name}`,
      })
    }
    await strict?.app.inject({ method: 'PROPFIND' as 'GET', url: '/v1/keys' })
    const added = [...labels(await metrics())].filter((label) => !before.has(label))
    expect(added.filter((label) => !label.startsWith('issuerkit_requests_total{method="other"'))).toEqual([])
  })

  test('makes no line of a batch', async () => {
    const id = 'a"}\n{"line":99,"ok":true,"id":"b'
    const payload = `${JSON.stringify({ id, ...bodyOf('POST /v1/oda/verify') })}\n`
    const headers = { 'content-type': 'application/x-ndjson' }
    const answer = await strict?.send({ method: 'POST', url: '/v1/oda/batch', payload, headers })
    const lines = answer?.body.trim().split('\n') ?? []
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ line: 1, id })
  })

  test('runs as no SQL', async () => {
    const count = async () => (await sql<{ n: string }>`select count(*) as n from issuer_key`.execute(database())).rows
    const before = await count()
    for (const text of ["'; drop table issuer_key; --", "' or '1'='1", '\\', "\u0000'", '%', '$1']) {
      const url = `/v1/audit?subject=${encodeURIComponent(text)}&object=${encodeURIComponent(text)}`
      const answer = await strict?.send({ url })
      expect([200, 400]).toContain(answer?.statusCode)
      if (answer?.statusCode === 200) expect(answer.json().entries).toEqual([])
    }
    expect(await count()).toEqual(before)
  })
})
