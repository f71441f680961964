/**
 * POST /v1/scripts against a route that takes the same body, checks it by the same schema behind the same guard, and answers
 * with the same bytes each time: both in one host process, asked in turn over connections that stay open. And against a plain
 * fastify of the same schema, without guard, audit, metrics or log, in a process of its own.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { startBenchHost } from './host-process.js'
import { type BenchResult, type MeasureOptions, median } from './measure.js'

const CONNECTIONS = 16
/** Milliseconds. */
const WARM_UP = 4_000
/** Milliseconds that a route has before the next has its turn: a machine that others use is slower from one second to the next. */
const SLICE = 200
const BARE = new URL('./bare-process.mjs', import.meta.url)

/** Runs the benchmark. */
export async function scriptsRouteBench({ rounds, milliseconds }: MeasureOptions): Promise<BenchResult[]> {
  const host = await startBenchHost()
  const bare = fork(fileURLToPath(BARE), { execArgv: [] })
  try {
    const [bareUrl] = (await once(bare, 'message')) as [string]
    const routes: readonly Route[] = [
      route('scripts-route/script', new URL('/v1/scripts', host.url)),
      route('scripts-route/nothing-guarded', new URL('/v1/nothing', host.url)),
      route('scripts-route/nothing-bare', new URL('/v1/nothing', bareUrl)),
    ]
    // A server is some thousand requests old before it is as fast as it will be.
    for (const { url } of routes) await askFor(WARM_UP, url, host.token)
    for (let round = 0; round < rounds; round++) {
      const sums = routes.map(() => ({ count: 0, seconds: 0, cpu: 0 }))
      for (let slice = 0; slice < milliseconds / SLICE; slice++) {
        for (const [n, { url }] of routes.entries()) {
          const sum = sums[n] as (typeof sums)[number]
          const before = await host.usage()
          const { count, seconds } = await askFor(SLICE, url, host.token)
          sum.cpu += (await host.usage()).cpu - before.cpu
          sum.count += count
          sum.seconds += seconds
        }
      }
      for (const [n, { count, seconds, cpu }] of sums.entries()) {
        routes[n]?.rates.push(count / seconds)
        routes[n]?.cpu.push((1e6 * cpu) / count)
      }
    }
    const [script, guarded, plain] = routes as [Route, Route, Route]
    return [
      compared(script.name, 'requests/s', script.rates, [guarded, plain]),
      row(guarded.name, 'requests/s', guarded.rates),
      row(plain.name, 'requests/s', plain.rates),
      row(`${script.name}-cpu`, 'us', script.cpu),
      row(`${guarded.name}-cpu`, 'us', guarded.cpu),
    ]
  } finally {
    bare.disconnect()
    await host.close()
  }
}

interface Route {
  readonly name: string
  readonly url: URL
  /** Requests a second, by round. */
  readonly rates: number[]
  /** Microseconds of CPU that the host took for a request, by round. */
  readonly cpu: number[]
}

function route(name: string, url: URL): Route {
  return { name, url, rates: [], cpu: [] }
}

function row(name: string, unit: string, values: readonly number[]): BenchResult {
  return { name, unit, median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

function compared(name: string, unit: string, values: readonly number[], others: readonly Route[]): BenchResult {
  const ratios = others.map(({ name: other, rates }) => ({
    name: other,
    ratio: median(values.map((value, n) => value / (rates[n] ?? value))),
  }))
  return { ...row(name, unit, values), ratios }
}

/** Asks for so many milliseconds. @returns how many requests were answered with 200, in how many seconds */
async function askFor(milliseconds: number, url: URL, token: string): Promise<{ count: number; seconds: number }> {
  const sockets = await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const socket = connect(Number(url.port), url.hostname)
      await once(socket, 'connect')
      return socket
    }),
  )
  const requests = requestsFor(url, token)
  const start = performance.now()
  const end = start + milliseconds
  const counts = await Promise.all(sockets.map((socket, n) => askUntil(end, socket, requests, n)))
  const seconds = (performance.now() - start) / 1000
  for (const socket of sockets) socket.destroy()
  return { count: counts.reduce((sum, count) => sum + count, 0), seconds }
}

/** One request after another on a connection. */
function askUntil(end: number, socket: Socket, requests: readonly Buffer[], first: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let count = 0
    let next = first
    let answer = ''
    const ask = () => {
      answer = ''
      socket.write(requests[next++ % requests.length] as Buffer)
    }
    socket.on('error', reject).on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      const head = answer.indexOf('\r\n\r\n')
      if (head < 0) return
      const [, length] = /content-length: (\d+)/i.exec(answer) ?? []
      if (answer.length < head + 4 + Number(length)) return
      if (!answer.startsWith('HTTP/1.1 200')) reject(new Error(answer))
      count++
      if (performance.now() < end) ask()
      else resolve(count)
    })
    ask()
  })
}

function requestsFor(url: URL, token: string): Buffer[] {
  return Array.from({ length: 500 }, (_, n) => {
    const body = JSON.stringify({
      issuer: 'demo-pboc',
      pan: `622800010${String(n).padStart(4, '0')}`,
      panSequence: '01',
      atc: n.toString(16).padStart(4, '0').toUpperCase(),
      arqc: '5D016C91005E7CC2',
      template: '72',
      scriptId: '00000001',
      commands: [{ type: 'application-block' }],
    })
    const head = [
      `POST ${url.pathname} HTTP/1.1`,
      `host: ${url.host}`,
      `authorization: Bearer ${token}`,
      'content-type: application/json',
      `content-length: ${body.length}`,
    ]
    return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
  })
}
