import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { takeLock } from '../src/embedded/lock.js'
import { startOf } from '../src/embedded/process.js'
import { testFolder } from './support/folders.js'

const lockFile = () => join(testFolder(), 'lock')

test('is there while it is held and gone when it is given back', () => {
  const file = lockFile()
  const release = takeLock(file)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ pid: process.pid, start: startOf(process.pid) })
  release()
  expect(readdirSync(dirname(file))).toEqual([])
  release()
})

test('is refused to a second holder, who is told the first', () => {
  const file = lockFile()
  const child = spawn('sleep', ['60'], { stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  writeFileSync(file, JSON.stringify({ pid: child.pid, start: startOf(child.pid ?? 0) }))
  expect(() => takeLock(file)).toThrow(`process ${child.pid}`)
  expect(readdirSync(dirname(file))).toEqual(['lock'])
})

test.each([
  ['a process that is gone', JSON.stringify({ pid: 4194399, start: 'x' })],
  ['a number that was given out again', JSON.stringify({ pid: process.pid, start: 'another boot 1' })],
  ['nobody', '{}'],
  ['a writer that was cut off', '{"pid":12'],
])('of %s counts for nothing', (_whose, text) => {
  const file = lockFile()
  writeFileSync(file, text)
  takeLock(file)()
  expect(readdirSync(dirname(file))).toEqual([])
})

test('that another took over meanwhile is not given back', () => {
  const file = lockFile()
  const release = takeLock(file)
  writeFileSync(file, 'another')
  release()
  expect(existsSync(file)).toBe(true)
})

test('that is stale and cannot be taken away is an error, not an endless attempt', () => {
  const file = lockFile()
  writeFileSync(file, '{}')
  mkdirSync(`${file}.stale.${process.pid}`)
  expect(() => takeLock(file)).toThrow('cannot be removed')
  expect(readFileSync(file, 'utf8')).toBe('{}')
})

test('that cannot be read or made is an error', () => {
  const file = lockFile()
  mkdirSync(file)
  expect(() => takeLock(file)).toThrow('EISDIR')
  expect(() => takeLock(join(file, 'none', 'lock'))).toThrow('ENOENT')
})
