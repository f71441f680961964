/**
 * A handshake put away and taken up again elsewhere. What is saved is not where it stands but how it came there: the random
 * bytes that it drew and the answers that it was given. Another one, of the same arguments, is led along them; then it must
 * send what the first one was about to send.
 *
 * ```
 * { count, 4 bytes  { length, 4 bytes  bytes } … } of draws, of answers, of the one command that is due
 * ```
 */
import { concat, equalBytes, toHex } from '@issuerkit/apdu'
import type { Credentials } from './credentials.js'
import { attempt, channelError } from './failure.js'
import { type Handshake, type OpenOptions, open } from './open.js'
import type { Profile, ProfileName } from './profile.js'
import { type RandomSource, systemRandom } from './random.js'
import { FORM, type SavingKey, seal, uint32, unseal } from './sealing.js'
import type { Variant } from './templates.js'

/**
 * The handshake, sealed, for {@link resumeHandshake}. It is closed here: it must not go on in two places, so the caller must
 * also see to it that what is saved is taken up once. It holds no key of the credentials.
 * @throws ERR_CHANNEL when the handshake is over; ERR_KEY_DESTROYED
 */
export function saveHandshake(handshake: Handshake, key: SavingKey): Uint8Array {
  return seal(FORM.handshake, key, () =>
    handshake.release(({ draws, answers }, { command }) => concat(...[draws, answers, [command]].map(encodeList))),
  )
}

/**
 * A handshake from what {@link saveHandshake} gave. Every check of an answer is made again, and every private operation.
 * @param profile as the handshake was opened, and so are the variant, credentials and options
 * @throws ERR_CHANNEL when it is anything else, was changed, saved under another key, or opened otherwise; ERR_KEY_DESTROYED
 */
export function resumeHandshake(
  saved: Uint8Array,
  key: SavingKey,
  profile: ProfileName | Profile,
  variant: Variant,
  credentials: Credentials,
  options: OpenOptions = {},
): Handshake {
  const state = unseal(FORM.handshake, key, saved)
  if (state === undefined) throw channelError('saved handshake', 'one that was saved under this key')
  const [draws, answers, [due]] = decodeLists(state) as [Uint8Array[], Uint8Array[], [Uint8Array]]
  const random = replayed(draws, options.random ?? systemRandom)
  const handshake = attempt(() => {
    const begun = open(profile, variant, credentials, { ...options, random })
    // A copy: what the handshake read from it, a certificate's key, outlives the state.
    for (const answer of answers) begun.answer(answer.slice())
    return begun
  })
  const isThere = equalBytes(handshake?.step?.command ?? new Uint8Array(0), due)
  state.fill(0)
  if (handshake === undefined || !isThere) {
    handshake?.close()
    throw channelError('saved handshake', 'one that was opened like this')
  }
  return handshake
}

/** The bytes that were drawn before, then those of the source. */
function replayed(draws: readonly Uint8Array[], random: RandomSource): RandomSource {
  let drawn = 0
  return (use, length) => draws[drawn++]?.slice() ?? random(use, length)
}

function encodeList(items: readonly Uint8Array[]): Uint8Array {
  return concat(uint32(items.length), ...items.flatMap((item) => [uint32(item.length), item]))
}

/** Three lists; their items are parts of `state`. What was sealed is well-formed. */
function decodeLists(state: Uint8Array): Uint8Array[][] {
  let at = 0
  const take = (length: number): Uint8Array => {
    at += length
    return state.subarray(at - length, at)
  }
  const number = (): number => Number.parseInt(toHex(take(4)), 16)
  return [0, 0, 0].map(() => Array.from({ length: number() }, () => take(number())))
}
