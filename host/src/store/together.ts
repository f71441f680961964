/**
 * What many ask for at once goes to the database together: while a statement is on its way, what comes in waits for the next
 * one. A request that comes alone waits for nobody.
 */

export interface TogetherOptions {
  /** Statements on their way at once. */
  readonly lanes: number
  /** The most that goes together. */
  readonly most: number
}

interface Waiting<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/**
 * `run` takes several items and gives their results in the same order. When it fails, each of its items is tried alone, so that
 * none fails for another's sake.
 * @param keyOf items of the same key never go together
 */
export function together<Item, Result>(
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
  keyOf: (item: Item) => string,
  { lanes, most }: TogetherOptions,
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = []
  let running = 0

  const settle = async (group: readonly Waiting<Item, Result>[]): Promise<void> => {
    try {
      const results = await run(group.map(({ item }) => item))
      for (const [i, { resolve }] of group.entries()) resolve(results[i] as Result)
    } catch (error) {
      if (group.length === 1) for (const { reject } of group) reject(error)
      else await Promise.all(group.map((one) => settle([one])))
    }
  }
  const take = (): Waiting<Item, Result>[] => {
    const keys = new Set<string>()
    const group: Waiting<Item, Result>[] = []
    const left: Waiting<Item, Result>[] = []
    for (const one of waiting) {
      const isFree = group.length < most && keys.size < keys.add(keyOf(one.item)).size
      ;(isFree ? group : left).push(one)
    }
    waiting = left
    return group
  }
  const pump = (): void => {
    while (running < lanes && waiting.length > 0) {
      running += 1
      void settle(take()).finally(() => {
        running -= 1
        pump()
      })
    }
  }
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      pump()
    })
}
