/** A node works beside its requests, too, every now and then. What is about a request alone is found by asking once more. */

/** What a run has sent to the database, and whatever else is of interest. */
export interface Sent {
  readonly statements: readonly string[]
}

const ATTEMPTS = 12
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** The outcome of a run without that: two in a row are the same. */
export async function undisturbed<T extends Sent>(run: () => Promise<T>): Promise<T> {
  let last = await run()
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const again = await run()
    if (isSame(again, last)) return again
    last = again
  }
  throw new Error('no two runs send the same')
}

/** The outcome of a run that was struck at statement `at` of those that are sent undisturbed. `check` holds of every run. */
export async function struckAt<T extends Sent>(
  statements: readonly string[],
  at: number,
  run: () => Promise<T>,
  check: (outcome: T) => void,
): Promise<T> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const outcome = await run()
    check(outcome)
    if (isSame(outcome.statements.slice(0, at), statements.slice(0, at))) return outcome
  }
  throw new Error(`the request does not get to its statement ${at}`)
}
