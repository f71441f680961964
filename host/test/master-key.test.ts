import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadMasterKey } from '../src/master-key.js'
import { testFolder } from './support/folders.js'

const hex = '00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF'
const row = { id: 'k', issuer: 'i', usage: 'u', algorithm: 'a' }
const key = Uint8Array.of(1, 2, 3)

function keyFile(text: string, mode = 0o600): string {
  const file = join(testFolder(), 'key')
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}

test('comes from the environment or from a file that it names', () => {
  const wrapped = loadMasterKey({ environment: { ISSUERKIT_MASTER_KEY: hex } }).wrap(row, key)
  const fromFile = loadMasterKey({ environment: { ISSUERKIT_MASTER_KEY_FILE: keyFile(`${hex.toLowerCase()}\n`) } })
  expect(fromFile.unwrap(row, wrapped)).toEqual(key)
})

test('is made in the data folder of dev mode, once and for its owner alone', () => {
  const devFolder = testFolder()
  const wrapped = loadMasterKey({ environment: {}, devFolder }).wrap(row, key)
  expect(loadMasterKey({ environment: {}, devFolder }).unwrap(row, wrapped)).toEqual(key)
  expect(statSync(join(devFolder, 'master-key')).mode & 0o777).toBe(0o600)
  const text = readFileSync(join(devFolder, 'master-key'), 'utf8').trim()
  expect(loadMasterKey({ environment: { ISSUERKIT_MASTER_KEY: text }, devFolder }).unwrap(row, wrapped)).toEqual(key)
})

test.each([
  ['nothing', {}],
  ['both', { ISSUERKIT_MASTER_KEY: hex, ISSUERKIT_MASTER_KEY_FILE: '/none' }],
  ['too few digits', { ISSUERKIT_MASTER_KEY: hex.slice(2) }],
  ['too many digits', { ISSUERKIT_MASTER_KEY: `${hex}00` }],
  ['no hexadecimal', { ISSUERKIT_MASTER_KEY: `${hex.slice(1)}g` }],
  ['no file', { ISSUERKIT_MASTER_KEY_FILE: '/none' }],
  ['an empty file', { ISSUERKIT_MASTER_KEY_FILE: '/dev/null' }],
])('%s in the environment is refused, the value never shown', (_what, environment) => {
  expect(() => loadMasterKey({ environment })).toThrow(
    expect.objectContaining({ code: 'ERR_MASTER_KEY', message: expect.not.stringContaining('8899') }),
  )
})

test.each([0o604, 0o644, 0o620])('a file of mode %o is refused', (mode) => {
  const environment = { ISSUERKIT_MASTER_KEY_FILE: keyFile(hex, mode) }
  expect(() => loadMasterKey({ environment })).toThrow('chmod 600')
})
