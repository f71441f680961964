/**
 * The ledger against what the card holds: for each thing that commands change, the card must hold what the ledger's last
 * executed command left, or what one of unknown fate after it may have left.
 */
import { claimsOf, type LedgerClaim, type LedgerView } from './ledger-view.js'
import { isExcused } from './lies.js'
import type { HeldChip, Order, World } from './world.js'

/** What disagrees, in words. */
export function disagreementsOfHoldings({ orders }: World, held: HeldChip, view: LedgerView): string[] {
  const now = held.chip.now()
  return Object.entries(now).flatMap(([target, value]) => {
    const possible = possibleValues(orders, held, view, target)
    if (possible === 'any' || possible.has(value)) return []
    return [`the card holds ${value} in ${target}, by the ledger it is ${[...possible].join(' or ')}`]
  })
}

/** From the last delivery backwards, to the first command that was certainly executed. */
function possibleValues(
  orders: World['orders'],
  held: HeldChip,
  view: LedgerView,
  target: string,
): ReadonlySet<string> | 'any' {
  const possible = new Set<string>()
  const own = view.deliveries.filter(({ delivery }) => held.deliveries.has(delivery)).toSorted((a, b) => b.atc - a.atc)
  for (const { delivery, scripts } of own) {
    const ids = scripts.flatMap(({ entries }) => entries)
    const order = ids.flatMap((id) => orders.get(id) ?? []).find((one) => one.target === target)
    const said = order === undefined ? 'not-executed' : sayOf(held, view, delivery, order)
    if (order === undefined || said === 'not-executed') continue
    if (order.value === undefined || hasOtherPin(held, delivery, order)) return 'any'
    possible.add(order.value)
    if (said === 'executed') return possible
  }
  return possible.add(held.chip.first[target] ?? '')
}

function sayOf(held: HeldChip, { entries }: LedgerView, delivery: string, { entry }: Order): LedgerClaim['says'] {
  const claims = entries.filter((one) => one.entry === entry).flatMap(claimsOf)
  const claim = claims.find((one) => one.delivery === delivery)
  return claim === undefined || isExcused(held, claim) ? 'unknown' : claim.says
}

/** PIN CHANGE with the current PIN sets a PIN that nobody knows when the card had another one. */
function hasOtherPin({ chip, deliveries }: HeldChip, delivery: string, { entry, currentPin }: Order): boolean {
  if (currentPin === undefined) return false
  const commands = deliveries.get(delivery)?.scripts.flatMap((script) => script.commands) ?? []
  const apdu = commands.find((command) => command.entry === entry)?.apdu ?? ''
  return (chip.door.get(apdu) ?? []).some(({ before }) => before['pin'] !== currentPin)
}
