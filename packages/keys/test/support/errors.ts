import type { ErrorCode, ErrorDetails } from '@issuerkit/apdu'
import { expect } from 'vitest'

/** What `toThrow` takes for an error of this code and these fields: `expect(f).toThrow(coded('ERR_KEY', { label }))`. */
export function coded(code: ErrorCode, details: ErrorDetails = {}): Error {
  return expect.objectContaining({ name: 'IssuerkitError', code, ...details }) as Error
}
