/** Whatever bytes come, a status word goes. */
import { parseResponse, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commandsOf, referenceCard, send } from './support/reference.js'

const to = commandsOf('transport')
const by = commandsOf('agreement')
const known = [to.withCertificate, to.withoutCertificate, by.withCertificate, by.withoutCertificate, ...to.certificate]
const all = [...known, ...to.chain, ...to.decipher, to.challenge, ...to.external, ...by.external, ...to.internal]
const more = [...all, ...by.internal, '80CA7F2100', '00C0000000', '0CB0000000', '00B0000000', '00A4040000']

describe.each([false, true])('hardened: %s', (hardened) => {
  it('answers random bytes', { timeout: 60_000 }, async () => {
    const card = referenceCard({ hardened })
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(parseResponse(await card.exchange(bytes)).status).toMatch(/^(9000|9484|6[1-9A-E])/)
      }),
      { numRuns: 5000 },
    )
  })
  it('answers changed commands in any order', { timeout: 60_000 }, async () => {
    const header = fc.tuple(fc.constantFrom(...more), fc.nat(7), fc.nat(255), fc.boolean())
    const card = referenceCard({ hardened })
    await fc.assert(
      fc.asyncProperty(header, async ([command, at, value, change]) => {
        const bytes = Uint8Array.from(Buffer.from(command, 'hex'))
        if (change && at < bytes.length) bytes[at] = value
        expect(parseResponse(await card.exchange(bytes)).status).toMatch(/^(9000|9484|6[1-9A-E])/)
      }),
      { numRuns: 3000 },
    )
  })
})

it('says 6700 to what is no command, and forgets nothing', async () => {
  const card = referenceCard()
  await send(card, to.withoutCertificate)
  expect(await send(card, '', '00', '008400', '008400000500', 'FF84000000', '0066000000')).toEqual(
    Array(6).fill('6700'),
  )
  expect(card.inspect().state).toBe('managed')
})

it.each([
  ['too much in a chain', [...Array.from({ length: 17 }, () => `102A8084FF${'00'.repeat(255)}`)], '6700'],
  ['another command in a chain', ['102A80840100', '0084000000'], '6883'],
])('drops %s', async (_, commands, expected) => {
  const card = referenceCard()
  expect((await send(card, to.withoutCertificate, ...commands)).at(-1)).toBe(expected)
  expect(card.inspect()).toMatchObject({ state: 'idle', chain: false })
})

it('takes a chain of any pieces', async () => {
  const data = (to.decipher[0] as string).slice(10)
  const pieces = data.match(/.{1,50}/g) as string[]
  const chain = pieces.map(
    (piece, i) => `${i < pieces.length - 1 ? '1' : '0'}02A8084${toHex(Uint8Array.of(piece.length / 2))}${piece}`,
  )
  const card = referenceCard()
  expect(new Set(await send(card, to.withoutCertificate, ...chain))).toEqual(new Set(['9000']))
  expect(card.inspect().state).toBe('established')
})
