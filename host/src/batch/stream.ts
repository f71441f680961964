/**
 * The frame of bulk routes: NDJSON in, NDJSON out, in the order of the lines. Both ways are streams: nothing is read before
 * the answers to what was read have gone out, so that memory is that of one chunk, however long the batch and however slow
 * its reader. A caller that hangs up ends the work.
 */
import { Readable } from 'node:stream'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify'
import type { Static, TObject } from 'typebox'
import type { App } from '../context.js'
import { HostError } from '../errors.js'
import { type LineGroup, lineGroups } from './lines.js'
import { errorLine, isBlank } from './lines-json.js'

/** The content type, of requests and of answers. */
export const NDJSON = 'application/x-ndjson'
/** Bytes of a line. */
const LONGEST_LINE = 16_384
/** Lines of a batch, the empty ones too. Whoever has more sends several. */
const MOST_LINES = 1_000_000

/** The answers to some lines, in their order; each ends with a line feed. Lines begin and end as {@link LineGroup} has it. */
export type AnswerLines = (lines: readonly Line[], bytes: Uint8Array) => Promise<Uint8Array>

/** A line that is neither empty nor too long, or the answer that it has already. */
export interface Line {
  readonly number: number
  readonly begin: number
  readonly end: number
  readonly answer: Uint8Array | undefined
}

/** A bulk route. */
export interface BatchRoute<Q extends TObject> {
  readonly url: string
  readonly config: FastifyContextConfig
  readonly summary: string
  readonly description: string
  readonly tag: string
  readonly querystring: Q
  readonly mostLines?: number
  /** Called once for each request. */
  answer(request: FastifyRequest, query: Static<Q>): AnswerLines
}

/** Adds a bulk route. Its body is parsed as it comes in, so it has a content type and no limit of its own. */
export async function addBatchRoute<Q extends TObject>(app: App, route: BatchRoute<Q>): Promise<void> {
  const { url, config, summary, description, tag, querystring, mostLines = MOST_LINES } = route
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(NDJSON, (_request, payload, done) => done(null, payload))
    const schema = { summary, description, tags: [tag], consumes: [NDJSON], produces: [NDJSON], querystring }
    scope
      .withTypeProvider<TypeBoxTypeProvider>()
      .post(url, { config: { ...config, streams: true }, schema }, async (request, reply) => {
        if (!(request.body instanceof Readable)) throw new HostError('ERR_CONTENT_TYPE')
        const answer = route.answer(request, request.query as Static<Q>)
        return reply.type(NDJSON).send(Readable.from(answers(request, reply, { answer, mostLines })))
      })
  })
}

interface Work {
  readonly answer: AnswerLines
  readonly mostLines: number
}

async function* answers(request: FastifyRequest, reply: FastifyReply, { answer, mostLines }: Work) {
  // The body is not destroyed with its iterator: that would cut off the answers that are still on their way.
  const body = (request.body as Readable).iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>
  for await (const group of lineGroups(body, LONGEST_LINE)) {
    const text = await answer(linesOf(request, group, mostLines), group.bytes)
    if (text.length > 0) yield text
    if (group.first + group.bounds.length / 2 - 1 <= mostLines) continue
    const error = new HostError('ERR_BODY_TOO_LARGE', `A batch has at most ${mostLines} lines.`)
    reply.raw.once('finish', () => request.raw.destroy())
    yield errorLine(request, mostLines + 1, {}, error)
    return
  }
}

function linesOf(request: FastifyRequest, { bytes, bounds, first }: LineGroup, most: number): Line[] {
  const lines: Line[] = []
  for (let n = 0; n < bounds.length && first + n / 2 <= most; n += 2) {
    const [number, begin, end] = [first + n / 2, bounds[n] as number, bounds[n + 1] as number]
    if (begin < 0) {
      const error = new HostError('ERR_BODY_TOO_LARGE', `A line has at most ${LONGEST_LINE} bytes.`)
      lines.push({ number, begin, end, answer: errorLine(request, number, {}, error) })
    } else if (!isBlank(bytes, begin, end)) lines.push({ number, begin, end, answer: undefined })
  }
  return lines
}
