/** What a command line touches of its process, so that a test can stand in for it. */
export interface CommandIo {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Standard input, where it is not the process's own. */
  readonly input?: AsyncIterable<Uint8Array>
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** The streams and the environment of this process. */
export const processIo: CommandIo = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  environment: process.env,
}

/** Exit codes: the work was done, a verdict is negative or the work failed, the command was used wrongly. */
export const EXIT = { ok: 0, negative: 1, usage: 2 } as const
