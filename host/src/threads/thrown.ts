/** What was thrown on another thread: an error loses its class on the way, and with it the code that a caller is told. */
import { type ErrorCode, type ErrorDetails, IssuerkitError } from '@issuerkit/apdu'
import { HostError, type HostErrorCode } from '../errors.js'

/** An error as it crosses threads. */
export type Thrown =
  | ({ readonly type: 'issuerkit'; readonly code: ErrorCode } & ErrorDetails)
  | { readonly type: 'host'; readonly code: HostErrorCode; readonly message: string }
  | { readonly type: 'other'; readonly error: unknown }

/** An error for another thread. */
export function thrownOf(error: unknown): Thrown {
  if (error instanceof IssuerkitError) {
    const { code, label, expected, got, path, offset } = error
    const details = Object.entries({ label, expected, got, path, offset }).filter(([, value]) => value !== undefined)
    return { type: 'issuerkit', code, ...Object.fromEntries(details) }
  }
  if (error instanceof HostError) return { type: 'host', code: error.code, message: error.message }
  return { type: 'other', error }
}

/** The error of another thread. */
export function thrownError(thrown: Thrown): unknown {
  if (thrown.type === 'issuerkit') return new IssuerkitError(thrown.code, thrown)
  return thrown.type === 'host' ? new HostError(thrown.code, thrown.message) : thrown.error
}
