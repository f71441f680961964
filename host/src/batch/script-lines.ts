/**
 * The lines of a batch of scripts, and the answers to them. The first line of a shape is built as a request of its own would
 * be; those after it that differ in values alone are built together.
 */
import type { FastifyRequest } from 'fastify'
import type { AuditOutcome } from '../audit/entry.js'
import type { RouteContext } from '../context.js'
import { HostError } from '../errors.js'
import { problemOf } from '../problem.js'
import { type AnsweredScript, answerScript, pinChangesOf, type ScriptBody } from '../routes/script-body.js'
import { errorLine, type Fields, idOf, jsonLine, lineFields } from './lines-json.js'
import { ScriptShape } from './script-shape.js'
import type { Line } from './stream.js'
import type { Text } from './template.js'

/** Shapes that are known at a time: programs have one or two. */
const MOST_SHAPES = 8

/** What the lines of a request are built with. */
export interface ScriptLinesOptions {
  readonly context: Pick<RouteContext, 'keys' | 'audit'>
  readonly request: FastifyRequest
  /** Fields of lines that have none of their own. */
  readonly defaults: Fields
  readonly validate: (fields: Fields) => ScriptBody & { readonly id?: string }
}

/** The n-th line of a shape. */
interface Taken {
  readonly line: Line
  readonly shape: ScriptShape
  readonly n: number
}

/** The answers to the lines of one request. */
export class ScriptLines {
  readonly #options: ScriptLinesOptions
  /** The one that was used last comes first. */
  #shapes: ScriptShape[] = []

  constructor(options: ScriptLinesOptions) {
    this.#options = options
  }

  /** The answers to some lines of `bytes`. */
  async answer(lines: readonly Line[], bytes: Uint8Array): Promise<Uint8Array> {
    const text = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) }
    const entries: (Taken | Uint8Array)[] = []
    const isWritable = this.#isWritable()
    for (const line of lines) {
      const taken = line.answer ?? (isWritable ? this.#take(text, line) : undefined)
      entries.push(taken ?? (await this.#build(bytes, line, isWritable)))
    }
    for (const shape of this.#shapes) await shape.secure(this.#options.context.keys)
    for (const [i, entry] of entries.entries()) {
      if ('shape' in entry && !entry.shape.isDone(entry.n)) entries[i] = await this.#build(bytes, entry.line, false)
    }
    const out = written(entries, text)
    for (const shape of this.#shapes) this.#note(shape.issuer, 'ok', shape.clear())
    this.#shapes.splice(MOST_SHAPES)
    return out
  }

  /** Whether the audit trail takes entries; while it does not, each line is refused where that is worded. */
  #isWritable(): boolean {
    try {
      this.#options.context.audit.expectWritable()
      return true
    } catch {
      return false
    }
  }

  #take(text: Text, line: Line): Taken | undefined {
    for (let i = 0; i < this.#shapes.length; i++) {
      const shape = this.#shapes[i] as ScriptShape
      const n = shape.take(text, line.begin, line.end)
      if (n < 0) continue
      if (i > 0) this.#shapes.unshift(...this.#shapes.splice(i, 1))
      return { line, shape, n }
    }
    return undefined
  }

  /** The answer to a line by itself; `learn` whether others may be built after it. */
  async #build(bytes: Uint8Array, { number, begin, end }: Line, learn: boolean): Promise<Uint8Array> {
    const { context, request, defaults, validate } = this.#options
    let head: { readonly id?: string } = {}
    let issuer = '?'
    try {
      context.audit.expectWritable()
      const own = bytes.subarray(begin, end)
      const fields = lineFields(own)
      head = idOf(fields)
      const { id: _, ...body } = validate({ ...defaults, ...fields })
      issuer = body.issuer
      if (pinChangesOf(body).length > 0) throw new HostError('ERR_PIN_IN_BATCH')
      const { built, answer } = await answerScript(context.keys, body)
      this.#note(issuer, 'ok', 1)
      if (learn) this.#learn(own, body, { built, answer })
      return jsonLine({ ...head, ...answer })
    } catch (error) {
      const { status } = problemOf(error)
      this.#note(status === 400 || status === 404 ? '?' : issuer, status >= 500 ? 'failed' : 'refused', 1)
      return errorLine(request, number, head, error)
    }
  }
  #learn(line: Uint8Array, body: ScriptBody, { built, answer }: AnsweredScript): void {
    const { issuer, scheme, dki, scriptId, le } = body
    const shape = ScriptShape.of({
      line: Buffer.from(line).toString('latin1'),
      request: { issuer, ...(scheme === undefined ? {} : { scheme }), ...(dki === undefined ? {} : { dki }) },
      built,
      answer,
      identified: scriptId !== undefined,
      trailer: le === '00' ? 1 : 0,
    })
    if (shape !== undefined) this.#shapes.unshift(shape)
  }

  /** What a request of its own leaves in the audit trail by its route. */
  #note(issuer: string, outcome: AuditOutcome, count: number): void {
    if (count === 0) return
    const { context, request } = this.#options
    const subject = request.caller?.subject ?? ''
    const detail = { use: 'script-build' }
    context.audit.note({ subject, action: 'key.use', object: `issuer:${issuer}`, outcome, count, detail })
  }
}

/** The answers one after another, those of shapes written where they go. */
function written(answers: readonly (Taken | Uint8Array)[], text: Text): Uint8Array {
  let room = 0
  for (const entry of answers) room += 'shape' in entry ? entry.shape.room(entry.n) : entry.length
  const out = Buffer.allocUnsafeSlow(room)
  const view = new DataView(out.buffer)
  let at = 0
  for (const entry of answers) {
    if ('shape' in entry) at = entry.shape.write(entry.n, text, view, at)
    else {
      out.set(entry, at)
      at += entry.length
    }
  }
  return out.subarray(0, at)
}
