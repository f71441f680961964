import { fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { collect } from '../src/ca-key-import.js'
import {
  CA_KEY_DATA,
  type CaKeyText,
  caKeyFromText,
  caKeyFromTlv,
  caKeysFromCsv,
  caKeysFromJson,
} from '../src/index.js'

/** UnionPay's key 03 as a terminal is configured with it. */
const { modulus, checksum } = CA_KEY_DATA.find((key) => key.rid === 'A000000333' && key.index === '03') as CaKeyText
const TLV = `9F0605A0000003339F220103DF050420221231DF060101DF070101DF0281B0${modulus}DF040103DF0314${checksum}`
const TEXT: CaKeyText = { rid: 'A000000333', index: '03', modulus, exponent: '03', checksum }

const errorOf = (run: () => unknown): unknown => {
  try {
    run()
    return 'no error'
  } catch (error) {
    return error instanceof IssuerkitError ? [error.code, error.label] : error
  }
}
const tlvError = (hex: string): unknown => errorOf(() => caKeyFromTlv(fromHex(hex)))

describe('a CA key from TLV', () => {
  it('has its parts and its expiry', () => {
    const key = caKeyFromTlv(fromHex(TLV))
    expect([
      toHex(key.rid),
      key.index,
      toHex(key.modulus),
      toHex(key.exponent),
      toHex(key.checksum),
      key.expiry,
    ]).toEqual(['A000000333', 3, modulus, '03', checksum, '20221231'])
  })

  it('may have the exponent 010001', () => {
    const other = CA_KEY_DATA.find((one) => one.exponent === '010001' && one.modulus.length === 256) as CaKeyText
    const parts = [`9F0605${other.rid}`, `9F2201${other.index}`, `DF028180${other.modulus}`, 'DF0403010001']
    const key = caKeyFromTlv(fromHex(`${parts.join('')}DF0314${other.checksum}`))
    expect([toHex(key.exponent), toHex(key.modulus)]).toEqual(['010001', other.modulus])
  })

  it('may lack expiry and algorithms', () => {
    const key = caKeyFromTlv(fromHex(TLV.replace('DF050420221231DF060101DF070101', '')))
    expect('expiry' in key).toBe(false)
  })

  it.each([
    ['DF0503221231', '20221231'],
    ['DF050420221231', '20221231'],
    ['DF05083230323231323331', '20221231'],
  ])('reads the expiry %s', (object, expiry) => {
    expect(caKeyFromTlv(fromHex(TLV.replace('DF050420221231', object))).expiry).toBe(expiry)
  })

  it.each(['DF050420221331', 'DF050400000000', 'DF05022212', 'DF0500', 'DF05083230323231333331'])(
    'refuses the expiry %s',
    (object) => {
      const label = 'CA key A000000333/03: expiry'
      expect(tlvError(TLV.replace('DF050420221231', object))).toEqual(['ERR_DATE', label])
    },
  )

  it.each([
    ['9F0605A000000333', '', 'CA key: rid'],
    ['9F220103', '', 'CA key: index'],
    [`DF0281B0${modulus}`, '', 'CA key: modulus'],
    ['DF040103', '', 'CA key: exponent'],
    [`DF0314${checksum}`, '', 'CA key: checksum'],
    ['9F220103', '9F220103DF080101', 'tag DF08'],
    ['9F220103', '9F2201039F220103', 'tag 9F22'],
    ['9F220103', '9F22020003', 'index'],
    ['9F220103', '9F2200', 'index'],
    ['DF060101', 'DF060102', 'CA key A000000333/03: hash algorithm'],
    ['DF060101', 'DF06020101', 'hash algorithm'],
    ['DF070101', 'DF070104', 'CA key A000000333/03: key algorithm'],
    ['DF070101', 'DF0700', 'key algorithm'],
    ['DF040103', 'DF0403000003', 'CA key A000000333/03: exponent'],
    ['9F0605A000000333', '9F0606A00000033301', 'CA key: rid'],
  ])('refuses %s as %s', (from, to, label) => {
    expect(tlvError(TLV.replace(from, to))).toEqual(['ERR_CA_KEY', label])
  })

  it('refuses what is no TLV', () => {
    expect(tlvError(TLV.slice(0, -2))).toEqual(['ERR_TLV', 'length'])
    expect(tlvError('')).toEqual(['ERR_CA_KEY', 'CA key: rid'])
  })

  it('refuses every change of a byte but in the expiry, which is not under the checksum', () => {
    const bytes = fromHex(TLV)
    const expiry = TLV.indexOf('20221231') / 2
    for (let i = 0; i < bytes.length; i++) {
      if (i >= expiry && i < expiry + 4) continue
      const changed = bytes.with(i, (bytes[i] as number) ^ 0x01)
      expect(
        errorOf(() => caKeyFromTlv(changed)),
        `byte ${i}`,
      ).not.toBe('no error')
    }
  })
})

describe('CA keys from JSON', () => {
  it('come with the refused ones beside them', () => {
    const list = [
      TEXT,
      { ...TEXT, exponent: '02' },
      { ...TEXT, expiry: '20301231' },
      'no key',
      null,
      { ...TEXT, x: '1' },
    ]
    const { keys, refused } = caKeysFromJson(JSON.stringify(list))
    expect(keys.map(({ expiry }) => expiry)).toEqual([undefined, '20301231'])
    expect(refused.map(({ entry, error }) => [entry, error.code, error.label])).toEqual([
      [2, 'ERR_CA_KEY', 'CA key A000000333/03: exponent'],
      [4, 'ERR_CA_KEY', 'CA key'],
      [5, 'ERR_CA_KEY', 'CA key'],
      [6, 'ERR_CA_KEY', 'CA key: x'],
    ])
  })

  it.each([
    [{ ...TEXT, index: 3 }, 'ERR_CA_KEY', 'CA key: index'],
    [{ ...TEXT, checksum: undefined }, 'ERR_CA_KEY', 'CA key: checksum'],
    [{ ...TEXT, modulus: 'XY' }, 'ERR_HEX', 'modulus'],
    [{ ...TEXT, rid: 'A' }, 'ERR_HEX', 'rid'],
    [{ ...TEXT, exponent: 'Z3' }, 'ERR_HEX', 'exponent'],
    [{ ...TEXT, checksum: '0' }, 'ERR_HEX', 'checksum'],
    [{ ...TEXT, index: 'G0' }, 'ERR_HEX', 'index'],
    [{ ...TEXT, hashAlgorithm: '1' }, 'ERR_HEX', 'hash algorithm'],
    [{ ...TEXT, keyAlgorithm: '02' }, 'ERR_CA_KEY', 'CA key A000000333/03: key algorithm'],
    [{ ...TEXT, expiry: '221231' }, 'ERR_DATE', 'CA key A000000333/03: expiry'],
  ])('%# is refused', (entry, code, label) => {
    expect(caKeysFromJson(JSON.stringify([entry])).refused).toMatchObject([{ entry: 1, error: { code, label } }])
  })

  it('must be a list', () => {
    expect(errorOf(() => caKeysFromJson('{'))).toEqual(['ERR_CA_KEY', 'CA keys'])
    expect(errorOf(() => caKeysFromJson('{}'))).toEqual(['ERR_CA_KEY', 'CA keys'])
    expect(caKeysFromJson('[]')).toEqual({ keys: [], refused: [] })
  })
})

describe('CA keys from CSV', () => {
  const HEADER = 'index,rid,modulus,exponent,checksum,expiry'
  const ROW = `03,A000000333,${modulus},03,${checksum},20221231`

  it('come line by line, in the order of the header', () => {
    const text = `${HEADER}\r\n${ROW}\r\n\r\n ${ROW.replace('20221231', '')}\n`
    const { keys, refused } = caKeysFromCsv(text)
    expect(keys.map(({ index, expiry }) => [index, expiry])).toEqual([
      [3, '20221231'],
      [3, undefined],
    ])
    expect(refused).toEqual([])
  })

  it('name the line of a refused key', () => {
    const rows = [ROW, ROW.replace(',03,', ',02,'), '', 'x', `${ROW},`, ROW.replace('A000000333', ''), ROW.slice(2)]
    const text = [HEADER, ...rows].join('\n')
    const { keys, refused } = caKeysFromCsv(text)
    expect(keys.length).toBe(1)
    expect(refused.map(({ entry, error }) => [entry, error.label])).toEqual([
      [3, 'CA key A000000333/03: exponent'],
      [5, 'line'],
      [6, 'line'],
      [7, 'CA key: rid'],
      [8, 'CA key: index'],
    ])
  })

  it('must have a header that is known and without repetition', () => {
    expect(errorOf(() => caKeysFromCsv(`${HEADER},colour\n`))).toEqual(['ERR_CA_KEY', 'line 1: colour'])
    expect(errorOf(() => caKeysFromCsv(`${HEADER},index\n`))).toEqual(['ERR_CA_KEY', 'line 1'])
    expect(errorOf(() => caKeysFromCsv(''))).toEqual(['ERR_CA_KEY', 'line 1: '])
  })
})

describe('reading a list', () => {
  it('hides no fault of the toolkit', () => {
    const fault = new TypeError('a fault')
    const read = (): never => {
      throw fault
    }
    expect(errorOf(() => collect([1], read))).toBe(fault)
  })

  it('accepts keys in lower case', () => {
    expect(toHex(caKeyFromText({ ...TEXT, modulus: modulus.toLowerCase() }).modulus)).toBe(modulus)
  })
})
