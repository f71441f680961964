import { describe, expect, it } from 'vitest'
import { TAGS, tagBytes, tagName } from '../src/index.js'

describe('TAGS', () => {
  it('has well-formed tags and sane rows', () => {
    for (const [tag, { name, format, min, max, source }] of Object.entries(TAGS)) {
      expect(tagBytes(tag).length).toBe(tag.length / 2)
      expect(name).toMatch(/^[A-Z]/)
      expect(['a', 'an', 'ans', 'b', 'cn', 'n', 'var']).toContain(format)
      expect(['card', 'terminal', 'issuer']).toContain(source)
      expect(max).toBeGreaterThanOrEqual(Math.max(1, min))
    }
  })

  // Rows of [EMV-B3] Annex A and of PBOC, one of each kind.
  it.each([
    ['5A', 'Application Primary Account Number (PAN)', 'cn', 1, 10, 'card'],
    ['9F02', 'Amount, Authorised (Numeric)', 'n', 6, 6, 'terminal'],
    ['9F10', 'Issuer Application Data', 'b', 0, 32, 'card'],
    ['9F1C', 'Terminal Identification', 'an', 8, 8, 'terminal'],
    ['91', 'Issuer Authentication Data', 'b', 8, 16, 'issuer'],
    ['5F20', 'Cardholder Name', 'ans', 2, 26, 'card'],
    ['5F55', 'Issuer Country Code (alpha2 format)', 'a', 2, 2, 'card'],
    ['94', 'Application File Locator (AFL)', 'var', 0, 252, 'card'],
    ['9F79', 'Electronic Cash Balance', 'n', 6, 6, 'card'],
    ['DF69', 'SM2 Algorithm Support Indicator', 'b', 1, 1, 'terminal'],
  ])('%s', (tag, name, format, min, max, source) => {
    expect(TAGS[tag]).toEqual({ name, format, min, max, source })
  })

  it('names every tag that a PBOC card needs', () => {
    const pboc =
      '9F51 9F52 9F53 9F54 9F55 9F56 9F57 9F58 9F59 9F5A 9F5B 9F5C 9F5D 9F61 9F62 9F63 9F66 9F68 9F69 9F6B 9F6C'
    const cash = '9F6D 9F72 9F73 9F74 9F75 9F76 9F77 9F78 9F79 9F7A 9F7B DF31 DF61 DF62 DF69 DF72 DF76 DF77 DF78 DF79'
    for (const tag of `${pboc} ${cash}`.split(' ')) expect(tagName(tag)).not.toBe('unknown')
  })
})

describe('tagName', () => {
  it.each([
    ['9F36', 'Application Transaction Counter (ATC)'],
    ['BF0C', 'File Control Information (FCI) Issuer Discretionary Data'],
    ['9F7E', 'unknown'],
    ['9f36', 'unknown'],
    ['', 'unknown'],
  ])('%j: %s', (tag, name) => expect(tagName(tag)).toBe(name))

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('does not find %s', (tag) => {
    expect(tagName(tag)).toBe('unknown')
  })
})
