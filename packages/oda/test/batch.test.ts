/** Many cards as lines of JSON. */
import { readFileSync } from 'node:fs'
import { toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authenticateBatch, type BatchOptions, type BatchResult, caKeyToText, publishedCaKeys } from '../src/index.js'
import { caKey, DATE, RID, TAGS } from './card.js'
import { STATIC_DATA, signDynamic } from './forge.js'
import { readingOf, storeOf } from './reading-of.js'

const file = new URL('../../../vectors/transcripts/unionpay-debit.txt', import.meta.url)
const TRANSCRIPT = readFileSync(file, 'utf8')
const { store } = publishedCaKeys()
const OPTIONS: BatchOptions = { store: storeOf(), transactionDate: DATE }

type Line = Record<string, unknown>

const tags = (more: Line = {}): Line => ({ ...TAGS, ...more })
const BY_RID: Line = { rid: RID, method: 'sda', tags: tags(), staticData: STATIC_DATA }
const { '8F': _, ...noIndex } = TAGS
const BY_KEY: Line = { caKey: caKeyToText(caKey), method: 'sda', tags: noIndex, staticData: STATIC_DATA }
const RECORDS: Line = (() => {
  const { aid, aip, records } = readingOf()
  const afl = `10010101${`1801${records.length.toString(16).padStart(2, '0')}00`}`
  const list = records.slice(1).map(({ sfi, record, data }) => ({ sfi, record, data: toHex(data) }))
  const [first] = readingOf().records
  return {
    aid: toHex(aid ?? caKey.rid),
    aip: toHex(aip),
    afl,
    records: [...list, first && { ...first, data: toHex(first.data) }],
  }
})()

async function* given(...chunks: (Uint8Array | string)[]): AsyncGenerator<Uint8Array | string> {
  yield* chunks
}

async function all(input: AsyncIterable<Uint8Array | string>, options = OPTIONS): Promise<BatchResult[]> {
  const found: BatchResult[] = []
  for await (const result of authenticateBatch(input, options)) found.push(result)
  return found
}

const judge = async (line: unknown, options: Partial<BatchOptions> = {}): Promise<BatchResult | undefined> =>
  (await all(given(JSON.stringify(line)), { ...OPTIONS, ...options }))[0]

describe('a line', () => {
  it('with a transcript gets its verdict', async () => {
    const line = { id: 'card 1', transcript: TRANSCRIPT, transactionDate: '20221101', method: 'sda' }
    expect(await judge(line, { store })).toEqual({
      line: 1,
      id: 'card 1',
      ok: true,
      method: 'sda',
      tvr: '0200000000',
      tsi: '8000',
    })
  })

  it.each([
    ['single tags and a RID', BY_RID],
    ['single tags and a CA key', BY_KEY],
    ['records', { ...RECORDS, method: 'sda' }],
  ])('with %s gets its verdict', async (_name, line) => {
    expect(await judge(line)).toEqual({ line: 1, ok: true, method: 'sda', tvr: '0200000000', tsi: '8000' })
  })

  it('tells which rule does not hold', async () => {
    const result = await judge({ ...BY_RID, tags: tags({ '93': '00' }) })
    expect(result).toMatchObject({ ok: false, stage: 'static-data', fault: { reason: 'SSAD_LENGTH', kind: 'failed' } })
    expect(result).not.toHaveProperty('stages')
  })

  it('with the exchange of a signature gets its verdict', async () => {
    const dynamic = { terminalData: '11223344', signedDynamicApplicationData: signDynamic('02ABCD', '11223344') }
    expect(await judge({ ...BY_RID, method: 'dda', dynamic })).toMatchObject({ ok: true, method: 'dda' })
    expect(await judge({ ...RECORDS, method: 'dda', dynamic })).toMatchObject({ ok: true, method: 'dda' })
    expect(await judge({ ...RECORDS, method: 'dda' })).toMatchObject({ fault: { reason: 'SDAD_MISSING' } })
  })

  it('takes tags beside its records', async () => {
    const records = (RECORDS['records'] as Line[]).filter(({ data }) => !String(data).includes('9F3201'))
    expect(await judge({ ...RECORDS, method: 'icc-key', records })).toMatchObject({
      fault: { reason: 'ISSUER_EXPONENT_MISSING' },
    })
    expect(await judge({ ...RECORDS, method: 'icc-key', records, tags: { '9F32': '03' } })).toMatchObject({ ok: true })
  })

  it('of records without an AID has no CA key', async () => {
    const { aid: _aid, ...rest } = RECORDS
    expect(await judge({ ...rest, method: 'sda' })).toMatchObject({ fault: { reason: 'AID_MISSING' } })
  })

  it('of records that lack a signed one cannot be checked', async () => {
    const records = (RECORDS['records'] as Line[]).filter(({ sfi }) => sfi !== 2)
    const line = { ...RECORDS, method: 'sda', records, tags: { '5A': TAGS['5A'] } }
    expect(await judge(line)).toMatchObject({ fault: { reason: 'STATIC_DATA_MISSING', kind: 'missing' } })
  })

  it('goes before the batch in what both say', async () => {
    const batch = { transactionDate: '20500101', method: 'icc-key', profile: 'test' } as const
    expect(await judge({ ...BY_RID, method: undefined }, batch)).toMatchObject({ fault: { reason: 'CA_KEY_UNKNOWN' } })
    const own = { ...BY_RID, transactionDate: DATE, profile: 'live' }
    expect(await judge(own, batch)).toMatchObject({ ok: true, method: 'sda' })
  })

  it('says itself whether an expired CA key may vouch', async () => {
    const expired = { store: storeOf('20200101') }
    expect(await judge(BY_RID, expired)).toMatchObject({ fault: { reason: 'CA_KEY_EXPIRED' } })
    expect(await judge({ ...BY_RID, allowExpiredCaKey: true }, expired)).toMatchObject({ ok: true })
  })

  it('explained has every stage', async () => {
    const result = await judge(BY_RID, { explain: true })
    expect(result).toMatchObject({
      stages: [{ stage: 'ca-key' }, { stage: 'issuer-certificate' }, { stage: 'static-data', ok: true }],
      recovered: { dataAuthenticationCode: 'DAC1' },
    })
  })
})

describe('a bad line is a result with its code:', () => {
  const with_ = (change: Line, of = BY_RID): Line => ({ ...of, ...change })
  const without = (name: string, of: Line): Line => Object.fromEntries(Object.entries(of).filter(([n]) => n !== name))
  const record = (change: Line) => with_({ records: [{ sfi: 2, record: 1, data: '70', ...change }] }, RECORDS)
  it.each<[name: string, line: unknown, code: string, label: string, expected?: string]>([
    ['a list', [], 'ERR_BATCH', 'line', 'an object'],
    ['null', null, 'ERR_BATCH', 'line', 'an object'],
    ['a number', 7, 'ERR_BATCH', 'line', 'an object'],
    ['no form', { id: 'x' }, 'ERR_BATCH', 'line', 'one of the fields transcript, records, caKey, rid'],
    ['two forms', with_({ transcript: '' }), 'ERR_BATCH', 'line'],
    ['another field', with_({ pin: '1234' }), 'ERR_BATCH', 'line'],
    ['an id that is no text', with_({ id: 7 }), 'ERR_BATCH', 'id', 'text'],
    ['an id of 65 characters', with_({ id: 'x'.repeat(65) }), 'ERR_BATCH', 'id', 'at most 64 characters'],
    ['no method', without('method', BY_RID), 'ERR_BATCH', 'method', 'sda, dda, cda, fdda, icc-key, pin-key'],
    ['another method', with_({ method: 'xda' }), 'ERR_BATCH', 'method', 'sda, dda, cda, fdda, icc-key, pin-key'],
    ['another profile', with_({ profile: 'both' }), 'ERR_BATCH', 'profile', 'live, test'],
    ['a date that is none', with_({ transactionDate: '20261131' }), 'ERR_DATE', 'transaction date'],
    ['a date that is no text', with_({ transactionDate: 20261121 }), 'ERR_BATCH', 'transactionDate', 'text'],
    ['a text for a boolean', with_({ allowExpiredCaKey: 'no' }), 'ERR_BATCH', 'allowExpiredCaKey', 'true or false'],
    ['no tags', without('tags', BY_RID), 'ERR_BATCH', 'tags', 'a value'],
    ['tags in a list', with_({ tags: [] }), 'ERR_BATCH', 'tags', 'an object'],
    ['a tag in lower case', with_({ tags: { '9f32': '03' } }), 'ERR_BATCH', 'tags'],
    ['a tag of 4 bytes', with_({ tags: { DF010203: '03' } }), 'ERR_BATCH', 'tags'],
    ['a tag with something before it', with_({ tags: { x90: '03' } }), 'ERR_BATCH', 'tags'],
    ['half a byte in a tag', with_({ tags: { '90': '0' } }), 'ERR_HEX', 'tags: 90'],
    ['a tag that is no text', with_({ tags: { '90': 3 } }), 'ERR_BATCH', 'tags: 90', 'text'],
    ['static data that are none', with_({ staticData: 'zz' }), 'ERR_HEX', 'staticData'],
    ['a RID of 4 bytes', with_({ rid: 'A0000003' }), 'ERR_LENGTH', 'rid', '5 bytes'],
    ['another field of the exchange', with_({ dynamic: { pin: '00' } }), 'ERR_BATCH', 'dynamic'],
    ['half a byte in the exchange', with_({ dynamic: { response: '0' } }), 'ERR_HEX', 'dynamic: response'],
    ['a CA key that is none', with_({ caKey: 'x' }, BY_KEY), 'ERR_CA_KEY', 'CA key'],
    ['a CA key of no text', with_({ caKey: { rid: 7 } }, BY_KEY), 'ERR_CA_KEY', 'CA key: rid'],
    ['a transcript of no text', { transcript: 7 }, 'ERR_BATCH', 'transcript', 'text'],
    ['a transcript that is none', { transcript: '> 00A4' }, 'ERR_TRANSCRIPT', 'line 1'],
    ['no AIP', without('aip', RECORDS), 'ERR_BATCH', 'aip', 'a value'],
    ['an AIP of 1 byte', with_({ aip: '7C' }, RECORDS), 'ERR_LENGTH', 'aip', '2 bytes'],
    ['an AFL of 3 bytes', with_({ afl: '100101' }, RECORDS), 'ERR_AFL', 'afl'],
    ['records in an object', with_({ records: {} }, RECORDS), 'ERR_BATCH', 'records', 'a list'],
    ['a record that is none', with_({ records: [7] }, RECORDS), 'ERR_BATCH', 'records 1', 'an object'],
    ['another field of a record', record({ pin: '00' }), 'ERR_BATCH', 'records 1'],
    ['a record number 0', record({ record: 0 }), 'ERR_BATCH', 'records 1: record', '1 to 255'],
    ['a record number 256', record({ record: 256 }), 'ERR_BATCH', 'records 1: record', '1 to 255'],
    ['a record number 1.5', record({ record: 1.5 }), 'ERR_BATCH', 'records 1: record', '1 to 255'],
    ['a file number of text', record({ sfi: '2' }), 'ERR_BATCH', 'records 1: sfi', '1 to 255'],
    ['half a byte in a record', record({ data: '7' }), 'ERR_HEX', 'records 1: data'],
  ])('%s', async (_name, line, code, label, expected) => {
    expect(await judge(line)).toMatchObject({
      line: 1,
      error: { code, label, ...(expected === undefined ? {} : { expected }) },
    })
  })

  it('no JSON, and nothing of it is repeated', async () => {
    expect(await all(given('{"rid":'))).toEqual([
      { line: 1, error: { code: 'ERR_BATCH', label: 'line', expected: 'JSON' } },
    ])
  })

  it('what its caller finds wrong with it', async () => {
    const fault = (text: string) => (text.startsWith('{"rid"') ? 'no RID' : undefined)
    expect(await judge(BY_RID, { fault })).toMatchObject({ error: { code: 'ERR_BATCH', expected: 'no RID' } })
    expect(await judge(BY_KEY, { fault })).toMatchObject({ ok: true })
  })

  it('gives its id back where it has one', async () => {
    expect(await judge({ id: 'x'.repeat(64), rid: '' })).toMatchObject({ id: 'x'.repeat(64), error: {} })
    expect(Object.keys((await judge({ rid: '' })) ?? {})).toEqual(['line', 'error'])
    expect(await judge({ id: 'a', rid: RID, tags: {}, method: 'sda' })).toMatchObject({ line: 1, id: 'a', ok: false })
  })

  it('of an error that has no more to say, the code alone', async () => {
    const got = { got: '4 bytes' }
    expect(await judge({ ...BY_RID, rid: 'A0000003' })).toMatchObject({ error: got })
    expect(await judge([])).not.toHaveProperty('error.got')
  })
})

it('a fault of the toolkit is not taken for one of the line', async () => {
  const broken = () => {
    throw new TypeError('odd')
  }
  await expect(judge(BY_RID, { fault: broken })).rejects.toThrow(TypeError)
})

it('whatever JSON a line holds, the result is a verdict or a coded error', async () => {
  const fields = [...new Set([BY_RID, BY_KEY, RECORDS, { transcript: '', dynamic: {}, id: '' }].flatMap(Object.keys))]
  const garbage = fc.tuple(fc.constantFrom(BY_RID, BY_KEY, RECORDS), fc.constantFrom(...fields), fc.jsonValue())
  const line = fc.oneof(
    fc.jsonValue(),
    garbage.map(([good, name, value]) => ({ ...good, [name]: value })),
  )
  await fc.assert(
    fc.asyncProperty(line, async (value) => {
      const result = await judge(value)
      const code = result !== undefined && 'error' in result ? result.error.code : 'ERR_'
      expect(code).toMatch(/^ERR_/)
      expect(result).toMatchObject({ line: 1 })
    }),
    { numRuns: 300 },
  )
})
