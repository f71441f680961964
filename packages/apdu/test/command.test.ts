import { describe, expect, it } from 'vitest'
import { type Command, encodeCommand, parseCommand } from '../src/index.js'
import { hex, same, text, thrown } from './support.js'

const header = { cla: 0x84, ins: 0x1e, p1: 0x01, p2: 0xff }
const data = (length: number): Uint8Array => new Uint8Array(length).fill(0x5a)
const bytes = (...parts: (string | Uint8Array)[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === 'string' ? hex(part) : part))))

// [ISO7816-4] 5.1, the cases at their boundaries: both ways.
const SHORT: [string, Uint8Array, Partial<Command>][] = [
  ['1', bytes('841E01FF'), {}],
  ['2, Le 1', bytes('841E01FF 01'), { le: 1 }],
  ['2, Le 255', bytes('841E01FF FF'), { le: 255 }],
  ['2, Le 256', bytes('841E01FF 00'), { le: 256 }],
  ['3, 1 byte', bytes('841E01FF 01 5A'), { data: data(1) }],
  ['3, 255 bytes', bytes('841E01FF FF', data(255)), { data: data(255) }],
  ['4, 1 byte, Le 1', bytes('841E01FF 01 5A 01'), { data: data(1), le: 1 }],
  ['4, 4 bytes, Le 255', bytes('841E01FF 04 5A5A5A5A FF'), { data: data(4), le: 255 }],
  ['4, 255 bytes, Le 256', bytes('841E01FF FF', data(255), '00'), { data: data(255), le: 256 }],
]
const EXTENDED: [string, Uint8Array, Partial<Command>][] = [
  ['2, Le 257', bytes('841E01FF 00 0101'), { le: 257 }],
  ['2, Le 65535', bytes('841E01FF 00 FFFF'), { le: 65535 }],
  ['2, Le 65536', bytes('841E01FF 00 0000'), { le: 65536 }],
  ['3, 256 bytes', bytes('841E01FF 00 0100', data(256)), { data: data(256) }],
  ['3, 65535 bytes', bytes('841E01FF 00 FFFF', data(65535)), { data: data(65535) }],
  ['4, 256 bytes, Le 1', bytes('841E01FF 00 0100', data(256), '0001'), { data: data(256), le: 1 }],
  ['4, 1 byte, Le 257', bytes('841E01FF 00 0001 5A 0101'), { data: data(1), le: 257 }],
  ['4, 65535 bytes, Le 65536', bytes('841E01FF 00 FFFF', data(65535), '0000'), { data: data(65535), le: 65536 }],
]
const EXTENDED_FOR_SHORT: [string, Uint8Array, Partial<Command>][] = [
  ['1', bytes('841E01FF'), {}],
  ['2, Le 1', bytes('841E01FF 00 0001'), { le: 1 }],
  ['2, Le 256', bytes('841E01FF 00 0100'), { le: 256 }],
  ['3, 1 byte', bytes('841E01FF 00 0001 5A'), { data: data(1) }],
  ['4, 1 byte, Le 256', bytes('841E01FF 00 0001 5A 0100'), { data: data(1), le: 256 }],
]

describe('parseCommand', () => {
  it.each([...SHORT, ...EXTENDED, ...EXTENDED_FOR_SHORT])('reads case %s', (_, apdu, body) => {
    same(parseCommand(apdu), { ...header, ...body })
  })

  it.each(['', '84', '841E', '841E01'])('refuses %j, shorter than a header', (apdu) => {
    const error = thrown(() => parseCommand(hex(apdu)))
    expect(error).toMatchObject({ code: 'ERR_COMMAND', expected: 'at least 4 bytes', got: `${apdu.length / 2} bytes` })
  })

  it.each([
    '841E01FF 02 5A',
    '841E01FF 01 5A 00 00',
    '841E01FF 00 00',
    '841E01FF 00 0000 5A',
    '841E01FF 00 0000 0000',
    '841E01FF 00 0002 5A',
    '841E01FF 00 0001 5A 00',
    '841E01FF 00 0001 5A 0000 00',
    '841E01FF FF 5A',
    // GET PROCESSING OPTIONS of vectors/transcripts/unionpay-debit.txt, as published.
    '80A800000B83099F02065F2A02',
  ])('refuses %s', (apdu) => {
    const input = hex(apdu)
    const error = thrown(() => parseCommand(input))
    expect(error).toMatchObject({ code: 'ERR_COMMAND', label: 'body', offset: 4, got: `${input.length} bytes in all` })
  })

  it('gives the data as a view', () => {
    const apdu = hex('841E01FF 02 0102')
    expect(parseCommand(apdu).data?.buffer).toBe(apdu.buffer)
  })

  it.each([
    ['FFA40400', 'cla'],
    ['00600000', 'ins'],
    ['006F0000', 'ins'],
    ['00900000', 'ins'],
    ['009F0000', 'ins'],
  ])('refuses %s for its %s', (apdu, label) => {
    expect(thrown(() => parseCommand(hex(apdu)))).toMatchObject({ code: 'ERR_COMMAND', label })
  })

  it.each(['FEA40400', '005F0000', '00700000', '008F0000', '00A00000', '00000000'])('takes %s', (apdu) => {
    expect(text(encodeCommand(parseCommand(hex(apdu))))).toBe(apdu)
  })
})

describe('encodeCommand', () => {
  it.each([...SHORT, ...EXTENDED])('writes case %s in the shortest form', (_, apdu, body) => {
    same(encodeCommand({ ...header, ...body }), apdu)
  })

  it.each([...EXTENDED, ...EXTENDED_FOR_SHORT])('writes case %s extended when told to', (_, apdu, body) => {
    same(encodeCommand({ ...header, ...body }, { extended: true }), apdu)
  })

  it.each(SHORT)('writes case %s short when told to', (_, apdu, body) => {
    same(encodeCommand({ ...header, ...body }, { extended: false }), apdu)
  })

  it.each([{ data: data(256) }, { le: 257 }, { data: data(1), le: 65536 }])(
    'refuses to write short what is too long',
    (body) => {
      const error = thrown(() => encodeCommand({ ...header, ...body }, { extended: false }))
      expect(error).toMatchObject({ code: 'ERR_COMMAND', label: 'body' })
    },
  )

  it('takes empty data for none', () => {
    expect(text(encodeCommand({ ...header, data: data(0) }))).toBe('841E01FF')
    expect(text(encodeCommand({ ...header, data: data(0), le: 256 }, { extended: true }))).toBe('841E01FF000100')
  })

  it.each([
    [{ cla: -1 }, 'cla'],
    [{ cla: 0xff }, 'cla'],
    [{ ins: 256 }, 'ins'],
    [{ ins: -1 }, 'ins'],
    [{ ins: 0x61 }, 'ins'],
    [{ ins: 0x90 }, 'ins'],
    [{ p1: 256 }, 'p1'],
    [{ p1: -1 }, 'p1'],
    [{ p1: 1.5 }, 'p1'],
    [{ p2: 256 }, 'p2'],
    [{ p2: -1 }, 'p2'],
    [{ p2: Number.NaN }, 'p2'],
    [{ le: 0 }, 'Le'],
    [{ le: 65537 }, 'Le'],
    [{ le: 1.5 }, 'Le'],
    [{ data: data(65536) }, 'Lc'],
  ])('refuses %j', (part, label) => {
    const error = thrown(() => encodeCommand({ ...header, ...part }))
    expect(error).toMatchObject({ code: 'ERR_COMMAND', label })
  })

  it('shows the instruction byte in hexadecimal', () => {
    expect(thrown(() => encodeCommand({ ...header, ins: 0x9a })).got).toBe('9A')
    expect(thrown(() => encodeCommand({ ...header, le: 65537 })).got).toBe('65537')
  })
})
