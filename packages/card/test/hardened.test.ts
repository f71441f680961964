/** Hardened: a DECIPHER tells nothing, and all refusals are one. */
import { describe, expect, it } from 'vitest'
import { apdu, enciphered, openssl, rawPublic } from './support/host.js'
import { commandsOf, fixedRandom, referenceCard, send, set, status, TRANSPORT_RANDOM } from './support/reference.js'

const card = openssl(set.keys.card)
const to = commandsOf('transport')
const KEY = '00112233445566778899AABBCCDDEEFF'

describe.each(['gp', 'feitian'] as const)('profile %s', (profile) => {
  it.each([
    ['another block type', rawPublic(card, `0001${'AA'.repeat(126)}`)],
    ['good padding, no payload', enciphered(card, 'D30100')],
    ['no signature information', enciphered(card, `D30100B415950130D110${KEY}`)],
    ['a number above the modulus', 'FF'.repeat(128)],
  ])('answers %s as it answers keys, and fails later', async (_, ciphertext) => {
    const one = referenceCard({ profile, hardened: true })
    expect(await send(one, to.withoutCertificate, apdu('002A8084', ciphertext))).toEqual(['9000', '9000'])
    expect(one.inspect()).toMatchObject({ state: 'established', keys: ['cmac', 'rmac', 'cenc', 'renc', 'dek'] })
    expect((await send(one, to.challenge))[0]).toMatch(/^[0-9A-F]{32}9000$/)
    expect(await send(one, ...to.external)).toEqual(['6982'])
    expect(one.inspect()).toMatchObject({ state: 'idle', keys: [] })
  })
  it('goes through a session as ever', async () => {
    const one = referenceCard({
      profile,
      hardened: true,
      random: fixedRandom('00'.repeat(16), '11'.repeat(16), '22'.repeat(16), ...TRANSPORT_RANDOM),
    })
    expect(await status(one, to.withCertificate, ...to.certificate, ...to.decipher, to.challenge, ...to.external)).toBe(
      '9000',
    )
    expect(await status(one, ...to.internal)).toBe('9000')
  })
  it.each([
    ['a certificate', [to.withCertificate, '002A00BE037F2200']],
    ['an environment', ['0022C1A4088002100983008400']],
    ['an unknown key', ['0022C1A40A80021002830201098400']],
    ['a length', ['002A80840100']],
    ['an order', ['0088000000']],
    ['a chain', ['102A80840100', '0084000000']],
    ['an operation', ['002A0000']],
    ['no command', ['00']],
    ['a logical channel', ['0184000000']],
  ])('refuses %s with the one status', async (_, commands) => {
    expect(await status(referenceCard({ profile, hardened: true }), ...commands)).toBe('6982')
  })
})
