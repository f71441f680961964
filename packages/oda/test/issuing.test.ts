import { readFileSync } from 'node:fs'
import { concat, encodeTlv, fromHex, toHex } from '@issuerkit/apdu'
import { RsaPrivateKey } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import {
  answerCombined,
  authenticate,
  caKeyToText,
  createTestCa,
  emvKey,
  iccDynamicData,
  issueIccCertificate,
  issueIssuerCertificate,
  issuePinCertificate,
  signDynamicData,
  signStaticData,
  testCaFromKey,
} from '../src/index.js'

type Vector = Readonly<Record<string, string>>
const file = new URL('../../../vectors/oda-issuance.json', import.meta.url)
const VECTORS = (JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] }).vectors
const code = (name: string) => expect.objectContaining({ code: name })
const digits = (padded: string) => padded.replace(/F+$/, '')

describe('published signatures, bit for bit', () => {
  const bytes = (vector: Vector, name: string) => fromHex(vector[name] ?? '', name)
  const key = (vector: Vector, owner: string) =>
    RsaPrivateKey.create({
      modulus: bytes(vector, `${owner}N`),
      exponent: fromHex('03'),
      privateExponent: bytes(vector, `${owner}D`),
    })
  const details = (vector: Vector, owner: string) => ({
    key: { modulus: bytes(vector, `${owner}N`), exponent: bytes(vector, `${owner}E`) },
    expiry: vector['mmyy'] ?? '',
    serial: bytes(vector, 'serial'),
  })
  const run: Record<string, (vector: Vector) => Vector> = {
    signIssuerCert: (vector) => {
      const identifier = digits(vector['issuerId'] ?? '')
      const issued = issueIssuerCertificate(key(vector, 'ca'), { ...details(vector, 'issuer'), identifier })
      return { expect90: toHex(issued.certificate), expect92: toHex(issued.remainder) }
    },
    signIccCert: (vector) => {
      const more = { pan: digits(vector['pan'] ?? ''), staticData: bytes(vector, 'staticData') }
      const issued = issueIccCertificate(key(vector, 'issuer'), { ...details(vector, 'icc'), ...more })
      return { expect9F46: toHex(issued.certificate), expect9F48: toHex(issued.remainder) }
    },
    signSdad: (vector) => {
      const data = { dynamicData: bytes(vector, 'dynamicData'), terminalData: bytes(vector, 'terminalData') }
      return { expect9F4B: toHex(signDynamicData(key(vector, 'icc'), data)) }
    },
    signSsad: (vector) => {
      const data = { dataAuthenticationCode: bytes(vector, 'dac'), staticData: bytes(vector, 'staticData') }
      return { expect93: toHex(signStaticData(key(vector, 'issuer'), data)) }
    },
  }

  it.each(VECTORS.map((vector) => [vector['id'] ?? '', vector] as const))('%s', (_, vector) => {
    const made = run[vector['op'] ?? '']?.(vector)
    expect(Object.keys(made ?? {}).sort()).toEqual(
      Object.keys(vector)
        .filter((name) => name.startsWith('expect'))
        .sort(),
    )
    expect(vector).toMatchObject(made ?? {})
  })
})

const ca = createTestCa({ rid: fromHex('A0000000FE'), index: 1, bits: 1024, exponent: 3, expiry: '20491231' })
const issuer = emvKey(1024, 65537)
const PAN = '6200000000000005'
const STATIC = fromHex('5A0862000000000000057C00')
const SERIAL = fromHex('000001')
const issuerDetails = { key: issuer.publicKey, expiry: '1249', serial: SERIAL }
const issued = issueIssuerCertificate(ca.privateKey, { ...issuerDetails, identifier: '620000' })
const ISSUER_TAGS: readonly (readonly [string, Uint8Array])[] = [
  ['90', issued.certificate],
  ['92', issued.remainder],
  ['9F32', issued.exponent],
  ['5A', fromHex(PAN)],
]
const chain = (
  method: Parameters<typeof authenticate>[0]['method'],
  ...more: readonly (readonly [string, Uint8Array])[]
) => ({
  method,
  caKey: ca.key,
  tags: new Map([...ISSUER_TAGS, ...more]),
  staticData: STATIC,
  transactionDate: '20261121',
})

describe('what is issued is what the checker takes', () => {
  it.each([
    [512, 3],
    [640, 65537],
    [768, 3],
    [1024, 3],
  ] as const)('for an ICC key of %d bits with the exponent %d', (bits, exponent) => {
    const icc = emvKey(bits, exponent)
    const details = { key: icc.publicKey, expiry: '1249', serial: SERIAL, pan: PAN }
    const certificate = issueIccCertificate(issuer, { ...details, staticData: STATIC })
    const tags = [
      ['9F46', certificate.certificate],
      ['9F47', certificate.exponent],
      ['9F48', certificate.remainder],
    ] as const
    const found = authenticate(chain('icc-key', ...tags))
    expect(found).toMatchObject({ ok: true })
    expect(toHex(found.recovered.iccModulus ?? new Uint8Array())).toBe(toHex(icc.publicKey.modulus))

    const dynamicData = iccDynamicData(fromHex('0102'))
    const terminalData = fromHex('A1B2C3D4')
    for (const [method, format] of [
      ['dda', 'emv'],
      ['fdda', 'fdda'],
    ] as const) {
      const signedDynamicApplicationData = signDynamicData(icc, { dynamicData, terminalData, format })
      const dynamic = { terminalData, signedDynamicApplicationData }
      expect(authenticate({ ...chain(method, ...tags), dynamic })).toMatchObject({ ok: true })
      expect(authenticate({ ...chain(method === 'dda' ? 'fdda' : 'dda', ...tags), dynamic })).toMatchObject({
        ok: false,
        fault: { reason: 'SDAD_FORMAT' },
      })
    }

    for (const cdol2Data of [undefined, fromHex('0303')]) {
      const sent = {
        pdolData: fromHex('01'),
        cdol1Data: fromHex('0202'),
        ...(cdol2Data === undefined ? {} : { cdol2Data }),
      }
      const response = answerCombined(icc, {
        ...sent,
        iccDynamicNumber: fromHex('0102030405060708'),
        applicationCryptogram: fromHex('1122334455667788'),
        unpredictableNumber: terminalData,
        answer: concat(encodeTlv('9F27', fromHex('80')), encodeTlv('9F36', fromHex('0001'))),
      })
      const dynamic = { ...sent, unpredictableNumber: terminalData, response }
      const combined = authenticate({ ...chain('cda', ...tags), dynamic })
      expect(combined).toMatchObject({ ok: true })
      expect(toHex(combined.recovered.applicationCryptogram ?? new Uint8Array())).toBe('1122334455667788')
    }

    const pin = issuePinCertificate(issuer, details)
    const pinTags = [
      ['9F2D', pin.certificate],
      ['9F2E', pin.exponent],
      ['9F2F', pin.remainder],
    ] as const
    expect(authenticate(chain('pin-key', ...pinTags))).toMatchObject({ ok: true })
  })

  it('for static data', () => {
    const signed = signStaticData(issuer, { dataAuthenticationCode: fromHex('DAC0'), staticData: STATIC })
    const found = authenticate(chain('sda', ['93', signed]))
    expect(found).toMatchObject({ ok: true })
    expect(toHex(found.recovered.dataAuthenticationCode ?? new Uint8Array())).toBe('DAC0')
  })
})

describe('at the edges', () => {
  const small = emvKey(512, 3)
  it('dynamic data may fill the block', () => {
    const signature = signDynamicData(small, { dynamicData: new Uint8Array(39), terminalData: STATIC })
    expect(signature).toHaveLength(64)
  })

  it.each(['620', '62000000'])('an identifier of %s', (identifier) =>
    expect(issueIssuerCertificate(ca.privateKey, { ...issuerDetails, identifier }).certificate).toHaveLength(128),
  )

  it('keys of 1984 bits, whose exponent is a copy', () => {
    const key = emvKey(1984, 65537).publicKey
    const { remainder, exponent } = issueIssuerCertificate(ca.privateKey, {
      ...issuerDetails,
      key,
      identifier: '620000',
    })
    expect(remainder).toHaveLength(248 - (128 - 36))
    expect(exponent).toEqual(key.exponent)
    expect(exponent).not.toBe(key.exponent)
  })

  it('the CID is found wherever it stands in an answer', () => {
    const response = answerCombined(emvKey(640, 3), {
      iccDynamicNumber: fromHex('0102'),
      applicationCryptogram: new Uint8Array(8),
      unpredictableNumber: new Uint8Array(4),
      pdolData: new Uint8Array(0),
      cdol1Data: new Uint8Array(0),
      answer: fromHex('9F360200019F270180'),
    })
    expect(toHex(response)).toMatch(/^775[0-9A-F]9F360200019F2701809F4B50/)
  })

  it('an expiry date is kept, and none is made', () => {
    expect(ca.key.expiry).toBe('20491231')
    const without = testCaFromKey(small, { rid: ca.key.rid, index: 3 }).key
    expect(Object.keys(without)).not.toContain('expiry')
    expect(Object.keys(caKeyToText(without))).not.toContain('expiry')
    expect(caKeyToText(ca.key).expiry).toBe('20491231')
  })
})

describe('what is not signed', () => {
  const small = emvKey(512, 3)
  const sign = (change: object) => () =>
    issueIssuerCertificate(ca.privateKey, { ...issuerDetails, identifier: '620000', ...change })
  const long = new Uint8Array(249).fill(0xff)
  it.each([
    ['an identifier of 2 digits', sign({ identifier: '62' }), 'ERR_PAN'],
    ['an identifier of 9 digits', sign({ identifier: '620000000' }), 'ERR_PAN'],
    ['an identifier with a letter', sign({ identifier: '62000A' }), 'ERR_PAN'],
    ['an identifier with a letter in front', sign({ identifier: 'F62000' }), 'ERR_PAN'],
    ['month 00', sign({ expiry: '0049' }), 'ERR_DATE'],
    ['month 13', sign({ expiry: '1349' }), 'ERR_DATE'],
    ['a year of 4 digits', sign({ expiry: '122049' }), 'ERR_DATE'],
    ['something before the month', sign({ expiry: '11249' }), 'ERR_DATE'],
    ['a serial of 2 bytes', sign({ serial: fromHex('0001') }), 'ERR_LENGTH'],
    ['the exponent 2', sign({ key: { ...issuer.publicKey, exponent: fromHex('02') } }), 'ERR_RSA'],
    ['a key of 63 bytes', sign({ key: { ...issuer.publicKey, modulus: long.subarray(0, 63) } }), 'ERR_RSA'],
    ['a key of 249 bytes', sign({ key: { ...issuer.publicKey, modulus: long } }), 'ERR_RSA'],
    ['a key that begins with zero', sign({ key: { ...issuer.publicKey, modulus: new Uint8Array(128) } }), 'ERR_RSA'],
    [
      'a data authentication code of 1 byte',
      () => signStaticData(issuer, { dataAuthenticationCode: fromHex('00'), staticData: STATIC }),
      'ERR_LENGTH',
    ],
    ['a dynamic number of 1 byte', () => iccDynamicData(fromHex('00')), 'ERR_LENGTH'],
    ['a dynamic number of 9 bytes', () => iccDynamicData(new Uint8Array(9)), 'ERR_LENGTH'],
    [
      'dynamic data without room',
      () => signDynamicData(small, { dynamicData: new Uint8Array(40), terminalData: STATIC }),
      'ERR_LENGTH',
    ],
    ['a PAN of 7 digits', () => issuePinCertificate(issuer, { ...issuerDetails, pan: '1234567' }), 'ERR_PAN'],
    [
      'a PAN of 20 digits',
      () => issueIccCertificate(issuer, { ...issuerDetails, pan: '12345678901234567890', staticData: STATIC }),
      'ERR_PAN',
    ],
    ['a CA of 1992 bits', () => createTestCa({ rid: ca.key.rid, index: 1, bits: 1992, exponent: 3 }), 'ERR_OPTION'],
    ['a CA of 504 bits', () => createTestCa({ rid: ca.key.rid, index: 1, bits: 504, exponent: 3 }), 'ERR_OPTION'],
    [
      'a CA with another exponent',
      () => createTestCa({ rid: ca.key.rid, index: 1, bits: 512, exponent: 5 as 3 }),
      'ERR_OPTION',
    ],
    ['a RID of 4 bytes', () => testCaFromKey(small, { rid: fromHex('A0000000'), index: 1 }), 'ERR_CA_KEY'],
  ])('%s', (_, act, expected) => expect(act).toThrow(code(expected)))

  const PARTS = {
    iccDynamicNumber: fromHex('0102'),
    applicationCryptogram: new Uint8Array(8),
    unpredictableNumber: new Uint8Array(4),
    pdolData: new Uint8Array(0),
    cdol1Data: new Uint8Array(0),
    answer: fromHex('9F270180'),
  }
  it.each([
    ['without a CID', { answer: fromHex('9F36020001') }, 'ERR_TAG'],
    ['with a CID of 2 bytes', { answer: fromHex('9F27028000') }, 'ERR_TAG'],
    ['with a cryptogram of 7 bytes', { applicationCryptogram: new Uint8Array(7) }, 'ERR_LENGTH'],
    ['that is not TLV', { answer: fromHex('9F2701') }, 'ERR_TLV'],
  ])('a CDA answer %s', (_, change, expected) =>
    expect(() => answerCombined(small, { ...PARTS, ...change })).toThrow(code(expected)),
  )

  it('a certificate with a key that is too small to sign one', () => {
    const tiny = RsaPrivateKey.create({
      modulus: fromHex('21'),
      exponent: fromHex('03'),
      privateExponent: fromHex('07'),
    })
    expect(() => signStaticData(tiny, { dataAuthenticationCode: fromHex('0000'), staticData: STATIC })).toThrow(
      code('ERR_RSA'),
    )
  })
})
