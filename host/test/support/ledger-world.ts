/**
 * Cards as they are, and a world that loses, repeats, delays and forges what is said of them: the truth that a ledger is
 * judged by. Written from the standard's side, without a line of the ledger.
 * @see [PBOC-SCRIPT] 6, 8, 9
 */
import type { CvrFacts, ReportedResult } from '../../src/ledger/events.js'
import type { Delivery } from '../../src/ledger/model.js'
import { type LedgerRun, MINUTE, result } from './ledger-run.js'

/** A number below 1 from a seed, again and again. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What is rare, and what happens often. Each between 0 and 1. */
export interface WorldOptions {
  readonly lies: number
  readonly lost: number
  readonly counts: 'maced' | 'executed'
  readonly overflow: 'saturate' | 'wrap'
}

export interface World {
  /** Which commands of which delivery the card has executed. */
  readonly executed: ReadonlyMap<string, ReadonlySet<string>>
  /** Deliveries whose terminal told something false. */
  readonly liedAbout: ReadonlySet<string>
  step(): void
  /** A transaction that goes well, right after the last one; and all the post that is still on its way. */
  settle(): void
}

/** One card, its terminals and its network, against the host of `run`. */
export function world(run: LedgerRun, random: () => number, options: WorldOptions): World {
  const card = { atc: 0, counter: 0, failed: false, online: false, authenticationFailed: false }
  const executed = new Map<string, Set<string>>()
  const liedAbout = new Set<string>()
  let post: (() => void)[] = []
  const chance = (p: number): boolean => random() < p
  const below = (n: number): number => Math.floor(random() * n)

  const cvr = (generateAc: 'first' | 'second' = 'first'): CvrFacts => ({
    generateAc,
    counter: card.counter,
    failed: card.failed,
    received: null,
    lastOnlineNotCompleted: card.online,
    pinTryLimitExceeded: false,
    issuerAuthenticationFailed: false,
    lastIssuerAuthenticationFailed: card.authenticationFailed,
  })
  const reset = (): void =>
    void Object.assign(card, { counter: 0, failed: false, online: false, authenticationFailed: false })
  const count = (): void => {
    const next = card.counter + 1
    card.counter = options.overflow === 'wrap' ? next % 16 : Math.min(next, 15)
  }
  const send = (message: () => void): void => {
    if (chance(options.lost)) return
    for (let copies = chance(0.2) ? 2 : 1; copies > 0; copies -= 1) {
      if (chance(0.5)) post.push(message)
      else message()
    }
  }

  /** The terminal hands the commands of template 72 to the card, and stops at the first failure. */
  function runScripts(delivery: Delivery): ReportedResult[] {
    const effects = executed.get(delivery.id) ?? new Set()
    executed.set(delivery.id, effects)
    return delivery.scripts.map(({ entries, identifier }) => {
      if (chance(0.1)) return result('00', identifier)
      for (const [i, entry] of entries.entries()) {
        if (chance(0.08)) return result('10', identifier)
        const isRefused = chance(0.15)
        if (options.counts === 'maced' || !isRefused) count()
        if (isRefused) {
          card.failed = true
          return result(`1${(i + 1).toString(16).toUpperCase()}`, identifier)
        }
        effects.add(entry)
      }
      return result('20', identifier)
    })
  }

  function report(delivery: Delivery, truth: readonly ReportedResult[]): void {
    const isLie = chance(options.lies)
    const codes = ['20', '00', '10', '11', '12', '1F']
    const told = isLie ? truth.map((one) => result(codes[below(codes.length)] ?? '20', one.scriptIdentifier)) : truth
    if (isLie) liedAbout.add(delivery.id)
    const { atc } = delivery
    const tc = { atc, kind: 'TC', contactless: false, cvr: { ...cvr('second'), counter: 0, failed: false } } as const
    const more = chance(0.3) ? { cryptogram: tc } : {}
    send(() => run.advise(atc, { results: told, ...more }))
  }

  function online(isCalm: boolean): void {
    card.atc += 1
    const { atc } = card
    const facts = cvr()
    card.online = true
    const happens = (p: number): boolean => !isCalm && chance(p)
    if (happens(0.05)) return
    if (happens(0.05)) {
      // Somebody answers in our place, without an ARPC: a card that does not insist resets.
      reset()
      if (chance(0.5)) run.seen(atc, null, { standIn: true, verified: false })
      return
    }
    run.seen(atc, facts)
    if (happens(0.1)) run.seen(atc, facts)
    run.now += happens(0.1) ? 0 : 2 * MINUTE
    const { delivery } = run.plan(atc, { approved: !chance(0.2) })
    if (chance(0.1)) run.plan(atc, { delivery: 'again' })
    if (happens(0.15)) {
      // The answer is lost: the terminal decides, reverses, or breaks off.
      if (delivery !== null) send(() => run.advise(atc, { advice: 'reversal', noAnswer: true }))
      return
    }
    if (happens(0.1)) return
    if (happens(0.1)) card.authenticationFailed = true
    else reset()
    if (delivery === null) return
    const results = runScripts(delivery)
    report(delivery, results)
    if (chance(0.1)) send(() => run.advise(atc, { advice: 'reversal', results }))
  }

  function offline(): void {
    card.atc += 1
    const { atc } = card
    const facts = cvr()
    send(() => run.advise(atc, { advice: 'clearing', cryptogram: { atc, kind: 'TC', contactless: false, cvr: facts } }))
  }

  function contactless(): void {
    card.atc += 1
    run.seen(card.atc, chance(0.5) ? cvr() : null, { contact: false })
  }

  function deliverPost(): void {
    const waiting = post
    post = []
    while (waiting.length > 0) waiting.splice(below(waiting.length), 1)[0]?.()
  }

  return {
    executed,
    liedAbout,
    step() {
      run.now += below(5) * MINUTE
      const kind = random()
      if (kind < 0.6) online(false)
      else if (kind < 0.75) offline()
      else if (kind < 0.85) contactless()
      else deliverPost()
    },
    settle() {
      run.now += 5 * MINUTE
      online(true)
      deliverPost()
      run.now += 5 * MINUTE
      online(true)
      deliverPost()
    },
  }
}
