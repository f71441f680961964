/** Threads of the built program: it has another worker file, and no loader. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** Prints what a thread answers and how many tasks threads have done, and ends by itself once the pool is closed. */
const PROGRAM = `
import { startThreads } from './host/dist/threads/threads.js'
const errors = []
const pool = startThreads({ onError: (error) => errors.push(String(error)) })
const task = { text: '{\\n', before: 6, caKeys: [], options: {} }
let answer
while ((pool.pool?.completed ?? 0) < 2 && errors.length === 0) {
  answer = await pool.run('authenticateLines', task)
  await new Promise((resolve) => setTimeout(resolve, 10))
}
await pool.close()
console.log(JSON.stringify({ errors, answer, completed: pool.pool?.completed }))
`

test('do their work', async () => {
  // Whoever checks has compiled; two packages are bundled as well.
  const built = ['host/dist/threads/worker.js', 'packages/keys/dist/bundle.js']
  if (!built.every((file) => existsSync(join(ROOT, file)))) {
    await run(process.execPath, [join(ROOT, 'scripts', 'run.mjs'), 'build'], { cwd: ROOT })
  }
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    cwd: ROOT,
    timeout: 30_000,
  })
  const { errors, answer, completed } = JSON.parse(stdout) as { errors: string[]; answer: string; completed: number }
  expect([errors, JSON.parse(answer)]).toMatchObject([[], { line: 7, error: { code: 'ERR_BATCH', expected: 'JSON' } }])
  expect(completed).toBeGreaterThanOrEqual(2)
})
