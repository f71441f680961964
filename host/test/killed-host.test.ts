import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { stopOrphan } from '../src/embedded/orphan.js'
import { startOf, waitForEnd } from '../src/embedded/process.js'
import { startEmbeddedDatabase } from '../src/embedded-database.js'
import { keptFolder, testFolder } from './support/folders.js'

const SCRIPT = fileURLToPath(new URL('support/orphan-host.ts', import.meta.url))

let folder: string
beforeAll(async () => {
  folder = join(keptFolder(), 'data')
  await (await startEmbeddedDatabase({ folder, temporary: true })).stop()
})
afterAll(() => rmSync(dirname(folder), { recursive: true }))

async function hostProcess(): Promise<ChildProcess> {
  const args = ['--conditions=@issuerkit/source', '--import', 'tsx', SCRIPT, folder]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

function postmaster(): number {
  return Number(readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0])
}

/** A process of another kind, which must be left alone. */
function bystander(): ChildProcess {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

test('the server of a killed host is stopped and the folder taken over', async () => {
  const host = await hostProcess()
  await expect(startEmbeddedDatabase({ folder })).rejects.toMatchObject({
    code: 'ERR_DATA_FOLDER_IN_USE',
    message: expect.stringContaining(`process ${host.pid}`),
  })
  const orphan = postmaster()
  host.kill('SIGKILL')
  await once(host, 'exit')
  expect(startOf(orphan)).toBeDefined()
  const begun = performance.now()
  const embedded = await startEmbeddedDatabase({ folder })
  onTestFinished(() => embedded.stop())
  expect(performance.now() - begun).toBeLessThan(2_000)
  expect(startOf(orphan)).toBeUndefined()
  expect(postmaster()).not.toBe(orphan)
})

test('a host that ends by an error nobody caught takes its server with it', async () => {
  const host = await hostProcess()
  const server = postmaster()
  host.stdin?.end('fail')
  await once(host, 'exit')
  expect(await waitForEnd(server, 5_000)).toBe(true)
})

test.each([
  ['a process of another kind', () => String(bystander().pid)],
  ['a process that is gone', () => '4194399'],
  ['the process 1', () => '1'],
  ['no number', () => 'x'],
])('%s in postmaster.pid is left alone', async (_what, pid) => {
  const cluster = join(testFolder(), 'postgres')
  mkdirSync(cluster)
  writeFileSync(join(cluster, 'postmaster.pid'), `${pid()}\n${cluster}\n`)
  await stopOrphan(cluster, [])
  expect(existsSync(join(cluster, 'postmaster.pid'))).toBe(true)
})

test('a server of another folder is left alone', async () => {
  const embedded = await startEmbeddedDatabase({ folder })
  onTestFinished(() => embedded.stop())
  const cluster = join(testFolder(), 'postgres')
  mkdirSync(cluster)
  writeFileSync(join(cluster, 'postmaster.pid'), `${postmaster()}\n`)
  await stopOrphan(cluster, [])
})

test('an orphan that does not end is an error', async () => {
  const embedded = await startEmbeddedDatabase({ folder })
  onTestFinished(() => embedded.stop())
  const stopping = stopOrphan(join(embedded.folder, 'postgres'), [['SIGCONT', 20]])
  await expect(stopping).rejects.toMatchObject({ code: 'ERR_DATABASE' })
})
