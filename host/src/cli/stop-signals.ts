/**
 * Stopping on a signal. One press of Ctrl-C may arrive up to three times (from the terminal, from npm and from the
 * script that npm runs), so only a signal that comes a while after the first is a second one.
 */
const SECOND_AFTER_MILLISECONDS = 1_000
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** The reason of an abort by a signal, with the exit code that shells give it. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
  readonly exitCode: number

  constructor(signal: keyof typeof SIGNALS) {
    super(`stopped by ${signal}`)
    this.exitCode = SIGNALS[signal]
  }
}

/**
 * Runs `work` with a signal that aborts on the first SIGINT, SIGTERM or SIGHUP; a second one calls `force` with the exit
 * code. The embedded database is told to end when the process exits, however it exits.
 */
export async function withStopSignals<T>(
  work: (signal: AbortSignal) => Promise<T>,
  force: (exitCode: number) => void = process.exit,
): Promise<T> {
  const controller = new AbortController()
  let first: number | undefined
  const onSignal = (name: NodeJS.Signals) => {
    const stopped = new Stopped(name as keyof typeof SIGNALS)
    if (first === undefined) {
      first = Date.now()
      controller.abort(stopped)
    } else if (Date.now() - first >= SECOND_AFTER_MILLISECONDS) force(stopped.exitCode)
  }
  const names = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]
  for (const name of names) process.on(name, onSignal)
  try {
    return await work(controller.signal)
  } finally {
    for (const name of names) process.off(name, onSignal)
  }
}

/** Fulfilled when `signal` is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
