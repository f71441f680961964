/** Handshakes that go wrong, by one part each. */
import { toHex } from '@issuerkit/apdu'
import { CHANNEL_PROFILES, type ChannelCard, type ChannelCardOptions } from '@issuerkit/card'
import { RsaPrivateKey } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { agreementData, apdu, enciphered, openssl, rawPublic, signed } from './support/host.js'
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
const to = commandsOf('transport')
const by = commandsOf('agreement')
const KEY = '00112233445566778899AABBCCDDEEFF'
const MAC = `B417950130D110${KEY}`
const WITH_COUNTER = `B41F950130D110${KEY}91080000000000000007`
const ENC = `B815950130D110${KEY}`

describe('MANAGE SECURITY ENVIRONMENT', () => {
  const cases: [string, string, string, string][] = [
    ['key transport, defaults', '0022C1B6088002100283008400', '9000', '9000'],
    ['key transport, external', '002281A40A800210028302010284020103', '6700', '6700'],
    ['external', '002281A40C800210028302010284020103', '9000', '9000'],
    ['no references', '0022C1A40480021002', '9000', '6A80'],
    ['no private key reference', '0022C1A406800210028300', '9000', '6A80'],
    ['no public key reference', '0022C1A406800210028400', '9000', '6A80'],
    ['key agreement, external', '002281A4088002100183008400', '9484', '9484'],
    ['no data', '0022C1A4', '6A80', '6A80'],
    ['another protocol', '0022C1A4088002030283008400', '9484', '9484'],
    ['both variants at once', '0022C1A4088002100383008400', '9484', '9484'],
    ['neither variant', '0022C1A4088002100083008400', '9484', '9484'],
    ['a long protocol', '0022C1A409800310020083008400', '6A80', '6A80'],
    ['no protocol', '0022C1A40483008400', '6A80', '6A80'],
    ['the references the other way round', '0022C1A4088002100284008300', '6A80', '6A80'],
    ['a reference of one byte', '0022C1A409800210028301018400', '6A80', '6A80'],
    ['something behind', '0022C1A40A80021002830084008500', '6A80', '6A80'],
    ['no TLV', '0022C1A403800210', '6A80', '6A80'],
    ['an unknown public key', '0022C1A40A80021002830201098400', '6A88', '6A88'],
    ['an unknown private key', '0022C1A40A80021002830084020109', '6A88', '6A88'],
  ]
  it.each(cases)('%s', async (_, command, gp, feitian) => {
    expect(await status(referenceCard(), command)).toBe(gp)
    const other = referenceCard({ profile: 'feitian' })
    expect(await status(other, command)).toBe(feitian)
    expect(other.inspect().state).toBe(
      feitian !== '9000' ? 'idle' : command.slice(6, 8) === 'A4' ? 'managed' : 'required',
    )
  })
  it('takes the keys that it names', async () => {
    const one = referenceCard()
    await status(one, '002281A40C800210028302010284020103')
    expect(one.inspect()).toMatchObject({ method: 'external', hostId: '545354484F535431', cardKey: '0103' })
    expect(await send(one, '80CA7F2100')).toEqual(['6A88'])
    expect(await send(one, '00CB7F21025C0100', '00CB7F21025C01')).toEqual(['6A80', '6A80'])
    expect(one.inspect().state).toBe('managed')
  })
})

describe('PSO: DECIPHER', () => {
  const good = `D30133${WITH_COUNTER}${ENC}`
  const block = (first: string, padding: string, rest: string): string => rawPublic(card, first + padding + rest)
  const fill = 128 - 3 - good.length / 2
  const faults: [string, string][] = [
    ['another block type', block('0001', 'AA'.repeat(fill), `00${good}`)],
    ['another first byte', block('0102', 'AA'.repeat(fill), `00${good}`)],
    ['a zero in the padding', block('0002', `${'AA'.repeat(7)}00${'AA'.repeat(fill - 8)}`, `00${good}`)],
    ['no end of the padding', block('0002', 'AA'.repeat(126), '')],
    ['no payload', block('0002', 'AA'.repeat(125), '00')],
    ['no security level', enciphered(card, `D20133${WITH_COUNTER}${ENC}`)],
    ['a level of two bytes', enciphered(card, `D3020133${WITH_COUNTER}`)],
    ['no key', enciphered(card, 'D30100')],
    ['level bits without a meaning', enciphered(card, `D30137${WITH_COUNTER}${ENC}`)],
    ['the level of the card', enciphered(card, `D301B3${WITH_COUNTER}${ENC}`)],
    ['C-MAC without a key', enciphered(card, `D30101${ENC}`)],
    ['C-DEC without a key', enciphered(card, `D30102${WITH_COUNTER}`)],
    ['R-MAC without a key', enciphered(card, `D30110B41F950110D110${KEY}91080000000000000007`)],
    ['R-ENC without a key', enciphered(card, `D30120B815950110D110${KEY}`)],
    ['a use without a meaning', enciphered(card, `D30101B41F9501C0D110${KEY}91080000000000000007`)],
    ['one key twice', enciphered(card, `D30100B815950130D110${KEY}B815950110D110${KEY}`.slice(0, 220))],
    ['a key of 24 bytes', enciphered(card, `D30100B81D950130D118${KEY}${KEY.slice(0, 16)}`)],
    ['a key of 15 bytes', enciphered(card, `D30100B814950130D10F${KEY.slice(2)}`)],
    ['no key value', enciphered(card, 'D30100B803950130')],
    ['AES keys', enciphered(card, `D30100B818950130800188D110${KEY}`)],
    ['a key type of two bytes', enciphered(card, `D30100B81995013080028080D110${KEY}`)],
    ['a counter of an enciphering key', enciphered(card, `D30100B81F950130D110${KEY}91080000000000000007`)],
    ['a counter of 7 bytes', enciphered(card, `D30100B41E950130D110${KEY}910700000000000007`)],
    ['the counter before the key', enciphered(card, `D30100B41F95013091080000000000000007D110${KEY}`)],
    ['another template', enciphered(card, `D30100B615950130D110${KEY}`)],
    ['a template cut short', enciphered(card, `D30100B816950130D110${KEY}`)],
    ['a template without a length', enciphered(card, `${good}B8`)],
    ['a long template', enciphered(card, `D30100B88115950130D110${KEY}`)],
    ['an object cut short', enciphered(card, `D30100B815950130D111${KEY}`)],
    ['an object without a length', enciphered(card, `D30100B816950130D110${KEY}91`)],
    ['an empty template', enciphered(card, 'D30100B800')],
    ['a use of two bytes', enciphered(card, `D30100B81695023000D110${KEY}`)],
    ['a number above the modulus', 'FF'.repeat(128)],
  ]
  it.each(faults)('refuses %s', async (_, ciphertext) => {
    for (const [profile, state] of [
      ['gp', 'idle'],
      ['feitian', 'managed'],
    ] as const) {
      const one = referenceCard({ profile })
      expect(await status(one, to.withoutCertificate, apdu('002A8084', ciphertext))).toBe('6A80')
      expect(one.inspect()).toMatchObject({ state, keys: [] })
    }
  })
  it('refuses another length', async () => {
    for (const [profile, state] of [
      ['gp', 'idle'],
      ['feitian', 'managed'],
    ] as const) {
      const one = referenceCard({ profile })
      for (const data of ['00'.repeat(127), '00'.repeat(129), '']) {
        expect(await status(one, to.withoutCertificate, apdu('002A8084', data))).toBe('6700')
        expect(one.inspect().state).toBe(state)
      }
    }
  })
  it('leaves the keys of an earlier one when it fails under feitian', async () => {
    const one = referenceCard({ profile: 'feitian' })
    expect(
      await status(
        one,
        to.withoutCertificate,
        ...to.decipher,
        apdu('002A8084', enciphered(card, 'D30100')),
        to.challenge,
        ...to.external,
      ),
    ).toBe('9000')
  })
  it.each([
    ['gp', MAC.replace('B417', 'B415'), '6A80', 'idle'],
    ['feitian', MAC.replace('B417', 'B415'), '6A80', 'idle'],
    ['gp', ENC, '9000', 'established'],
    ['feitian', ENC, '6A80', 'idle'],
    ['gp', `B41F950110D110${KEY}91080000000000000007B415950120D110${KEY}`, '6A80', 'idle'],
    ['feitian', `B41F950110D110${KEY}91080000000000000007B415950120D110${KEY}`, '9000', 'established'],
  ] as const)('wants signature information as %s does: %s', async (profile, templates, sw, state) => {
    const one = referenceCard({ profile })
    expect(await status(one, apdu('002A8084', enciphered(card, `D30100${templates}`)))).toBe(sw)
    expect(one.inspect().state).toBe(state)
  })
  it('takes every key by itself, with key type or without', async () => {
    for (const [template, keys] of [
      [`B41F950110D110${KEY}91080000000000000007`, ['cmac']],
      [`B41F950120D110${KEY}91080000000000000007`, ['rmac']],
      [`B818950110800180D110${KEY}`, ['cenc']],
      [`B815950120D110${KEY}`, ['renc']],
      [`B8159501C0D110${KEY}`, ['dek']],
    ] as const) {
      const one = referenceCard()
      expect(await status(one, apdu('002A8084', enciphered(card, `D30100${template}`)))).toBe('9000')
      expect(one.inspect().keys).toEqual(keys)
    }
  })
})

describe('EXTERNAL AUTHENTICATE in key transport', () => {
  const good = transport.externalAuthenticate.signature
  it.each([
    ['a signature of another message', signed(host, '00'), '6300'],
    ['a signature of another key', signed(card, transport.externalAuthenticate.signedMessage), '6300'],
    ['no number below the modulus', 'FF'.repeat(128), '6300'],
    ['127 bytes', good.slice(2), '6700'],
    ['129 bytes', `00${good}`, '6700'],
    ['no data', '', '6700'],
  ])('refuses %s', async (_, data, sw) => {
    const one = referenceCard()
    expect(await status(one, to.withoutCertificate, ...to.decipher, to.challenge, apdu('00820000', data))).toBe(sw)
    expect(one.inspect()).toMatchObject({ state: 'idle', keys: [], request: false, challenge: false })
  })
  it('wants the last challenge', async () => {
    const one = referenceCard()
    expect(await status(one, to.withoutCertificate, ...to.decipher, to.challenge, to.challenge, ...to.external)).toBe(
      '6300',
    )
  })
  it.each(['gp', 'feitian'] as const)('ends the handshake when the host alone proves itself: %s', async (profile) => {
    const one = referenceCard({ profile })
    const mse = commandsOf('transport', 'external').withoutCertificate
    expect(await status(one, mse, ...to.decipher, to.challenge, ...to.external)).toBe('9000')
    expect(one.inspect()).toMatchObject({ state: 'session', request: false, level: 0xb3 })
    expect(await status(one, ...to.internal)).toBe('6982')
  })
})

describe('INTERNAL AUTHENTICATE', () => {
  const prepare = async (options: Partial<ChannelCardOptions>): Promise<ChannelCard> => {
    const one = referenceCard(options)
    const way = options.variant === 'agreement' ? [by.withoutCertificate] : [to.withoutCertificate, ...to.decipher]
    await status(one, ...way, to.challenge, ...(options.variant === 'agreement' ? by : to).external)
    return one
  }
  const challenge = transport.internalAuthenticate.hostChallenge
  const short = agreement.internalAuthenticate.hostChallenge
  it.each([
    ['gp', 'transport', challenge, '6700'],
    ['feitian', 'transport', challenge, '9000'],
    ['gp', 'transport', `${challenge}545354484F535432`, '6A80'],
    ['feitian', 'transport', `${challenge}545354484F535432`, '6A80'],
    ['gp', 'transport', `${challenge}545354484F5354`, '6700'],
    ['feitian', 'transport', `${challenge}545354484F5354`, '6700'],
    ['gp', 'transport', '', '6700'],
    ['gp', 'agreement', `${short}545354484F535432`, '6A80'],
    ['feitian', 'agreement', short, '6700'],
    ['gp', 'agreement', `${short}545354484F53543100`, '6700'],
  ] as const)('%s %s %s', async (profile, variant, data, sw) => {
    const one = await prepare({ profile, variant })
    expect(await status(one, apdu('00880000', data, '00'))).toBe(sw)
    expect(one.inspect().state).toBe(sw === '9000' ? 'session' : 'idle')
  })
  it('answers once', async () => {
    for (const variant of ['transport', 'agreement'] as const) {
      const one = await prepare({ variant })
      const { internal } = variant === 'transport' ? to : by
      expect(await status(one, ...internal)).toBe('9000')
      expect(await status(one, ...internal)).toBe('6982')
    }
  })
})

describe('EXTERNAL AUTHENTICATE in key agreement', () => {
  const challenge = (AGREEMENT_RANDOM[0] as string) + set.ids.card
  const secret = '11'.repeat(32)
  const request = 'D30133B403950130B803950130'
  const run = async (data: string, options: Partial<ChannelCardOptions> = {}): Promise<[string, ChannelCard]> => {
    const one = referenceCard({ variant: 'agreement', ...options })
    return [await status(one, by.withoutCertificate, by.challenge, apdu('00820000', data)), one]
  }
  it.each([
    ['nothing optional', request],
    ['empty objects of the patent', agreement.payloadFeitianStyleWithEmptyD1_91],
    ['two keys a kind', 'D30133B403950110B403950120B803950110B803950120B8039501C0'],
    ['no level', 'D30100B8039501C0'],
  ])('takes %s', async (_, payload) => {
    expect((await run(agreementData(host, card, payload, secret, challenge)))[0]).toBe('9000')
  })
  it('takes S and n - S, whichever is the smaller one', async () => {
    for (let i = 0x10; i < 0x20; i++) {
      const data = agreementData(host, card, request, toHex(Uint8Array.of(i)).repeat(32), challenge)
      expect((await run(data))[0]).toBe('9000')
    }
  })
  it.each([
    ['another challenge', agreementData(host, card, request, secret, `00${challenge.slice(2)}`)],
    ['another card', agreementData(host, card, request, secret, `${challenge.slice(0, -2)}00`)],
    ['another hash', agreementData(host, card, request, secret, challenge, { hash: '00'.repeat(20) })],
    ['a signature of another key', agreementData(card, card, request, secret, challenge)],
    ['another card key', agreementData(host, host, request, secret, challenge)],
    ['a transported key', agreementData(host, card, `D30133B415950130D110${KEY}B803950130`, secret, challenge)],
    ['a transported counter', agreementData(host, card, 'D30101B40D95013091080000000000000007', secret, challenge)],
    ['no request', agreementData(host, card, '', secret, challenge)],
    ['something behind the request', agreementData(host, card, `${request}00`, secret, challenge)],
    ['a D3 behind the request', agreementData(host, card, `${request}D3`, secret, challenge)],
    ['a number above the modulus', 'FF'.repeat(128)],
  ])('refuses %s', async (_, data) => {
    const [sw, one] = await run(data)
    expect(sw).toBe('6300')
    expect(one.inspect()).toMatchObject({ state: 'idle', keys: [], secret: false, challenge: false })
  })
  it.each([0, 127, 129])('refuses %i bytes', async (length) => {
    expect((await run('00'.repeat(length)))[0]).toBe('6700')
  })
  it('takes a filling that looks like a request', async () => {
    const data = agreementData(host, card, `${request}${request}`, secret, challenge)
    expect((await run(data))[0]).toBe('9000')
  })
  it('wants a host key as long as its own', async () => {
    const { publicKey } = RsaPrivateKey.generate(1032, 65537)
    const data = agreementData(host, card, request, secret, challenge)
    const trustPoints = [{ reference: '0102', id: new Uint8Array(8), key: publicKey }]
    expect((await run(data, { trustPoints }))[0]).toBe('6300')
  })
  it('derives other keys and counters under feitian', async () => {
    const data = agreementData(host, card, request, secret, challenge)
    for (const profile of ['gp', 'feitian'] as const) {
      const [sw, one] = await run(data, { profile, random: fixedRandom(...AGREEMENT_RANDOM) })
      expect(sw).toBe('9000')
      expect(one.inspect().keys).toEqual(['cmac', 'rmac', 'cenc', 'renc'])
    }
    expect(CHANNEL_PROFILES.feitian.keyCounterBytes).toBe(32)
  })
})
