/**
 * PIN CHANGE/UNBLOCK, 84 24 00 and P2. All three forms set the PIN try counter to its limit.
 *
 * | P2 | data field | |
 * |---|---|---|
 * | 00 | MAC | no new PIN |
 * | 01 | enciphered PIN data ‖ MAC | the PIN block takes the current PIN in |
 * | 02 | enciphered PIN data ‖ MAC | it does not |
 *
 * @see [PBOC-SCRIPT] 5, table 2-24; [EMV-B3] 6.5.10
 */
import { IssuerkitError } from '@issuerkit/apdu'
import type { Secret } from '@issuerkit/keys'
import { encipherData } from './encipher.js'
import { expectPin, isoPinBlock, type Pin, visPinBlock } from './pin-block.js'
import { ScriptSession } from './script-session.js'
import { type SecuredCommand, secureCommand } from './secure-command.js'
import { withIccKey } from './session-keys.js'

/**
 * PIN UNBLOCK, P2 = 00: the PIN tries again at their limit, the PIN as it was.
 * @throws ERR_KEY_DESTROYED
 * @see [PBOC-SCRIPT] 5 P2=00
 */
export function pinUnblock(session: ScriptSession): SecuredCommand {
  return secureCommand(session, 'pin-unblock', [0x84, 0x24, 0, 0])
}

/** The PINs, 4 to 12 decimal digits each: as text, or as the secret that reading a PIN block gives. */
export interface PinChangeInput {
  readonly newPin: Pin
  /** With it the command is P2 = 01, without it P2 = 02. Only `vis` blocks have a place for it. */
  readonly currentPin?: Pin
}

/** PIN CHANGE and every value on the way to it. Those that give the PIN or the card's key away are secrets. */
export interface PinChangeCommand extends SecuredCommand {
  /** The form of the PIN block: `vis` for Visa and PBOC, `iso-2` for the Mastercard family. */
  readonly format: 'vis' | 'iso-2'
  /** 00000000 ‖ the right 4 bytes of the left half of the ICC master key in `pinBlockKey`. `vis` only, as d2 to d4 and d. */
  readonly d1?: Secret
  /** 0N ‖ N digits of the new PIN ‖ F.., 8 bytes. */
  readonly d2?: Secret
  /** D1 XOR D2. */
  readonly d3?: Secret
  /** The digits of the current PIN ‖ 0.., 8 bytes. P2 = 01 only. */
  readonly d4?: Secret
  /** D3, for P2 = 01 XOR D4. */
  readonly d?: Secret
  /** The PIN block that is enciphered: D, or the ISO 9564 block. 8 bytes. */
  readonly pinBlock: Secret
  /** The PIN block padded to whole blocks, as it goes into the cipher. */
  readonly plain: Secret
  /** What comes out of it: the same as `data`. */
  readonly enciphered: Uint8Array
}

/**
 * PIN CHANGE, with the current PIN (P2 = 01) or without (P2 = 02).
 *
 * Where the scheme's block is `iso-2` the current PIN has no place in it: P2 = 01 is refused.
 * @throws ERR_PIN when a PIN is not 4 to 12 decimal digits; ERR_SCHEME when the scheme has no P2 = 01; ERR_KEY when the
 *   ENC key, or the key for D1, was not given: all before any cryptography
 * @throws ERR_KEY_DESTROYED
 * @see [PBOC-SCRIPT] 5 P2=01 and P2=02, steps 1 to 6
 */
export function pinChange(session: ScriptSession, { newPin, currentPin }: PinChangeInput): PinChangeCommand {
  const withCurrent = currentPin !== undefined
  expectPin(newPin, 'new PIN')
  if (withCurrent) expectPin(currentPin, 'current PIN')
  const format = session.scheme.pinBlock[withCurrent ? 'withCurrent' : 'withoutCurrent']
  const { keys } = ScriptSession.material(session)
  const encKey = given(keys.enc, 'ENC key')
  const pins = withCurrent ? { newPin, currentPin } : { newPin }
  const blocks = format === 'vis' ? visBlocks(session, pins) : isoBlocks(pins)
  // [PBOC-SCRIPT] 6: data are enciphered first, the MAC is formed over what is sent.
  const { plain, enciphered } = encipherData(session, encKey, blocks.pinBlock)
  const command = secureCommand(
    session,
    withCurrent ? 'pin-change-with-current' : 'pin-change',
    [0x84, 0x24, 0, withCurrent ? 1 : 2],
    enciphered,
  )
  return { ...command, format, ...blocks, plain, enciphered }
}

type PinBlocks = Pick<PinChangeCommand, 'd1' | 'd2' | 'd3' | 'd4' | 'd' | 'pinBlock'>

function visBlocks(session: ScriptSession, pins: PinChangeInput): PinBlocks {
  const { keys } = ScriptSession.material(session)
  const key = given(keys[session.pinBlockKey], `${session.pinBlockKey.toUpperCase()} key`)
  return withIccKey<'AC' | 'ENC', PinBlocks>(session, key, (diversifiedKey) => {
    const blocks = visPinBlock({ ...pins, diversifiedKey })
    return { ...blocks, pinBlock: blocks.d }
  })
}

function isoBlocks({ newPin, currentPin }: PinChangeInput): PinBlocks {
  if (currentPin !== undefined) {
    const expected = 'P2 = 02: an ISO 9564 block has no place for the current PIN'
    throw new IssuerkitError('ERR_SCHEME', { label: 'PIN CHANGE', expected })
  }
  return { pinBlock: isoPinBlock(2, newPin) }
}

function given<K>(key: K | undefined, label: string): K {
  if (key === undefined) throw new IssuerkitError('ERR_KEY', { label, expected: 'a key', got: 'none' })
  return key
}
