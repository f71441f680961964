/** Fixed-length values of a transaction, each refused under a code of its own. */
import { type ErrorCode, IssuerkitError } from '@issuerkit/apdu'

function expectBytes(bytes: Uint8Array, length: number, label: string, code: ErrorCode): Uint8Array {
  if (!(bytes instanceof Uint8Array) || bytes.length !== length) {
    const got = bytes instanceof Uint8Array ? `${bytes.length} bytes` : typeof bytes
    throw new IssuerkitError(code, { label, expected: `${length} bytes`, got })
  }
  return bytes
}

/**
 * An application transaction counter (tag 9F36): 2 bytes.
 * @throws ERR_ATC
 */
export function expectAtc(atc: Uint8Array): Uint8Array {
  return expectBytes(atc, 2, 'atc', 'ERR_ATC')
}

/**
 * An application cryptogram (tag 9F26): 8 bytes.
 * @throws ERR_ARQC
 */
export function expectArqc(arqc: Uint8Array): Uint8Array {
  return expectBytes(arqc, 8, 'arqc', 'ERR_ARQC')
}

/**
 * An authorisation response code (tag 8A): 2 bytes, the ASCII form of DE39 (`00` is 3030).
 * @throws ERR_ARC
 */
export function expectArc(arc: Uint8Array): Uint8Array {
  return expectBytes(arc, 2, 'arc', 'ERR_ARC')
}

/**
 * Bytes of any length. A text would be taken for a list of its digits by typed arrays, and silently.
 * @throws ERR_LENGTH when the value is no Uint8Array
 */
export function expectByteArray(bytes: Uint8Array, label: string): Uint8Array {
  if (!(bytes instanceof Uint8Array)) {
    throw new IssuerkitError('ERR_LENGTH', { label, expected: 'bytes', got: typeof bytes })
  }
  return bytes
}
