/** A line that is nearly of the shape of the one before is answered as if it had come alone. */
import type { FastifyRequest } from 'fastify'
import { beforeAll, describe, expect, test } from 'vitest'
import type { AuditRecorder } from '../src/audit/recorder.js'
import { ScriptLines } from '../src/batch/script-lines.js'
import { lineTemplate } from '../src/batch/template.js'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { HostError } from '../src/errors.js'
import type { KeyService } from '../src/keys/key-service.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import { scriptBatchRoutes } from '../src/routes/script-batch.js'
import type { ScriptBody } from '../src/routes/script-body.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
let together: TestServer
/** Builds every line by itself. */
let alone: TestServer
let inRecords = 0

beforeAll(async () => {
  const masterKey = new MasterKey(new Uint8Array(32))
  await loadDemoIssuer(database(), masterKey)
  const service = localKeyService(database(), masterKey, { keepMilliseconds: 60_000 })
  const counting: KeyService = {
    ...service,
    secureScripts: (records) => {
      inRecords += records.count
      return service.secureScripts(records)
    },
  }
  const single: KeyService = { ...service, secureScripts: async ({ count }) => new Uint8Array(count) }
  together = await testServer(database(), [scriptBatchRoutes], 'silent', { context: { keys: counting } })
  alone = await testServer(database(), [scriptBatchRoutes], 'silent', { context: { keys: single } })
})

const BODY = {
  id: 'a',
  issuer: 'demo-pboc',
  pan: '6228000100001',
  panSequence: '01',
  atc: '0240',
  arqc: '5D016C91005E7CC2',
  template: '72',
  scriptId: '00000001',
  commands: [{ type: 'put-data', tag: '9F58', value: '05' }, { type: 'card-block' }],
}
const LINE = JSON.stringify(BODY)

async function answer({ send }: TestServer, lines: readonly (string | Buffer)[]): Promise<string> {
  const payload = Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]))
  const headers = { 'content-type': 'application/x-ndjson' }
  const { statusCode, body } = await send({ method: 'POST', url: '/v1/scripts/batch', payload, headers })
  expect(statusCode).toBe(200)
  return body
}

/** The same from both, each changed line behind one that is as it should be. */
async function expectAlike(changed: readonly (string | Buffer)[]): Promise<void> {
  const lines = changed.flatMap((line) => [LINE, line])
  expect((await answer(together, lines)).split('\n')).toEqual((await answer(alone, lines)).split('\n'))
}

describe('is answered alike', () => {
  test.each(['0', 'F', 'x', '"', '\\', ' ', ',', '}', '\u0000', '\r', '\x7f', '\xff'])(
    'with %j for any byte',
    async (byte) => {
      const before = inRecords
      await expectAlike(
        Array.from(LINE, (_, n) => Buffer.from(`${LINE.slice(0, n)}${byte}${LINE.slice(n + 1)}`, 'latin1')),
      )
      expect(inRecords - before).toBeGreaterThanOrEqual(LINE.length - 1)
    },
  )

  test('with any byte left out, or twice', async () => {
    const bytes = Array.from(LINE)
    await expectAlike(bytes.map((_, n) => LINE.slice(0, n) + LINE.slice(n + 1)))
    await expectAlike(bytes.map((byte, n) => LINE.slice(0, n) + byte + LINE.slice(n)))
  })

  test('with fields in another order, left out, or of another length', async () => {
    const { id, scriptId, ...rest } = BODY
    const others = [
      { ...rest, id, scriptId },
      { scriptId, ...rest },
      { id, ...rest },
      { ...BODY, id: '' },
      { ...BODY, id: 'a'.repeat(64) },
      { ...BODY, id: 'a'.repeat(65) },
      { ...BODY, id: 'scriptId' },
      { ...BODY, pan: '12345678' },
      { ...BODY, pan: '1234567890123456789' },
      { ...BODY, pan: '12345678901234567890' },
      { ...BODY, commands: BODY.commands.toReversed() },
      { ...BODY, commands: [{ ...BODY.commands[0], value: '0506' }, BODY.commands[1]] },
      { ...BODY, macLength: 8 },
      { ...BODY, le: '00' },
      { ...BODY, scheme: 'pboc' },
    ].map((body) => JSON.stringify(body))
    await expectAlike([
      ...others,
      ...others,
      JSON.stringify(BODY, null, 1).replaceAll('\n', ' '),
      `${LINE}\t`,
      ` ${LINE}`,
    ])
  })

  test('with long commands, whose lengths take more bytes', async () => {
    const sizes = [100, 114, 115, 116, 120, 128, 235, 236, 240, 246, 247, 250, 251]
    for (const le of ['absent', '00']) {
      const lines = sizes.flatMap((size) =>
        ['05', 'C3'].map((byte) => {
          const commands = [
            { type: 'update-record', sfi: 2, record: 1, value: byte.repeat(size) },
            { type: 'card-block' },
          ]
          return JSON.stringify({ ...BODY, le, commands })
        }),
      )
      await expectAlike(lines)
    }
  })

  test('from more shapes than are remembered', async () => {
    const lines = Array.from({ length: 60 }, (_, n) =>
      JSON.stringify({ ...BODY, macLength: 4 + (n % 5), le: n % 2 ? '00' : 'absent' }),
    )
    await expectAlike([...lines, ...lines])
  })
})

test('while the audit trail cannot be written, no line is built', async () => {
  let broken = false
  const note = () => {}
  const expectWritable = () => {
    if (broken) throw new HostError('ERR_UNAVAILABLE')
  }
  const service = localKeyService(database(), new MasterKey(new Uint8Array(32)))
  const lines = new ScriptLines({
    context: { keys: service, audit: { note, expectWritable } as unknown as AuditRecorder },
    request: { caller: undefined, log: { error: note } } as unknown as FastifyRequest,
    defaults: {},
    validate: (fields) => fields as typeof BODY & ScriptBody,
  })
  const bytes = Buffer.from(`${LINE}${LINE}`)
  const halves = [0, LINE.length].map((begin, n) => ({
    number: n + 1,
    begin,
    end: begin + LINE.length,
    answer: undefined,
  }))
  expect(`${await lines.answer(halves, bytes)}`).not.toContain('error')
  broken = true
  const refused = `${await lines.answer(halves, bytes)}`.trim().split('\n')
  expect(refused.map((line) => JSON.parse(line))).toMatchObject(
    [1, 2].map((line) => ({ line, error: { code: 'ERR_UNAVAILABLE' } })),
  )
})

test.each([
  ['an escape', '{"pan":"\\u0031"}'],
  ['more than ASCII', '{"pan":"é"}'],
])('a line with %s makes no template', (_, line) => {
  expect(lineTemplate(line, () => undefined)).toBeUndefined()
})
