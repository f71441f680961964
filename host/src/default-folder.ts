/**
 * Where the embedded database lives when nobody says.
 */
import { accessSync, constants, existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export interface FolderHints {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly root?: string
  readonly isRoot?: boolean
}

/**
 * The data folder for kept data: /var/lib/issuerkit for root, whose server must be able to reach it; else .issuerkit/data
 * in the project; else, when the project cannot be written or there is none, the user's folder for state.
 */
export function defaultDataFolder(hints: FolderHints): string {
  const { environment, root = projectRoot(), isRoot = process.getuid?.() === 0 } = hints
  if (isRoot) return '/var/lib/issuerkit'
  const inProject = join(root, '.issuerkit', 'data')
  if (existsSync(join(root, 'pnpm-workspace.yaml')) && [inProject, root].some(isWritable)) return inProject
  return join(environment['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'issuerkit')
}

/** The same two levels up from host/src and from host/dist. */
function projectRoot(): string {
  return join(import.meta.dirname, '..', '..')
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
