/** Answering an ARQC: verification and ARPC in one call, so that nothing unverified is ever answered. */
import { IssuerkitError } from '@issuerkit/apdu'
import { type ArpcDecision, generateArpc, issuerAuthenticationData, tag91 } from './arpc.js'
import type { CryptogramKeys } from './cryptogram-key.js'
import type { Scheme } from './schemes.js'
import { examineCryptogram, type VerifyCryptogramInput } from './verify-cryptogram.js'
import type { CryptogramVerdict } from './verify-verdict.js'

/** The issuer's answer to an ARQC. */
export interface ArpcAnswer {
  /** 8 bytes by method 1, 4 by method 2. */
  readonly arpc: Uint8Array
  /** The value of tag 91: ARPC ‖ ARC, or ARPC ‖ CSU ‖ proprietary authentication data. */
  readonly issuerAuthenticationData: Uint8Array
  /** Tag 91 whole, for DE55 of the answer. */
  readonly tag91: Uint8Array
  readonly method: 1 | 2
}

/** The issuer's decision, or what finds it once the verdict is known; `undefined` answers nothing. */
export type DecideArpc = ArpcDecision | ((verdict: CryptogramVerdict) => ArpcDecision | undefined)

/**
 * The key of the ARPC: the scheme says whether it is the session key or the ICC master key.
 * @throws ERR_SCHEME for an unknown scheme
 */
export function arpcKey(row: Scheme, keys: CryptogramKeys): CryptogramKeys['key'] {
  return row.arpc.key === 'icc' ? keys.iccKey : keys.key
}

/**
 * Verifies the cryptogram of a request and answers it. There is an answer for an ARQC that verifies, whatever else speaks
 * against it (replay, ATC, policy): whether to approve is the issuer's decision. There is none for a TC or AAC, whatever
 * `expectedType` says, and none
 * for a cryptogram that does not verify: an ARPC over chosen input is an oracle on the card's key.
 * @throws as {@link verifyApplicationCryptogram}; ERR_OPTION when the decision is not for the scheme's method; ERR_ARC;
 *   ERR_LENGTH for CSU and proprietary authentication data
 * @see [EMV-B2] 8.2
 */
export function answerApplicationCryptogram(
  input: VerifyCryptogramInput,
  decide: DecideArpc,
): { readonly verdict: CryptogramVerdict; readonly answer: ArpcAnswer | undefined } {
  const request = { ...input, expectedType: 'ARQC' } as const
  const { verdict, result } = examineCryptogram(request, (keys, found, row, cryptogram) => {
    if (found.findings.includes('G')) return undefined
    const decision = typeof decide === 'function' ? decide(found) : decide
    return decision === undefined ? undefined : answer(row, keys, cryptogram, decision)
  })
  return { verdict, answer: result }
}

function answer(row: Scheme, keys: CryptogramKeys, arqc: Uint8Array, decision: ArpcDecision): ArpcAnswer {
  const method = 'arc' in decision ? 1 : 2
  if (method !== row.arpc.method) {
    const expected = row.arpc.method === 1 ? 'an ARC' : 'a CSU'
    throw new IssuerkitError('ERR_OPTION', { label: 'decision', expected })
  }
  const arpc = generateArpc(arpcKey(row, keys), arqc, decision)
  return {
    arpc,
    issuerAuthenticationData: issuerAuthenticationData(arpc, decision),
    tag91: tag91(arpc, decision),
    method,
  }
}
