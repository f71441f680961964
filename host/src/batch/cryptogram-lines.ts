/**
 * The lines of a batch of cryptograms, and the answers to them. What a line is, whose budget it is of and who is told of it
 * is settled here; the cryptograms themselves go to the key service in groups, one of which is read while others are at work.
 */
import type { FastifyRequest } from 'fastify'
import type { AuditOutcome } from '../audit/entry.js'
import type { RouteContext } from '../context.js'
import { HostError } from '../errors.js'
import type { CryptogramText, VerdictText } from '../keys/key-service.js'
import { cardOf } from '../limits/hooks.js'
import { problemOf } from '../problem.js'
import { errorLine, type Fields, idOf, lineFields } from './lines-json.js'
import type { Line } from './stream.js'

/** Lines that are verified together: some milliseconds of work. */
const GROUP = 32
/** Groups at work at a time. Their tries count as failures meanwhile, and other requests of the caller have a budget, too. */
const MOST_GROUPS = 8

/** What the lines of a request are verified with. */
export interface CryptogramLinesOptions {
  readonly context: Pick<RouteContext, 'keys' | 'audit' | 'failures' | 'metrics' | 'threads'>
  readonly request: FastifyRequest
  /** Fields of lines that have none of their own. */
  readonly defaults: Fields
  readonly validate: (fields: Fields) => CryptogramText & { readonly id?: string }
}

interface Head {
  readonly id?: string
}

/** A line that waits for its verdict. */
interface Waiting {
  readonly at: number
  readonly number: number
  readonly head: Head
  readonly body: CryptogramText
  readonly settle: (failed: boolean) => void
}

/** The answers to some lines of `bytes`, in their order. */
export async function answerCryptograms(
  options: CryptogramLinesOptions,
  lines: readonly Line[],
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const answers = new CryptogramLines(options)
  for (const [at, line] of lines.entries()) await answers.take(at, line, bytes)
  return Buffer.concat(await answers.all())
}

class CryptogramLines {
  readonly #options: CryptogramLinesOptions
  readonly #subject: string
  readonly #most: number
  readonly #answers: Uint8Array[] = []
  #waiting: Waiting[] = []
  #running: Promise<void>[] = []

  constructor(options: CryptogramLinesOptions) {
    this.#options = options
    this.#subject = options.request.caller?.subject ?? ''
    this.#most = Math.min(MOST_GROUPS, 1 + (options.context.threads?.count ?? 0))
  }

  /** Reads a line; its answer is found then or later. */
  async take(at: number, { number, begin, end, answer }: Line, bytes: Uint8Array): Promise<void> {
    if (answer !== undefined) {
      this.#answers[at] = answer
      return
    }
    const { context, defaults, validate } = this.#options
    let head: Head = {}
    try {
      context.audit.expectWritable()
      const fields = lineFields(bytes.subarray(begin, end))
      head = idOf(fields)
      const { id: _, ...body } = validate({ ...defaults, ...fields })
      const settle = await this.#takeTry(body)
      this.#waiting.push({ at, number, head, body, settle })
    } catch (error) {
      this.#refuse({ at, number, head }, '?', error)
    }
    if (this.#waiting.length === GROUP) await this.#send()
  }

  /** The answers to all lines that were taken. */
  async all(): Promise<readonly Uint8Array[]> {
    await this.#settleAll()
    return this.#answers
  }

  /** Counts a verification about the card of a line, as those of single requests are. ERR_TOO_MANY_REQUESTS */
  async #takeTry(body: CryptogramText): Promise<(failed: boolean) => void> {
    const { failures, metrics, audit } = this.#options.context
    const { key, name } = cardOf({ body })
    let taken = failures.take(this.#subject, key)
    if (!('settle' in taken) && !taken.first && this.#waiting.length + this.#running.length > 0) {
      // The lines before count as failures until their verdicts are there: line by line they would be by now.
      await this.#settleAll()
      taken = failures.take(this.#subject, key)
    }
    if ('settle' in taken) return taken.settle
    metrics.limited('failures')
    if (taken.first) audit.note({ subject: this.#subject, action: 'limit.failures', object: name, outcome: 'refused' })
    throw new HostError('ERR_TOO_MANY_REQUESTS', `Too many failed verifications: again in ${taken.waitSeconds} s.`)
  }

  async #settleAll(): Promise<void> {
    await this.#send()
    await Promise.all(this.#running.splice(0))
  }

  /** Has the lines that wait verified; while too many groups are at work, waits for the first of them. */
  async #send(): Promise<void> {
    const byIssuer = new Map<string, Waiting[]>()
    for (const one of this.#waiting.splice(0)) {
      const { issuer } = one.body
      const group = byIssuer.get(issuer)
      if (group === undefined) byIssuer.set(issuer, [one])
      else group.push(one)
    }
    for (const [issuer, group] of byIssuer) this.#running.push(this.#verify(issuer, group))
    while (this.#running.length >= this.#most && this.#running.length > 0) await this.#running.shift()
  }

  async #verify(issuer: string, group: readonly Waiting[]): Promise<void> {
    const { keys } = this.#options.context
    const verdicts = await keys
      .verifyCryptograms(
        issuer,
        group.map(({ body }) => body),
      )
      .catch((error: unknown): VerdictText[] => group.map(() => ({ error })))
    for (const [n, one] of group.entries()) this.#judge(issuer, one, verdicts[n] as VerdictText)
  }

  #judge(issuer: string, line: Waiting, verdict: VerdictText): void {
    if ('error' in verdict) {
      line.settle(false)
      this.#refuse(line, issuer, verdict.error)
      return
    }
    line.settle(verdict.code === 'I')
    this.#options.context.metrics.verdict(verdict.code)
    this.#note(issuer, 'ok')
    const id = line.head.id === undefined ? '{' : `{"id":${JSON.stringify(line.head.id)},`
    this.#answers[line.at] = Buffer.from(`${id}${verdict.json.slice(1)}\n`)
  }

  #refuse({ at, number, head }: Pick<Waiting, 'at' | 'number' | 'head'>, issuer: string, error: unknown): void {
    const { status } = problemOf(error)
    if (status !== 429) {
      this.#note(status === 400 || status === 404 ? '?' : issuer, status >= 500 ? 'failed' : 'refused')
    }
    this.#answers[at] = errorLine(this.#options.request, number, head, error)
  }

  /** What a request of its own leaves in the audit trail by its route. */
  #note(issuer: string, outcome: AuditOutcome): void {
    const detail = { use: 'cryptogram-verify' }
    const [subject, object] = [this.#subject, `issuer:${issuer}`]
    this.#options.context.audit.note({ subject, action: 'key.use', object, outcome, detail })
  }
}
