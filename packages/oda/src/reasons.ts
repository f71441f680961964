/**
 * Why a verdict is negative: a closed set of codes, each with its kind, its citation and one sentence.
 *
 * | kind | the stage was |
 * |---|---|
 * | failed | checked, and a rule does not hold |
 * | missing | not checked: something that it needs is not there |
 * | unsupported | not checked: it uses an algorithm or a method that this toolkit does not know |
 * | not-done | not called for: neither good nor bad news |
 *
 * The issuer certificate is recovered by [EMV-B2] 5.3 for SDA and by 6.3 for the other methods, step for step the same;
 * 5.3 is cited. Likewise 6.5.2 and 6.6.2, steps 1 to 4, of which 6.5.2 is cited.
 */

/** See the table above. */
export type ReasonKind = 'failed' | 'missing' | 'unsupported' | 'not-done'

type Row = readonly [kind: ReasonKind, citation: string, sentence: string]

const ROWS = {
  METHOD_NONE: [
    'not-done',
    '[EMV-B3] 10.3',
    'Card and terminal have no method of offline data authentication in common.',
  ],
  METHOD_XDA: [
    'unsupported',
    '[EMV-B3] 10.3',
    'Extended data authentication (XDA) was chosen; this toolkit has no ECC.',
  ],

  RECORDS_REPEATED_TAG: ['failed', '[EMV-B3] 10.2', 'The records give a data object twice.'],

  AID_MISSING: ['missing', '[EMV-B2] 5.2', 'No AID of 5 bytes or more names the RID of the CA key.'],
  CA_KEY_INDEX_MISSING: ['missing', '[EMV-B2] 5.2', 'The card gives no CA public key index (8F) of 1 byte.'],
  CA_KEY_UNKNOWN: ['missing', '[EMV-B2] 5.2', 'The store has no CA key under this RID and index in this profile.'],
  CA_KEY_EXPIRED: ['failed', '[EMV-B2] 11.2.2', 'The CA key has expired at the transaction date.'],

  PAN_MISSING: ['missing', '[EMV-B2] 5.3 step 8', 'The card gives no PAN (5A) to compare with.'],
  PAN_MALFORMED: ['failed', '[EMV-B3] Annex A', 'The PAN (5A) is not 8 to 19 digits, padded with F on the right.'],
  TRANSACTION_DATE_MISSING: ['missing', '[EMV-B2] 5.3 step 9', 'Without a transaction date no expiry can be judged.'],

  ISSUER_CERT_MISSING: ['missing', '[EMV-B3] 7.2', 'The card gives no issuer public key certificate (90).'],
  ISSUER_EXPONENT_MISSING: ['missing', '[EMV-B3] 7.2', 'The card gives no issuer public key exponent (9F32).'],
  ISSUER_CERT_LENGTH: ['failed', '[EMV-B2] 5.3 step 1', 'The certificate is not as long as the modulus of the CA key.'],
  ISSUER_CERT_RECOVERY: ['failed', '[EMV-B2] 5.3 step 2', 'The certificate, as a number, is not below the modulus.'],
  ISSUER_CERT_TRAILER: ['failed', '[EMV-B2] 5.3 step 2', 'The recovered trailer is not BC.'],
  ISSUER_CERT_HEADER: ['failed', '[EMV-B2] 5.3 step 3', 'The recovered header is not 6A.'],
  ISSUER_CERT_FORMAT: ['failed', '[EMV-B2] 5.3 step 4', 'The certificate format is not 02.'],
  ISSUER_CERT_HASH_ALGORITHM: ['unsupported', '[EMV-B2] 5.3 step 6', 'The hash algorithm indicator is not 01 (SHA-1).'],
  ISSUER_CERT_KEY_ALGORITHM: ['unsupported', '[EMV-B2] 5.3 step 11', 'The key algorithm indicator is not 01 (RSA).'],
  ISSUER_CERT_KEY_LENGTH: ['failed', '[EMV-B2] 5.1', 'The certified key is shorter than 64 or longer than 248 bytes.'],
  ISSUER_CERT_REMAINDER_MISSING: [
    'missing',
    '[EMV-B2] 5.3 step 5',
    'The key needs a remainder (92), and there is none.',
  ],
  ISSUER_CERT_REMAINDER_LENGTH: ['failed', '[EMV-B2] 5.3 step 5', 'The remainder (92) is not what the key lacks.'],
  ISSUER_CERT_KEY_PADDING: ['failed', '[EMV-B2] 5.3', 'The key field is not filled with BB behind the key.'],
  ISSUER_CERT_EXPONENT_LENGTH: ['failed', '[EMV-B2] 5.3', 'The exponent (9F32) has another length than certified.'],
  ISSUER_CERT_EXPONENT: ['failed', '[EMV-B2] 5.1', 'The exponent (9F32) is neither 03 nor 010001.'],
  ISSUER_CERT_HASH: ['failed', '[EMV-B2] 5.3 step 7', 'The hash of certificate, remainder and exponent is another.'],
  ISSUER_CERT_IDENTIFIER: [
    'failed',
    '[EMV-B2] 5.3 step 8',
    'The issuer identifier is not the first 3 to 8 digits of the PAN.',
  ],
  ISSUER_CERT_MONTH: ['failed', '[EMV-B2] 5.3 step 9', 'The expiration date is not a month (MMYY, 01 to 12).'],
  ISSUER_CERT_EXPIRED: ['failed', '[EMV-B2] 5.3 step 9', 'The certificate has expired at the transaction date.'],
  ISSUER_CERT_REVOKED: [
    'failed',
    '[EMV-B2] 5.3 step 10',
    'RID, CA key index and serial number are on the revocation list.',
  ],

  ICC_CERT_MISSING: ['missing', '[EMV-B3] 7.2', 'The card gives no ICC public key certificate (9F46).'],
  ICC_EXPONENT_MISSING: ['missing', '[EMV-B3] 7.2', 'The card gives no ICC public key exponent (9F47).'],
  ICC_CERT_LENGTH: [
    'failed',
    '[EMV-B2] 6.4 step 1',
    'The certificate is not as long as the modulus of the issuer key.',
  ],
  ICC_CERT_RECOVERY: ['failed', '[EMV-B2] 6.4 step 2', 'The certificate, as a number, is not below the modulus.'],
  ICC_CERT_TRAILER: ['failed', '[EMV-B2] 6.4 step 2', 'The recovered trailer is not BC.'],
  ICC_CERT_HEADER: ['failed', '[EMV-B2] 6.4 step 3', 'The recovered header is not 6A.'],
  ICC_CERT_FORMAT: ['failed', '[EMV-B2] 6.4 step 4', 'The certificate format is not 04.'],
  ICC_CERT_HASH_ALGORITHM: ['unsupported', '[EMV-B2] 6.4 step 6', 'The hash algorithm indicator is not 01 (SHA-1).'],
  ICC_CERT_KEY_ALGORITHM: ['unsupported', '[EMV-B2] 6.4 step 10', 'The key algorithm indicator is not 01 (RSA).'],
  ICC_CERT_KEY_LENGTH: ['failed', '[EMV-B2] 6.1', 'The certified key is shorter than 64 or longer than 248 bytes.'],
  ICC_CERT_REMAINDER_MISSING: [
    'missing',
    '[EMV-B2] 6.4 step 5',
    'The key needs a remainder (9F48), and there is none.',
  ],
  ICC_CERT_REMAINDER_LENGTH: ['failed', '[EMV-B2] 6.4 step 5', 'The remainder (9F48) is not what the key lacks.'],
  ICC_CERT_KEY_PADDING: ['failed', '[EMV-B2] 6.4', 'The key field is not filled with BB behind the key.'],
  ICC_CERT_EXPONENT_LENGTH: ['failed', '[EMV-B2] 6.4', 'The exponent (9F47) has another length than certified.'],
  ICC_CERT_EXPONENT: ['failed', '[EMV-B2] 6.1', 'The exponent (9F47) is neither 03 nor 010001.'],
  ICC_CERT_HASH: [
    'failed',
    '[EMV-B2] 6.4 step 7',
    'The hash of certificate, remainder, exponent and static data is another.',
  ],
  ICC_CERT_PAN: ['failed', '[EMV-B2] 6.4 step 8', 'The certified PAN is not the PAN (5A), digit for digit.'],
  ICC_CERT_MONTH: ['failed', '[EMV-B2] 6.4 step 9', 'The expiration date is not a month (MMYY, 01 to 12).'],
  ICC_CERT_EXPIRED: ['failed', '[EMV-B2] 6.4 step 9', 'The certificate has expired at the transaction date.'],

  PIN_CERT_MISSING: ['missing', '[EMV-B2] 7.1', 'The card gives no ICC PIN encipherment certificate (9F2D).'],
  PIN_EXPONENT_MISSING: ['missing', '[EMV-B2] 7.1', 'The card gives no ICC PIN encipherment exponent (9F2E).'],
  PIN_CERT_LENGTH: ['failed', '[EMV-B2] 7.1', 'The certificate is not as long as the modulus of the issuer key.'],
  PIN_CERT_RECOVERY: ['failed', '[EMV-B2] 7.1', 'The certificate, as a number, is not below the modulus.'],
  PIN_CERT_TRAILER: ['failed', '[EMV-B2] 7.1', 'The recovered trailer is not BC.'],
  PIN_CERT_HEADER: ['failed', '[EMV-B2] 7.1', 'The recovered header is not 6A.'],
  PIN_CERT_FORMAT: ['failed', '[EMV-B2] 7.1', 'The certificate format is not 04.'],
  PIN_CERT_HASH_ALGORITHM: ['unsupported', '[EMV-B2] 7.1', 'The hash algorithm indicator is not 01 (SHA-1).'],
  PIN_CERT_KEY_ALGORITHM: ['unsupported', '[EMV-B2] 7.1', 'The key algorithm indicator is not 01 (RSA).'],
  PIN_CERT_KEY_LENGTH: ['failed', '[EMV-B2] 7.1', 'The certified key is shorter than 64 or longer than 248 bytes.'],
  PIN_CERT_REMAINDER_MISSING: ['missing', '[EMV-B2] 7.1', 'The key needs a remainder (9F2F), and there is none.'],
  PIN_CERT_REMAINDER_LENGTH: ['failed', '[EMV-B2] 7.1', 'The remainder (9F2F) is not what the key lacks.'],
  PIN_CERT_KEY_PADDING: ['failed', '[EMV-B2] 7.1', 'The key field is not filled with BB behind the key.'],
  PIN_CERT_EXPONENT_LENGTH: ['failed', '[EMV-B2] 7.1', 'The exponent (9F2E) has another length than certified.'],
  PIN_CERT_EXPONENT: ['failed', '[EMV-B2] 7.1', 'The exponent (9F2E) is neither 03 nor 010001.'],
  PIN_CERT_HASH: ['failed', '[EMV-B2] 7.1', 'The hash of certificate, remainder and exponent is another.'],
  PIN_CERT_PAN: ['failed', '[EMV-B2] 7.1', 'The certified PAN is not the PAN (5A), digit for digit.'],
  PIN_CERT_MONTH: ['failed', '[EMV-B2] 7.1', 'The expiration date is not a month (MMYY, 01 to 12).'],
  PIN_CERT_EXPIRED: ['failed', '[EMV-B2] 7.1', 'The certificate has expired at the transaction date.'],

  STATIC_DATA_MISSING: ['missing', '[EMV-B3] 10.3', 'A record of the static data to be authenticated was not read.'],
  STATIC_DATA_RECORD: ['failed', '[EMV-B3] 10.3', 'A signed record of SFI 1 to 10 is not exactly one template 70.'],
  STATIC_DATA_TAG_LIST: [
    'failed',
    '[EMV-B3] 10.3',
    'The static data authentication tag list (9F4A) names more than 82.',
  ],

  SSAD_MISSING: ['missing', '[EMV-B3] 7.2', 'The card gives no signed static application data (93).'],
  SSAD_LENGTH: ['failed', '[EMV-B2] 5.4 step 1', 'The signature is not as long as the modulus of the issuer key.'],
  SSAD_RECOVERY: ['failed', '[EMV-B2] 5.4 step 2', 'The signature, as a number, is not below the modulus.'],
  SSAD_TRAILER: ['failed', '[EMV-B2] 5.4 step 2', 'The recovered trailer is not BC.'],
  SSAD_HEADER: ['failed', '[EMV-B2] 5.4 step 3', 'The recovered header is not 6A.'],
  SSAD_FORMAT: ['failed', '[EMV-B2] 5.4 step 4', 'The signed data format is not 03.'],
  SSAD_HASH_ALGORITHM: ['unsupported', '[EMV-B2] 5.4 step 6', 'The hash algorithm indicator is not 01 (SHA-1).'],
  SSAD_HASH: ['failed', '[EMV-B2] 5.4 step 7', 'The hash of signed block and static data is another.'],
  SSAD_PADDING: ['failed', '[EMV-B2] 5.4', 'The pad pattern is not BB throughout.'],

  SDAD_MISSING: ['missing', '[EMV-B2] 6.5.1', 'The card gave no signed dynamic application data (9F4B).'],
  TERMINAL_DATA_MISSING: ['missing', '[EMV-B2] 6.5.2 step 5', 'What the terminal sent to the card is not known.'],
  DDOL_MALFORMED: ['failed', '[EMV-B2] 6.5.1', 'The DDOL (9F49) is not a data object list.'],
  DDOL_UNPREDICTABLE_NUMBER: ['failed', '[EMV-B2] 6.5.1', 'The DDOL (9F49) does not ask for the unpredictable number.'],
  SDAD_LENGTH: ['failed', '[EMV-B2] 6.5.2 step 1', 'The signature is not as long as the modulus of the ICC key.'],
  SDAD_RECOVERY: ['failed', '[EMV-B2] 6.5.2 step 2', 'The signature, as a number, is not below the modulus.'],
  SDAD_TRAILER: ['failed', '[EMV-B2] 6.5.2 step 2', 'The recovered trailer is not BC.'],
  SDAD_HEADER: ['failed', '[EMV-B2] 6.5.2 step 3', 'The recovered header is not 6A.'],
  SDAD_FORMAT: ['failed', '[EMV-B2] 6.5.2 step 4', 'The signed data format is not 05, or for fDDA not 95.'],
  SDAD_HASH_ALGORITHM: ['unsupported', '[EMV-B2] 6.5.2 step 6', 'The hash algorithm indicator is not 01 (SHA-1).'],
  SDAD_DYNAMIC_DATA_LENGTH: ['failed', '[EMV-B2] 6.5.1', 'The ICC dynamic data is longer than the modulus less 25.'],
  SDAD_HASH: ['failed', '[EMV-B2] 6.5.2 step 7', 'The hash of signed block and terminal data is another.'],
  SDAD_PADDING: ['failed', '[EMV-B2] 6.5.2', 'The pad pattern is not BB throughout.'],
  SDAD_DYNAMIC_NUMBER: ['failed', '[EMV-B2] 6.5.1', 'The ICC dynamic number is not 2 to 8 bytes within its data.'],

  CDA_RESPONSE: ['failed', '[EMV-B3] 6.5.5.4', 'The answer to GENERATE AC is neither of format 1 nor of format 2.'],
  CDA_NOT_SIGNED: ['not-done', '[EMV-B2] 6.6', 'The card declined with an AAC, which carries no signature.'],
  CDA_CID_MISSING: ['failed', '[EMV-B2] 6.6.1', 'The answer has no cryptogram information data (9F27) of 1 byte.'],
  CDA_DYNAMIC_DATA: [
    'failed',
    '[EMV-B2] 6.6.2 step 5',
    'The ICC dynamic data is not number, CID, cryptogram, hash code.',
  ],
  CDA_CID: ['failed', '[EMV-B2] 6.6.2 step 6', 'The signed CID is not the one in the clear (9F27).'],
  CDA_TRANSACTION_DATA_HASH: ['failed', '[EMV-B2] 6.6.2 step 12', 'The hash code of the transaction data is another.'],
} as const satisfies Record<string, Row>

/** A code of the closed set. */
export type ReasonCode = keyof typeof ROWS

/** A reason, spelt out. */
export interface Reason {
  readonly kind: ReasonKind
  readonly citation: string
  readonly sentence: string
}

function spellOut([kind, citation, sentence]: Row): Reason {
  return { kind, citation, sentence }
}

/** Every reason code with its kind, citation and sentence. */
export const REASONS: Readonly<Record<ReasonCode, Reason>> = Object.fromEntries(
  Object.entries(ROWS).map(([code, row]) => [code, spellOut(row)]),
) as Record<ReasonCode, Reason>
