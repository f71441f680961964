import { describe, expect, it } from 'vitest'
import { parseProcessingOptions, readingFromTranscript } from '../src/index.js'
import { hex, text, thrown } from './support.js'

describe('parseProcessingOptions', () => {
  const afl = [{ sfi: 1, first: 1, last: 2, signed: 1 }]

  it('reads format 80', () => {
    expect(parseProcessingOptions(hex('8006 7C00 08010201'))).toEqual({ aip: hex('7C00'), afl })
  })

  it('reads template 77, in any order, other objects among them', () => {
    expect(parseProcessingOptions(hex('7712 9F36020001 9404 08010201 8202 7C00 9F6C00'))).toEqual({
      aip: hex('7C00'),
      afl,
    })
  })

  it('takes template 77 without an AFL for an application without records', () => {
    expect(parseProcessingOptions(hex('7704 8202 0080'))).toEqual({ aip: hex('0080'), afl: [] })
  })

  it.each([
    ['', 'ERR_TLV'],
    ['8006 7C00 08010201 00', 'ERR_TAG'],
    ['8006 7C00 08010201 5A00', 'ERR_TLV'],
    ['8006 7C00 080102', 'ERR_TLV'],
    ['8000', 'ERR_LENGTH'],
    ['8001 7C', 'ERR_LENGTH'],
    ['8002 7C00', 'ERR_AFL'],
    ['8005 7C00 080102', 'ERR_AFL'],
    ['8006 7C00 08020101', 'ERR_AFL'],
    ['7700', 'ERR_TAG'],
    ['7706 9404 08010201', 'ERR_TAG'],
    ['7703 8201 7C', 'ERR_LENGTH'],
    ['7705 8203 7C0000', 'ERR_LENGTH'],
    ['7708 8202 7C00 8202 7C00', 'ERR_TAG'],
    ['7710 8202 7C00 9404 08010201 9404 08010201', 'ERR_TAG'],
    ['7706 8202 7C00 9400', 'ERR_AFL'],
    ['7004 8202 7C00', 'ERR_TAG'],
    ['8202 7C00', 'ERR_TAG'],
  ])('refuses %s: %s', (data, code) => {
    expect(thrown(() => parseProcessingOptions(hex(data))).code).toBe(code)
  })

  it('names the AIP', () => {
    expect(thrown(() => parseProcessingOptions(hex('8001 7C')))).toMatchObject({ label: 'aip', expected: '2 bytes' })
    expect(thrown(() => parseProcessingOptions(hex('7703 8201 7C')))).toMatchObject({ label: 'aip' })
  })
})

// A session of its own making: a directory, an application of two files, a cryptogram.
const PSE = ['00A404000E315041592E5359532E444446303100', '6F15840E315041592E5359532E4444463031A5038801019000']
const SELECT_A = ['00A4040005A00000033300', '6F0A8408A0000003330101019000']
const SELECT_B = ['00A4040005A00000000300', '6F098407A00000000310109000']
const GPO = ['80A800000483021234 00', '800A7C00 08010201 58030300 9000']
const READ = (p1p2: string, answer = '70009000') => [`00B2${p1p2}00`, answer]
const GAC = ['80AE80000000', '7703 9F2700 9000']

const read = (...lines: string[][]) =>
  readingFromTranscript(
    lines.map(([command = '', response = '']) => ({ command: hex(command), response: hex(response) })),
  )
const aid = (reading: ReturnType<typeof read>) => reading.aid && text(reading.aid)

describe('readingFromTranscript', () => {
  it('gives application, processing options and records', () => {
    const reading = read(
      PSE,
      READ('010C'),
      SELECT_A,
      GPO,
      READ('010C', '70025A009000'),
      READ('020C'),
      READ('035C', 'AA9000'),
      GAC,
    )
    expect(reading).toEqual({
      aid: hex('A000000333010101'),
      fci: hex('6F0A8408A000000333010101'),
      pdolData: hex('1234'),
      aip: hex('7C00'),
      afl: [
        { sfi: 1, first: 1, last: 2, signed: 1 },
        { sfi: 11, first: 3, last: 3, signed: 0 },
      ],
      records: [
        { sfi: 1, record: 1, data: hex('70025A00') },
        { sfi: 1, record: 2, data: hex('7000') },
        { sfi: 11, record: 3, data: hex('AA') },
      ],
      missing: [],
      duplicates: [],
      outside: [],
      others: [{ command: hex('80AE80000000'), response: hex('77039F27009000') }],
    })
  })

  it('lists what is missing, read twice, and not in the AFL', () => {
    const reading = read(
      SELECT_A,
      GPO,
      READ('020C'),
      READ('020C', '70025A009000'),
      READ('030C'),
      READ('0114'),
      READ('030C'),
    )
    expect(reading.records).toEqual([{ sfi: 1, record: 2, data: hex('7000') }])
    expect(reading.missing).toEqual([
      { sfi: 1, record: 1, signed: true },
      { sfi: 11, record: 3, signed: false },
    ])
    expect(reading.duplicates).toEqual([{ sfi: 1, record: 2, data: hex('70025A00') }])
    expect(reading.outside.map(({ sfi, record }) => [sfi, record])).toEqual([
      [1, 3],
      [2, 1],
      [1, 3],
    ])
    expect(reading.others).toEqual([])
  })

  it('keeps the order in which the records were read', () => {
    const reading = read(SELECT_A, GPO, READ('035C'), READ('010C'), READ('020C'))
    expect(reading.records.map(({ sfi, record }) => [sfi, record])).toEqual([
      [11, 3],
      [1, 1],
      [1, 2],
    ])
  })

  it.each(['6A83', '6283', '61', ''])('counts a record answered %j as missing', (answer) => {
    const reading = read(SELECT_A, GPO, READ('010C', answer), READ('020C'))
    expect(reading.missing.map(({ record }) => record)).toEqual([1, 3])
    expect(reading.others).toEqual([])
  })

  it('takes READ RECORD by another P2 for another command', () => {
    const reading = read(SELECT_A, GPO, READ('010D'), READ('0108'), READ('0102'))
    expect(reading.others).toHaveLength(3)
    expect(reading.missing).toHaveLength(3)
  })

  it('ignores records read before', () => {
    const reading = read(SELECT_A, READ('010C'), GPO)
    expect([reading.records, reading.outside, reading.missing.length]).toEqual([[], [], 3])
  })

  it('takes the last application selected before', () => {
    expect(aid(read(SELECT_B, SELECT_A, GPO))).toBe('A000000333010101')
    expect(aid(read(SELECT_A, SELECT_B, GPO))).toBe('A0000000031010')
  })

  it.each([
    ['a directory', PSE],
    ['the directory of contactless cards', ['00A404000E325041592E5359532E444446303100', '6F009000']],
    ['one that failed', ['00A4040005A00000000300', '6A82']],
    ['one of a blocked application', ['00A4040005A00000000300', '6F098407A00000000310106283']],
    ['one by file identifier', ['00A40000023F0000', '6F009000']],
    ['one of another class', ['80A4040005A00000000300', '6F009000']],
    ['another instruction', ['00A5040005A00000000300', '6F009000']],
  ])('does not count as selected: %s', (_, select) => {
    expect(aid(read(SELECT_A, select, GPO))).toBe('A000000333010101')
  })

  it('counts an application whose name begins like that of a directory', () => {
    const select = ['00A404000D315041592E5359532E44444630', '6F0F840D315041592E5359532E444446309000']
    expect(aid(read(SELECT_A, select, GPO))).toBe('315041592E5359532E44444630')
  })

  it('does without a SELECT', () => {
    const reading = read(GPO, READ('010C'))
    expect(reading).not.toHaveProperty('aid')
    expect(reading).not.toHaveProperty('fci')
    expect(reading.records).toHaveLength(1)
  })

  it.each([
    ['the next application', SELECT_B],
    ['the next processing options', GPO],
  ])('ends at %s', (_, next) => {
    const reading = read(SELECT_A, GPO, READ('010C'), next, READ('020C'), READ('010C'), GAC)
    expect(reading.records).toHaveLength(1)
    expect([reading.duplicates, reading.others]).toEqual([[], []])
    expect(reading.missing.map(({ record }) => record)).toEqual([2, 3])
  })

  it('may end at once', () => {
    const reading = read(SELECT_A, GPO, SELECT_B, READ('010C'), GAC)
    expect([reading.records, reading.others, reading.missing.length]).toEqual([[], [], 3])
  })

  it.each([
    ['failed processing options', ['80A80000028300 00', '6985']],
    ['processing options of another class', ['00A80000028300 00', '80029000']],
    ['another instruction', ['80AA0000028300 00', '80029000']],
    ['a command without a header', ['80A800', '80029000']],
    ['a command without bytes', ['', '9000']],
    ['an answer without a status', ['80A80000028300 00', '90']],
  ])('passes over %s', (_, step) => {
    expect(read(SELECT_A, step, GPO, READ('010C')).records).toHaveLength(1)
  })

  it.each([
    ['a malformed command', '80A800000B83099F02065F2A02'],
    ['no template 83', '80A8000002 9F01 00'],
    ['no data', '80A8000000'],
    ['bytes behind template 83', '80A8000003 830000 00'],
  ])('leaves the PDOL data out for %s', (_, command) => {
    const reading = read([command, '800A7C00 08010201 58030300 9000'])
    expect(reading).not.toHaveProperty('pdolData')
    expect(reading.afl).toHaveLength(2)
  })

  it('gives empty PDOL data for an empty template 83', () => {
    expect(read(['80A80000028300 00', '80067C00 08010100 9000']).pdolData).toEqual(hex(''))
  })

  it('folds the T=0 dialogue', () => {
    const reading = read(
      ['00A4040005A000000333', '610C'],
      ['00C000000C', '6F0A8408A0000003330101019000'],
      ['80A8000004830212 34', '6108'],
      ['00C0000008', '80067C00080101009000'],
      ['00B2010C00', '6C02'],
      ['00B2010C02', '70009000'],
    )
    expect(aid(reading)).toBe('A000000333010101')
    expect(reading.records).toEqual([{ sfi: 1, record: 1, data: hex('7000') }])
    expect(reading.others).toEqual([])
  })

  it.each([
    ['no processing options', [SELECT_A, READ('010C')], 'ERR_TRANSCRIPT'],
    ['nothing at all', [], 'ERR_TRANSCRIPT'],
    ['processing options of no format', [['80A80000028300 00', '9000']], 'ERR_TLV'],
    ['an AFL against the rules', [['80A80000028300 00', '80067C00080001009000']], 'ERR_AFL'],
    ['an FCI that is no template 6F', [['00A4040005A000000333', '70009000'], GPO], 'ERR_TAG'],
    ['an FCI cut short', [['00A4040005A000000333', '6F058403AABB9000'], GPO], 'ERR_TLV'],
    ['an FCI without a name', [['00A4040005A000000333', '6F009000'], GPO], 'ERR_TAG'],
  ])('refuses a session with %s', (_, lines, code) => {
    expect(thrown(() => read(...lines)).code).toBe(code)
  })

  it('names the session that has no processing options', () => {
    expect(thrown(() => read())).toMatchObject({ label: 'session', got: 'none' })
  })
})

describe('what comes after the application, or is no exchange', () => {
  it('another application selected later is not the one that was read', () => {
    expect(read(SELECT_A, GPO, SELECT_B)).toMatchObject({ aid: hex('A000000333010101') })
  })

  it('a command whose P2 looks like that of READ RECORD is none', () => {
    expect(read(GPO, ['80CA010C00', '70009000'])).toMatchObject({ records: [], outside: [], others: [{}] })
  })

  it('exchanges without a header or a status are not there', () => {
    expect(read(GPO, ['00B201', '9000'], ['80AE800000', '90'])).toMatchObject({ others: [] })
  })
})
