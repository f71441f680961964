/**
 * The toolkit's own issuer, in process: what an issuer's host does with a request, an advice and waiting scripts, on the
 * host side's functions alone. It shares nothing with the virtual card but what passes between them.
 * @see [EMV-B2] 8, 9, [EMV-B3] 10.9, 10.10, [UPI-F55]
 */
import { equalBytes, fromHex, IssuerkitError } from '@issuerkit/apdu'
import {
  type ArpcDecision,
  answerApplicationCryptogram,
  type CryptogramVerdict,
  findKeySet,
  hasFlag,
  type KeySet,
  parseField55,
  type SchemeName,
  type SeenAtc,
  scheme,
  verifyApplicationCryptogram,
} from '@issuerkit/keys'
import { buildScriptCommands, buildScriptTemplate, decodeScriptResults, matchScriptResults } from '@issuerkit/scripts'
import { attempt } from './attempt.js'
import type {
  AdviceVerdict,
  Authorization,
  DeliveredScript,
  Issuer,
  IssuerDecision,
  IssuerOptions,
  QueuedScript,
} from './issuer-model.js'
import type { OnlineRequest, OnlineResponse, TransactionAdvice } from './online.js'

type Entry = { -readonly [K in keyof Authorization]: Authorization[K] } & { advices: AdviceVerdict[] }

/** Card status update: byte 2 bit 8 approves, bits 2 and 1 (10) reset the offline counters. [EMV-B3] C10 */
const APPROVING_CSU = fromHex('00820000')
const DECLINING_CSU = fromHex('00000000')

/** TVR byte 5 bit 5, script failed after the final GENERATE AC: no cryptogram can cover it. */
const AFTER_FINAL_AC = 0x10

/**
 * An issuer that knows no card yet.
 * @throws ERR_OPTION for a counter's jump that is none
 */
export function createIssuer(options: IssuerOptions): Issuer {
  const entries: Entry[] = []
  let waiting: QueuedScript[] = []
  let nextIdentifier = 1
  const { atcAhead = 0xffff } = options
  if (!Number.isInteger(atcAhead) || atcAhead < 0) {
    throw new IssuerkitError('ERR_OPTION', { label: 'atcAhead', expected: 'a whole number', got: `${atcAhead}` })
  }

  const authorize = (request: OnlineRequest): OnlineResponse => {
    const repeated = entries.find((entry) => isSameRequest(entry.request, request))
    if (repeated !== undefined) {
      repeated.requests += 1
      return repeated.response
    }
    const { verdict, answered, decision } = judge(request)
    const isNew = verdict.cryptogramValid === true && !verdict.findings.some((code) => code === 'E' || code === 'G')
    const due = isNew ? waiting.filter(({ card }) => card === undefined || isOf(request, card)) : []
    const scripts = build(options, request, verdict, due)
    waiting = waiting.filter((script) => !due.includes(script))
    const response = {
      arc: ascii(decision.arc),
      ...(answered === undefined ? {} : { issuerAuthenticationData: answered }),
      ...(scripts.length === 0 ? {} : { scripts: scripts.map(({ bytes }) => bytes) }),
    }
    noteEvidence(entries, request, verdict)
    entries.push({ request, verdict, response, scripts, requests: 1, advices: [] })
    return response
  }

  const judge = (request: OnlineRequest): Judged => {
    const known = entries.filter((entry) => isOf(entry.request, request) && entry.verdict.cryptogramValid === true)
    const seen = known.flatMap(({ verdict: { atc, type } }): SeenAtc[] =>
      atc === undefined || type === undefined ? [] : [{ atc, type }],
    )
    const highest = Math.max(-1, ...seen.map(({ atc }) => atc))
    const window = highest < 0 ? {} : { window: { highest, ahead: atcAhead, behind: highest } }
    const input = {
      field55: request.field55,
      card: request,
      keySets: options.keySets,
      ...(options.scheme === undefined ? {} : { scheme: options.scheme }),
      ...(options.policy === undefined ? {} : { policy: options.policy }),
      atc: { seen, ...window },
    }
    const decide = options.decide ?? byVerdict
    if (request.kind !== 'ARQC') {
      const verdict = verifyApplicationCryptogram({ ...input, expectedType: request.kind })
      return { verdict, decision: decide(verdict, request), answered: undefined }
    }
    let decision: IssuerDecision | undefined
    const { verdict, answer } = answerApplicationCryptogram(input, (found) => {
      decision = decide(found, request)
      return arpcDecision(found, decision)
    })
    return { verdict, answered: answer?.issuerAuthenticationData, decision: decision ?? decide(verdict, request) }
  }

  return {
    authorize: async (request) => authorize(request),
    queue: (commands, { template = '72', id, card } = {}) => {
      if (commands.length === 0) throw new IssuerkitError('ERR_SCRIPT', { expected: 'a command', got: 'none' })
      const scriptIdentifier = id === 'none' ? undefined : (id ?? numbered(nextIdentifier++))
      const script = {
        template,
        commands,
        ...(scriptIdentifier === undefined ? {} : { scriptIdentifier }),
        ...(card === undefined ? {} : { card }),
      }
      waiting.push(script)
      return script
    },
    advice: (advice) => takeAdvice(options, entries, advice),
    authorizations: () => entries,
    waiting: () => waiting,
  }
}

interface Judged {
  readonly verdict: CryptogramVerdict
  readonly decision: IssuerDecision
  /** The value of tag 91. */
  readonly answered: Uint8Array | undefined
}

function byVerdict({ ok }: CryptogramVerdict, { kind }: OnlineRequest): IssuerDecision {
  return { arc: ok && kind === 'ARQC' ? '00' : '05' }
}

function arpcDecision(verdict: CryptogramVerdict, { arc, csu }: IssuerDecision): ArpcDecision {
  if (scheme(verdict.scheme as SchemeName).arpc.method === 1) return { arc: ascii(arc) }
  return { csu: csu ?? (arc === '00' ? APPROVING_CSU : DECLINING_CSU) }
}

type Identified = Pick<OnlineRequest, 'pan' | 'panSequence'>

function isOf(a: Identified, b: Identified): boolean {
  return a.pan === b.pan && a.panSequence === b.panSequence
}

/** A repeat on the network is the same message to the byte; anything else is another request. */
function isSameRequest(a: OnlineRequest, b: OnlineRequest): boolean {
  return isOf(a, b) && a.kind === b.kind && equalBytes(a.field55, b.field55)
}

function build(
  { keySets, scripts: secured = {} }: IssuerOptions,
  request: OnlineRequest,
  verdict: CryptogramVerdict,
  due: readonly QueuedScript[],
): DeliveredScript[] {
  const { scheme: name, dki, algorithm, tags } = verdict
  if (due.length === 0 || name === undefined || algorithm === undefined) return []
  // The set that has verified the request.
  const { mac, enc, ac } = findKeySet(keySets, dki, algorithm) as KeySet
  if (mac === undefined) throw new IssuerkitError('ERR_KEY', { label: 'MAC key', expected: 'a key', got: 'none' })
  const keys = { mac, ac, ...(enc === undefined ? {} : { enc }) }
  const { chaining = 'none', ...given } = secured
  const [atc, arqc] = [tags.get('9F36'), tags.get('9F26')] as readonly Uint8Array[]
  const transaction = { scheme: name, keys, card: request, atc: atc as Uint8Array, arqc: arqc as Uint8Array, ...given }
  let chainedCommand = 0
  return due.map(({ template, scriptIdentifier, commands }) => {
    const first = chaining === 'none' ? 0 : chainedCommand
    const built = buildScriptCommands({ ...transaction, chainedCommand: first }, commands, { chaining })
    chainedCommand += commands.length
    const identifier = scriptIdentifier === undefined ? {} : { scriptIdentifier }
    const bytes = buildScriptTemplate({ template, ...identifier, commands: built.map(({ apdu }) => apdu) })
    return { template, ...identifier, commands: built, bytes }
  })
}

/** What the card says in this request of the scripts of the one before. */
function noteEvidence(entries: readonly Entry[], request: OnlineRequest, verdict: CryptogramVerdict): void {
  const { cvr, proven } = verdict
  const last = entries.findLast((entry) => isOf(entry.request, request) && entry.verdict.cryptogramValid === true)
  if (last === undefined || cvr === undefined || verdict.cryptogramValid !== true || !proven.cvr) return
  // Every table of CVR bits has the counter, as a number.
  const { scriptCounter } = cvr.values
  last.cardEvidence ??= {
    scriptCounter: scriptCounter as number,
    scriptFailed: hasFlag(cvr, 'scriptFailed'),
  }
}

function takeAdvice(
  options: IssuerOptions,
  entries: readonly Entry[],
  advice: TransactionAdvice,
): AdviceVerdict | undefined {
  const tags = attempt(() => parseField55(advice.field55).tags)
  const atc = tags?.get('9F36')
  const entry = entries.findLast(
    ({ request, verdict }) =>
      isOf(request, advice) && atc !== undefined && equalBytes(atc, verdict.tags.get('9F36') ?? new Uint8Array(0)),
  )
  if (entry === undefined || tags === undefined) return undefined
  const before = entry.advices.find((other) => equalBytes(other.advice.field55, advice.field55))
  if (before !== undefined) return { ...before, duplicate: true }
  const value = tags.get('9F5B')
  const results = attempt(() =>
    value === undefined
      ? decodeScriptResults(tags.get('DF31') ?? new Uint8Array(5), 'DF31')
      : decodeScriptResults(value, '9F5B'),
  )
  const matched = results && matchScriptResults(entry.scripts, results)
  const outcomes = (of: AdviceVerdict['results']): string => JSON.stringify(of?.scripts.map(({ commands }) => commands))
  const judged: AdviceVerdict = {
    advice,
    ...(tags.has('9F26') ? { verdict: finalVerdict(options, entry, tags, advice) } : {}),
    ...(matched === undefined ? {} : { results: matched }),
    duplicate: false,
    conflicting: entry.advices.some((other) => outcomes(other.results) !== outcomes(matched)),
  }
  entry.advices.push(judged)
  return judged
}

/** The verdict on the TC or AAC, over what the advice carries and, where it is silent, the request. */
function finalVerdict(
  { keySets }: IssuerOptions,
  { verdict: { scheme: name, tags: original } }: Entry,
  given: ReadonlyMap<string, Uint8Array>,
  card: TransactionAdvice,
): CryptogramVerdict {
  const tags = new Map(given)
  const tvr = tags.get('95')?.slice()
  if (tvr?.length === 5) {
    tvr[4] = (tvr[4] as number) & ~AFTER_FINAL_AC
    tags.set('95', tvr)
  }
  const expectedType = ((tags.get('9F27')?.[0] ?? 0x40) & 0xc0) === 0x40 ? 'TC' : 'AAC'
  return verifyApplicationCryptogram({
    tags,
    original,
    card,
    keySets,
    expectedType,
    ...(name === undefined ? {} : { scheme: name }),
  })
}

function ascii(arc: string): Uint8Array {
  if (!/^[\x20-\x7e]{2}$/.test(arc)) {
    throw new IssuerkitError('ERR_ARC', { label: 'arc', expected: '2 characters', got: `${arc.length}` })
  }
  return Uint8Array.from(arc, (character) => character.charCodeAt(0))
}

function numbered(number: number): Uint8Array {
  return Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number)
}
