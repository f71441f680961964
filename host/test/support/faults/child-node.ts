/** A node in a process of its own, which can be killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { DatabaseAddress } from '../../../src/database.js'
import { urlOf } from '../database.js'
import { MASTER_KEY, type Node } from './node.js'

const SCRIPT = fileURLToPath(new URL('fault-host.ts', import.meta.url))
const ANSWER_WITHIN = 10_000

export interface ChildNode extends Node {
  /** Of the database that the node uses. */
  readonly address: DatabaseAddress
  /** Milliseconds from the start to readiness. */
  readonly startedIn: number
  /** Ends the process as a power cut would, and waits for its end. */
  kill(): Promise<void>
}

/** Starts a node on a database, or on the embedded one in a folder. */
export async function startChildNode(place: DatabaseAddress | { readonly folder: string }): Promise<ChildNode> {
  const begun = performance.now()
  const where = 'folder' in place ? place.folder : urlOf(place)
  const args = ['--conditions=@issuerkit/source', '--import', 'tsx', SCRIPT, where, MASTER_KEY]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  // A test run that is broken off leaves no process behind.
  const end = () => void child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
  const { url, token, address } = JSON.parse(await firstLine(child)) as {
    readonly url: string
    readonly token: string
    readonly address: DatabaseAddress
  }
  return {
    address,
    startedIn: performance.now() - begun,
    async ask({ method = 'POST', url: path, body, key }) {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_WITHIN),
      })
      return { status: answer.status, text: await answer.text() }
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of stdout ?? []) {
    text += String(chunk)
    if (text.includes('\n')) return text
  }
  throw new Error('the node did not start')
}
