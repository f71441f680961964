/** The vector operations of the card's side. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { answerInternalAuthenticate, decipherKeyTransport } from '@issuerkit/card'
import { expect, it } from 'vitest'
import decipher from '../../../vectors/channel-decipher.json' with { type: 'json' }
import internal from '../../../vectors/channel-internal-authenticate.json' with { type: 'json' }
import { cardKey, even, hostKey, type KeyParts, privateKey } from './support/reference.js'

it.each(decipher.cases.filter(({ inputs }) => 'ciphertext' in inputs))('$id', ({ inputs, expect: expected }) => {
  const opened = decipherKeyTransport(privateKey(inputs.cardKey as KeyParts), fromHex(inputs.ciphertext as string))
  expect(opened && toHex(opened.payload)).toBe(expected.payload)
  expect(opened?.level).toBe(Number.parseInt(expected.level as string, 16))
})

it.each(internal.cases)('$id', ({ inputs, expect: expected }) => {
  const card = privateKey(inputs.cardKey)
  const challenge = fromHex(inputs.challenge)
  const { hostKey: host, paddingString = '', cardSecret = '', hostId = '', sessionKeys = [] } = inputs
  const answer =
    host === undefined
      ? answerInternalAuthenticate({
          variant: 'transport',
          cardKey: card,
          sessionKeys: sessionKeys.map((key) => fromHex(key)),
          challenge,
        })
      : answerInternalAuthenticate({
          variant: 'agreement',
          cardKey: card,
          hostKey: { modulus: fromHex(host.n), exponent: fromHex(even(host.e)) },
          paddingString: fromHex(paddingString),
          cardSecret: fromHex(cardSecret),
          challenge,
          hostId: fromHex(hostId),
        })
  expect(toHex(answer)).toBe(expected.data)
})

it.each([127, 129, 0])('no payload in %i bytes', (length) => {
  expect(decipherKeyTransport(cardKey, new Uint8Array(length))).toBeUndefined()
})

it('no payload in a number above the modulus', () => {
  expect(decipherKeyTransport(cardKey, new Uint8Array(128).fill(0xff))).toBeUndefined()
})

it('throws for a key that is gone, and for a filling that does not fill', () => {
  const gone = privateKey((decipher.cases[0] as (typeof decipher.cases)[0]).inputs.cardKey as KeyParts)
  gone.destroy()
  expect(() => decipherKeyTransport(gone, new Uint8Array(128))).toThrow(
    expect.objectContaining({ code: 'ERR_KEY_DESTROYED' }),
  )
  const input = { variant: 'agreement', cardKey, hostKey: hostKey.publicKey, cardSecret: new Uint8Array(32) } as const
  const rest = { challenge: new Uint8Array(8), hostId: new Uint8Array(8) }
  for (const paddingString of [new Uint8Array(73), new Uint8Array(75)])
    expect(() => answerInternalAuthenticate({ ...input, ...rest, paddingString })).toThrow(
      expect.objectContaining({ code: 'ERR_RSA' }),
    )
})
