/** The examples of the interface as requests, and ways to spoil them. */
import type { InjectOptions } from 'fastify'
import { REQUEST_EXAMPLES } from '../../src/routes/examples.data.js'

export interface ExampleRequest {
  /** `POST /v1/scripts`. */
  readonly route: string
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly url: string
  readonly body?: unknown
  readonly lines?: readonly unknown[]
}

/** Every example, in order. */
export const EXAMPLES: readonly ExampleRequest[] = Object.entries(REQUEST_EXAMPLES).map(([route, example]) => {
  const [method, path = ''] = route.split(' ')
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => example.params?.[name] ?? '')
  return { route, method: method as 'GET', url, body: example.body, ...(example.lines && { lines: example.lines }) }
})

/** `example` as it is sent, with another body if one is given. */
export function requestOf({ method, url, body, lines }: ExampleRequest, changed: unknown = body): InjectOptions {
  if (lines !== undefined) {
    const payload = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    return { method, url, payload, headers: { 'content-type': 'application/x-ndjson' } }
  }
  if (changed === undefined) return { method, url }
  return { method, url, payload: JSON.stringify(changed), headers: { 'content-type': 'application/json' } }
}

/** `body` once for each text in it, with that text replaced. */
export function* replacingTexts(body: unknown, replacement: unknown): Generator<unknown> {
  if (typeof body === 'string') yield replacement
  if (typeof body !== 'object' || body === null) return
  for (const [name, value] of Object.entries(body)) {
    for (const changed of replacingTexts(value, replacement)) {
      if (Array.isArray(body)) yield body.with(Number(name), changed)
      else yield { ...body, [name]: changed }
    }
  }
}
