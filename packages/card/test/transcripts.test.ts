/** Whole published sessions against the card, byte for byte. */
import { fromHex, toHex, withGetResponse } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  AGREEMENT_RANDOM,
  agreement,
  certificates,
  commandsOf,
  fixedRandom,
  referenceCard,
  send,
  transport,
} from './support/reference.js'

const ok = (commands: readonly string[]): string[] => commands.map(() => '9000')

describe.each(['withCertificate', 'withoutCertificate'] as const)('a session %s', (environment) => {
  it.each(['gp', 'feitian'] as const)('by key transport, profile %s', async (profile) => {
    const card = referenceCard({ profile })
    const to = commandsOf('transport')
    const certificate = environment === 'withCertificate' ? to.certificate : []
    const before = [to[environment], ...certificate, ...to.decipher]
    expect(await send(card, ...before)).toEqual(ok(before))
    expect(await send(card, to.challenge)).toEqual([transport.getChallenge.response])
    expect(await send(card, ...to.external)).toEqual(['9000'])
    expect(card.inspect().state).toBe(profile === 'gp' ? 'answerable' : 'external')
    expect(await send(card, ...to.internal)).toEqual([transport.internalAuthenticate.response])
    expect(card.inspect()).toMatchObject({ state: 'session', level: 0xb3, challenge: false, request: false })
  })

  it.each(['gp', 'feitian'] as const)('by key agreement, profile %s', async (profile) => {
    const card = referenceCard({ profile, random: fixedRandom(...AGREEMENT_RANDOM) })
    const to = commandsOf('agreement')
    const before = [to[environment], ...(environment === 'withCertificate' ? to.certificate : [])]
    expect(await send(card, ...before)).toEqual(ok(before))
    expect(await send(card, to.challenge)).toEqual([agreement.getChallenge.response])
    expect(await send(card, ...to.external)).toEqual(['9000'])
    expect(await send(card, ...to.internal)).toEqual([agreement.internalAuthenticate.response])
    expect(card.inspect()).toMatchObject({ state: 'session', level: 0xb3, secret: false })
  })
})

it.each(['chain', 'feitianChain'] as const)('takes a %s of two certificates, under either profile', async (form) => {
  for (const profile of ['gp', 'feitian'] as const) {
    // One command for each certificate ends the patent's chain: only its own form has a second one.
    if (form === 'chain' && profile === 'feitian') continue
    const card = referenceCard({ profile })
    const to = commandsOf('transport')
    const before = [to.withCertificate, ...to[form], ...to.decipher]
    expect(await send(card, ...before)).toEqual(ok(before))
    expect(await send(card, to.challenge, ...to.external)).toEqual([transport.getChallenge.response, '9000'])
  }
})

it('gives its certificate whole or as its value, in two answers', async () => {
  const card = referenceCard()
  const exchange = withGetResponse(card.exchange)
  const whole = `${transport.getData.gpClass.response}9000`
  expect(whole).toBe(`${certificates.cardByIntermediate}9000`)
  expect(await send(card, '80CA7F2100')).toEqual([`${whole.slice(0, 512)}6144`])
  expect(await send(card, '00C0000044')).toEqual([whole.slice(512)])
  expect(toHex(await exchange(fromHex(transport.getData.gpClass.command)))).toBe(whole)
  expect(toHex(await exchange(fromHex(transport.getData.isoClass.command)))).toBe(whole.slice(10))
  expect(toHex(await exchange(fromHex('00CB7F21025C0000')))).toBe(whole.slice(10))
  expect(toHex(await exchange(fromHex('80CA7F21000000')))).toBe(whole)
})
