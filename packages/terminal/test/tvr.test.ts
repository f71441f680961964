import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { createResultBits } from '../src/tvr.js'

/** [EMV-B3] C5 and C6, a few rows by hand. */
const TVR_ROWS = [
  ['offlineDataAuthenticationNotPerformed', '8000000000'],
  ['cdaFailed', '0400000000'],
  ['serviceNotAllowed', '0010000000'],
  ['onlinePinEntered', '0000040000'],
  ['forcedOnline', '0000000800'],
  ['scriptFailedBeforeFinalAc', '0000000020'],
  ['scriptFailedAfterFinalAc', '0000000010'],
] as const

describe('result bits', () => {
  it.each(TVR_ROWS)('TVR %s', (name, tvr) => {
    const bits = createResultBits()
    bits.setTvr(name)
    bits.setTvr(name)
    expect(toHex(bits.tvr())).toBe(tvr)
    expect(toHex(bits.tsi())).toBe('0000')
  })
  it('TSI', () => {
    const bits = createResultBits()
    bits.setTsi('scriptPerformed')
    expect(toHex(bits.tsi())).toBe('0400')
    bits.setTsi('offlineDataAuthenticationPerformed')
    expect(toHex(bits.tsi())).toBe('8400')
  })
  it('adds the bits of a verdict to its own', () => {
    const bits = createResultBits()
    bits.setTvr('newCard')
    bits.merge({ tvr: fromHex('4200000000'), tsi: fromHex('8000') })
    expect([toHex(bits.tvr()), toHex(bits.tsi())]).toEqual(['4208000000', '8000'])
  })
  it('hands out copies', () => {
    const bits = createResultBits()
    bits.tvr().fill(0xff)
    bits.tsi().fill(0xff)
    expect([toHex(bits.tvr()), toHex(bits.tsi())]).toEqual(['0000000000', '0000'])
  })
  it('refuses a name that the table does not have, and registers of another length', () => {
    const bits = createResultBits()
    expect(() => bits.setTvr('scriptPerformed')).toThrow('ERR_OPTION')
    expect(() => bits.setTsi('newCard')).toThrow('ERR_OPTION')
    expect(() => bits.merge({ tvr: new Uint8Array(4), tsi: new Uint8Array(2) })).toThrow('ERR_LENGTH')
    expect(() => bits.merge({ tvr: new Uint8Array(5).fill(1), tsi: new Uint8Array(1) })).toThrow('ERR_LENGTH')
    expect(toHex(bits.tvr())).toBe('0000000000')
  })
})
