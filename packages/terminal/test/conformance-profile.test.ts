import { describe, expect, it } from 'vitest'
import { type CardUnderTest, type CaseNeed, missingNeeds } from '../src/conformance/case.js'
import { ETC_BEHAVIOUR, parsePurseTestProfile } from '../src/conformance/profile-json.js'

const code = (label: string) => expect.objectContaining({ code: 'ERR_CARD', label })
const SECRET = '8888888888888888999999999999990a'

/** A small card, as a laboratory would describe it. */
function described(): Record<string, unknown> {
  const application = {
    name: 'a00000000386980701',
    fid: '3f01',
    fci: '6f00',
    binaries: { 15: '00'.repeat(30) },
    keys: [{ name: 'maintenance', index: '00', version: '01', algorithm: '00', value: SECRET }],
  }
  return {
    name: 'our card',
    pin: '12345f',
    pinTries: 3,
    mf: { name: '315041592e5359532e4444463031', fid: '3f00', fci: '6f00' },
    directory: ['7000'],
    applications: [application, { ...application, name: 'A00000000386980702' }],
    maximumBalance: 0xffff_ffff,
    logRecords: 10,
  }
}

/** The description with one value changed, by its path. */
function changed(path: string, value: unknown): unknown {
  const copy = structuredClone(described())
  const steps = path.split('.')
  const last = steps.pop() as string
  let at: Record<string, unknown> = copy
  for (const step of steps) at = at[step] as Record<string, unknown>
  if (value === undefined) delete at[last]
  else at[last] = value
  return copy
}

describe('a description', () => {
  it('is read, hexadecimal text in upper case', () => {
    const profile = parsePurseTestProfile(described())
    expect(profile.pin).toBe('12345F')
    expect(profile.mf.name).toBe('315041592E5359532E4444463031')
    expect(profile.applications.map(({ name }) => name)).toEqual(['A00000000386980701', 'A00000000386980702'])
    expect(profile.applications[0].keys[0]).toEqual({
      name: 'maintenance',
      index: '00',
      version: '01',
      algorithm: '00',
      value: SECRET.toUpperCase(),
    })
    expect(profile.applications[0].binaries).toEqual({ 15: '00'.repeat(30) })
    expect(profile).not.toHaveProperty('longFile')
    expect(profile).not.toHaveProperty('composite')
  })
  it('has the behaviour of the specification unless it says otherwise', () => {
    expect(parsePurseTestProfile(described()).behaviour).toEqual(ETC_BEHAVIOUR)
    const other = { nothingPending: '6985', balanceNeedsPin: false }
    expect(parsePurseTestProfile({ ...described(), behaviour: other }).behaviour).toEqual({
      ...ETC_BEHAVIOUR,
      ...other,
    })
  })
  it('may have a long file, and one of the composite purchase', () => {
    const profile = parsePurseTestProfile({
      ...described(),
      longFile: '1a',
      composite: { sfi: '19', records: ['aa2900', 'bb2900'] },
    })
    expect(profile).toMatchObject({ longFile: '1A', composite: { sfi: '19', records: ['AA2900', 'BB2900'] } })
  })
})

describe('what is refused, with its path', () => {
  it.each<[path: string, value: unknown, label?: string]>([
    ['name', undefined, 'profile.name'],
    ['name', ''],
    ['name', 7],
    ['pin', '12'],
    ['pin', '1234567890123456'],
    ['pin', '123'],
    ['pin', 1234],
    ['pin', '12G4'],
    ['pinTries', 0],
    ['pinTries', 16],
    ['pinTries', '3'],
    ['pinTries', 1.5],
    ['mf', null],
    ['mf', 'text'],
    ['mf.fid', '3F', 'mf.fid'],
    ['mf.name', '00'.repeat(17)],
    ['mf.fci', undefined],
    ['directory', {}],
    ['directory.0', '', 'directory[0]'],
    ['applications', []],
    ['applications', 'two'],
    ['applications.1', undefined, 'applications'],
    ['applications.2', described()['applications'] as unknown, 'applications[2]'],
    ['applications.0.name', '3F01', 'applications[0].name'],
    ['applications.0.binaries', []],
    ['applications.0.binaries.15', 'zz', 'applications[0].binaries.15'],
    ['applications.0.binaries.155', '00', 'applications[0].binaries'],
    ['applications.0.keys', 'none', 'applications[0].keys'],
    ['applications.0.keys.0.name', 'toString', 'applications[0].keys[0].name'],
    ['applications.0.keys.0.value', SECRET.slice(2), 'applications[0].keys[0].value'],
    ['applications.0.keys.0.extra', 1, 'applications[0].keys[0]'],
    ['longFile', '1A1A'],
    ['composite', { sfi: '19' }, 'composite.records'],
    ['composite', { sfi: '19', records: ['AA29'] }, 'composite.records[0]'],
    ['maximumBalance', 0x1_0000_0000],
    ['logRecords', 256],
    ['behaviour', []],
    ['behaviour', { nothingPending: '9000' }, 'behaviour.nothingPending'],
    ['behaviour', { balanceNeedsPin: 'yes' }, 'behaviour.balanceNeedsPin'],
    ['behaviour', { mood: 'good' }],
    ['colour', 'blue', 'profile'],
  ])('%s = %j', (path, value, label) => {
    const wrong = changed(path, value)
    const named = label ?? path.replace(/\.(\d+)(?=\.|$)/g, '[$1]')
    expect(() => parsePurseTestProfile(wrong)).toThrow(code(named))
  })
  it.each([null, undefined, 'text', 5, []])('%j', (json) => {
    expect(() => parsePurseTestProfile(json)).toThrow(code('profile'))
  })
  it('two of three applications', () => {
    const three = [1, 2, 3].map(() => (described()['applications'] as unknown[])[0])
    expect(() => parsePurseTestProfile(changed('applications', three))).toThrow(code('applications'))
    expect(() => parsePurseTestProfile(changed('applications', three.slice(1, 2)))).toThrow(code('applications'))
  })
  it('without telling a key', () => {
    const wrong = changed('applications.0.keys.0.value', `${SECRET}00`)
    expect.assertions(1)
    try {
      parsePurseTestProfile(wrong)
    } catch (error) {
      expect(String(error)).not.toMatch(/8888/)
    }
  })
})

describe('what a case needs', () => {
  const profile = parsePurseTestProfile(described())
  const ALL: readonly CaseNeed[] = ['clone', 'fuse', 'long-file', 'grey-lock', 'composite', 'T=0']
  const card = (protocol: 'T=0' | 'T=1', more: object = {}): CardUnderTest =>
    ({ connection: { protocol }, profile, ...more }) as CardUnderTest

  it('a card in a T=1 reader has nothing of it', () => {
    expect(missingNeeds({ needs: ALL }, card('T=1'))).toEqual(ALL)
  })
  it('a virtual card has all', () => {
    const grey = { name: 'grey', index: '01', version: '01', algorithm: '00', value: SECRET }
    const [first, second] = profile.applications
    const full = {
      ...profile,
      longFile: '1A',
      composite: { sfi: '19', records: [] },
      applications: [{ ...first, keys: [grey] }, second],
    }
    const virtual = card('T=0', { profile: full, memory: {}, clone: () => undefined })
    expect(missingNeeds({ needs: ALL }, virtual)).toEqual([])
  })
  it('nothing is missing where nothing is needed', () => expect(missingNeeds({}, card('T=1'))).toEqual([]))
})
