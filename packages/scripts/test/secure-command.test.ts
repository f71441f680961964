/** Properties of every secured command: it verifies under the key of the reference, and no bit of it can change. */
import { fromHex, parseCommand, toHex } from '@issuerkit/apdu'
import { createKey } from '@issuerkit/keys'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildScriptCommand, buildScriptTemplates, openScript, parseScripts, putData } from '../src/index.js'
import { secureCommand } from '../src/secure-command.js'
import { scriptCommand, scriptInput } from './support/glue.js'
import { arbitraryInputs, COMMANDS, hexOf, inputsOf } from './support/inputs.js'
import { macVerifies, referenceCommand } from './support/reference.js'
import { coded, PBOC, sessionWith } from './support/session.js'

const build = (inputs: Parameters<typeof scriptInput>[0]) =>
  buildScriptCommand(scriptInput(inputs), scriptCommand(inputs))

describe.each(COMMANDS)('%s', (command) => {
  it('is what OpenSSL gives, under every scheme', () => {
    fc.assert(
      fc.property(inputsOf(command), (inputs) => {
        const { apdu, macInput } = build(inputs)
        expect({ apdu: toHex(apdu), macInput: toHex(macInput) }).toEqual(referenceCommand(inputs))
      }),
      { numRuns: 1000 },
    )
  }, 60_000)
})

describe('built, sent, read back', () => {
  it('every command survives a template and verifies', () => {
    fc.assert(
      fc.property(arbitraryInputs, hexOf(4), fc.constantFrom('absent', '00'), (inputs, identifier, le) => {
        const { apdu } = build(inputs)
        const script = { template: '72', scriptIdentifier: fromHex(identifier), commands: [apdu, apdu] } as const
        const [parsed] = parseScripts(buildScriptTemplates([script], { le } as const).bytes)
        expect(toHex(parsed?.scriptIdentifier ?? new Uint8Array())).toBe(identifier)
        for (const command of parsed?.commands ?? []) {
          expect(command.le).toBe(le === '00' ? 256 : undefined)
          expect(macVerifies(inputs, toHex(command.apdu.subarray(0, apdu.length)))).toBe(true)
        }
        expect(parsed?.commands).toHaveLength(2)
      }),
      { numRuns: 400 },
    )
  }, 60_000)

  it('no bit of a command can change unseen', () => {
    fc.assert(
      fc.property(arbitraryInputs, (inputs) => {
        const { apdu } = build(inputs)
        for (let bit = 0; bit < 8 * apdu.length; bit++) {
          const flipped = apdu.slice()
          flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
          if (macVerifies(inputs, toHex(flipped))) throw new Error(`bit ${bit} changed unseen`)
        }
      }),
      { numRuns: 25 },
    )
  }, 60_000)

  it('a command of another transaction does not verify', () => {
    fc.assert(
      fc.property(arbitraryInputs, fc.integer({ min: 1, max: 0xffff }), (inputs, step) => {
        fc.pre(inputs.atc !== undefined && inputs.scheme !== 'interac-cvn133')
        const { atc = '' } = inputs
        const later = ((Number.parseInt(atc, 16) + step) % 0x10000).toString(16).toUpperCase().padStart(4, '0')
        fc.pre(later !== atc)
        expect(macVerifies({ ...inputs, atc: later }, toHex(build(inputs).apdu))).toBe(false)
      }),
      { numRuns: 200 },
    )
  }, 60_000)
})

describe('a secured command', () => {
  it('is a command with data and without Le', () => {
    const { apdu, data, mac } = putData(sessionWith(), { tag: '9F58', value: fromHex('05') })
    expect(parseCommand(apdu)).toEqual({
      cla: 0x04,
      ins: 0xda,
      p1: 0x9f,
      p2: 0x58,
      data: Uint8Array.of(...data, ...mac),
    })
  })

  it('shows its MAC input in blocks of 16 bytes for SM4', () => {
    const mac = createKey('sm4', 'issuer', 'MAC', fromHex('12B1AC4AF070CC35612BFE2D30AB600D'))
    const session = openScript({ ...PBOC, scheme: 'pboc-sm4', keys: { mac } })
    const input = '04DA9F580502405D016C91005E7CC205'
    const command = putData(session, { tag: '9F58', value: fromHex('05') })
    expect(toHex(command.macInput)).toBe(input)
    expect(toHex(command.macInputPadded)).toBe(`${input}80${'00'.repeat(15)}`)
    const tdes = putData(sessionWith(), { tag: '9F58', value: fromHex('05') })
    expect(toHex(tdes.macInputPadded)).toBe(`${input}80${'00'.repeat(7)}`)
  })

  it('holds at most 255 bytes of data and MAC', () => {
    const header = [0x84, 0x1e, 0, 0] as const
    expect(secureCommand(sessionWith(), 'card-block', header, new Uint8Array(251)).apdu).toHaveLength(260)
    expect(() => secureCommand(sessionWith(), 'card-block', header, new Uint8Array(252))).toThrow(
      coded('ERR_SCRIPT', { label: 'card-block data', expected: 'at most 251 bytes beside the MAC', got: '252 bytes' }),
    )
  })
})
