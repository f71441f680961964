import { fromHex, toHex } from '@issuerkit/apdu'
import { deriveIccMasterKey, Sm4Key, TdesKey } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { applicationBlock, openScript, type ScriptInput } from '../src/index.js'
import { coded, PBOC, PBOC_KEYS, sessionWith } from './support/session.js'

const SM4_MAC = Sm4Key.create('issuer', 'MAC', fromHex('12B1AC4AF070CC35612BFE2D30AB600D'))
const apdu = (changes: Partial<ScriptInput>): string => toHex(applicationBlock(sessionWith(changes)).apdu)
const PUBLISHED = '841E00000442CA0591'

describe('a session is refused', () => {
  it.each<[string, Partial<ScriptInput>, Parameters<typeof coded>]>([
    ['an unknown scheme', { scheme: 'visa-cvn11' }, ['ERR_SCHEME', { label: 'scheme' }]],
    ['a scheme that is a property of objects', { scheme: 'constructor' }, ['ERR_SCHEME']],
    ['an ATC of 1 byte', { atc: fromHex('40') }, ['ERR_ATC']],
    ['an ATC of 3 bytes', { atc: fromHex('000240') }, ['ERR_ATC']],
    ['an ARQC of 7 bytes', { arqc: fromHex('016C91005E7CC2') }, ['ERR_ARQC']],
    ['an ARQC of 9 bytes', { arqc: fromHex('005D016C91005E7CC2') }, ['ERR_ARQC']],
    ['no ARQC at all', { arqc: fromHex('') }, ['ERR_ARQC']],
    ['a MAC of 0 bytes', { macLength: 0 }, ['ERR_MAC_LENGTH']],
    ['a MAC of 3 bytes', { macLength: 3 }, ['ERR_MAC_LENGTH']],
    ['a MAC of 9 bytes', { macLength: 9 }, ['ERR_MAC_LENGTH']],
    ['a MAC of 99 bytes', { macLength: 99 }, ['ERR_MAC_LENGTH']],
    ['a MAC of 4.5 bytes', { macLength: 4.5 }, ['ERR_MAC_LENGTH']],
    ['a hexadecimal letter in the PAN', { card: { pan: '622800010000F', panSequence: '01' } }, ['ERR_PAN']],
    ['a PAN of 20 digits', { card: { pan: '1'.repeat(20), panSequence: '01' } }, ['ERR_PAN']],
    ['a sequence number of one digit', { card: { pan: '6228000100001', panSequence: '1' } }, ['ERR_PAN_SEQUENCE']],
    ['a key for D1 of another name', { pinBlockKey: 'mac' as 'ac' }, ['ERR_OPTION', { label: 'pinBlockKey' }]],
    [
      'an SM4 key with a TDES scheme',
      { keys: { mac: SM4_MAC } },
      ['ERR_KEY', { label: 'MAC key', expected: 'a key for tdes', got: 'sm4' }],
    ],
    ['a TDES key with an SM4 scheme', { scheme: 'pboc-sm4' }, ['ERR_KEY', { label: 'MAC key', got: 'tdes' }]],
    ['a chained command under PBOC', { chainedCommand: 1 }, ['ERR_SCHEME', { label: 'chained command', got: 'pboc' }]],
    ['a negative chained command', { scheme: 'emv-ccd', chainedCommand: -1 }, ['ERR_OPTION']],
    ['half a chained command', { scheme: 'emv-ccd', chainedCommand: 0.5 }, ['ERR_OPTION']],
  ])('for %s', (_, changes, error) => expect(() => sessionWith(changes)).toThrow(coded(...error)))

  it.each(['pboc', 'visa-cvn10', 'visa-cvn22', 'mastercard-cvn20', 'emv-ccd'])('for no ATC under %s', (scheme) => {
    const { atc: _, ...without } = PBOC
    expect(() => openScript({ ...without, scheme } as ScriptInput)).toThrow(coded('ERR_ATC', { got: '0 bytes' }))
  })

  it('for keys of another purpose or level, where the types were cast away', () => {
    const { mac, enc, ac } = PBOC_KEYS
    const cast = (keys: unknown) => () => sessionWith({ keys } as Partial<ScriptInput>)
    expect(cast({ mac: enc })).toThrow(coded('ERR_KEY', { label: 'MAC key', expected: 'the purpose MAC', got: 'ENC' }))
    expect(cast({ mac, enc: ac })).toThrow(coded('ERR_KEY', { label: 'ENC key', got: 'AC' }))
    expect(cast({ mac, ac: mac })).toThrow(coded('ERR_KEY', { label: 'AC key', got: 'MAC' }))
    const session = TdesKey.create('session', 'MAC', fromHex('12B1AC4AF070CC35612BFE2D30AB600D'))
    expect(cast({ mac: session })).toThrow(coded('ERR_KEY', { label: 'MAC key', got: 'session' }))
  })
})

describe('a session', () => {
  it('takes the scheme for what is not said', () => {
    expect(sessionWith()).toMatchObject({ macLength: 4, pinBlockKey: 'enc', atc: PBOC.atc, arqc: PBOC.arqc })
    expect(sessionWith({ scheme: 'visa-cvn10' })).toMatchObject({ macLength: 8, pinBlockKey: 'ac' })
  })

  it.each([4, 5, 6, 7, 8])('forms a MAC of %i bytes', (macLength) =>
    expect(applicationBlock(sessionWith({ macLength })).apdu).toHaveLength(5 + macLength),
  )

  it('needs no ATC for Interac, and checks one that is given', () => {
    const { atc: _, ...without } = PBOC
    const interac = { ...without, scheme: 'interac-cvn133' } as ScriptInput
    expect(openScript(interac).atc).toBeUndefined()
    expect(toHex(applicationBlock(openScript(interac)).macInput)).toBe('841E000008')
    expect(() => openScript({ ...interac, atc: fromHex('01') } as ScriptInput)).toThrow(coded('ERR_ATC'))
    expect(apdu({ scheme: 'interac-cvn133' })).toBe(toHex(applicationBlock(openScript(interac)).apdu))
  })

  it('takes eight zero bytes before GENERATE AC', () => {
    const session = sessionWith({ arqc: 'before-generate-ac' })
    expect(toHex(applicationBlock(session).macInput)).toBe('841E00000402400000000000000000')
    expect(apdu({ arqc: new Uint8Array(8) })).toBe(apdu({ arqc: 'before-generate-ac' }))
  })

  it('copies ATC and ARQC', () => {
    const [atc, arqc] = [fromHex('0240'), fromHex('5D016C91005E7CC2')]
    const session = sessionWith({ atc, arqc })
    atc.fill(0)
    arqc.fill(0)
    expect(toHex(applicationBlock(session).apdu)).toBe(PUBLISHED)
    expect(toHex(applicationBlock(session.chained(0)).apdu)).toBe(PUBLISHED)
  })

  it('works with ICC master keys, and leaves them as they are', () => {
    const mac = deriveIccMasterKey(PBOC_KEYS.mac, { pan: '6228000100001', panSequence: '01' }, { parity: 'none' })
    const session = openScript({ scheme: 'pboc', keys: { mac }, atc: PBOC.atc, arqc: PBOC.arqc })
    expect(toHex(applicationBlock(session).apdu)).toBe(PUBLISHED)
    expect(toHex(applicationBlock(session).apdu)).toBe(PUBLISHED)
  })

  it('refuses to go on with a destroyed key', () => {
    const mac = TdesKey.create('issuer', 'MAC', fromHex('12B1AC4AF070CC35612BFE2D30AB600D'))
    const session = sessionWith({ keys: { mac } })
    mac.destroy()
    expect(() => applicationBlock(session)).toThrow(coded('ERR_KEY_DESTROYED'))
  })
})

describe('chained commands', () => {
  const chained = (n: number, arqc: string): string =>
    toHex(sessionWith({ scheme: 'mastercard-cvn17', arqc: fromHex(arqc), chainedCommand: n }).arqc)

  it.each([
    [0, '5D016C91005E7CC2', '5D016C91005E7CC2'],
    [1, '5D016C91005E7CC2', '5D016C91005E7CC3'],
    [2, '00000000000000FF', '0000000000000101'],
    [1, 'FFFFFFFFFFFFFFFF', '0000000000000000'],
  ])('number %i takes %s as %s', (n, arqc, expected) => expect(chained(n, arqc)).toBe(expected))

  it('count on from a session, whichever number it has', () => {
    const third = sessionWith({ scheme: 'emv-ccd', chainedCommand: 5 }).chained(2)
    expect(toHex(third.arqc)).toBe('5D016C91005E7CC4')
    expect(toHex(applicationBlock(third).macInput)).toBe('841E00000802405D016C91005E7CC4')
  })

  it('are refused where the ATC diversifies', () =>
    expect(() => sessionWith({ scheme: 'visa-cvn18' }).chained(1)).toThrow(coded('ERR_SCHEME', { got: 'visa-xor' })))
  it('may be number 0 everywhere', () => expect(toHex(sessionWith().chained(0).arqc)).toBe('5D016C91005E7CC2'))
})
