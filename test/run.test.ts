import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SCRIPT = join(ROOT, 'scripts', 'run.mjs')

interface Step {
  readonly says?: string
  readonly args: readonly string[]
  readonly cwd?: string
}
interface RunScript {
  staleReason(root: string): string | undefined
  pnpmCommand(root: string, onPath?: string): string[]
  stepsOf(command: string, args: readonly string[]): Step[] | undefined
}
const script = (await import(pathToFileURL(SCRIPT).href)) as RunScript

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** A project as pnpm leaves it: the root needs a, the host needs b. */
function project(): string {
  const root = mkdtempSync(join(tmpdir(), 'issuerkit run '))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  write(root, 'package.json', '{"packageManager":"pnpm@10.34.9+sha512.00","devDependencies":{"a":"1"}}')
  write(root, 'host/package.json', '{"dependencies":{"b":"1"},"optionalDependencies":{"c":"1"}}')
  write(root, 'packages/apdu/package.json', '{}')
  write(root, 'pnpm-lock.yaml', 'lock 1')
  write(root, 'node_modules/.modules.yaml', '')
  write(root, 'node_modules/.pnpm/lock.yaml', 'lock 1')
  write(root, 'node_modules/a/package.json', '{}')
  write(root, 'host/node_modules/b/package.json', '{}')
  return root
}

describe('packages are installed', () => {
  test('not when they are all there', () => {
    expect(script.staleReason(project())).toBeUndefined()
    expect(script.staleReason(ROOT)).toBeUndefined()
  })

  test.each<[string, (root: string) => void]>([
    ['node_modules is missing or unfinished', (root) => rmSync(join(root, 'node_modules'), { recursive: true })],
    ['node_modules is missing or unfinished', (root) => rmSync(join(root, 'node_modules', '.modules.yaml'))],
    ['npm made node_modules', (root) => write(root, 'node_modules/.package-lock.json', '{}')],
    ['the lock file changed', (root) => write(root, 'pnpm-lock.yaml', 'lock 2')],
    ['the lock file changed', (root) => rmSync(join(root, 'node_modules', '.pnpm'), { recursive: true })],
    ['a is missing', (root) => rmSync(join(root, 'node_modules', 'a'), { recursive: true })],
    ['b is missing', (root) => rmSync(join(root, 'host', 'node_modules'), { recursive: true })],
    ['d is missing', (root) => write(root, 'packages/new/package.json', '{"dependencies":{"d":"1"}}')],
  ])('when %s', (reason, damage) => {
    const root = project()
    damage(root)
    expect(script.staleReason(root)).toBe(reason)
  })

  test('with the pnpm on PATH only if it is the pinned one', () => {
    const root = project()
    expect(script.pnpmCommand(root, '10.34.9')).toEqual(['pnpm'])
    for (const other of ['10.34.8', '11.0.0', '']) {
      expect(script.pnpmCommand(root, other)).toEqual(['npx', '--yes', 'pnpm@10.34.9'])
    }
  })
})

describe('commands', () => {
  const says = (command: string, args: string[] = []) => script.stepsOf(command, args)?.map((step) => step.says)

  test('say their steps', () => {
    const checks = ['types of the sources', 'types of the tests', 'lint']
    expect(says('test')).toEqual([...checks, 'tests'])
    expect(says('check')).toEqual(checks)
    for (const command of ['start', 'build', 'issuerkit', 'fuzz', 'mutate']) expect(says(command)).toContain(undefined)
    for (const command of ['', 'fly', 'constructor']) expect(says(command)).toBeUndefined()
  })

  test('of tests hand their arguments on', () => {
    expect(script.stepsOf('test', ['host', '--coverage'])?.at(-1)?.args.slice(1)).toEqual(['run', 'host', '--coverage'])
  })

  test('that name files run where the user is', () => {
    for (const command of ['start', 'issuerkit']) {
      expect(script.stepsOf(command, ['x'])?.at(-1)).toMatchObject({ cwd: process.env['INIT_CWD'] ?? process.cwd() })
    }
  })
})

describe('the child', () => {
  /** The script in a project of its own, where `mutate` runs the program given. */
  async function mutate(program: string): Promise<ChildProcess> {
    const root = project()
    cpSync(SCRIPT, join(root, 'scripts', 'run.mjs'))
    write(root, 'scripts/mutate.mjs', `${program}\nconsole.log('ready', ...process.argv.slice(2))`)
    const args = [join(root, 'scripts', 'run.mjs'), 'mutate', 'an argument', '--flag']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    const [line] = await once(child.stdout, 'data')
    expect(`${line}`).toBe('ready an argument --flag\n')
    return child
  }
  const end = async (child: ChildProcess) => (await once(child, 'exit')) as [number | null, string | null]

  test('gives its exit code', async () => {
    expect(await end(await mutate('process.exitCode = 3'))).toEqual([3, null])
    expect(await end(await mutate(''))).toEqual([0, null])
  })

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('gets %s and says how it ends', async (signal) => {
    const child = await mutate(`process.on('${signal}', () => process.exit(7)); setInterval(() => {}, 1000)`)
    child.kill(signal)
    expect(await end(child)).toEqual([7, null])
  })

  test('that ends by a signal ends the parent by the same', async () => {
    expect(await end(await mutate(`setTimeout(() => process.kill(process.pid, 'SIGTERM'), 50)`))).toEqual([
      null,
      'SIGTERM',
    ])
  })
})

test('a command that does not exist is wrong use', async () => {
  const child = spawn(process.execPath, [SCRIPT, 'fly'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const [line] = await once(child.stderr, 'data')
  expect(`${line}`).toContain('start|test|check|build|issuerkit|fuzz|bench|generate|mutate')
  expect((await once(child, 'exit'))[0]).toBe(2)
})

test('every script of package.json is a command', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  for (const [name, text] of Object.entries(scripts)) {
    expect(text).toBe(`node scripts/run.mjs ${name}`)
    expect(script.stepsOf(name, [])).toBeDefined()
  }
})
