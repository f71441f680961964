/** The host's events against its ledger: each entry was made once, sent as often as it says, and its end was told. */
import { type EntryJson, type EventJson, eventsOf, viewOf } from './ledger-view.js'
import type { Account, World } from './world.js'

/** What an entry that ended so was told with. */
const END: Readonly<Record<string, string>> = {
  confirmed: 'applied',
  cancelled: 'cancelled',
  expired: 'expired',
  superseded: 'superseded',
  unknown: 'unknown',
}

/** Judges the events of all cards. @returns what disagrees, in words */
export async function judgeEvents(world: World, accounts: readonly Account[]): Promise<string[]> {
  const events = await eventsOf(world)
  const found: string[] = []
  const cursors = new Set<string>()
  const ofEntry = new Map<string, EventJson[]>()
  for (const event of events) {
    if (cursors.has(event.cursor)) found.push(`the event ${event.cursor} came twice`)
    cursors.add(event.cursor)
    const name = `${event.card} ${event.entry}`
    const known = ofEntry.get(name)
    if (known === undefined) ofEntry.set(name, [event])
    else known.push(event)
  }
  for (const { name, chips } of accounts) {
    for (const handle of new Set(chips.map((held) => held.handle))) {
      const { entries } = await viewOf(world, handle)
      const wrong = [...new Set(entries.map(({ entry }) => entry))].flatMap((id) =>
        disagreements(
          entries.filter(({ entry }) => entry === id),
          ofEntry.get(`${handle} ${id}`) ?? [],
        ),
      )
      found.push(...wrong.map((each) => `${name}: ${each}`))
    }
  }
  return found
}

/** @param entries an entry, once for each chip of the same name that it was queued for or moved to */
function disagreements(entries: readonly EntryJson[], events: readonly EventJson[]): string[] {
  const times = (type: string): number => events.filter((event) => event.type === type).length
  const attempts = entries.reduce((sum, entry) => sum + entry.attempts, 0)
  const ends = entries.map(({ state, final }) => (state === 'failed' && final ? 'failed-final' : END[state]))
  const id = entries[0]?.entry
  return [
    ...(times('created') === entries.length ? [] : [`${id} was told to be created ${times('created')} times`]),
    ...(times('sent') === attempts ? [] : [`${id} was sent ${attempts} times and told ${times('sent')} times`]),
    ...ends.flatMap((end) => (end === undefined || times(end) > 0 ? [] : [`nothing tells that ${id} is ${end}`])),
  ]
}
