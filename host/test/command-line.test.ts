import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { IssuerkitError } from '@issuerkit/apdu'
import { sql } from 'kysely'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { CommandIo } from '../src/cli/io.js'
import { processIo } from '../src/cli/io.js'
import { runCommandLine } from '../src/cli/program.js'
import { aborted, Stopped, withStopSignals } from '../src/cli/stop-signals.js'
import { HOST_VERSION } from '../src/version.js'
import { useDatabase } from './support/database.js'
import { testFolder } from './support/folders.js'

const db = useDatabase()

interface Run {
  readonly io: CommandIo
  readonly out: () => string
  readonly err: () => string
  /** Fulfilled when standard output matches. */
  readonly says: (pattern: RegExp) => Promise<void>
}

function capture(environment: Record<string, string> = {}): Run {
  const written = { out: '', err: '' }
  const write = (stream: 'out' | 'err') => (text: string) => {
    written[stream] += text
  }
  const says = (pattern: RegExp) => expect.poll(() => written.out + written.err, { timeout: 20_000 }).toMatch(pattern)
  const io = { out: write('out'), err: write('err'), environment }
  return { io, out: () => written.out, err: () => written.err, says }
}

async function run(args: string[], environment?: Record<string, string>) {
  const { io, out, err } = capture(environment)
  return { code: await runCommandLine(args, io), out: out(), err: err() }
}

describe('exit codes', () => {
  test.each([
    [['--help'], 'Usage: issuerkit'],
    [['start', '--help'], '--once'],
    [['--version'], HOST_VERSION],
  ])('%j shows and is well', async (args, text) => {
    expect(await run(args)).toMatchObject({ code: 0, out: expect.stringContaining(text), err: '' })
  })

  test.each([
    [[], 'Usage: issuerkit'],
    [['fly'], "unknown command 'fly'"],
    [['start', '--fast'], "unknown option '--fast'"],
    [['start', 'now'], 'too many arguments'],
    [['start', '--port', '65536'], 'A port is a number from 0 to 65535.'],
    [['start', '--port', '-1'], 'A port is a number from 0 to 65535.'],
    [['start', '--port', '80a'], 'A port is a number from 0 to 65535.'],
    [['start', '--host', '0.0.0.0'], 'ERR_HOST_NOT_LOOPBACK'],
    [['serve', '--dev', '--log-level', 'loud'], 'Allowed choices are'],
    [['serve'], 'ERR_USAGE: serve needs --jwks'],
    [['vectors'], "missing required argument 'files'"],
  ])('%j is wrong use', async (args, text) => {
    expect(await run(args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(text) })
  })

  test('a taken port is one line', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === 'object' ? `${address?.port}` : ''
    const { code, out, err } = await run(['start', '--once', '--port', port])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^issuerkit: ERR_PORT_TAKEN: port \d+ on 127\.0\.0\.1 is taken: .*\n$/)
  })
})

describe('start', () => {
  test('--once shows, stops and ends', async () => {
    const { code, out } = await run(['start', '--once', '--port', '0'])
    expect(code).toBe(0)
    expect(out).toMatch(/dev mode.*address {2}http.*data {5}\S+ \(removed at the end\).*token .*eyJ/s)
  })

  test('stays until a signal and keeps its data', async () => {
    const folder = join(testFolder(), 'my data')
    const { io, says, out } = capture()
    const running = runCommandLine(['start', '--port', '0', '--data', folder], io)
    await says(/Ctrl-C/)
    const url = /http:\S+/.exec(out())?.[0]
    expect((await fetch(`${url}/health/ready`)).status).toBe(200)
    process.emit('SIGINT', 'SIGINT')
    expect(await running).toBe(0)
    expect(out()).toContain(`data     ${folder}\n`)
    await expect(fetch(`${url}/health/ready`)).rejects.toThrow()
  })

  test('ends when its database does, with the last lines', async () => {
    const folder = join(testFolder(), 'data')
    const { io, says, err } = capture()
    const running = runCommandLine(['start', '--port', '0', '--data', folder], io)
    await says(/Ctrl-C/)
    process.kill(Number.parseInt(readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8'), 10), 'SIGINT')
    expect(await running).toBe(1)
    expect(err()).toMatch(/ERR_DATABASE: PostgreSQL has ended:\n.*database system is shut down/s)
  })

  test('on DATABASE_URL keeps its master key alone', async () => {
    const folder = join(testFolder(), 'data')
    for (let times = 0; times < 2; times++) {
      const { code, out } = await run(['start', '--once', '--port', '0', '--data', folder], { DATABASE_URL: db.url() })
      expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('the server of DATABASE_URL') })
      expect(readdirSync(folder)).toEqual(['master-key'])
    }
  })

  test('that a signal cuts short ends as shells say', async () => {
    const { io } = capture()
    const running = runCommandLine(['start', '--once', '--port', '0'], io)
    setTimeout(() => process.emit('SIGTERM', 'SIGTERM'), 20)
    expect(await running).toBe(143)
  })
})

describe('serve', () => {
  // A database of its own: what is in the other one is wrapped under another key.
  beforeAll(() => sql`create database served`.execute(db.database()))
  const environment = () => ({
    DATABASE_URL: db.url().replace(/[^/]+$/, 'served'),
    ISSUERKIT_MASTER_KEY: '07'.repeat(32),
  })
  const keySet = (text: string) => {
    const file = join(testFolder(), 'jwks.json')
    writeFileSync(file, text)
    return [
      'serve',
      '--log-level',
      'silent',
      '--port',
      '0',
      '--issuer',
      'idp',
      '--audience',
      'issuerkit',
      '--jwks',
      file,
    ]
  }

  test('--dev prints its token, and ends with a signal', async () => {
    const { io, says, err } = capture(environment())
    const running = runCommandLine(['serve', '--dev', '--log-level', 'silent', '--port', '0'], io)
    await says(/never with real keys/)
    expect(err()).toMatch(/\neyJ\S+\n$/)
    process.emit('SIGHUP', 'SIGHUP')
    expect(await running).toBe(0)
  })

  test('with a key set serves without a token of its own', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const key = { ...publicKey.export({ format: 'jwk' }), kid: 'a', alg: 'ES256', use: 'sig' }
    const { io, out, err } = capture(environment())
    const running = runCommandLine(keySet(JSON.stringify({ keys: [key] })), io)
    await new Promise((resolve) => setTimeout(resolve, 500))
    process.emit('SIGTERM', 'SIGTERM')
    expect(await running).toBe(0)
    expect(out() + err()).toBe('')
  })

  test.each([
    ['{"keys":', 'not JSON'],
    ['{"keys":[]}', 'at least one'],
  ])('with the key set %s fails', async (text, reason) => {
    const { code, err } = await run(keySet(text), environment())
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(`ERR_KEY_SET.*${reason}`) })
  })

  test('without its key set fails', async () => {
    const args = keySet('').with(-1, '/no/such/file')
    expect((await run(args)).err).toMatch(/ERR_KEY_SET.*ENOENT/)
  })
})

describe('vectors', () => {
  const file = join(import.meta.dirname, '..', '..', 'vectors', 'arpc.json')
  const flipLast = (_all: string, kept: string, last: string) => kept + (last === '0' ? '1' : '0')
  const changed = () => {
    const text = readFileSync(file, 'utf8').replace(/("arpc": "[0-9A-F]{15})(.)/i, flipLast)
    const path = join(testFolder(), 'changed.json')
    writeFileSync(path, text)
    return path
  }

  test('that hold are counted', async () => {
    expect(await run(['vectors', file])).toEqual({
      code: 0,
      out: expect.stringMatching(/^arpc: \d+ passed, 0 failed\n$/),
      err: '',
    })
  })

  test('with one expectation changed report that one', async () => {
    const { code, out } = await run(['vectors', changed(), file])
    expect(code).toBe(1)
    expect(out).toMatch(
      /^arpc: \d+ passed, 1 failed\n {2}\S+: arpc: expected [0-9A-F]{16}, got [0-9A-F]{16}\narpc: .* 0 failed\n$/,
    )
  })

  test('are told to programs as JSON', async () => {
    const { out } = await run(['vectors', '--json', changed()])
    expect(JSON.parse(out)).toMatchObject({ operation: 'arpc', failed: 1, failures: [{ stage: 'arpc' }] })
  })

  test('in a file that is none are wrong use, and the others still run', async () => {
    const path = join(testFolder(), 'x.json')
    writeFileSync(path, '{"operation":"fly"}')
    const { code, out, err } = await run(['vectors', path, '/no/such/file', file])
    expect({ code, out }).toEqual({ code: 2, out: expect.stringContaining('0 failed') })
    expect(err).toMatch(/x\.json: ERR_VECTOR_FILE.*\n\/no\/such\/file: cannot be read \(ENOENT\)\n$/)
  })
})

describe('signals', () => {
  test('close together are one, later ones force', async () => {
    const forced: number[] = []
    await withStopSignals(
      async (signal) => {
        for (let times = 0; times < 3; times++) process.emit('SIGINT', 'SIGINT')
        await aborted(signal)
        await aborted(signal)
        expect(signal.reason).toBeInstanceOf(Stopped)
        expect(forced).toEqual([])
        await new Promise((resolve) => setTimeout(resolve, 1_050))
        process.emit('SIGTERM', 'SIGTERM')
      },
      (code) => forced.push(code),
    )
    expect(forced).toEqual([143])
    expect(process.listenerCount('SIGINT')).toBe(process.listenerCount('SIGHUP'))
  })
})

test('an error of the packages is one line', async () => {
  const { io, err } = capture()
  const failing = {
    ...io,
    get environment(): CommandIo['environment'] {
      throw new IssuerkitError('ERR_HEX', { label: 'x' })
    },
  }
  expect(await runCommandLine(['start'], failing)).toBe(1)
  expect(err()).toBe('issuerkit: ERR_HEX: x\n')
})

test('a failure nobody foresaw shows where it was', async () => {
  const { io, err } = capture()
  const broken = {
    ...io,
    get environment(): CommandIo['environment'] {
      throw new TypeError('odd')
    },
  }
  expect(await runCommandLine(['start'], broken)).toBe(1)
  expect(err()).toMatch(/ERR_INTERNAL: TypeError: odd\n +at /)
})

test('the streams of the process are the ones that are written to', () => {
  expect(() => processIo.out('')).not.toThrow()
  expect(() => processIo.err('')).not.toThrow()
})
