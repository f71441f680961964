/**
 * The key schedules of issuer master keys, kept between calls: one such key derives the keys of a million cards.
 *
 * A schedule is found by its key object, which it does not keep alive. There are never more than {@link MOST} of them: each
 * new one takes the place of the oldest, which is zeroed; a key whose schedule is gone gets a new one. `destroy()` of the
 * key zeroes its schedule.
 */

import { TdesSchedule } from './tdes-schedule.js'

/** So many schedules are kept, 384 bytes each. */
const MOST = 64

const schedules = new WeakMap<object, TdesSchedule>()
const kept: TdesSchedule[] = []
let oldest = 0

/**
 * The schedule of a key.
 * @param key the object that stands for it
 * @param bytes its bytes, 16 or 24
 */
export function cachedSchedule(key: object, bytes: Uint8Array): TdesSchedule {
  const known = schedules.get(key)
  if (known !== undefined && known.passes !== 0) return known
  const schedule = new TdesSchedule().load(bytes)
  kept[oldest]?.destroy()
  kept[oldest] = schedule
  oldest = (oldest + 1) % MOST
  schedules.set(key, schedule)
  return schedule
}

/** Zero the schedule of a key, if there is one. */
export function forgetSchedule(key: object): void {
  schedules.get(key)?.destroy()
}
