import { describe, expect, it } from 'vitest'
import { foldTranscript } from '../src/index.js'
import { hex, text } from './support.js'

const fold = (...lines: [string, string][]): string[] =>
  foldTranscript(lines.map(([command, response]) => ({ command: hex(command), response: hex(response) }))).map(
    ({ command, response }) => `${text(command)} ${text(response)}`,
  )

describe('foldTranscript', () => {
  it('leaves a session without 61XX and 6CXX as it is', () => {
    expect(fold(['00A40400', '9000'], ['00C0000010', 'AA9000'], ['00A40400', '6A82'])).toEqual([
      '00A40400 9000',
      '00C0000010 AA9000',
      '00A40400 6A82',
    ])
    expect(fold()).toEqual([])
  })

  it('joins the answers to GET RESPONSE', () => {
    expect(
      fold(['80A8', 'AA6102'], ['00C0000002', 'BBCC6101'], ['00C0000001', 'DD9000'], ['00C0000001', '6D00']),
    ).toEqual(['80A8 AABBCCDD9000', '00C0000001 6D00'])
  })

  it('passes over 6CXX to GET RESPONSE', () => {
    expect(fold(['80AE', '6120'], ['00C0000020', '6C02'], ['00C0000002', 'AABB9000'])).toEqual(['80AE AABB9000'])
  })

  it('lets the command sent again stand for both', () => {
    expect(fold(['00B2010C00', '6C02'], ['00B2010C02', 'AABB9000'])).toEqual(['00B2010C02 AABB9000'])
    expect(fold(['00B2010C00', '6C02'], ['00B2010C02', '6102'], ['00C0000002', 'AABB9000'])).toEqual([
      '00B2010C02 AABB9000',
    ])
  })

  it.each([
    [
      ['00B2010C00', '6C02'],
      ['00B2020C02', 'AA9000'],
    ],
    [
      ['00B2010C00', '6102'],
      ['00B2010C02', 'AA9000'],
    ],
    [
      ['00B2010C00', '6102'],
      ['80C0000002', 'AA9000'],
    ],
    [
      ['00B2010C00', '6102'],
      ['00C0000102', 'AA9000'],
    ],
    [
      ['00B2010C00', '9000'],
      ['00B2010C00', '9000'],
    ],
    [
      ['00B2010C00', '6C02'],
      ['00C0000002', 'AA9000'],
    ],
    [
      ['00B2010C00', '61'],
      ['00C0000002', 'AA9000'],
    ],
    [
      ['00B2010C00', ''],
      ['00C0000002', 'AA9000'],
    ],
  ] as [string, string][][])('keeps %j and %j apart', (...lines) => {
    expect(fold(...lines)).toHaveLength(2)
  })

  it('keeps the note of the first', () => {
    const first = { command: hex('80A8'), response: hex('6101'), note: 'GPO' }
    const next = { command: hex('00C0000001'), response: hex('AA9000'), note: 'more' }
    expect(foldTranscript([first, next])).toEqual([{ command: hex('80A8'), response: hex('AA9000'), note: 'GPO' }])
    expect(first.response).toEqual(hex('6101'))
  })

  it('copies the answers', () => {
    const response = hex('9000')
    const [folded] = foldTranscript([{ command: hex('80A8'), response }])
    response.fill(0)
    expect(folded?.response).toEqual(hex('9000'))
  })
})
