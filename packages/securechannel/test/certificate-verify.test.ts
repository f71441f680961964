import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  type CertificateOptions,
  type NamedKey,
  parseCertificate,
  verifyCertificate,
  verifyChain,
} from '../src/index.js'
import { coded, oneBitChanges } from './support/coded.js'
import { load, named, privateKey, REFERENCE } from './support/reference.js'

const CERTIFICATES = REFERENCE.certificates
const ROOT = named('root')
const _rootKey = privateKey('root')
const MALFORMED = coded('ERR_CERTIFICATE', { label: 'certificate' })

describe('the certificates of the transcripts', () => {
  const chain = (...names: (keyof typeof CERTIFICATES)[]): Uint8Array[] =>
    names.map((name) => fromHex(CERTIFICATES[name]))

  it.each([
    ['root', ['root']],
    ['intermediate', ['intermediateByRoot']],
    ['host', ['intermediateByRoot', 'hostByIntermediate']],
    ['host', ['hostByRoot']],
    ['card', ['intermediateByRoot', 'cardByIntermediate']],
  ] as const)('lead to the key of %s by %j', (holder, names) => {
    const verdict = verifyChain(chain(...names), ROOT, { date: '20260101' })
    const { key, id } = named(holder)
    expect(verdict).toMatchObject({
      ok: true,
      holder: { id },
      contents: { validFrom: '20260101', validTo: '20460101' },
    })
    expect(verdict.ok && toHex(verdict.holder.key.modulus)).toBe(toHex(key.modulus))
  })

  it.each<[string, readonly (keyof typeof CERTIFICATES)[], CertificateOptions, string, number]>([
    ['no certificate', [], {}, 'empty', 0],
    ['a gap', ['cardByIntermediate'], {}, 'issuer', 0],
    ['another order', ['cardByIntermediate', 'intermediateByRoot'], {}, 'issuer', 0],
    ['a sister', ['intermediateByRoot', 'hostByRoot'], {}, 'issuer', 1],
    ['the day before', ['hostByRoot'], { date: '20251231' }, 'notYetValid', 0],
    ['the day after', ['hostByRoot'], { date: '20460102' }, 'expired', 0],
    [
      'a holder that may not issue',
      ['intermediateByRoot', 'hostByIntermediate'],
      { mayIssue: () => false },
      'mayNotIssue',
      0,
    ],
    ['the other scope of the signature', ['hostByRoot'], { bodyScope: 'object' }, 'signature', 0],
  ])('with %s end as they must', (_, names, options, reason, index) => {
    const verdict = verifyChain(chain(...names), ROOT, options)
    expect(verdict).toEqual({ ok: false, reason, index, citation: '[GP] F.4.7' })
  })

  it.each(['20460101', '20260101'])('count on %s', (date) => {
    expect(verifyChain(chain('hostByRoot'), ROOT, { date }).ok).toBe(true)
  })
  it.each(['2026010', '20261301', '20260132', '19991231', 'today'])('are not judged on %s', (date) => {
    expect(() => verifyChain(chain('hostByRoot'), ROOT, { date })).toThrow(coded('ERR_DATE', { label: 'date' }))
  })
})

interface Published {
  readonly vectors: readonly {
    source: string
    issuerModulus: string
    issuerExponent: string
    certificate: string
    outerCar42: string
    fields: { car: string; chr: string; cha: string; modulus: string; exponent: string }
  }[]
}

describe('the card-verifiable certificates of an identity card', () => {
  const { vectors } = load<Published>('cvc-iso9796-2')
  const issuerOf = ({ issuerModulus, issuerExponent, outerCar42 }: Published['vectors'][0]): NamedKey => ({
    key: { modulus: fromHex(issuerModulus), exponent: fromHex(issuerExponent) },
    id: fromHex(outerCar42),
  })

  it.each(vectors)('$source', (vector) => {
    const { fields } = vector
    const certificate = parseCertificate(fromHex(vector.certificate))
    expect(certificate.form).toBe('recovery')
    expect(verifyCertificate(certificate, issuerOf(vector))).toMatchObject({
      ok: true,
      holder: { id: fromHex(fields.chr.slice(-16)) },
      contents: {
        authorityReference: fromHex(fields.car),
        holderReference: fromHex(fields.chr),
        authorisation: fromHex(fields.cha),
        key: { modulus: fromHex(fields.modulus), exponent: fromHex('010001') },
      },
    })
  })

  it('form a chain', () => {
    const [ca, ...terminals] = vectors
    for (const terminal of terminals) {
      const chain = [ca, terminal].map((vector) => fromHex(vector?.certificate ?? ''))
      expect(verifyChain(chain, issuerOf(vectors[0] as Published['vectors'][0])).ok).toBe(true)
    }
  })

  it('are refused when they differ in a bit', () => {
    const vector = vectors[0] as Published['vectors'][0]
    const issuer = issuerOf(vector)
    for (const changed of oneBitChanges(fromHex(vector.certificate))) {
      const verdict = ((): boolean => {
        try {
          return verifyCertificate(parseCertificate(changed), issuer).ok
        } catch (failure) {
          expect(failure).toEqual(MALFORMED)
          return false
        }
      })()
      expect(verdict).toBe(false)
    }
  })
})
