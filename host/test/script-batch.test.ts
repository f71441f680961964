/** POST /v1/scripts/batch: what each line is answered with. */
import fc from 'fast-check'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import type { KeyService } from '../src/keys/key-service.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import { scriptBatchRoutes } from '../src/routes/script-batch.js'
import { scriptRoutes } from '../src/routes/scripts.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
let server: TestServer
/** How many scripts were built by themselves, and how many in records. */
const built = { alone: 0, together: 0 }

beforeAll(async () => {
  const masterKey = new MasterKey(new Uint8Array(32))
  await loadDemoIssuer(database(), masterKey)
  const service = localKeyService(database(), masterKey, { keepMilliseconds: 60_000 })
  const keys: KeyService = {
    ...service,
    buildScript: (request) => {
      built.alone++
      return service.buildScript(request)
    },
    secureScripts: async (records) => {
      const done = await service.secureScripts(records)
      built.together += done.reduce((sum, one) => sum + one, 0)
      return done
    },
  }
  server = await testServer(database(), [scriptRoutes, scriptBatchRoutes], 'info', { context: { keys } })
})
beforeEach(() => {
  built.alone = 0
  built.together = 0
})

/** The card and transaction of the published PBOC example, and the commands computed for it with OpenSSL and pyemv. */
const BODY = {
  issuer: 'demo-pboc',
  pan: '6228000100001',
  panSequence: '01',
  atc: '0240',
  arqc: '5D016C91005E7CC2',
  template: '72',
  commands: [{ type: 'application-block' }],
}
const KNOWN = [
  ['pboc-calc-application-block', { type: 'application-block' }, '841E00000442CA0591'],
  ['pboc-calc-card-block', { type: 'card-block' }, '8416000004CED3BD17'],
  [
    'pboc-calc-put-data-9F79',
    { type: 'put-data', tag: '9F79', value: '000000001000' },
    '04DA9F790A0000000010005E6B8C8D',
  ],
] as const

const NDJSON = { 'content-type': 'application/x-ndjson' }
const text = (...lines: readonly object[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('')

async function post(payload: string | Buffer, query = '') {
  const url = `/v1/scripts/batch${query}`
  const { statusCode, body, headers } = await server.send({ method: 'POST', url, payload, headers: NDJSON })
  const lines = body.split('\n')
  expect([statusCode, headers['content-type'], lines.pop()]).toEqual([200, 'application/x-ndjson', ''])
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('each line is answered as a request of its own', () => {
  test.each(KNOWN)('%s, built alone and together', async (_, command, apdu) => {
    const other = { pan: '6228000100009', atc: '0001', arqc: '0000000000000001' }
    const line = { ...BODY, commands: [command] }
    const answers = await post(text({ ...line, ...other }, line, line))
    expect(answers.slice(1)).toMatchObject(Array(2).fill({ commands: [{ type: command.type, apdu }], warnings: [] }))
    expect(answers[0]).not.toMatchObject({ commands: [{ apdu }] })
    expect(built).toEqual({ alone: 1, together: 2 })
  })

  const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9A-Fa-f]{${2 * length}}$`))
  const command = fc.oneof(
    fc.constantFrom('application-block', 'application-unblock', 'card-block', 'pin-unblock').map((type) => ({ type })),
    fc.record({
      type: fc.constant('put-data'),
      tag: fc.constantFrom('9F58', '9F79', 'C3'),
      value: fc.integer({ min: 1, max: 140 }).chain(hex),
    }),
    fc.record({
      type: fc.constant('update-record'),
      sfi: fc.integer({ min: 1, max: 30 }),
      record: fc.integer({ min: 1, max: 254 }),
      value: fc.integer({ min: 1, max: 250 }).chain(hex),
    }),
  )
  const shape = fc.record(
    {
      commands: fc.array(command, { minLength: 1, maxLength: 3 }),
      template: fc.constantFrom('71', '72'),
      le: fc.constantFrom('absent', '00'),
      macLength: fc.integer({ min: 4, max: 8 }),
      dki: fc.constant(1),
      scheme: fc.constant('pboc'),
      id: fc.constant(''),
      scriptId: fc.constant(''),
    },
    { requiredKeys: ['commands', 'template'] },
  )
  const card = fc.record({
    id: fc.string({ maxLength: 64, unit: fc.constantFrom('a', 'Z', '0', ' ', '-', '~', '{', ',', ':', '"', 'é') }),
    pan: fc.stringMatching(/^[0-9]{8,19}$/),
    panSequence: fc.stringMatching(/^[0-9]{2}$/),
    atc: hex(2),
    arqc: hex(8),
    scriptId: hex(4),
    value: hex(250),
  })
  type Shape = typeof shape extends fc.Arbitrary<infer S> ? S : never
  /** A line of a shape about a card. */
  const lineOf = (
    { commands, id, scriptId, ...rest }: Shape,
    { value, id: ownId, scriptId: ownIdentifier, ...own }: Record<'value' | 'id' | 'scriptId', string>,
  ) => ({
    ...(id === undefined ? {} : { id: ownId }),
    issuer: BODY.issuer,
    ...own,
    ...rest,
    ...(scriptId === undefined ? {} : { scriptId: ownIdentifier }),
    commands: commands.map((one) => ('value' in one ? { ...one, value: value.slice(0, one.value.length) } : one)),
  })
  test('whatever it holds', async () => {
    const cards = fc.array(card, { minLength: 8, maxLength: 24 })
    await fc.assert(
      fc.asyncProperty(fc.array(shape, { minLength: 1, maxLength: 3 }), cards, async (shapes, all) => {
        const lines = all.map((own, n) => lineOf(shapes[n % shapes.length] as Shape, own))
        const answers = await post(text(...lines))
        expect(answers).toHaveLength(lines.length)
        for (const [n, { id, ...body }] of lines.entries()) {
          const alone = await server.send({ method: 'POST', url: '/v1/scripts', payload: body })
          const expected = { ...(id === undefined ? {} : { id }), ...alone.json() }
          if (alone.statusCode === 200) expect(JSON.stringify(answers[n])).toBe(JSON.stringify(expected))
          else expect(answers[n]).toMatchObject({ line: n + 1, error: { code: alone.json().code } })
        }
      }),
      { numRuns: 20 },
    )
    expect(built.together).toBeGreaterThan(50)
  })
})

describe('lines that differ', () => {
  test('keep their order, whatever they are built with', async () => {
    const lines = Array.from({ length: 60 }, (_, n) => {
      const own = { id: `${n}`, ...BODY, atc: (n % 7).toString(16).padStart(4, '0') }
      if (n % 5 === 1) return { ...own, commands: [{ type: 'card-block' }, { type: 'pin-unblock' }] }
      return n % 7 === 3 ? { ...own, pan: 'x' } : own
    })
    const answers = await post(text(...lines))
    expect(answers.map(({ id }) => id)).toEqual(lines.map(({ id }) => id))
    expect(answers.filter(({ error }) => error !== undefined)).toHaveLength(8)
    expect(built.alone).toBeLessThan(12)
  })

  test('take what they lack from the query', async () => {
    const { issuer, template, ...rest } = BODY
    const [first, second] = await post(
      text(rest, rest),
      `?issuer=${issuer}&template=${template}&scheme=pboc&le=00&dki=1`,
    )
    expect([first, second]).toMatchObject([
      { template: '720C860A841E00000442CA059100' },
      { template: '720C860A841E00000442CA059100' },
    ])
    expect(await post(text({ ...rest, template: '71' }), '?template=72')).toMatchObject([
      { line: 1, error: { code: 'ERR_BODY', expected: "must have required property 'issuer'" } },
    ])
    expect(built.together).toBe(1)
  })

  test('that are empty are passed over and counted', async () => {
    expect(await post(`\n \t\r\n${text(BODY)}\n{}\n`)).toMatchObject([{ warnings: [] }, { line: 5 }])
    expect(await post('')).toEqual([])
  })

  test('need no line feed at the end, and may have carriage returns', async () => {
    const line = JSON.stringify(BODY)
    expect(await post(`${line}\r\n${line}\r\n${line}`)).toMatchObject(Array(3).fill({ warnings: [] }))
  })

  test('may write their ids with escapes', async () => {
    const lines = ['a"b', 'a\\b', 'é', 'a\tb', 'plain', ''].map((id) => ({ id, ...BODY }))
    expect((await post(text({ id: 'x', ...BODY }, ...lines))).slice(1).map(({ id }) => id)).toEqual(
      lines.map(({ id }) => id),
    )
  })
})

describe('a line is refused', () => {
  const line = JSON.stringify({ id: 'a', ...BODY })
  const PIN = { key: 'pin', format: 0, block: '0011223344556677' }
  test.each<[string, string | Buffer, string, string | undefined]>([
    ['that is no JSON', line.slice(0, -1), 'ERR_BODY', undefined],
    ['that is no object', '["a"]', 'ERR_BODY', undefined],
    ['with a key twice', line.replace('{', '{"\\u0069d":"b",'), 'ERR_BODY', undefined],
    ['with a field too many', line.replace('{', '{"more":1,'), 'ERR_BODY', 'a'],
    ['with a prototype', line.replace('{', '{"__proto__":{"a":1},'), 'ERR_BODY', 'a'],
    ['with a number for an id', line.replace('"a"', '1'), 'ERR_BODY', undefined],
    ['with a long id', line.replace('"a"', JSON.stringify('a'.repeat(65))), 'ERR_BODY', undefined],
    ['that is not UTF-8', Buffer.from(line.replace('"a"', '"\xff"'), 'latin1'), 'ERR_BODY', undefined],
    ['with a byte order mark', `\ufeff${line}`, 'ERR_BODY', undefined],
    ['nested without end', `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`, 'ERR_BODY', undefined],
    [
      'that is longer than 16 KB',
      line.replace('"a"', JSON.stringify('a'.repeat(16_384))),
      'ERR_BODY_TOO_LARGE',
      undefined,
    ],
    ['with a bad PAN', line.replace('6228000100001', '622800010000A'), 'ERR_PAN', 'a'],
    ['with a short PAN', line.replace('6228000100001', '6228000'), 'ERR_PAN', 'a'],
    ['with a long PAN', line.replace('6228000100001', '62280001000012345678'), 'ERR_PAN', 'a'],
    ['with a sequence number of one digit', line.replace('"01"', '"1"'), 'ERR_PAN_SEQUENCE', 'a'],
    ['with a short ATC', line.replace('0240', '02'), 'ERR_ATC', 'a'],
    ['with half a byte of ATC', line.replace('0240', '024'), 'ERR_BODY', 'a'],
    ['with an ATC that is none', line.replace('0240', '024X'), 'ERR_BODY', 'a'],
    ['with a short ARQC', line.replace('5D016C91005E7CC2', '5D016C91005E7C'), 'ERR_ARQC', 'a'],
    ['of another issuer', line.replace('demo-pboc', 'demo-none'), 'ERR_NOT_FOUND', 'a'],
    ['with another scheme', line.replace('{', '{"scheme":"visa-cvn18",'), 'ERR_SCHEME', 'a'],
    ['without such a key', line.replace('{', '{"dki":2,'), 'ERR_NO_KEY', 'a'],
    ['with no command', line.replace('[{"type":"application-block"}]', '[]'), 'ERR_BODY', 'a'],
    [
      'that changes a PIN',
      JSON.stringify({ id: 'a', ...BODY, commands: [{ type: 'pin-change', newPin: PIN }] }),
      'ERR_PIN_IN_BATCH',
      'a',
    ],
    [
      'that changes a PIN with the current one',
      JSON.stringify({
        id: 'a',
        ...BODY,
        commands: [{ type: 'pin-change-with-current', newPin: '1234', currentPin: PIN }],
      }),
      'ERR_PIN_IN_BATCH',
      'a',
    ],
  ])('%s, and those after it go on', async (_, bad, code, id) => {
    const payload = Buffer.concat([`${line}\n`, bad, `\n${line}\n`].map((part) => Buffer.from(part)))
    const [before, refused, behind] = await post(payload)
    expect(refused).toMatchObject({ line: 2, error: { code, message: expect.any(String) } })
    expect(refused?.['id']).toBe(id)
    expect(behind).toEqual(before)
    expect(behind).toMatchObject({ id: 'a', commands: [{ apdu: '841E00000442CA0591' }] })
    expect(JSON.stringify(refused)).not.toContain('62280001')
  })
})

test('each key use is in the audit trail, by issuer and end', async () => {
  const seen = async () => {
    const rows = await database().selectFrom('audit_entry').select('entry').execute()
    return rows.flatMap(({ entry }) => {
      const { action, object, outcome, count, detail } = JSON.parse(entry)
      return action === 'key.use' ? [{ object, outcome, count, detail }] : []
    })
  }
  const waiting = async () =>
    (await server.app.inject({ url: '/metrics' })).body.match(/^issuerkit_audit_waiting (.*)$/m)?.[1]
  await expect.poll(waiting, { timeout: 5_000 }).toBe('0')
  const before = (await seen()).length
  const bad = { ...BODY, issuer: 'demo-none' }
  await post(text(...Array(30).fill(BODY), { ...BODY, dki: 2 }, bad))
  await expect.poll(async () => (await seen()).slice(before).length, { timeout: 5_000 }).toBe(3)
  const detail = { use: 'script-build' }
  expect((await seen()).slice(before)).toEqual(
    expect.arrayContaining([
      { object: 'issuer:demo-pboc', outcome: 'ok', count: 30, detail },
      { object: 'issuer:demo-pboc', outcome: 'refused', count: 1, detail },
      { object: 'issuer:?', outcome: 'refused', count: 1, detail },
    ]),
  )
})
