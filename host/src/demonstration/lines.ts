/** Text of the demonstration: a heading and lines of a name and what is shown of it. */

/** One part of the screen. A line without a name begins where names do. */
export interface Part {
  readonly title: string
  readonly lines: readonly (readonly [name: string, shown: string])[]
  readonly ok: boolean
}

const WIDTH = 20

/** The part as text, one line a row. */
export function partText({ title, lines }: Part, number: number): string {
  const rows = lines.map(([name, shown]) => (name === '' ? `   ${shown}` : `   ${name.padEnd(WIDTH)}${shown}`))
  return [`${number}  ${title}`, ...rows, ''].join('\n')
}

/** First and last bytes of a long value, with its length. */
export function shorten(hex: string): string {
  return hex.length <= 40 ? hex : `${hex.slice(0, 16)}..${hex.slice(-8)} (${hex.length / 2} bytes)`
}

/** A PAN as it may be shown: the last four digits, and the first six where that leaves digits hidden. */
export function maskPan(pan: string): string {
  const first = pan.length > 10 ? pan.slice(0, 6) : ''
  return `${first}${pan.slice(-4).padStart(pan.length - first.length, '*')}`
}
