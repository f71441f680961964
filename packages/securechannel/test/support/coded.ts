import type { ErrorCode, ErrorDetails } from '@issuerkit/apdu'
import { expect } from 'vitest'

/** What `toThrow` takes for an error of this code and these fields. */
export function coded(code: ErrorCode, details: ErrorDetails = {}): Error {
  return expect.objectContaining({ name: 'IssuerkitError', code, ...details }) as Error
}

/** Every array that differs from this one in one bit. */
export function* oneBitChanges(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const changed = bytes.slice()
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (0x80 >> (bit & 7))
    yield changed
  }
}
