/** Arbitrary events of ledgers, over few ids and counters, so that they meet. */
import fc from 'fast-check'
import type { AdviceEvent, CvrFacts, LedgerEvent } from '../../src/ledger/events.js'
import type { Intent } from '../../src/ledger/intent.js'
import {
  BLOCK,
  DAY,
  identifier,
  type LedgerRun,
  LOAD,
  limit,
  MINUTE,
  NEW_PIN,
  PIN_UNBLOCK,
  PIN_WITH_CURRENT,
  record,
  result,
  UNBLOCK,
} from './ledger-run.js'

/** An answer. After a reset a card comes to the same counters again; the ids of deliveries are new ones all the same. */
function planAnew(run: LedgerRun, n: number, more: { readonly approved?: boolean } = {}): void {
  const isTaken = run.ledger.deliveries.some(({ id }) => id === `d${n}`)
  run.plan(n, isTaken ? { ...more, delivery: `d${n}-${run.ledger.version}` } : more)
}

const INTENTS: readonly Intent[] = [
  BLOCK,
  UNBLOCK,
  { type: 'card-block' },
  PIN_UNBLOCK,
  NEW_PIN,
  PIN_WITH_CURRENT,
  LOAD,
  limit('9F58'),
  limit('9F79', '000000000100'),
  record(1, 4),
]

const bool = fc.boolean()
const atc = fc.integer({ min: 1, max: 12 })
const entryId = fc.integer({ min: 0, max: 8 }).map((n) => `e${n}`)
const code = fc.constantFrom('20', '00', '10', '11', '12', '1F')
export const cvr: fc.Arbitrary<CvrFacts> = fc.record({
  generateAc: fc.constantFrom('first', 'first', 'second'),
  counter: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 15 })),
  failed: bool,
  received: fc.constantFrom(null, null, true, false),
  lastOnlineNotCompleted: bool,
  pinTryLimitExceeded: bool,
  issuerAuthenticationFailed: bool,
  lastIssuerAuthenticationFailed: bool,
})
const results = fc.array(
  fc
    .tuple(code, atc, fc.constantFrom(0, 0, 1), bool)
    .map(([said, n, script, isNamed]) => result(said, isNamed ? identifier(n, script) : '00000000')),
  { maxLength: 2 },
)
const kind = fc.constantFrom('ARQC', 'ARQC', 'ARQC', 'TC', 'AAC')

type Do = (run: LedgerRun) => void

export const advice: fc.Arbitrary<Partial<AdviceEvent> & { readonly of: number }> = fc
  .record({
    of: atc,
    what: fc.constantFrom('script-result', 'reversal', 'cryptogram', 'clearing'),
    results,
    cvr,
    kind,
    noAnswer: bool,
    has: fc.tuple(bool, bool, bool, bool),
    later: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ of, what, has: [hasResults, hasCryptogram, hasCvr, isBlocked], later, ...said }) => ({
    of,
    advice: what,
    noAnswer: said.noAnswer,
    ...(hasResults ? { results: said.results } : {}),
    ...(hasCryptogram
      ? { cryptogram: { atc: of + later, kind: said.kind, contactless: false, ...(hasCvr ? { cvr: said.cvr } : {}) } }
      : {}),
    ...(isBlocked && what === 'cryptogram' ? { applicationBlocked: true } : {}),
  }))

const action: fc.Arbitrary<Do> = fc.oneof(
  fc
    .record({
      id: entryId,
      intent: fc.constantFrom(...INTENTS),
      template: fc.constantFrom('71', '72', '72'),
      origin: fc.constantFrom('automatic', 'operator'),
      later: fc.integer({ min: 0, max: 3 }),
      maxAttempts: fc.integer({ min: 1, max: 4 }),
    })
    .map(
      ({ id, intent, template, origin, later, maxAttempts }): Do =>
        (run) => {
          const earliest = run.now + later * MINUTE
          run.queue(id, intent, { template, origin, maxAttempts, earliest, expiry: earliest + 2 * DAY })
        },
    ),
  entryId.map(
    (entry): Do =>
      (run) =>
        void run.apply({ type: 'cancel', now: run.now, entry }),
  ),
  fc
    .record({
      n: atc,
      kind,
      facts: cvr,
      results,
      contact: bool,
      verified: fc.constantFrom(true, true, true, false),
      hasCvr: fc.constantFrom(true, true, false),
    })
    .map(
      ({ n, facts, hasCvr, contact, ...more }): Do =>
        (run) =>
          void run.seen(n, hasCvr ? facts : null, { ...more, contact: contact || n % 3 > 0 }),
    ),
  fc.record({ n: atc, approved: bool }).map(
    ({ n, approved }): Do =>
      (run) => {
        if (run.ledger.authorizations.some(({ id }) => id === `a${n}`)) planAnew(run, n, { approved })
      },
  ),
  fc.record({ n: atc, facts: cvr }).map(
    ({ n, facts }): Do =>
      (run) => {
        run.now += 2 * MINUTE
        run.seen(n + (run.ledger.highestAtc ?? 0), facts)
        const last = run.ledger.authorizations.at(-1)
        if (last !== undefined) planAnew(run, last.atc)
      },
  ),
  advice.map(
    ({ of, ...more }): Do =>
      (run) =>
        void run.advise(of, more),
  ),
  fc.record({ entry: entryId, executed: bool, rank: fc.constantFrom('card', 'operator') }).map(
    (proof): Do =>
      (run) =>
        void run.apply({ type: 'proof', now: run.now, ...proof } as LedgerEvent),
  ),
  fc.constantFrom(1, MINUTE, DAY, 8 * DAY).map(
    (time): Do =>
      (run) => {
        run.now += time
        run.apply({ type: 'tick', now: run.now })
      },
  ),
  fc.constant((run: LedgerRun): void => void run.apply({ type: 'atc-reset', now: run.now })),
)
export const actions = fc.array(action, { minLength: 5, maxLength: 40 })
export const policy = fc.record({
  templates: fc.constant(['71', '72'] as const),
  maxScripts: fc.constantFrom(1, 2),
  requiresIssuerAuthentication: bool,
  scriptsAfterAac: bool,
  authorizationsKept: fc.constantFrom(4, 30),
})
