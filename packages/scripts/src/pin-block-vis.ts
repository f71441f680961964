/**
 * The PIN block of PIN CHANGE for Visa and PBOC cards, bound to the card's own key instead of its PAN.
 *
 * | | 8 bytes |
 * |---|---|
 * | D1 | 00000000 ‖ the right 4 bytes of the left half of the ICC master key |
 * | D2 | 0 ‖ N (4 to C) ‖ the digits of the new PIN ‖ F.. |
 * | D3 | D1 XOR D2 |
 * | D4 | the digits of the current PIN ‖ 0.., without a count |
 * | D | D3 for P2 = 02; D3 XOR D4 for P2 = 01 |
 * @see [PBOC-SCRIPT] 5 P2=01 and P2=02, [VIS] PIN CHANGE/UNBLOCK
 */
import { concat, xor } from '@issuerkit/apdu'
import { Secret, type SecretKey } from '@issuerkit/keys'
import { type Pin, packNibbles, pinDigits, pinField } from './pin-block-field.js'

/** What the block is made of. */
export interface VisPinBlockInput {
  readonly newPin: Pin
  /** With it the block is for P2 = 01, without it for P2 = 02. */
  readonly currentPin?: Pin
  /** The ICC master key that stands in D1. Sources differ whether it is AC (Visa) or ENC: the key given here decides. */
  readonly diversifiedKey: SecretKey<'icc', 'AC' | 'ENC'>
}

/** The block D and what it is made of, by the names of the standard. All of it gives the PIN or the card's key away. */
export interface VisPinBlock {
  readonly d1: Secret
  readonly d2: Secret
  readonly d3: Secret
  /** With a current PIN only. */
  readonly d4?: Secret
  readonly d: Secret
}

/**
 * The PIN block D, and D1 to D4 on the way to it.
 * @throws ERR_PIN when a PIN is not 4 to 12 decimal digits, before the key is looked at; ERR_KEY_DESTROYED
 * @see [PBOC-SCRIPT] 5 P2=01 and P2=02, steps 1 to 4
 */
export function visPinBlock({ newPin, currentPin, diversifiedKey }: VisPinBlockInput): VisPinBlock {
  const newDigits = pinDigits(newPin, 'new PIN')
  const currentDigits = currentPin === undefined ? undefined : pinDigits(currentPin, 'current PIN')
  const d1 = concat(new Uint8Array(4), diversifiedKey.expose().subarray(4, 8))
  const d2 = pinField(0, newDigits, (count) => new Uint8Array(count).fill(15))
  const d3 = xor(d1, d2)
  const blocks = { d1: Secret.of(d1, 'D1'), d2: Secret.of(d2, 'D2'), d3: Secret.of(d3, 'D3') }
  if (currentDigits === undefined) return { ...blocks, d: Secret.of(d3, 'D') }
  const d4 = packNibbles(concat(currentDigits, new Uint8Array(16 - currentDigits.length)))
  return { ...blocks, d4: Secret.of(d4, 'D4'), d: Secret.of(xor(d3, d4), 'D') }
}
