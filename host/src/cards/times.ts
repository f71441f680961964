/** Times as the interface has them: ISO 8601 with a zone. The ledger counts milliseconds. */
import { HostError } from '../errors.js'

const FORM = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/

/** Milliseconds of a time. ERR_SCRIPT_OPTION for text that is none, the 30th of February among it */
export function timeOf(text: string): number {
  const [, day] = FORM.exec(text) ?? []
  const time = day === undefined ? Number.NaN : Date.parse(text)
  // Of a day that the month does not have, JavaScript makes one of the next month.
  const isDay = day !== undefined && new Date(Date.parse(`${day}T00:00:00Z`) || 0).toISOString().startsWith(day)
  if (Number.isNaN(time) || !isDay) {
    throw new HostError('ERR_SCRIPT_OPTION', 'A time is written 2026-01-31T12:00:00Z, with its zone.')
  }
  return time
}

/** A time of the ledger as text. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
