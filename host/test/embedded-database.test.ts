import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { dirname, join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../src/database.js'
import { installedBinaries, reachableBinaries } from '../src/embedded/binaries.js'
import { freePort, startServer } from '../src/embedded/server-process.js'
import { serverUser } from '../src/embedded/server-user.js'
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../src/embedded-database.js'
import { keptFolder, testFolder } from './support/folders.js'

// Made once: most tests need a folder that has its database, not a new one.
let made: string
beforeAll(async () => {
  made = join(keptFolder(), 'data')
  await (await startEmbeddedDatabase({ folder: made, temporary: true })).stop()
})
afterAll(() => rmSync(dirname(made), { recursive: true }))

async function start(folder: string): Promise<EmbeddedDatabase> {
  const embedded = await startEmbeddedDatabase({ folder })
  onTestFinished(() => embedded.stop())
  return embedded
}

async function query(embedded: EmbeddedDatabase, text: string): Promise<unknown[]> {
  const database = openDatabase({ address: embedded.address })
  try {
    return (await sql.raw(text).execute(database)).rows
  } finally {
    await database.destroy()
  }
}

function postmaster(embedded: EmbeddedDatabase): number {
  return Number(readFileSync(join(embedded.folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0])
}

describe('a data folder', () => {
  test('keeps its data from one start to the next, and leaves no process behind', async () => {
    const folder = made
    const first = await start(folder)
    await query(first, 'create table kept (x int)')
    const pid = postmaster(first)
    await first.stop()
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    expect(existsSync(join(folder, 'lock'))).toBe(false)
    const second = await start(folder)
    expect(await query(second, 'select count(*)::int as rows from kept')).toEqual([{ rows: 0 }])
    await second.stop()
  })

  test('holds a durable UTF-8 cluster whose secrets only its owner can read', async () => {
    const folder = made
    const embedded = await start(folder)
    const settings = `select current_setting('fsync') as fsync, current_setting('server_encoding') as encoding,
      current_setting('data_checksums') as checksums, current_setting('server_version_num')::int / 10000 as version`
    expect(await query(embedded, settings)).toEqual([{ fsync: 'on', encoding: 'UTF8', checksums: 'on', version: 18 }])
    expect(statSync(join(folder, 'password')).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'postgres')).mode & 0o777).toBe(0o700)
    expect(readdirSync(folder).sort()).toEqual(['lock', 'password', 'postgres'])
  })

  test('is refused while another host holds it', async () => {
    const folder = made
    const embedded = await start(folder)
    await expect(start(folder)).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER_IN_USE' })
    expect(await query(embedded, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('that was cut off while it was made is made again', async () => {
    const folder = join(testFolder(), 'data')
    mkdirSync(join(folder, 'postgres.new'), { recursive: true })
    writeFileSync(join(folder, 'lock'), 'half a lo')
    writeFileSync(join(folder, 'postgres.new', 'PG_VERSION'), '18\n')
    const embedded = await start(folder)
    expect(await query(embedded, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test.each([
    ['holds other things', (folder: string) => writeFileSync(join(folder, 'letter.txt'), '')],
    [
      'was made by another major version',
      (folder: string) => {
        mkdirSync(join(folder, 'postgres'))
        writeFileSync(join(folder, 'postgres', 'PG_VERSION'), '17\n')
      },
    ],
    [
      'has lost its password',
      (folder: string) => {
        mkdirSync(join(folder, 'postgres'))
        writeFileSync(join(folder, 'postgres', 'PG_VERSION'), '18\n')
      },
    ],
    [
      'is a file',
      (folder: string) => {
        rmSync(folder, { recursive: true })
        writeFileSync(folder, '')
      },
    ],
  ])('that %s is refused and not touched', async (_what, prepare) => {
    const folder = join(testFolder(), 'data')
    mkdirSync(folder)
    prepare(folder)
    await expect(start(folder)).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER' })
    expect(existsSync(join(folder, 'lock'))).toBe(false)
  })
})

describe('the server', () => {
  test('listens on 127.0.0.1 alone and asks for its password', async () => {
    const embedded = await start(made)
    const { address } = embedded
    if ('connectionString' in address) throw new Error('unexpected')
    const others = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
    for (const { address: host } of others.filter(({ internal, family }) => !internal && family === 'IPv4')) {
      await expect(reach(host, address.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    }
    const wrong = openDatabase({ address: { ...address, password: 'wrong' } })
    await expect(sql`select 1`.execute(wrong)).rejects.toMatchObject({ code: '28P01' })
    await wrong.destroy()
  })

  test('tells when it ends by itself, with its last lines', async () => {
    const embedded = await start(made)
    process.kill(postmaster(embedded), 'SIGINT')
    expect(await embedded.ended).toContain('database system is shut down')
  })

  test('is stopped when the start is cut short', async () => {
    const folder = join(testFolder(), 'data')
    for (const delay of [0, 60, 600, 700, 800]) {
      const signal = AbortSignal.timeout(delay)
      await startEmbeddedDatabase({ folder, signal, temporary: true }).then(
        (embedded) => embedded.stop(),
        (error) => expect(error).toMatchObject({ name: 'TimeoutError' }),
      )
      expect(existsSync(join(folder, 'postgres', 'postmaster.pid'))).toBe(false)
      expect(existsSync(join(folder, 'lock'))).toBe(false)
    }
  })

  test('takes another port when its port is taken in the last moment', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const address = other.address()
    const ports = [typeof address === 'object' ? (address?.port ?? 0) : 0]
    const next = async () => ports.shift() ?? (await freePort())
    const cluster = join(made, 'postgres')
    const signal = new AbortController().signal
    const user = serverUser()
    const binaries = reachableBinaries(await installedBinaries(), user)
    const server = await startServer(binaries, cluster, user, signal, next)
    await server.stop()
    expect(ports).toEqual([])
  })

  test('that does not start says why', async () => {
    const folder = made
    const settings = join(folder, 'postgres', 'postgresql.auto.conf')
    writeFileSync(settings, 'no such setting\n')
    onTestFinished(() => writeFileSync(settings, ''))
    await expect(start(folder)).rejects.toMatchObject({
      code: 'ERR_DATABASE',
      message: expect.stringContaining('syntax error'),
    })
    expect(existsSync(join(folder, 'lock'))).toBe(false)
  })

  test('whose programs are missing says so', async () => {
    const nowhere = { native: join(made, 'nowhere'), version: '18' }
    const signal = new AbortController().signal
    const starting = startServer(nowhere, join(made, 'postgres'), undefined, signal)
    await expect(starting).rejects.toMatchObject({ code: 'ERR_DATABASE', message: expect.stringContaining('ENOENT') })
  })
})

function reach(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => {
      socket.destroy()
      resolve()
    }).on('error', reject)
  })
}

test('a folder that was open to others is made private', async () => {
  chmodSync(made, 0o777)
  await start(made)
  expect(statSync(made).mode & 0o077).toBe(serverUser() === undefined ? 0 : 0o011)
})
