import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  applicationBlock,
  buildScriptCommand,
  buildScriptCommands,
  openScript,
  type ScriptCommand,
  type ScriptInput,
} from '../src/index.js'
import { cipherCalls } from './support/ciphers.js'
import { coded, PBOC, PBOC_KEYS } from './support/session.js'

const value = (length: number): Uint8Array => new Uint8Array(length)
const MASTERCARD: ScriptInput = { ...PBOC, scheme: 'mastercard-cvn20' }

describe('a command from its description', () => {
  it.each<[ScriptCommand, string]>([
    [{ type: 'application-block' }, '841E000004'],
    [{ type: 'application-unblock' }, '8418000004'],
    [{ type: 'card-block' }, '8416000004'],
    [{ type: 'pin-unblock' }, '8424000004'],
    [{ type: 'pin-change', newPin: '1234' }, '8424000214'],
    [{ type: 'pin-change-with-current', newPin: '1234', currentPin: '4321' }, '8424000114'],
    [{ type: 'put-data', tag: '9F58', value: value(1) }, '04DA9F5805'],
    [{ type: 'update-record', sfi: 1, record: 2, value: value(3) }, '04DC020C07'],
  ])('%j', (command, header) => {
    const built = buildScriptCommand(PBOC, command)
    expect(built.type).toBe(command.type)
    expect(toHex(built.header)).toBe(header)
    expect(toHex(built.apdu).startsWith(header)).toBe(true)
  })

  it('keeps to P2 = 02 when a current PIN stands beside it', () => {
    const command = { type: 'pin-change', newPin: '1234', currentPin: '4321' } as const
    expect(toHex(buildScriptCommand(PBOC, command).header)).toBe('8424000214')
  })

  it('is refused when P2 = 01 has no current PIN', () => {
    const command = { type: 'pin-change-with-current', newPin: '1234' } as unknown as ScriptCommand
    expect(() => buildScriptCommand(PBOC, command)).toThrow(coded('ERR_PIN', { label: 'current PIN' }))
  })

  it.each(['application-lock', 'constructor', ''])('is refused by the name %j', (type) =>
    expect(() => buildScriptCommand(PBOC, { type } as unknown as ScriptCommand)).toThrow(
      coded('ERR_SCRIPT', { label: 'command' }),
    ),
  )
})

describe('nothing is computed', () => {
  it.each<[string, ScriptCommand | object]>([
    ['a record that does not fit', { type: 'update-record', sfi: 1, record: 1, value: value(252) }],
    ['a value that does not fit', { type: 'put-data', tag: '9F58', value: value(252) }],
    ['a PIN of 3 digits', { type: 'pin-change', newPin: '123' }],
    ['a PIN of 13 digits', { type: 'pin-change', newPin: '1234567890123' }],
    ['a PIN with a letter', { type: 'pin-change', newPin: '12E4' }],
    ['a current PIN of 3 digits', { type: 'pin-change-with-current', newPin: '1234', currentPin: '123' }],
    ['an unknown tag form', { type: 'put-data', tag: '9F8158', value: value(1) }],
  ])('for %s', (_, command) => expect(cipherCalls(() => buildScriptCommand(PBOC, command as ScriptCommand))).toBe(0))

  it('for a missing key, or a PIN form that the scheme has not', () => {
    const { mac, enc } = PBOC_KEYS
    const change = { type: 'pin-change', newPin: '1234' } as const
    const both = { type: 'pin-change-with-current', newPin: '1234', currentPin: '4321' } as const
    expect(cipherCalls(() => buildScriptCommand({ ...PBOC, keys: { mac } }, change))).toBe(0)
    expect(cipherCalls(() => buildScriptCommand({ ...PBOC, keys: { mac, enc }, pinBlockKey: 'ac' }, change))).toBe(0)
    expect(cipherCalls(() => buildScriptCommand(MASTERCARD, both))).toBe(0)
  })

  it('when a session is opened', () => expect(cipherCalls(() => openScript(PBOC))).toBe(0))
  it('but for a command that is well', () => {
    expect(cipherCalls(() => applicationBlock(openScript(PBOC)))).toBeGreaterThan(2)
    expect(cipherCalls(() => buildScriptCommand(PBOC, { type: 'pin-change', newPin: '1234' }))).toBeGreaterThan(4)
  })
})

describe('the commands of one script', () => {
  const commands: ScriptCommand[] = [{ type: 'pin-unblock' }, { type: 'pin-unblock' }, { type: 'card-block' }]
  const arqcs = (input: ScriptInput, chaining: 'none' | 'arqc-counts'): string[] =>
    buildScriptCommands(input, commands, { chaining }).map(({ macInput }) => toHex(macInput.subarray(7)))

  it('share ATC and ARQC without chaining', () => {
    const [first, second] = buildScriptCommands(PBOC, commands, { chaining: 'none' })
    expect(first?.apdu).toEqual(second?.apdu)
    expect(arqcs(MASTERCARD, 'none')).toEqual(Array(3).fill('5D016C91005E7CC2'))
  })

  it('count on from the ARQC with chaining', () =>
    expect(arqcs(MASTERCARD, 'arqc-counts')).toEqual(['5D016C91005E7CC2', '5D016C91005E7CC3', '5D016C91005E7CC4']))
  it('count on from the number given', () =>
    expect(arqcs({ ...MASTERCARD, chainedCommand: 255 }, 'arqc-counts')).toEqual([
      '5D016C91005E7DC1',
      '5D016C91005E7DC2',
      '5D016C91005E7DC3',
    ]))

  it('are none of none', () => expect(buildScriptCommands(PBOC, [], { chaining: 'none' })).toEqual([]))
  it('are refused as a whole', () =>
    expect(() =>
      buildScriptCommands(PBOC, [...commands, { type: 'put-data', tag: '9F58', value: fromHex('') }], {
        chaining: 'none',
      }),
    ).toThrow(coded('ERR_SCRIPT')))
  it('are refused where the ATC diversifies and chaining is asked for', () =>
    expect(() => buildScriptCommands(PBOC, commands, { chaining: 'arqc-counts' })).toThrow(coded('ERR_SCHEME')))
  it('are refused with another chaining', () =>
    expect(() => buildScriptCommands(PBOC, commands, { chaining: 'mac' as 'none' })).toThrow(
      coded('ERR_OPTION', { label: 'chaining' }),
    ))
})
