import { fromHex } from '@issuerkit/apdu'
import { AesKey } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { type Channel, PROFILES, type Profile, resumeChannel, saveChannel } from '../src/index.js'
import { agreed, answer, at, bare, COMMAND, longRandom, SAVED, SAVING_KEY } from './support/agreed.js'
import { cardAnswer } from './support/answer.js'
import { coded, oneBitChanges } from './support/coded.js'
import { REFERENCE } from './support/reference.js'

describe('a saved channel', () => {
  it('goes on where it stopped, elsewhere', () => {
    const channel = agreed()
    channel.wrap(COMMAND)
    const saved = saveChannel(channel, SAVING_KEY)
    expect(saved).toHaveLength(145)
    expect(channel.isOpen).toBe(false)
    const resumed = resumeChannel(saved, SAVING_KEY)
    expect(resumed.unwrap(answer(1)).authentic).toBe(true)
    const twin = agreed()
    twin.wrap(COMMAND)
    twin.unwrap(answer(1))
    expect(resumed.wrap(COMMAND)).toEqual(twin.wrap(COMMAND))
  })

  it('keeps what was due, the rules and the count', () => {
    const profile: Profile = {
      ...PROFILES.gp,
      headerCla: 'protected',
      headerAlone: 'bare',
      errorResponses: 'protected',
      messageLimit: 0x01020304,
    }
    const again = (channel: Channel): Channel => resumeChannel(saveChannel(channel, SAVING_KEY), SAVING_KEY)
    const [moved, stayed] = [again(agreed({}, profile)), agreed({}, profile)]
    expect(moved.wrap({ cla: 2, ins: 0x44, p1: 0, p2: 0 })).toEqual(stayed.wrap({ cla: 2, ins: 0x44, p1: 0, p2: 0 }))
    const refused = again(moved)
    expect(() => refused.unwrap(bare('6A80'))).toThrow(coded('ERR_SECURE_MESSAGING'))
    const idle = again(agreed())
    expect(() => idle.unwrap(answer(0))).toThrow(coded('ERR_CHANNEL', { label: 'unwrap' }))
    const plain = again(agreed({ level: 0x22, templates: [{ kind: 'ENC', usage: 0x30 }], random: longRandom }))
    plain.wrap({ cla: 0, ins: 0xb0, p1: 0, p2: 0 })
    expect(again(plain).unwrap(fromHex('AB9000')).data).toEqual(fromHex('AB'))
    const limited = agreed({}, { ...PROFILES.gp, messageLimit: 1 })
    limited.wrap(COMMAND)
    limited.unwrap(answer(1))
    expect(() => again(limited).wrap(COMMAND)).toThrow(coded('ERR_CHANNEL', { label: 'session' }))
  })

  it('keeps counters of their own apart', () => {
    const templates = [
      { kind: 'MAC', usage: 0x10 },
      { kind: 'MAC', usage: 0x20 },
    ] as const
    const channel = agreed({ level: 0x11, templates, random: longRandom })
    channel.wrap(COMMAND)
    const resumed = resumeChannel(saveChannel(channel, SAVING_KEY), SAVING_KEY)
    // Position 3: the second MAC template. Its counter has not moved with the command's.
    const key = fromHex(REFERENCE.keyAgreement.kdf.counter4bytes['3'] ?? '')
    const first = cardAnswer(fromHex('01'), '9000', { mac: { key, counter: at(0) } })
    expect(resumed.unwrap(first).authentic).toBe(true)
  })

  it('differs each time', () => {
    expect(saveChannel(agreed(), SAVING_KEY)).not.toEqual(saveChannel(agreed(), SAVING_KEY))
  })

  const refused = coded('ERR_CHANNEL', { label: 'saved channel' })
  it('is refused when it differs in a bit, is cut or longer', () => {
    for (const changed of oneBitChanges(SAVED)) expect(() => resumeChannel(changed, SAVING_KEY)).toThrow(refused)
    for (const length of [0, 1, 16, 144])
      expect(() => resumeChannel(SAVED.slice(0, length), SAVING_KEY)).toThrow(refused)
    expect(() => resumeChannel(Uint8Array.of(...SAVED, 0), SAVING_KEY)).toThrow(refused)
  })

  it('is refused under another key', () => {
    const other = AesKey.create('zone', 'KBPK', new Uint8Array(32).fill(8))
    expect(() => resumeChannel(SAVED, other)).toThrow(refused)
  })

  it('needs a key that is not destroyed', () => {
    const gone = AesKey.create('zone', 'KBPK', new Uint8Array(16))
    gone.destroy()
    const channel = agreed()
    expect(() => saveChannel(channel, gone)).toThrow(coded('ERR_KEY_DESTROYED'))
    expect(channel.isOpen).toBe(true)
    expect(() => resumeChannel(SAVED, gone)).toThrow(coded('ERR_KEY_DESTROYED'))
  })
})
