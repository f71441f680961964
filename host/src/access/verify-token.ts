/**
 * Checking an access token ([RFC9068]): its form before jose sees it, then signature, type, issuer, audience and times.
 */
import { type JWTPayload, jwtVerify } from 'jose'
import { HostError } from '../errors.js'
import type { KeySet } from './key-set.js'
import { parseScopes, type Scope } from './scopes.js'

export interface AccessPolicy {
  readonly keys: KeySet
  readonly issuer: string
  readonly audience: string
}

/** Who asks, and what they may. */
export interface Caller {
  readonly subject: string
  readonly scopes: ReadonlySet<Scope>
}

/** Checks the value of an Authorization header. */
export type VerifyToken = (authorization: string | undefined) => Promise<Caller>

const BEARER = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i
const LONGEST_TOKEN = 4096
const LONGEST_SUBJECT = 256
/** A subject stands in the audit trail and in keys of the database: neither can hold control characters. */
const PRINTABLE = /^[^\p{Cc}\p{Cs}]+$/u
const CLOCK_TOLERANCE_SECONDS = 5

/**
 * A checker of access tokens under `policy`. ERR_UNAUTHORIZED, always with the same text, whatever is wrong: which
 * check failed is for the log.
 */
export function tokenVerifier({ keys, issuer, audience }: AccessPolicy): VerifyToken {
  return async (authorization = '') => {
    // jose's decoder forgives spaces and padding, so the form is settled before.
    const token = authorization.length <= LONGEST_TOKEN + 7 ? BEARER.exec(authorization)?.[1] : undefined
    if (token === undefined) throw new HostError('ERR_UNAUTHORIZED')
    const { payload } = await jwtVerify(token, keys.find, {
      algorithms: keys.algorithms,
      issuer,
      audience,
      typ: 'at+jwt',
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ['exp', 'iat', 'sub'],
      maxTokenAge: '24h',
    }).catch((cause: unknown) => {
      // The keys cannot be had at the moment: nothing is wrong with the token.
      if (cause instanceof HostError) throw cause
      throw new HostError('ERR_UNAUTHORIZED', undefined, { cause })
    })
    return { subject: subjectOf(payload), scopes: parseScopes(payload['scope']) }
  }
}

function subjectOf({ sub }: JWTPayload): string {
  if (typeof sub === 'string' && sub.length <= LONGEST_SUBJECT && PRINTABLE.test(sub)) return sub
  throw new HostError('ERR_UNAUTHORIZED')
}
