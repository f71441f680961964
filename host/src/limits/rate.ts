/** Requests a second, by subject: a bucket that fills at the rate and holds the burst. One node counts for itself. */

export interface RateLimit {
  readonly perSecond: number
  /** How many may come at once after a pause. */
  readonly burst: number
}

/** Most subjects that are remembered; the one that was longest unseen goes first. */
const MOST = 10_000

interface Bucket {
  tokens: number
  at: number
}

/**
 * Takes one request of `subject`.
 * @returns undefined when it may pass, else the seconds until one may
 */
export type TakeRequest = (subject: string, now?: number) => number | undefined

/** A limiter; times are in milliseconds. */
export function rateLimiter({ perSecond, burst }: RateLimit, most = MOST): TakeRequest {
  const buckets = new Map<string, Bucket>()
  return (subject, now = Date.now()) => {
    const found = buckets.get(subject)
    const bucket = found ?? { tokens: burst, at: now }
    // The order of a Map is that of insertion: whoever asks moves to its end.
    buckets.delete(subject)
    buckets.set(subject, bucket)
    for (const [oldest] of buckets) {
      if (buckets.size <= most) break
      buckets.delete(oldest)
    }
    bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * perSecond)
    bucket.at = now
    if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond))
    bucket.tokens -= 1
    return undefined
  }
}
