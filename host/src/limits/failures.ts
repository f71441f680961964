/**
 * A budget of failed verifications. A cryptogram or a MAC of 4 bytes is guessed with one try in 2^32, a PIN of 4 digits with
 * one in 10,000: whoever answers whether a guess is right must count. Counted is what one subject gets wrong about one card:
 * ten a minute, then nothing is verified for a minute, then, when it goes on, for two, four and up to sixty. A second budget
 * holds for a subject over all cards. One node counts for itself.
 */

export interface FailureBudget {
  /** Failures of a subject about one card within a minute. */
  readonly perCard: number
  /** Failures of a subject about all cards within a minute. */
  readonly perSubject: number
}

export const FAILURE_BUDGET: FailureBudget = { perCard: 10, perSubject: 1_000 }

const WINDOW = 60_000
const LONGEST_WAIT = 3_600_000
/** Most cards and subjects that are remembered; the one that was longest unseen goes first. */
const MOST = 100_000

interface Count {
  /** Failures since `since`, and verifications that have not ended. */
  failures: number
  running: number
  since: number
  /** How often in a row the budget was used up. */
  blocks: number
  until: number
}

export type Taken =
  | { readonly settle: (failed: boolean, now?: number) => void }
  /** `first` at the refusal that begins a wait: that one is audited. */
  | { readonly waitSeconds: number; readonly first: boolean }

export interface FailureCounter {
  /**
   * Begins a verification; `settle` ends it. A verification that runs counts as a failure until it has ended, so that many
   * at once are no way around.
   */
  take(subject: string, card: string, now?: number): Taken
}

/** A counter; times are in milliseconds. `card` is any text that stands for one card, best a hash. */
export function failureCounter(budget: FailureBudget = FAILURE_BUDGET, most = MOST): FailureCounter {
  const counts = new Map<string, Count>()

  const countOf = (name: string, now: number): Count => {
    const count = counts.get(name) ?? { failures: 0, running: 0, since: now, blocks: 0, until: 0 }
    counts.delete(name)
    counts.set(name, count)
    for (const [oldest] of counts) {
      if (counts.size <= most) break
      counts.delete(oldest)
    }
    if (now >= count.until && now - count.since >= WINDOW) {
      // A minute without a failure, after the wait was over, and the next wait is a short one again.
      if (count.failures === 0) count.blocks = 0
      count.failures = 0
      count.since = now
    }
    return count
  }

  const refusal = (count: Count, allowed: number, now: number): Taken | undefined => {
    if (now < count.until) return { waitSeconds: seconds(count.until - now), first: false }
    if (count.failures + count.running < allowed) return undefined
    if (count.failures < allowed) return { waitSeconds: 1, first: false }
    const wait = Math.min(WINDOW * 2 ** count.blocks, LONGEST_WAIT)
    Object.assign(count, { blocks: count.blocks + 1, until: now + wait, since: now + wait, failures: 0 })
    return { waitSeconds: seconds(wait), first: true }
  }

  return {
    take(subject, card, now = Date.now()) {
      const both = [
        [countOf(JSON.stringify([subject, card]), now), budget.perCard],
        [countOf(JSON.stringify([subject]), now), budget.perSubject],
      ] as const
      for (const [count, allowed] of both) {
        const refused = refusal(count, allowed, now)
        if (refused !== undefined) return refused
      }
      for (const [count] of both) count.running++
      let open = true
      return {
        settle: (failed) => {
          if (!open) return
          open = false
          for (const [count] of both) {
            count.running--
            if (failed) count.failures++
          }
        },
      }
    },
  }
}

const seconds = (milliseconds: number): number => Math.ceil(milliseconds / 1000)
