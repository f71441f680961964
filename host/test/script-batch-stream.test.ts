/** Bulk routes as streams: however the lines are cut, whoever waits for whom, and who hangs up. */
import { once } from 'node:events'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type LineGroup, lineGroups } from '../src/batch/lines.js'
import { addBatchRoute } from '../src/batch/stream.js'
import { limitBodyTime } from '../src/body-time.js'
import type { Routes } from '../src/context.js'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import { scriptBatchRoutes } from '../src/routes/script-batch.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
let server: TestServer
/** Scripts that were built in records. */
let together = 0
const NDJSON = { 'content-type': 'application/x-ndjson' }

/** A bulk route of at most five lines, which says how long each was. */
const five: Routes = (app) =>
  addBatchRoute(app, {
    url: '/v1/five',
    config: { scope: 'issue:scripts' },
    summary: 'five',
    description: 'five',
    tag: 'five',
    querystring: Type.Object({}, { additionalProperties: false }),
    mostLines: 5,
    answer: () => async (lines) =>
      Buffer.from(lines.map(({ answer, begin, end }) => answer ?? `${end - begin}\n`).join('')),
  })

beforeAll(async () => {
  const masterKey = new MasterKey(new Uint8Array(32))
  await loadDemoIssuer(database(), masterKey)
  const service = localKeyService(database(), masterKey, { keepMilliseconds: 60_000 })
  const keys: typeof service = {
    ...service,
    secureScripts: async (records) => {
      together += records.count
      return service.secureScripts(records)
    },
  }
  server = await testServer(database(), [scriptBatchRoutes, five], 'info', { context: { keys } })
  await server.app.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => server.app.close())

const lineOf = (n: number) => {
  const atc = (n % 65_536).toString(16).padStart(4, '0')
  const card = { issuer: 'demo-pboc', pan: `62280${String(n).padStart(8, '0')}`, panSequence: '01' }
  const script = { atc, arqc: '5D016C91005E7CC2', template: '72', commands: [{ type: 'application-block' }] }
  return `${JSON.stringify({ id: `${n}`, ...card, ...script })}\n`
}
const linesOf = (count: number, first = 0) => Array.from({ length: count }, (_, n) => lineOf(first + n)).join('')

function open(url = '/v1/scripts/batch'): ClientRequest {
  const { port } = server.app.server.address() as AddressInfo
  const headers = { ...NDJSON, authorization: `Bearer ${server.access.token}` }
  const asked = httpRequest({ host: '127.0.0.1', port, path: url, method: 'POST', headers })
  onTestFinished(() => void asked.destroy())
  return asked.on('error', () => {})
}

async function textOf(answer: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of answer) text += chunk
  return text
}

describe('a batch over the network', () => {
  test('is answered while it is sent', async () => {
    const asked = open()
    asked.write(linesOf(3))
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const [first] = (await once(answer, 'data')) as [Buffer]
    expect(`${first}`.split('\n').map((line) => line.slice(0, 9))).toEqual(['{"id":"0"', '{"id":"1"', '{"id":"2"', ''])
    asked.end(linesOf(2, 3))
    expect((await textOf(answer)).split('\n').map((line) => line.slice(0, 9))).toEqual(['{"id":"3"', '{"id":"4"', ''])
  })

  test('is answered the same, however it is cut', async () => {
    const text = `${linesOf(40)}{"id":\n\n${linesOf(5, 40)}`
    const answers: string[] = []
    for (const size of [1_000_000, 64 * 1024, 997, 61]) {
      const asked = open()
      const sending = (async () => {
        for (let at = 0; at < text.length; at += size) {
          if (!asked.write(text.slice(at, at + size))) await once(asked, 'drain')
          if (at % 8 === 0) await new Promise(setImmediate)
        }
        asked.end()
      })()
      const [answer] = (await once(asked, 'response')) as [IncomingMessage]
      answers.push(await textOf(answer))
      await sending
    }
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]?.split('\n')).toHaveLength(47)
  })

  /** Sends lines, and takes no answer, until the host takes no more lines. */
  async function stuck() {
    const asked = open()
    const answered = once(asked, 'response') as Promise<[IncomingMessage]>
    const [before, block] = [together, linesOf(400)]
    let sent = 0
    // What the two sockets hold between them is far less than this hundred megabytes.
    for (let still = 0; still < 5 && sent < 1_500; ) {
      if (asked.write(block)) sent++
      else {
        sent++
        const drained = await Promise.race([once(asked, 'drain'), new Promise((go) => setTimeout(go, 200, 'still'))])
        still = drained === 'still' ? still + 1 : 0
      }
    }
    expect(sent).toBeLessThan(1_500)
    const [answer] = await answered
    return { asked, answer, sent: 400 * sent, built: together - before }
  }

  test('is not read on while nobody takes the answers', async () => {
    const { asked, answer, sent, built } = await stuck()
    expect(built).toBeLessThan(sent)
    asked.end()
    expect((await textOf(answer)).split('\n').length - 1).toBe(sent)
  })

  test('ends when its caller hangs up', async () => {
    const { asked, sent, built } = await stuck()
    const before = together
    asked.destroy()
    await new Promise((go) => setTimeout(go, 300))
    expect(together - before).toBeLessThan(sent - built)
    const after = together
    await new Promise((go) => setTimeout(go, 100))
    expect(together).toBe(after)
    expect(server.log.filter((line) => line.includes('"level":50'))).toEqual([])
  })

  test('has so many lines at most, the empty ones too', async () => {
    const post = async (payload: string) =>
      (await server.send({ method: 'POST', url: '/v1/five', payload, headers: NDJSON })).body
    expect(await post('a\nbb\n\nccc\ndddd\n')).toBe('1\n2\n3\n4\n')
    const more = '{"line":6,"error":{"code":"ERR_BODY_TOO_LARGE","message":"A batch has at most 5 lines."}}\n'
    expect(await post('a\nbb\n\nccc\ndddd\neeeee')).toBe(`1\n2\n3\n4\n${more}`)
    const asked = open('/v1/five')
    asked.write('a\nbb\n\nccc\ndddd\neeeee\n')
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    expect(await textOf(answer)).toBe(`1\n2\n3\n4\n${more}`)
    await once(asked, 'close')
  })

  test('may be a batch of 20,000', async () => {
    const asked = open()
    const sending = (async () => {
      for (let n = 0; n < 20_000; n += 250) if (!asked.write(linesOf(250, n))) await once(asked, 'drain')
      asked.end()
    })()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const lines = (await textOf(answer)).split('\n')
    await sending
    expect(lines.pop()).toBe('')
    expect(lines.map((line) => JSON.parse(line).id)).toEqual(Array.from({ length: 20_000 }, (_, n) => `${n}`))
  })
})

describe('lines out of chunks', () => {
  async function groups(chunks: readonly string[], longest = 8) {
    const found: string[] = []
    const input = async function* () {
      for (const chunk of chunks) yield Buffer.from(chunk)
    }
    const text = ({ bytes, bounds }: LineGroup, n: number) =>
      Buffer.from(bytes.subarray(bounds[n], bounds[n + 1])).toString()
    for await (const group of lineGroups(input(), longest)) {
      for (let n = 0; n < group.bounds.length; n += 2) {
        found.push(`${group.first + n / 2} ${(group.bounds[n] ?? 0) < 0 ? 'too long' : text(group, n)}`)
      }
    }
    return found
  }
  test.each<[string, string[], string[]]>([
    ['none', [], []],
    ['no bytes', ['', ''], []],
    ['one without an end', ['a'], ['1 a']],
    ['one in three', ['a', 'b', 'c\n'], ['1 abc']],
    ['an empty one', ['\n\na\n'], ['1 ', '2 ', '3 a']],
    ['as long as they may be', ['12345678\n12345678'], ['1 12345678', '2 12345678']],
    ['one that is too long', ['123456789\na\n'], ['1 too long', '2 a']],
    ['one that is too long in parts', ['1234', '5678', '9', '0\na\n'], ['1 too long', '2 a']],
    ['one that is too long and never ends', ['a\n1234', '5678', '90'], ['1 a', '2 too long']],
    ['one that is too long at the end of a chunk', ['a\n123456789', '\nb'], ['1 a', '2 too long', '3 b']],
  ])('%s', async (_, chunks, lines) => expect(await groups(chunks)).toEqual(lines))

  test('in a chunk that is larger than usual', async () => {
    const line = 'x'.repeat(99)
    expect(await groups([`a`, `${`${line}\n`.repeat(2_000)}b`], 100)).toHaveLength(2_001)
  })
})

describe('the time that a body may take', () => {
  const MOST = 150
  let app: FastifyInstance
  beforeAll(async () => {
    app = Fastify()
    limitBodyTime(app, MOST)
    app.addContentTypeParser('application/x-ndjson', (_request, payload, done) => done(null, payload))
    const read = async ({ body }: { body: unknown }) => (await textOf(body as AsyncIterable<Buffer>)).length
    app.post('/streams', { config: { streams: true } }, async (request) => ({ length: await read(request) }))
    app.post('/whole', async (request) => request.body)
    await app.listen({ host: '127.0.0.1', port: 0 })
  })
  afterAll(() => app.close())

  /** Sends parts with pauses between them. @returns the status, or how the connection ended */
  async function send(path: string, type: string, parts: readonly string[], pause: number): Promise<unknown> {
    const { port } = app.server.address() as AddressInfo
    const asked = httpRequest({ host: '127.0.0.1', port, path, method: 'POST', headers: { 'content-type': type } })
    const ended = new Promise((resolve) => {
      asked.on('error', () => resolve('cut off')).on('response', (answer) => resolve(answer.resume().statusCode))
    })
    for (const part of parts) {
      asked.write(part)
      await Promise.race([ended, new Promise((go) => setTimeout(go, pause))])
    }
    asked.end()
    return ended
  }
  const parts = (text: string) => Array.from(text)

  test('is what it likes for a stream that goes on', async () => {
    expect(await send('/streams', 'application/x-ndjson', parts('123456789'), 50)).toBe(200)
  })
  test('is over for a stream that is still', async () => {
    expect(await send('/streams', 'application/x-ndjson', parts('12'), 4 * MOST)).toBe('cut off')
  })
  test('is over for a whole body, though it goes on', async () => {
    expect(await send('/whole', 'application/json', parts('[1,2,3,4]'), 50)).toBe('cut off')
  })
  test('is enough for a whole body that comes at once, and for what follows it', async () => {
    expect(await send('/whole', 'application/json', ['[1,2,', '3,4]'], 10)).toBe(200)
    await new Promise((go) => setTimeout(go, 2 * MOST))
    expect(await send('/whole', 'application/json', ['[1]'], 0)).toBe(200)
  })
})
