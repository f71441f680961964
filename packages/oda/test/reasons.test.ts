/** Every reason of the table, reached. The type of {@link REACHED} forgets none. */
import { fromHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { authenticate, authenticateReading, type OdaVerdict, REASONS, type ReasonCode } from '../src/index.js'
import { certificateTags, DATE, inputWith } from './card.js'
import {
  type BlockOptions,
  type CertificateOptions,
  iccCertificate,
  issuerCertificate,
  pinCertificate,
  SHORT_ICC,
  SHORT_ISSUER,
  signDynamic,
  signStatic,
} from './forge.js'
import { readingOf, storeOf } from './reading-of.js'

type Tags = Record<string, string | undefined>

const issuer = (options: CertificateOptions = {}, subject?: typeof SHORT_ICC): Tags =>
  certificateTags(['90', '92', '9F32'], issuerCertificate(options, subject))
const icc = (options: CertificateOptions = {}, subject?: typeof SHORT_ICC): Tags =>
  certificateTags(['9F46', '9F48', '9F47'], iccCertificate(options, subject))
const pin = (options: CertificateOptions = {}, subject?: typeof SHORT_ICC): Tags =>
  certificateTags(['9F2D', '9F2F', '9F2E'], pinCertificate(options, subject))

const sda = (tags: Tags): OdaVerdict => authenticate(inputWith('sda', tags))
const key = (tags: Tags): OdaVerdict => authenticate(inputWith('icc-key', tags))
const pinKey = (tags: Tags): OdaVerdict => authenticate(inputWith('pin-key', tags))
const ssad = (options: BlockOptions): OdaVerdict => sda({ '93': signStatic(options) })
const raw = (signature: string, tags: Tags = {}): OdaVerdict => {
  const dynamic = { terminalData: fromHex('11223344'), signedDynamicApplicationData: fromHex(signature) }
  return authenticate(inputWith('dda', tags, { dynamic }))
}
const sdad = (options: BlockOptions & { length?: string } = {}, data = '02ABCD'): OdaVerdict =>
  raw(signDynamic(data, '11223344', options))
const cda = (response: string): OdaVerdict => {
  const sent = { unpredictableNumber: fromHex('11223344'), cdol1Data: fromHex('00') }
  return authenticate(inputWith('cda', {}, { dynamic: { ...sent, response: fromHex(response) } }))
}
const signed = (data: string): OdaVerdict => cda(`7781889F2701809F4B8180${signDynamic(data, '11223344')}`)
const reading = (tags: Tags = {}, more = {}, options = {}): OdaVerdict =>
  authenticateReading(readingOf(tags, more), { store: storeOf('20301231'), transactionDate: DATE, ...options })

const LONG = 'FF'.repeat(144)
const AC = '00'.repeat(8)
const HASH = '00'.repeat(20)

const REACHED: Readonly<Record<ReasonCode, () => OdaVerdict>> = {
  METHOD_NONE: () => reading({}, { aip: fromHex('0000') }),
  METHOD_XDA: () => reading({}, { aip: fromHex('8000') }, { terminalCapabilities: fromHex('000004') }),
  RECORDS_REPEATED_TAG: () => reading({ '5F24': '291231' }),
  AID_MISSING: () => reading({}, { aid: fromHex('A0000003') }),
  CA_KEY_INDEX_MISSING: () => reading({ '8F': undefined }),
  CA_KEY_UNKNOWN: () => reading({ '8F': '04' }),
  CA_KEY_EXPIRED: () => reading({}, {}, { transactionDate: '20310101' }),
  PAN_MISSING: () => sda({ '5A': undefined }),
  PAN_MALFORMED: () => sda({ '5A': 'ABCDEF' }),
  TRANSACTION_DATE_MISSING: () => authenticate(inputWith('sda', {}, { transactionDate: undefined })),

  ISSUER_CERT_MISSING: () => sda({ '90': undefined }),
  ISSUER_EXPONENT_MISSING: () => sda({ '9F32': undefined }),
  ISSUER_CERT_LENGTH: () => sda({ '90': '00' }),
  ISSUER_CERT_RECOVERY: () => sda({ '90': LONG }),
  ISSUER_CERT_TRAILER: () => sda(issuer({ trailer: '00' })),
  ISSUER_CERT_HEADER: () => sda(issuer({ header: '6B' })),
  ISSUER_CERT_FORMAT: () => sda(issuer({ format: '12' })),
  ISSUER_CERT_HASH_ALGORITHM: () => sda(issuer({ hashAlgorithm: '02' })),
  ISSUER_CERT_KEY_ALGORITHM: () => sda(issuer({ keyAlgorithm: '02' })),
  ISSUER_CERT_KEY_LENGTH: () => sda(issuer({ keyLength: 0 })),
  ISSUER_CERT_REMAINDER_MISSING: () => sda({ '92': undefined }),
  ISSUER_CERT_REMAINDER_LENGTH: () => sda({ '92': '00' }),
  ISSUER_CERT_KEY_PADDING: () => sda(issuer({ padding: '00' }, SHORT_ISSUER)),
  ISSUER_CERT_EXPONENT_LENGTH: () => sda({ '9F32': '0003' }),
  ISSUER_CERT_EXPONENT: () => sda({ '9F32': '05' }),
  ISSUER_CERT_HASH: () => sda(issuer({ hash: HASH })),
  ISSUER_CERT_IDENTIFIER: () => sda(issuer({ identifier: '4111FFFF' })),
  ISSUER_CERT_MONTH: () => sda(issuer({ expiry: '1330' })),
  ISSUER_CERT_EXPIRED: () => sda(issuer({ expiry: '1220' })),
  ISSUER_CERT_REVOKED: () => authenticate(inputWith('sda', {}, { revoked: new Set(['A000000333030000A1']) })),

  ICC_CERT_MISSING: () => key({ '9F46': undefined }),
  ICC_EXPONENT_MISSING: () => key({ '9F47': undefined }),
  ICC_CERT_LENGTH: () => key({ '9F46': '00' }),
  ICC_CERT_RECOVERY: () => key({ '9F46': LONG }),
  ICC_CERT_TRAILER: () => key(icc({ trailer: '00' })),
  ICC_CERT_HEADER: () => key(icc({ header: '6B' })),
  ICC_CERT_FORMAT: () => key(icc({ format: '02' })),
  ICC_CERT_HASH_ALGORITHM: () => key(icc({ hashAlgorithm: '80' })),
  ICC_CERT_KEY_ALGORITHM: () => key(icc({ keyAlgorithm: '10' })),
  ICC_CERT_KEY_LENGTH: () => key(icc({ keyLength: 255 })),
  ICC_CERT_REMAINDER_MISSING: () => key({ '9F48': undefined }),
  ICC_CERT_REMAINDER_LENGTH: () => key({ '9F48': '00' }),
  ICC_CERT_KEY_PADDING: () => key(icc({ padding: '00' }, SHORT_ICC)),
  ICC_CERT_EXPONENT_LENGTH: () => key({ '9F47': '03' }),
  ICC_CERT_EXPONENT: () => key({ '9F47': '000003' }),
  ICC_CERT_HASH: () => key(icc({ hash: HASH })),
  ICC_CERT_PAN: () => key(icc({ identifier: '6214830100237437FFFF' })),
  ICC_CERT_MONTH: () => key(icc({ expiry: '0030' })),
  ICC_CERT_EXPIRED: () => key(icc({ expiry: '1220' })),

  PIN_CERT_MISSING: () => pinKey({ '9F2D': undefined }),
  PIN_EXPONENT_MISSING: () => pinKey({ '9F2E': undefined }),
  PIN_CERT_LENGTH: () => pinKey({ '9F2D': '00' }),
  PIN_CERT_RECOVERY: () => pinKey({ '9F2D': LONG }),
  PIN_CERT_TRAILER: () => pinKey(pin({ trailer: '00' })),
  PIN_CERT_HEADER: () => pinKey(pin({ header: '6B' })),
  PIN_CERT_FORMAT: () => pinKey(pin({ format: '02' })),
  PIN_CERT_HASH_ALGORITHM: () => pinKey(pin({ hashAlgorithm: '80' })),
  PIN_CERT_KEY_ALGORITHM: () => pinKey(pin({ keyAlgorithm: '10' })),
  PIN_CERT_KEY_LENGTH: () => pinKey(pin({ keyLength: 255 })),
  PIN_CERT_REMAINDER_MISSING: () => pinKey(pin({ keyLength: 103 })),
  PIN_CERT_REMAINDER_LENGTH: () => pinKey({ '9F2F': '00' }),
  PIN_CERT_KEY_PADDING: () => pinKey(pin({ padding: '00' }, SHORT_ICC)),
  PIN_CERT_EXPONENT_LENGTH: () => pinKey({ '9F2E': '0003' }),
  PIN_CERT_EXPONENT: () => pinKey({ '9F2E': '05' }),
  PIN_CERT_HASH: () => pinKey(pin({ hash: HASH })),
  PIN_CERT_PAN: () => pinKey(pin({ identifier: '6214830100237437FFFF' })),
  PIN_CERT_MONTH: () => pinKey(pin({ expiry: '0030' })),
  PIN_CERT_EXPIRED: () => pinKey(pin({ expiry: '1220' })),

  STATIC_DATA_MISSING: () => reading({}, { records: readingOf().records.slice(1) }, { method: 'sda', tags: PAN_TAG }),
  STATIC_DATA_RECORD: () => reading({}, { records: spoilt() }, { method: 'sda', tags: PAN_TAG }),
  STATIC_DATA_TAG_LIST: () => sda({ '9F4A': '5A' }),

  SSAD_MISSING: () => sda({ '93': undefined }),
  SSAD_LENGTH: () => sda({ '93': '00' }),
  SSAD_RECOVERY: () => sda({ '93': LONG }),
  SSAD_TRAILER: () => ssad({ trailer: '00' }),
  SSAD_HEADER: () => ssad({ header: '00' }),
  SSAD_FORMAT: () => ssad({ format: '04' }),
  SSAD_HASH_ALGORITHM: () => ssad({ hashAlgorithm: '80' }),
  SSAD_HASH: () => ssad({ hash: HASH }),
  SSAD_PADDING: () => ssad({ padding: '00' }),

  SDAD_MISSING: () => authenticate(inputWith('dda')),
  TERMINAL_DATA_MISSING: () =>
    authenticate(inputWith('dda', {}, { dynamic: { signedDynamicApplicationData: fromHex('00') } })),
  DDOL_MALFORMED: () => raw('00', { '9F49': '9F' }),
  DDOL_UNPREDICTABLE_NUMBER: () => raw('00', { '9F49': '9F0206' }),
  SDAD_LENGTH: () => raw('00'),
  SDAD_RECOVERY: () => raw('FF'.repeat(128)),
  SDAD_TRAILER: () => sdad({ trailer: '00' }),
  SDAD_HEADER: () => sdad({ header: '00' }),
  SDAD_FORMAT: () => sdad({ format: '95' }),
  SDAD_HASH_ALGORITHM: () => sdad({ hashAlgorithm: '80' }),
  SDAD_DYNAMIC_DATA_LENGTH: () => sdad({ length: '68' }),
  SDAD_HASH: () => sdad({ hash: HASH }),
  SDAD_PADDING: () => sdad({ padding: '00' }),
  SDAD_DYNAMIC_NUMBER: () => sdad({}, '01AB'),

  CDA_RESPONSE: () => cda('7000'),
  CDA_NOT_SIGNED: () => cda('77049F270100'),
  CDA_CID_MISSING: () => cda('7700'),
  CDA_DYNAMIC_DATA: () => signed('02ABCD'),
  CDA_CID: () => signed(`02ABCD40${AC}${HASH}`),
  CDA_TRANSACTION_DATA_HASH: () => signed(`02ABCD80${AC}${HASH}`),
}

/** The PAN stands in the signed record, which these two cards do not give. */
const PAN_TAG = new Map([['5A', fromHex('6214830100237436')]])

function spoilt(): ReturnType<typeof readingOf>['records'] {
  const [first, ...others] = readingOf().records
  return first === undefined ? [] : [{ ...first, data: fromHex('7100') }, ...others]
}

describe('reasons', () => {
  it.each(Object.keys(REASONS) as ReasonCode[])('%s', (reason) => {
    const verdict = REACHED[reason]()
    expect(verdict.ok).toBe(false)
    expect(verdict.fault).toEqual({ reason, ...REASONS[reason] })
    expect(verdict.stages.at(-1)).toMatchObject({ stage: verdict.stage, ok: false, fault: { reason } })
  })

  it('each have a kind, a citation and a sentence of their own form', () => {
    for (const { kind, citation, sentence } of Object.values(REASONS)) {
      expect(['failed', 'missing', 'unsupported', 'not-done']).toContain(kind)
      expect(citation).toMatch(/^\[EMV-B[23]\] (?:[0-9]+(?:\.[0-9]+)*(?: step [0-9]+)?|Annex A)$/)
      expect(sentence).toMatch(/^[A-Z].*\.$/)
    }
  })

  it('call every unknown algorithm unsupported', () => {
    const unsupported = Object.entries(REASONS).filter(([, { kind }]) => kind === 'unsupported')
    expect(unsupported.map(([code]) => code).toSorted()).toEqual([
      'ICC_CERT_HASH_ALGORITHM',
      'ICC_CERT_KEY_ALGORITHM',
      'ISSUER_CERT_HASH_ALGORITHM',
      'ISSUER_CERT_KEY_ALGORITHM',
      'METHOD_XDA',
      'PIN_CERT_HASH_ALGORITHM',
      'PIN_CERT_KEY_ALGORITHM',
      'SDAD_HASH_ALGORITHM',
      'SSAD_HASH_ALGORITHM',
    ])
  })
})
