/** The command line at a real PC/SC service: a card file in a reader, read by opensc-tool and by ourselves. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exampleProfile, READERS, run, untilCard } from './support.js'

const hasBinding = existsSync(join(process.cwd(), 'node_modules', 'smartcard'))
const path = (relative: string): string => fileURLToPath(new URL(`../${relative}`, import.meta.url))
const ISSUERKIT = [
  '--conditions=@issuerkit/source',
  '--import',
  new URL('../node_modules/tsx/dist/loader.mjs', import.meta.url).href,
  path('host/src/main.ts'),
]
const issuerkit = (...args: string[]): ReturnType<typeof run> => run(process.execPath, [...ISSUERKIT, ...args])

let folder: string
let running: ChildProcess
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'card-'))
  writeFileSync(join(folder, 'profile.json'), JSON.stringify(exampleProfile('pboc')))
  const made = await issuerkit('card', 'new', '--profile', join(folder, 'profile.json'), '--out', join(folder, 'card'))
  expect(made.code, made.stderr).toBe(0)
  running = spawn(process.execPath, [...ISSUERKIT, 'card', 'run', join(folder, 'card'), '--reader'], {
    stdio: 'ignore',
  })
  await untilCard(0, 'Yes')
})
afterAll(async () => {
  running.kill('SIGTERM')
  await untilCard(0, 'No')
  rmSync(folder, { recursive: true })
})

describe('issuerkit card run --reader', () => {
  it('is a card to opensc-tool: answer to reset, SELECT, FCI', async () => {
    const atr = await run('opensc-tool', ['--reader', '0', '--atr'])
    expect(atr.stdout.replace(/[^0-9a-f]/g, '')).toBe('3b6800000073c84000009000')
    const select = ['--reader', '0', '--card-driver', 'default', '--send-apdu', '00A4040007A000000333010100']
    const { stdout } = await run('opensc-tool', select)
    expect(stdout).toMatch(/SW1=0x90, SW2=0x00/)
    expect(stdout).toMatch(/^6F .. 84 08 A0 00 00 03 33 01 01 01/m)
  })
})

describe.runIf(hasBinding)('issuerkit read', () => {
  it('lists the readers', async () => {
    const { code, stdout } = await issuerkit('read', '--list')
    expect(code).toBe(0)
    for (const { name } of READERS) expect(stdout).toContain(name)
    expect(stdout).toContain('3B6800000073C84000009000')
  })
  it('reads the application with a good verdict, and shows no PAN', async () => {
    const transcript = join(folder, 'transcript')
    const ca = join(folder, 'card.ca-A000000333.json')
    const args = ['--reader', READERS[0].name, '--ca', ca, '--save', transcript]
    const { code, stdout, stderr } = await issuerkit('read', ...args)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toContain('A000000333010101')
    expect(stdout).not.toContain('6200000000000005')
    const recorded = readFileSync(transcript, 'utf8')
    expect(recorded).toMatch(/^> 00A404000E315041592E5359532E4444463031/m)
    expect(recorded).toMatch(/^< 61[0-9A-F]{2}$/m)
  })
  it('a reader that is not there: exit code 2 or 1, and its name', async () => {
    const { code, stderr } = await issuerkit('read', '--reader', 'No Such Reader')
    expect(code).not.toBe(0)
    expect(stderr).toContain('No Such Reader')
  })
})
