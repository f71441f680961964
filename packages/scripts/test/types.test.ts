/** What must not compile. `npm run check` reads these lines; run, they say what a caller without types is told. */
import { createKey, type KeyPurpose, TdesKey } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { openScript, type ScriptCommand, type ScriptKeys } from '../src/index.js'
import { coded, PBOC, PBOC_KEYS } from './support/session.js'

const { ac, mac, enc } = PBOC_KEYS
const bytes = Uint8Array.from({ length: 16 }, (_, i) => i)
const icc = <P extends KeyPurpose>(purpose: P) => TdesKey.create('icc', purpose, bytes)
const refused = coded('ERR_KEY')

describe('a key of another purpose', () => {
  it('is no MAC key', () => {
    // @ts-expect-error an enciphering key where the MAC key belongs
    expect(() => openScript({ ...PBOC, keys: { mac: enc } })).toThrow(refused)
    // @ts-expect-error a cryptogram key where the MAC key belongs
    expect(() => openScript({ ...PBOC, keys: { mac: ac } })).toThrow(refused)
  })
  it('is no enciphering key', () => {
    // @ts-expect-error a MAC key where the enciphering key belongs
    expect(() => openScript({ ...PBOC, keys: { mac, enc: mac } })).toThrow(refused)
    // @ts-expect-error a key-encryption key where the enciphering key belongs
    expect(() => openScript({ ...PBOC, keys: { mac, enc: createKey('tdes', 'issuer', 'DEK', bytes) } })).toThrow(
      refused,
    )
  })
  it('is no cryptogram key', () => {
    // @ts-expect-error a MAC key where the cryptogram key belongs
    expect(() => openScript({ ...PBOC, keys: { mac, ac: mac } })).toThrow(refused)
  })
})

describe('a key of another level', () => {
  it('is no master key', () => {
    // @ts-expect-error a session key: a script session derives its own
    const keys: ScriptKeys<'icc'> = { mac: TdesKey.create('session', 'MAC', bytes) }
    expect(() => openScript({ scheme: 'pboc', keys, atc: PBOC.atc, arqc: PBOC.arqc })).toThrow(refused)
  })
  it('does not stand beside one of the other level', () => {
    // @ts-expect-error issuer and ICC master keys in one session
    const keys: ScriptKeys<'issuer'> = { mac, enc: icc('ENC') }
    expect(keys.enc?.level).toBe('icc')
  })
  it('needs a card when it is an issuer master key', () => {
    const { card: _, ...without } = PBOC
    // @ts-expect-error issuer master keys and no card to derive for
    expect(() => openScript(without)).toThrow(refused)
  })
})

it('a command has what its type needs', () => {
  // @ts-expect-error a PIN change without a PIN
  const change: ScriptCommand = { type: 'pin-change' }
  // @ts-expect-error P2 = 01 without the current PIN
  const withCurrent: ScriptCommand = { type: 'pin-change-with-current', newPin: '1234' }
  expect([change, withCurrent]).toHaveLength(2)
})
