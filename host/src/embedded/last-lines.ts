import type { Readable } from 'node:stream'

/** Reads a stream to its end and keeps its last lines, to show when the program behind it fails. */
export class LastLines {
  readonly #lines: string[] = []
  #rest = ''
  #onLine: (line: string) => void = () => {}

  constructor(stream: Readable, limit = 12) {
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      const lines = (this.#rest + chunk).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) {
        this.#lines.push(line)
        if (this.#lines.length > limit) this.#lines.shift()
        this.#onLine(line)
      }
    })
  }

  /** Calls `onLine` for each line from now on. */
  watch(onLine: (line: string) => void): void {
    this.#onLine = onLine
  }

  text(): string {
    return [...this.#lines, this.#rest].join('\n').trim()
  }
}
