/**
 * Terminals that misbehave on purpose, with the truth of what was done: hooks around the card, the issuer's link and the
 * report. The transaction between them stays honest, and believes what it is shown.
 *
 * ```
 * const terminal = misbehave([{ kind: 'drop-answer' }, { kind: 'report-twice' }], 7)
 * await runTransaction(terminal.exchange(card), { issuer: terminal.issuer(link), report: terminal.report(advice), ... })
 * terminal.truth()        // what the card was really sent, and what it said
 * ```
 */
import {
  concat,
  type Exchange,
  encodeTlv,
  equalBytes,
  IssuerkitError,
  parseOneTlv,
  parseResponse,
  type Tlv,
  toHex,
} from '@issuerkit/apdu'
import { parseField55 } from '@issuerkit/keys'
import { encodeScriptResults, parseScripts, type ScriptOutcome, type ScriptTemplateTag } from '@issuerkit/scripts'
import type { CommandPlace, GroundTruth, Misbehaviour, TrueScript } from './misbehaviour-plan.js'
import type { IssuerLink, OnlineResponse, TransactionAdvice } from './online.js'
import { createSeededRandom, type SeededRandom } from './random-seed.js'

/** The hooks of one transaction. */
export interface MisbehavingTerminal {
  readonly exchange: (card: Exchange) => Exchange
  readonly issuer: (link: IssuerLink) => IssuerLink
  readonly report: (tell: Tell) => (advice: TransactionAdvice) => Promise<void>
  /** Sends the reports that were held back. */
  readonly release: () => Promise<void>
  readonly truth: () => GroundTruth
}

type Tell = (advice: TransactionAdvice) => unknown
type Kind = Misbehaviour['kind']
type Of<K extends Kind> = Extract<Misbehaviour, { readonly kind: K }>

/**
 * The hooks of a plan. The same plan, seed and transaction go the same way.
 * @param seed a whole number from 0 to 4294967295
 * @throws ERR_OPTION for another seed
 */
export function misbehave(plan: readonly Misbehaviour[], seed: number): MisbehavingTerminal {
  const random = createSeededRandom(seed)
  const applied: Kind[] = []
  const held: (() => Promise<void>)[] = []
  let scripts: SentScript[] = []
  let requests = 0
  let reports = 0
  const planned = <K extends Kind>(kind: K): Of<K> | undefined => plan.find((item): item is Of<K> => item.kind === kind)
  const apply = (kind: Kind): void => {
    if (!applied.includes(kind)) applied.push(kind)
  }
  const dropped = placed(planned('drop-answer'), random)
  const removed = placed(planned('remove-card'), random)

  const exchange = (card: Exchange): Exchange => {
    let generateAcs = 0
    let scriptCommands = 0
    let gone = false
    return async (command) => {
      const sent = scripts.flatMap(({ commands }) => commands).find((candidate) => isWaiting(candidate, command))
      if (sent !== undefined) scriptCommands += 1
      const kind = toHex(command.subarray(0, 2))
      if (kind === '80AE') generateAcs += 1
      const name =
        sent !== undefined ? `script ${scriptCommands}` : kind === '80AE' ? `generate-ac ${generateAcs}` : kind
      gone ||= name === removed
      if (gone) {
        apply('remove-card')
        throw new IssuerkitError('ERR_READER', { label: 'card', expected: 'a card', got: 'none' })
      }
      const answer = await card(command)
      if (sent !== undefined) sent.status = parseResponse(answer).status
      if (name !== dropped) return answer
      apply('drop-answer')
      if (sent !== undefined) sent.answerLost = true
      throw new IssuerkitError('ERR_EXCHANGE', { label: 'card', expected: 'an answer', got: 'none' })
    }
  }

  /** The answer as the terminal makes use of it. */
  const narrowed = (response: OnlineResponse): OnlineResponse => {
    let templates = response.scripts ?? []
    scripts = templates.map(readScript)
    if (planned('first-72-only') !== undefined && templates.length > 1) {
      apply('first-72-only')
      templates = [templates.find((bytes) => bytes[0] === 0x72) ?? (templates[0] as Uint8Array)]
    }
    const run = planned('run-commands')
    const total = templates.map(readScript).flatMap(({ commands }) => commands).length
    if (run !== undefined && total > 0) {
      apply('run-commands')
      let left = run.count ?? random.below(total)
      templates = templates.flatMap((bytes) => {
        const kept = rebuilt(bytes, (tag) => tag !== '86' || left-- > 0)
        return kept.commands === 0 ? [] : [kept.bytes]
      })
    }
    if (planned('zero-identifier') !== undefined && templates.length > 0) {
      apply('zero-identifier')
      templates = templates.map((bytes) => rebuilt(bytes, (tag) => tag !== '9F18').bytes)
    }
    return { ...response, scripts: templates }
  }

  const issuer =
    (link: IssuerLink): IssuerLink =>
    async (request) => {
      const repeat = planned('repeat-request')
      const times = repeat === undefined ? 0 : (repeat.times ?? 1 + random.below(3))
      let response = await link(request)
      for (let i = 0; i < times; i++) {
        apply('repeat-request')
        response = await link(request)
      }
      requests += 1 + times
      return response === 'unable-to-go-online' ? response : narrowed(response)
    }

  const report =
    (tell: Tell) =>
    async (advice: TransactionAdvice): Promise<void> => {
      const falsely = planned('report-falsely')
      let told = advice
      if (falsely !== undefined && scripts.length > 0) {
        apply('report-falsely')
        const outcome = falsely.as ?? random.pick(['not-performed', 'failed', 'successful'] as const)
        const known = planned('zero-identifier') === undefined
        told = { ...advice, field55: withResults(advice.field55, scripts, outcome, known) }
      }
      const twice = planned('report-twice') !== undefined
      if (twice) apply('report-twice')
      const telling = async (): Promise<void> => {
        for (let i = 0; i < (twice ? 2 : 1); i++) {
          reports += 1
          await tell(told)
        }
      }
      if (planned('report-late') === undefined) return telling()
      apply('report-late')
      held.push(telling)
    }

  return {
    exchange,
    issuer,
    report,
    release: async () => {
      for (const telling of held.splice(0)) await telling()
    },
    truth: () => ({ applied, scripts: scripts.map(trueScript), requests, reports }),
  }
}

interface SentCommand {
  readonly apdu: Uint8Array
  status?: string
  answerLost: boolean
}

interface SentScript {
  readonly template: ScriptTemplateTag
  readonly scriptIdentifier?: Uint8Array
  readonly commands: readonly SentCommand[]
}

/** @throws ERR_TLV, ERR_SCRIPT for a template that the issuer malformed */
function readScript(bytes: Uint8Array): SentScript {
  const [script] = parseScripts(bytes)
  const { template, scriptIdentifier, commands } = script as Exclude<typeof script, undefined>
  return {
    template,
    ...(scriptIdentifier === undefined ? {} : { scriptIdentifier }),
    commands: commands.map(({ apdu }) => ({ apdu, answerLost: false })),
  }
}

function trueScript({ commands, ...script }: SentScript): TrueScript {
  return {
    ...script,
    commands: commands.map(({ apdu, ...became }) => ({ header: toHex(apdu.subarray(0, 4)), ...became })),
  }
}

/** Whether a command is this one of a script, and has not been sent yet. */
function isWaiting({ apdu, status }: SentCommand, command: Uint8Array): boolean {
  return status === undefined && equalBytes(apdu, command)
}

/** The place of a misbehaviour as the exchange names it. */
function placed(item: { readonly place?: CommandPlace } | undefined, random: SeededRandom): string | undefined {
  if (item === undefined) return undefined
  const places = ['first-generate-ac', 'external-authenticate', 'second-generate-ac', 'script'] as const
  const at = item.place?.at ?? random.pick(places)
  if (at === 'external-authenticate') return '0082'
  if (at !== 'script') return at === 'first-generate-ac' ? 'generate-ac 1' : 'generate-ac 2'
  const number = item.place?.at === 'script' ? item.place.number : 1 + random.below(2)
  return `script ${number}`
}

/** A template with some of its data objects. */
function rebuilt(bytes: Uint8Array, keep: (tag: string) => boolean): { bytes: Uint8Array; commands: number } {
  const kept = (parseOneTlv(bytes).children as readonly Tlv[]).filter(({ tag }) => keep(tag))
  return {
    bytes: encodeTlv(
      bytes[0] === 0x71 ? '71' : '72',
      kept.map((tlv) => tlv.bytes),
    ),
    commands: kept.filter(({ tag }) => tag === '86').length,
  }
}

/** The field with the results of these scripts in the place of its own. */
function withResults(
  field55: Uint8Array,
  scripts: readonly SentScript[],
  outcome: ScriptOutcome,
  known: boolean,
): Uint8Array {
  const results = scripts.map(({ scriptIdentifier }) => ({
    outcome,
    commandNumber: outcome === 'failed' ? 1 : 0,
    scriptIdentifier: (known ? scriptIdentifier : undefined) ?? new Uint8Array(4),
  }))
  const others = parseField55(field55).list.filter(({ tag }) => tag !== 'DF31' && tag !== '9F5B')
  const tags = (['DF31', '9F5B'] as const).map((tag) => encodeTlv(tag, encodeScriptResults(results, tag)))
  return concat(...others.map(({ bytes }) => bytes), ...tags)
}
