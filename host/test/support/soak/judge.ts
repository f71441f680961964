/**
 * The ledger against the cards, entry by entry. What a card did was seen at its door; what the ledger says comes over HTTP.
 * A ledger that says `unknown` is right. One that believed a terminal, and says that it did, is excused where the terminal lied.
 */
import { isExecuted } from './chip.js'
import { disagreementsOfHoldings } from './judge-holdings.js'
import { claimsOf, type EntryJson, type LedgerView, viewOf } from './ledger-view.js'
import { isExcused } from './lies.js'
import { type Account, count, type HeldChip, type World } from './world.js'

/** Judges all chips of an account. @returns what disagrees, in words */
export async function judge(world: World, account: Account): Promise<string[]> {
  const { name, chips } = account
  const found: string[] = []
  for (const handle of new Set(chips.map((held) => held.handle))) {
    const view = await viewOf(world, handle)
    if (view.stopped) found.push('the host has stopped the card')
    found.push(...view.entries.flatMap((entry) => disagreements(world, account, entry)))
    for (const held of chips.filter((one) => one.handle === handle)) {
      found.push(...lostDeliveries(held, view), ...doubled(held), ...disagreementsOfHoldings(world, held, view))
    }
  }
  return [...found, ...harm(world, account)].map((each) => `${name}: ${each}`)
}

function disagreements(world: World, { chips }: Account, entry: EntryJson): string[] {
  const { state, rank, delivery } = entry
  const order = world.orders.get(entry.entry)
  if (order === undefined) return [`entry ${entry.entry} was never ordered`]
  // What was sent and has no rank says nothing, though it may have ended.
  const by = rank ?? (delivery === null ? 'not sent' : 'open')
  count(world, `entries ${state} (${by})`)
  return claimsOf(entry).flatMap((claim) => {
    const held = chips.find(({ deliveries }) => deliveries.has(claim.delivery))
    const truth = held !== undefined && isExecutedIn(held, claim.delivery, entry.entry) ? 'executed' : 'not-executed'
    if (claim.says === 'unknown' || claim.says === truth) return []
    if (held !== undefined && isExcused(held, claim)) {
      count(world, 'excused: a terminal lied')
      return []
    }
    const what = `${claim.says} (${claim.rank}) in ${claim.delivery}, in truth ${truth}`
    return [`${order.type} ${entry.entry}: ${what}; ${JSON.stringify(entry)}`]
  })
}

/** Whether the card executed the entry's command in a delivery. What no answer brought to a terminal it did not. */
function isExecutedIn({ chip, deliveries }: HeldChip, delivery: string, entry: string): boolean {
  const commands = deliveries.get(delivery)?.scripts.flatMap((script) => script.commands) ?? []
  return commands.some((command) => command.entry === entry && isExecuted(chip, command.apdu))
}

/** A delivery that went out and is not in the ledger, or with other commands. */
function lostDeliveries({ deliveries }: HeldChip, view: LedgerView): string[] {
  const known = new Map(view.deliveries.map((one) => [one.delivery, one.scripts.flatMap(({ entries }) => entries)]))
  return [...deliveries.values()].flatMap(({ delivery, reference, scripts }) => {
    const sent = scripts.flatMap(({ commands }) => commands.map(({ entry }) => entry))
    const kept = known.get(delivery)
    return `${kept}` === `${sent}` ? [] : [`the delivery of ${reference} carried ${sent}, and the ledger has ${kept}`]
  })
}

/** A command that the card executed twice, or whose MAC it did not take. */
function doubled({ chip: { door } }: HeldChip): string[] {
  return [...door].flatMap(([command, times]) => {
    const executed = times.filter(({ status }) => status === '9000').length
    const refused = times.filter(({ status }) => status === '6988').length
    const header = command.slice(0, 8)
    return [
      ...(executed > 1 ? [`${header} was executed ${executed} times`] : []),
      ...(refused > 0 ? [`the MAC of ${header} is wrong`] : []),
    ]
  })
}

/** Commands that must not run twice, on whatever chip. */
function harm({ orders }: World, { name, chips }: Account): string[] {
  const times = new Map<string, number>()
  for (const { chip, deliveries } of chips) {
    const commands = [...deliveries.values()].flatMap(({ scripts }) => scripts.flatMap((script) => script.commands))
    for (const { entry, apdu } of commands) {
      if (isExecuted(chip, apdu)) times.set(entry, (times.get(entry) ?? 0) + 1)
    }
  }
  return [...times].flatMap(([entry, often]) =>
    often > 1 && orders.get(entry)?.never === true
      ? [`${name}: ${orders.get(entry)?.type} ${entry} must not run twice and ran ${often} times`]
      : [],
  )
}
