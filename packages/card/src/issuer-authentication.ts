/**
 * Issuer authentication as the card does it: the ARPC in issuer authentication data (tag 91), which come by EXTERNAL
 * AUTHENTICATE or with the second GENERATE AC.
 *
 * | method | tag 91 | ARPC |
 * |---|---|---|
 * | 1 | ARPC(8) ARC(2) | the cipher over cryptogram XOR (ARC ‖ 00..) |
 * | 2 | ARPC(4) CSU(4) proprietary authentication data (0 to 8) | MAC, padding 2, over cryptogram ‖ CSU ‖ proprietary data |
 *
 * The cryptogram is that of the first GENERATE AC.
 * @see [EMV-B2] 8.2, [EMV-B3] 10.9, [PBOC] 5
 */
import { concat, fromHex, parseDol } from '@issuerkit/apdu'
import { constantTimeEqual, mac, scheme } from '@issuerkit/keys'
import { withCardKeys } from './card-keys.js'
import type { ApplicationConfig, ApplicationContext } from './debit-credit-model.js'
import { terminalValues } from './terminal-values.js'

/** Bytes of tag 91 by ARPC method: the least, the most. [EMV-B3] Annex A */
const LENGTHS = { 1: [10, 10], 2: [8, 16] } as const
/** [EMV-B3] Annex C1, AIP byte 1 bit 3. */
const AIP_ISSUER_AUTHENTICATION = 0x04

/** Whether issuer authentication data may have this length under the application's scheme. */
export function isIssuerAuthenticationLength({ scheme: name }: ApplicationConfig, length: number): boolean {
  const [least, most] = LENGTHS[scheme(name).arpc.method]
  return length >= least && length <= most
}

/** Whether the AIP promises EXTERNAL AUTHENTICATE. */
export function supportsExternalAuthenticate({ aip }: ApplicationConfig): boolean {
  return ((fromHex(aip)[0] as number) & AIP_ISSUER_AUTHENTICATION) !== 0
}

/** Whether the card can authenticate its issuer at all: by EXTERNAL AUTHENTICATE, or by tag 91 in CDOL2. */
export function supportsIssuerAuthentication(config: ApplicationConfig): boolean {
  return supportsExternalAuthenticate(config) || parseDol(fromHex(config.cdol2)).some(({ tag }) => tag === '91')
}

/**
 * Authenticates the issuer, and keeps the outcome: in the transaction, with the card status update of method 2, and in the
 * issuer authentication failure indicator, which the next transaction looks at.
 * @param data the value of tag 91, of a length that {@link isIssuerAuthenticationLength} takes
 */
export function authenticateIssuer(context: ApplicationContext, data: Uint8Array): boolean {
  const { config, transaction } = context
  const { arpc: row, algorithm } = scheme(config.scheme)
  // The session key is the cryptogram's, so the unpredictable number is the first GENERATE AC's, too.
  const values = terminalValues(config, transaction, transaction.cdol1Data)
  const succeeded = withCardKeys(context, values, (keys) => {
    const key = row.key === 'icc' ? keys.iccKey : keys.key
    if (row.method === 2) {
      const expected = mac(key, concat(transaction.cryptogram, data.subarray(4)), { padding: 2, length: 4 })
      return constantTimeEqual(expected, data.subarray(0, 4))
    }
    const block = new Uint8Array(algorithm === 'sm4' ? 16 : 8)
    block.set(transaction.cryptogram)
    block.set([(block[0] as number) ^ (data[8] as number), (block[1] as number) ^ (data[9] as number)])
    // The MAC of one whole block, with nothing to pad, is that block enciphered.
    return constantTimeEqual(mac(key, block, { padding: 1 }), data.subarray(0, 8))
  })
  transaction.csu = succeeded && row.method === 2 ? data.slice(4, 8) : undefined
  recordIssuerAuthentication(context, succeeded ? 'succeeded' : 'failed')
  return succeeded
}

/** Keeps the outcome of issuer authentication. */
export function recordIssuerAuthentication(
  { memory, transaction }: ApplicationContext,
  outcome: 'succeeded' | 'failed',
): void {
  transaction.issuerAuthentication = outcome
  memory.setState('issuerAuthenticationFailed', outcome === 'failed' ? 1 : 0)
}

/**
 * Issuer authentication with the second GENERATE AC, unless EXTERNAL AUTHENTICATE was there before. A terminal without
 * issuer authentication data fills the place with zeros. [EMV-B3] 5.4
 */
export function authenticateIssuerInline(context: ApplicationContext, data: Uint8Array | undefined): void {
  const { config, transaction } = context
  if (data === undefined || transaction.issuerAuthentication !== 'none' || data.every((byte) => byte === 0)) return
  const given = withoutFilling(config, data)
  if (isIssuerAuthenticationLength(config, given.length)) authenticateIssuer(context, given)
  else recordIssuerAuthentication(context, 'failed')
}

/** [EMV-B3] Annex C10, byte 1 bit 8: proprietary authentication data are there. */
const PROPRIETARY_DATA = 0x80

/** A CDOL2 that has room for proprietary authentication data gets zeros where there are none. */
function withoutFilling({ scheme: name }: ApplicationConfig, data: Uint8Array): Uint8Array {
  if (scheme(name).arpc.method === 1) return data
  const isThere = ((data[4] ?? 0) & PROPRIETARY_DATA) !== 0 || data.subarray(8).some((byte) => byte !== 0)
  return isThere ? data : data.subarray(0, 8)
}
