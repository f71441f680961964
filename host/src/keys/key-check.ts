/** Whether the stored keys can be used: one that does not unwrap was changed, or is of another master key. */
import { HostError } from '../errors.js'
import type { KeyService } from './key-service.js'

const MOST_IDS = 20
/** How long an answer holds: whoever asks for readiness all the time does not unwrap the keys all the time. */
const REMEMBER_MILLISECONDS = 500

/**
 * A check for readiness.
 * @returns a function that throws ERR_KEYS_UNUSABLE, which names the keys
 */
export function keyCheck(keys: Pick<KeyService, 'unusableKeys'>): () => Promise<void> {
  let last: { readonly ids: Promise<readonly string[]>; readonly until: number } | undefined
  return async () => {
    if (last === undefined || performance.now() >= last.until) {
      last = { ids: keys.unusableKeys(), until: performance.now() + REMEMBER_MILLISECONDS }
    }
    const ids = await last.ids
    if (ids.length === 0) return
    const more = ids.length > MOST_IDS ? ` and ${ids.length - MOST_IDS} more` : ''
    throw new HostError('ERR_KEYS_UNUSABLE', `Stored keys do not unwrap: ${ids.slice(0, MOST_IDS).join(', ')}${more}.`)
  }
}
