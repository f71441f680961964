/**
 * One PIN change for a card and ATC, whichever node builds it. The enciphered block of a PIN change has nothing random in it:
 * whoever may ask for it with PINs of his choice finds in some thousand tries which PIN a block on its way to the card holds.
 *
 * So what counts is what the block depends on, not what it is asked for by:
 *
 * - Session keys come from the ATC or, with emv-common, from the ARQC: neither may be used again.
 * - Keys of a card come from the last 16 digits of PAN and sequence number, so a PAN with other digits in front is the same
 *   card, and another issuer with the same keys is no other one. [EMV-B2] A1.4.1
 */
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import { sha256 } from '../wrap.js'
import type { KeyService } from './key-service.js'

/** Whose PIN changes, and in answer to which transaction. */
export interface PinChangePlace {
  readonly pan: string
  readonly panSequence: string
  /** Hexadecimal, 2 bytes. */
  readonly atc: string
  /** Hexadecimal, 8 bytes. */
  readonly arqc: string
}

/**
 * Takes note of a PIN change, in the transaction that answers with it. Of two at once the second waits for the first.
 * @throws ERR_PIN_CHANGE_REPEATED when there was one
 */
export async function guardPinChange(
  transaction: Database,
  keys: Pick<KeyService, 'panHash'>,
  change: PinChangePlace,
): Promise<void> {
  const places = (await pinChangePlaces(keys, change)).map((place) => ({ place }))
  const { numInsertedOrUpdatedRows: added } = await transaction
    .insertInto('pin_change_guard')
    .values(places)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  if (added !== BigInt(places.length)) throw new HostError('ERR_PIN_CHANGE_REPEATED')
}

/** What a PIN change is remembered by. */
export async function pinChangePlaces(
  keys: Pick<KeyService, 'panHash'>,
  { pan, panSequence, atc, arqc }: PinChangePlace,
): Promise<readonly Uint8Array[]> {
  const card = await keys.panHash(`${pan}${panSequence}`.slice(-16).padStart(16, '0'))
  return [atc, arqc].map((value) => {
    const text = JSON.stringify([Buffer.from(card).toString('hex'), value.toUpperCase()])
    return sha256(new TextEncoder().encode(text))
  })
}

/** Days that a PIN change is remembered: longer than its block is of use to anybody who might have seen it on its way. */
export const PIN_CHANGE_DAYS = 30

/** Forgets PIN changes that are older. @returns how many */
export async function forgetPinChanges(
  database: Database,
  days = PIN_CHANGE_DAYS,
  now: Date = new Date(),
): Promise<number> {
  const before = new Date(now.getTime() - days * 86_400_000)
  const { numDeletedRows } = await database
    .deleteFrom('pin_change_guard')
    .where('created_at', '<', before)
    .executeTakeFirst()
  return Number(numDeletedRows)
}
