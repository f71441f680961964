/** The files of the project, as the tests of its habits see them: paths from the root, with forward slashes. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** What git ignores, and git itself. */
const LEFT_OUT = new Set(['.git', 'node_modules', 'dist', 'coverage', 'reports', '.stryker-tmp', '.issuerkit'])

/** Path and text of each file of the project whose path matches. */
export function projectFiles(pattern: RegExp): Map<string, string> {
  const files = new Map<string, string>()
  const walk = (folder: string): void => {
    for (const entry of readdirSync(ROOT + folder, { withFileTypes: true })) {
      const path = folder + entry.name
      if (entry.isDirectory()) {
        if (!LEFT_OUT.has(entry.name)) walk(`${path}/`)
      } else if (entry.isFile() && pattern.test(path)) files.set(path, readFileSync(ROOT + path, 'utf8'))
    }
  }
  walk('')
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The text of one file of the project. */
export function read(path: string): string {
  return readFileSync(ROOT + path, 'utf8')
}

/** A pattern over paths: `*` within a folder, `**` through folders. */
export function glob(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\?]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll('**', '\0').replaceAll('*', '[^/]*').replaceAll('\0', '.*')}$`)
}
