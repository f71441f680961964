import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  collectRecords,
  findTlv,
  formatTranscript,
  parseCommand,
  parseDol,
  parseOneTlv,
  parseResponse,
  parseTranscript,
  readingFromTranscript,
  readRecords,
  recordBody,
  replay,
} from '../src/index.js'
import { rejected, text, transcript } from './support.js'

// A real card's session, checked against the values that its source lists after the exchanges.
const entries = parseTranscript(transcript('unionpay-debit.txt'))
const reading = readingFromTranscript(entries)

describe('the recorded UnionPay debit card', () => {
  it('has twelve exchanges, each with a note, all answered 9000', () => {
    expect(entries).toHaveLength(12)
    for (const { note, response } of entries) {
      expect(note).toMatch(/^[A-Z]/)
      expect(parseResponse(response).status).toBe('9000')
    }
  })

  it('names its application', () => {
    expect(text(reading.aid as Uint8Array)).toBe('A000000333010101')
    const directory = parseOneTlv(parseResponse((entries[1] as { response: Uint8Array }).response).data, '70')
    expect(text(findTlv([directory], '70', '61', '4F')?.value as Uint8Array)).toBe('A000000333010101')
    const fci = [parseOneTlv(reading.fci as Uint8Array, '6F')]
    expect(parseDol(findTlv(fci, '6F', 'A5', '9F38')?.value as Uint8Array)).toEqual([
      { tag: '9F7A', length: 1 },
      { tag: '9F02', length: 6 },
      { tag: '5F2A', length: 2 },
    ])
  })

  it('has AIP 7C00 and five AFL entries', () => {
    expect(text(reading.aip)).toBe('7C00')
    expect(reading.afl).toEqual([
      { sfi: 1, first: 1, last: 1, signed: 0 },
      { sfi: 2, first: 1, last: 1, signed: 1 },
      { sfi: 2, first: 3, last: 6, signed: 0 },
      { sfi: 3, first: 1, last: 1, signed: 0 },
      { sfi: 4, first: 1, last: 1, signed: 0 },
    ])
  })

  it('lacks the unsigned record of the holder, and nothing else', () => {
    expect(reading.missing).toEqual([{ sfi: 1, record: 1, signed: false }])
    expect(reading.records.map(({ sfi, record }) => `${sfi}/${record}`)).toEqual([
      '2/1',
      '2/3',
      '2/4',
      '2/5',
      '2/6',
      '3/1',
      '4/1',
    ])
    expect([reading.duplicates, reading.outside]).toEqual([[], []])
  })

  it('keeps the malformed GET PROCESSING OPTIONS as published', () => {
    const { command } = entries[3] as { command: Uint8Array }
    expect(text(command)).toBe('80A800000B83099F02065F2A02')
    expect(() => parseCommand(command)).toThrow('ERR_COMMAND')
    expect(reading).not.toHaveProperty('pdolData')
  })

  it('ends with GENERATE AC', () => {
    expect(reading.others.map(({ command }) => text(command.subarray(0, 4)))).toEqual(['80AE4000'])
  })

  it('can be replayed through readRecords, up to the record left out', async () => {
    const card = replay(entries.slice(4, 11))
    expect(await readRecords(card, reading.afl.slice(1))).toEqual(reading.records)
    const error = await rejected(readRecords(replay(entries.slice(4)), reading.afl))
    expect(error).toMatchObject({ code: 'ERR_TRANSCRIPT', label: 'entry 1', offset: 3 })
  })

  it('is read back from what formatTranscript writes', () => {
    expect(parseTranscript(formatTranscript(entries, { title: 'again' }))).toEqual(entries)
  })

  it('has one signed record, the body of its template', () => {
    const signed = reading.records.find(({ sfi, record }) => sfi === 2 && record === 1)
    expect(recordBody(signed as (typeof reading.records)[number])).toEqual(signed?.data.subarray(2))
  })
})

describe('its data objects', () => {
  const found = collectRecords(reading.records)
  const value = (tag: string): string => text(found.get(tag) as Uint8Array)

  // The list at the end of the source, for the records that are here.
  it.each([
    ['8E', '000000000000000042031E03'],
    ['9F07', 'FF00'],
    ['9F0F', 'D8689CF800'],
    ['5F24', '221130'],
    ['9F0E', '0010000000'],
    ['9F0D', 'D8609CA800'],
    ['5A', '6214830100237436'],
    ['5F28', '0156'],
    ['5F34', '00'],
    ['5F25', '121121'],
    ['8F', '03'],
    ['9F32', '03'],
    ['9F4A', '82'],
    ['92', '33DFA015'],
    ['9F47', '03'],
    ['9F48', '737DBBA0A11741BD57FEDF1BE60C551A88A24A82B5EB3182642F217AFA986E04DB7AC2F38057FCE8AC01'],
    ['9F49', '9F3704'],
    ['5F30', '0220'],
    ['8D', '8A029F02069F03069F1A0295055F2A029A039C019F37049F2103'],
    ['8C', '9F02069F03069F1A0295055F2A029A039C019F37049F21039F4E14'],
    ['9F08', '0020'],
    ['9F42', '0156'],
    ['9F23', '00'],
    ['9F14', '00'],
  ])('%s is %s', (tag, expected) => expect(value(tag)).toBe(expected))

  // The same list has these three in full, too long to repeat: their length and SHA-256.
  it.each([
    ['90', 176, 'ffe6b0d510b40ebf14fe27ddd1ab2ff185689b341aeb472846eb2d85b42a0e3b'],
    ['93', 144, '6331697ed7100d6fb5ce1b8b5ceca788bc0d89d0c2cff33276752c2093e1ef7a'],
    ['9F46', 144, 'c92af7fb16572dbb08d3f966f25eaf7d7a35775ece82ff3bd7527ed5be7621ee'],
  ])('%s has %d bytes with the digest %s', (tag, length, digest) => {
    const bytes = found.get(tag) as Uint8Array
    expect(bytes.length).toBe(length)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest)
  })

  it('are those and no more', () => expect(found.size).toBe(27))
})
