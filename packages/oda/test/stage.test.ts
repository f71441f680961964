import { IssuerkitError } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { attempt, fail, pass } from '../src/stage.js'

const throwing = (error: unknown) => (): never => {
  throw error
}

describe('reading what a card sent', () => {
  it('gives what was read, or nothing where it is malformed', () => {
    expect(attempt(() => 'read')).toBe('read')
    expect(attempt(throwing(new IssuerkitError('ERR_TLV')))).toBeUndefined()
  })

  it('hides no fault of the toolkit', () => {
    const fault = new RangeError('a fault')
    expect(() => attempt(throwing(fault))).toThrow(fault)
  })
})

describe('the outcome of a stage', () => {
  it('has recovered nothing unless it says so', () => {
    expect(pass(1)).toEqual({ ok: true, value: 1, recovered: {} })
    expect(fail('SSAD_HASH')).toEqual({ ok: false, reason: 'SSAD_HASH', recovered: {} })
  })
})
