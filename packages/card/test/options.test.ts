/** What a card can be made from; the profiles as data; what a reset wipes. */
import { fromHex } from '@issuerkit/apdu'
import { CHANNEL_PROFILES, CHANNEL_SWITCHES, type ChannelCardOptions, createChannelCard } from '@issuerkit/card'
import { describe, expect, it } from 'vitest'
import { cardKey, commandsOf, hostKey, id, referenceCard, send, status } from './support/reference.js'

const point = { reference: '0101', id: id('root'), key: hostKey.publicKey }
const own = { reference: '0201', id: id('card'), key: cardKey }
const make = (options: object) =>
  createChannelCard({ trustPoints: [point], cardKeys: [own], ...options } as ChannelCardOptions)

describe('createChannelCard', () => {
  it.each([
    ['no trust point', { trustPoints: [] }, 'ERR_OPTION', 'trustPoints and cardKeys'],
    ['no key', { cardKeys: [] }, 'ERR_OPTION', 'trustPoints and cardKeys'],
    ['an unknown profile', { profile: 'scp11' }, 'ERR_OPTION', 'profile'],
    ['an unknown variant', { variant: 'both' }, 'ERR_OPTION', 'variant'],
    ['an unknown method', { method: 'internal' }, 'ERR_OPTION', 'method'],
    ['key agreement without the card', { variant: 'agreement', method: 'external' }, 'ERR_OPTION', 'method'],
    [
      'a reference of one byte',
      { trustPoints: [{ ...point, reference: '01' }] },
      'ERR_OPTION',
      'trust point reference',
    ],
    ['a reference in lower case', { cardKeys: [{ ...own, reference: '01ab' }] }, 'ERR_OPTION', 'card key reference'],
    ['an id of 7 bytes', { cardKeys: [{ ...own, id: new Uint8Array(7) }] }, 'ERR_LENGTH', 'card key id'],
    [
      'a short key',
      { trustPoints: [{ ...point, key: { modulus: new Uint8Array(64).fill(255), exponent: Uint8Array.of(3) } }] },
      'ERR_RSA',
      'trust point',
    ],
    ['a certificate of another tag', { cardKeys: [{ ...own, certificate: fromHex('7F2200') }] }, 'ERR_TAG', 'tag'],
    ['a certificate cut short', { cardKeys: [{ ...own, certificate: fromHex('7F2105') }] }, 'ERR_TLV', 'length'],
  ])('refuses %s', (_, options, code, label) => {
    expect(() => make(options)).toThrow(expect.objectContaining({ code, label }))
  })
  it('makes a card of the least', async () => {
    const card = make({})
    expect(card.inspect()).toMatchObject({ state: 'idle', variant: 'transport', method: 'mutual', cardKey: '0201' })
    expect(await send(card, '80CA7F2100')).toEqual(['6A88'])
    expect((await send(make({ variant: 'agreement' }), '0084000000'))[0]).toMatch(/^[0-9A-F]{16}9000$/)
  })
  it('takes day and scope of certificates', async () => {
    const to = commandsOf('transport')
    expect(await status(referenceCard({ today: '251231' }), to.withCertificate, ...to.certificate)).toBe('6300')
    expect(await status(referenceCard({ today: '260101' }), to.withCertificate, ...to.certificate)).toBe('9000')
    expect(await status(referenceCard({ bodyScope: 'tlv' }), to.withCertificate, ...to.certificate)).toBe('6300')
  })
})

it('names every switch of the profiles, with what decides it', () => {
  const names = Object.keys(CHANNEL_PROFILES.gp).filter((name) => name !== 'name')
  expect(Object.keys(CHANNEL_SWITCHES).sort()).toEqual(names.sort())
  for (const { citation } of Object.values(CHANNEL_SWITCHES)) expect(citation).toMatch(/^\[SCP10\] /)
  expect(CHANNEL_PROFILES.gp.name).toBe('gp')
  expect(CHANNEL_PROFILES.feitian.name).toBe('feitian')
})

describe('a reset zeroes', () => {
  it.each(['transport', 'agreement'] as const)('what was random in %s', async (variant) => {
    const given: Uint8Array[] = []
    const random = (length: number): Uint8Array => {
      const bytes = new Uint8Array(length).fill(0x5a)
      given.push(bytes)
      return bytes
    }
    const to = commandsOf(variant)
    const keys = variant === 'transport' ? to.decipher : []
    const card = referenceCard({ variant, random })
    await send(card, to.withoutCertificate, ...keys, to.challenge)
    expect(given.map((bytes) => bytes.every((byte) => byte === 0x5a))).toEqual([true])
    card.powerUp()
    expect(given.map((bytes) => bytes.every((byte) => byte === 0))).toEqual([true])
    expect(card.inspect()).toMatchObject({ state: 'idle', challenge: false, keys: [] })
  })
  it('a secret of key agreement, a piece of a chain and a waiting answer', async () => {
    const secrets: Uint8Array[] = []
    const to = commandsOf('agreement')
    const values = [to.challenge]
    const fixed = fromHex('66ADF5FE3D9815D8')
    const card = referenceCard({
      random: (length) => {
        const bytes = length === 8 ? fixed.slice() : new Uint8Array(length).fill(7)
        if (length === 32) secrets.push(bytes)
        return bytes
      },
    })
    expect(await status(card, to.withoutCertificate, ...values, ...to.external)).toBe('9000')
    expect(secrets[0]).toEqual(new Uint8Array(32).fill(7))
    expect(await status(card, '00A4040000')).toBe('6D00')
    expect(secrets[0]).toEqual(new Uint8Array(32))
    await send(card, '80CA7F2100')
    card.powerUp()
    expect(await send(card, '00C0000000', '102A80840100')).toEqual(['6D00', '9000'])
    expect(card.inspect().chain).toBe(true)
    card.powerUp()
    expect(card.inspect().chain).toBe(false)
  })
})
