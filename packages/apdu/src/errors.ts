/**
 * The one error class of the toolkit and its closed set of codes.
 *
 * A caller's mistake or a malformed message throws an {@link IssuerkitError}. A negative verdict (a cryptogram that does
 * not verify, a certificate that fails a check) is not an error: it is a value.
 */

/** Every code with one sentence on when it is thrown. docs/errors.md and the host's HTTP map are tested against it. */
export const ERROR_CODES = {
  ERR_HEX: 'Text that should be hexadecimal has an odd length or another character.',
  ERR_LENGTH: 'A value has another length than the standard gives it.',
  ERR_TLV: 'A BER-TLV structure is malformed: cut short, a bad length, trailing bytes, nested too deep.',
  ERR_TAG: 'A tag is not a well-formed BER-TLV tag, or is missing or repeated where exactly one is needed.',
  ERR_DOL: 'A data object list is malformed, or a value does not fit it.',
  ERR_AFL: 'An application file locator is malformed.',
  ERR_RECORD: 'A record is missing or not what its file must hold.',
  ERR_COMMAND: 'A command APDU is malformed or a part of it is out of range.',
  ERR_RESPONSE: 'A response APDU is malformed: shorter than its status word, or too long.',
  ERR_EXCHANGE: 'An exchange of commands did not end as it must: a chain too long, no answer left to replay.',
  ERR_TRANSCRIPT: 'A transcript file is malformed, or a replayed session leaves it.',
  ERR_PAN: 'A PAN is not 8 to 19 decimal digits.',
  ERR_PAN_SEQUENCE: 'A PAN sequence number is not two decimal digits.',
  ERR_KEY: 'A key has the wrong length, or is of a kind that must be refused (zero, weak, equal halves).',
  ERR_KEY_DESTROYED: 'A key was used after it was destroyed.',
  ERR_KCV: 'A key or key component does not have the key check value given with it.',
  ERR_DATE: 'A date is not a day of the calendar, written YYYYMMDD.',
  ERR_ATC: 'An application transaction counter is not 2 bytes.',
  ERR_ARQC: 'An application cryptogram is not 8 bytes.',
  ERR_ARC: 'An authorisation response code is not 2 bytes.',
  ERR_PADDING: 'A padding method is unknown, or a padded message has no valid padding.',
  ERR_MAC_LENGTH: 'A MAC length is outside 4 to 8 bytes, 4 to 16 for the AES and SM4 primitives.',
  ERR_SCHEME: 'A scheme is unknown or lacks what the operation needs.',
  ERR_OPTION: 'An option names a method or mode that does not exist, or a number outside its range.',
  ERR_PIN: 'A PIN is not 4 to 12 decimal digits.',
  ERR_PIN_BLOCK: 'A PIN block is not one, or not one of this PAN; nothing more is told about it.',
  ERR_KEY_BLOCK: 'A key block (TR-31) is malformed, fails its MAC, or would break a rule of its header.',
  ERR_SCRIPT: 'An issuer script command or template is malformed or does not fit its limits.',
  ERR_CA_KEY: 'A CA public key is malformed, has a wrong checksum or an exponent other than 3 and 65537.',
  ERR_RSA: 'An RSA operand has another length than its modulus, or is not below it.',
  ERR_BACKEND:
    'The cryptographic back end in use refuses an operation: an RSA private key in a time that depends on it.',
  ERR_CHANNEL: 'A secure channel cannot be opened, or cannot go on: a refusal, a failed check, a step out of order.',
  ERR_CERTIFICATE: 'A card-verifiable certificate is malformed, or fails a check of its chain.',
  ERR_SECURE_MESSAGING:
    'A message under secure messaging is malformed, unprotected, or fails its MAC; the session ends.',
  ERR_BATCH: 'A line of a batch is too long, or is not a JSON object of the fields that the batch takes.',
  ERR_CARD: 'A card profile, a saved card or the memory of a card is malformed, or does not hold what is asked of it.',
  ERR_POWER: 'A virtual card has no power: it was switched off, or its fuse cut it. Nothing is told about the command.',
  ERR_READER:
    'A reader or the card in it cannot be used: none there, in use by another program, removed, reset, too late.',
  ERR_VECTOR_FILE: 'A vector file has an unknown field, operation or value.',
} as const

/** A code of the closed set. */
export type ErrorCode = keyof typeof ERROR_CODES

/** What an error tells besides its code. None of the fields ever holds a key, a PIN, a PIN block or a whole PAN. */
export interface ErrorDetails {
  /** The name of the value that is wrong, in the words of the standard: `pan`, `tag 9F10`. */
  readonly label?: string
  readonly expected?: string
  readonly got?: string
  /** The tags from the outside in, for a TLV error: `['6F', 'A5']`. */
  readonly path?: readonly string[]
  /** The offset in bytes from the start of the whole input. */
  readonly offset?: number
}

/** A caller's mistake or a malformed message, with a code of {@link ERROR_CODES}. */
export class IssuerkitError extends Error {
  override readonly name = 'IssuerkitError'
  readonly code: ErrorCode
  readonly label: string | undefined
  readonly expected: string | undefined
  readonly got: string | undefined
  readonly path: readonly string[] | undefined
  readonly offset: number | undefined

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(describe(code, details))
    this.code = code
    this.label = details.label
    this.expected = details.expected
    this.got = details.got
    this.path = details.path
    this.offset = details.offset
  }
}

function describe(code: ErrorCode, { label, expected, got, path, offset }: ErrorDetails): string {
  const where = [
    label,
    path !== undefined && path.length > 0 ? `in ${path.join('/')}` : undefined,
    offset === undefined ? undefined : `at byte ${offset}`,
  ].filter((part) => part !== undefined)
  const what = [
    expected === undefined ? undefined : `expected ${expected}`,
    got === undefined ? undefined : `got ${got}`,
  ].filter((part) => part !== undefined)
  return [code, where.join(' '), what.join(', ')].filter((part) => part !== '').join(': ')
}
