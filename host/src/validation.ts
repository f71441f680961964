/**
 * Schema validation. fastify's own settings drop unknown fields, turn `"5"` into 5 and `["AB"]` into `"AB"`; here a
 * request is taken as it is or refused. Only a query string, where everything is text, is converted.
 */
import { setTimeout } from 'node:timers/promises'
import newCompilerPool from '@fastify/ajv-compiler'
import type { FastifyServerOptions } from 'fastify'

type SchemaController = NonNullable<FastifyServerOptions['schemaController']>
type BuildValidator = NonNullable<NonNullable<SchemaController['compilersFactory']>['buildValidator']>
interface Validate {
  (data: unknown): unknown
  errors?: unknown
}
type Compile = (route: { httpPart?: string }) => Validate
type BuildCompiler = (schemas: unknown, options: { customOptions: Record<string, boolean> }) => Compile

const STRICT = { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: false }
const COERCING = { ...STRICT, coerceTypes: true }

// The compiler that fastify itself uses.
const buildCompiler = newCompilerPool() as unknown as BuildCompiler

/** Milliseconds between two schemas, for requests. */
const PAUSE = 25

/** The schemas of a server, each compiled when it is first needed, or when the server has nothing else to do. */
export interface Schemas {
  /** fastify's option for how schemas are compiled. */
  readonly controller: SchemaController
  /** Compiles those that nobody has needed yet, with a pause before each. @throws AggregateError of those that cannot be */
  compile(): Promise<void>
}

/**
 * Schemas for one server. Compiling them all takes a third of a second: longer than the rest of a start but loading modules,
 * and whoever starts a host waits for it.
 */
export function lazySchemas(): Schemas {
  const waiting = new Set<() => unknown>()
  const lazy = (compile: () => Validate): Validate => {
    let compiled: Validate | undefined
    const compileNow = () => {
      waiting.delete(compileNow)
      compiled ??= compile()
      return compiled
    }
    waiting.add(compileNow)
    const validate: Validate = (data) => {
      const validateNow = compiled ?? compileNow()
      const result = validateNow(data)
      validate.errors = validateNow.errors
      return result
    }
    return validate
  }
  const buildValidator = (schemas: unknown): Compile => {
    const strict = buildCompiler(schemas, { customOptions: STRICT })
    const coercing = buildCompiler(schemas, { customOptions: COERCING })
    return (route) => lazy(() => (route.httpPart === 'querystring' ? coercing : strict)(route))
  }
  return {
    controller: { compilersFactory: { buildValidator: buildValidator as unknown as BuildValidator } },
    async compile() {
      const errors: unknown[] = []
      for (const compileNow of waiting) {
        await setTimeout(PAUSE, undefined, { ref: false })
        try {
          compileNow()
        } catch (error) {
          errors.push(error)
        }
      }
      if (errors.length > 0) throw new AggregateError(errors, 'schemas cannot be compiled')
    },
  }
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
