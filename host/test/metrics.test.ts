import { beforeAll, describe, expect, test } from 'vitest'
import { metricsRegistry } from '../src/metrics-text.js'
import { ROUTES } from '../src/wiring.js'
import { useDatabase } from './support/database.js'
import { echo, type TestServer, testServer } from './support/server.js'

describe('the text of metrics', () => {
  test('of a counter and a gauge', () => {
    const registry = metricsRegistry()
    const plain = registry.counter('plain_total', 'Plain')
    const labelled = registry.counter('labelled_total', 'Labelled', { a: ['x', 'y'], b: () => ['1'] })
    registry.gauge('level', 'Level', () => 1.5)
    plain.add()
    plain.add({}, 2)
    labelled.add({ a: 'x', b: '1' })
    labelled.add({ a: 'x', b: '1' })
    labelled.add({ a: 'z"\n', b: '2', c: 'no' })
    labelled.add()
    expect(registry.text()).toBe(
      [
        '# HELP plain_total Plain',
        '# TYPE plain_total counter',
        'plain_total 3',
        '# HELP labelled_total Labelled',
        '# TYPE labelled_total counter',
        'labelled_total{a="x",b="1"} 2',
        'labelled_total{a="other",b="other"} 2',
        '# HELP level Level',
        '# TYPE level gauge',
        'level 1.5',
        '',
      ].join('\n'),
    )
  })

  test('of a histogram: buckets add up, a bound belongs to its bucket', () => {
    const registry = metricsRegistry()
    const seconds = registry.histogram('s', 'Seconds', [0.1, 1], { r: ['a'] })
    for (const value of [0.1, 0.5, 1, 2]) seconds.observe(value, { r: 'a' })
    registry.histogram('bare', 'Bare', [1]).observe(3)
    expect(
      registry
        .text()
        .split('\n')
        .filter((line) => !line.startsWith('#')),
    ).toEqual([
      's_bucket{r="a",le="0.1"} 1',
      's_bucket{r="a",le="1"} 3',
      's_bucket{r="a",le="+Inf"} 4',
      's_sum{r="a"} 3.6',
      's_count{r="a"} 4',
      'bare_bucket{le="1"} 0',
      'bare_bucket{le="+Inf"} 1',
      'bare_sum 3',
      'bare_count 1',
      '',
    ])
  })
})

describe('GET /metrics', () => {
  const { database } = useDatabase()
  let server: TestServer
  beforeAll(async () => {
    server = await testServer(database(), [echo, ...ROUTES], 'silent')
  })
  const metrics = async () => (await server.app.inject({ url: '/metrics' })).body

  test('counts by the pattern of the route', async () => {
    await server.send({ method: 'POST', url: '/v1/echo?explain=true', payload: { text: '00' } })
    await server.send({ method: 'POST', url: '/v1/echo', payload: { text: 'SECRET' } })
    const text = await metrics()
    expect(text).toContain('issuerkit_requests_total{method="POST",route="/v1/echo",status="2xx"} 1')
    expect(text).toContain('issuerkit_requests_total{method="POST",route="/v1/echo",status="4xx"} 1')
    expect(text).toMatch(/issuerkit_request_seconds_count\{route="\/v1\/echo"\} 2/)
    expect(text).toMatch(/^issuerkit_requests_running 1$/m)
    expect(text).toMatch(/^process_resident_memory_bytes \d{7,}$/m)
    expect(text).toMatch(/^nodejs_eventloop_delay_p99_seconds \d/m)
    const answer = await server.app.inject({ url: '/metrics' })
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  })

  test('has no more series after a thousand requests of every shape', async () => {
    const shapes = (i: number) => [
      { method: 'GET' as const, url: `/v1/keys/id-${i}` },
      { method: 'GET' as const, url: `/made-up/${i}?pan=6228000100001` },
      { method: 'POST' as const, url: '/v1/echo', payload: { text: `${i}`, [`f${i}`]: i } },
      { method: 'DELETE' as const, url: `/v1/${i}` },
    ]
    const send = async (from: number, to: number) => {
      for (let i = from; i < to; i++) for (const shape of shapes(i)) await server.send(shape)
    }
    await send(0, 5)
    const before = (await metrics()).split('\n').map((line) => line.replace(/ [^ ]*$/, ''))
    await send(5, 255)
    const after = (await metrics()).split('\n').map((line) => line.replace(/ [^ ]*$/, ''))
    expect(after).toEqual(before)
    expect(after.join('\n')).not.toMatch(/6228000100001|made-up|id-\d/)
  })
})
