/** What must hold of every ledger after every event. The service checks it at each transition and stops the card if not. */
import { retryOf } from './intent.js'
import type { CardLedger, Delivery, Entry } from './model.js'

/** What does not hold, in words with the ids; empty for a sound ledger. */
export function violations(ledger: CardLedger): string[] {
  const { entries, deliveries, authorizations } = ledger
  const open = deliveries.filter(({ state }) => state === 'open')
  const scripts = deliveries.flatMap((delivery) => delivery.scripts)
  const carriers = carriersOf(deliveries)
  const ids = new Set(entries.map(({ id }) => id))
  return [
    ...(open.length > 1 ? [`open deliveries: ${open.map(({ id }) => id).join(', ')}`] : []),
    ...repeated(entries.map(({ id }) => id)).map((id) => `entry ${id} is there twice`),
    ...repeated(entries.map(({ sequence }) => String(sequence))).map((n) => `sequence ${n} is there twice`),
    ...repeated(deliveries.map(({ id }) => id)).map((id) => `delivery ${id} is there twice`),
    ...repeated(deliveries.map(({ atc }) => String(atc))).map((atc) => `two deliveries at ATC ${atc}`),
    ...repeated(authorizations.map(({ id }) => id)).map((id) => `authorization ${id} is there twice`),
    ...repeated(scripts.map(({ identifier }) => identifier)).map((one) => `script identifier ${one} is there twice`),
    ...scripts.filter(({ entries: ids }) => ids.length === 0).map(({ identifier }) => `script ${identifier} is empty`),
    ...entries.flatMap((entry) =>
      entryViolations(entry, carriers.get(entry.id) ?? []).map((what) => `entry ${entry.id}: ${what}`),
    ),
    ...deliveries.flatMap((one) => deliveryViolations(one, ids).map((what) => `delivery ${one.id}: ${what}`)),
    ...sameTargetInFlight(entries, open),
  ]
}

function repeated(list: readonly string[]): string[] {
  const once = new Set<string>()
  return [...new Set(list.filter((one) => once.size === once.add(one).size))]
}

/** The deliveries of each entry, the latest last. */
function carriersOf(deliveries: readonly Delivery[]): ReadonlyMap<string, readonly Delivery[]> {
  const carriers = new Map<string, Delivery[]>()
  for (const delivery of deliveries) {
    for (const id of delivery.scripts.flatMap(({ entries }) => entries)) {
      const known = carriers.get(id)
      if (known === undefined) carriers.set(id, [delivery])
      else known.push(delivery)
    }
  }
  return carriers
}

function entryViolations(entry: Entry, carriers: readonly Delivery[]): string[] {
  const { state, delivery: last, history, attempts, maxAttempts, hold, final, rank } = entry
  const openCarriers = carriers.filter((delivery) => delivery.state === 'open')
  const rules: readonly (readonly [boolean, string])[] = [
    [attempts > maxAttempts, 'sent more often than allowed'],
    [attempts !== history.length + (last === null ? 0 : 1), 'attempts and deliveries do not add up'],
    [state === 'sent' && openCarriers.length !== 1, 'sent, but not in exactly one open delivery'],
    [state === 'sent' && openCarriers[0]?.id !== last, 'sent, but not in its last delivery'],
    [state === 'queued' && last !== null, 'queued although it was sent'],
    [(state === 'confirmed' || state === 'failed') && last === null, `${state} without a delivery`],
    [state === 'confirmed' && rank === null, 'confirmed without evidence'],
    [final && state !== 'failed', 'final without having failed'],
    [hold !== null && state !== 'unknown' && state !== 'pending' && state !== 'failed', 'held in an end state'],
    [
      retryOf(entry.intent) === 'never' && history.some((attempt) => !isSafe(attempt)),
      'sent again without proof that it was not executed',
    ],
    [last !== null && !carriers.some(({ id }) => id === last), 'its delivery is missing'],
    [carriers.length > 0 && carriers.at(-1)?.id !== last, 'another delivery carries it later'],
  ]
  return rules.filter(([isBroken]) => isBroken).map(([, what]) => what)
}

function isSafe({ outcome, rank }: Entry['history'][number]): boolean {
  return outcome === 'not-executed' && (rank === 'card' || rank === 'operator')
}

function deliveryViolations({ scripts, counted, kind, atc, evidence }: Delivery, known: ReadonlySet<string>): string[] {
  const ids = scripts.flatMap(({ entries }) => entries)
  const after = scripts.filter(({ template }) => template === '72').flatMap(({ entries }) => entries)
  const rules: readonly (readonly [boolean, string])[] = [
    [new Set(ids).size < ids.length, 'carries an entry twice'],
    [ids.some((id) => !known.has(id)), 'carries an entry that is missing'],
    [counted !== (kind === 'ARQC' ? after.length : 0), 'counts other commands than it carries'],
    [evidence.reading !== null && evidence.reading.atc <= atc, 'is judged by an earlier transaction'],
  ]
  return rules.filter(([isBroken]) => isBroken).map(([, what]) => what)
}

/** Two intents for one target are never with the card together: the older could come after the newer. */
function sameTargetInFlight(entries: readonly Entry[], open: readonly Delivery[]): string[] {
  const inFlight = open.flatMap(({ scripts }) => scripts.flatMap(({ entries: ids }) => ids))
  const targets = inFlight.flatMap((id) => entries.filter((entry) => entry.id === id).map(({ target }) => target))
  return repeated(targets).map((target) => `two commands for ${target} are with the card`)
}
