/** Hostile input, and bounds on time and memory: these hold for the code as it is, not when it is instrumented. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  collectRecords,
  foldTranscript,
  fromHex,
  IssuerkitError,
  parseAfl,
  parseCommand,
  parseDol,
  parseOneTlv,
  parseProcessingOptions,
  parseResponse,
  parseTlv,
  parseTranscript,
  readingFromTranscript,
  recordBody,
} from '../src/index.js'
import { anyBytes, RUNS } from './arbitraries.js'
import { cpu, hex, SLOW, thrown } from './support.js'

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const parsers: [string, (bytes: Uint8Array) => unknown][] = [
  ['parseTlv', (bytes) => parseTlv(bytes)],
  ['parseTlv with long lengths', (bytes) => parseTlv(bytes, { nonMinimalLengths: true })],
  ['parseOneTlv', (bytes) => parseOneTlv(bytes)],
  ['parseDol', parseDol],
  ['parseCommand', parseCommand],
  ['parseResponse', parseResponse],
  ['parseAfl', parseAfl],
  ['parseProcessingOptions', parseProcessingOptions],
  ['recordBody', (data) => recordBody({ sfi: 1, record: 1, data })],
  ['readingFromTranscript', (response) => readingFromTranscript([{ command: hex('80A80000028300 00'), response }])],
  ['parseTranscript', (bytes) => parseTranscript(latin1(bytes))],
]

describe.each(parsers)('%s', SLOW, (_, parse) => {
  it('gives a value or a coded error for any bytes', () => {
    fc.assert(
      fc.property(anyBytes(64), (bytes) => {
        try {
          parse(bytes)
        } catch (error) {
          if (!(error instanceof IssuerkitError)) throw error
        }
      }),
      RUNS,
    )
  })

  it.each([0x00, 0x0a, 0x30, 0x3e, 0x70, 0xff])('refuses 10 MB of the byte %d at once', (byte) => {
    const input = new Uint8Array(10_000_000).fill(byte)
    expect(cpu(() => expect(() => parse(input)).toThrow(IssuerkitError))).toBeLessThan(1000)
  })
})

describe('fromHex', SLOW, () => {
  it('takes 10 MB in its stride', () => {
    const digits = '5A'.repeat(10_000_000)
    expect(cpu(() => expect(fromHex(digits).length).toBe(10_000_000))).toBeLessThan(5000)
    expect(thrown(() => fromHex(`${digits}5G`))).toMatchObject({
      code: 'ERR_HEX',
      got: 'another character at 20000000',
    })
  })
})

describe('parseTlv within its bounds', SLOW, () => {
  const MB10 = 10_000_000
  const filled = (pattern: string): Uint8Array => new Uint8Array(Buffer.alloc(MB10, Buffer.from(pattern, 'hex')))
  const patterns: [string, string][] = [
    ['00', '0000'],
    ['FF', 'FFFF'],
    ['tags without end', '1F81'],
    ['empty objects', '5A00'],
    ['short objects', '9F100455667788'],
    ['indefinite templates', '3080'],
    ['templates that claim all', '7084FFFFFFFF'],
    ['templates that claim half', '70830F0000'],
    ['length 84 of nothing', '5A8400000000'],
    ['30 in 30', '307E'],
    ['FF in front of objects', 'FF5A00'],
  ]

  it.each(patterns)('%s: a coded error, at once, in less than 10 MB', (_, pattern) => {
    const input = filled(pattern)
    const heap = process.memoryUsage().heapUsed
    const took = cpu(() => {
      const error = thrown(() => parseTlv(input, { nonMinimalLengths: true }))
      expect(['ERR_TLV', 'ERR_TAG']).toContain(error.code)
    })
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(10_000_000)
    expect(took).toBeLessThan(1000)
  })

  it('one object of 10 MB costs no copy', () => {
    const input = new Uint8Array(MB10)
    input.set(hex('70 83 98967B 5A 83 989676'))
    const buffers = process.memoryUsage().arrayBuffers
    const [template] = parseTlv(input)
    expect(template?.children?.[0]?.value.length).toBe(MB10 - 10)
    expect(process.memoryUsage().arrayBuffers - buffers).toBeLessThan(1_000_000)
  })

  it('the most data objects take less than 1 MB', () => {
    const input = new Uint8Array(Buffer.from('70027000'.repeat(512), 'hex'))
    parseTlv(input)
    const heap = process.memoryUsage().heapUsed
    const lists = Array.from({ length: 10 }, () => parseTlv(input))
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(10_000_000)
    expect(lists).toHaveLength(10)
  })
})

describe('parseTranscript within its bounds', SLOW, () => {
  it.each(['\n', '#\n', ' ', '#', '>', '> ', '> 00\n< 90\n', '> 00\n', '\r', '\r\n', '0'])(
    'of %j again and again',
    (part) => {
      const text = part.repeat(Math.floor((4 * 1024 * 1024) / part.length))
      const heap = process.memoryUsage().heapUsed
      const took = cpu(() => {
        try {
          parseTranscript(text)
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_TRANSCRIPT' })
        }
      })
      expect(took).toBeLessThan(4000)
      expect(process.memoryUsage().heapUsed - heap).toBeLessThan(80_000_000)
    },
  )
})

describe('foldTranscript', SLOW, () => {
  it('joins 200,000 answers in a time that does not grow with their square', () => {
    const response = hex('AABB6100')
    const entries = Array.from({ length: 200_000 }, () => ({ command: hex('00C0000000'), response }))
    const took = cpu(() => expect(foldTranscript(entries)[0]?.response.length).toBe(400_002))
    expect(took).toBeLessThan(3000)
  })
})

describe('collectRecords', SLOW, () => {
  it('refuses a record of 10 MB of objects at once', () => {
    const data = new Uint8Array(10_000_000)
    data.set(hex('7083989676'))
    for (let i = 5; i < 5000; i++) data[i] = i % 2 ? 0x5a : 0
    const took = cpu(() => expect(thrown(() => collectRecords([{ sfi: 1, record: 1, data }])).code).toBe('ERR_RECORD'))
    expect(took).toBeLessThan(1000)
  })
})
