import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** Reads a stream to its end and keeps its last lines, to show when the program behind it fails. */
export class LastLines {
  readonly #lines: string[] = []
  #onLine: (line: string) => void = () => {}

  constructor(stream: Readable, limit = 12) {
    createInterface({ input: stream }).on('line', (line) => {
      this.#lines.push(line)
      if (this.#lines.length > limit) this.#lines.shift()
      this.#onLine(line)
    })
  }

  /** Calls `onLine` for each line from now on. */
  watch(onLine: (line: string) => void): void {
    this.#onLine = onLine
  }

  text(): string {
    return this.#lines.join('\n').trim()
  }
}
