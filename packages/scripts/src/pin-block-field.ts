/**
 * What all PIN blocks are made of: a PIN field of control value, number of digits, digits and fill, a nibble each; and a
 * PAN field.
 * @see [ISO9564-1] 9.3
 */
import { concat, expectLength, fromHex, IssuerkitError } from '@issuerkit/apdu'
import { expectCardIdentity, randomBytes, Secret } from '@issuerkit/keys'

/** A PIN: its digits as text, or the secret that reading a PIN block gives, which holds them in ASCII. */
export type Pin = string | Secret

/** Where the random fill of a PIN block comes from: a function that gives so many bytes. */
export type RandomSource = (length: number) => Uint8Array

/** Fewest and most digits of a PIN, and the nibbles that digits and fill share in a PIN field. [ISO9564-1] 8.1, 9.3 */
const SHORTEST = 4
const LONGEST = 12
const PLACES = 14

/**
 * A PIN, checked: 4 to 12 decimal digits. The error tells how many characters there are, never one of them.
 * @param label names the PIN in the error: `new PIN`
 * @throws ERR_PIN; ERR_KEY_DESTROYED
 * @see [ISO9564-1] 8.1
 */
export function expectPin(pin: Pin, label = 'PIN'): Pin {
  pinDigits(pin, label)
  return pin
}

/** The digits of a PIN as numbers, with the errors of {@link expectPin}. */
export function pinDigits(pin: Pin, label = 'PIN'): Uint8Array {
  const text = pin instanceof Secret ? String.fromCharCode(...pin.expose()) : pin
  if (typeof text !== 'string' || text.length < SHORTEST || text.length > LONGEST || !/^[0-9]*$/.test(text)) {
    const expected = `${SHORTEST} to ${LONGEST} decimal digits`
    throw new IssuerkitError('ERR_PIN', { label, expected, got: shape(text) })
  }
  return Uint8Array.from(text, Number)
}

function shape(text: unknown): string {
  if (typeof text !== 'string') return typeof text
  return `${text.length} characters${/^[0-9]*$/.test(text) ? '' : ', not all digits'}`
}

/** Nibbles as bytes, two in each. */
export function packNibbles(nibbles: Uint8Array): Uint8Array {
  return Uint8Array.from(
    { length: nibbles.length / 2 },
    (_, i) => ((nibbles[2 * i] as number) << 4) | (nibbles[2 * i + 1] as number),
  )
}

/**
 * A PIN field: control value ‖ number of digits ‖ digits ‖ fill, 8 bytes.
 * @param fill as many nibbles as it is asked for
 */
export function pinField(control: number, digits: Uint8Array, fill: (count: number) => Uint8Array): Uint8Array {
  return packNibbles(concat(Uint8Array.of(control, digits.length), digits, fill(PLACES - digits.length)))
}

/** The nibbles between which a fill lies. */
export interface FillRange {
  readonly lowest: number
  readonly highest: number
}

/**
 * The PIN of a PIN field of 8 bytes, as a secret.
 *
 * Whatever is wrong with the field is one and the same error, which says nothing: an answer that told a wrong control
 * value from a wrong fill would help to search for PINs. Every nibble is looked at, whatever the first fault is.
 * @throws ERR_PIN_BLOCK
 */
export function readPinField(field: Uint8Array, control: number, { lowest, highest }: FillRange): Secret {
  const first = field[0] as number
  const count = first & 15
  let faults = Number(first >> 4 !== control) + Number(count < SHORTEST) + Number(count > LONGEST)
  const places = Uint8Array.from(
    { length: PLACES },
    (_, i) => ((field[1 + (i >> 1)] as number) >> (4 - 4 * (i & 1))) & 15,
  )
  places.forEach((nibble, i) => {
    faults += i < count ? Number(nibble > 9) : Number(nibble < lowest) + Number(nibble > highest)
  })
  if (faults > 0) throw pinBlockError()
  return Secret.of(
    places.subarray(0, count).map((digit) => 0x30 + digit),
    'PIN',
  )
}

/** The one error of deciphered PIN blocks. */
export function pinBlockError(): IssuerkitError {
  return new IssuerkitError('ERR_PIN_BLOCK')
}

/**
 * The PAN field of formats 0 and 3: 0000 ‖ the 12 rightmost digits without the check digit, 8 bytes.
 * @throws ERR_PAN
 * @see [ISO9564-1] 9.3.2, 9.3.5
 */
export function shortPanField(pan: string): Uint8Array {
  return fromHex(expectPan(pan).slice(0, -1).slice(-12).padStart(16, '0'))
}

/**
 * The PAN field of format 4: the digits above 12 (0 to 7) ‖ the PAN, at least 12 digits ‖ 0.., 16 bytes.
 * @throws ERR_PAN
 * @see [ISO9564-1] 9.4.2
 */
export function longPanField(pan: string): Uint8Array {
  const digits = expectPan(pan).padStart(12, '0')
  return fromHex(`${digits.length - 12}${digits}`.padEnd(32, '0'))
}

function expectPan(pan: string): string {
  return expectCardIdentity({ pan, panSequence: '00' }).pan
}

/** So many bytes from a source, the platform's generator by default, which must give as many as it is asked for. */
export function randomFrom(length: number, source: RandomSource = randomBytes): Uint8Array {
  return expectLength(source(length), length, 'random')
}
