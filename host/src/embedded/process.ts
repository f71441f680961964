/**
 * What the system tells about a process by its number. A number alone proves nothing: the system gives it out again.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { systemCode } from '../errors.js'

/** True while a process with this number exists, a zombie included. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}

/** The command line of a process, its arguments joined by spaces; undefined when there is none or it cannot be read. */
export function commandLine(pid: number, platform: NodeJS.Platform = process.platform): string | undefined {
  if (platform === 'linux') return readProc(pid, 'cmdline')?.replaceAll('\0', ' ').trim() || undefined
  if (platform !== 'win32') return ask('ps', ['-ww', '-o', 'command=', '-p', String(pid)])
  const query = `(Get-CimInstance Win32_Process -Filter "ProcessId=${pid}").CommandLine`
  return ask('powershell', ['-NoProfile', '-Command', query])
}

/**
 * When a process was started, in words that only serve to be compared: a number that was given out again has another
 * start. Undefined when there is no such process.
 */
export function startOf(pid: number, platform: NodeJS.Platform = process.platform): string | undefined {
  if (platform === 'linux') {
    // Field 22, in clock ticks since boot. The second field is a name in parentheses that may itself hold any character.
    const fields = readProc(pid, 'stat')
      ?.replace(/^.*\) /s, '')
      .split(' ')
    return fields === undefined || fields[0] === 'Z' ? undefined : `${bootId()} ${fields[19]}`
  }
  if (platform !== 'win32') return ask('ps', ['-o', 'lstart=', '-p', String(pid)])
  return isAlive(pid) ? 'alive' : undefined
}

/** Waits until a process is gone; false when it is still there after `milliseconds`. */
export async function waitForEnd(pid: number, milliseconds: number): Promise<boolean> {
  const end = Date.now() + milliseconds
  while (startOf(pid) !== undefined) {
    if (Date.now() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return true
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

function readProc(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return undefined
  }
}

function ask(command: string, args: string[]): string | undefined {
  const { stdout, status } = spawnSync(command, args, { encoding: 'utf8', windowsHide: true })
  return status === 0 ? stdout.trim() : undefined
}
