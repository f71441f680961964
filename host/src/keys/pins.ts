/**
 * PINs on their way to a card. A PIN comes in as a PIN block under a PIN key of the issuer and is wrapped at once, for one
 * ledger entry and one PAN; it is unwrapped only inside the computation of the command that carries it.
 *
 * At rest: number of digits (1 byte) ‖ digits in ASCII ‖ zeros, 16 bytes, so that the length tells nothing.
 */
import { toHex } from '@issuerkit/apdu'
import { Secret } from '@issuerkit/keys'
import { type DecipherPinBlockInput, decipherPinBlock, expectPin } from '@issuerkit/scripts'
import type { Database } from '../database.js'
import { type KeyRow, MasterKey } from '../wrap.js'
import type { EncipheredPin, PinRequest, PinSource, WrappedPin } from './key-service.js'
import { openZoneKey } from './stored-keys.js'

const LENGTH = 16

/** Whose PIN it is. */
export interface PinOwner {
  readonly issuer: string
  readonly pan: string
  readonly panHash: Uint8Array
}

/** What reading PINs takes. */
export interface PinKeys {
  readonly database: Database
  readonly masterKey: MasterKey
  /** The key of PINs at rest, 32 bytes. */
  readonly storage: () => Promise<Uint8Array>
}

/** A PIN, wrapped for an entry and a PAN. ERR_PIN, ERR_PIN_BLOCK, ERR_KEY_USAGE, ERR_NOT_FOUND */
export async function wrapPin(keys: PinKeys, owner: PinOwner, { id, pin }: PinRequest): Promise<WrappedPin> {
  const digits = await openPin(keys, owner, pin)
  const plain = new Uint8Array(LENGTH)
  try {
    plain.set(digits.expose(), 1)
    plain[0] = digits.length
    return { id, wrapped: new MasterKey(await keys.storage()).wrap(pinRow(owner, id), plain) }
  } finally {
    plain.fill(0)
    digits.destroy()
  }
}

/**
 * The digits of a PIN in ASCII, wherever it comes from; the caller destroys them.
 * @throws ERR_PIN_BLOCK without a word more, whatever is wrong with a block; ERR_KEY_USAGE, ERR_NOT_FOUND for its key;
 *   ERR_KEY_UNWRAP for a wrapped PIN of another entry or PAN
 */
export async function openPin(keys: PinKeys, owner: PinOwner, pin: PinSource): Promise<Secret> {
  if (typeof pin === 'string' || pin instanceof Secret) {
    expectPin(pin, 'PIN')
    return Secret.of(typeof pin === 'string' ? new TextEncoder().encode(pin) : pin.expose(), 'PIN')
  }
  return 'wrapped' in pin ? unwrapPin(keys, owner, pin) : decipherPin(keys, owner, pin)
}

async function unwrapPin(keys: PinKeys, owner: PinOwner, { id, wrapped }: WrappedPin): Promise<Secret> {
  const plain = new MasterKey(await keys.storage()).unwrap(pinRow(owner, id), wrapped)
  try {
    return Secret.of(plain.subarray(1, 1 + (plain[0] as number)), 'PIN')
  } finally {
    plain.fill(0)
  }
}

async function decipherPin(keys: PinKeys, { issuer, pan }: PinOwner, pin: EncipheredPin): Promise<Secret> {
  const { key } = await openZoneKey(keys.database, keys.masterKey, { issuer, id: pin.key, usage: 'PIN' })
  try {
    // The cipher judges whether the format and the key go together.
    return decipherPinBlock({ format: pin.format, key, block: pin.block, pan } as DecipherPinBlockInput)
  } finally {
    key.destroy()
  }
}

function pinRow({ issuer, panHash }: PinOwner, id: string): KeyRow {
  return { id, issuer, usage: 'queued-pin', algorithm: 'pin', bound: [toHex(panHash)] }
}
