import { type ErrorDetails, fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseScripts } from '../src/index.js'
import { coded } from './support/session.js'

const BLOCK = '841E00000442CA0591'

describe('scripts are read', () => {
  it('in their order, with and without identifier', () => {
    const scripts = parseScripts(fromHex(`710B8609${BLOCK}72129F1804000000018609${BLOCK}`))
    expect(scripts.map(({ template, scriptIdentifier, offset }) => [template, scriptIdentifier, offset])).toEqual([
      ['71', undefined, 0],
      ['72', fromHex('00000001'), 13],
    ])
    expect(scripts[0]).not.toHaveProperty('scriptIdentifier')
    expect(toHex(scripts[1]?.bytes ?? new Uint8Array())).toBe(`72129F1804000000018609${BLOCK}`)
  })

  it('with every field of their commands', () => {
    const [script] = parseScripts(fromHex(`72178609${BLOCK}860A842400000411223344FF`))
    expect(script?.commands).toEqual([
      { cla: 0x84, ins: 0x1e, p1: 0, p2: 0, data: fromHex('42CA0591'), apdu: fromHex(BLOCK) },
      {
        ...{ cla: 0x84, ins: 0x24, p1: 0, p2: 0, data: fromHex('11223344'), le: 255 },
        apdu: fromHex('842400000411223344FF'),
      },
    ])
  })

  it('from nothing as none', () => expect(parseScripts(fromHex(''))).toEqual([]))

  it('from a whole field 55 when told so', () => {
    const answer = fromHex(`910A11223344556677883030720B8609${BLOCK}8A023030`)
    expect(parseScripts(answer, { others: 'skip' })).toHaveLength(1)
    expect(() => parseScripts(answer)).toThrow(coded('ERR_SCRIPT', { path: ['91'], offset: 0, got: 'tag 91' }))
    expect(() => parseScripts(answer, { others: 'refuse' })).toThrow(coded('ERR_SCRIPT'))
  })
})

describe('scripts are refused', () => {
  it.each<[string, string, Parameters<typeof coded>[0], ErrorDetails]>([
    ['empty', '7200', 'ERR_SCRIPT', { path: ['72'], offset: 0, got: 'none' }],
    ['with an identifier alone', '72079F180400000001', 'ERR_SCRIPT', { path: ['72'], offset: 0, got: 'none' }],
    [
      'with an identifier of 3 bytes',
      `72119F18030000018609${BLOCK}`,
      'ERR_SCRIPT',
      { path: ['72', '9F18'], offset: 2, got: '3 bytes' },
    ],
    [
      'with an identifier of 5 bytes',
      `72139F180500000000018609${BLOCK}`,
      'ERR_SCRIPT',
      { path: ['72', '9F18'], offset: 2, got: '5 bytes' },
    ],
    [
      'with the identifier behind',
      `72128609${BLOCK}9F180400000001`,
      'ERR_SCRIPT',
      { path: ['72'], offset: 13, got: 'tag 9F18' },
    ],
    [
      'with two identifiers',
      `72199F1804000000019F1804000000018609${BLOCK}`,
      'ERR_SCRIPT',
      { path: ['72'], offset: 9, got: 'tag 9F18' },
    ],
    ['with another tag inside', `720F8609${BLOCK}8A023030`, 'ERR_SCRIPT', { path: ['72'], offset: 13, got: 'tag 8A' }],
    ['with another template beside', `720B8609${BLOCK}7000`, 'ERR_SCRIPT', { path: ['70'], offset: 13, got: 'tag 70' }],
    ['with a command cut short', '72098607841E0000041122', 'ERR_COMMAND', {}],
    ['with an empty command', '72028600', 'ERR_COMMAND', {}],
    ['with bytes behind the template', `720B8609${BLOCK}00`, 'ERR_TAG', { offset: 13 }],
    ['cut short', `720B8609${BLOCK.slice(0, -2)}`, 'ERR_TLV', {}],
    ['without tags', 'FFFF', 'ERR_TAG', {}],
  ])('%s', (_, text, code, details) => expect(() => parseScripts(fromHex(text))).toThrow(coded(code, details)))
})

describe('hostile input', () => {
  const VALID = fromHex(`71129F180400000001860984240000041122334472179F180400000002860E04DA9F790A0000000002007C0DE18C`)
  const codeOf = (bytes: Uint8Array): string => {
    try {
      parseScripts(bytes)
      return 'read'
    } catch (error) {
      return error instanceof IssuerkitError ? error.code : `not coded: ${error}`
    }
  }
  const CODED = /^(read|ERR_SCRIPT|ERR_TLV|ERR_TAG|ERR_COMMAND)$/

  it('of any bytes is read or refused with a code', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => CODED.test(codeOf(bytes))))
  })
  it('with any one bit changed is read or refused with a code', () => {
    for (let bit = 0; bit < 8 * VALID.length; bit++) {
      const flipped = VALID.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(codeOf(flipped), `bit ${bit}`).toMatch(CODED)
    }
  })
  it('cut short anywhere is refused, but between templates', () => {
    for (let length = 1; length < VALID.length; length++) {
      expect(codeOf(VALID.subarray(0, length)) === 'read', `${length} bytes`).toBe(length === 20)
    }
  })
})
