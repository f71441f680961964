import { concat, encodeTlv, fromHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { type CertificateContents, issueCertificate, parseCertificate, verifyChain } from '../src/index.js'
import { coded } from './support/coded.js'
import { named, privateKey, REFERENCE } from './support/reference.js'

const _CERTIFICATES = REFERENCE.certificates
const ROOT = named('root')
const _rootKey = privateKey('root')
const MALFORMED = coded('ERR_CERTIFICATE', { label: 'certificate' })

const holder = named('host').key
const _TAGGED: CertificateContents = {
  authorityReference: ROOT.id,
  holderReference: fromHex('0102030405060708'),
  key: holder,
  validFrom: '20260131',
  validTo: '20271201',
  usage: 0x02,
}
const UNTAGGED: CertificateContents = {
  authorityReference: ROOT.id,
  holderReference: fromHex('0A0B0C0D0102030405060708'),
  key: holder,
  authorisation: fromHex('A0000001674522'),
}
describe('parsing', () => {
  const tlv = encodeTlv
  const key = tlv('7F49', [tlv('81', holder.modulus), tlv('82', holder.exponent)])
  const [car, chr, signature] = [tlv('42', ROOT.id), tlv('5F20', ROOT.id), tlv('9E', new Uint8Array(128))]

  it('takes 5F49 for 7F49 and 5F37 for 9E', () => {
    const key5F49 = tlv('5F49', [tlv('81', holder.modulus), tlv('82', holder.exponent)])
    const certificate = parseCertificate(tlv('7F21', [car, chr, key5F49, tlv('5F37', new Uint8Array(128))]))
    expect(certificate).toMatchObject({ form: 'flat', contents: { key: holder } })
    const contents = concat(Uint8Array.of(4), ROOT.id, new Uint8Array(25), holder.modulus, fromHex('00000003'))
    const other = parseCertificate(tlv('7F21', [tlv('5F4E', contents), signature]))
    expect(other).toMatchObject({ form: 'contents', contents: { key: { exponent: fromHex('03') } } })
  })

  const from = tlv('5F25', fromHex('020600010001'))
  const to = (digits: string) => tlv('5F24', fromHex(digits))
  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['another data object', tlv('7F22', [car, chr, key, signature])],
    ['two data objects', concat(tlv('7F21', [car, chr, key, signature]), tlv('42', new Uint8Array(8)))],
    ['no signature', tlv('7F21', [car, chr, key])],
    ['another order', tlv('7F21', [chr, car, key, signature])],
    ['one date alone', tlv('7F21', [car, chr, key, from, signature])],
    ['a date of 5 bytes', tlv('7F21', [car, chr, key, from, to('0206000100'), signature])],
    ['a date of 7 bytes', tlv('7F21', [car, chr, key, from, to('02060001000100'), signature])],
    ['a date with a digit above 9', tlv('7F21', [car, chr, key, from, to('02060001000A'), signature])],
    ['a usage of 2 bytes', tlv('7F21', [car, chr, key, tlv('5F4C', fromHex('0102')), signature])],
    ['no usage in its object', tlv('7F21', [car, chr, key, tlv('5F4C', fromHex('')), signature])],
    ['a key that is no TLV', tlv('7F21', [car, chr, tlv('5F49', fromHex('81')), signature])],
    ['a key without its exponent', tlv('7F21', [car, chr, tlv('7F49', [tlv('81', holder.modulus)]), signature])],
    [
      'a key the other way round',
      tlv('7F21', [car, chr, tlv('7F49', [tlv('82', holder.exponent), tlv('81', holder.modulus)]), signature]),
    ],
    [
      'a key with more',
      tlv('7F21', [
        car,
        chr,
        tlv('7F49', [tlv('81', holder.modulus), tlv('82', holder.exponent), tlv('83', car)]),
        signature,
      ]),
    ],
    ['a body without its description', tlv('7F21', [tlv('7F4E', [car, key, chr]), tlv('5F37', new Uint8Array(128))])],
    ['a body without an object', tlv('7F21', [tlv('7F4E', []), tlv('5F37', new Uint8Array(128))])],
    ['no contents', tlv('7F21', [tlv('5F4E', new Uint8Array(0)), signature])],
    ['contents cut short', tlv('7F21', [tlv('5F4E', new Uint8Array(30).fill(3)), signature])],
    ['contents of another CPI', tlv('7F21', [tlv('5F4E', new Uint8Array(200).fill(5)), signature])],
    ['a reference of 7 bytes outside', tlv('7F21', [tlv('5F37', car), tlv('5F38', car), tlv('42', new Uint8Array(7))])],
  ])('refuses %s', (_, bytes) => expect(() => parseCertificate(bytes)).toThrow(MALFORMED))

  it('judges recovered contents that are none, or of another authority', () => {
    const root = privateKey('root')
    const outer = (contents: CertificateContents): Uint8Array => {
      const issued = issueCertificate(root, contents, { form: 'recovery' })
      return concat(issued.slice(0, -8), ROOT.id)
    }
    const other = outer({ ...UNTAGGED, authorityReference: new Uint8Array(8) })
    expect(verifyChain([other], ROOT)).toMatchObject({ ok: false, reason: 'contents', index: 0 })
    const even = outer({ ...UNTAGGED, key: { ...holder, modulus: new Uint8Array(128).fill(0xfe) } })
    expect(verifyChain([even], ROOT)).toMatchObject({ ok: false, reason: 'contents' })
  })
})
