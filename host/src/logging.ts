/**
 * Logs through an allow-list: a line holds the fields named here and no other, whatever is handed to the logger, and
 * the text of an error never, since it may quote what was sent.
 */
import type { FastifyInstance, FastifyServerOptions } from 'fastify'

export interface LogOptions {
  readonly level: string
  /** Where lines go, standard output by default. */
  readonly stream?: { write(line: string): void }
}

const ALLOWED = [
  'reqId',
  'method',
  'route',
  'status',
  'milliseconds',
  'code',
  'err',
  'address',
  'folder',
  'scope',
  'auditHead',
]

/** fastify's option for its logger (pino). */
export function loggerOptions({ level, stream }: LogOptions): NonNullable<FastifyServerOptions['logger']> {
  return {
    level,
    ...(stream === undefined ? {} : { stream }),
    serializers: { err: errorShape },
    formatters: { bindings: () => ({}), log: pickAllowed },
    hooks: {
      // pino takes an error's text as the message of its line unless there is another.
      logMethod(args, method) {
        const [first, message] = args as [unknown, unknown]
        const holdsError = first instanceof Error || (typeof first === 'object' && first !== null && 'err' in first)
        if (holdsError && typeof message !== 'string') return method.apply(this, [first as object, 'error'])
        return method.apply(this, args)
      },
    },
  }
}

function pickAllowed(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => ALLOWED.includes(name)))
}

/** An error's name, its code and where it was thrown, without its text. */
export function errorShape(error: unknown): { type: string; code?: unknown; message: string; stack: string } {
  if (!(error instanceof Error)) return { type: typeof error, message: '', stack: '' }
  const frames = `${error.stack}`.split('\n').filter((line) => /^ {4}at /.test(line))
  const code = 'code' in error ? { code: error.code } : {}
  return { type: error.name, ...code, message: '', stack: frames.map((line) => line.trim()).join('\n') }
}

/** One line a request, when it has been answered: the pattern of its route, never its address, query or body. */
export function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request
    const milliseconds = Math.round(reply.elapsedTime * 10) / 10
    request.log.info({ method, route: routeOptions.url ?? '-', status: reply.statusCode, milliseconds }, 'request')
  })
}
