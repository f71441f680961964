/**
 * A host that was killed leaves its database server running. The next host on the folder, which has the folder's lock,
 * stops that server before it starts its own.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HostError } from '../errors.js'
import { commandLine, waitForEnd } from './process.js'

/** How long each signal is given: a fast shutdown, an immediate one, the end. */
const STEPS: readonly (readonly [NodeJS.Signals, number])[] = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
]

/** Stops the server that still runs on `cluster`, if there is one. ERR_DATABASE when it does not end. */
export async function stopOrphan(cluster: string, steps = STEPS): Promise<void> {
  const pid = orphanOf(cluster)
  if (pid === undefined) return
  for (const [signal, patience] of steps) {
    try {
      process.kill(pid, signal)
    } catch {
      // It has ended between the look and the signal, or is none of ours and will not end.
    }
    if (await waitForEnd(pid, patience)) return
  }
  throw new HostError('ERR_DATABASE', `the server of an earlier host (process ${pid}) does not end`)
}

/** The number in postmaster.pid counts only when that process is a postgres that was started on this very cluster. */
function orphanOf(cluster: string): number | undefined {
  const pid = Number(firstLine(join(cluster, 'postmaster.pid')))
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined
  const command = commandLine(pid) ?? ''
  return command.includes('postgres') && command.includes(`-D ${cluster} -c `) ? pid : undefined
}

function firstLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\n.*/s, '')
  } catch {
    return ''
  }
}
