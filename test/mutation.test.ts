/** The list of surviving mutants fits the sources, and the script that holds it notices when it does not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runNode } from './support/run.js'

const folder = mkdtempSync(join(tmpdir(), 'issuerkit-mutation-'))
afterAll(() => rmSync(folder, { recursive: true }))

const check = (...lines: string[]) => {
  const list = join(folder, 'list.md')
  writeFileSync(list, lines.join('\n'))
  return runNode('scripts/mutate.mjs', '--check', '--list', list)
}

describe('npm run mutate -- --check', () => {
  it('finds every original of docs/mutation.md in its file', async () => {
    expect(await runNode('scripts/mutate.mjs', '--check')).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it('takes an original that stands in its file, with a bar in it, over several lines', async () => {
    const row =
      '| packages/apdu/src/bytes.ts | X | `bytes[i] = (high << 4) \\| low } return bytes` | `` | it is there |'
    expect(await check(row)).toMatchObject({ code: 0, stderr: '' })
  })

  it.each([
    [
      'an original that is gone',
      '| packages/apdu/src/bytes.ts | X | `no such code` | `true` | a reason |',
      'no such code',
    ],
    ['a file that is gone', '| packages/apdu/src/gone.ts | X | `length` | `true` | a reason |', 'gone.ts'],
    ['a row without a reason', '| packages/apdu/src/bytes.ts | X | `length` | `true` | |', 'with a reason'],
    [
      'a row with a cell too many',
      '| packages/apdu/src/bytes.ts | X | `a | b` | `true` | a reason |',
      'not five cells',
    ],
  ])('refuses %s', async (_, row, says) => {
    const { code, stderr } = await check(row)
    expect({ code, says: stderr.includes(says) }).toEqual({ code: 1, says: true })
  })
})
