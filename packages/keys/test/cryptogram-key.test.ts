import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  backend,
  type CryptogramKeys,
  type CryptogramSessionMethod,
  createKey,
  cryptogramSessionKey,
  deriveCryptogramKey,
  deriveIccMasterKey,
  TdesKey,
  useBackend,
  withCryptogramKeys,
} from '../src/index.js'
import { coded } from './support/errors.js'
import { CARD, IMK, issuerKey, transaction } from './support/transactions.js'

const hex = (key: { expose(): Uint8Array }): string => toHex(key.expose())
const imk = TdesKey.create('issuer', 'AC', fromHex(IMK))
const VALUES = { atc: fromHex('001C'), unpredictableNumber: fromHex('ABCDEF12') }

describe('the session key', () => {
  const icc = TdesKey.create('icc', 'AC', fromHex(IMK))

  it('is the ICC master key itself without a method', () => {
    expect(cryptogramSessionKey(icc, 'none')).toBe(icc)
  })

  // vectors/session-key.json; the key of mastercard-skd is that of e6tech.
  it.each([
    ['emv-common', { atc: fromHex('001C') }, IMK, 'E9FB384AF807B940FEDCEA613461B0C4'],
    ['emv-common', { diversificationValue: fromHex('001C000000000000') }, IMK, 'E9FB384AF807B940FEDCEA613461B0C4'],
    ['visa-xor', { atc: fromHex('001C') }, IMK, '0123456789ABCDF2FEDCBA987654CDF2'],
    [
      'emv2000-tree',
      { atc: fromHex('001C'), branch: 4, height: 8, iv: new Uint8Array(16) },
      IMK,
      'E5BF6D1067F194B0A89B7F5D83BC64A2',
    ],
    [
      'mastercard-skd',
      { atc: fromHex('0016'), unpredictableNumber: fromHex('01020304') },
      '230B91EFFD6B7FB5F8DCBC257F649DDC',
      '50D12807D33E8810FBE05314C43299D6',
    ],
  ] as const)('by %s', (method, values, key, expected) => {
    const iccKey = TdesKey.create('icc', 'AC', fromHex(key))
    const clear = (text: string): string => toHex(fromHex(text).map((byte) => byte & 0xfe))
    expect(clear(hex(cryptogramSessionKey(iccKey, method, values)))).toBe(clear(expected))
  })

  it('prefers the diversification value to the ATC', () => {
    const both = { ...VALUES, diversificationValue: fromHex('001C000000000000') }
    const expected = cryptogramSessionKey(icc, 'emv-common', { atc: fromHex('001C') })
    expect(hex(cryptogramSessionKey(icc, 'emv-common', { ...both, atc: fromHex('FFFF') }))).toBe(hex(expected))
    // vectors/session-key.json: sk-aes-ac, whose R is the ATC 0001 and zeros.
    const aes = createKey('aes', 'icc', 'AC', fromHex('0F0E0D0C0B0A09080706050403020100'))
    const r = { atc: fromHex('FFFF'), diversificationValue: fromHex('00010000000000000000000000000000') }
    expect(hex(cryptogramSessionKey(aes, 'emv-aes', r))).toBe('F06C204C70D2AD0CD1FA3B8CE15958F8')
    expect(hex(cryptogramSessionKey(aes, 'emv-aes', { atc: fromHex('0001') }))).toBe('F06C204C70D2AD0CD1FA3B8CE15958F8')
    // Methods of the ATC do not look at it.
    expect(hex(cryptogramSessionKey(icc, 'pboc', both))).toBe(hex(cryptogramSessionKey(icc, 'pboc', VALUES)))
  })

  it.each([
    ['emv-common', 'ERR_ATC'],
    ['mastercard-skd', 'ERR_LENGTH'],
    ['visa-xor', 'ERR_ATC'],
    ['pboc', 'ERR_ATC'],
    ['emv2000-tree', 'ERR_ATC'],
    ['pboc-sm4', 'ERR_ATC'],
    ['emv-aes', 'ERR_ATC'],
  ] as const)('by %s is refused without what it needs', (method, code) => {
    const algorithm = { 'pboc-sm4': 'sm4', 'emv-aes': 'aes' }[method as string] ?? 'tdes'
    const iccKey = createKey(algorithm as 'tdes', 'icc', 'AC', fromHex(IMK))
    expect(() => cryptogramSessionKey(iccKey, method)).toThrow(coded(code))
  })

  it('is refused by an unknown method, or one for another cipher', () => {
    expect(() => cryptogramSessionKey(icc, 'emv' as CryptogramSessionMethod, VALUES)).toThrow(coded('ERR_OPTION'))
    expect(() => cryptogramSessionKey(icc, 'pboc-sm4', VALUES)).toThrow(coded('ERR_KEY'))
  })
})

describe('the key by option and method', () => {
  const source = { imk, card: CARD }

  it('is derived in two steps', () => {
    const iccKey = deriveIccMasterKey(imk, { pan: '8901234567890123456', panSequence: '00' }, { option: 'B' })
    const expected = cryptogramSessionKey(iccKey, 'emv-common', VALUES)
    const long = { imk, card: { pan: '8901234567890123456', panSequence: '00' } }
    expect(hex(deriveCryptogramKey(long, 'emv-common', VALUES, { option: 'B' }))).toBe(hex(expected))
    expect(hex(deriveCryptogramKey(long, 'emv-common', VALUES, { option: 'A' }))).not.toBe(hex(expected))
  })

  it('is the ICC master key without a method, and alive', () => {
    expect(hex(deriveCryptogramKey(source, 'none'))).toBe(hex(deriveIccMasterKey(imk, CARD)))
  })

  it('begins at an ICC master key that is given, and leaves it alive', () => {
    const iccKey = deriveIccMasterKey(imk, CARD)
    const fromImk = deriveCryptogramKey(source, 'pboc', VALUES)
    expect(hex(deriveCryptogramKey({ iccKey }, 'pboc', VALUES))).toBe(hex(fromImk))
    expect(deriveCryptogramKey({ iccKey }, 'none')).toBe(iccKey)
    expect(hex(iccKey)).toHaveLength(32)
  })

  it('leaves nothing of the ICC master key between the two steps', () => {
    const real = backend()
    const used: Uint8Array[] = []
    const watched: typeof real.des = (...input) => {
      used.push(input[1])
      return real.des(...input)
    }
    useBackend({ ...real, des: watched })
    const key = deriveCryptogramKey(source, 'pboc', VALUES)
    useBackend(real)
    expect(used).toHaveLength(2)
    expect(toHex(used[0] as Uint8Array)).toBe(IMK)
    expect(toHex(used[1] as Uint8Array)).toBe('00'.repeat(16))
    expect(hex(key)).not.toBe('00'.repeat(16))
  })

  it('is refused for a PAN with letters', () => {
    const card = { pan: '12345678901234AB', panSequence: '00' }
    expect(() => deriveCryptogramKey({ imk, card }, 'none')).toThrow(coded('ERR_PAN'))
    expect(() => deriveCryptogramKey(source, 'pboc')).toThrow(coded('ERR_ATC'))
  })
})

describe('the keys of a transaction', () => {
  it('are derived for the use and zeroed after it', () => {
    const { key, iccKey } = withCryptogramKeys('pboc', { imk, card: CARD }, transaction('pboc'), (keys) => {
      expect(hex(keys.iccKey)).toBe('A150C74962BA76656DEBDD53B0EB5F4A')
      expect(hex(keys.key)).toBe('912E07E31B9CF18C203DBB4099506C76')
      return keys
    })
    expect(() => key.expose()).toThrow(coded('ERR_KEY_DESTROYED'))
    expect(() => iccKey.expose()).toThrow(coded('ERR_KEY_DESTROYED'))
  })

  it('are zeroed when the use throws, too', () => {
    let kept: CryptogramKeys | undefined
    const use = (keys: CryptogramKeys): never => {
      kept = keys
      throw new Error('no')
    }
    expect(() => withCryptogramKeys('pboc', { imk, card: CARD }, transaction('pboc'), use)).toThrow('no')
    expect(() => kept?.key.expose()).toThrow(coded('ERR_KEY_DESTROYED'))
    expect(() => kept?.iccKey.expose()).toThrow(coded('ERR_KEY_DESTROYED'))
  })

  it('leave an ICC master key that is given alive', () => {
    for (const name of ['visa-cvn10', 'mastercard-cvn16'] as const) {
      const iccKey = deriveIccMasterKey(imk, CARD)
      const kept = withCryptogramKeys(name, { iccKey }, transaction(name), (keys) => keys)
      expect(kept.iccKey).toBe(iccKey)
      expect(kept.key === iccKey).toBe(name === 'visa-cvn10')
      expect(hex(iccKey)).toHaveLength(32)
    }
  })

  it('are both the ICC master key of a scheme without session keys, and zeroed', () => {
    const kept = withCryptogramKeys('visa-cvn10', { imk, card: CARD }, new Map(), (keys) => keys)
    expect(kept.key).toBe(kept.iccKey)
    expect(() => kept.key.expose()).toThrow(coded('ERR_KEY_DESTROYED'))
  })

  it.each([
    ['pboc', 'sm4'],
    ['pboc-sm4', 'tdes'],
    ['visa-cvn10', 'aes'],
  ] as const)('are refused for %s with a key of %s', (name, algorithm) => {
    const other = createKey(algorithm, 'issuer', 'AC', fromHex(IMK))
    const iccKey = createKey(algorithm, 'icc', 'AC', fromHex(IMK))
    const run = (source: Parameters<typeof withCryptogramKeys>[1]): unknown =>
      withCryptogramKeys(name, source, transaction(name), () => 0)
    expect(() => run({ imk: other, card: CARD })).toThrow(coded('ERR_KEY', { label: name }))
    expect(() => run({ iccKey })).toThrow(coded('ERR_KEY', { label: name }))
  })

  it('are refused for an unknown scheme, a missing ATC or number', () => {
    const source = { imk: issuerKey('pboc'), card: CARD }
    expect(() => withCryptogramKeys('x', source, new Map(), () => 0)).toThrow(coded('ERR_SCHEME'))
    expect(() => withCryptogramKeys('pboc', source, new Map(), () => 0)).toThrow(coded('ERR_ATC'))
    const noNumber = new Map([['9F36', fromHex('0001')]])
    expect(() => withCryptogramKeys('mastercard-cvn16', source, noNumber, () => 0)).toThrow(coded('ERR_LENGTH'))
  })
})
