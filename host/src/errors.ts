/**
 * The host's own error codes. Those of the packages ({@link ERROR_CODES} of @issuerkit/apdu) speak of messages and
 * keys; these speak of the service: its requests, its access, its database, its folders.
 */

interface HostErrorEntry {
  /** The HTTP status of an answer with this code; 500 for what only happens at start. */
  readonly status: number
  /** One sentence on when it happens; docs/errors.md repeats it. */
  readonly says: string
}

/** Every code of the host. docs/errors.md is tested against it. */
export const HOST_ERROR_CODES = {
  ERR_BODY: { status: 400, says: 'A request body is not strict JSON or does not fit its schema.' },
  ERR_QUERY: { status: 400, says: 'A query string, path parameter or header does not fit its schema.' },
  ERR_HTTP: { status: 400, says: 'A request is not well-formed HTTP.' },
  ERR_UNAUTHORIZED: { status: 401, says: 'A request carries no access token, or one that is not valid.' },
  ERR_FORBIDDEN: { status: 403, says: 'An access token lacks the scope that the route needs.' },
  ERR_NOT_FOUND: { status: 404, says: 'There is no such route or object.' },
  ERR_DEV_MODE: { status: 403, says: 'The request is for dev mode only, with keys that protect nothing.' },
  ERR_ISSUER_EXISTS: { status: 409, says: 'There is an issuer of this id already.' },
  ERR_ISSUER_PROFILE: { status: 422, says: 'An issuer profile contradicts itself: schemes, BIN ranges, limits.' },
  ERR_KEY_EXISTS: { status: 409, says: 'The issuer has a live key of this set, index, usage and algorithm already.' },
  ERR_KEY_REUSE: { status: 409, says: 'The same key was imported before for another use, algorithm or scheme family.' },
  ERR_KEY_IMPORT: { status: 400, says: "A key is not enciphered to the host's import key as it must be." },
  ERR_KEY_USAGE: { status: 422, says: 'A key is asked to do what it was not imported for.' },
  ERR_NO_KEY: { status: 422, says: 'The issuer has no key set of this derivation key index and algorithm.' },
  ERR_NO_ARPC: {
    status: 422,
    says: 'A cryptogram is not answered: it is no ARQC that verifies here; the verdict stands beside it.',
  },
  ERR_PAN_MISMATCH: { status: 422, says: 'The PAN is not that of the card or authorization that was named.' },
  ERR_ANSWERED: { status: 409, says: 'An authorization was answered before: otherwise, or by the network.' },
  ERR_LEDGER_STATE: {
    status: 409,
    says: "A card's ledger is in a state that does not allow this; the answer says which.",
  },
  ERR_SCRIPT_OPTION: { status: 422, says: 'A command cannot be queued with these dates, template or other settings.' },
  ERR_CURSOR: { status: 400, says: 'A cursor is none that this host gave out, or comes from another database.' },
  ERR_CHANNEL_FAILED: {
    status: 422,
    says: 'A secure channel has failed, whatever was wrong with what the card answered; it has ended.',
  },
  ERR_CHANNEL_ENDED: {
    status: 409,
    says: 'A secure channel has ended: closed, failed, or without a message for too long.',
  },
  ERR_CHANNEL_STATE: {
    status: 409,
    says: 'A secure channel is not where this request would have it, or another one came first; it goes on.',
  },
  ERR_PIN_CHANGE_REPEATED: { status: 409, says: 'A PIN change was built before for this card and ATC, or ARQC.' },
  ERR_PIN_IN_BATCH: {
    status: 422,
    says: 'A batch builds no PIN change: without an Idempotency-Key it could get lost.',
  },
  ERR_IDEMPOTENCY_KEY: { status: 422, says: 'An Idempotency-Key was used before for another request.' },
  ERR_CAMPAIGN_EXISTS: { status: 409, says: 'There is a campaign of this id already.' },
  ERR_CAMPAIGN_STATE: { status: 409, says: 'A campaign is not in a state that allows this.' },
  ERR_CAMPAIGN_COMMAND: { status: 422, says: 'A campaign carries no command with a PIN.' },
  ERR_CAMPAIGN_CARD: { status: 409, says: 'A campaign names a card once.' },
  ERR_CAMPAIGN_SIZE: { status: 413, says: 'A campaign would have more lines than it may have.' },
  ERR_BODY_TOO_LARGE: { status: 413, says: 'A request body is larger than 64 KB.' },
  ERR_LEDGER: {
    status: 500,
    says: "A card's ledger contradicts itself; nothing is done with the card until it was looked at.",
  },
  ERR_CONTENT_TYPE: { status: 415, says: 'A request body is not declared as application/json in UTF-8.' },
  ERR_TOO_MANY_REQUESTS: {
    status: 429,
    says: 'Too many requests, or too many failed verifications; Retry-After tells when.',
  },
  ERR_INTERNAL: { status: 500, says: 'The host failed; its log has the request id.' },
  ERR_KEYS_UNUSABLE: { status: 503, says: 'Stored keys do not unwrap; the answer names them.' },
  ERR_UNAVAILABLE: { status: 503, says: 'The database does not answer at the moment.' },
  ERR_USAGE: { status: 500, says: 'A command or an option is used wrongly.' },
  ERR_HOST_NOT_LOOPBACK: { status: 500, says: 'Dev mode was asked to listen on something else than loopback.' },
  ERR_PORT_TAKEN: { status: 500, says: 'The port to listen on is taken by another program.' },
  ERR_LISTEN: { status: 500, says: 'The address or port to listen on cannot be used.' },
  ERR_DATA_FOLDER: { status: 500, says: 'The data folder cannot be used as it is.' },
  ERR_DATA_FOLDER_IN_USE: { status: 500, says: 'The data folder is held by another live host.' },
  ERR_DATABASE: { status: 500, says: 'The database server does not start, or cannot be reached at start.' },
  ERR_MASTER_KEY: { status: 500, says: 'The master key is missing or is not 32 bytes in hexadecimal.' },
  ERR_KEY_UNWRAP: { status: 500, says: 'A stored key does not unwrap: another master key, or a changed row.' },
  ERR_AUDIT: { status: 500, says: 'An exported audit trail, a signed head or a key for it cannot be read.' },
  ERR_KEY_SET: { status: 500, says: 'The key set for access tokens is malformed or holds a key that must be refused.' },
} as const satisfies Record<string, HostErrorEntry>

/** A code of the host's closed set. */
export type HostErrorCode = keyof typeof HOST_ERROR_CODES

/** A failure of the service with a code of {@link HOST_ERROR_CODES}. The text never holds a secret. */
export class HostError extends Error {
  override readonly name = 'HostError'
  readonly code: HostErrorCode

  constructor(code: HostErrorCode, message: string = HOST_ERROR_CODES[code].says, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The code that Node gives a system error (`ENOENT`, `EACCES` …). */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
