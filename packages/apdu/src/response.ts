/** Response APDUs: up to 65536 bytes of data and two status bytes. @see [ISO7816-4] 5.1.3 */
import { concat, fromHex, toHex } from './bytes.js'
import { IssuerkitError } from './errors.js'

/** The card's answer. */
export interface Response {
  readonly data: Uint8Array
  /** SW1 SW2 in upper-case hexadecimal, such as `9000`. */
  readonly status: string
}

/**
 * Splits an answer into data (a view into the input) and status.
 * @throws ERR_RESPONSE when it is shorter than 2 or longer than 65538 bytes, or its status is not 6XXX or 9XXX
 */
export function parseResponse(bytes: Uint8Array): Response {
  if (bytes.length < 2 || bytes.length > 65538) {
    throw new IssuerkitError('ERR_RESPONSE', { expected: '2 to 65538 bytes', got: `${bytes.length} bytes` })
  }
  const end = bytes.length - 2
  const status = toHex(bytes.subarray(end))
  checkStatus(status, end)
  return { data: bytes.subarray(0, end), status }
}

/**
 * The bytes of an answer.
 * @throws ERR_RESPONSE when the data is longer than 65536 bytes, or the status is not 6XXX or 9XXX
 */
export function encodeResponse(response: Response): Uint8Array {
  const { data, status } = response
  checkStatus(status, data.length)
  if (data.length > 65536) {
    const got = `${data.length} bytes`
    throw new IssuerkitError('ERR_RESPONSE', { label: 'data', expected: 'at most 65536 bytes', got })
  }
  return concat(data, fromHex(status))
}

/**
 * Holds a status word to its form.
 * @throws ERR_RESPONSE when it is not four upper-case hexadecimal digits from 6100 to 6FFF or 9000 to 9FFF
 */
export function checkStatus(status: string, offset?: number): void {
  // [ISO7816-4] 5.1.3: any other value, and 60XX (the procedure byte NULL of T=0), is invalid.
  if (/^(?:6[1-9A-F]|9[0-9A-F])[0-9A-F]{2}$/.test(status)) return
  const details = { label: 'status', expected: '61XX to 6FXX or 9XXX', got: `${status.length} digits` }
  const got = /^[0-9A-F]{4}$/.test(status) ? status : details.got
  throw new IssuerkitError('ERR_RESPONSE', { ...details, got, ...(offset === undefined ? {} : { offset }) })
}
