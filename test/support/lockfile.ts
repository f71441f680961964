/** A reader of pnpm-lock.yaml, as far as the supply-chain test needs it: the `packages:` section, and a list of names. */

export interface LockEntry {
  readonly name: string
  readonly version: string
  /** What stands under `resolution:`, as `key: value` pairs. */
  readonly resolution: Readonly<Record<string, string>>
}

/** The lines between `section:` and the next line that is not indented. */
function section(text: string, name: string): string[] {
  const lines = text.split('\n')
  const start = lines.indexOf(`${name}:`)
  if (start < 0) throw new Error(`no section ${name}`)
  const length = lines.slice(start + 1).findIndex((line) => /^\S/.test(line))
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length)
}

const unquote = (text: string): string => text.replace(/^(['"])(.*)\1$/, '$2')

/** The entries of `packages:`. Throws when a line is not of the form that pnpm 10 writes. */
export function readLock(text: string): LockEntry[] {
  const entries: LockEntry[] = []
  for (const line of section(text, 'packages')) {
    const key = /^ {2}(\S.*):$/.exec(line)?.[1]
    if (key !== undefined) {
      const [, name, version] = /^(@?[^@]+)@(.+)$/.exec(unquote(key)) ?? []
      if (name === undefined || version === undefined) throw new Error(`not name@version: ${key}`)
      entries.push({ name, version, resolution: {} })
    }
    const resolution = /^ {4}resolution: (.*)$/.exec(line)?.[1]
    const last = entries.at(-1)
    if (resolution !== undefined && last !== undefined) {
      if (!/^\{.*\}$/.test(resolution)) throw new Error(`a resolution on several lines: ${last.name}`)
      const pairs = [...resolution.matchAll(/(\w+): ([^,}]+)/g)].map(([, name, value]) => [name, value])
      entries[entries.length - 1] = { ...last, resolution: Object.fromEntries(pairs) as Record<string, string> }
    }
  }
  return entries
}

/** What is wrong with where the entries come from: no SHA-512, or an address of their own. */
export function originFaults(entries: readonly LockEntry[]): string[] {
  return entries.flatMap(({ name, version, resolution }) => {
    const { integrity, ...rest } = resolution
    const faults = Object.keys(rest).map((key) => `${name}@${version} has a ${key} in its resolution`)
    if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '')) faults.push(`${name}@${version} has no SHA-512`)
    return faults
  })
}

export interface Floor {
  readonly package: string
  readonly minimum: string
}

const numbers = (version: string): number[] => version.split('-', 1).join('').split('.').map(Number)

function isBelow(version: string, minimum: string): boolean {
  const [a, b] = [numbers(version), numbers(minimum)]
  for (let i = 0; i < 3; i++) if (a[i] !== b[i]) return (a[i] ?? 0) < (b[i] ?? 0)
  // A pre-release of the minimum comes before it.
  return version.includes('-') && !minimum.includes('-')
}

/**
 * Versions below their floor. A package with floors in several major lines is held to the one of its own line; a line
 * newer than all floors passes, an older one fails.
 */
export function floorFaults(entries: readonly LockEntry[], floors: readonly Floor[]): string[] {
  const faults: string[] = []
  for (const name of new Set(floors.map((floor) => floor.package))) {
    const lines = floors.filter((floor) => floor.package === name).map(({ minimum }) => minimum)
    const versions = entries.filter((entry) => entry.name === name).map(({ version }) => version)
    if (versions.length === 0) faults.push(`${name} has a floor and is not in the lock file`)
    for (const version of versions) {
      const line = lines.filter((minimum) => (numbers(minimum)[0] ?? 0) <= (numbers(version)[0] ?? 0)).at(-1)
      if (line === undefined || isBelow(version, line)) faults.push(`${name}@${version} is below ${line ?? lines[0]}`)
    }
  }
  return faults
}

/** The names of a list in pnpm-workspace.yaml. */
export function workspaceList(text: string, name: string): string[] {
  return section(text, name)
    .map((line) => /^ {2}- (.*)$/.exec(line)?.[1])
    .filter((item) => item !== undefined)
    .map(unquote)
}
