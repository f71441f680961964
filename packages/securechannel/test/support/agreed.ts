/** A channel of key agreement with the keys of the transcript, and the answers of its card. */
import { fromHex } from '@issuerkit/apdu'
import { AesKey } from '@issuerkit/keys'
import { type Channel, type OpenOptions, open, type Profile, saveChannel } from '../../src/index.js'
import { type CardKeys, cardAnswer } from './answer.js'
import { AGREEMENT, agreementRandom, CREDENTIALS, REFERENCE } from './reference.js'

export const { gp: derived, feitian } = REFERENCE.keyAgreement
export const MAC_KEY = fromHex(derived.keys['mac'] ?? '')
export const ENC_KEY = fromHex(derived.keys['enc'] ?? '')
export const COMMAND = { cla: 0x80, ins: 0xe2, p1: 0x80, p2: 0x00, data: fromHex('0102030405') }
export const START = BigInt(`0x${derived.startCounter}`)
export const at = (step: number, from = START): Uint8Array =>
  fromHex((from + BigInt(step)).toString(16).padStart(16, '0'))
export const bare = (status: string): Uint8Array => fromHex(status)

/** A channel of key agreement with the keys of the transcript. */
export function agreed(options: OpenOptions = {}, profile: 'gp' | Profile = 'gp'): Channel {
  const handshake = open(profile, 'agreement', CREDENTIALS, { random: agreementRandom, ...options })
  for (const [, answer] of AGREEMENT) handshake.answer(fromHex(answer))
  return handshake.channel
}
export const card = (step: number): CardKeys => ({ mac: { key: MAC_KEY, counter: at(step) }, enc: ENC_KEY })
export const answer = (step: number, status = '9000'): Uint8Array => cardAnswer(fromHex('CAFE'), status, card(step))
export const SAVING_KEY = AesKey.create('zone', 'KBPK', new Uint8Array(32).fill(7))

/** Random bytes of any length: a shorter list of templates leaves a longer padding string. */
export function longRandom(use: string, length: number): Uint8Array {
  return use === 'padding string' ? new Uint8Array(length).fill(1) : agreementRandom(use, length)
}

/** A channel that waits for the answer to its first command. */
export const SAVED = ((): Uint8Array => {
  const channel = agreed()
  channel.wrap(COMMAND)
  return saveChannel(channel, SAVING_KEY)
})()
