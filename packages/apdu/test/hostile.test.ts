import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
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

  it.each([0x00, 0x0a, 0x23, 0x30, 0x3e, 0x70, 0x77, 0xff])('refuses 10 MB of the byte %d at once', (byte) => {
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
