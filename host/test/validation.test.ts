/** Schemas are compiled when they are first needed: a fault in one is found all the same, and none is compiled twice. */
import { expect, test } from 'vitest'
import type { Routes } from '../src/context.js'
import { lazySchemas } from '../src/validation.js'
import { ROUTES } from '../src/wiring.js'
import { useDatabase } from './support/database.js'
import { testServer } from './support/server.js'

interface Validate {
  (data: unknown): unknown
  errors?: readonly { readonly instancePath: string }[] | null
}

/** What fastify does with the schema of a body. */
function validateOf(schemas: ReturnType<typeof lazySchemas>, schema: unknown, httpPart = 'body'): Validate {
  const build = schemas.controller.compilersFactory?.buildValidator as unknown as (
    shared: unknown,
  ) => (route: { schema: unknown; httpPart: string }) => Validate
  return build({})({ schema, httpPart })
}

const NUMBER = { type: 'object', additionalProperties: false, properties: { n: { type: 'integer' } } }

test('a schema judges before the others are compiled, and after', async () => {
  const schemas = lazySchemas()
  const validate = validateOf(schemas, NUMBER)
  for (const _ of ['before', 'after']) {
    expect(validate({ n: 1 })).toBe(true)
    expect(validate.errors).toBeNull()
    expect(validate({ n: '1' })).toBe(false)
    expect(validate.errors?.[0]?.instancePath).toBe('/n')
    expect(validate({ m: 1 })).toBe(false)
    expect(validate({})).toBe(true)
    expect(validate.errors).toBeNull()
    await schemas.compile()
  }
})

test('only a query string is converted', () => {
  expect(validateOf(lazySchemas(), NUMBER, 'querystring')({ n: '1' })).toBe(true)
  expect(validateOf(lazySchemas(), NUMBER, 'params')({ n: '1' })).toBe(false)
})

test('a schema that cannot be compiled is found although nobody needs it', async () => {
  const schemas = lazySchemas()
  const validate = validateOf(schemas, { type: 'nothing' })
  const other = validateOf(schemas, { type: 'none' })
  const sound = validateOf(schemas, NUMBER)
  const wrong = expect.objectContaining({ message: expect.stringMatching(/schema is invalid|type must be JSONType/) })
  await expect(schemas.compile()).rejects.toMatchObject({ errors: [wrong, wrong] })
  expect(sound({ n: 1 })).toBe(true)
  expect(() => other({})).toThrow(/schema is invalid|type must be JSONType/)
  expect(() => validate({})).toThrow(/schema is invalid|type must be JSONType/)
  await expect(schemas.compile()).resolves.toBeUndefined()
})

const { database } = useDatabase()

async function logOf(routes: readonly Routes[], awaited: string): Promise<string> {
  const { app, log } = await testServer(database(), routes, 'debug')
  await app.listen({ host: '127.0.0.1', port: 0 })
  await expect.poll(() => log.join(''), { timeout: 30_000 }).toContain(awaited)
  await app.close()
  return log.join('')
}

test('a server that listens compiles the schemas of all its routes', async () => {
  expect(await logOf(ROUTES, 'every schema is compiled')).not.toContain('cannot be compiled')
})

test('a server with a schema that is wrong says so', async () => {
  const wrong = { type: 'object', additionalProperties: false, properties: { n: { type: 'nothing' } } }
  const config = { scope: 'verify:oda' } as const
  const route: Routes = (app) => void app.post('/v1/wrong', { schema: { body: wrong }, config }, async () => '')
  expect(await logOf([route], 'a schema cannot be compiled')).not.toContain('every schema')
})
