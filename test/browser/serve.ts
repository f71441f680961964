/** A server on loopback for one page, its program and the vector files. */
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** A server that runs. */
export interface PageServer {
  readonly origin: string
  /** The paths that were asked for, in order. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

// The empty icon keeps the browser from asking for one.
const HTML =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'

/** Serves `/`, `/page.js` and `/vectors/NAME.json`. The page may talk to its own origin alone. */
export async function servePage(root: string, code: string): Promise<PageServer> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    if (path === '/') return answer(response, 'text/html', HTML)
    if (path === '/page.js') return answer(response, 'text/javascript', code)
    const file = /^\/vectors\/([a-z0-9-]+\.json)$/.exec(path)?.[1]
    if (file === undefined) return response.writeHead(404).end()
    return answer(response, 'application/json', readFileSync(join(root, 'vectors', file), 'utf8'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { origin: `http://127.0.0.1:${port}`, asked, close }
}

function answer(response: ServerResponse, type: string, body: string): void {
  response.setHeader('content-type', `${type}; charset=utf-8`)
  response.setHeader('content-security-policy', "default-src 'self'; img-src data:")
  response.end(body)
}
