/** Nodes of the host as processes of their own, which are killed in the middle of requests and started again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { SeededRandom } from '@issuerkit/terminal'
import { type Message, type Network, type Reply, reply } from './network.js'

const SCRIPT = fileURLToPath(new URL('node-process.ts', import.meta.url))

export interface Nodes extends Network {
  /** Kills a node, and starts another in its place; `undefined` while one is being started. */
  kill(): void
  /** How often nodes were killed, and messages sent again because of it. */
  readonly kills: () => number
  readonly retries: () => number
  close(): Promise<void>
}

export interface NodesOptions {
  readonly databaseUrl: string
  /** Where the master key is. */
  readonly folder: string
  readonly nodes: number
  readonly random: SeededRandom
}

interface RunningNode {
  readonly child: ChildProcess
  readonly url: string
  readonly token: string
}

/** Longer than it takes to start a node. */
const PATIENCE = 60_000

/** Starts the nodes. */
export async function startNodes(options: NodesOptions): Promise<Nodes> {
  const { random } = options
  const children = new Set<ChildProcess>()
  const running: RunningNode[] = []
  let starting: Promise<unknown> | undefined
  let kills = 0
  let retries = 0
  let isClosed = false

  const start = async (): Promise<void> => {
    const node = await startNode(options, (child) => children.add(child))
    if (isClosed) node.child.kill('SIGKILL')
    else running.push(node)
  }
  const ask = async ({ method, url, body, key }: Message): Promise<Reply | undefined> => {
    const node = running.length === 0 ? undefined : running[random.below(running.length)]
    if (node === undefined) return undefined
    const headers = {
      authorization: `Bearer ${node.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    }
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    try {
      const answer = await fetch(`${node.url}${url}`, { method, headers, ...content })
      return reply(answer.status, await answer.text())
    } catch {
      // It died on the way: nobody knows whether the message was acted upon.
      return undefined
    }
  }

  for (let i = 0; i < options.nodes; i += 1) await start()
  return {
    async send(message) {
      const until = performance.now() + PATIENCE
      for (let wait = 1; performance.now() < until; wait = Math.min(2 * wait, 100)) {
        const answer = await ask(message)
        if (answer !== undefined && answer.status !== 503) return answer
        retries += 1
        await pause(wait)
      }
      throw new Error(`${message.method} ${message.url}: no node answers`)
    },
    kill() {
      if (starting !== undefined) return
      const [node] = running.splice(random.below(running.length), 1)
      node?.child.kill('SIGKILL')
      kills += 1
      starting = start().finally(() => {
        starting = undefined
      })
    },
    kills: () => kills,
    retries: () => retries,
    async close() {
      isClosed = true
      await starting
      for (const child of children) child.kill('SIGKILL')
    },
  }
}

async function startNode(
  { databaseUrl, folder }: NodesOptions,
  born: (child: ChildProcess) => unknown,
): Promise<RunningNode> {
  const args = ['--conditions=@issuerkit/source', '--import', 'tsx', SCRIPT, folder]
  const env = { ...process.env, DATABASE_URL: databaseUrl }
  const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  born(child)
  const lines = createInterface({ input: child.stdout })
  const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [])])) as string[]
  if (line === undefined) throw new Error('a node did not start')
  return { child, ...(JSON.parse(line) as { url: string; token: string }) }
}
