import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { buildScriptTemplate, buildScriptTemplates, SCRIPT_TOTAL_LIMIT, type ScriptTemplate } from '../src/index.js'
import { coded } from './support/session.js'

const BLOCK = fromHex('841E00000442CA0591')
const UNBLOCK = fromHex('842400000411223344')
const ID = fromHex('00000001')
const script = (changes: Partial<ScriptTemplate> = {}): ScriptTemplate => ({
  template: '72',
  scriptIdentifier: ID,
  commands: [BLOCK],
  ...changes,
})
/** A command of so many bytes in all. */
const command = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length).fill(0x11)
  bytes.set([0x04, 0xda, 0x00, 0xc3, length - 5])
  return bytes
}

describe('a template', () => {
  it.each<[string, ScriptTemplate, string]>([
    ['72 with identifier', script(), '72129F1804000000018609841E00000442CA0591'],
    ['71 with identifier', script({ template: '71' }), '71129F1804000000018609841E00000442CA0591'],
    ['72 without identifier', { template: '72', commands: [BLOCK] }, '720B8609841E00000442CA0591'],
    [
      'two commands',
      script({ commands: [BLOCK, UNBLOCK] }),
      '721D9F1804000000018609841E00000442CA05918609842400000411223344',
    ],
  ])('of %s', (_, input, expected) => expect(toHex(buildScriptTemplate(input))).toBe(expected))

  it('counts Le 00 in tag 86 when asked', () => {
    expect(toHex(buildScriptTemplate(script(), { le: '00' }))).toBe('72139F180400000001860A841E00000442CA059100')
    expect(toHex(buildScriptTemplate(script(), { le: 'absent' }))).toBe(toHex(buildScriptTemplate(script())))
  })

  it('takes the longest command, and with Le', () => {
    expect(toHex(buildScriptTemplate({ template: '72', commands: [command(260)] })).slice(0, 16)).toBe(
      '7282010886820104',
    )
    const withLe = buildScriptTemplate({ template: '72', commands: [command(260)] }, { le: '00' })
    expect(toHex(withLe).slice(0, 16)).toBe('7282010986820105')
    expect(withLe.at(-1)).toBe(0)
  })

  it('takes a command without data field', () =>
    expect(toHex(buildScriptTemplate({ template: '72', commands: [fromHex('841E0000')] }))).toBe('72068604841E0000'))

  it.each<[string, ScriptTemplate, Parameters<typeof coded>]>([
    ['without a command', script({ commands: [] }), ['ERR_SCRIPT', { label: 'template 72', got: 'none' }]],
    ['of another tag', script({ template: '73' as '72' }), ['ERR_SCRIPT', { label: 'template' }]],
    [
      'with an identifier of 3 bytes',
      script({ scriptIdentifier: fromHex('000001') }),
      ['ERR_LENGTH', { label: 'tag 9F18' }],
    ],
    ['with an identifier of 5 bytes', script({ scriptIdentifier: new Uint8Array(5) }), ['ERR_LENGTH']],
    [
      'with a command that has an Le',
      script({ commands: [fromHex('841E0000041122334400')] }),
      ['ERR_SCRIPT', { label: 'tag 86' }],
    ],
    ['with a command of Le alone', script({ commands: [fromHex('84CA9F3600')] }), ['ERR_SCRIPT', { label: 'tag 86' }]],
    ['with a command cut short', script({ commands: [fromHex('841E000004112233')] }), ['ERR_COMMAND']],
    ['with an empty command', script({ commands: [fromHex('')] }), ['ERR_COMMAND']],
    [
      'with an extended command',
      script({ commands: [fromHex('841E000000000411223344')] }),
      ['ERR_SCRIPT', { label: 'tag 86' }],
    ],
    [
      'with a command above Lc 255',
      script({ commands: [fromHex(`841E0000000100${'11'.repeat(256)}`)] }),
      ['ERR_SCRIPT'],
    ],
  ])('is refused %s', (_, input, error) => expect(() => buildScriptTemplate(input)).toThrow(coded(...error)))

  it('is refused with another Le', () =>
    expect(() => buildScriptTemplate(script(), { le: '01' as '00' })).toThrow(coded('ERR_OPTION', { label: 'le' })))
})

describe('the templates of an answer', () => {
  it('follow each other', () => {
    const other = script({ template: '71', scriptIdentifier: fromHex('00000002'), commands: [UNBLOCK] })
    const { bytes, warnings } = buildScriptTemplates([other, script()], { le: '00' })
    expect(toHex(bytes)).toBe(
      '71139F180400000002860A84240000041122334400' + '72139F180400000001860A841E00000442CA059100',
    )
    expect(warnings).toEqual([{ code: 'several-templates', expected: 'one template', got: '2' }])
  })

  it('warn above 128 bytes and not at 128', () => {
    // 72 7E 9F18 04 .. 86 75 and 117 bytes of command: 128 in all.
    const fits = buildScriptTemplates([script({ commands: [command(117)] })])
    expect(fits.bytes).toHaveLength(SCRIPT_TOTAL_LIMIT)
    expect(fits.warnings).toEqual([])
    const above = buildScriptTemplates([script({ commands: [command(118)] })])
    expect(above.bytes).toHaveLength(129)
    expect(above.warnings).toEqual([{ code: 'total-length', expected: 'at most 128 bytes', got: '129 bytes' }])
  })

  it.each<[string, Partial<ScriptTemplate>[], string]>([
    ['the same', [{ scriptIdentifier: ID }, { scriptIdentifier: ID }], '00000001, 00000001'],
    ['none', [{}, {}], '00000000, 00000000'],
    ['none and zeros', [{}, { scriptIdentifier: new Uint8Array(4) }], '00000000, 00000000'],
  ])('warn of identifiers that are %s', (_, identifiers, got) => {
    const scripts = identifiers.map((each): ScriptTemplate => ({ template: '72', commands: [BLOCK], ...each }))
    expect(buildScriptTemplates(scripts).warnings).toEqual([
      { code: 'several-templates', expected: 'one template', got: '2' },
      { code: 'repeated-identifier', expected: 'another one in each template', got },
    ])
  })

  it('are refused when there is none', () =>
    expect(() => buildScriptTemplates([])).toThrow(coded('ERR_SCRIPT', { label: 'scripts' })))
})
