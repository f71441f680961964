import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { commandLine, isAlive, startOf, waitForEnd } from '../src/embedded/process.js'

const GONE = 4194399

async function sleeper() {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'spawn')
  return { child, pid: child.pid ?? 0 }
}

test.runIf(process.platform === 'linux')('Linux tells command and start of a process', async () => {
  const { child, pid } = await sleeper()
  expect(commandLine(pid)).toBe('sleep 60')
  const start = startOf(pid)
  expect(start).toMatch(/^[0-9a-f-]{36} [0-9]+$/)
  expect(startOf(pid)).toBe(start)
  expect(startOf(process.pid)).not.toBe(start)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(startOf(pid)).toBeUndefined()
})

test('a process that is gone has neither', () => {
  for (const platform of ['linux', 'darwin', 'win32'] as const) {
    expect(commandLine(GONE, platform)).toBeUndefined()
    expect(startOf(GONE, platform)).toBeUndefined()
  }
})

test('elsewhere ps tells, and Windows at least whether it is alive', () => {
  expect(startOf(process.pid, 'darwin') ?? 'no ps').toMatch(/20[0-9]{2}$|no ps/)
  expect(startOf(process.pid, 'win32')).toBe('alive')
})

test('a process of another user is alive', () => {
  expect(isAlive(1)).toBe(true)
  expect(isAlive(GONE)).toBe(false)
})

test('waiting ends with the process, or when patience does', async () => {
  const { child, pid } = await sleeper()
  expect(await waitForEnd(pid, 30)).toBe(false)
  child.kill('SIGKILL')
  expect(await waitForEnd(pid, 5_000)).toBe(true)
})
