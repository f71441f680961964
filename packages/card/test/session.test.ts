/** Commands that travel in the channel: to the applications and back, and what ends it. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { CHANNEL_PROFILES, type ChannelCard, type ChannelCardOptions } from '@issuerkit/card'
import { describe, expect, it } from 'vitest'
import { apdu, enciphered, openssl, retailMac, signed, wrapped } from './support/host.js'
import {
  AGREEMENT_RANDOM,
  agreement,
  commandsOf,
  fixedRandom,
  referenceCard,
  send,
  set,
  status,
  transport,
} from './support/reference.js'

const card = openssl(set.keys.card)
const host = openssl(set.keys.host)
const CHALLENGE = transport.getChallenge.response.slice(0, -4)
const CMAC = '00112233445566778899AABBCCDDEEFF'
const RMAC = '8899AABBCCDDEEFF0011223344556677'
const ENC = '0123456789ABCDEFFEDCBA9876543210'

/** A session by key transport over this payload, the host alone authenticated, and what the application saw. */
async function session(payload: string, options: Partial<ChannelCardOptions> = {}) {
  const seen: string[] = []
  const one = referenceCard({
    application: async (command) => {
      seen.push(toHex(command))
      return fromHex(command[1] === 0xee ? '6A80' : `${toHex(command.subarray(4))}9000`)
    },
    ...options,
  })
  const mse = commandsOf('transport', 'external').withoutCertificate
  const signature = signed(host, payload + CHALLENGE)
  const answers = await send(
    one,
    mse,
    apdu('002A8084', enciphered(card, payload)),
    '0084000000',
    apdu('00820000', signature),
  )
  expect(answers).toEqual(['9000', '9000', `${CHALLENGE}9000`, '9000'])
  return { one, seen }
}

const crts = (cmac = 1n, rmac = 5n): string =>
  `B41F950110D110${CMAC}9108${hex64(cmac)}B41F950120D110${RMAC}9108${hex64(rmac)}`
const hex64 = (value: bigint): string => value.toString(16).toUpperCase().padStart(16, '0')
const secured = (data: string, counter: bigint, key?: string): string =>
  wrapped('80E20000', data, '', CMAC, counter, key)

describe('a session with C-MAC and R-MAC', () => {
  const answer = (data: string, counter: bigint): string => {
    const objects = `${data === '' ? '' : `81${apdu('', data)}`}99029000`
    return `${objects}8E08${retailMac(RMAC, counter, objects)}9000`
  }
  it('carries commands to the application and answers back, each key with its own counter', async () => {
    const { one, seen } = await session(`D30111${crts()}`)
    expect(await send(one, secured('AABB', 1n), secured('', 2n))).toEqual([answer('02AABB', 5n), answer('', 6n)])
    expect(seen).toEqual(['80E2000002AABB', '80E20000'])
  })
  it('has one counter for both under feitian, that of the first template', async () => {
    const { one } = await session(`D30111${crts(1n, 9n)}`, { profile: 'feitian' })
    expect(await send(one, secured('AABB', 1n), secured('', 3n))).toEqual([answer('02AABB', 2n), answer('', 4n)])
  })
  it('gives an error bare and goes on', async () => {
    const { one } = await session(`D30111${crts()}`)
    expect(await send(one, wrapped('80EE0000', 'AA', '', CMAC, 1n), secured('', 2n))).toEqual(['6A80', answer('', 5n)])
  })
  it('gives a long answer in pieces', async () => {
    const long = '5A'.repeat(300)
    const { one } = await session(`D30111${crts()}`, { application: async () => fromHex(`${long}9000`) })
    const [first = '', rest = ''] = await send(one, secured('', 1n), '00C0000000')
    expect(first.slice(512)).toBe('613E')
    const objects = `8182012C${long}99029000`
    expect(first.slice(0, 512) + rest).toBe(`${objects}8E08${retailMac(RMAC, 5n, objects)}9000`)
    expect(await send(one, '00C0000000')).toEqual(['6982'])
  })
  it.each([
    ['a replayed command', [secured('AA', 1n), secured('AA', 1n)]],
    ['commands out of order', [secured('AA', 2n), secured('AA', 1n)]],
    ['a command left out', [secured('AA', 1n), secured('AA', 3n)]],
    ['a command in the clear', ['80E2000001AA']],
    ['a certificate asked for in the clear', ['80CA7F2100']],
    ['a command cut short', [secured('AA', 1n).slice(0, -2)]],
  ])('ends at %s, until it begins anew', async (_, commands) => {
    const { one } = await session(`D30111${crts()}`)
    expect(await status(one, ...commands)).toBe('6982')
    expect(one.inspect()).toMatchObject({ state: 'aborted', keys: [], level: 0 })
    expect(await send(one, secured('AA', 2n), '80CA7F2100', '0084000000')).toEqual(['6982', '6982', '6982'])
    expect(await status(one, commandsOf('transport').withoutCertificate)).toBe('9000')
  })
  it('outlives a failed MAC, counter and all, when the profile says so', async () => {
    const { one } = await session(`D30111${crts()}`, { profile: { ...CHANNEL_PROFILES.gp, messagingFailure: 'keep' } })
    expect(await send(one, secured('AA', 2n), '80E2000001AA', secured('', 1n))).toEqual([
      '6982',
      '6982',
      answer('', 5n),
    ])
  })
  it('ends when a counter does', async () => {
    const { one, seen } = await session(`D30111${crts(1n, (1n << 64n) - 1n)}`)
    expect(await send(one, secured('AA', 1n))).toEqual(['6982'])
    expect(seen).toHaveLength(1)
    expect(one.inspect().state).toBe('aborted')
  })
})

describe('a session with C-MAC and C-ENC', () => {
  it('deciphers, and answers in the clear', async () => {
    const { one, seen } = await session(`D30103${crts()}B815950110D110${ENC}`)
    expect(await send(one, secured('0102030405060708', 1n, ENC))).toEqual(['0801020304050607089000'])
    expect(seen).toEqual(['80E20000080102030405060708'])
    expect(await send(one, secured('01', 2n))).toEqual(['6982'])
  })
})

describe('a session without protection of commands', () => {
  it('passes them on as they are and protects the answers', async () => {
    const { one, seen } = await session(`D30110${crts()}`)
    const objects = '81010199029000'
    expect(await send(one, '80E2000001', '80CA7F2100')).toEqual([
      `${objects}8E08${retailMac(RMAC, 5n, objects)}9000`,
      expect.stringMatching(/6144$/),
    ])
    expect(seen).toEqual(['80E2000001'])
  })
  it('takes no secured command', async () => {
    const { one } = await session(`D30100${crts()}`)
    expect(await send(one, secured('AA', 1n))).toEqual(['6982'])
    expect(one.inspect().state).toBe('aborted')
  })
  it('begins anew at a command of the handshake out of order', async () => {
    const { one } = await session(`D30100${crts()}`)
    expect(await send(one, '0084000000')).toEqual(['6985'])
    expect(one.inspect()).toMatchObject({ state: 'idle', keys: [] })
  })
})

it('refuses other logical channels, whatever the command', async () => {
  const { one } = await session(`D30111${crts()}`)
  expect(await send(one, '0184000000', '41B0000000', '8DE2000000')).toEqual(['6881', '6881', '6881'])
  expect(one.inspect().state).toBe('session')
})

it('carries commands of the names of the handshake to the application, inside the channel', async () => {
  const { one, seen } = await session(`D30101${crts()}`)
  expect(await send(one, wrapped('00840000', '', '00', CMAC, 1n))).toEqual(['009000'])
  expect(seen).toEqual(['0084000000'])
})

it('has no application by itself', async () => {
  const one = referenceCard()
  expect(await send(one, '00B0000000', '00A4040000')).toEqual(['6D00', '6D00'])
})

it.each([
  ['fails', async () => Promise.reject(new Error('no'))],
  ['answers nothing', async () => new Uint8Array(0)],
])('ends the session when the application %s', async (_, application) => {
  const { one } = await session(`D30111${crts()}`, { application })
  expect(await send(one, secured('AA', 1n))).toEqual(['6F00'])
  expect(one.inspect()).toMatchObject({ state: 'idle', keys: [] })
})

it('keeps the class byte of the patent to itself, unless the profile says otherwise', async () => {
  const mse = `80${commandsOf('transport').withoutCertificate.slice(2)}`
  expect(await status(referenceCard(), mse)).toBe('6D00')
  expect(await status(referenceCard({ profile: { ...CHANNEL_PROFILES.gp, classes: 'any' } }), mse)).toBe('9000')
  expect(await status(referenceCard(), '90CA7F2100', '80CA7F2100')).toBe('6144')
  expect(await status(referenceCard(), '80220000', '80A4040000', '20840000')).toBe('6D00')
})

describe('the keys of key agreement', () => {
  const kdf = agreement.kdf
  const run = async (profile: 'gp' | 'feitian', mac: string, counter: bigint): Promise<ChannelCard> => {
    const one = referenceCard({
      profile,
      random: fixedRandom(...AGREEMENT_RANDOM),
      application: async () => fromHex('9000'),
    })
    const by = commandsOf('agreement')
    await status(one, by.withoutCertificate, by.challenge, ...by.external, ...by.internal)
    const enc = profile === 'gp' ? agreement.gp.keys.enc : agreement.feitian.keys.cenc
    expect(await status(one, wrapped('80E20000', 'AABB', '', mac, counter, enc))).toBe('9000')
    return one
  }
  it('are those of the transcript, with its counter', async () => {
    expect(agreement.gp.keys.mac).toBe(kdf.counter4bytes[1])
    await run('gp', agreement.gp.keys.mac, BigInt(`0x${agreement.gp.startCounter}`))
    await run('feitian', agreement.feitian.keys.cmac, BigInt(`0x${agreement.feitian.startCounter}`))
  })
})
