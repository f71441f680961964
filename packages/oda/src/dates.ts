/** Dates of certificates and transactions. */
import { IssuerkitError, toHex } from '@issuerkit/apdu'

/**
 * A date YYYYMMDD, checked to be a day of the calendar.
 * @param label names the value in the error
 * @throws ERR_DATE
 */
export function expectDate(date: string, label: string): string {
  if (typeof date === 'string' && isDay(date)) return date
  throw new IssuerkitError('ERR_DATE', { label, expected: 'a day as YYYYMMDD' })
}

function isDay(date: string): boolean {
  const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`
  const parsed = new Date(`${day}T00:00:00Z`)
  // What is not a day gives no date at all, or, as 31 April, another one.
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().slice(0, 10) === day
}

/**
 * The month of a certificate expiration date (MMYY, 2 bytes) as YYYYMM, or `undefined` where it is none.
 * @see [EMV-B4] 6.7.3 (years 00 to 49 are 20YY, 50 to 99 are 19YY)
 */
export function expiryMonth(mmyy: Uint8Array): string | undefined {
  const digits = toHex(mmyy)
  if (!/^(?:0[1-9]|1[0-2])[0-9]{2}$/.test(digits)) return undefined
  const year = digits.slice(2)
  return `${year < '50' ? '20' : '19'}${year}${digits.slice(0, 2)}`
}
