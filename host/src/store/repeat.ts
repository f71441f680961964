/** Work that a node does again and again beside its requests. */

export interface RepeatOptions {
  /** The time between the end of one run and the start of the next, on average: nodes must not run in step. */
  readonly everyMilliseconds: number
  /** Hears of a run that failed; the next one comes all the same. */
  readonly onError?: (error: unknown) => void
}

export interface Repeated {
  /** Runs now, or after the run that is under way. */
  run(): Promise<void>
  /** Waits for the run that is under way; there is no other after it. */
  close(): Promise<void>
}

/** Starts repeating `work`, the first time after a while. It keeps no process alive. */
export function repeat(
  work: (closing: AbortSignal) => Promise<void>,
  { everyMilliseconds, onError = () => {} }: RepeatOptions,
): Repeated {
  const closing = new AbortController()
  let running = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  const run = () => {
    running = running.then(() => (closing.signal.aborted ? undefined : work(closing.signal))).catch(onError)
    return running
  }
  const wait = () => {
    if (closing.signal.aborted) return
    timer = setTimeout(() => void run().then(wait), everyMilliseconds * (0.5 + Math.random())).unref()
  }
  wait()
  return {
    run,
    close() {
      closing.abort()
      clearTimeout(timer)
      return running
    },
  }
}
