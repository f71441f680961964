/**
 * A ledger against the truth: model cards that run, refuse and lose commands, and a world that loses, doubles, delays and
 * forges the news. LEDGER_RUNS multiplies the runs, LEDGER_SEED starts them elsewhere.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { type Intent, retryOf } from '../src/ledger/intent.js'
import type { Entry } from '../src/ledger/model.js'
import {
  type LedgerRun,
  LOAD,
  ledgerRun,
  limit,
  NEW_PIN,
  PIN_UNBLOCK,
  PIN_WITH_CURRENT,
  record,
} from './support/ledger-run.js'
import { randomFrom, type World, type WorldOptions, world } from './support/ledger-world.js'

const RUNS = 12 * Number(process.env['LEDGER_RUNS'] ?? 1)
const SEED = Number(process.env['LEDGER_SEED'] ?? 20_261_122)
const STEPS = 30

const INTENTS: readonly Intent[] = [
  limit('9F58'),
  limit('9F59'),
  limit('9F58', '07'),
  LOAD,
  limit('9F79', '000000001000'),
  NEW_PIN,
  PIN_WITH_CURRENT,
  PIN_UNBLOCK,
  record(1, 4),
  record(1, 5),
]

const WORLDS: readonly (readonly [string, WorldOptions])[] = [
  ['honest terminals, nothing lost', { lies: 0, lost: 0, counts: 'maced', overflow: 'saturate' }],
  ['honest terminals, news lost', { lies: 0, lost: 0.4, counts: 'maced', overflow: 'wrap' }],
  ['lying terminals', { lies: 0.5, lost: 0.2, counts: 'maced', overflow: 'saturate' }],
  ['a common core card, lying terminals', { lies: 0.5, lost: 0.2, counts: 'executed', overflow: 'wrap' }],
]

function simulate(seed: number, options: WorldOptions): { readonly run: LedgerRun; readonly truth: World } {
  const random = randomFrom(seed)
  const { counts } = options
  // The host does not know what its cards do above 15.
  const run = ledgerRun({ counters: { unionpay: { counts, overflow: 'either', resets: 'online-completion' } } })
  const truth = world(run, random, options)
  for (let step = 0; step < STEPS; step += 1) {
    if (random() < 0.5) {
      const intent = INTENTS[Math.floor(random() * INTENTS.length)] ?? LOAD
      run.queue(`e${step}`, intent)
    }
    truth.step()
  }
  truth.settle()
  return { run, truth }
}

/** What the ledger says of an entry's last delivery, against what the card did. */
function disagreement(entry: Entry, truth: World): string | undefined {
  const { delivery, state, rank, proof } = entry
  if (delivery === null || rank === null || proof !== null) return undefined
  const isExecuted = truth.executed.get(delivery)?.has(entry.id) === true
  const isSaid = { confirmed: true, failed: false, pending: false }[state as string]
  const isBelievable = rank === 'card' || !truth.liedAbout.has(delivery)
  if (isSaid === undefined || isSaid === isExecuted || !isBelievable) return undefined
  return `${entry.id} ${entry.intent.type}: ${state} (${rank}), executed: ${isExecuted} in ${delivery}`
}

describe.each(WORLDS)('%s', (_, options) => {
  let worlds: readonly { readonly seed: number; readonly run: LedgerRun; readonly truth: World }[] = []
  beforeAll(() => {
    worlds = Array.from({ length: RUNS }, (_unused, i) => ({ seed: SEED + i, ...simulate(SEED + i, options) }))
  }, 3_600_000)

  it('the ledger agrees with the card, or says that it does not know', () => {
    for (const { seed, run, truth } of worlds) {
      const wrong = run.ledger.entries.map((entry) => disagreement(entry, truth)).filter((one) => one !== undefined)
      expect(wrong, `seed ${seed}`).toEqual([])
    }
  })

  it('what must not run twice runs once at most', () => {
    for (const { seed, run, truth } of worlds) {
      for (const { id, intent } of run.ledger.entries.filter((entry) => retryOf(entry.intent) === 'never')) {
        const times = [...truth.executed.values()].filter((effects) => effects.has(id)).length
        expect(times, `seed ${seed}, ${id} ${intent.type}`).toBeLessThan(2)
      }
    }
  })

  it('most is known in the end', () => {
    const entries = worlds.flatMap(({ run }) => run.ledger.entries)
    const count = (state: Entry['state']): number => entries.filter((entry) => entry.state === state).length
    expect(count('confirmed') / entries.length).toBeGreaterThan(0.4)
    expect(count('unknown') / entries.length).toBeLessThan(0.2)
  })
})
