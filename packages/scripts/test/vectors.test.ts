/** The published cases of issuer scripts, and a whole UnionPay chain, from the files that users get. */
import { readFileSync } from 'node:fs'
import { fromHex, parseTlv, requireTlv, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  applicationUnblock,
  buildScriptCommand,
  buildScriptCommands,
  buildScriptTemplates,
  decodeScriptResults,
  matchScriptResults,
  openScript,
  parseScripts,
  pinUnblock,
} from '../src/index.js'
import { scriptCommand, scriptInput } from './support/glue.js'
import { type ReferenceInputs, referenceCommand } from './support/reference.js'

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../vectors/${name}.json`, import.meta.url), 'utf8'))

interface Case {
  readonly id: string
  readonly inputs: ReferenceInputs
  readonly expect: { readonly apdu: string }
}
const CASES: readonly Case[] = read('script-command').cases

describe('script-command', () => {
  it.each(CASES.map((each) => [each.id, each] as const))('%s', (_, { inputs, expect: { apdu } }) => {
    expect(toHex(buildScriptCommand(scriptInput(inputs), scriptCommand(inputs)).apdu)).toBe(apdu)
  })

  it.each(CASES.map((each) => [each.id, each] as const))(
    '%s by the reference of the tests',
    (_, { inputs, expect: { apdu } }) => {
      expect(referenceCommand(inputs).apdu).toBe(apdu)
    },
  )
})

/** The MACs of mac.json that belong to commands, with the case of script-command.json that has their keys and ARQC. */
describe.each([
  ['sm-pyemv-cvn10', 'pc-apdu-VisaCVN10', applicationUnblock],
  ['sm-pyemv-cvn18', 'pc-apdu-VisaCVN18', applicationUnblock],
  ['sm-pyemv-cvn133', 'pc-apdu-InteracCVN133', pinUnblock],
  ['sm-pyemv-cvn16', 'pc-apdu-MasterCardCVN16', pinUnblock],
  ['sm-pyemv-cvn17', 'pc-apdu-MasterCardCVN17', pinUnblock],
  ['sm-pyemv-cvn20', 'pc-apdu-MasterCardCVN20', pinUnblock],
] as const)('mac %s', (macId, commandId, build) => {
  const { inputs } = CASES.find(({ id }) => id === commandId) as Case
  const published = read('mac').cases.find(({ id }: Case) => id === macId)

  it('is that of the command', () => {
    const command = build(openScript(scriptInput(inputs)))
    expect(toHex(command.macInput)).toBe(published.inputs.data)
    expect(toHex(command.mac)).toBe(published.expect.mac)
    expect(toHex(command.apdu)).toBe(published.inputs.data.slice(0, 10) + published.expect.mac)
  })
})

describe('the UnionPay chain', () => {
  const chain = read('unionpay-field55-chain')
  const request = parseTlv(fromHex(chain.request))
  const { psn: panSequence, imkAc, imkMac, imkEnc, pan } = chain
  const input = scriptInput({
    ...{ scheme: 'pboc', command: '', imkAc, imkMac, imkEnc, pan, panSequence, macLength: 4 },
    atc: toHex(requireTlv(request, '9F36').value),
    arqc: toHex(requireTlv(request, '9F26').value),
  })
  const scriptIdentifier = fromHex('00000A01')
  const built = buildScriptCommands(
    input,
    [{ type: 'pin-unblock' }, { type: 'put-data', tag: '9F58', value: fromHex('05') }],
    { chaining: 'none' },
  )
  const script = { template: '72', scriptIdentifier, commands: built.map(({ apdu }) => apdu) } as const

  it('has the MAC inputs that its description gives', () =>
    expect(built.map(({ macInput }) => toHex(macInput))).toEqual([
      '84240000040064E89051379F080D14',
      '04DA9F58050064E89051379F080D1405',
    ]))

  it('answers with the script', () => {
    const { bytes, warnings } = buildScriptTemplates([script])
    expect(`910A136117F2E8DAA2723030${toHex(bytes)}`).toBe(chain.response)
    expect(warnings).toEqual([])
  })

  it('is read back from the answer', () => {
    const [parsed, ...rest] = parseScripts(fromHex(chain.response), { others: 'skip' })
    expect(rest).toEqual([])
    expect(parsed).toMatchObject({ template: '72', scriptIdentifier, offset: 12 })
    expect(parsed?.commands.map(({ apdu }) => toHex(apdu))).toEqual(built.map(({ apdu }) => toHex(apdu)))
  })

  it('is reported as executed', () => {
    const notification = parseTlv(fromHex(chain.scriptResult0620))
    const results = decodeScriptResults(requireTlv(notification, 'DF31').value, 'DF31')
    expect(matchScriptResults([script], results)).toEqual({
      scripts: [{ sent: script, evidence: 'identifier', result: results[0], commands: ['executed', 'executed'] }],
      unmatched: [],
    })
  })
})
