/** Card data that is malformed is a finding, not an exception. */
import { IssuerkitError } from '@issuerkit/apdu'

/** The value of `read`, or the coded error with which it refuses the card's data. Other errors pass through. */
export function attemptOrError<T>(read: () => T): T | IssuerkitError {
  try {
    return read()
  } catch (error) {
    if (error instanceof IssuerkitError) return error
    throw error
  }
}

/** The value of `read`, or `undefined` where it refuses the card's data with a coded error. */
export function attempt<T>(read: () => T): T | undefined {
  const result = attemptOrError(read)
  return result instanceof IssuerkitError ? undefined : result
}
