import { fromHex } from '@issuerkit/apdu'
import { RsaPrivateKey } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import {
  type Credentials,
  establish,
  type NamedKey,
  type OpenOptions,
  open,
  PROFILES,
  type Profile,
} from '../src/index.js'
import { coded } from './support/coded.js'
import { CREDENTIALS, named, REFERENCE, TRANSPORT, TRANSPORT_OPTIONS } from './support/reference.js'

const begin =
  (change: Partial<Credentials>, profile: 'gp' | 'feitian' | Profile = 'gp') =>
  () =>
    open(profile, 'transport', { ...CREDENTIALS, ...change }, TRANSPORT_OPTIONS)
const { trustPoint: _, ...WITHOUT_TRUST } = CREDENTIALS
const certificate = (name: keyof typeof REFERENCE.certificates) => fromHex(REFERENCE.certificates[name])
const OK = fromHex('9000')

describe('credentials are refused before anything is sent', () => {
  it.each([7, 9])('with a host id of %i bytes', (length) => {
    expect(begin({ hostId: new Uint8Array(length) })).toThrow(coded('ERR_LENGTH', { label: 'host id' }))
  })
  it.each([7, 9])('with other ids of %i bytes', (length) => {
    const other = { ...named('root'), id: new Uint8Array(length) }
    expect(begin({ trustPoint: other })).toThrow(coded('ERR_LENGTH', { label: 'id' }))
    expect(begin({ card: other })).toThrow(coded('ERR_LENGTH', { label: 'id' }))
  })
  it.each(['publicKey', 'privateKey'])('with a %s reference of 1 byte', (name) => {
    const keyReferences = { [name]: new Uint8Array(1) }
    expect(begin({ keyReferences })).toThrow(coded('ERR_LENGTH', { label: 'key reference' }))
  })
  it('with a certificate that cannot be read, or of another key', () => {
    expect(begin({ hostCertificates: [OK] })).toThrow(coded('ERR_CERTIFICATE', { label: 'certificate' }))
    const hostCertificates = [certificate('cardByIntermediate')]
    expect(begin({ hostCertificates })).toThrow(coded('ERR_CERTIFICATE', { label: 'host certificate' }))
  })
  it('without anything to know the card by', () => {
    const refused = coded('ERR_CHANNEL', { label: 'card key', expected: 'a trust point, or the key itself' })
    expect(() => open('gp', 'transport', WITHOUT_TRUST)).toThrow(refused)
    expect(() => open('gp', 'transport', { ...WITHOUT_TRUST, card: named('card') })).not.toThrow()
  })
  it('when the card would give no certificate', () => {
    expect(begin({ hostCertificates: [] }, 'feitian')).toThrow(coded('ERR_CHANNEL', { label: 'card key' }))
    expect(begin({ hostCertificates: [] }, 'gp')).not.toThrow()
  })
  it('with a short key', () => {
    const refused = coded('ERR_CHANNEL', { label: 'host key', expected: 'at least 1025 bits', got: '1024 bits' })
    expect(begin({}, { ...PROFILES.gp, leastModulusBits: 1025 })).toThrow(refused)
  })
})

describe('options are refused before anything is sent', () => {
  const refuse = (options: OpenOptions) => () => open('gp', 'transport', CREDENTIALS, options)
  it.each([0x10, 0x12, 0x20])('a level %i that protects answers alone', (level) => {
    expect(refuse({ level })).toThrow(coded('ERR_CHANNEL', { label: 'security level' }))
  })
  it.each([0x00, 0x01, 0x02, 0x03, 0x11, 0x13, 0x21, 0x22, 0x23, 0x31, 0x33])('but not the level %i', (level) => {
    expect(refuse({ level })).not.toThrow()
  })
  it('templates that do not serve the level', () => {
    expect(refuse({ templates: [{ kind: 'MAC', usage: 0x30 }] })).toThrow(coded('ERR_CHANNEL', { label: 'CENC key' }))
  })
  it('key agreement of one side, and an unknown profile', () => {
    const one = () => open('gp', 'agreement', CREDENTIALS, { mutual: false })
    expect(one).toThrow(coded('ERR_OPTION', { label: 'mutual' }))
    expect(() => open('none' as 'gp', 'agreement', CREDENTIALS)).toThrow(coded('ERR_OPTION', { label: 'profile' }))
  })
})

describe('a card', () => {
  const [RSA_2048, SMALL] = [RsaPrivateKey.generate(2048, 65537), RsaPrivateKey.generate(1024, 3)]
  const meet = (
    variant: 'transport' | 'agreement',
    key: NamedKey['key'],
    profile: 'gp' | Profile = 'gp',
    options: OpenOptions = {},
  ) => {
    const { hostKey, hostId } = CREDENTIALS
    const handshake = open(profile, variant, { hostKey, hostId, card: { key, id: new Uint8Array(8) } }, options)
    return () => handshake.answer(OK)
  }

  it('of a small exponent is refused unless that is allowed', () => {
    const refused = coded('ERR_CHANNEL', { label: 'card key', expected: 'an exponent of 65537 or more' })
    expect(meet('transport', SMALL.publicKey)).toThrow(refused)
    expect(meet('transport', SMALL.publicKey, { ...PROFILES.gp, leastExponent: 3 })).not.toThrow()
  })
  it('of another length is refused in key agreement', () => {
    const refused = coded('ERR_CHANNEL', { label: 'card key', expected: '1024 bits' })
    expect(meet('agreement', RSA_2048.publicKey)).toThrow(refused)
    expect(meet('transport', RSA_2048.publicKey)).not.toThrow()
  })
  it('of a short key is refused', () => {
    const { modulus, exponent } = named('card').key
    const refused = (got: string) => coded('ERR_CHANNEL', { label: 'card key', expected: 'at least 1024 bits', got })
    expect(meet('transport', { modulus: modulus.slice(0, 127), exponent })).toThrow(refused('1016 bits'))
    const short = Uint8Array.of((modulus[0] as number) & 0x7f, ...modulus.subarray(1))
    expect(meet('transport', { modulus: short, exponent })).toThrow(refused('1022 bits'))
  })
  it('of 1024 bits has no room for five keys', () => {
    const templates = [
      { kind: 'MAC', usage: 0x10 },
      { kind: 'MAC', usage: 0x20 },
      { kind: 'ENC', usage: 0x10 },
      { kind: 'ENC', usage: 0x20 },
      { kind: 'DEK', usage: 0xc0 },
    ] as const
    const { key } = named('card')
    expect(meet('transport', key, 'gp', { templates })).toThrow(coded('ERR_RSA', { label: 'modulus' }))
    expect(meet('agreement', key, 'gp', { templates })).not.toThrow()
    expect(meet('transport', RSA_2048.publicKey, 'gp', { templates })).not.toThrow()
  })
  it.each([
    [520, 'refused'],
    [528, 'taken'],
  ])('of %i bits is %s: the padding string has a byte at least', (bits, outcome) => {
    const [hostKey, key] = [RsaPrivateKey.generate(bits, 65537), RsaPrivateKey.generate(bits, 65537).publicKey]
    const profile: Profile = { ...PROFILES.gp, leastModulusBits: 512 }
    const credentials = { hostKey, hostId: CREDENTIALS.hostId, card: { key, id: new Uint8Array(8) } }
    const handshake = open(profile, 'agreement', credentials, { level: 0, templates: [{ kind: 'DEK', usage: 0xc0 }] })
    if (outcome === 'taken') expect(handshake.answer(OK)?.name).toBe('GET CHALLENGE')
    else expect(() => handshake.answer(OK)).toThrow(coded('ERR_CHANNEL', { label: 'card key' }))
  })
  it('that makes a key of equal halves is refused', () => {
    const random = (_use: string, length: number) => new Uint8Array(length).fill(1)
    const handshake = open('gp', 'transport', CREDENTIALS, { random, mutual: false })
    for (const [, answer] of TRANSPORT.slice(0, -2)) handshake.answer(fromHex(answer))
    expect(() => handshake.answer(OK)).toThrow(coded('ERR_KEY'))
    expect(handshake.step).toBeUndefined()
  })
})

describe('establishing', () => {
  const exchange = (fault?: number) => {
    let index = -1
    return async (): Promise<Uint8Array> => {
      index += 1
      if (index === fault) throw new Error('the reader is gone')
      return fromHex(TRANSPORT[index]?.[1] ?? '')
    }
  }
  const start = () => open('gp', 'transport', CREDENTIALS, TRANSPORT_OPTIONS)

  it('gives the channel', async () => {
    expect((await establish(start(), exchange())).isOpen).toBe(true)
  })
  it.each([0, 6, 9])('closes the handshake when exchange %i fails', async (fault) => {
    const handshake = start()
    await expect(establish(handshake, exchange(fault))).rejects.toThrow('the reader is gone')
    expect(handshake.step).toBeUndefined()
    expect(() => handshake.channel).toThrow(coded('ERR_CHANNEL'))
  })
  it('closes the handshake when the card refuses', async () => {
    const handshake = start()
    await expect(establish(handshake, async () => fromHex('6982'))).rejects.toThrow(
      coded('ERR_CHANNEL', { got: '6982' }),
    )
    expect(() => handshake.answer(OK)).toThrow(coded('ERR_CHANNEL'))
  })
})
