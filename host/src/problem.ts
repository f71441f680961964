/**
 * Errors as the caller sees them: problem details of [RFC9457] with the error's code.
 */
import { STATUS_CODES } from 'node:http'
import { type ErrorCode, IssuerkitError } from '@issuerkit/apdu'
import type { FastifyError, FastifyReply } from 'fastify'
import { isUnavailable } from './database.js'
import { HostError, type HostErrorCode } from './errors.js'
import { errorSentence, httpStatus } from './http-status.js'

/** The body of an error answer, `application/problem+json`. The type is `about:blank`: the code says what happened. */
export interface Problem {
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ErrorCode | HostErrorCode
  /** Where an IssuerkitError or a schema found the fault; the offset is in bytes. */
  readonly label?: string | undefined
  readonly expected?: string | undefined
  readonly got?: string | undefined
  readonly path?: readonly string[] | undefined
  readonly offset?: number | undefined
  /** Of ERR_NO_ARPC: the verdict on the cryptogram. */
  readonly verdict?: string | undefined
  readonly requestId?: string
}

/** What `error` looks like from outside. What is not known to be fit for the caller's eyes is ERR_INTERNAL and no more. */
export function problemOf(error: unknown): Problem {
  if (error instanceof IssuerkitError) {
    const { code, label, expected, got, path, offset } = error
    const status = httpStatus(code)
    return status >= 500 ? problem('ERR_INTERNAL') : { ...problem(code), label, expected, got, path, offset }
  }
  if (error instanceof HostError) {
    const { code, message } = error
    if (httpStatus(code) < 500) return { ...problem(code), detail: message }
    // Of the host's own failures only these concern a caller: readiness names the keys, and says nothing else of them.
    if (code === 'ERR_KEYS_UNUSABLE') return { ...problem(code), detail: message }
    return problem(code === 'ERR_UNAVAILABLE' ? code : 'ERR_INTERNAL')
  }
  if (isUnavailable(error)) return problem('ERR_UNAVAILABLE')
  return isFastifyError(error) ? fromFastify(error) : problem('ERR_INTERNAL')
}

function problem(code: ErrorCode | HostErrorCode): Problem {
  const status = httpStatus(code)
  return { title: `${STATUS_CODES[status]}`, status, detail: errorSentence(code), code }
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && ('statusCode' in error || 'validation' in error)
}

function fromFastify(error: FastifyError): Problem {
  if (error.validation !== undefined) return fromValidation(error)
  if (error.statusCode === 413) return problem('ERR_BODY_TOO_LARGE')
  if (error.statusCode === 415) return problem('ERR_CONTENT_TYPE')
  if (error.code === 'FST_ERR_BAD_URL' || error.code === 'FST_ERR_MAX_PARAM_LENGTH') return problem('ERR_QUERY')
  return error.statusCode === 400 ? problem('ERR_BODY') : problem('ERR_INTERNAL')
}

/** The first fault that the schema found: its JSON pointer and the rule, never the value that was sent. */
function fromValidation({ validation = [], validationContext }: FastifyError): Problem {
  const code = validationContext === 'body' ? 'ERR_BODY' : 'ERR_QUERY'
  const [fault] = validation
  const field = fault?.params['additionalProperty']
  const unknown = typeof field === 'string' ? `/${field.slice(0, 64)}` : ''
  return { ...problem(code), label: `${fault?.instancePath ?? ''}${unknown}`, expected: fault?.message }
}

/** Answers with `problem`. */
export function sendProblem(reply: FastifyReply, answer: Problem): FastifyReply {
  if (answer.status === 503) void reply.header('retry-after', '1')
  const body = JSON.stringify({ ...answer, requestId: reply.request.id })
  return reply.code(answer.status).type('application/problem+json').serializer(String).send(body)
}
