import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDeframer, frameMessage } from '../src/vpcd-framing.js'
import { hex, text } from './readers-support.js'

describe('a message', () => {
  it.each([
    ['a control', '04', '000104'],
    ['a command', '00A4040000', '000500A4040000'],
    ['no body', '', '0000'],
  ])('is its length and %s', (_, body, message) => expect(text(frameMessage(hex(body)))).toBe(message))

  it('may have 65535 bytes and no more', () => {
    expect(text(frameMessage(new Uint8Array(65_535)).subarray(0, 3))).toBe('FFFF00')
    expect(() => frameMessage(new Uint8Array(65_536))).toThrow('ERR_LENGTH: message: expected at most 65535 bytes')
  })
})

describe('messages in pieces', () => {
  const read = (...pieces: string[]): string[][] => {
    const deframe = createDeframer()
    return pieces.map((piece) => deframe(hex(piece)).map(text))
  }
  it.each([
    ['one piece', ['000104'], [['04']]],
    ['a length cut in two', ['00', '01', '04'], [[], [], ['04']]],
    ['a body cut in two', ['000300', 'A404'], [[], ['00A404']]],
    ['two messages in one piece', ['000101000104'], [['01', '04']]],
    ['an end and a beginning in one piece', ['00029000', '0001040002', '9000'], [['9000'], ['04'], ['9000']]],
    ['an empty message', ['0000000104'], [['', '04']]],
    ['an empty piece', ['', '000104'], [[], ['04']]],
    ['a message that does not end', ['FFFF00'], [[]]],
  ])('%s', (_, pieces, bodies) => expect(read(...pieces)).toEqual(bodies))

  it('keep a body apart from the buffer it came in', () => {
    const piece = hex('000104')
    const [body = new Uint8Array(0)] = createDeframer()(piece)
    piece.fill(0xff)
    expect(text(body)).toBe('04')
  })

  it('come together again wherever the network cuts them', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 })
    const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(bodies, cuts, (sent, sizes) => {
        const stream = Buffer.concat(
          sent.map((body) => Buffer.concat([Buffer.from([body.length >> 8, body.length & 255]), body])),
        )
        const deframe = createDeframer()
        const received: string[] = []
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length] ?? 1
          received.push(...deframe(stream.subarray(at, at + size)).map(text))
          at += size
        }
        expect(received).toEqual(sent.map(text))
      }),
    )
  })

  it('take a longest message byte by byte', () => {
    const deframe = createDeframer()
    deframe(hex('FFFF'))
    const one = new Uint8Array(1)
    const early = Array.from({ length: 65_534 }, () => deframe(one)).flat()
    expect(early).toEqual([])
    expect(deframe(one).map((body) => body.length)).toEqual([65_535])
  })
})
