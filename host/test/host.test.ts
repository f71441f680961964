import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDevAccess } from '../src/access/dev-token.js'
import { freePort } from '../src/embedded/server-process.js'
import { type HostOptions, type RunningHost, startHost } from '../src/host.js'
import { useDatabase } from './support/database.js'
import { testFolder } from './support/folders.js'
import { echo } from './support/server.js'

const db = useDatabase()

function options(changes: Partial<HostOptions>): HostOptions {
  return {
    listen: { host: '127.0.0.1', port: 0 },
    database: { url: db.url(), keyFolder: '/nowhere' },
    access: undefined,
    environment: { ISSUERKIT_MASTER_KEY: '07'.repeat(32) },
    routes: [echo],
    log: { level: 'silent' },
    signal: new AbortController().signal,
    ...changes,
  }
}

async function run(changes: Partial<HostOptions>): Promise<RunningHost> {
  const host = await startHost(options(changes))
  onTestFinished(() => host.close())
  return host
}

async function takenPort(): Promise<{ port: number; server: Server }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 }
}

const post = ({ url, token }: RunningHost) =>
  fetch(`${url}/v1/echo`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{"text":"00"}',
  })

test('a host on its own database serves until it is closed, and then nothing is left', async () => {
  const host = await run({ database: 'temporary', environment: {} })
  expect(host).toMatchObject({ url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), context: { devMode: true } })
  expect(await (await post(host)).json()).toMatchObject({ subject: 'developer' })
  expect((await fetch(`${host.url}/health/ready`)).status).toBe(200)
  expect(existsSync(join(host.folder ?? '', 'master-key'))).toBe(true)
  await host.close()
  await host.close()
  expect(existsSync(host.folder ?? '')).toBe(false)
  await expect(fetch(host.url)).rejects.toThrow('fetch failed')
})

test('a host on a server of the user keeps no folder and answers alike', async () => {
  const host = await run({})
  expect(host.folder).toBeUndefined()
  expect(await (await post(host)).json()).toMatchObject({ subject: 'developer' })
  expect((await fetch(`${host.url}/health/ready`)).status).toBe(200)
})

test('out of dev mode a host has no token and takes only those of its policy', async () => {
  const { policy, token } = await createDevAccess()
  const host = await run({ access: policy })
  expect(host).toMatchObject({ token: undefined, context: { devMode: false } })
  expect((await post(host)).status).toBe(401)
  expect((await post({ ...host, token })).status).toBe(200)
})

describe('a start that fails', () => {
  test('for a taken port touches no folder', async () => {
    const { port } = await takenPort()
    const folder = join(testFolder(), 'data')
    const starting = startHost(options({ listen: { host: '127.0.0.1', port }, database: { folder } }))
    await expect(starting).rejects.toMatchObject({
      code: 'ERR_PORT_TAKEN',
      message: `port ${port} on 127.0.0.1 is taken: stop the program that has it, or choose another with --port`,
    })
    expect(existsSync(folder)).toBe(false)
  })

  test('for a port that is taken in the meantime stops the database', async () => {
    const port = await freePort()
    const folder = join(testFolder(), 'data')
    const late = createServer()
    onTestFinished(() => void late.close())
    const starting = startHost(options({ listen: { host: '127.0.0.1', port }, database: { folder } }))
    setTimeout(() => late.listen(port, '127.0.0.1'), 50)
    await expect(starting).rejects.toMatchObject({ code: 'ERR_PORT_TAKEN' })
    expect(existsSync(join(folder, 'postgres'))).toBe(true)
    expect(existsSync(join(folder, 'postgres', 'postmaster.pid'))).toBe(false)
  })

  test.each(['0.0.0.0', '::', '192.0.2.1', 'example.org'])('for dev mode on %s says loopback', async (host) => {
    const starting = startHost(options({ listen: { host, port: 0 } }))
    await expect(starting).rejects.toMatchObject({ code: 'ERR_HOST_NOT_LOOPBACK' })
  })

  test('for an address of another machine names it', async () => {
    const { policy } = await createDevAccess()
    const starting = startHost(options({ access: policy, listen: { host: '192.0.2.1', port: 8400 } }))
    await expect(starting).rejects.toMatchObject({ code: 'ERR_LISTEN', message: expect.stringContaining('192.0.2.1') })
  })

  test('for want of a master key touches no folder', async () => {
    const { policy } = await createDevAccess()
    const folder = join(testFolder(), 'data')
    const starting = startHost(options({ access: policy, database: { folder }, environment: {} }))
    await expect(starting).rejects.toMatchObject({ code: 'ERR_MASTER_KEY' })
    expect(existsSync(folder)).toBe(false)
  })

  test('for a database out of reach says so', async () => {
    const starting = startHost(options({ database: { url: 'postgres://127.0.0.1:1/none', keyFolder: '/nowhere' } }))
    await expect(starting).rejects.toMatchObject({ code: 'ERR_DATABASE' })
  })

  test('because it is cut short gives the reason', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(startHost(options({ signal }))).rejects.toThrow('enough')
    await expect(startHost(options({ signal, database: 'temporary' }))).rejects.toThrow('enough')
  })
})
