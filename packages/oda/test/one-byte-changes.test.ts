/**
 * A real card with one byte changed, byte by byte: it is refused, or nothing has changed of what was signed.
 *
 * The inputs of the two signatures of SDA are set to each of the 255 other values at every byte. The whole reading, which
 * adds the paths from records to those inputs, is tried with each bit of every byte and with all of them at once.
 */
import { readFileSync } from 'node:fs'
import {
  type CardReading,
  collectRecords,
  fromHex,
  parseTranscript,
  readingFromTranscript,
  toHex,
} from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  authenticateReading,
  type OdaVerdict,
  publishedCaKeys,
  staticDataOf,
  verifyIssuerCertificate,
  verifyStaticData,
} from '../src/index.js'

const TIMEOUT = 60_000

const file = new URL('../../../vectors/transcripts/unionpay-debit.txt', import.meta.url)
const reading = readingFromTranscript(parseTranscript(readFileSync(file, 'utf8')))
const tags = collectRecords(reading.records)
const { store } = publishedCaKeys()

function tag(name: string): Uint8Array {
  const value = tags.get(name)
  if (value === undefined) throw new Error(`the card has no tag ${name}`)
  return value
}

const EVERY_VALUE = (byte: number): number[] => [...Array(256).keys()].filter((value) => value !== byte)
const EVERY_BIT = (byte: number): number[] => [1, 2, 4, 8, 16, 32, 64, 128, 255].map((bits) => byte ^ bits)

/** The offsets at which some other value is accepted. */
function accepted(
  bytes: Uint8Array,
  values: (byte: number) => number[],
  accepts: (changed: Uint8Array) => boolean,
): number[] {
  const changed = bytes.slice()
  return [...bytes.entries()].flatMap(([i, byte]) => {
    const found = values(byte).some((value) => {
      changed[i] = value
      return accepts(changed)
    })
    changed[i] = byte
    return found ? [i] : []
  })
}

describe('every value of every byte that the issuer certificate is judged by', () => {
  const caKey = store.find('live', fromHex('A000000333'), 3)
  if (caKey === undefined) throw new Error('the CA key of the card is not there')
  const good = {
    caKey,
    certificate: tag('90'),
    remainder: tag('92'),
    exponent: tag('9F32'),
    pan: toHex(tag('5A')),
    transactionDate: '20221101',
  }
  const accepts = (changes: Partial<typeof good>): boolean => verifyIssuerCertificate({ ...good, ...changes }).ok

  it('is good before', () => {
    expect(accepts({})).toBe(true)
  })

  it.each(['certificate', 'remainder', 'exponent'] as const)(
    '%s: all are refused',
    (name) => {
      expect(accepted(good[name], EVERY_VALUE, (value) => accepts({ [name]: value }))).toEqual([])
    },
    TIMEOUT,
  )

  it.each(['modulus', 'exponent'] as const)(
    'CA key, %s: all are refused',
    (name) => {
      const judge = (value: Uint8Array): boolean => accepts({ caKey: { ...caKey, [name]: value } })
      expect(accepted(caKey[name], EVERY_VALUE, judge)).toEqual([])
    },
    TIMEOUT,
  )

  it('PAN: only the digits of the issuer identifier are bound; its signed copy is in the static data', () => {
    const digits = Uint8Array.from(good.pan, Number)
    const otherDigits = (digit: number): number[] => [...Array(10).keys()].filter((value) => value !== digit)
    const judge = (changed: Uint8Array): boolean => accepts({ pan: changed.join('') })
    expect(accepted(digits, otherDigits, judge)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
  })
})

describe('every value of every byte that the static data is judged by', () => {
  const verdict = authenticateReading(reading, { store, transactionDate: '20221101', method: 'sda' })
  const { issuerModulus: modulus = fromHex(''), issuerExponent: exponent = fromHex('') } = verdict.recovered
  const data = staticDataOf(reading, tags.get('9F4A'))
  if (!data.ok) throw new Error('the card lacks static data')
  const good = { issuerKey: { modulus, exponent }, signature: tag('93'), staticData: data }

  it('is good before', () => {
    expect(verifyStaticData(good).ok).toBe(true)
  })

  it(
    'signature: all are refused',
    () => {
      expect(accepted(good.signature, EVERY_VALUE, (signature) => verifyStaticData({ ...good, signature }).ok)).toEqual(
        [],
      )
    },
    TIMEOUT,
  )

  it(
    'static data: all are refused',
    () => {
      const judge = (bytes: Uint8Array): boolean => verifyStaticData({ ...good, staticData: { ok: true, bytes } }).ok
      expect(accepted(data.bytes, EVERY_VALUE, judge)).toEqual([])
    },
    TIMEOUT,
  )
})

describe('every bit of every byte that the card gave when it was read', () => {
  const options = { store, transactionDate: '20221101', method: 'sda' } as const
  const PROVED = ['issuerModulus', 'issuerExponent', 'issuerCertificateSerial', 'dataAuthenticationCode'] as const

  /** What the signatures prove, and what they were made over. */
  const proved = (given: CardReading, { recovered }: OdaVerdict): string => {
    const data = staticDataOf(given, fromHex('82'))
    const fields = PROVED.map((name) => toHex(recovered[name] ?? fromHex('')))
    return [...fields, data.ok ? toHex(data.bytes) : data.reason].join()
  }
  const before = proved(reading, authenticateReading(reading, options))

  const accepts = (given: CardReading): boolean => {
    const verdict = authenticateReading(given, options)
    if (verdict.ok) expect(proved(given, verdict)).toBe(before)
    return verdict.ok
  }

  it.each(reading.records.map((record, at) => [record, at] as const))(
    'record %#: refused, or nothing signed has changed',
    (record, at) => {
      const judge = (data: Uint8Array): boolean =>
        accepts({ ...reading, records: reading.records.with(at, { ...record, data }) })
      const offsets = accepted(record.data, EVERY_BIT, judge)
      // Signed record, certificate, signature: SFI 2 records 1, 3 and 5. The others hold nothing that SDA signs.
      const bound = record.sfi === 2 && [1, 3, 5].includes(record.record)
      expect(offsets.length > 0).toBe(!bound)
    },
    TIMEOUT,
  )

  it('AIP: all are refused', () => {
    expect(accepted(reading.aip, EVERY_BIT, (aip) => accepts({ ...reading, aip }))).toEqual([])
  })

  it('AID: the RID is bound, the rest names no key', () => {
    const aid = reading.aid ?? fromHex('')
    expect(accepted(aid, EVERY_BIT, (value) => accepts({ ...reading, aid: value }))).toEqual([5, 6, 7])
  })
})
