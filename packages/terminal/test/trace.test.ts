import { IssuerkitError } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { traceLines } from '../src/trace.js'
import { hex } from './readers-support.js'

function traced(...events: readonly { command: string; response?: string; error?: unknown; duration?: number }[]) {
  const lines: string[] = []
  const sink = traceLines((line) => lines.push(line))
  for (const { command, response, error, duration = 3.4 } of events) {
    sink({ command: hex(command), ...(response !== undefined && { response: hex(response) }), error, duration })
  }
  return lines
}

describe('a trace', () => {
  it('has the time of each answer', () => {
    expect(traced({ command: '00A40000', response: '9000' })).toEqual(['> 00A40000', '< 9000 (3 ms)'])
  })
  it('marks an answer that took two seconds', () => {
    const slow = '< 6D00 (2000 ms, slow: does another program use the card?)'
    expect(traced({ command: '00C0000013', response: '6D00', duration: 2000 })[1]).toBe(slow)
    expect(traced({ command: '00C0000013', response: '6D00', duration: 1999.4 })[1]).toBe('< 6D00 (1999 ms)')
  })
  it('hides what masking hides, over several TPDUs', () => {
    const lines = traced(
      { command: '0020008008241234FFFFFFFFFF', response: '63C2' },
      { command: '00B2010C00', response: '70065A046228486102' },
      { command: '00C0000002', response: '489000' },
    )
    expect(lines).toEqual([
      '> 0020008008****************',
      '< 63C2 (3 ms)',
      '> 00B2010C00',
      '< 70065A04******6102 (3 ms)',
      '> 00C0000002',
      '< 489000 (3 ms)',
    ])
  })
  it.each([
    ['of the toolkit by its message', new IssuerkitError('ERR_READER', { got: 'removed' }), 'ERR_READER: got removed'],
    ['of others by its name', new TypeError('6228480012345678'), 'TypeError'],
    ['that is none', '6228480012345678', 'unknown'],
  ])('tells an error %s', (_, error, told) => {
    expect(traced({ command: '00A40000', error })).toEqual(['> 00A40000', `! no answer: ${told} (3 ms)`])
  })
})
