/** The failures of this package, and of its callers, in one form. */
import { type ErrorCode, IssuerkitError } from '@issuerkit/apdu'

/** ERR_CHANNEL: what could not be done, and what would have been right. */
export function channelError(label: string, expected: string, got?: string): IssuerkitError {
  return coded('ERR_CHANNEL', label, expected, got)
}

/** ERR_SECURE_MESSAGING, likewise. What came is never told: it may be plain text. */
export function messagingError(label: string, expected: string): IssuerkitError {
  return coded('ERR_SECURE_MESSAGING', label, expected)
}

/** ERR_CERTIFICATE, likewise. */
export function certificateError(label: string, expected: string, got?: string): IssuerkitError {
  return coded('ERR_CERTIFICATE', label, expected, got)
}

function coded(code: ErrorCode, label: string, expected: string, got?: string): IssuerkitError {
  return new IssuerkitError(code, { label, expected, ...(got === undefined ? {} : { got }) })
}

/** What the function returns, or `undefined` when it throws: for checks where every way to be wrong is the same. */
export function attempt<T>(f: () => T): T | undefined {
  try {
    return f()
  } catch {
    return undefined
  }
}
