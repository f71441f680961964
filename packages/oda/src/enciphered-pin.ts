/**
 * The data of VERIFY for an enciphered offline PIN.
 *
 * | bytes | |
 * |---|---|
 * | 1 | header 7F |
 * | 8 | PIN block of ISO 9564-1 format 2 |
 * | 8 | the card's unpredictable number, from GET CHALLENGE |
 * | N - 17 | random padding |
 *
 * @see [EMV-B2] 7.2
 */
import { concat, encodeCommand, expectLength, IssuerkitError, toHex } from '@issuerkit/apdu'
import { type RsaPublicKey, randomBytes, rsaPublic } from '@issuerkit/keys'

/** What goes into the block. */
export interface EncipheredPinInput {
  /** The card's PIN encipherment key, or its ICC key where it has none of its own. Both come out of a verdict's chain. */
  readonly key: RsaPublicKey
  /** ISO 9564-1 format 2, 8 bytes: 2L, the digits, F. */
  readonly pinBlock: Uint8Array
  /** The answer to GET CHALLENGE, 8 bytes, fresh for each attempt. */
  readonly unpredictableNumber: Uint8Array
}

/**
 * The enciphered PIN data for VERIFY, as long as the modulus of the key. Two calls give different data.
 * @throws ERR_PIN_BLOCK when the PIN block is not of format 2; ERR_LENGTH when the unpredictable number is not 8 bytes;
 * ERR_RSA when the key is shorter than 512 bits or no RSA key
 * @see [EMV-B2] 7.2, [ISO9564-1] 9.3.3 (format 2)
 */
export function encipherPin({ key, pinBlock, unpredictableNumber }: EncipheredPinInput): Uint8Array {
  expectFormat2(pinBlock)
  expectLength(unpredictableNumber, 8, 'unpredictable number')
  const { length } = key.modulus
  if (length < 64) {
    throw new IssuerkitError('ERR_RSA', { label: 'modulus', expected: 'at least 64 bytes', got: `${length} bytes` })
  }
  // The header keeps the block below any modulus with its highest bit set, as EMV demands of a modulus.
  const block = concat(Uint8Array.of(0x7f), pinBlock, unpredictableNumber, randomBytes(length - 17))
  const enciphered = rsaPublic(key, block)
  block.fill(0)
  return enciphered
}

/**
 * The whole command: VERIFY with an enciphered PIN (P2 88).
 * @throws as {@link encipherPin}
 * @see [EMV-B3] 6.5.12
 */
export function verifyEncipheredPinCommand(input: EncipheredPinInput): Uint8Array {
  return encodeCommand({ cla: 0x00, ins: 0x20, p1: 0x00, p2: 0x88, data: encipherPin(input) })
}

/** The error says nothing of the block but that it is none: it holds a PIN. */
function expectFormat2(pinBlock: Uint8Array): void {
  const [first = 0] = pinBlock
  const length = first & 0x0f
  const digits = toHex(pinBlock).slice(2)
  const wellFormed =
    pinBlock.length === 8 &&
    first >> 4 === 2 &&
    length >= 4 &&
    length <= 12 &&
    /^[0-9]*$/.test(digits.slice(0, length)) &&
    /^F*$/.test(digits.slice(length))
  if (!wellFormed) throw new IssuerkitError('ERR_PIN_BLOCK', { label: 'PIN block', expected: 'ISO 9564-1 format 2' })
}
