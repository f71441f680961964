/** A description of a card under test from JSON: how a laboratory tells the test about its own card. */
import { IssuerkitError } from '@issuerkit/apdu'
import {
  type PurseTestProfile,
  TEST_KEY_NAMES,
  type TestApplication,
  type TestBehaviour,
  type TestKey,
  type TestKeyName,
} from './profile.js'

/** What the specification of the cases decides, where it does; a profile says only what is otherwise. [ETC] */
export const ETC_BEHAVIOUR: TestBehaviour = {
  selectByFid: 'refuse',
  nothingPending: '6F00',
  readAll: '6CXX',
  reloadMacStatus: '6988',
  unblockPin: 'compare',
  pinFlagAfterTransaction: 'keep',
  verifyEndsTransaction: true,
  balanceNeedsPin: true,
  overflowStatus: '6985',
  zeroLoad: 'allow',
  cappWithoutUpdate: 'allow',
  cappStateStatus: '6901',
  overdraftTac: 'xor',
}

/** The values that each behaviour may have. */
const CHOICES: { readonly [K in keyof TestBehaviour]: readonly TestBehaviour[K][] } = {
  selectByFid: ['refuse', 'serve'],
  nothingPending: ['6F00', '6985', '6D00'],
  readAll: ['6CXX', 'serve'],
  reloadMacStatus: ['6988', '9302'],
  unblockPin: ['compare', 'replace'],
  pinFlagAfterTransaction: ['keep', 'clear'],
  verifyEndsTransaction: [true, false],
  balanceNeedsPin: [true, false],
  overflowStatus: ['6985', '9401'],
  zeroLoad: ['allow', '6A80'],
  cappWithoutUpdate: ['allow', '6901'],
  cappStateStatus: ['6901', '6985'],
  overdraftTac: ['xor', 'direct'],
}

type Fields<N extends string> = Readonly<Record<N, unknown>>

/**
 * A profile from parsed JSON. `behaviour` may be left out, whole or in part: then the specification decides.
 *
 * Hexadecimal text may be in lower case. What the form does not name is refused. No error holds a key or a PIN.
 * @throws ERR_CARD, with the path of the value that is wrong
 */
export function parsePurseTestProfile(json: unknown): PurseTestProfile {
  const root = fieldsOf(json, 'profile', REQUIRED, ['behaviour', 'longFile', 'composite'])
  const mf = fieldsOf(root.mf, 'mf', ['name', 'fid', 'fci'])
  const applications = listOf(root.applications, 'applications', applicationOf)
  const [first, second] = applications
  if (first === undefined || second === undefined || applications.length > 2) {
    throw misfit('applications', 'two')
  }
  return {
    name: textOf(root.name, 'name'),
    pin: hexOf(root.pin, 'pin', 2, 6),
    pinTries: numberOf(root.pinTries, 'pinTries', 15),
    mf: {
      name: hexOf(mf.name, 'mf.name', 1, 16),
      fid: hexOf(mf.fid, 'mf.fid', 2),
      fci: hexOf(mf.fci, 'mf.fci', 1, 255),
    },
    directory: listOf(root.directory, 'directory', (record, path) => hexOf(record, path, 1, 255)),
    applications: [first, second],
    ...(root.longFile !== undefined && { longFile: hexOf(root.longFile, 'longFile', 1) }),
    ...(root.composite !== undefined && { composite: compositeOf(root.composite) }),
    maximumBalance: numberOf(root.maximumBalance, 'maximumBalance', 0xffff_ffff),
    logRecords: numberOf(root.logRecords, 'logRecords', 255),
    behaviour: { ...ETC_BEHAVIOUR, ...behaviourOf(root.behaviour ?? {}) },
  }
}

const REQUIRED = ['name', 'pin', 'pinTries', 'mf', 'directory', 'applications', 'maximumBalance', 'logRecords'] as const

function applicationOf(json: unknown, path: string): TestApplication {
  const { name, fid, fci, binaries, keys } = fieldsOf(json, path, ['name', 'fid', 'fci', 'binaries', 'keys'])
  const files = Object.entries(objectOf(binaries, `${path}.binaries`)).map(([sfi, content]) => [
    hexOf(sfi, `${path}.binaries`, 1),
    hexOf(content, `${path}.binaries.${sfi}`, 1, 0x8000),
  ])
  return {
    name: hexOf(name, `${path}.name`, 5, 16),
    fid: hexOf(fid, `${path}.fid`, 2),
    fci: hexOf(fci, `${path}.fci`, 1, 255),
    binaries: Object.fromEntries(files),
    keys: listOf(keys, `${path}.keys`, keyOf),
  }
}

function keyOf(json: unknown, path: string): TestKey {
  const { name, index, version, algorithm, value } = fieldsOf(json, path, [
    'name',
    'index',
    'version',
    'algorithm',
    'value',
  ])
  if (!TEST_KEY_NAMES.includes(name as TestKeyName)) throw misfit(`${path}.name`, TEST_KEY_NAMES.join(', '))
  return {
    name: name as TestKeyName,
    index: hexOf(index, `${path}.index`, 1),
    version: hexOf(version, `${path}.version`, 1),
    algorithm: hexOf(algorithm, `${path}.algorithm`, 1),
    value: hexOf(value, `${path}.value`, 16),
  }
}

function compositeOf(json: unknown): { sfi: string; records: string[] } {
  const { sfi, records } = fieldsOf(json, 'composite', ['sfi', 'records'])
  return {
    sfi: hexOf(sfi, 'composite.sfi', 1),
    records: listOf(records, 'composite.records', (record, path) => hexOf(record, path, 3, 255)),
  }
}

function behaviourOf(json: unknown): Partial<TestBehaviour> {
  const given = fieldsOf(json, 'behaviour', [], Object.keys(CHOICES) as (keyof TestBehaviour)[])
  for (const [name, value] of Object.entries(given)) {
    const choices: readonly unknown[] = CHOICES[name as keyof TestBehaviour]
    if (!choices.includes(value)) throw misfit(`behaviour.${name}`, choices.join(', '))
  }
  return given as Partial<TestBehaviour>
}

/** The fields of an object: all that are required, none that is not named. */
function fieldsOf<R extends string, O extends string = never>(
  json: unknown,
  path: string,
  required: readonly R[],
  optional: readonly O[] = [],
): Fields<R | O> {
  const fields = objectOf(json, path)
  const missing = required.find((name) => !Object.hasOwn(fields, name))
  if (missing !== undefined) throw misfit(`${path}.${missing}`, 'a value')
  const known: readonly string[] = [...required, ...optional]
  if (Object.keys(fields).some((name) => !known.includes(name))) {
    throw misfit(path, `no other fields than ${known.join(', ')}`)
  }
  return fields
}

function objectOf(json: unknown, path: string): Fields<string> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw misfit(path, 'an object')
  return json as Fields<string>
}

function listOf<T>(json: unknown, path: string, entry: (json: unknown, path: string) => T): T[] {
  if (!Array.isArray(json)) throw misfit(path, 'a list')
  return json.map((value, i) => entry(value, `${path}[${i}]`))
}

function textOf(json: unknown, path: string): string {
  if (typeof json !== 'string' || json === '') throw misfit(path, 'text')
  return json
}

function hexOf(json: unknown, path: string, least: number, most = least): string {
  const good = typeof json === 'string' && /^(?:[0-9A-Fa-f]{2})*$/.test(json)
  if (!good || json.length < 2 * least || json.length > 2 * most) {
    throw misfit(path, `${least === most ? least : `${least} to ${most}`} bytes in hexadecimal`)
  }
  return json.toUpperCase()
}

function numberOf(json: unknown, path: string, most: number): number {
  if (!Number.isInteger(json) || (json as number) < 1 || (json as number) > most) {
    throw misfit(path, `a whole number from 1 to ${most}`)
  }
  return json as number
}

/** What was there is not told: it may be a key. */
function misfit(label: string, expected: string): IssuerkitError {
  return new IssuerkitError('ERR_CARD', { label, expected })
}
