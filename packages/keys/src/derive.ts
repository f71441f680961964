/**
 * Key derivation: issuer master key -> ICC master key.
 * The ICC master key is what Visa and PBOC call the UDK (子密钥): one per card, application and purpose.
 * @see [EMV-B2] A1.4, [PBOC] 7
 */
import { concat, fromHex } from '@issuerkit/apdu'
import { backend } from './backend.js'
import { type CardIdentity, expectCardIdentity } from './card-identity.js'
import { type KeyPurpose, TdesKey, withOddParity } from './key.js'

/** How an ICC master key is derived. */
export interface DeriveOptions {
  /** `A`: the rightmost 16 digits of PAN and sequence number. */
  readonly option?: 'A'
  /**
   * Whether the parity bits of the derived key are made odd (the default) or left as enciphering gave them.
   * DES ignores them; D1 of a PIN block and Visa's XOR session key take them as they are, so the choice shows there.
   */
  readonly parity?: 'odd' | 'none'
}

/**
 * The ICC master key of a card: 16 bytes, of the same purpose as the issuer master key.
 *
 * ```
 * Y   = the 16 digits of option A, as 8 bytes
 * key = TDES(IMK)[Y] ‖ TDES(IMK)[NOT Y]
 * ```
 * @throws ERR_PAN, ERR_PAN_SEQUENCE, ERR_KEY_DESTROYED
 * @see [EMV-B2] A1.4.1
 */
export function deriveIccMasterKey<P extends KeyPurpose>(
  imk: TdesKey<'issuer', P>,
  card: CardIdentity,
  { parity = 'odd' }: DeriveOptions = {},
): TdesKey<'icc', P> {
  const y = optionAInput(card)
  const raw = backend().des('encrypt', imk.expose(), concat(y, invert(y)))
  return TdesKey.create('icc', imk.purpose, parity === 'odd' ? withOddParity(raw) : raw, { allowEqualHalves: true })
}

/** Y of option A: the rightmost 16 digits of PAN ‖ sequence number, zero-filled on the left. [EMV-B2] A1.4.1 step 1 */
function optionAInput(card: CardIdentity): Uint8Array {
  const { pan, panSequence } = expectCardIdentity(card)
  return fromHex(`${pan}${panSequence}`.slice(-16).padStart(16, '0'))
}

function invert(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => byte ^ 0xff)
}
