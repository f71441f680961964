/**
 * From an error code to an HTTP status. The type makes the table complete: a new code does not compile without a line.
 */
import { ERROR_CODES, type ErrorCode } from '@issuerkit/apdu'
import { HOST_ERROR_CODES, type HostErrorCode } from './errors.js'

/**
 * What the packages throw while a request is served: 400 for a value that is malformed by itself, 422 for one that is
 * well-formed but does not fit the rest of the request, 500 for what no request can be blamed for.
 */
export const HTTP_STATUS: Readonly<Record<ErrorCode, number>> = {
  ERR_HEX: 400,
  ERR_LENGTH: 400,
  ERR_TLV: 400,
  ERR_TAG: 400,
  ERR_DOL: 400,
  ERR_AFL: 400,
  ERR_RECORD: 422,
  ERR_COMMAND: 400,
  ERR_RESPONSE: 400,
  ERR_EXCHANGE: 422,
  ERR_TRANSCRIPT: 400,
  ERR_PAN: 400,
  ERR_PAN_SEQUENCE: 400,
  ERR_KEY: 400,
  ERR_KCV: 400,
  ERR_KEY_BLOCK: 400,
  ERR_KEY_DESTROYED: 500,
  ERR_OPTION: 400,
  ERR_PIN: 400,
  ERR_PIN_BLOCK: 400,
  ERR_DATE: 400,
  ERR_ATC: 400,
  ERR_ARQC: 400,
  ERR_ARC: 400,
  ERR_PADDING: 400,
  ERR_MAC_LENGTH: 400,
  ERR_SCHEME: 422,
  ERR_SCRIPT: 422,
  ERR_CA_KEY: 422,
  ERR_RSA: 422,
  ERR_BACKEND: 500,
  ERR_CHANNEL: 422,
  ERR_CERTIFICATE: 422,
  ERR_SECURE_MESSAGING: 422,
  ERR_BATCH: 400,
  ERR_CARD: 400,
  ERR_POWER: 422,
  ERR_READER: 422,
  ERR_VECTOR_FILE: 400,
}

/** The status of an answer that carries `code`. */
export function httpStatus(code: ErrorCode | HostErrorCode): number {
  return code in HTTP_STATUS ? HTTP_STATUS[code as ErrorCode] : HOST_ERROR_CODES[code as HostErrorCode].status
}

/** The sentence that docs/errors.md has for `code`. */
export function errorSentence(code: ErrorCode | HostErrorCode): string {
  return code in HTTP_STATUS ? ERROR_CODES[code as ErrorCode] : HOST_ERROR_CODES[code as HostErrorCode].says
}
