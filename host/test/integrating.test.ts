/** The ten minutes of docs/integrating.md, line by line, as its reader would run them. */
import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { ROUTES } from '../src/wiring.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
let server: TestServer
beforeAll(async () => {
  await loadDemoIssuer(database(), new MasterKey(new Uint8Array(32)))
  server = await testServer(database(), ROUTES, 'silent')
})

const text = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')

interface Answered {
  readonly line: string
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Runs a line of the document; `undefined` for one that sends nothing. */
async function run(line: string, card: string): Promise<Answered | undefined> {
  const [, path, file] = /^post (\S+) (\S+)$/.exec(line) ?? []
  const [, address] = /^curl .* http:\/\/127\.0\.0\.1:8400(\S+)$/.exec(line) ?? []
  const url = (path === undefined ? address : `/v1/${path}`)?.replace('$CARD', card)
  if (url === undefined) return undefined
  const sent =
    file === undefined
      ? await server.send({ method: 'GET', url })
      : await server.send({
          ...{ method: 'POST', url, payload: text(`examples/requests/${file}`) },
          headers: { 'content-type': 'application/json' },
        })
  return { line, status: sent.statusCode, body: sent.json() }
}

async function walk(): Promise<readonly Answered[]> {
  const section =
    text('docs/integrating.md')
      .split('\n## ')
      .find((one) => one.startsWith('Ten minutes')) ?? ''
  const lines = [...section.matchAll(/```\n([\s\S]*?)```/g)].flatMap(([, block]) => block?.trim().split('\n') ?? [])
  const answers: Answered[] = []
  let card = ''
  for (const line of lines) {
    const answer = await run(line, card)
    if (answer === undefined) continue
    if (typeof answer.body['card'] === 'string') card = answer.body['card']
    answers.push(answer)
  }
  return answers
}

test('each line does what the document says of it', async () => {
  const [first, queued, second, third, card, events, ...rest] = await walk()
  expect(rest).toEqual([])
  for (const answer of [first, queued, second, third, card, events]) expect(answer?.status).toBeLessThan(300)
  expect(first?.body).toMatchObject({
    verdict: 'V',
    repeat: false,
    answer: { emv: expect.stringMatching(/^910A[0-9A-F]{16}3030$/) },
  })
  expect(queued?.body).toMatchObject({ entry: { state: 'pending', type: 'put-data' } })
  expect(second?.body).toMatchObject({
    verdict: 'V',
    answer: { emv: expect.stringMatching(/^910A[0-9A-F]{20}72139F1804[0-9A-F]{8}860A04DA9F580505[0-9A-F]{8}$/) },
  })
  expect(third?.body).toMatchObject({ verdict: 'V', entries: [{ state: 'confirmed', rank: 'card' }] })
  expect(card?.body).toMatchObject({
    maskedPan: '****0001',
    atc: { highest: 0x242 },
    entries: [{ state: 'confirmed' }],
  })
  const types = ((events?.body['events'] ?? []) as { type: string; card: string }[]).filter(
    (one) => one.card === card?.body['card'],
  )
  expect(types.map(({ type }) => type)).toEqual(['created', 'queued', 'sent', 'applied'])
})

test('the first request again gives the same bytes', async () => {
  const payload = text('examples/requests/authorization-1.json')
  const headers = { 'content-type': 'application/json' }
  const send = async () => (await server.send({ method: 'POST', url: '/v1/authorizations', payload, headers })).json()
  const [one, two] = [await send(), await send()]
  expect(two).toMatchObject({ repeat: true, authorization: one.authorization, answer: one.answer })
})

test('every file that the documents name is there', () => {
  const named = [
    ...`${text('README.md')}${text('docs/integrating.md')}`.matchAll(/examples\/requests\/[a-z0-9-]+\.json/g),
  ]
  expect(named.length).toBeGreaterThan(3)
  for (const [file] of named) expect(JSON.parse(text(file))).toBeTypeOf('object')
})
