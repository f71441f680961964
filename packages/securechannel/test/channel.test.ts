import { inspect } from 'node:util'
import { fromHex, toHex } from '@issuerkit/apdu'
import { decipherBlocks, TdesKey } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { Channel, Counter, type OpenOptions, open, PROFILES, resumeChannel, saveChannel } from '../src/index.js'
import { SessionKeys } from '../src/session-keys.js'
import {
  agreed,
  answer,
  at,
  bare,
  COMMAND,
  derived,
  ENC_KEY,
  feitian,
  longRandom,
  MAC_KEY,
  SAVED,
  SAVING_KEY,
} from './support/agreed.js'
import { cardAnswer } from './support/answer.js'
import { coded, oneBitChanges } from './support/coded.js'
import { CREDENTIALS, REFERENCE, TRANSPORT, TRANSPORT_OPTIONS } from './support/reference.js'

describe('a channel of key agreement', () => {
  it('counts commands and answers on one counter', () => {
    const channel = agreed()
    for (const step of [0, 2, 4]) {
      channel.wrap(COMMAND)
      expect(channel.unwrap(answer(step + 1))).toEqual({ data: fromHex('CAFE'), status: '9000', authentic: true })
    }
  })

  it('does not count a bare refusal', () => {
    const channel = agreed()
    channel.wrap(COMMAND)
    expect(channel.unwrap(bare('6A80'))).toMatchObject({ status: '6A80', authentic: false })
    channel.wrap(COMMAND)
    expect(channel.unwrap(answer(2)).authentic).toBe(true)
  })

  it('refuses a replayed answer, and is closed by it', () => {
    const channel = agreed()
    channel.wrap(COMMAND)
    channel.unwrap(answer(1))
    channel.wrap(COMMAND)
    expect(() => channel.unwrap(answer(1))).toThrow(coded('ERR_SECURE_MESSAGING'))
    expect(channel.isOpen).toBe(false)
    expect(() => channel.wrap(COMMAND)).toThrow(coded('ERR_CHANNEL', { label: 'channel' }))
    expect(() => channel.unwrap(answer(3))).toThrow(coded('ERR_CHANNEL', { label: 'channel' }))
    expect(() => channel.encipherSensitiveData(new Uint8Array(8), 'ecb')).toThrow(coded('ERR_CHANNEL'))
    expect(() => saveChannel(channel, SAVING_KEY)).toThrow(coded('ERR_CHANNEL', { label: 'channel' }))
  })

  it.each([0, 2, 3])('refuses the answer to another command: counter %i', (step) => {
    const channel = agreed()
    channel.wrap(COMMAND)
    expect(() => channel.unwrap(answer(step))).toThrow(coded('ERR_SECURE_MESSAGING'))
  })

  it('refuses every answer that differs in a bit', () => {
    for (const changed of oneBitChanges(answer(1))) {
      const channel = resumeChannel(SAVED.slice(), SAVING_KEY)
      expect(() => channel.unwrap(changed)).toThrow(coded('ERR_SECURE_MESSAGING'))
      expect(channel.isOpen).toBe(false)
    }
  })

  it('takes command and answer in turn, and stays open when asked otherwise', () => {
    const channel = agreed()
    expect(() => channel.unwrap(answer(0))).toThrow(coded('ERR_CHANNEL', { label: 'unwrap' }))
    channel.wrap(COMMAND)
    expect(() => channel.wrap(COMMAND)).toThrow(coded('ERR_CHANNEL', { label: 'wrap' }))
    expect(channel.unwrap(answer(1)).authentic).toBe(true)
    expect(() => channel.unwrap(answer(1))).toThrow(coded('ERR_CHANNEL', { label: 'unwrap' }))
    expect(channel.isOpen).toBe(true)
  })

  it('does not move for a command that is malformed', () => {
    const channel = agreed()
    expect(() => channel.wrap({ ...COMMAND, ins: 0x90 })).toThrow(coded('ERR_COMMAND'))
    channel.wrap(COMMAND)
    expect(channel.unwrap(answer(1)).authentic).toBe(true)
  })

  it('ends after its last message', () => {
    const channel = agreed({}, { ...PROFILES.gp, messageLimit: 2 })
    for (const step of [1, 3]) {
      channel.wrap(COMMAND)
      channel.unwrap(answer(step))
    }
    expect(() => channel.wrap(COMMAND)).toThrow(
      coded('ERR_CHANNEL', { label: 'session', expected: 'at most 2 commands' }),
    )
    expect(channel.isOpen).toBe(false)
  })

  it('enciphers sensitive data with the DEK', () => {
    const data = fromHex('00112233445566778899AABBCCDDEEFF')
    const dek = TdesKey.create('session', 'DEK', fromHex(derived.keys['dek'] ?? ''))
    for (const mode of ['ecb', 'cbc'] as const) {
      expect(decipherBlocks(dek, agreed().encipherSensitiveData(data, mode), { mode })).toEqual(data)
    }
  })

  it('has no DEK when none was agreed on', () => {
    const channel = agreed({ level: 0, templates: [{ kind: 'MAC', usage: 0x30 }], random: longRandom })
    expect(() => channel.encipherSensitiveData(new Uint8Array(8), 'ecb')).toThrow(
      coded('ERR_CHANNEL', { label: 'DEK' }),
    )
  })

  it('sends as it is at level 00', () => {
    const channel = agreed({ level: 0x00, templates: [{ kind: 'MAC', usage: 0x30 }], random: longRandom })
    expect(toHex(channel.wrap(COMMAND))).toBe('80E28000050102030405')
    expect(channel.unwrap(fromHex('AB9000'))).toEqual({ data: fromHex('AB'), status: '9000', authentic: false })
  })

  it('takes the answer to an unprotected command as it is', () => {
    const channel = agreed({ level: 0x22, templates: [{ kind: 'ENC', usage: 0x30 }], random: longRandom })
    expect(toHex(channel.wrap({ cla: 0, ins: 0xb0, p1: 0, p2: 0, le: 1 }))).toBe('00B0000001')
    expect(channel.unwrap(fromHex('AB9000')).data).toEqual(fromHex('AB'))
    channel.wrap(COMMAND)
    const enciphered = cardAnswer(fromHex('AB'), '9000', { enc: ENC_KEY })
    expect(channel.unwrap(enciphered).data).toEqual(fromHex('AB'))
  })

  it('prints as its level', () => {
    const channel = agreed()
    expect([`${channel}`, JSON.stringify(channel), inspect(channel)]).toEqual([
      'Channel(level 33, open)',
      '"Channel(level 33, open)"',
      'Channel(level 33, open)',
    ])
    channel.close()
    channel.close()
    expect(`${channel}`).toBe('Channel(level 33, closed)')
  })
})

describe('the keys of a session', () => {
  const start = (messageLimit = 9) => {
    const keys = new SessionKeys(
      new Map([
        ['CMAC', MAC_KEY.slice()],
        ['RMAC', MAC_KEY.slice()],
        ['CENC', ENC_KEY.slice()],
        ['RENC', ENC_KEY.slice()],
      ]),
    )
    const counter = new Counter(at(0))
    const counters = new Map([
      ['CMAC', counter],
      ['RMAC', counter],
    ] as const)
    const rules = { ...PROFILES.gp, messageLimit }
    const channel = new Channel({ rules, level: 0x33, keys, counters, sent: 0, due: 'none' })
    return { channel, keys }
  }
  const answered = (channel: Channel, response: string): void => {
    channel.wrap(COMMAND)
    channel.unwrap(bare(response))
  }
  const expectDestroyed = (keys: SessionKeys): void => {
    expect(keys.entries()).toHaveLength(4)
    for (const [, key] of keys.entries()) expect(() => key.expose()).toThrow(coded('ERR_KEY_DESTROYED'))
  }

  it.each<[string, (channel: Channel) => void]>([
    ['closing', (channel) => channel.close()],
    ['saving', (channel) => saveChannel(channel, SAVING_KEY)],
    ['an answer without protection', (channel) => answered(channel, '9000')],
    ['no answer of a card', (channel) => answered(channel, '')],
  ])('are destroyed by %s', (_, end) => {
    const { channel, keys } = start()
    try {
      end(channel)
    } catch (failure) {
      expect(failure).toEqual(coded('ERR_SECURE_MESSAGING'))
    }
    expectDestroyed(keys)
  })

  it('are destroyed by the last message', () => {
    const { channel, keys } = start(0)
    expect(() => channel.wrap(COMMAND)).toThrow(coded('ERR_CHANNEL', { label: 'session' }))
    expectDestroyed(keys)
  })
})

describe('the keys of a channel', () => {
  const wrapped = (channel: Channel): string => toHex(channel.wrap(COMMAND))

  it('of key transport are those sent, the counter the one sent', () => {
    const handshake = open('gp', 'transport', CREDENTIALS, TRANSPORT_OPTIONS)
    for (const [, reply] of TRANSPORT) handshake.answer(fromHex(reply))
    const { channel } = handshake
    const [mac, enc] = REFERENCE.keyTransport.crts.map(({ key }) => fromHex(key))
    for (const first of [0xfe, 0x100, 0x102]) {
      channel.wrap(COMMAND)
      const counter = at(first + 1, 0n)
      const reply = cardAnswer(fromHex('01'), '9000', { mac: { key: mac as Uint8Array, counter }, enc })
      expect(channel.unwrap(reply).authentic).toBe(true)
    }
  })

  it('of the patent are one for each role, and one counter for both', () => {
    const channel = agreed({ random: longRandom }, PROFILES.feitian)
    const key = fromHex(feitian.keys['rmac'] ?? '')
    const enc = fromHex(feitian.keys['renc'] ?? '')
    channel.wrap(COMMAND)
    const counter = at(1, BigInt(`0x${feitian.startCounter}`))
    expect(channel.unwrap(cardAnswer(fromHex('01'), '9000', { mac: { key, counter }, enc })).authentic).toBe(true)
  })

  it('end with the counter', () => {
    const templates = [{ kind: 'MAC', usage: 0x30, counter: fromHex('FFFFFFFFFFFFFFFF') }] as const
    const options: OpenOptions = {
      level: 0x01,
      templates,
      mutual: false,
      random: (use, length) =>
        use === 'padding string'
          ? new Uint8Array(length).fill(1)
          : (TRANSPORT_OPTIONS.random?.(use, length) ?? new Uint8Array(0)),
    }
    const handshake = open('gp', 'transport', CREDENTIALS, options)
    for (const [, reply] of TRANSPORT.slice(0, -1)) handshake.answer(fromHex(reply))
    const { channel } = handshake
    expect(() => wrapped(channel)).toThrow(coded('ERR_CHANNEL', { label: 'message counter' }))
    expect(channel.isOpen).toBe(false)
  })
})
