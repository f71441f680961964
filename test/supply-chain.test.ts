/** What the lock file may hold, offline: floors by advisory, integrity, install scripts. test/supply-chain.json has the data. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Floor, floorFaults, originFaults, readLock, workspaceList } from './support/lockfile.js'
import { ROOT, read } from './support/tree.js'

interface SupplyChain {
  readonly reviewed: string
  readonly floors: readonly (Floor & { readonly advisories: readonly string[]; readonly holes: string })[]
  readonly mayBuild: readonly { readonly package: string; readonly reason: string }[]
}

const CHAIN = JSON.parse(read('test/supply-chain.json')) as SupplyChain
const LOCK = readLock(read('pnpm-lock.yaml'))
const WARN_AFTER_DAYS = 90

/** Packages as installed here that run something when they are installed, natively built ones included. */
function installScripts(): string[] {
  const store = `${ROOT}node_modules/.pnpm/`
  const found = new Set<string>()
  for (const folder of readdirSync(store)) {
    const [, name] = /^(@[^+]+\+[^@]+|[^@]+)@/.exec(folder) ?? []
    if (name === undefined) continue
    const path = `${store}${folder}/node_modules/${name.replace('+', '/')}`
    if (!existsSync(`${path}/package.json`)) continue
    const manifest = JSON.parse(readFileSync(`${path}/package.json`, 'utf8')) as Manifest
    const scripts = ['preinstall', 'install', 'postinstall'].some((key) => manifest.scripts?.[key] !== undefined)
    if (scripts || existsSync(`${path}/binding.gyp`)) found.add(manifest.name)
  }
  return [...found]
}

interface Manifest {
  readonly name: string
  readonly scripts?: Readonly<Record<string, string>>
}

describe('the lock file', () => {
  it('is read whole', () => {
    expect(LOCK.length).toBe([...read('pnpm-lock.yaml').matchAll(/^ {4}resolution: /gm)].length)
    expect(LOCK.map(({ name }) => name)).toEqual(expect.arrayContaining(['vitest', '@vitest/coverage-v8', 'fastify']))
  })
  it('has a SHA-512 for each package and no address of any host', () => expect(originFaults(LOCK)).toEqual([]))
  it('keeps every floor', () => expect(floorFaults(LOCK, CHAIN.floors)).toEqual([]))
  it('names the advisory behind every floor', () => {
    const unnamed = CHAIN.floors.filter(({ advisories, holes }) => advisories.length === 0 || holes === '')
    expect(unnamed).toEqual([])
    for (const advisory of CHAIN.floors.flatMap(({ advisories }) => advisories)) {
      expect(advisory).toMatch(/^(CVE-\d{4}-\d{4,6}|GHSA(-[a-z0-9]{4}){3})$/)
    }
  })
  it('was reviewed not long ago', () => {
    const days = Math.floor((Date.now() - Date.parse(CHAIN.reviewed)) / 86_400_000)
    expect(days).toBeGreaterThanOrEqual(-1)
    if (days > WARN_AFTER_DAYS) {
      console.warn(`test/supply-chain.json was reviewed ${days} days ago: look for new advisories, then set the date`)
    }
  })
})

describe('install scripts', () => {
  const allowed = CHAIN.mayBuild.map((row) => row.package).sort()
  it('are allowed for exactly the packages listed with a reason', () => {
    expect(workspaceList(read('pnpm-workspace.yaml'), 'onlyBuiltDependencies').sort()).toEqual(allowed)
    expect(CHAIN.mayBuild.filter(({ reason }) => reason === '')).toEqual([])
  })
  it('are in no other package', () => {
    const found = installScripts()
    expect(found.filter((name) => !allowed.includes(name))).toEqual([])
    expect(found).toContain('esbuild')
  })
  it('are allowed for no package that is gone', () => {
    const locked = new Set(LOCK.map(({ name }) => name))
    expect(allowed.filter((name) => !locked.has(name))).toEqual([])
  })
})

describe('the reader and the rules', () => {
  const hash = `sha512-${'A'.repeat(86)}==`
  const lock = (...lines: string[]): string => ['packages:', '', ...lines, '', 'snapshots:', '  a@1.0.0: {}'].join('\n')
  const entry = (key: string, resolution: string): string[] => [`  ${key}:`, `    resolution: ${resolution}`]

  it('reads names with and without a scope, and stops at the section', () => {
    const text = lock(
      ...entry("'@a/b@1.2.3-beta.1'", `{integrity: ${hash}}`),
      ...entry('c@4.0.0', `{integrity: ${hash}}`),
    )
    expect(readLock(text).map(({ name, version }) => [name, version])).toEqual([
      ['@a/b', '1.2.3-beta.1'],
      ['c', '4.0.0'],
    ])
  })
  it.each([
    ['SHA-1', '{integrity: sha1-AAAA}'],
    ['a cut SHA-512', `{integrity: ${hash.slice(0, -4)}}`],
    ['an address', `{integrity: ${hash}, tarball: https://example.org/a.tgz}`],
    ['a git commit', `{integrity: ${hash}, commit: abc}`],
    ['no checksum', '{}'],
  ])('finds %s', (_, resolution) =>
    expect(originFaults(readLock(lock(...entry('a@1.0.0', resolution))))).toHaveLength(1),
  )
  it('refuses what it cannot read', () => {
    expect(() => readLock('lockfileVersion: 9')).toThrow('no section packages')
    expect(() => readLock(lock('  nothing:'))).toThrow('not name@version')
    expect(() => readLock(lock('  a@1.0.0:', '    resolution:', '      integrity: x', '    resolution: x'))).toThrow(
      'several lines',
    )
  })

  const floors = [
    { package: 'a', minimum: '3.1.9' },
    { package: 'a', minimum: '4.2.3' },
  ]
  it.each(['3.1.8', '3.0.10', '4.2.2', '4.2.3-beta.1', '2.9.9', '4.1.99'])('finds %s below its floor', (version) =>
    expect(floorFaults([{ name: 'a', version, resolution: {} }], floors)).toHaveLength(1),
  )
  it.each(['3.1.9', '3.1.10', '3.2.0', '4.2.3', '4.10.0', '5.0.0', '4.2.4-beta.1'])('lets %s pass', (version) =>
    expect(floorFaults([{ name: 'a', version, resolution: {} }], floors)).toEqual([]),
  )
  it('finds a floor of a package that is gone', () => expect(floorFaults([], floors)).toHaveLength(1))
})
