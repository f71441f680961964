import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { fromDirectory, loadPcsc, type PcscLoader } from '../src/pcsc-module.js'
import { rejected } from './readers-support.js'

const directory = mkdtempSync(join(tmpdir(), 'issuerkit-pcsc-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** A directory with a package `smartcard` of this text. */
function installed(name: string, source: string): PcscLoader {
  const at = join(directory, name, 'node_modules', 'smartcard')
  mkdirSync(at, { recursive: true })
  writeFileSync(join(at, 'index.js'), source)
  return fromDirectory(join(directory, name))
}

const failing = (code: string, message: string): PcscLoader => {
  return () => Promise.reject(Object.assign(new Error(message), { code }))
}
const absent = failing('ERR_MODULE_NOT_FOUND', "Cannot find package 'smartcard'")

describe('the package smartcard', () => {
  it('is taken from where the user works when it is not beside the toolkit', async () => {
    const user = installed('works', 'exports.Context = class { listReaders() { return ["one"] } }')
    const { Context } = await loadPcsc([absent, user])
    expect(new Context().listReaders()).toEqual(['one'])
  })

  it('is taken from import(), which wraps it', async () => {
    const Context = class {}
    expect(await loadPcsc([async () => ({ default: { Context } })])).toMatchObject({ Context })
  })

  it.each<[string, PcscLoader[], RegExp]>([
    ['absent for import()', [absent], /expected the package smartcard \(npm install smartcard@3\.7\.0;.* got none/],
    [
      'absent for require()',
      [failing('MODULE_NOT_FOUND', "Cannot find module 'smartcard'")],
      /npm install smartcard@3\.7\.0.*libpcsclite-dev/,
    ],
    [
      'not built',
      [failing('MODULE_NOT_FOUND', "Cannot find module '../../build/Release/smartcard_napi.node'")],
      /npm rebuild smartcard; pnpm: .*onlyBuiltDependencies/,
    ],
    [
      'without libpcsclite',
      [failing('ERR_DLOPEN_FAILED', 'libpcsclite.so.1: cannot open shared object file')],
      /apt-get install libpcsclite1/,
    ],
    ['of another make', [async () => ({ default: { Context: 1 } })], /expected the package smartcard 3\.7\.0, got one/],
    ['not a module at all', [async () => 7], /expected the package smartcard 3\.7\.0/],
    ['null', [async () => null], /expected the package smartcard 3\.7\.0/],
    ['one that throws no error', [() => Promise.reject(7)], /expected the package smartcard 3\.7\.0/],
    ['sought nowhere', [], /npm install/],
  ])('is %s: the message says what to do', async (_, loaders, message) => {
    const error = await rejected(loadPcsc(loaders))
    expect(error.code).toBe('ERR_READER')
    expect(error.message).toMatch(message)
  })

  it.each([true, false])('tells what is broken rather than what is absent (first: %s)', async (first) => {
    const broken = installed('broken', 'throw Object.assign(new Error("x"), { code: "ERR_DLOPEN_FAILED" })')
    const error = await rejected(loadPcsc(first ? [broken, absent] : [absent, broken]))
    expect(error.expected).toMatch(/libpcsclite1/)
    expect(error.cause).toMatchObject({ code: 'ERR_DLOPEN_FAILED' })
  })

  it('is looked for beside the toolkit and in the current directory', async () => {
    // Where its install script may run it is there; everywhere else the error says so.
    const found = await loadPcsc().catch((error: unknown) => error)
    if (found instanceof Error) expect(found).toMatchObject({ code: 'ERR_READER', label: 'smartcard' })
    else expect(found).toMatchObject({ Context: expect.any(Function) })
  })
})
