import { describe, expect, it } from 'vitest'
import { ERROR_CODES, IssuerkitError } from '../src/index.js'

describe('IssuerkitError', () => {
  it('carries code and details, and says them', () => {
    const error = new IssuerkitError('ERR_TLV', {
      label: 'length',
      expected: 'the shortest form',
      got: '2 bytes',
      path: ['6F', 'A5'],
      offset: 7,
    })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'IssuerkitError', code: 'ERR_TLV', label: 'length', offset: 7 })
    expect(error).toMatchObject({ expected: 'the shortest form', got: '2 bytes', path: ['6F', 'A5'] })
    expect(error.message).toBe('ERR_TLV: length in 6F/A5 at byte 7: expected the shortest form, got 2 bytes')
  })

  it.each([
    [{}, 'ERR_KEY'],
    [{ label: 'imk' }, 'ERR_KEY: imk'],
    [{ expected: '16 bytes' }, 'ERR_KEY: expected 16 bytes'],
    [{ got: '15 bytes' }, 'ERR_KEY: got 15 bytes'],
    [{ path: [] }, 'ERR_KEY'],
    [{ path: ['70'] }, 'ERR_KEY: in 70'],
    [{ offset: 0 }, 'ERR_KEY: at byte 0'],
  ])('%j reads %j', (details, message) => {
    expect(new IssuerkitError('ERR_KEY', details).message).toBe(message)
  })

  it('needs no details', () => {
    const error = new IssuerkitError('ERR_PAN')
    expect(error.message).toBe('ERR_PAN')
    expect([error.label, error.expected, error.got, error.path, error.offset]).toEqual(Array(5).fill(undefined))
  })

  it('has one sentence for each code', () => {
    for (const [code, sentence] of Object.entries(ERROR_CODES)) {
      expect(code).toMatch(/^ERR_[A-Z_]+$/)
      expect(sentence).toMatch(/^[A-Z].*\.$/)
    }
  })
})
