import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { REQUEST_EXAMPLES } from '../src/routes/examples.data.js'
import { ROUTES } from '../src/wiring.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
let server: TestServer
let description: { paths: Record<string, Record<string, { requestBody?: { content: Record<string, Media> } }>> }

interface Media {
  readonly schema: { readonly examples?: readonly unknown[] }
  readonly example?: unknown
}

beforeAll(async () => {
  await loadDemoIssuer(database(), new MasterKey(new Uint8Array(32)))
  server = await testServer(database(), ROUTES)
  description = (await server.app.inject({ url: '/openapi.json' })).json()
})

const routes = () =>
  Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
const exampleOf = (media: Media): unknown => media.example ?? media.schema.examples?.[0]

test('every route that needs something to be asked with has an example, and no example is left over', () => {
  const needing = routes().filter((route) => route.startsWith('POST') || route.includes('{'))
  expect(Object.keys(REQUEST_EXAMPLES).sort()).toEqual(needing.sort())
})

test('every example works, and every other route does', async () => {
  const rest = routes().filter((route) => REQUEST_EXAMPLES[route] === undefined)
  const failed: unknown[] = []
  for (const route of [...Object.keys(REQUEST_EXAMPLES), ...rest]) {
    const [method = '', path = ''] = route.split(' ')
    const { params = {} } = REQUEST_EXAMPLES[route] ?? {}
    const content = description.paths[path]?.[method.toLowerCase()]?.requestBody?.content ?? {}
    const [type, media] = Object.entries(content)[0] ?? []
    const example = media === undefined ? undefined : exampleOf(media)
    const answer = await server.send({
      method: method as 'GET',
      url: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? ''),
      ...(type === undefined ? {} : { headers: { 'content-type': type }, payload: textOf(example) }),
    })
    const ndjsonError = type?.includes('ndjson') === true && answer.body.includes('"code"')
    if (answer.statusCode >= 300 || ndjsonError) failed.push([route, answer.statusCode, answer.body])
  }
  expect(failed).toEqual([])
})

const textOf = (example: unknown): string => (typeof example === 'string' ? example : JSON.stringify(example))

describe('the files under examples/requests', () => {
  test.each([
    ['cryptograms-arpc', 'POST /v1/cryptograms/arpc'],
    ['scripts', 'POST /v1/scripts'],
    ['oda-verify', 'POST /v1/oda/verify'],
  ])('%s.json is the example of %s', (file, route) => {
    const text = readFileSync(new URL(`../../examples/requests/${file}.json`, import.meta.url), 'utf8')
    expect(JSON.parse(text)).toEqual(REQUEST_EXAMPLES[route]?.body)
  })
})
