/** Every rule of the three certificates, broken one at a time by a card made for it. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { authenticate, type OdaMethod, type OdaVerdict, REASONS, type ReasonCode } from '../src/index.js'
import { caKey, certificateTags, inputWith, TAGS } from './card.js'
import {
  type CertificateOptions,
  ICC,
  ISSUER,
  iccCertificate,
  issuerCertificate,
  PIN,
  pinCertificate,
  SHORT_ICC,
  SHORT_ISSUER,
  type TestCertificate,
  type TestKey,
} from './forge.js'

interface Kind {
  readonly name: 'ISSUER_CERT' | 'ICC_CERT' | 'PIN_CERT'
  readonly method: OdaMethod
  readonly stage: string
  readonly tags: readonly [certificate: string, remainder: string, exponent: string]
  readonly make: (options?: CertificateOptions, subject?: TestKey) => TestCertificate
  readonly subject: TestKey
  /** A key that leaves room in the key field, and one that does not fit it. */
  readonly short: TestKey
  readonly long: TestKey
}

const KINDS: readonly Kind[] = [
  {
    name: 'ISSUER_CERT',
    method: 'icc-key',
    stage: 'issuer-certificate',
    tags: ['90', '92', '9F32'],
    make: issuerCertificate,
    subject: ISSUER,
    short: SHORT_ISSUER,
    long: ISSUER,
  },
  {
    name: 'ICC_CERT',
    method: 'icc-key',
    stage: 'icc-certificate',
    tags: ['9F46', '9F48', '9F47'],
    make: iccCertificate,
    subject: ICC,
    short: SHORT_ICC,
    long: ICC,
  },
  {
    name: 'PIN_CERT',
    method: 'pin-key',
    stage: 'pin-certificate',
    tags: ['9F2D', '9F2F', '9F2E'],
    make: pinCertificate,
    subject: PIN,
    short: SHORT_ICC,
    long: ICC,
  },
]

describe.each(KINDS)('$name', ({ name, method, stage, tags, make, subject, short, long }) => {
  const [certificate, remainder, exponent] = tags
  const judge = (changes: Record<string, string | undefined>, transactionDate?: string): OdaVerdict =>
    authenticate(inputWith(method, changes, transactionDate === undefined ? {} : { transactionDate }))
  const judgeMade = (options: CertificateOptions, key = subject): OdaVerdict =>
    judge(certificateTags(tags, make(options, key)))
  const faultOf = (verdict: OdaVerdict): unknown => ({ stage: verdict.stage, reason: verdict.fault?.reason })
  const broken = (fault: string): unknown => ({ stage, reason: `${name}_${fault}` })
  const line = (verdict: OdaVerdict): unknown => verdict.stages.find((one) => one.stage === stage)

  it.each([
    ['TRAILER', { trailer: 'BD' }],
    ['HEADER', { header: '6B' }],
    ['FORMAT', { format: '03' }],
    ['HASH_ALGORITHM', { hashAlgorithm: '02' }],
    ['HASH_ALGORITHM', { hashAlgorithm: '80' }],
    ['KEY_ALGORITHM', { keyAlgorithm: '10' }],
    ['KEY_ALGORITHM', { keyAlgorithm: '00' }],
    ['KEY_LENGTH', { keyLength: 63 }],
    ['KEY_LENGTH', { keyLength: 249 }],
    ['EXPONENT_LENGTH', { exponentLength: '02' }],
    ['EXPONENT', { exponent: '02' }],
    ['EXPONENT', { exponent: '000003' }],
    ['HASH', { hash: '00'.repeat(20) }],
    ['MONTH', { expiry: '1349' }],
    ['MONTH', { expiry: '0049' }],
    ['MONTH', { expiry: 'A149' }],
    ['EXPIRED', { expiry: '1026' }],
    ['EXPIRED', { expiry: '1225' }],
    ['EXPIRED', { expiry: '1250' }],
    ['EXPIRED', { expiry: '1299' }],
  ] satisfies [string, CertificateOptions][])('%s: %o', (fault, options) => {
    expect(faultOf(judgeMade(options))).toEqual(broken(fault))
  })

  it.each(['1126', '1226', '0127', '1249'])('is valid on 2026-11-21 when it ends %s', (expiry) => {
    expect(judgeMade({ expiry }).ok).toBe(true)
  })

  it('is valid through the last day of its month', () => {
    const made = certificateTags(tags, make({ expiry: '1126' }))
    expect(judge(made, '20261130').ok).toBe(true)
    expect(faultOf(judge(made, '20261201'))).toEqual(broken('EXPIRED'))
  })

  it('counts the years 50 to 99 to the last century', () => {
    // The chain's other certificates end in 2049 and so hold at any of these dates.
    const made = certificateTags(tags, make({ expiry: '1250' }))
    expect(judge(made, '19501231').ok).toBe(true)
    expect(faultOf(judge(made, '19510101'))).toEqual(broken('EXPIRED'))
  })

  it('needs a transaction date', () => {
    const verdict = authenticate({ ...inputWith(method), transactionDate: undefined })
    expect(verdict).toMatchObject({ stage: 'issuer-certificate', fault: { reason: 'TRANSACTION_DATE_MISSING' } })
  })

  it('LENGTH: one byte less, one byte more', () => {
    const whole = TAGS[certificate] as string
    expect(faultOf(judge({ [certificate]: whole.slice(2) }))).toEqual(broken('LENGTH'))
    expect(faultOf(judge({ [certificate]: `${whole}00` }))).toEqual(broken('LENGTH'))
    expect(faultOf(judge({ [certificate]: '' }))).toEqual(broken('LENGTH'))
  })

  it('RECOVERY: not below the modulus', () => {
    const length = (TAGS[certificate] as string).length
    expect(faultOf(judge({ [certificate]: 'FF'.repeat(length / 2) }))).toEqual(broken('RECOVERY'))
  })

  it('MISSING: without certificate, without exponent', () => {
    expect(faultOf(judge({ [certificate]: undefined }))).toEqual(broken('MISSING'))
    const reason = `${name.replace('_CERT', '')}_EXPONENT_MISSING`
    expect(faultOf(judge({ [exponent]: undefined }))).toEqual({ stage, reason })
  })

  it('REMAINDER: missing, too short, too long', () => {
    const made = make({}, long)
    const all = certificateTags(tags, made)
    expect(faultOf(judge({ ...all, [remainder]: undefined }))).toEqual(broken('REMAINDER_MISSING'))
    expect(faultOf(judge({ ...all, [remainder]: '' }))).toEqual(broken('REMAINDER_MISSING'))
    expect(faultOf(judge({ ...all, [remainder]: made.remainder.slice(2) }))).toEqual(broken('REMAINDER_LENGTH'))
    expect(faultOf(judge({ ...all, [remainder]: `${made.remainder}BB` }))).toEqual(broken('REMAINDER_LENGTH'))
  })

  it('REMAINDER: not needed, none or empty is fine, any byte is refused', () => {
    const all = certificateTags(tags, make({}, short))
    // The short issuer key cannot sign the rest of the chain, but its own certificate holds.
    const own = (verdict: OdaVerdict): unknown => verdict.stages.find((one) => one.stage === stage)?.ok
    expect(own(judge(all))).toBe(true)
    expect(own(judge({ ...all, [remainder]: '' }))).toBe(true)
    expect(faultOf(judge({ ...all, [remainder]: 'BB' }))).toEqual(broken('REMAINDER_LENGTH'))
  })

  it('KEY_PADDING: what follows a short key is BB', () => {
    expect(faultOf(judgeMade({ padding: 'BC' }, short))).toEqual(broken('KEY_PADDING'))
    expect(faultOf(judgeMade({ keyField: `${short.n}00` }, short))).toEqual(broken('KEY_PADDING'))
  })

  it.each([64, 248])('certifies keys from 64 to 248 bytes: %i', (bytes) => {
    const verdict = judgeMade({}, { ...subject, n: 'C1'.repeat(bytes) })
    expect(verdict.stages.find((one) => one.stage === stage)?.ok).toBe(true)
  })

  it('cuts the key by its length byte, also where it ends in BB', () => {
    const verdict = judgeMade({}, short)
    const modulus = { ISSUER_CERT: 'issuerModulus', ICC_CERT: 'iccModulus', PIN_CERT: 'pinModulus' } as const
    expect(toHex(verdict.recovered[modulus[name]] ?? new Uint8Array())).toBe(short.n)
  })

  it('shows what it recovered', () => {
    const prefix = { ISSUER_CERT: 'issuer', ICC_CERT: 'icc', PIN_CERT: 'pin' }[name]
    const seen = { [`${prefix}CertificateExpiry`]: fromHex('1249'), [`${prefix}CertificateSerial`]: fromHex('0000A1') }
    const key = { [`${prefix}Modulus`]: fromHex(subject.n), [`${prefix}Exponent`]: fromHex(subject.e) }
    expect(line(judge({}))).toMatchObject({ ok: true, recovered: { ...seen, ...key } })
    expect(line(judgeMade({ hash: '11'.repeat(20) }))).toMatchObject({ ok: false, recovered: seen })
    expect(line(judgeMade({ trailer: '00' }))).toMatchObject({ ok: false, recovered: {} })
  })

  it('cites a rule for each of its reasons', () => {
    const codes = Object.keys(REASONS).filter((code) => code.startsWith(name)) as ReasonCode[]
    expect(codes.length).toBeGreaterThanOrEqual(18)
    for (const code of codes) expect(REASONS[code].citation).toMatch(/^\[EMV-B[23]\] [5-7]\.[1-5]?/)
  })
})

describe('issuer identifier', () => {
  const judge = (identifier: string): string | undefined =>
    authenticate(inputWith('sda', certificateTags(['90', '92', '9F32'], issuerCertificate({ identifier })))).fault
      ?.reason

  it.each(['621FFFFF', '6214FFFF', '62148FFF', '621483FF', '6214830F', '62148301'])('%s belongs to the PAN', (id) => {
    expect(judge(id)).toBeUndefined()
  })

  it.each(['62FFFFFF', 'FFFFFFFF', '622FFFFF', '62148302', '6214F301', '621483FA', '62148A01', 'F62148FF', 'A6214830'])(
    '%s does not',
    (id) => {
      expect(judge(id)).toBe('ISSUER_CERT_IDENTIFIER')
    },
  )

  it('is recovered, whether it belongs to the PAN or not', () => {
    const tags = certificateTags(['90', '92', '9F32'], issuerCertificate({ identifier: '4111FFFF' }))
    const { recovered } = authenticate(inputWith('sda', tags))
    expect(toHex(recovered.issuerIdentifier ?? new Uint8Array())).toBe('4111FFFF')
  })
})

describe('certified PAN', () => {
  const judge = (identifier: string, pan: string): string | undefined => {
    const tags = certificateTags(['9F46', '9F48', '9F47'], iccCertificate({ identifier }))
    return authenticate(inputWith('icc-key', { ...tags, '5A': pan })).fault?.reason
  }

  it.each([
    ['6214830100237436FFFF', '6214830100237436'],
    ['6214830100237436FFFF', '6214830100237436FF'],
    ['621483010023743FFFFF', '621483010023743F'],
    ['6214830100237436123F', '6214830100237436123F'],
  ])('%s is %s', (certified, pan) => {
    expect(judge(certified, pan)).toBeUndefined()
  })

  it.each([
    ['62148301002374FFFFFF', '6214830100237436'],
    ['6214830100237436FFFF', '621483010023743F'],
    ['6214830100237437FFFF', '6214830100237436'],
    ['621483010023743601FF', '6214830100237436'],
    ['621483010023743AFFFF', '621483010023743F'],
    ['FFFFFFFFFFFFFFFFFFFF', '6214830100237436'],
  ])('%s is not %s', (certified, pan) => {
    expect(judge(certified, pan)).toBe('ICC_CERT_PAN')
  })

  it('stands in the PIN encipherment certificate too', () => {
    const tags = certificateTags(['9F2D', '9F2F', '9F2E'], pinCertificate({ identifier: '6214830100237437FFFF' }))
    expect(authenticate(inputWith('pin-key', tags)).fault?.reason).toBe('PIN_CERT_PAN')
  })

  it.each(['6214830F00237436', '621483F1', '6214830A00237436', '', '621483', 'FFFFFFFF', '62148301002374361234'])(
    'refuses %s as the PAN of the card',
    (pan) => {
      expect(authenticate(inputWith('sda', { '5A': pan }))).toMatchObject({
        stage: 'issuer-certificate',
        fault: { reason: 'PAN_MALFORMED' },
      })
    },
  )

  it('needs a PAN', () => {
    expect(authenticate(inputWith('sda', { '5A': undefined }))).toMatchObject({ fault: { reason: 'PAN_MISSING' } })
  })
})

describe('a certified modulus that is none', () => {
  it.each([
    ['even', `${ISSUER.n.slice(0, -2)}00`],
    ['with a leading zero byte', `00${ISSUER.n.slice(2)}`],
  ])('%s ends the next stage', (_, n) => {
    const tags = certificateTags(['90', '92', '9F32'], issuerCertificate({}, { ...ISSUER, n }))
    expect(authenticate(inputWith('sda', tags))).toMatchObject({
      stage: 'static-data',
      fault: { reason: 'SSAD_RECOVERY' },
    })
    expect(caKey.modulus.length).toBe(144)
  })
})
