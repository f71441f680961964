/**
 * Every byte of every input of a good chain, set to each of its 255 other values: the card is refused, or nothing has
 * changed of what was signed.
 */
import { readFileSync } from 'node:fs'
import { type CardReading, fromHex, parseTranscript, readingFromTranscript, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { authenticate, authenticateReading, type OdaInput, type OdaVerdict, publishedCaKeys } from '../src/index.js'
import { staticDataOf } from '../src/records.js'

const file = new URL('../../../vectors/transcripts/unionpay-debit.txt', import.meta.url)
const reading = readingFromTranscript(parseTranscript(readFileSync(file, 'utf8')))
const { store } = publishedCaKeys()
const options = { store, transactionDate: '20221101', method: 'sda' } as const

/** What the signatures prove of the card. */
const PROVED = ['issuerModulus', 'issuerExponent', 'issuerCertificateSerial', 'dataAuthenticationCode'] as const
const proved = ({ recovered }: OdaVerdict): string => PROVED.map((name) => toHex(recovered[name] ?? fromHex(''))).join()

/** Offsets at which some other value is accepted, after `visit` has judged each change of one byte. */
function acceptedOffsets(bytes: Uint8Array, visit: (changed: Uint8Array) => OdaVerdict): number[] {
  const accepted = new Set<number>()
  const changed = bytes.slice()
  for (let i = 0; i < bytes.length; i++) {
    for (let value = 0; value < 256; value++) {
      if (value === bytes[i]) continue
      changed[i] = value
      if (visit(changed).ok) accepted.add(i)
    }
    changed[i] = bytes[i] as number
  }
  return [...accepted]
}

describe('one byte changed in the single tags of a real card', () => {
  const tags = new Map(
    reading.records.flatMap(({ data }) => {
      const objects = ['90', '92', '9F32', '93', '9F4A', '5A']
      return objects.flatMap((tag) => findIn(data, tag))
    }),
  )
  const key = store.find('live', fromHex('A000000333'), 3)
  if (key === undefined) throw new Error('the CA key of the card is not there')
  const given = staticDataOf(reading, tags.get('9F4A'))
  if (!given.ok) throw new Error('the card lacks static data')
  const { bytes: staticData } = given
  const good: OdaInput = { method: 'sda', caKey: key, tags, staticData, transactionDate: '20221101' }
  const before = authenticate(good)

  it('is good before', () => {
    expect(before.ok).toBe(true)
    expect([...tags.keys()].toSorted()).toEqual(['5A', '90', '92', '93', '9F32', '9F4A'])
  })

  it.each(['90', '92', '9F32', '93', '9F4A'])('%s: each is refused', (tag) => {
    const judge = (value: Uint8Array): OdaVerdict => authenticate({ ...good, tags: new Map(tags).set(tag, value) })
    expect(acceptedOffsets(tags.get(tag) ?? fromHex(''), judge)).toEqual([])
  })

  it('static data: each is refused', () => {
    expect(acceptedOffsets(staticData, (value) => authenticate({ ...good, staticData: value }))).toEqual([])
  })

  it('CA key: each is refused', () => {
    const judge =
      (name: 'modulus' | 'exponent') =>
      (value: Uint8Array): OdaVerdict =>
        authenticate({ ...good, caKey: { ...key, [name]: value } })
    expect(acceptedOffsets(key.modulus, judge('modulus'))).toEqual([])
    expect(acceptedOffsets(key.exponent, judge('exponent'))).toEqual([])
  })

  it('5A: the PAN by itself is bound by its first digits; its signed copy stands in the static data', () => {
    const judge = (value: Uint8Array): OdaVerdict => authenticate({ ...good, tags: new Map(tags).set('5A', value) })
    // The issuer identifier is 621483FF. The last byte may also end in F.
    expect(acceptedOffsets(tags.get('5A') ?? fromHex(''), judge)).toEqual([3, 4, 5, 6, 7])
  })
})

describe('one byte changed in what a real card gave when it was read', () => {
  const signed = ({ aip, afl, records }: CardReading): string => {
    const list = findIn(records.find(({ record }) => record === 4)?.data ?? fromHex(''), '9F4A')[0]?.[1]
    const data = staticDataOf({ aip, afl, records }, list)
    return data.ok ? toHex(data.bytes) : data.reason
  }
  const before = authenticateReading(reading, options)
  const beforeSigned = signed(reading)

  const judge = (changed: CardReading): OdaVerdict => {
    const verdict = authenticateReading(changed, options)
    if (verdict.ok && (proved(verdict) !== proved(before) || signed(changed) !== beforeSigned)) {
      throw new Error('a change of signed data was accepted')
    }
    return verdict
  }

  it.each(reading.records.map((record, at) => [`SFI ${record.sfi} record ${record.record}`, at] as const))(
    '%s: refused, or nothing signed has changed',
    (name, at) => {
      const record = reading.records[at]
      if (record === undefined) throw new Error('no record')
      const accepted = acceptedOffsets(record.data, (data) =>
        judge({ ...reading, records: reading.records.with(at, { ...record, data }) }),
      )
      // Records that carry no signed data, no signature and no certificate of this method may change.
      if (['SFI 2 record 1', 'SFI 2 record 3', 'SFI 2 record 5'].includes(name)) expect(accepted).toEqual([])
      else expect(accepted.length).toBeGreaterThan(0)
    },
  )

  it('AIP: each is refused', () => {
    expect(acceptedOffsets(reading.aip, (aip) => judge({ ...reading, aip }))).toEqual([])
  })

  it('AID: the RID is bound, the rest is not', () => {
    const aid = reading.aid ?? fromHex('')
    expect(acceptedOffsets(aid, (value) => judge({ ...reading, aid: value }))).toEqual([5, 6, 7])
  })
})

/** The value of a tag wherever its bytes stand in the record; good enough for these records. */
function findIn(record: Uint8Array, tag: string): [string, Uint8Array][] {
  const hex = toHex(record)
  const content = hex.slice(hex.startsWith('7081') ? 6 : 4)
  const objects: [string, Uint8Array][] = []
  for (let at = 0; at < content.length; ) {
    const tagLength = /^.F/.test(content.slice(at)) && /^[0-9A-F][F]/.test(content.slice(at)) ? 4 : 2
    const name = content.slice(at, at + tagLength)
    at += tagLength
    const long = content.slice(at, at + 2) === '81'
    const lengthText = long ? content.slice(at + 2, at + 4) : content.slice(at, at + 2)
    at += long ? 4 : 2
    const length = 2 * Number.parseInt(lengthText, 16)
    objects.push([name, fromHex(content.slice(at, at + length))])
    at += length
  }
  return objects.filter(([name]) => name === tag)
}
