/** What happened to a card, call by call, with the moments between which each call took effect. */
import { after, type Call, NOTHING, type Rules, type State } from './model.js'

/** A call took effect once, at some moment after `from` and before `to`, however often it was repeated in between. */
export type Recorded = Call & { readonly from: number; readonly to: number }

/** Moments in the order in which they come. */
export function ticker(): () => number {
  let moment = 0
  return () => {
    moment += 1
    return moment
  }
}

/**
 * Whether there is an order of the calls, one after the other, that agrees with their moments and with the model: then the
 * service cannot be told from one that does one thing at a time. The search goes through all orders there are, but for states
 * that were seen with the same calls done. @see Wing and Gong, "Testing and Verifying Concurrent Objects", 1993
 */
export function isLinearizable(history: readonly Recorded[], rules: Rules): boolean {
  const calls = history.toSorted((a, b) => a.from - b.from)
  const seen = new Set<string>()
  const search = (state: State, left: readonly Recorded[]): boolean => {
    if (left.length === 0) return true
    const place = JSON.stringify([left.map((one) => calls.indexOf(one)), state])
    if (seen.has(place)) return false
    seen.add(place)
    const end = Math.min(...left.map(({ to }) => to))
    return left.some((one) => {
      if (one.from > end) return false
      const next = after(state, one, rules)
      return (
        next !== undefined &&
        search(
          next,
          left.filter((other) => other !== one),
        )
      )
    })
  }
  return search(NOTHING, calls)
}
