/** What a log, a debugger or an error may show of a script: never a PIN, a PIN block or a key. */
import { inspect } from 'node:util'
import { fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { createKey } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { buildScriptCommand, openScript, pinChange, type ScriptCommand } from '../src/index.js'
import { keysUsed } from './support/ciphers.js'
import { PBOC, sessionWith } from './support/session.js'

const PINS = { newPin: '271828', currentPin: '314159' }
const SECRETS = ['271828', '314159', 'F0C34A81', '12B1AC4A', 'D30F45EA', '6228000100001']

/** Everything that printing an object may give, with and without a limit. */
function printed(value: unknown): string {
  return [JSON.stringify(value), inspect(value, { depth: 9, showHidden: true }), String(value)].join('\n')
}
const shows = (value: unknown, secrets: readonly string[]): string[] => {
  const text = printed(value)
  return secrets.filter((secret) => text.includes(secret))
}

describe('printing', () => {
  it.each(['pboc', 'visa-cvn10', 'visa-cvn22'])('a PIN change of %s shows lengths', (scheme) => {
    const built = pinChange(sessionWith({ scheme }), PINS)
    const hidden = [built.d1, built.d2, built.d3, built.d4, built.d, built.pinBlock, built.plain]
    const bytes = hidden.flatMap((secret) => (secret === undefined ? [] : [secret.expose()]))
    expect(shows(built, [...SECRETS, ...bytes.map(toHex), ...bytes.map((each) => inspect(each))])).toEqual([])
    expect(printed(built)).toContain('Secret(D1, 8 bytes)')
    expect(printed(built)).toContain('Secret(plain data, 16 bytes)')
  })

  it('a session shows no key and no PAN', () => expect(shows(openScript(PBOC), SECRETS)).toEqual([]))

  it('a session does not show a key that Visa derives from', () => {
    const bytes = fromHex('12B1AC4AF070CC35612BFE2D30AB600D')
    const mac = createKey('tdes', 'icc', 'MAC', bytes)
    const session = openScript({ scheme: 'visa-cvn10', keys: { mac }, atc: PBOC.atc, arqc: PBOC.arqc })
    expect(shows(session, [toHex(bytes), inspect(bytes)])).toEqual([])
  })
})

describe('an error', () => {
  const failure = (command: ScriptCommand, changes = {}): unknown => {
    try {
      return buildScriptCommand({ ...PBOC, ...changes }, command)
    } catch (error) {
      return error
    }
  }
  it.each<[string, ScriptCommand, object]>([
    ['a PIN that is too long', { type: 'pin-change', newPin: '2718282718282' }, {}],
    ['a PIN with a letter', { type: 'pin-change', newPin: '271828A' }, {}],
    ['a current PIN with a letter', { type: 'pin-change-with-current', newPin: '271828', currentPin: '314159B' }, {}],
    ['a form that the scheme has not', { type: 'pin-change-with-current', ...PINS }, { scheme: 'emv-ccd' }],
    ['a PAN with a letter', { type: 'card-block' }, { card: { pan: '6228000100001F', panSequence: '01' } }],
    ['a missing key', { type: 'pin-change', newPin: '271828' }, { keys: { mac: PBOC.keys.mac } }],
    ['a value too long', { type: 'put-data', tag: '9F58', value: new Uint8Array(300).fill(0x27) }, {}],
  ])('about %s tells nothing', (_, command, changes) => {
    const error = failure(command, changes)
    expect(error).toBeInstanceOf(IssuerkitError)
    expect(shows(error, [...SECRETS, '272727'])).toEqual([])
  })
})

describe('derived keys', () => {
  const { mac, enc } = PBOC.keys

  it('are zeroed when they have served, the keys given are not', () => {
    const used = keysUsed(() => buildScriptCommand(PBOC, { type: 'pin-change', newPin: '1234' }))
    const left = new Set(used.map(toHex).filter((key) => !/^0*$/.test(key)))
    expect(left).toEqual(new Set([toHex(mac.expose()), toHex(enc.expose())]))
    expect(used.length).toBeGreaterThan(6)
  })

  it('are zeroed when the computation fails', () => {
    const used = keysUsed(() => buildScriptCommand(PBOC, { type: 'pin-change', newPin: '1234' }), 4)
    expect(used).toHaveLength(4)
    expect(used.map(toHex).filter((key) => !/^0*$/.test(key) && key !== toHex(enc.expose()))).toEqual([])
  })
})
