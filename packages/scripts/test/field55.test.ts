/** Answers that public host code built, read back. Their keys are not known. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { buildScriptTemplate, decodeScriptResults, type ParsedScript, parseScripts } from '../src/index.js'

const CAPTURED = {
  G: '910ACC93F8F8F2F35FA0303071129F1804000000018609841E0000049D64204172129F180400000001860984240000047C6E0CBF',
  H: '910A94B7CCBD4FA09126303071129F18040000000186098424000004A8C13D9572129F18040000000186098424000004A8C13D95',
  I: '910A1122334455667788303072189F180400000001860F04DA9F790A0000000002007C0DE18C',
  J: '910A90CA8ABBFEE0BE240012711E9F1804000000018615842400021022C3089F35064C142447F11FA2EC0AA18A023030',
} as const

/** template, identifier, offset | header, data of the one command */
const READ = {
  G: [
    ['71', '00000001', 12, '841E0000', '9D642041'],
    ['72', '00000001', 32, '84240000', '7C6E0CBF'],
  ],
  H: [
    ['71', '00000001', 12, '84240000', 'A8C13D95'],
    ['72', '00000001', 32, '84240000', 'A8C13D95'],
  ],
  I: [['72', '00000001', 12, '04DA9F79', '0000000002007C0DE18C']],
  J: [['71', '00000001', 12, '84240002', '22C3089F35064C142447F11FA2EC0AA1']],
} as const

const shown = ({ template, scriptIdentifier, offset, commands }: ParsedScript): unknown => {
  const [command] = commands
  const header = command && toHex(Uint8Array.of(command.cla, command.ins, command.p1, command.p2))
  return [template, scriptIdentifier && toHex(scriptIdentifier), offset, header, command?.data && toHex(command.data)]
}

describe.each(['G', 'H', 'I', 'J'] as const)('captured answer %s', (name) => {
  const scripts = parseScripts(fromHex(CAPTURED[name]), { others: 'skip' })

  it('is read', () => expect(scripts.map(shown)).toEqual(READ[name]))
  it('has one command in each template, without Le', () =>
    expect(scripts.map(({ commands }) => commands.map(({ le }) => le))).toEqual(READ[name].map(() => [undefined])))
  it('is written again as it stood', () => {
    for (const { template, scriptIdentifier, commands, bytes } of scripts) {
      const again = { template, commands: commands.map(({ apdu }) => apdu) }
      const rebuilt = buildScriptTemplate(scriptIdentifier === undefined ? again : { ...again, scriptIdentifier })
      expect(toHex(rebuilt)).toBe(toHex(bytes))
    }
  })
})

describe('what another host sent', () => {
  it('is read with its Le', () => {
    const text = '72139F180400000001860A841E0000041122334400'
    const [script] = parseScripts(fromHex(text))
    expect(script?.commands[0]).toMatchObject({ cla: 0x84, ins: 0x1e, data: fromHex('11223344'), le: 256 })
    expect(toHex(script?.commands[0]?.apdu ?? new Uint8Array())).toBe('841E0000041122334400')
    const commands = [fromHex('841E00000411223344')]
    const again = { template: '72', scriptIdentifier: fromHex('00000001'), commands } as const
    expect(toHex(buildScriptTemplate(again, { le: '00' }))).toBe(text)
  })

  it.each(['2000000000', '2000000000'])('reports %s', (value) =>
    expect(decodeScriptResults(fromHex(value), 'DF31')).toEqual([
      { outcome: 'successful', commandNumber: 0, scriptIdentifier: new Uint8Array(4) },
    ]),
  )
})
