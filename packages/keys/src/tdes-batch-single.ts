/**
 * The same operations record by record, on bytes, with the single engine: for batches so small that slices do not pay.
 * They do what the functions of tdes-batch-sliced-keys.ts and tdes-batch-sliced-messages.ts do for many.
 * @see [EMV-B2] A1.3, A1.4, [ISO9797-1] 7.3
 */
import { concat } from '@issuerkit/apdu'
import type { PaddingMethod } from './padding.js'
import { withOddParity } from './parity.js'
import { sessionKeyBytes } from './session.js'
import { desSchedule, macAlgorithm3Into, tableDes } from './tdes.js'
import { type Column, recordValue } from './tdes-batch-fields.js'
import { type SessionColumns, sessionInput } from './tdes-batch-session.js'

/** TDES(IMK)[Y] ‖ TDES(IMK)[NOT Y], with the parity bits as they come or odd. */
export function deriveSingle(imk: Uint8Array, y: Uint8Array, isOdd: boolean): Uint8Array {
  const inverse = y.map((byte) => byte ^ 0xff)
  const raw = tableDes('encrypt', imk, concat(y, inverse))
  return isOdd ? withOddParity(raw) : raw
}

/** The session key of a record, with the parity bits as they come or odd. */
export function sessionSingle(icc: Uint8Array, session: SessionColumns, record: number, isOdd: boolean): Uint8Array {
  const raw = sessionKeyBytes(icc, sessionInput(session, record))
  return isOdd ? withOddParity(raw) : raw
}

/** The session key of a record from the issuer master key; DES does not look at parity bits. */
export function derivedSessionSingle(imk: Uint8Array, y: Column, session: SessionColumns, record: number): Uint8Array {
  const icc = deriveSingle(imk, recordValue(y, record), false)
  const key = sessionSingle(icc, session, record, false)
  icc.fill(0)
  return key
}

/** The first bytes of the MAC of algorithm 3, as many as `out` has. */
export function macSingle(key: Uint8Array, message: Uint8Array, padding: PaddingMethod, out: Uint8Array): void {
  const schedule = desSchedule(key)
  const mac = new Uint8Array(8)
  macAlgorithm3Into(schedule, message, 0, message.length, mac, 0, padding)
  schedule.destroy()
  out.set(mac.subarray(0, out.length))
}
