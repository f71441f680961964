/** EXTERNAL AUTHENTICATE: the issuer's answer to the cryptogram, for the card to judge. @see [EMV-B3] 6.5.4, 10.9, [PBOC] 5 */
import type { Command } from '@issuerkit/apdu'
import type { ApplicationContext } from './debit-credit-model.js'
import {
  authenticateIssuer,
  isIssuerAuthenticationLength,
  recordIssuerAuthentication,
  supportsExternalAuthenticate,
} from './issuer-authentication.js'
import type { CardAnswer } from './virtual-card.js'

/**
 * EXTERNAL AUTHENTICATE, 00 82 00 00.
 *
 * | status | |
 * |---|---|
 * | 9000 | the issuer is authenticated |
 * | 6300 | it is not |
 * | 6985 | not promised in the AIP; no ARQC before; done once already, which counts as failed |
 * | 6700, 6A86 | data of another length than issuer authentication data have; P1 or P2 not 00 |
 *
 * After an AAC it goes where scripts go, on a blocked application: its unblocking may depend on it. [PBOC-SCRIPT] 11
 */
export function externalAuthenticate(context: ApplicationContext, { p1, p2, data }: Command): CardAnswer {
  const { config, transaction } = context
  if (p1 !== 0 || p2 !== 0) return { status: '6A86' }
  const isAnswerable = transaction.firstKind === 'ARQC' || transaction.scriptsAfterAac
  if (transaction.generateAcs !== 1 || !isAnswerable || !supportsExternalAuthenticate(config)) return { status: '6985' }
  if (transaction.issuerAuthentication !== 'none') {
    recordIssuerAuthentication(context, 'failed')
    transaction.csu = undefined
    return { status: '6985' }
  }
  if (data === undefined || !isIssuerAuthenticationLength(config, data.length)) return { status: '6700' }
  return { status: authenticateIssuer(context, data) ? '9000' : '6300' }
}
