/**
 * A key set that is fetched: from one https address that the operator names, nowhere else, within 5 seconds, 64 KB at most,
 * without following redirects. It is fetched again when a token names a key that is not in it, or when it is ten minutes old,
 * but never within 30 seconds of the last try: a flood of made-up key ids causes no flood of fetches.
 */
import type { JWTVerifyGetKey } from 'jose'
import { HostError, systemCode } from '../errors.js'
import { KEY_ALGORITHMS, type KeySet, readKeySet } from './key-set.js'

const PAUSE = 30_000
const OLD = 600_000
const TIMEOUT = 5_000
const LARGEST = 64 * 1024

export interface RemoteKeySetOptions {
  readonly fetch?: typeof fetch
  readonly now?: () => number
  /** Hears why a fetch failed; the keys of before stay in use. */
  readonly onError?: (error: unknown) => void
}

/** A key set at `address`; nothing is fetched before the first token. ERR_KEY_SET when it is not an https address. */
export function remoteKeySet(address: string, options: RemoteKeySetOptions = {}): KeySet {
  const { fetch: get = fetch, now = Date.now, onError = () => {} } = options
  const url = httpsUrl(address)
  let keys: KeySet | undefined
  let fetchedAt = Number.NEGATIVE_INFINITY
  let triedAt = Number.NEGATIVE_INFINITY
  let running: Promise<void> | undefined

  const refresh = async () => {
    triedAt = now()
    try {
      keys = await download(url, get)
      fetchedAt = triedAt
    } catch (error) {
      onError(error)
    }
  }
  /** Waits for the fetch that runs or begins one; begins none within 30 seconds of the last. */
  const refreshed = async () => {
    if (running === undefined && now() - triedAt >= PAUSE) {
      running = refresh().finally(() => {
        running = undefined
      })
    }
    await running
  }
  const find: JWTVerifyGetKey = async (header, token) => {
    if (keys === undefined || now() - fetchedAt >= OLD) await refreshed()
    if (keys === undefined) throw new HostError('ERR_UNAVAILABLE')
    try {
      return await keys.find(header, token)
    } catch (error) {
      if (systemCode(error) !== 'ERR_JWKS_NO_MATCHING_KEY') throw error
      await refreshed()
      return keys.find(header, token)
    }
  }
  return { find, algorithms: [...KEY_ALGORITHMS] }
}

function httpsUrl(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol === 'https:' && url.username === '' && url.password === '') return url
  throw new HostError('ERR_KEY_SET', 'a key set is a file or an https address without a name and password')
}

async function download(url: URL, get: typeof fetch): Promise<KeySet> {
  const answer = await get(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT),
    headers: { accept: 'application/jwk-set+json, application/json' },
  })
  if (answer.status !== 200 || answer.body === null) {
    throw new HostError('ERR_KEY_SET', `the key set was answered with ${answer.status}`)
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of answer.body) {
    length += chunk.length
    if (length > LARGEST) throw new HostError('ERR_KEY_SET', 'the key set is larger than 64 KB')
    chunks.push(chunk)
  }
  return readKeySet(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))))
}
