/** `npm run fuzz`: what it prints and how it ends. */
import { describe, expect, it } from 'vitest'
import { runNode } from './support/run.js'

describe('npm run fuzz', () => {
  it('says how many inputs it tried, and the seed', async () => {
    const { code, stdout } = await runNode('fuzz/run.ts', '--target', 'response', '--seed', '3', '--inputs', '500')
    expect(stdout).toMatch(/^response: 500 inputs, [\d,]+\/s, \d+ accepted, \d+ kept, seed 3\n$/)
    expect(code).toBe(0)
  })

  it('replays an input', async () => {
    const accepted = await runNode('fuzz/run.ts', '--target', 'response', '--replay', '9000')
    expect(accepted).toEqual({ code: 0, stdout: 'response: accepted: value\n', stderr: '' })
    const { stdout } = await runNode('fuzz/run.ts', '--target', 'response', '--replay', '90')
    expect(stdout).toMatch(/^response: refused: ERR_RESPONSE /)
  })

  it.each([
    ['an unknown target', ['--target', 'nothing']],
    ['a number of inputs that is none', ['--inputs', '1e6']],
    ['a replay without a target', ['--replay', '00']],
  ])('refuses %s', async (_, args) => {
    const { code, stdout, stderr } = await runNode('fuzz/run.ts', ...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('usage: npm run fuzz')
  })
})
