/** What the host tells of itself at GET /metrics, in the text format of Prometheus. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { metricsRegistry } from './metrics-text.js'

const METHODS = ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS']
const STATUS = ['2xx', '3xx', '4xx', '5xx']
/** Upper bounds in seconds. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Verdicts of cryptograms: valid, invalid, replay, ATC, format, not an ARQC, no key, valid but flagged, unable. */
export const VERDICT_CODES = ['V', 'I', 'E', 'A', 'F', 'G', 'K', 'T', 'U']
const LIMITS = ['rate', 'failures']

export interface Metrics {
  /** A cryptogram was judged. */
  readonly verdict: (code: string) => void
  /** A request was refused because its subject asked, or erred, too often. */
  readonly limited: (limit: 'rate' | 'failures') => void
}

/** Values that are read when metrics are asked for. */
export interface MetricSources {
  /** Uses of keys that are not in the audit trail yet. */
  readonly auditWaiting: () => number
}

const schema = { tags: ['health'], security: [], summary: 'Metrics for Prometheus', produces: ['text/plain'] }

/** Adds GET /metrics, and counts every request to `app` from now on. */
export function addMetrics(app: FastifyInstance, { auditWaiting }: MetricSources): Metrics {
  const registry = metricsRegistry()
  const routes = new Set<string>()
  const labels = { method: METHODS, route: () => [...routes], status: STATUS }
  const requests = registry.counter('issuerkit_requests_total', 'Requests by route and status', labels)
  const seconds = registry.histogram(
    'issuerkit_request_seconds',
    'Time from the first byte of a request to the last of its answer',
    SECONDS,
    { route: () => [...routes] },
  )
  const verdicts = registry.counter('issuerkit_verdicts_total', 'Cryptograms by verdict', { code: VERDICT_CODES })
  const limited = registry.counter('issuerkit_limited_total', 'Requests refused by a limit', { limit: LIMITS })
  const open = new Set<FastifyReply>()
  registry.gauge('issuerkit_requests_running', 'Requests that have no answer yet', () => open.size)
  registry.gauge('issuerkit_audit_waiting', 'Uses of keys that are not in the audit trail yet', auditWaiting)
  registry.gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss())
  registry.gauge('process_cpu_seconds_total', 'CPU time', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  registry.gauge('process_uptime_seconds', 'Time since the process began', () => process.uptime())
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  registry.gauge('nodejs_eventloop_delay_p99_seconds', 'Delay of the event loop since it was last asked for', () => {
    const p99 = delay.percentile(99) / 1e9
    delay.reset()
    return Number.isFinite(p99) ? p99 : 0
  })

  app.addHook('onRoute', ({ url }) => void routes.add(url))
  app.addHook('onRequest', async (_request, reply) => {
    open.add(reply)
    // Whoever hangs up in the middle of a stream gets no response.
    reply.raw.once('close', () => open.delete(reply))
  })
  app.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    open.delete(reply)
    const route = routeOptions.url ?? 'other'
    requests.add({ method, route, status: `${Math.floor(reply.statusCode / 100)}xx` })
    seconds.observe(reply.elapsedTime / 1000, { route })
  })
  app.addHook('onClose', async () => delay.disable())
  app.get('/metrics', { schema }, async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(registry.text()),
  )
  return {
    verdict: (code) => verdicts.add({ code }),
    limited: (limit) => limited.add({ limit }),
  }
}
