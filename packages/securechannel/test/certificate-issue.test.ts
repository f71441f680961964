import { fromHex } from '@issuerkit/apdu'
import { RsaPrivateKey } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import {
  type CertificateContents,
  type CertificateForm,
  certificateP2,
  issueCertificate,
  parseCertificate,
  verifyCertificate,
  verifyChain,
} from '../src/index.js'
import { coded, oneBitChanges } from './support/coded.js'
import { named, privateKey, REFERENCE } from './support/reference.js'

const CERTIFICATES = REFERENCE.certificates
const ROOT = named('root')
const rootKey = privateKey('root')
const MALFORMED = coded('ERR_CERTIFICATE', { label: 'certificate' })

const holder = named('host').key
const TAGGED: CertificateContents = {
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
const FORMS: [CertificateForm, CertificateContents, number][] = [
  ['selfDescriptive', TAGGED, 0xbe],
  ['flat', TAGGED, 0xbe],
  ['contents', UNTAGGED, 0xae],
  ['recovery', UNTAGGED, 0xae],
]

describe.each(FORMS)('a certificate of the form %s', (form, contents, p2) => {
  const issued = issueCertificate(rootKey, contents, { form })

  it('says what it was issued for', () => {
    const certificate = parseCertificate(issued)
    expect(certificate.form).toBe(form)
    expect(certificateP2(certificate)).toBe(p2)
    const verdict = verifyCertificate(certificate, ROOT, { date: '20260131' })
    expect(verdict).toMatchObject({ ok: true, contents, holder: { id: fromHex('0102030405060708') } })
  })

  it('is refused when it differs in a bit', () => {
    let refused = 0
    for (const changed of oneBitChanges(issued)) {
      try {
        refused += verifyChain([changed], ROOT).ok ? 0 : 1
      } catch (failure) {
        expect(failure).toEqual(MALFORMED)
        refused += 1
      }
    }
    expect(refused).toBe(8 * issued.length)
  })

  it('is refused under another key of the same name', () => {
    const other = { key: privateKey('card').publicKey, id: ROOT.id }
    expect(verifyCertificate(parseCertificate(issued), other)).toMatchObject({ ok: false, reason: 'signature' })
  })

  it.each([3, 65537] as const)('holds a key of 2048 bits with the exponent %i', (exponent) => {
    const { publicKey } = KEYS[exponent]
    const certificate = issueCertificate(rootKey, { ...contents, key: publicKey }, { form })
    expect(verifyChain([certificate], ROOT)).toMatchObject({ ok: true, holder: { key: publicKey } })
  })
})

const KEYS = { 3: RsaPrivateKey.generate(2048, 3), 65537: RsaPrivateKey.generate(2048, 65537) }

describe('issuing', () => {
  const issue = (form: CertificateForm, change: Partial<CertificateContents>, oid?: Uint8Array) => () =>
    issueCertificate(
      rootKey,
      { ...(FORMS.find(([name]) => name === form)?.[1] ?? TAGGED), ...change },
      { form, ...(oid ? { oid } : {}) },
    )

  it.each<[string, CertificateForm, Partial<CertificateContents>]>([
    ['a CAR of 7 bytes', 'flat', { authorityReference: new Uint8Array(7) }],
    ['a CAR of 12 bytes', 'contents', { authorityReference: new Uint8Array(12) }],
    ['a CAR of 12 bytes outside', 'recovery', { authorityReference: new Uint8Array(12) }],
    ['a CHR of 9 bytes', 'selfDescriptive', { holderReference: new Uint8Array(9) }],
    ['a CHR of 8 bytes', 'recovery', { holderReference: new Uint8Array(8) }],
    ['a CHA of 6 bytes', 'contents', { authorisation: new Uint8Array(6) }],
    ['a date of the last century', 'flat', { validFrom: '19991231' }],
    ['a date of 31 months', 'flat', { validTo: '20263101' }],
    ['a modulus of 1016 bits', 'flat', { key: { ...holder, modulus: holder.modulus.slice(0, 127) } }],
    ['a modulus of 4104 bits', 'flat', { key: { ...holder, modulus: new Uint8Array(513).fill(0xff) } }],
    ['an even modulus', 'flat', { key: { ...holder, modulus: new Uint8Array(128).fill(0xfe) } }],
    ['a modulus that begins with a zero bit', 'flat', { key: { ...holder, modulus: new Uint8Array(128).fill(0x7f) } }],
    ['the exponent 1', 'flat', { key: { ...holder, exponent: fromHex('01') } }],
    ['the exponent 2', 'flat', { key: { ...holder, exponent: fromHex('02') } }],
    ['the exponent 0', 'flat', { key: { ...holder, exponent: fromHex('00') } }],
    ['no exponent', 'flat', { key: { ...holder, exponent: new Uint8Array(0) } }],
    ['an exponent of 5 bytes', 'flat', { key: { ...holder, exponent: fromHex('0100000001') } }],
  ])('refuses %s', (_, form, change) => expect(issue(form, change)).toThrow(MALFORMED))

  it.each([5, 8])('refuses an OID of %i bytes', (length) => {
    expect(issue('recovery', {}, new Uint8Array(length))).toThrow(MALFORMED)
  })
  it('refuses no authorisation in a form without tags', () => {
    const { authorisation: _, ...contents } = UNTAGGED
    expect(() => issueCertificate(rootKey, contents, { form: 'contents' })).toThrow(MALFORMED)
  })
  it('refuses a signature with recovery that would leave nothing outside', () => {
    const issued = () => issueCertificate(KEYS[65537], UNTAGGED, { form: 'recovery' })
    expect(issued).toThrow(coded('ERR_LENGTH', { label: 'M1' }))
  })

  it('takes an OID of 6 bytes', () => {
    const issued = issueCertificate(rootKey, UNTAGGED, { form: 'recovery', oid: fromHex('2B2407020101') })
    expect(verifyChain([issued], ROOT)).toMatchObject({ ok: true, contents: UNTAGGED })
  })
  it.each([128, 512])('takes a modulus of %i bytes', (length) => {
    const key = { modulus: new Uint8Array(length).fill(0xff), exponent: fromHex('01000001') }
    expect(verifyChain([issueCertificate(rootKey, { ...TAGGED, key })], ROOT)).toMatchObject({
      ok: true,
      holder: { key },
    })
  })
  it('signs the whole body where that is the custom', () => {
    const issued = issueCertificate(rootKey, TAGGED, { bodyScope: 'object' })
    expect(verifyChain([issued], ROOT, { bodyScope: 'object' }).ok).toBe(true)
    expect(verifyChain([issued], ROOT)).toMatchObject({ ok: false, reason: 'signature' })
    const flat = issueCertificate(rootKey, TAGGED, { form: 'flat', bodyScope: 'object' })
    expect(verifyChain([flat], ROOT, { bodyScope: 'object' }).ok).toBe(true)
  })
  it('leaves out what the contents do not have', () => {
    const { validFrom: _, validTo: __, usage: ___, ...contents } = TAGGED
    for (const form of ['selfDescriptive', 'flat'] as const) {
      const verdict = verifyChain([issueCertificate(rootKey, contents, { form })], ROOT, { date: '20991231' })
      expect(verdict.ok && verdict.contents).toEqual(contents)
    }
  })
  it('lets the holder of a limited key issue nothing', () => {
    const limited = issueCertificate(rootKey, {
      ...TAGGED,
      key: named('intermediate').key,
      holderReference: named('intermediate').id,
    })
    const below = fromHex(CERTIFICATES.hostByIntermediate)
    expect(verifyChain([limited, below], ROOT)).toMatchObject({ ok: false, reason: 'mayNotIssue', index: 0 })
    expect(verifyChain([limited, below], ROOT, { mayIssue: () => true }).ok).toBe(true)
  })
})
