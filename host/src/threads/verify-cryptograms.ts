/** Many cryptograms of one issuer, for whichever thread. */
import type { CryptogramVerdict } from '@issuerkit/keys'
import { requestOf, verdictAnswer } from '../keys/cryptogram-json.js'
import type { CryptogramText } from '../keys/key-service.js'
import type { OpenIssuer } from '../keys/open-issuer.js'
import { verify } from '../keys/verify-request.js'
import { type IssuerCopy, withIssuer } from './issuer-copy.js'
import { type Thrown, thrownOf } from './thrown.js'

/** Work, as it comes. */
export interface CryptogramTask {
  readonly issuer: IssuerCopy
  /** JSON of a list of CryptogramText: one text crosses threads sooner than what it says. */
  readonly requests: string
}

/** A verdict as it crosses threads: its letter, and its JSON. */
export type ThreadVerdict =
  | { readonly code: CryptogramVerdict['code']; readonly json: string }
  | { readonly error: Thrown }

/** The verdicts, in order; never throws on behalf of one of them. */
export function verifyCryptograms({ issuer, requests }: CryptogramTask): readonly ThreadVerdict[] {
  return withIssuer(issuer, (open) => (JSON.parse(requests) as CryptogramText[]).map((one) => verdictOf(open, one)))
}

function verdictOf(open: OpenIssuer, { expectedType, ...body }: CryptogramText): ThreadVerdict {
  try {
    const request = { ...requestOf(body), ...(expectedType === undefined ? {} : { expectedType }) }
    const verdict = verify(open, request)
    return { code: verdict.code, json: JSON.stringify(verdictAnswer(verdict, false)) }
  } catch (error) {
    return { error: thrownOf(error) }
  }
}
