/** PINs that are queued: they come in as blocks, are held against the card, and are kept wrapped for one entry. */
import { fromHex, IssuerkitError } from '@issuerkit/apdu'
import { constantTimeEqual } from '@issuerkit/keys'
import { HostError } from '../errors.js'
import type { KeyService, PinRequest, WrappedPin } from '../keys/key-service.js'
import type { Intent } from '../ledger/intent.js'
import type { StoredCard } from '../store/card-change.js'
import type { PinCommand, PinText } from './commands.js'

/** What taking a PIN in needs. */
export interface PinContext {
  readonly keys: KeyService
  readonly devMode: boolean
}

/** That the PAN is the card's, of which only a hash is kept. ERR_PAN, ERR_PAN_MISMATCH */
export async function expectPanOf({ panHash }: StoredCard, pan: string, keys: KeyService): Promise<void> {
  if (!constantTimeEqual(await keys.panHash(pan), panHash)) throw new HostError('ERR_PAN_MISMATCH')
}

/**
 * The intent of a command that brings PINs, and the PINs, wrapped for the entry and the PAN.
 * @throws ERR_PIN_BLOCK without a word more, whatever is wrong with a block; ERR_KEY_USAGE, ERR_NOT_FOUND for its key; ERR_KEY
 *   for a key that the format does not go with; ERR_DEV_MODE for a clear PIN elsewhere
 */
export async function takePins(
  context: PinContext,
  { issuer }: StoredCard,
  pan: string,
  entry: string,
  command: PinCommand,
): Promise<{ readonly intent: Intent; readonly pins: readonly WrappedPin[] }> {
  const wrap = async (name: string, pin: PinText) =>
    context.keys.wrapPin({ issuer, pan, id: `${entry}.${name}`, pin: sourceOf(pin, context) })
  const newPin = await wrap('new', command.newPin)
  const newName = { wrapped: newPin.id }
  if (command.type === 'pin-change') return { intent: { type: command.type, newPin: newName }, pins: [newPin] }
  const currentPin = await wrap('current', command.currentPin)
  return {
    intent: { type: command.type, newPin: newName, currentPin: { wrapped: currentPin.id } },
    pins: [newPin, currentPin],
  }
}

function sourceOf(pin: PinText, { devMode }: PinContext): PinRequest['pin'] {
  if (typeof pin === 'string') {
    if (!devMode) throw new HostError('ERR_DEV_MODE', 'Clear PINs are for dev mode only.')
    return pin
  }
  return { key: pin.key, format: pin.format, block: blockOf(pin.block) }
}

/** Text that is no bytes is a block that is none, like every other. */
function blockOf(text: string): Uint8Array {
  try {
    return fromHex(text, 'PIN block')
  } catch {
    throw new IssuerkitError('ERR_PIN_BLOCK')
  }
}
