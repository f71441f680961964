/**
 * Checking an access token ([RFC9068]): its form before jose sees it, then signature, type, issuer, audience and times.
 *
 * A caller comes with the same token again and again, and its signature costs more than a script. So what was found is kept by
 * the token's hash, until the token expires, and for as long as the key set has the very key that it was checked with.
 */
import { type JWTHeaderParameters, type JWTPayload, jwtVerify } from 'jose'
import { HostError } from '../errors.js'
import { sha256 } from '../wrap.js'
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
const LONGEST_AGE_SECONDS = 86_400
/** Tokens that are remembered; the one that was longest unused goes first. */
const MOST_TOKENS = 1_000

/** A token that was good. */
interface Known {
  readonly caller: Caller
  readonly header: JWTHeaderParameters
  /** The key that its signature was checked with. */
  readonly key: unknown
  /** The second from which on it is good no more. */
  readonly until: number
}

/**
 * A checker of access tokens under `policy`; `now` is in milliseconds. ERR_UNAUTHORIZED, always with the same text, whatever is wrong: which
 * check failed is for the log.
 */
export function tokenVerifier({ keys, issuer, audience }: AccessPolicy, now: () => number = Date.now): VerifyToken {
  const known = new Map<string, Known>()
  const check = async (token: string): Promise<Known> => {
    const { payload, protectedHeader, key } = await jwtVerify(token, keys.find, {
      algorithms: keys.algorithms,
      issuer,
      audience,
      typ: 'at+jwt',
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ['exp', 'iat', 'sub'],
      maxTokenAge: LONGEST_AGE_SECONDS,
      currentDate: new Date(now()),
    }).catch((cause: unknown) => {
      // The keys cannot be had at the moment: nothing is wrong with the token.
      if (cause instanceof HostError) throw cause
      throw new HostError('ERR_UNAUTHORIZED', undefined, { cause })
    })
    const caller = { subject: subjectOf(payload), scopes: parseScopes(payload['scope']) }
    // jose has seen to it that there are both times.
    const { exp = 0, iat = 0 } = payload
    const until = Math.min(exp, iat + LONGEST_AGE_SECONDS) + CLOCK_TOLERANCE_SECONDS
    return { caller, header: protectedHeader, key, until }
  }
  /** Whether the key set has the key still; asking it also fetches a set that is old. */
  const isGood = async ({ header, key, until }: Known): Promise<boolean> => {
    if (Math.floor(now() / 1000) >= until) return false
    try {
      return (await keys.find(header, { payload: '', signature: '' })) === key
    } catch {
      return false
    }
  }
  return async (authorization = '') => {
    // jose's decoder forgives spaces and padding, so the form is settled before.
    const token = authorization.length <= LONGEST_TOKEN + 7 ? BEARER.exec(authorization)?.[1] : undefined
    if (token === undefined) throw new HostError('ERR_UNAUTHORIZED')
    const hash = Buffer.from(sha256(Buffer.from(token))).toString('base64url')
    const before = known.get(hash)
    const found = before !== undefined && (await isGood(before)) ? before : await check(token)
    known.delete(hash)
    known.set(hash, found)
    for (const [oldest] of known) {
      if (known.size <= MOST_TOKENS) break
      known.delete(oldest)
    }
    return found.caller
  }
}

function subjectOf({ sub }: JWTPayload): string {
  if (typeof sub === 'string' && sub.length <= LONGEST_SUBJECT && PRINTABLE.test(sub)) return sub
  throw new HostError('ERR_UNAUTHORIZED')
}
