/** Profiles of e-purse cards, the memory that they become, and what a saved card tells. */
import { toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeJson } from '../src/card-json.js'
import { describePurse } from '../src/describe-purse.js'
import { CardMemory } from '../src/memory.js'
import { openPurseCard } from '../src/purse-card.js'
import { ETC_PURSE_PROFILE } from '../src/purse-defaults.js'
import { etcPurseProfile, personalisePurse } from '../src/purse-personalise.js'
import { PURSE_PROFILES, parsePurseProfile } from '../src/purse-profile.js'
import { loadCard, saveCard } from '../src/saved-card.js'
import { ADF1, ADF2, application, block, desCbc, KEYS, PSE, purse, purseMemory, verify } from './support/purse-shell.js'

const parse = (change: Record<string, unknown>, own: Record<string, unknown> = {}) =>
  parsePurseProfile({ applications: [application(ADF1, '3F01', own)], ...change })
const LOG = { cyclic: { 18: { length: 23, records: 1 } } }
const codeOf = (run: () => unknown): string => {
  try {
    run()
    return 'nothing'
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return `${code} ${message}`
  }
}

describe('a profile', () => {
  it('is filled in', () => {
    const profile = parsePurseProfile({ applications: [{ name: ADF1, fid: '3f01' }] })
    expect(profile).toMatchObject({
      ...{ profile: 'etc-2008', protocol: 'T=0', atr: '3B6800000073C84000009000' },
      ...{ pinTryLimit: 3, keyTryLimit: 3, maximumBalance: 99_999_999 },
      switches: PURSE_PROFILES['etc-2008'],
      readable: ['15', '16', '18', '19', '1A'],
      updatable: ['15', '16', '19', '1A'],
      applications: [{ name: ADF1, fid: '3F01', label: 'PBOC', pin: undefined }],
    })
    const [{ ed, ep }] = profile.applications as [(typeof profile.applications)[0]]
    const start = { balance: 10_000, limit: 0, onlineSerial: 0, offlineSerial: 0 }
    expect([ed, ep]).toEqual([start, start])
  })
  it('makes keys up where none are given, each another', () => {
    const keys = parsePurseProfile({ applications: [{ name: ADF1, fid: '3F01' }] }).applications[0]?.keys ?? []
    expect(keys.map(({ name, index, version }) => `${name} ${index} ${version}`).sort()).toEqual([
      ...['external 01 01', 'grey 01 01', 'grey 02 01', 'internal 01 01', 'load 01 02', 'load 02 02'],
      ...['maintenance 00 01', 'overdraft 01 04', 'overdraft 02 04', 'pin-reload 00 01', 'pin-unblock 00 01'],
      ...['purchase 01 01', 'purchase 02 01', 'tac 01 01', 'unload 01 05', 'unload 02 05'],
    ])
    expect(new Set(keys.map(({ value }) => toHex(value.expose()))).size).toBe(keys.length)
    expect(keys.map(({ value }) => value.length)).toEqual(keys.map(() => 16))
    const fixed = parse({}, { keys: [{ name: 'maintenance', version: '02' }] }).applications[0]?.keys
    expect(fixed).toMatchObject([{ index: '00', algorithm: '00' }])
  })
  it('draws them from whom it is told', () => {
    const random = (length: number) => new Uint8Array(length).fill(0x5a)
    const json = { applications: [{ name: ADF1, fid: '3F01', keys: [{ name: 'maintenance' }] }] }
    const [key] = parsePurseProfile(json, random).applications[0]?.keys ?? []
    expect(toHex(key?.value.expose() ?? new Uint8Array(0))).toBe('5A'.repeat(16))
  })
  it('has switches of its own over those of its row', () => {
    expect(parse({ profile: 'fmcos', switches: { readAll: '6CXX' } }).switches).toEqual({
      ...PURSE_PROFILES.fmcos,
      readAll: '6CXX',
    })
  })
  it('prints no key and no PIN', () => {
    const printed = JSON.stringify(parse({}))
    for (const secret of [...Object.values(KEYS), '1234"']) expect(printed).not.toContain(secret)
  })
  it.each<[string, Record<string, unknown>, Record<string, unknown>, string]>([
    ['no application', { applications: [] }, {}, 'ERR_CARD'],
    ['an unknown field', { pim: 1 }, {}, 'ERR_CARD'],
    ['an unknown profile', { profile: 'etc' }, {}, 'ERR_CARD'],
    ['an unknown switch', { switches: { readall: 'serve' } }, {}, 'ERR_CARD'],
    ['a switch of another value', { switches: { readAll: '6C00' } }, {}, 'ERR_CARD'],
    ['an ATR of the other protocol', { protocol: 'T=1', atr: '3B6800000073C84000009000' }, {}, 'ERR_CARD'],
    ['no tries', { pinTryLimit: 0 }, {}, 'ERR_CARD'],
    ['more tries than a digit', { keyTryLimit: 16 }, {}, 'ERR_CARD'],
    ['an SFI 00', { readable: ['00'] }, {}, 'ERR_CARD'],
    ['an SFI 1F', { updatable: ['1F'] }, {}, 'ERR_CARD'],
    [
      'two applications of one name',
      { applications: ['3F01', '3F02'].map((fid) => application(ADF1, fid)) },
      {},
      'ERR',
    ],
    ['two of one identifier', { applications: [ADF1, ADF2].map((name) => application(name, '3F01')) }, {}, 'ERR_CARD'],
    ['a short name', {}, { name: 'A0000000' }, 'ERR_CARD'],
    ['no hexadecimal', {}, { name: 'A000000003869807GG' }, 'ERR_HEX'],
    ['a label of 17 characters', {}, { label: 'P'.repeat(17) }, 'ERR_CARD'],
    ['a PIN of one byte', {}, { pin: '12' }, 'ERR_CARD'],
    ['a PIN of letters', {}, { pin: '12A4' }, 'ERR_PIN'],
    ['a PIN with F in front', {}, { pin: 'F123' }, 'ERR_PIN'],
    ['a short key', {}, { keys: [{ name: 'load', value: '0102030405060708' }] }, 'ERR_CARD'],
    ['an unknown key', {}, { keys: [{ name: 'loads' }] }, 'ERR_CARD'],
    ['a key twice', {}, { keys: [{ name: 'load' }, { name: 'load', index: '00' }] }, 'ERR_CARD'],
    ['a balance above the maximum', { maximumBalance: 100 }, { ed: { balance: 101 }, ep: { balance: 1 } }, 'ERR_CARD'],
    ['that of EP', { maximumBalance: 100 }, { ed: { balance: 1 }, ep: { balance: 101 } }, 'ERR_CARD'],
    ['a long serial', {}, { ed: { onlineSerial: 65_536 } }, 'ERR_CARD'],
    ['files that are a list', {}, { files: { ...LOG, binary: ['00'] } }, 'ERR_CARD'],
    ['files that are nothing', {}, { files: { ...LOG, binary: null } }, 'ERR_CARD'],
    ['files that are text', {}, { files: { ...LOG, binary: '00' } }, 'ERR_CARD'],
    ['a file of SFI 1F', {}, { files: { ...LOG, binary: { '1F': '00' } } }, 'ERR_CARD'],
    ['an SFI twice', {}, { files: { ...LOG, binary: { 15: '00' }, records: { 15: ['00'] } } }, 'ERR_CARD'],
    ['a file of no bytes', {}, { files: { ...LOG, binary: { 15: '' } } }, 'ERR_CARD'],
    ['transactions without a TAC', {}, { keys: [{ name: 'load', index: '01' }] }, 'ERR_CARD'],
    ['the key of the TAC elsewhere', {}, { keys: [{ name: 'grey' }, { name: 'tac', index: '02' }] }, 'ERR_CARD'],
    ['no log', {}, { files: { cyclic: {} } }, 'ERR_CARD'],
    ['another log', {}, { files: { cyclic: { 18: { length: 24, records: 10 } } } }, 'ERR_CARD'],
    ['a log too long for the journal', {}, { files: { cyclic: { 18: { length: 23, records: 31 } } } }, 'ERR_CARD'],
    ['records of no bytes', {}, { files: { cyclic: { 18: { length: 0, records: 1 } } } }, 'ERR_CARD'],
  ])('with %s is refused, without repeating a secret', (_, change, own, code) => {
    const error = codeOf(() => parse(change, own))
    expect(error.startsWith(code), error).toBe(true)
    for (const secret of ['12A4', 'F123', '0102030405060708', KEYS.maintenance]) expect(error).not.toContain(secret)
  })
  it('is refused whatever else it is', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(codeOf(() => parsePurseProfile(JSON.parse(json)))).toMatch(/^ERR_/)
      }),
      { numRuns: 100 },
    )
  })
})

describe('the card of the test specification', () => {
  const memory = personalisePurse(etcPurseProfile())
  const names = (prefix: string) => memory.names.filter((name) => name.startsWith(prefix))
  it('has the directory and the files', () => {
    expect(toHex(memory.read('mf/record/1'))).toBe('701361114F09A00000000386980701500450424F43')
    expect(toHex(memory.read('mf/record/2'))).toBe('701361114F09A00000000386980702500450424F43')
    expect(names('mf/record/')).toHaveLength(2)
    for (const adf of [0, 1]) {
      expect(memory.read(`adf/${adf}/binary/15`)).toHaveLength(30)
      expect(memory.read(`adf/${adf}/binary/16`)).toHaveLength(39)
      expect(memory.read(`adf/${adf}/binary/1A`)).toHaveLength(300)
      expect(memory.capacity(`adf/${adf}/cyclic/18`)).toBe(230)
      expect(toHex(memory.read(`adf/${adf}/record/19/1`))).toBe(`AA2900${'00'.repeat(40)}`)
      expect(toHex(memory.read(`adf/${adf}/pin`))).toBe('1234')
      expect(memory.capacity(`adf/${adf}/pin`)).toBe(6)
    }
  })
  it('has keys of two indexes, with versions, and another set in the second application', () => {
    for (const [name, version] of Object.entries({ load: '02', unload: '05', purchase: '01', overdraft: '04' })) {
      for (const index of ['01', '02']) {
        expect(toHex(memory.read(`adf/0/key/${name}/${index}`)).slice(0, 4)).toBe(`${version}00`)
      }
    }
    expect(toHex(memory.read('adf/0/key/load/01'))).toBe('020022222222222222222222222222222201')
    expect(toHex(memory.read('adf/0/key/load/02'))).toBe('0200DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDFE')
    expect(toHex(memory.read('adf/1/key/load/01'))).toBe('020022222222222222012222222222222222')
    const values = [...names('adf/0/key/'), ...names('adf/1/key/')].map((name) => toHex(memory.read(name).subarray(2)))
    expect(new Set(values).size).toBe(values.length)
    expect(ETC_PURSE_PROFILE.applications).toHaveLength(2)
  })
  it('opens as it says', () => {
    const card = openPurseCard(memory)
    expect([card.protocol, toHex(card.powerUp())]).toEqual(['T=0', '3B6800000073C84000009000'])
  })
})

describe('a saved e-purse', () => {
  const saved = saveCard(purseMemory())
  it('is the card again', () => {
    expect(JSON.parse(saved)).toMatchObject({ format: 'issuerkit-card/1', kind: 'e-purse' })
    expect(saveCard(loadCard(saved))).toBe(saved)
  })
  it('is no debit/credit card', () => {
    expect(codeOf(() => loadCard(saved.replace('"e-purse"', '"debit-credit"')))).toMatch(/^ERR_CARD/)
    expect(codeOf(() => loadCard(saved.replace('"e-purse"', '"e-ticket"')))).toMatch(/^ERR_CARD/)
  })
  const without = (name: string, value?: Uint8Array): CardMemory => {
    const memory = purseMemory()
    const objects = memory.names
      .filter((one) => one !== name || value !== undefined)
      .map((one) => {
        const changed = one === name && value !== undefined
        return [one, changed ? { value } : { value: memory.read(one), capacity: memory.capacity(one) }] as const
      })
    return CardMemory.create(objects)
  }
  it.each([
    'config',
    'blocked',
    'mf/fci',
    'adf/1/fci',
    'adf/0/life',
    'adf/0/grey',
    'adf/0/cyclic/18',
    'adf/0/key/tac/01',
    'adf/0/errors/maintenance',
    'adf/0/ed/balance',
    'adf/1/ep/offlineSerial',
    'adf/0/pin-tries',
  ])('without %s is none', (name) => expect(codeOf(() => openPurseCard(without(name)))).toMatch(/^ERR_CARD/))
  it.each(['grey', 'cyclic/18', 'pin', 'life', 'ed/limit', 'pin-tries', 'key/load/01'].map((name) => `adf/0/${name}`))(
    'with %s of 5 bytes is none',
    (name) => expect(codeOf(() => loadCard(saveCard(without(name, new Uint8Array(5)))))).toMatch(/^ERR_CARD/),
  )
  it.each<[string, unknown]>([
    ['atr', '3B'],
    ['protocol', 'T=2'],
    ['switches', {}],
    ['adfs', []],
    ['readable', ['15', '1F']],
    ['keyTryLimit', 0],
    ['maximumBalance', -1],
    ['mf', {}],
    ['cyclicRecords', { 18: 0 }],
    ['more', 1],
  ])('with another %s in its config is none', (field, value) => {
    const config = JSON.parse(new TextDecoder().decode(purseMemory().read('config')))
    const memory = without('config', encodeJson({ ...config, [field]: value }))
    expect(codeOf(() => openPurseCard(memory))).toMatch(/^ERR_(CARD|HEX)/)
  })
})

describe('what a card tells', () => {
  it('is its state and no secret', async () => {
    const card = await purse()
    await card.send(verify('9999'))
    await card.secured(block('00', true))
    const description = describePurse(card.memory)
    expect(description).toMatchObject({
      ...{ profile: 'etc-2008', protocol: 'T=1', blocked: false },
      applications: [
        {
          ...{ name: ADF1, fid: '3F01', life: 'in use', greyLocked: false },
          pin: { triesLeft: 2, tryLimit: 3 },
          errors: { maintenance: 1, 'pin-unblock': 0, 'pin-reload': 0, external: 0 },
          ed: { balance: 10_000, onlineSerial: 0, offlineSerial: 0, limit: 0 },
          ep: { balance: 10_000, onlineSerial: 0, offlineSerial: 0, limit: 0 },
        },
        { name: ADF2 },
      ],
    })
    const kcv = desCbc(KEYS.maintenance, '0000000000000000').slice(0, 6)
    expect(description.applications[0]?.keys['maintenance/00']).toEqual({ version: '01', algorithm: '00', kcv })
    for (const secret of [...Object.values(KEYS), '"1234"']) expect(JSON.stringify(description)).not.toContain(secret)
  })
  it('is how it is blocked', async () => {
    const life = (card: { memory: CardMemory }) => describePurse(card.memory).applications[0]?.life
    const card = await purse()
    await card.secured(block('00'))
    expect(life(card)).toBe('blocked for a time')
    await card.secured(block('01'))
    expect(life(card)).toBe('blocked for good')
    card.memory.writeNumber('blocked', 1)
    expect(describePurse(card.memory).blocked).toBe(true)
  })
  it('leaves out the PIN that is not there', () => {
    const memory = purseMemory({ applications: [{ ...application(ADF1, '3F01'), pin: undefined }] })
    expect(describePurse(memory).applications[0]).not.toHaveProperty('pin')
    expect(toHex(memory.read('mf/fci'))).toContain(PSE)
  })
})
