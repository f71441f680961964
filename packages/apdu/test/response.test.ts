import { describe, expect, it } from 'vitest'
import { describeStatus, encodeResponse, parseResponse, STATUS_WORDS } from '../src/index.js'
import { hex, text, thrown } from './support.js'

describe('parseResponse', () => {
  it.each([
    ['9000', '', '9000'],
    ['77009000', '7700', '9000'],
    ['63C2', '', '63C2'],
    ['6100', '', '6100'],
    ['9FFF', '', '9FFF'],
    ['6FFF', '', '6FFF'],
  ])('%s', (input, data, status) => {
    expect(parseResponse(hex(input))).toEqual({ data: hex(data), status })
  })

  it('gives the data as a view', () => {
    const input = hex('01029000')
    expect(parseResponse(input).data.buffer).toBe(input.buffer)
  })

  it.each(['', '90'])('refuses %j, too short', (input) => {
    const error = thrown(() => parseResponse(hex(input)))
    expect(error).toMatchObject({ code: 'ERR_RESPONSE', got: `${input.length / 2} bytes` })
  })

  it('takes 65536 bytes of data and no more', () => {
    const longest = new Uint8Array(65538)
    longest.set([0x90, 0x00], 65536)
    expect(parseResponse(longest).data.length).toBe(65536)
    expect(thrown(() => parseResponse(new Uint8Array(65539)))).toMatchObject({
      code: 'ERR_RESPONSE',
      got: '65539 bytes',
    })
  })

  it.each(['0000', '6000', '60FF', '5FFF', '7000', '8FFF', 'A000', 'FFFF', '0090'])(
    'refuses the status %s',
    (status) => {
      const error = thrown(() => parseResponse(hex(`AABB${status}`)))
      expect(error).toMatchObject({ code: 'ERR_RESPONSE', label: 'status', got: status, offset: 2 })
    },
  )
})

describe('encodeResponse', () => {
  it('writes data and status', () => {
    expect(text(encodeResponse({ data: hex('7700'), status: '9000' }))).toBe('77009000')
    expect(text(encodeResponse({ data: hex(''), status: '6A82' }))).toBe('6A82')
  })

  it.each(['', '900', '90000', '6000', '9g00', '63c2', ' 9000', '9000\n', '5000'])(
    'refuses the status %j',
    (status) => {
      const error = thrown(() => encodeResponse({ data: hex('00'), status }))
      expect(error).toMatchObject({ code: 'ERR_RESPONSE', label: 'status', offset: 1 })
    },
  )

  it('shows a status only when it is four digits', () => {
    expect(thrown(() => encodeResponse({ data: hex(''), status: '6000' })).got).toBe('6000')
    expect(thrown(() => encodeResponse({ data: hex(''), status: '9000FF' })).got).toBe('6 digits')
    expect(thrown(() => encodeResponse({ data: hex(''), status: 'x9000' })).got).toBe('5 digits')
  })

  it('writes 65536 bytes of data and no more', () => {
    expect(encodeResponse({ data: new Uint8Array(65536), status: '9000' }).length).toBe(65538)
    const error = thrown(() => encodeResponse({ data: new Uint8Array(65537), status: '9000' }))
    expect(error).toMatchObject({ code: 'ERR_RESPONSE', label: 'data', got: '65537 bytes' })
  })
})

describe('describeStatus', () => {
  it.each([
    ['9000', 'success'],
    ['6113', 'success, 19 bytes wait for GET RESPONSE'],
    ['6100', 'success, 256 or more bytes wait for GET RESPONSE'],
    ['6C1E', 'wrong Le: 30 bytes are available'],
    ['6C00', 'wrong Le: 256 bytes are available'],
    ['63C0', 'warning: counter is 0 (tries left after a failed verification)'],
    ['63CF', 'warning: counter is 15 (tries left after a failed verification)'],
    ['6300', 'warning: authentication or verification failed'],
    ['6301', 'warning, memory changed'],
    ['6983', 'authentication method blocked'],
    ['69FF', 'command not allowed'],
    ['6D00', 'instruction not supported or invalid'],
    ['6D01', 'application-specific'],
    ['9302', 'MAC invalid'],
    ['9FFF', 'application-specific'],
  ])('%s: %s', (status, meaning) => expect(describeStatus(status)).toBe(meaning))

  it.each(['6000', '63CX', '9x00', '', '90'])('refuses %j', (status) => {
    const error = thrown(() => describeStatus(status))
    expect(error).toMatchObject({ code: 'ERR_RESPONSE', label: 'status', offset: undefined })
  })
})

describe('STATUS_WORDS', () => {
  it('has status words and patterns only', () => {
    for (const [status, meaning] of Object.entries(STATUS_WORDS)) {
      expect(status).toMatch(/^(?:6[1-9A-F]|9[0-9A-F])(?:[0-9A-F]{2}|[0-9A-F]X|XX)$/)
      expect(meaning).not.toBe('')
      expect(meaning.includes('{n}')).toBe(['61XX', '63CX', '6CXX'].includes(status))
    }
  })
})
