/**
 * Schema validation. fastify's own settings drop unknown fields, turn `"5"` into 5 and `["AB"]` into `"AB"`; here a
 * request is taken as it is or refused. Only a query string, where everything is text, is converted.
 */
import newCompilerPool from '@fastify/ajv-compiler'
import type { FastifyServerOptions } from 'fastify'

type SchemaController = NonNullable<FastifyServerOptions['schemaController']>
type BuildValidator = NonNullable<NonNullable<SchemaController['compilersFactory']>['buildValidator']>
type Compile = (route: { httpPart?: string }) => unknown
type BuildCompiler = (schemas: unknown, options: { customOptions: Record<string, boolean> }) => Compile

const STRICT = { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: false }
const COERCING = { ...STRICT, coerceTypes: true }

// The compiler that fastify itself uses.
const buildCompiler = newCompilerPool() as unknown as BuildCompiler

function buildValidator(schemas: unknown): Compile {
  const strict = buildCompiler(schemas, { customOptions: STRICT })
  const coercing = buildCompiler(schemas, { customOptions: COERCING })
  return (route) => (route.httpPart === 'querystring' ? coercing(route) : strict(route))
}

/** fastify's option for how schemas are compiled. */
export const schemaController: SchemaController = {
  compilersFactory: { buildValidator: buildValidator as BuildValidator },
}

/**
 * The place of the first object in `schema` that would let unknown fields through; undefined when there is none.
 * Every body must pass: that additionalProperties is false is easily forgotten.
 */
export function openObject(schema: unknown, path = ''): string | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined
  if ('type' in schema && schema.type === 'object' && !('additionalProperties' in schema)) return path || '/'
  for (const [name, part] of Object.entries(schema)) {
    const found = openObject(part, `${path}/${name}`)
    if (found !== undefined) return found
  }
  return undefined
}
