/**
 * `node scripts/run.mjs <command> [arguments…]`, behind the scripts of package.json: installs what is missing, then runs
 * the tools of the project, all of them programs of node. It needs nothing but Node and npm.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const NPM_MADE = 'npm made node_modules'
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Why the packages in `root` must be installed; undefined when they are all there. */
export function staleReason(root) {
  const installed = join(root, 'node_modules')
  if (existsSync(join(installed, '.package-lock.json'))) return NPM_MADE
  if (!existsSync(join(installed, '.modules.yaml'))) return 'node_modules is missing or unfinished'
  const lock = join(installed, '.pnpm', 'lock.yaml')
  if (!existsSync(lock) || readText(lock) !== readText(join(root, 'pnpm-lock.yaml'))) return 'the lock file changed'
  const projects = [
    root,
    join(root, 'host'),
    join(root, 'examples'),
    ...readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name)),
  ]
  for (const project of projects.filter((folder) => existsSync(join(folder, 'package.json')))) {
    const { dependencies, devDependencies } = readJson(join(project, 'package.json'))
    for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
      if (!existsSync(join(project, 'node_modules', name, 'package.json'))) return `${name} is missing`
    }
  }
  return undefined
}

/** The command line of the pinned pnpm: the one on PATH if it is that version, else through npx. */
export function pnpmCommand(root, onPath = versionOnPath(root)) {
  const pinned = readJson(join(root, 'package.json')).packageManager.replace(/^pnpm@|\+.*$/g, '')
  return onPath === pinned ? ['pnpm'] : ['npx', '--yes', `pnpm@${pinned}`]
}

function versionOnPath(root) {
  const env = { ...process.env, COREPACK_ENABLE_DOWNLOAD_PROMPT: '0', COREPACK_ENABLE_NETWORK: '0' }
  return spawnSync('pnpm --version', { cwd: root, env, shell: true, encoding: 'utf8', timeout: 30_000 }).stdout.trim()
}

async function install() {
  const reason = staleReason(ROOT)
  if (reason === undefined) return
  // pnpm would leave npm's flat packages lie beside its own.
  if (reason === NPM_MADE) rmSync(join(ROOT, 'node_modules'), { recursive: true, force: true })
  const pnpm = pnpmCommand(ROOT)
  console.error(`Installing packages with ${pnpm.at(-1)} (${reason}) …`)
  // npm hands its own --prefix down to whatever runs below it; dev packages are needed whatever NODE_ENV says.
  const { npm_config_prefix: _1, npm_config_local_prefix: _2, NODE_ENV: _3, ...env } = process.env
  const options = ['install', '--frozen-lockfile', '--prod=false', '--config.confirmModulesPurge=false']
  const child = spawn([...pnpm, ...options].join(' '), {
    cwd: ROOT,
    env,
    shell: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  await ended(child, () => console.error(output))
}

/** The steps of a command: what is said, and the arguments of node. */
export function stepsOf(command, args) {
  const tool = (...parts) => join(ROOT, 'node_modules', ...parts)
  const tsc = tool('typescript', 'bin', 'tsc')
  const source = ['--conditions=@issuerkit/source', '--import', pathToFileURL(tool('tsx', 'dist', 'loader.mjs')).href]
  const build = { args: [tsc, '-b'] }
  const bundle = { args: [join(ROOT, 'scripts', 'bundle.mjs')] }
  const check = [
    { ...build, says: 'types of the sources' },
    { says: 'types of the tests', args: [tsc, '-p', 'tsconfig.test.json'] },
    { says: 'lint', args: [tool('@biomejs', 'biome', 'bin', 'biome'), 'check', '.'] },
  ]
  const fromUser = { cwd: process.env.INIT_CWD ?? process.cwd() }
  const commands = {
    start: [build, bundle, { args: [join(ROOT, 'host', 'dist', 'main.js'), 'start', ...args], ...fromUser }],
    test: [...check, { says: 'tests', args: [tool('vitest', 'vitest.mjs'), 'run', ...args] }],
    check,
    build: [build, bundle],
    issuerkit: [{ args: [...source, join(ROOT, 'host', 'src', 'main.ts'), ...args], ...fromUser }],
    fuzz: [{ args: [...source, join(ROOT, 'fuzz', 'run.ts'), ...args] }],
    bench: [{ args: [...source, join(ROOT, 'bench', 'run.ts'), ...args] }],
    generate: [{ args: [...source, join(ROOT, 'packages', 'keys', 'generate', 'generate.ts'), ...args] }],
    mutate: [{ args: [join(ROOT, 'scripts', 'mutate.mjs'), ...args] }],
  }
  return Object.hasOwn(commands, command) ? commands[command] : undefined
}

async function run(step) {
  if (step.says !== undefined) console.log(`> ${step.says}`)
  await ended(spawn(process.execPath, step.args, { cwd: step.cwd ?? ROOT, stdio: 'inherit' }))
}

/** Waits for `child`, handing signals on to it, and ends this process as the child ended unless that was well. */
function ended(child, onFailure = () => {}) {
  const forward = (signal) => child.kill(signal)
  for (const signal of SIGNALS) process.on(signal, forward)
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(error.message)
      process.exit(1)
    })
    child.on('close', (code, signal) => {
      for (const name of SIGNALS) process.off(name, forward)
      if (code === 0) return resolve()
      onFailure()
      if (signal === null) process.exit(code)
      process.kill(process.pid, signal)
    })
  })
}

function readText(file) {
  return readFileSync(file, 'utf8')
}

function readJson(file) {
  return JSON.parse(readText(file))
}

async function main([command, ...args]) {
  const steps = stepsOf(command, args)
  if (steps === undefined) {
    console.error('use: node scripts/run.mjs start|test|check|build|issuerkit|fuzz|bench|generate|mutate [arguments…]')
    process.exit(2)
  }
  await install()
  for (const step of steps) await run(step)
}

if (realpathSync(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
