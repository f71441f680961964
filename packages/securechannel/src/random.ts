/** Random bytes under the name of what they are for, so that a recorded session can be given its own back. */
import { randomBytes } from '@issuerkit/keys'

/**
 * Where a handshake gets its random bytes.
 * @param use `key 1`, `padding string`, `host challenge` or `host secret`
 */
export type RandomSource = (use: string, length: number) => Uint8Array

/** The platform's generator. */
export const systemRandom: RandomSource = (_, length) => randomBytes(length)

/** Random bytes none of which is `excluded`: such a byte is drawn again. */
export function randomWithout(random: RandomSource, excluded: number, use: string, length: number): Uint8Array {
  const bytes = Uint8Array.from(random(use, length))
  for (let i = 0; i < length; i++) {
    while (bytes[i] === excluded) bytes[i] = random(use, 1)[0] as number
  }
  return bytes
}
