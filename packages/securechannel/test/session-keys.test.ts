import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  agreedKeys,
  Counter,
  type KeyRole,
  PROFILES,
  type Profile,
  parsePayload,
  profileOf,
  transportedKeys,
} from '../src/index.js'
import { randomWithout, systemRandom } from '../src/random.js'
import { SessionKeys } from '../src/session-keys.js'
import type { ControlReferenceTemplate } from '../src/templates.js'
import { coded } from './support/coded.js'
import { REFERENCE } from './support/reference.js'

const { keyAgreement, keyTransport } = REFERENCE
const HOST = fromHex(keyAgreement.externalAuthenticate.hostSecret)
const CARD = fromHex(keyAgreement.internalAuthenticate.cardSecret)
const KDF = keyAgreement.kdf
const FIVE: ControlReferenceTemplate[] = [
  { kind: 'ENC', usage: 0x20 },
  { kind: 'MAC', usage: 0x10 },
  { kind: 'DEK', usage: 0xc0 },
  { kind: 'MAC', usage: 0x20 },
  { kind: 'ENC', usage: 0x10 },
]
const hex = (keys: ReadonlyMap<KeyRole, Uint8Array>): Record<string, string> =>
  Object.fromEntries([...keys].map(([role, bytes]) => [role, toHex(bytes)]))

describe('keys of key agreement', () => {
  const payload = parsePayload(fromHex(keyAgreement.payload), 'agreement')

  it('of GlobalPlatform are those of the transcript', () => {
    const { keys, counters } = agreedKeys(PROFILES.gp, payload, HOST, CARD)
    const { mac, enc, dek } = keyAgreement.gp.keys
    expect(hex(keys)).toEqual({ CMAC: mac, RMAC: mac, CENC: enc, RENC: enc, DEK: dek })
    expect(toHex(counters.get('CMAC')?.value ?? new Uint8Array(0))).toBe(keyAgreement.gp.startCounter)
    expect(counters.get('RMAC')).toBe(counters.get('CMAC'))
  })

  it('of the patent are those of the transcript', () => {
    const { keys, counters } = agreedKeys(PROFILES.feitian, payload, HOST, CARD)
    const { cmac, rmac, cenc, renc, dek } = keyAgreement.feitian.keys
    expect(hex(keys)).toEqual({ CMAC: cmac, RMAC: rmac, CENC: cenc, RENC: renc, DEK: dek })
    expect(toHex(counters.get('CMAC')?.value ?? new Uint8Array(0))).toBe(keyAgreement.feitian.startCounter)
  })

  it.each([4, 32] as const)('are counted by kind and position, in %i bytes', (derivationCounterBytes) => {
    const profile: Profile = { ...PROFILES.gp, derivationCounterBytes }
    const { keys } = agreedKeys(profile, { level: 0, templates: FIVE }, HOST, CARD)
    const numbers = KDF[`counter${derivationCounterBytes}bytes`]
    expect(hex(keys)).toEqual({
      RENC: numbers['2'],
      CMAC: numbers['1'],
      DEK: numbers['5'],
      RMAC: numbers['3'],
      CENC: numbers['4'],
    })
  })

  it('are counted by role wherever they stand', () => {
    const { keys } = agreedKeys(PROFILES.feitian, { level: 0, templates: FIVE }, HOST, CARD)
    const numbers = KDF.counter32bytes
    expect(hex(keys)).toEqual({
      CMAC: numbers['1'],
      RMAC: numbers['2'],
      CENC: numbers['3'],
      RENC: numbers['4'],
      DEK: numbers['5'],
    })
  })

  it.each([
    ['gp', false],
    ['feitian', true],
  ] as const)('of %s have one counter for both directions: %s', (name, shared) => {
    const { counters } = agreedKeys(PROFILES[name], { level: 0, templates: FIVE }, HOST, CARD)
    const [command, answer] = [counters.get('CMAC'), counters.get('RMAC')]
    expect(command === answer).toBe(shared)
    expect(command?.value).toEqual(answer?.value)
  })

  it.each([31, 33])('need secrets of 32 bytes, not %i', (length) => {
    const other = new Uint8Array(length)
    const label = (name: string) => coded('ERR_LENGTH', { label: name, expected: '32 bytes' })
    expect(() => agreedKeys(PROFILES.gp, payload, other, CARD)).toThrow(label('host secret'))
    expect(() => agreedKeys(PROFILES.gp, payload, HOST, other)).toThrow(label('card secret'))
  })
})

describe('keys of key transport', () => {
  const carried = (name: 'gp' | 'feitian') => {
    const templates = FIVE.map((template, i) => ({
      ...template,
      key: new Uint8Array(16).fill(i),
      ...(template.kind === 'MAC' ? { counter: new Uint8Array(8).fill(i) } : {}),
    }))
    return transportedKeys(PROFILES[name], { level: 0, templates })
  }

  it('are those of the transcript', () => {
    const { keys, counters } = transportedKeys(PROFILES.gp, parsePayload(fromHex(keyTransport.payload), 'transport'))
    const [mac, enc, dek] = keyTransport.crts.map(({ key }) => key)
    expect(hex(keys)).toEqual({ CMAC: mac, RMAC: mac, CENC: enc, RENC: enc, DEK: dek })
    expect([...counters].map(([role, { value }]) => [role, toHex(value)])).toEqual([
      ['CMAC', '00000000000000FE'],
      ['RMAC', '00000000000000FE'],
    ])
  })

  it('have a counter each, or the first one for both', () => {
    const values = (name: 'gp' | 'feitian') =>
      [...carried(name).counters].map(([role, { value }]) => `${role} ${value[0]}`)
    expect(values('gp')).toEqual(['CMAC 1', 'RMAC 3'])
    expect(values('feitian')).toEqual(['CMAC 1', 'RMAC 1'])
    expect(carried('feitian').counters.get('RMAC')).toBeDefined()
  })
})

describe('session keys', () => {
  it('zero the bytes that they are made of, and are destroyed together', () => {
    const bytes = new Uint8Array(16).map((_, i) => i)
    const keys = new SessionKeys(new Map([['CMAC', bytes]]))
    expect(bytes.every((byte) => byte === 0)).toBe(true)
    expect(keys.entries().map(([role]) => role)).toEqual(['CMAC'])
    keys.destroy()
    expect(() => keys.cmac?.expose()).toThrow(coded('ERR_KEY_DESTROYED'))
  })

  it('refuse a key with equal halves, and zero it', () => {
    const bytes = new Uint8Array(16).fill(0x55)
    expect(() => new SessionKeys(new Map([['DEK', bytes]]))).toThrow(coded('ERR_KEY'))
    expect(bytes.every((byte) => byte === 0)).toBe(true)
  })
})

describe('a counter', () => {
  it.each([
    ['0000000000000000', '0000000000000001'],
    ['00000000000000FE', '00000000000000FF'],
    ['00000000000000FF', '0000000000000100'],
    ['00FFFFFFFFFFFFFF', '0100000000000000'],
    ['FFFFFFFFFFFFFFFE', 'FFFFFFFFFFFFFFFF'],
  ])('%s is followed by %s', (before, after) => {
    const counter = new Counter(fromHex(before))
    counter.step()
    expect(toHex(counter.value)).toBe(after)
  })

  it('does not begin again', () => {
    const counter = new Counter(new Uint8Array(8).fill(0xff))
    expect(() => counter.step()).toThrow(coded('ERR_CHANNEL', { label: 'message counter' }))
    expect(toHex(counter.value)).toBe('FFFFFFFFFFFFFFFF')
  })

  it('gives copies', () => {
    const counter = new Counter(new Uint8Array(8))
    counter.value.fill(1)
    expect(counter.value).toEqual(new Uint8Array(8))
  })

  it.each([7, 9])('has 8 bytes, not %i', (length) => {
    expect(() => new Counter(new Uint8Array(length))).toThrow(coded('ERR_LENGTH', { label: 'counter' }))
  })
})

describe('profiles and random bytes', () => {
  it('are found by name, or given', () => {
    expect(profileOf('feitian')).toBe(PROFILES.feitian)
    const own: Profile = { ...PROFILES.gp, name: 'own' }
    expect(profileOf(own)).toBe(own)
    expect(() => profileOf('toString' as 'gp')).toThrow(
      coded('ERR_OPTION', { label: 'profile', expected: 'gp, feitian' }),
    )
  })

  it('are drawn again where a byte may not be', () => {
    const draws = [fromHex('000100'), fromHex('00'), fromHex('05'), fromHex('06')]
    const uses: string[] = []
    const draw = (use: string, length: number): Uint8Array => {
      uses.push(`${use} ${length}`)
      return draws.shift() ?? new Uint8Array(0)
    }
    const bytes = randomWithout(draw, 0, 'x', 3)
    expect(toHex(bytes)).toBe('050106')
    expect(uses).toEqual(['x 3', 'x 1', 'x 1', 'x 1'])
    expect(randomWithout(systemRandom, 0xd3, 'x', 2000)).not.toContain(0xd3)
    expect(systemRandom('x', 16)).toHaveLength(16)
  })
})
