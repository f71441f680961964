/** Lines of a batch as JSON: each is read as strictly as a request body, and a bad one is a line with its code. */
import type { FastifyRequest } from 'fastify'
import { HostError } from '../errors.js'
import { strictFault } from '../json-body.js'
import { problemOf } from '../problem.js'

/** What a line is called by its sender, given back with its answer. */
export const LONGEST_ID = 64

/** A JSON object, not looked at yet. */
export type Fields = Readonly<Record<string, unknown>>

/**
 * The object of a line: UTF-8, JSON, no key twice, not nested without end.
 * @throws ERR_BODY
 */
export function lineFields(bytes: Uint8Array): Fields {
  const text = decode(bytes)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new HostError('ERR_BODY', 'The line is not JSON.')
  }
  const fault = strictFault(text)
  if (fault !== undefined) throw new HostError('ERR_BODY', fault.replace('request body', 'line'))
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new HostError('ERR_BODY', 'The line is not a JSON object.')
}

function decode(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    if (!text.startsWith('\ufeff')) return text
  } catch {}
  throw new HostError('ERR_BODY', 'The line is not UTF-8 without a byte order mark.')
}

/** Whether a line is nothing but white space: it is passed over, and counted. */
export function isBlank(bytes: Uint8Array, begin: number, end: number): boolean {
  for (let at = begin; at < end; at++) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false
  }
  return true
}

/** Judges an object by a schema, as the body of a request of its own is judged. ERR_BODY by way of a validation error. */
export function lineValidator<T>(request: FastifyRequest, schema: unknown): (fields: Fields) => T {
  const validate = request.compileValidationSchema(schema as object, 'body')
  return (fields) => {
    if (validate(fields)) return fields as T
    throw Object.assign(new Error('line'), { statusCode: 400, validation: validate.errors, validationContext: 'body' })
  }
}

/** The `id` of a line as far as it has one. */
export function idOf({ id }: Fields): { readonly id?: string } {
  return typeof id === 'string' && id.length <= LONGEST_ID ? { id } : {}
}

/** A line of the answer. */
export function jsonLine(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`)
}

/** The line that an error becomes. What is the host's own fault is logged. */
export function errorLine(
  request: FastifyRequest,
  line: number,
  head: { readonly id?: string },
  error: unknown,
): Buffer {
  const { status, code, title: _, detail: message, ...where } = problemOf(error)
  if (status >= 500) request.log.error({ err: error, code }, 'line failed')
  return jsonLine({ line, ...head, error: { code, message, ...where } })
}
