/** Drives a ledger through events as a host would, and checks after each that everything holds that must. */
import { expect } from 'vitest'
import type {
  AdviceEvent,
  AnswerEvent,
  AuthorizationEvent,
  CvrFacts,
  LedgerEvent,
  OutboxEvent,
  Outcome,
  QueueEvent,
  ReportedResult,
} from '../../src/ledger/events.js'
import type { Intent } from '../../src/ledger/intent.js'
import { violations } from '../../src/ledger/invariants.js'
import { type CardLedger, type Delivery, type Entry, emptyLedger } from '../../src/ledger/model.js'
import { DEFAULT_POLICY, type LedgerPolicy } from '../../src/ledger/policy.js'
import { reduce } from '../../src/ledger/reduce.js'

export const MINUTE = 60_000
export const DAY = 86_400_000

/** A CVR of a first GENERATE AC that has nothing to tell. */
export const QUIET: CvrFacts = {
  generateAc: 'first',
  counter: 0,
  failed: false,
  received: null,
  lastOnlineNotCompleted: false,
  pinTryLimitExceeded: false,
  issuerAuthenticationFailed: false,
  lastIssuerAuthenticationFailed: false,
}

export interface LedgerRun {
  ledger: CardLedger
  now: number
  /** Everything that was told, oldest first. */
  readonly told: OutboxEvent[]
  readonly policy: LedgerPolicy
  apply(event: LedgerEvent): Outcome
  queue(entry: string, intent: Intent, more?: Partial<QueueEvent>): Outcome
  /** An authorization on a contact chip that verified; null where its cryptogram covers no CVR. */
  seen(atc: number, cvr?: Partial<CvrFacts> | null, more?: Partial<AuthorizationEvent>): Outcome
  plan(atc: number, more?: Partial<AnswerEvent>): Extract<Outcome, { type: 'plan' }>
  /** Both, some minutes later; the delivery that went. */
  transaction(atc: number, cvr?: Partial<CvrFacts> | null, more?: Partial<AuthorizationEvent>): Delivery | null
  advise(atc: number, more: Partial<AdviceEvent>): Outcome
  entry(id: string): Entry
  state(...ids: readonly string[]): string[]
  delivery(atc: number): Delivery
  /** The types that were told of an entry. */
  heard(entry: string): string[]
}

export const BLOCK: Intent = { type: 'application-block' }
export const UNBLOCK: Intent = { type: 'application-unblock' }
export const PIN_UNBLOCK: Intent = { type: 'pin-unblock' }
export const NEW_PIN: Intent = { type: 'pin-change', newPin: { wrapped: 'pin-1' } }
export const PIN_WITH_CURRENT: Intent = {
  type: 'pin-change-with-current',
  newPin: { wrapped: 'pin-1' },
  currentPin: { wrapped: 'pin-0' },
}
export const LOAD: Intent = { type: 'load', tag: '9F79', amount: 5000 }
export const limit = (tag: string, value = '05'): Intent => ({ type: 'put-data', tag, value })
export const record = (sfi: number, number: number, data = '7000'): Intent => ({
  type: 'update-record',
  sfi,
  record: number,
  data,
})

/** Five bytes of DF31 as decoded: `20`, `11`, `00` and the identifier. */
export function result(code: string, scriptIdentifier: string): ReportedResult {
  const outcome = (['not-performed', 'failed', 'successful'] as const)[Number(code[0])]
  if (outcome === undefined) throw new Error(code)
  return { outcome, commandNumber: Number.parseInt(code[1] ?? '', 16), scriptIdentifier }
}

export const identifier = (atc: number, script = 0): string =>
  ((0xa0000000 + 16 * atc + script) >>> 0).toString(16).toUpperCase()

export function ledgerRun(policy: Partial<LedgerPolicy> = {}): LedgerRun {
  const run: LedgerRun = {
    ledger: emptyLedger('card-1', '01', 1),
    now: 1_000_000,
    told: [],
    policy: { ...DEFAULT_POLICY, ...policy },
    apply(event) {
      const { ledger, outbox, outcome } = reduce(run.ledger, event, run.policy)
      expect(violations(ledger)).toEqual([])
      if (ledger !== run.ledger) expect(ledger.version).toBe(run.ledger.version + 1)
      run.ledger = ledger
      run.told.push(...outbox)
      return outcome
    },
    queue: (entry, intent, more = {}) =>
      run.apply({ type: 'queue', now: run.now, entry, intent, operator: 'o', reason: 'r', ...more }),
    seen: (atc, cvr = {}, more = {}) =>
      run.apply({
        ...authorization(atc),
        now: run.now,
        ...(cvr === null ? {} : { cvr: { ...QUIET, ...cvr } }),
        ...more,
      }),
    plan(atc, more = {}) {
      const outcome = run.apply({
        type: 'answer-planned',
        now: run.now,
        authorization: `a${atc}`,
        delivery: `d${atc}`,
        approved: true,
        scriptIdentifiers: [0, 1, 2].map((script) => identifier(atc, script)),
        answer: `bytes-${atc}`,
        otherBytes: 16,
        issuerAuthentication: true,
        ...more,
      })
      if (outcome.type !== 'plan') throw new Error(JSON.stringify(outcome))
      return outcome
    },
    transaction(atc, cvr, more) {
      run.now += 5 * MINUTE
      run.seen(atc, cvr, more)
      return run.plan(atc).delivery
    },
    advise: (atc, more) =>
      run.apply({ type: 'advice', now: run.now, advice: 'script-result', reference: `ref-${atc}`, atc, ...more }),
    entry(id) {
      const found = run.ledger.entries.find((entry) => entry.id === id)
      if (found === undefined) throw new Error(`no entry ${id}`)
      return found
    },
    state: (...ids) => ids.map((id) => [run.entry(id).state, run.entry(id).rank].filter(Boolean).join(' ')),
    delivery(atc) {
      const found = run.ledger.deliveries.find((one) => one.atc === atc)
      if (found === undefined) throw new Error(`no delivery at ${atc}`)
      return found
    },
    heard: (entry) => run.told.filter((event) => event.entry === entry).map(({ type }) => type),
  }
  return run
}

function authorization(atc: number): Omit<AuthorizationEvent, 'now'> {
  return {
    type: 'authorization-seen',
    authorization: `a${atc}`,
    reference: `ref-${atc}`,
    atc,
    kind: 'ARQC',
    fingerprint: `f${atc}`,
    verified: true,
    standIn: false,
    contact: true,
    contactlessCryptogram: false,
    dki: 1,
    scheme: 'pboc',
    family: 'unionpay',
    macLength: 4,
  }
}

/** A run whose first answer, at ATC 10, carried the given intents as e1, e2 and so on. */
export function afterDelivery(
  intents: readonly Intent[],
  {
    policy = {},
    cvr = {},
    more = {},
  }: { policy?: Partial<LedgerPolicy>; cvr?: Partial<CvrFacts>; more?: Partial<AuthorizationEvent> } = {},
): LedgerRun {
  const run = ledgerRun(policy)
  for (const [i, intent] of intents.entries()) run.queue(`e${i + 1}`, intent)
  expect(run.transaction(10, cvr, more)?.scripts.flatMap(({ entries }) => entries)).toHaveLength(intents.length)
  run.now += 5 * MINUTE
  return run
}
