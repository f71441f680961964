import { fromHex, type IssuerkitError } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { selectMethod } from '../src/index.js'

const choose = (aip: string, capabilities: string): string => selectMethod(fromHex(aip), fromHex(capabilities))

describe('the choice of a method', () => {
  it.each([
    ['7C00', 'E0F8C8', 'dda'],
    ['7C00', 'E0F888', 'sda'],
    ['5980', 'E0F8C8', 'cda'],
    ['1980', 'E0F8C8', 'cda'],
    ['1980', 'E0F8C0', 'none'],
    ['3C00', 'E0F8C8', 'dda'],
    ['3C00', 'E0F888', 'none'],
    ['4000', '000080', 'sda'],
    ['2000', '000040', 'dda'],
    ['0100', '000008', 'cda'],
    ['8000', '000004', 'xda'],
    ['E100', '0000CC', 'xda'],
    ['6100', '0000CC', 'cda'],
    ['6000', '0000CC', 'dda'],
    ['FF00', '0000C0', 'dda'],
    ['8000', '0000C8', 'none'],
    ['00FF', 'FFFFFF', 'none'],
    ['FFFF', 'FFFF33', 'none'],
    ['1EFF', 'FFFFFF', 'none'],
  ])('AIP %s, terminal %s: %s', (aip, capabilities, method) => {
    expect(choose(aip, capabilities)).toBe(method)
  })

  it.each([
    ['7C', 'E0F8C8', 'aip'],
    ['7C0000', 'E0F8C8', 'aip'],
    ['7C00', 'E0F8', 'terminal capabilities'],
    ['7C00', 'E0F8C800', 'terminal capabilities'],
  ])('AIP %s, terminal %s: ERR_LENGTH', (aip, capabilities, label) => {
    expect(() => choose(aip, capabilities)).toThrow(
      expect.objectContaining({ code: 'ERR_LENGTH', label }) as IssuerkitError,
    )
  })
})
