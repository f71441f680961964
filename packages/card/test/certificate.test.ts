/** Certificates in their four forms, and what is wrong with them. */
import { encodeTlv, fromHex, toHex } from '@issuerkit/apdu'
import { type CertificateChecks, type CertifiedKey, verifyChannelCertificate } from '@issuerkit/card'
import { describe, expect, it } from 'vitest'
import published from '../../../vectors/cvc-iso9796-2.json' with { type: 'json' }
import { openssl, rawPrivate, sha1, signed } from './support/host.js'
import {
  certificates,
  commandsOf,
  hostKey,
  id,
  referenceCard,
  rootKey,
  send,
  set,
  status,
} from './support/reference.js'

const rootId = set.ids.root
const root = openssl(set.keys.root)
const issuer: CertifiedKey = { id: id('root'), key: rootKey.publicKey }
const N = set.keys.host.n
const tlv = (tag: string, ...parts: string[]): string => toHex(encodeTlv(tag, fromHex(parts.join(''))))
const open = (certificate: string, selfDescriptive = true, checks: CertificateChecks = {}, by = issuer) => {
  const found = verifyChannelCertificate(fromHex(certificate), selfDescriptive, by, checks)
  return typeof found === 'string' ? found : `${toHex(found.id)} ${toHex(found.key.exponent)}`
}
const HOST = '545354484F535431'

interface Parts {
  car?: string
  chr?: string
  n?: string
  e?: string
  from?: string
  to?: string
  extra?: string
  key?: string
}
function body({
  car = rootId,
  chr = HOST,
  n = N,
  e = '010001',
  from = '060206000100',
  to = '',
  extra = '',
}: Parts): string {
  const dates = to === '' ? '' : tlv('5F25', from) + tlv('5F24', to)
  return tlv('42', car) + tlv('7F49', tlv('81', n), tlv('82', e)) + tlv('5F20', chr) + dates + extra
}
const wrapped = (parts: Parts): string => {
  const value = body(parts)
  return tlv('7F21', tlv('7F4E', value), tlv('5F37', signed(root, value)))
}

describe('a self-descriptive certificate', () => {
  it.each([
    ['of the transcripts', certificates.hostByRoot],
    ['of this test', wrapped({})],
    ['with a holder of 12 bytes', wrapped({ chr: `00000000${HOST}` })],
  ])('%s is taken', (_, certificate) => expect(open(certificate)).toBe(`${HOST} 010001`))
  it('flat, with the tags of GlobalPlatform, is taken', () => {
    const flat = tlv('42', rootId) + tlv('5F20', HOST) + tlv('5F49', tlv('81', N), tlv('82', '03')) + tlv('5F4C', '02')
    expect(open(tlv('7F21', flat, tlv('9E', signed(root, flat))))).toBe(`${HOST} 03`)
    expect(open(tlv('7F21', flat, tlv('9E', signed(root, `${flat}00`))))).toBe('refused')
  })
  it('is signed over the value of its body, or over the whole body', () => {
    const whole = tlv('7F4E', body({}))
    const certificate = tlv('7F21', whole, tlv('5F37', signed(root, whole)))
    expect(open(certificate)).toBe('refused')
    expect(open(certificate, true, { bodyScope: 'tlv' })).toBe(`${HOST} 010001`)
    expect(open(wrapped({}), true, { bodyScope: 'tlv' })).toBe('refused')
  })
  it.each([
    ['another issuer', wrapped({ car: '5453544341303031' })],
    ['a holder of the wrong key', certificates.hostByIntermediate],
    ['a modulus of 1016 bits', wrapped({ n: N.slice(2) })],
    ['a modulus whose first bit is 0', wrapped({ n: `00${N}` })],
    ['a modulus of 4104 bits', wrapped({ n: 'FF'.repeat(513) })],
    ['an even modulus', wrapped({ n: `${N.slice(0, -2)}00` })],
    ['no modulus', wrapped({ n: '' })],
    ['an even exponent', wrapped({ e: '04' })],
    ['the exponent 1', wrapped({ e: '01' })],
    ['an exponent with a zero in front', wrapped({ e: '0003' })],
    ['no exponent', wrapped({ e: '' })],
  ])('is refused for %s', (_, certificate) => expect(open(certificate)).toBe('refused'))
  it.each([
    ['another tag', `7F22${certificates.hostByRoot.slice(4)}`],
    ['nothing in it', '7F2100'],
    ['bytes behind it', `${certificates.hostByRoot}00`],
    ['no signature', tlv('7F21', tlv('7F4E', body({})))],
    ['no body', tlv('7F21', tlv('5F37', signed(root, '')))],
    ['two holders', wrapped({ extra: tlv('5F20', HOST) })],
    ['a key that is no TLV', tlv('7F21', tlv('5F49', '81'), tlv('9E', signed(root, tlv('5F49', '81'))))],
    ['one date', wrapped({ extra: tlv('5F25', '060206000100') })],
    ['a date of five digits', wrapped({ from: '0602060001', to: '060206000100' })],
    ['a date with a letter', wrapped({ from: '0602060001', to: '0602060A0100' })],
    ['a date in two digits a byte', wrapped({ from: '260101', to: '360101' })],
  ])('is malformed for %s', (_, certificate) => expect(open(certificate)).toBe('malformed'))
  it.each([
    ['251231', 'refused'],
    ['260101', `${HOST} 010001`],
    ['301231', `${HOST} 010001`],
    ['310101', 'refused'],
  ])('on %s is %s', (today, verdict) => {
    const dated = wrapped({ from: '020600010001', to: '030001020301' })
    expect(open(dated, true, { today })).toBe(verdict)
    expect(open(dated)).toBe(`${HOST} 010001`)
    expect(open(wrapped({}), true, { today })).toBe(`${HOST} 010001`)
  })
})

describe('a certificate that does not describe itself', () => {
  const contents = (cpi: string, car = rootId): string =>
    `${cpi}${car}00000000${HOST}${'00'.repeat(7)}${'11'.repeat(cpi === '03' ? 7 : 6)}${N}00010001`
  it.each(['03', '04'])('without recovery is taken: profile %s', (cpi) => {
    const certificate = tlv('7F21', tlv('5F4E', contents(cpi)), tlv('5F37', signed(root, contents(cpi))))
    expect(open(certificate, false)).toBe(`${HOST} 010001`)
  })
  const recovered = (message: string, outer = rootId): string => {
    const part = message.slice(0, 2 * 106)
    const rest = message.slice(2 * 106)
    const signature = rawPrivate(root, `6A${part}${sha1(part + rest)}BC`)
    return tlv('7F21', tlv('5F37', signature), tlv('5F38', rest), tlv('42', outer))
  }
  it.each(['03', '04'])('with recovery is taken: profile %s', (cpi) => {
    expect(open(recovered(contents(cpi)), false)).toBe(`${HOST} 010001`)
  })
  it.each([
    ['another issuer outside', recovered(contents('03'), HOST)],
    ['another issuer inside', recovered(contents('03', HOST))],
    ['another remainder', recovered(contents('03')).replace(/010001(42.*)$/, '010003$1')],
    ['a signature above the modulus', tlv('7F21', tlv('5F37', 'FF'.repeat(128)), tlv('5F38', '00'), tlv('42', rootId))],
    ['another signature', tlv('7F21', tlv('5F4E', contents('03')), tlv('9E', signed(root, '00')))],
    ['no exponent', tlv('7F21', tlv('5F4E', '00'), tlv('9E', signed(root, '00')))],
    ['an exponent of zeros', tlv('7F21', tlv('5F4E', '00'.repeat(180)), tlv('9E', signed(root, '00'.repeat(180))))],
  ])('is refused for %s', (_, certificate) => expect(open(certificate, false)).toBe('refused'))
  it.each(published.vectors)(
    'is taken as published: $source',
    ({ issuerModulus, issuerExponent, certificate, outerCar42, fields }) => {
      const key = { modulus: fromHex(issuerModulus), exponent: fromHex(issuerExponent) }
      const found = verifyChannelCertificate(fromHex(certificate), false, { id: fromHex(outerCar42), key })
      expect(found).toMatchObject({ key: { modulus: fromHex(fields.modulus) } })
    },
  )
})

describe('PSO: VERIFY CERTIFICATE', () => {
  const to = commandsOf('transport')
  const [first, last] = to.certificate as [string, string]
  it.each([
    ['another tag', [`002A00BE037F2200`], '6A80'],
    ['an indefinite length', ['002A00BE057F21800000'], '6A80'],
    ['a length of three bytes', ['002A00BE067F2183000000'], '6A80'],
    ['no data', ['002A00BE'], '6A80'],
    ['an end too soon', [`0${first.slice(1)}`], '6A80'],
    ['surplus bytes', [first, `002A00BE46${last.slice(10)}00`], '6A80'],
    ['surplus bytes with another certificate to follow', [first, `102A00BE46${last.slice(10)}00`], '6A80'],
    ['a last piece without the first', [last], '6A80'],
    ['another command in between', [first, '80CA7F2100'], '6883'],
    ['another P2 in between', [first, last.replace('BE', 'AE')], '6883'],
    ['an application in between', [first, '00B0000000'], '6883'],
    ['a selection in between', [first, '00A4040000'], '6883'],
    ['secure messaging in between', [first, '0CB0000000'], '6883'],
    ['the same piece again', [first, first], '6A80'],
    [
      'a chain without an end',
      ['102A00BE057F21821FFB', ...Array.from({ length: 17 }, () => `102A00BEFF${'00'.repeat(255)}`)],
      '6700',
    ],
    ['the other form', [first.replace('BE', 'AE'), last.replace('BE', 'AE')], '6A80'],
    ['a changed byte', [first, `${last.slice(0, -2)}00`], '6300'],
  ])('refuses %s', async (_, commands, sw) => {
    const card = referenceCard()
    expect(await status(card, to.withCertificate, ...commands)).toBe(sw)
    expect(card.inspect()).toMatchObject({ state: 'idle', hostId: rootId, chain: false })
  })
  it('takes a certificate cut at any place, down to single bytes', async () => {
    const bytes = certificates.hostByRoot.match(/../g) as string[]
    for (const size of [1, 2, 3, 4, 5, 7, 80]) {
      const card = referenceCard({ profile: 'feitian' })
      const pieces: string[] = []
      for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size).join(''))
      const commands = pieces.map(
        (piece, i) =>
          `${i < pieces.length - 1 ? '1' : '0'}02A00BE${(piece.length / 2).toString(16).padStart(2, '0')}${piece}`,
      )
      const answers = await send(card, to.withCertificate, ...commands)
      expect(new Set(answers)).toEqual(new Set(['9000']))
      expect(card.inspect()).toMatchObject({ state: 'certified', hostId: HOST })
    }
  })
  it.each([
    ['7F2103810100', 6],
    ['7F21818000', 5],
    ['7F2181', 3],
    ['7F2182', 3],
    ['7F218201', 4],
  ])('waits for the rest of %s', async (data, length) => {
    const card = referenceCard()
    await status(card, to.withCertificate, `102A00BE0${length}${data}`)
    expect(card.inspect().chain).toBe(length < 6)
  })
  it('asks whether a key may certify', async () => {
    const asked: string[] = []
    const card = referenceCard({
      mayCertify: (by, holder) => {
        asked.push(`${toHex(by.id)} ${toHex(holder.id)}`)
        return asked.length < 2
      },
    })
    expect(await status(card, to.withCertificate, ...to.chain)).toBe('6300')
    expect(asked).toEqual([`${rootId} ${set.ids.intermediate}`, `${set.ids.intermediate} ${HOST}`])
  })
  it('takes the key that was certified', () => {
    const found = verifyChannelCertificate(fromHex(certificates.hostByRoot), true, issuer)
    expect(found).toEqual({ id: id('host'), key: hostKey.publicKey })
  })
  it('does not take a key that is no RSA key', () => {
    const even = { modulus: fromHex(`${set.keys.root.n.slice(0, -2)}00`), exponent: fromHex('03') }
    expect(open(certificates.hostByRoot, true, {}, { id: id('root'), key: even })).toBe('refused')
  })
})
