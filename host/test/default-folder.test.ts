import { chmodSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { defaultDataFolder } from '../src/default-folder.js'
import { isRoot, testFolder } from './support/folders.js'

function project(): string {
  const root = testFolder()
  writeFileSync(join(root, 'pnpm-workspace.yaml'), '')
  return root
}

test('root keeps data where its server can reach it', () => {
  expect(defaultDataFolder({ environment: {}, root: project(), isRoot: true })).toBe('/var/lib/issuerkit')
})

test('anybody else keeps it in the project', () => {
  const root = project()
  expect(defaultDataFolder({ environment: {}, root, isRoot: false })).toBe(join(root, '.issuerkit', 'data'))
})

test('or among the state of the user, when there is no project', () => {
  const root = testFolder()
  const inHome = join(homedir(), '.local', 'state', 'issuerkit')
  expect(defaultDataFolder({ environment: {}, root, isRoot: false })).toBe(inHome)
  expect(defaultDataFolder({ environment: { XDG_STATE_HOME: '/s' }, root, isRoot: false })).toBe('/s/issuerkit')
})

test.runIf(!isRoot)('or when the project cannot be written', () => {
  const root = project()
  chmodSync(root, 0o555)
  onTestFinished(() => chmodSync(root, 0o755))
  expect(defaultDataFolder({ environment: { XDG_STATE_HOME: '/s' }, root })).toBe('/s/issuerkit')
})

test('the project is the one that this file lies in', () => {
  const expected = isRoot ? '/var/lib/issuerkit' : join(process.cwd(), '.issuerkit', 'data')
  expect(defaultDataFolder({ environment: {} })).toBe(expected)
})
