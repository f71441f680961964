/** What identifies a card to its issuer's keys: the PAN and its sequence number, as decimal digits. */
import { IssuerkitError } from '@issuerkit/apdu'

/** PAN (8 to 19 decimal digits) and PAN sequence number (two decimal digits, `00` where the card has none). */
export interface CardIdentity {
  readonly pan: string
  readonly panSequence: string
}

/**
 * The identity, checked. A hexadecimal letter, a space or the padding F of tag 5A is refused, not repaired.
 * @throws ERR_PAN when the PAN is not 8 to 19 decimal digits; ERR_PAN_SEQUENCE when the sequence number is not two
 * @see [EMV-B3] Annex A, tags 5A and 5F34
 */
export function expectCardIdentity({ pan, panSequence }: CardIdentity): CardIdentity {
  if (typeof pan !== 'string' || !/^[0-9]{8,19}$/.test(pan)) {
    throw new IssuerkitError('ERR_PAN', { label: 'pan', expected: '8 to 19 decimal digits', got: shape(pan) })
  }
  if (typeof panSequence !== 'string' || !/^[0-9]{2}$/.test(panSequence)) {
    throw new IssuerkitError('ERR_PAN_SEQUENCE', {
      label: 'panSequence',
      expected: 'two decimal digits',
      got: shape(panSequence),
    })
  }
  return { pan, panSequence }
}

/** The length of a text and whether it holds anything but digits; a PAN itself never stands in an error. */
function shape(text: unknown): string {
  if (typeof text !== 'string') return typeof text
  return `${text.length} characters${/^[0-9]*$/.test(text) ? '' : ', not all digits'}`
}
