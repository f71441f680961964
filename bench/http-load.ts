/**
 * A client that costs little: raw requests on connections that stay open, one at a time on each. It is not general: it takes
 * answers with a Content-Length, as the host gives them.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** What was answered, and how long it took. */
export interface LoadResult {
  readonly seconds: number
  /** Milliseconds of each answer, sorted. */
  readonly latencies: readonly number[]
  /** Answers by status. */
  readonly statuses: ReadonlyMap<number, number>
}

/** The bytes of a POST. */
export function postBytes(url: URL, path: string, token: string, body: string): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${url.host}`,
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

export interface LoadOptions {
  readonly connections: number
  /** Requests a second; as fast as they are answered unless given. */
  readonly rate?: number
  /** Sees the body of each answer. */
  readonly onBody?: (body: string) => void
}

/** What is asked of one address. */
export interface LoadTarget {
  readonly url: URL
  readonly requests: readonly Buffer[]
}

/** Sends each request once; the addresses share the connections and the rate. */
export async function load(targets: readonly LoadTarget[], options: LoadOptions): Promise<LoadResult> {
  const { connections, rate, onBody } = options
  const latencies: number[] = []
  const statuses = new Map<number, number>()
  const start = performance.now()
  const serve = async (socket: Socket, requests: readonly Buffer[], next: { value: number }): Promise<void> => {
    for (let i = next.value++; i < requests.length; i = next.value++) {
      // A request that has to wait for a connection waits on the host's account.
      const planned = rate === undefined ? performance.now() : start + (1000 * targets.length * i) / rate
      const early = planned - performance.now()
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
      const { status, body } = await ask(socket, requests[i] as Buffer)
      latencies.push(performance.now() - planned)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      onBody?.(body)
    }
  }
  const served = targets.flatMap(({ url, requests }) => {
    const next = { value: 0 }
    return Array.from({ length: Math.ceil(connections / targets.length) }, async () => {
      const socket = await open(url)
      try {
        await serve(socket, requests, next)
      } finally {
        socket.destroy()
      }
    })
  })
  await Promise.all(served)
  return { seconds: (performance.now() - start) / 1000, latencies: latencies.toSorted((a, b) => a - b), statuses }
}

async function open(url: URL): Promise<Socket> {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
  await once(socket, 'connect')
  return socket
}

function ask(socket: Socket, request: Buffer): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    let got = ''
    const end = (done: () => void) => {
      socket.off('data', take).off('error', fail).off('close', fail)
      done()
    }
    const fail = (error?: unknown) => end(() => reject(error instanceof Error ? error : new Error('the host hung up')))
    const take = (chunk: Buffer) => {
      got += chunk.toString('latin1')
      const body = got.indexOf('\r\n\r\n') + 4
      if (body < 4) return
      const length = /\r\ncontent-length: (\d+)/i.exec(got.slice(0, body))?.[1]
      if (length === undefined) return fail(new Error('an answer without a Content-Length'))
      if (got.length - body < Number(length)) return
      end(() => resolve({ status: Number(got.slice(9, 12)), body: got.slice(body) }))
    }
    socket.on('data', take).on('error', fail).on('close', fail)
    socket.write(request)
  })
}

/** The value below which `share` of the sorted values lie. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
