/** What a profile becomes in memory: directories, records, AFL, keys. Expectations are written out from the standard. */
import { createCipheriv } from 'node:crypto'
import { aflRecords, collectRecords, fromHex, parseAfl, parseOneTlv, toHex } from '@issuerkit/apdu'
import { rsaPublic } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { rsaKey } from '../src/card-json.js'
import { applicationConfig, cardConfig } from '../src/debit-credit-config.js'
import { ApplicationMemory, STATE } from '../src/debit-credit-model.js'
import type { CardMemory } from '../src/memory.js'
import { personaliseCard } from '../src/personalise.js'
import { parseCardProfile } from '../src/profile.js'
import { handMadeCa } from './support/hand-made-ca.js'
import { LEAST, MASTER, profileOf } from './support/profiles.js'

const RID = 'A000000333'
const SMALL = { issuerBits: 768, iccBits: 640 }
const made = (change: Record<string, unknown> = {}, ...ca: Parameters<typeof personaliseCard>[1][]): CardMemory =>
  personaliseCard(parseCardProfile(profileOf(change)), ca[0])
const hexOf = (memory: CardMemory, name: string): string => toHex(memory.read(name))
const aflOf = (memory: CardMemory): string => applicationConfig(new ApplicationMemory(memory, 0), 0).afl
const tagsOf = (memory: CardMemory, name: string): string[] =>
  (parseOneTlv(memory.read(name), '70').children ?? []).map(({ tag }) => tag)

describe('a card without anything optional', () => {
  const memory = made()

  it('opens as a card of the model', () => {
    expect(cardConfig(memory)).toMatchObject({ protocol: 'T=0', applications: 1 })
    expect(applicationConfig(new ApplicationMemory(memory, 0), 0)).toMatchObject({
      aid: 'A000000333010101',
      pan: '6200000000000005',
      panSequence: '00',
      dki: 1,
      aip: '1C00',
    })
  })

  // The layout of [EMV-B1] tables 45, 47 and 43, byte by byte.
  it.each([
    ['pse/fci', '6F1A840E315041592E5359532E4444463031A5088801015F2D02656E'],
    ['pse/record/1', '701B61194F08A000000333010101500A50424F43204445424954870101'],
    [
      'ppse/fci',
      '6F30840E325041592E5359532E4444463031A51EBF0C1B61194F08A000000333010101500A50424F43204445424954870101',
    ],
    ['app/0/fci', '6F2C8408A000000333010101A520500A50424F432044454249548701019F38099F7A019F02065F2A025F2D02656E'],
  ])('has %s', (name, expected) => expect(hexOf(memory, name)).toBe(expected))

  it('has the records of its AFL, of which none is signed', () => {
    expect(aflOf(memory)).toBe('080101001001010018010100')
    expect(memory.names.filter((name) => name.includes('/record/'))).toEqual([
      'pse/record/1',
      'app/0/record/1/1',
      'app/0/record/2/1',
      'app/0/record/3/1',
    ])
    expect(hexOf(memory, 'app/0/record/1/1')).toBe('7012' + '5710' + '6200000000000005D491222000000000')
    expect(tagsOf(memory, 'app/0/record/2/1')).toEqual([
      '5F24',
      '5A',
      '5F34',
      '9F07',
      '8E',
      '9F0D',
      '9F0E',
      '9F0F',
      '5F28',
    ])
    expect(tagsOf(memory, 'app/0/record/3/1')).toEqual(['8C', '8D', '5F30', '9F42', '9F08'])
  })

  it('begins with its counters at 0', () => {
    for (const [name, length] of Object.entries(STATE)) {
      expect(hexOf(memory, `app/0/state/${name}`)).toBe('00'.repeat(length))
    }
    expect(
      ['9F36', '9F13', '9F17', '9F51', '9F52', '9F56', '9F57'].map((tag) => hexOf(memory, `app/0/data/${tag}`)),
    ).toEqual(['0000', '0000', '03', '0156', '0000', '00', '0156'])
  })

  it('has the PIN as digits, with room for twelve, and no private key', () => {
    expect(hexOf(memory, 'app/0/pin')).toBe('31323334')
    expect(memory.capacity('app/0/pin')).toBe(12)
    expect(hexOf(memory, 'app/0/pin-try-limit')).toBe('03')
    expect(memory.has('app/0/rsa/icc')).toBe(false)
  })
})

/** [EMV-B2] A1.4.1 by OpenSSL: Y and its complement under the master key. */
function optionA(master: string, digits: string): string {
  const cipher = createCipheriv('des-ede', Buffer.from(master, 'hex'), null).setAutoPadding(false)
  const y = Buffer.from(digits, 'hex')
  return cipher
    .update(Buffer.concat([y, y.map((byte) => ~byte)]))
    .toString('hex')
    .toUpperCase()
}

const withOddParity = (hex: string): string =>
  toHex(fromHex(hex).map((byte) => (byte.toString(2).replaceAll('0', '').length % 2 === 1 ? byte : byte ^ 1)))

describe('keys', () => {
  // PAN 6200000000000005, sequence 01: the rightmost 16 of 18 digits.
  it.each(['ac', 'mac', 'enc'] as const)('%s of PBOC are derived by option A, parity as it comes', (name) =>
    expect(hexOf(made({ panSequence: '01' }), `app/0/key/${name}`)).toBe(optionA(MASTER[name], '0000000000000501')),
  )

  it.each(['visa-cvn10', 'emv-ccd'])('of %s get odd parity', (scheme) =>
    expect(hexOf(made({ scheme }), 'app/0/key/ac')).toBe(withOddParity(optionA(MASTER.ac, '0000000000000500'))),
  )

  it('of SM4 are derived with SM4', () => {
    const cipher = createCipheriv('sm4-ecb', Buffer.from(MASTER.enc, 'hex'), null).setAutoPadding(false)
    const expected = cipher.update('0000000000000500FFFFFFFFFFFFFAFF', 'hex', 'hex')
    expect(hexOf(made({ scheme: 'pboc-sm4' }), 'app/0/key/enc')).toBe(expected.toUpperCase())
  })

  it('of the card are taken as they are', () =>
    expect(hexOf(made({ keys: { card: MASTER } }), 'app/0/key/mac')).toBe(MASTER.mac))
})

describe('options', () => {
  it('leave the directories out', () => {
    const memory = personaliseCard(parseCardProfile({ ...profileOf(), pse: false, ppse: false }))
    expect(memory.names.filter((name) => /^p?pse/.test(name))).toEqual([])
  })

  it('leave the PIN out', () => {
    const memory = made({ pin: undefined })
    expect(['pin', 'pin-try-limit', 'data/9F17'].map((name) => memory.has(`app/0/${name}`))).toEqual([
      false,
      false,
      false,
    ])
  })

  it('leave the PDOL out', () =>
    expect(hexOf(made({ pdol: '', preferredName: 'Debit' }), 'app/0/fci')).toBe(
      '6F2C8408A000000333010101A520500A50424F432044454249548701015F2D02656E9F1101019F12054465626974',
    ))

  it('put limits of the terminal into a record, the others beside it', () => {
    const memory = made({ limits: { '9F23': '05', '9F58': '02' }, data: { DF62: '000000001000' } })
    expect(hexOf(memory, 'app/0/record/4/1')).toBe('7004' + '9F230105')
    expect(aflOf(memory)).toMatch(/20010100$/)
    expect(hexOf(memory, 'app/0/data/9F58')).toBe('02')
    expect(hexOf(memory, 'app/0/data/DF62')).toBe('000000001000')
    expect(memory.has('app/0/data/9F23')).toBe(false)
  })

  it('put names, dates and an odd PAN into the records', () => {
    const memory = made({ pan: '621483010023743', effective: '20240101', holderName: 'TEST CARD' })
    expect(hexOf(memory, 'app/0/record/1/1')).toContain('5F2009544553542043415244')
    expect(hexOf(memory, 'app/0/record/2/1')).toContain('5F25032401015A08621483010023743F')
  })

  it('list applications one after another', () => {
    const second = { ...LEAST, aid: 'A000000333010102', label: 'CREDIT', preferredName: 'Credit', priority: 2 }
    const memory = personaliseCard(parseCardProfile({ applications: [LEAST, second] }))
    const entries = parseOneTlv(memory.read('pse/record/1'), '70').children ?? []
    expect(entries.map(({ tag, value }) => [tag, toHex(value)])).toEqual([
      ['61', '4F08A000000333010101500A50424F43204445424954870101'],
      ['61', '4F08A0000003330101025006435245444954870102' + '9F1206437265646974'],
    ])
    expect(applicationConfig(new ApplicationMemory(memory, 1), 1).aid).toBe('A000000333010102')
  })
})

describe('records of the profile', () => {
  const extra = (...records: readonly object[]): CardMemory => made({ records, certificates: SMALL }, handMadeCa(RID))

  it('take part in the AFL, a signed one behind an unsigned one in an entry of its own', () => {
    const memory = extra(
      { sfi: 3, record: 2, data: '70049F610131', signed: true },
      { sfi: 3, record: 3, data: '70049F620100' },
      { sfi: 3, record: 5, data: '70049F630101' },
      { sfi: 11, record: 1, data: 'FF', signed: true },
      { sfi: 11, record: 2, data: 'FE', signed: true },
      { sfi: 12, record: 1, data: 'FD', listed: false },
    )
    expect(aflOf(memory)).toBe('08010100' + '10010501' + '18010100' + '18020301' + '18050500' + '58010202')
    expect(parseAfl(fromHex(aflOf(memory)))).toHaveLength(6)
    expect(hexOf(memory, 'app/0/record/12/1')).toBe('FD')
  })

  it.each<[string, readonly object[], string]>([
    ['in the place of another', [{ sfi: 3, record: 1, data: '7000' }], 'ERR_CARD'],
    ['in the place of a certificate', [{ sfi: 2, record: 3, data: '7000' }], 'ERR_CARD'],
    ['with a data object that is there already', [{ sfi: 5, record: 1, data: '70045F340101' }], 'ERR_RECORD'],
  ])('are refused %s', (_, records, code) => expect(() => extra(...records)).toThrow(expect.objectContaining({ code })))

  it('are refused when the profile makes one too long', () =>
    expect(() => made({ cvmList: '00'.repeat(240) })).toThrow(
      expect.objectContaining({ code: 'ERR_CARD', expected: 'at most 254 bytes in SFI 2 record 1' }),
    ))
})

describe('certificates', () => {
  const memory = made({ certificates: { ...SMALL, pinKey: true, exponent: 65537 } }, handMadeCa(RID))
  const application = new ApplicationMemory(memory, 0)
  const records = aflRecords(parseAfl(fromHex(aflOf(memory)))).map(({ sfi, record }) => ({
    sfi,
    record,
    data: memory.read(`app/0/record/${sfi}/${record}`),
  }))
  const tags = collectRecords(records)

  it('are all in the records, which are signed in part', () => {
    expect(aflOf(memory)).toBe('08010100' + '10010601' + '18010100')
    expect([...tags.keys()]).toEqual(
      expect.arrayContaining(['8F', '90', '92', '93', '9F2D', '9F2E', '9F32', '9F46', '9F47', '9F49', '9F4A']),
    )
    expect(toHex(tags.get('8F') ?? new Uint8Array(0))).toBe('F1')
    expect(toHex(tags.get('9F4A') ?? new Uint8Array(0))).toBe('82')
  })

  it('are as long as the key that signed them', () =>
    expect(['90', '93', '9F46', '9F2D'].map((tag) => tags.get(tag)?.length)).toEqual([128, 96, 96, 96]))

  it.each(['rsa/icc', 'rsa/pin'] as const)('certify the key under %s', (name) => {
    const key = rsaKey(application, name)
    const block = fromHex(`00${'5A'.repeat(79)}`)
    expect(key?.publicKey.exponent).toEqual(fromHex('010001'))
    expect(key && rsaPublic(key.publicKey, key.operate(block))).toEqual(block)
  })

  it('need a CA of the RID', () => {
    const expected = { code: 'ERR_CARD', label: 'applications[0].certificates', expected: `a test CA of ${RID}` }
    for (const ca of [undefined, [], handMadeCa('A000000003'), [handMadeCa('A000000003')]]) {
      expect(() => made({ certificates: SMALL }, ca)).toThrow(expect.objectContaining(expected))
    }
  })

  it('whose rest of a key is long has a record for it', () => {
    const long = made({ certificates: { issuerBits: 512, iccBits: 1024 } }, handMadeCa(RID))
    // [EMV-B2] 6.1: 128 bytes, of which the certificate has room for 64 - 42.
    expect(hexOf(long, 'app/0/record/2/6').slice(0, 10)).toBe('706D9F486A')
    expect(long.names).not.toContain('app/0/record/2/7')
  })
})
