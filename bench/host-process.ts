/** The host of host-process.mjs, for benchmarks over loopback. Needs a build. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What a host has used. */
export interface Usage {
  /** Of all its threads, user and system, seconds. */
  readonly cpu: number
  /** Resident memory, megabytes. */
  readonly memory: number
}

/** A host that answers. */
export interface BenchHost {
  readonly url: URL
  /** With every scope. */
  readonly token: string
  usage(): Promise<Usage>
  close(): Promise<void>
}

type Message = { readonly url: string; readonly token: string } | Usage

const BUILT = new URL('../host/dist/host.js', import.meta.url)
const PROGRAM = new URL('./host-process.mjs', import.meta.url)

/** A database that hosts share, and where dev mode keeps its master key. */
export interface SharedDatabase {
  readonly url: string
  readonly keyFolder: string
}

/** Starts a host, on a database of its own unless one is given. */
export async function startBenchHost(database?: SharedDatabase): Promise<BenchHost> {
  if (!existsSync(BUILT)) throw new Error('npm run build comes first')
  const child = fork(fileURLToPath(PROGRAM), database === undefined ? [] : [JSON.stringify(database)], { execArgv: [] })
  // One question at a time: the answer to it is the next message.
  const answer = () =>
    new Promise<Message>((resolve, reject) => {
      const fail = (code: number | null) => reject(new Error(`the host ended with ${code}`))
      child.once('exit', fail).once('message', (message) => {
        child.off('exit', fail)
        resolve(message as Message)
      })
    })
  const started = await answer()
  if (!('url' in started)) throw new Error('the host did not say where it is')
  return {
    url: new URL(started.url),
    token: started.token,
    async usage() {
      child.send('usage')
      return (await answer()) as Usage
    },
    async close() {
      child.send('close')
      await once(child, 'exit')
    },
  }
}
