import { describe, expect, test } from 'vitest'
import { run as runLine } from './support/run.js'

const run = (...args: string[]) => runLine(['channel', 'demo', ...args])
const numbers = (out: string) => out.split('\n').flatMap((line) => line.match(/^\d{3}'?/)?.[0] ?? [])

describe('issuerkit channel demo', () => {
  test('walks through key transport in the step numbers of the patent', async () => {
    const { code, out, err } = await run()
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^key transport, profile gp, 1024 bits; /)
    expect(numbers(out)).toEqual(['105', '113', '113', '113', '113', '116', '118', '128', '131', '140', '146'])
    expect(out).toMatch(/\nopen: security level B3, keys cmac rmac cenc renc dek\n$/)
    expect(out).not.toContain('     > ')
  })

  test('explains key agreement, every byte of it', async () => {
    const { code, out } = await run('--variant', 'agreement', '--profile', 'feitian', '--external', '--explain')
    expect(code).toBe(0)
    expect(numbers(out)).toEqual(["105'", "113'", "113'", "113'", "113'", "116'", "128'", "131'", "140'", '146'])
    expect(out.match(/^ {5}[<>] [0-9A-F]+$/gm)).toHaveLength(20)
    expect(out).toContain("131' EXTERNAL AUTHENTICATE        the host signs the challenge")
    expect(out).toContain("113' PSO VERIFY CERTIFICATE       a part of what follows")
  })

  test('gives JSON, without the proof of the card where it is not asked for', async () => {
    const { code, out } = await run('--external', '--json')
    const demo = JSON.parse(out) as { steps: { patent: string }[] }
    expect(code).toBe(0)
    expect(demo).toMatchObject({ ok: true, variant: 'transport', bits: 1024, level: 'B3' })
    expect(demo.steps.map(({ patent }) => patent)).not.toContain('140')
  })

  test.each([
    ['--profile', 'other'],
    ['--variant', 'other'],
    ['--bits', '512'],
  ])('refuses %s %s', async (...args) => {
    const { code, out, err } = await run(...args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('is invalid')
  })
})
