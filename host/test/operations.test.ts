import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { runCommandLine } from '../src/cli/program.js'
import { parseRate } from '../src/cli/serve-options.js'
import type { Routes } from '../src/context.js'
import { HostError } from '../src/errors.js'
import { type HostOptions, startHost } from '../src/host.js'
import { useDatabase } from './support/database.js'
import { testServer } from './support/server.js'
import { parseYaml, type Yaml } from './support/yaml.js'

const db = useDatabase()
const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const file = (path: string) => readFileSync(root(path), 'utf8')

describe('a host that is stopped', () => {
  /** Answers when the test lets it. */
  function slow() {
    const gate = { started: () => {}, open: () => {} }
    const started = new Promise<void>((resolve) => {
      gate.started = resolve
    })
    const opened = new Promise<void>((resolve) => {
      gate.open = resolve
    })
    const route: Routes = (app) => {
      const body = Type.Object({}, { additionalProperties: false })
      app.post('/v1/slow', { schema: { body }, config: { scope: 'channels', keyUse: 'slow' } }, async () => {
        gate.started()
        await opened
        return { done: true }
      })
    }
    return { route, started, open: () => gate.open() }
  }

  test('finishes what it accepted, takes nothing more, and leaves audit and signed head behind', async () => {
    const { route, started, open } = slow()
    const lines: string[] = []
    const options: HostOptions = {
      listen: { host: '127.0.0.1', port: 0 },
      database: { url: db.url(), keyFolder: '/nowhere' },
      access: undefined,
      environment: { ISSUERKIT_MASTER_KEY: '00'.repeat(32) },
      routes: [route],
      log: { level: 'info', stream: { write: (line) => void lines.push(line) } },
      signal: new AbortController().signal,
    }
    const host = await startHost(options)
    const post = () =>
      fetch(`${host.url}/v1/slow`, {
        method: 'POST',
        headers: { authorization: `Bearer ${host.token}`, 'content-type': 'application/json' },
        body: '{}',
      })
    const answer = post()
    await started
    const closing = host.close()
    const live = () =>
      fetch(`${host.url}/health/live`, { headers: { connection: 'close' } }).then(({ status }) => status)
    await expect.poll(() => live().catch(() => 'refused'), { timeout: 10_000 }).toBe('refused')
    open()
    expect([(await answer).status, await (await answer).json()]).toEqual([200, { done: true }])
    await closing
    const entries = await db.database().selectFrom('audit_entry').select('entry').execute()
    expect(entries.map(({ entry }) => JSON.parse(entry))).toMatchObject([
      { subject: 'developer', action: 'key.use', outcome: 'ok', detail: { use: 'slow' } },
    ])
    const [head] = await db.database().selectFrom('audit_signed_head').select('jws').execute()
    expect(head?.jws).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
    expect(lines.map((line) => JSON.parse(line).auditHead).filter((text) => text !== undefined)).toEqual([head?.jws])
  })
})

describe('readiness', () => {
  test('fails by any check of the host, and when the host is about to stop', async () => {
    let fault: HostError | undefined
    const server = await testServer(db.database(), [], 'silent', {
      context: {
        checks: [
          async () => {
            if (fault !== undefined) throw fault
          },
        ],
      },
    })
    const ready = async () => {
      const answer = await server.app.inject({ url: '/health/ready' })
      return [answer.statusCode, answer.json().code ?? answer.json().status]
    }
    expect(await ready()).toEqual([200, 'ok'])
    fault = new HostError('ERR_UNAVAILABLE')
    expect(await ready()).toEqual([503, 'ERR_UNAVAILABLE'])
    fault = undefined
    expect(await ready()).toEqual([200, 'ok'])
    await server.app.close()
  })

  test('names keys that do not unwrap', async () => {
    await db.database().insertInto('issuer').values({ id: 'x', profile: '{}' }).execute()
    const key = { id: 'broken', issuer: 'x', usage: 'AC', algorithm: 'tdes', dki: '1', kcv: '000000' }
    await db
      .database()
      .insertInto('issuer_key')
      .values({ ...key, wrapped: new Uint8Array(45) })
      .execute()
    const server = await testServer(db.database(), [], 'silent')
    const answer = await server.app.inject({ url: '/health/ready' })
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'ERR_KEYS_UNUSABLE'])
    expect(answer.json().detail).toContain('broken')
    await db.database().deleteFrom('issuer_key').where('id', '=', 'broken').execute()
    expect((await server.app.inject({ url: '/health/ready' })).statusCode).toBe(200)
  })
})

describe('--rate', () => {
  test.each([
    ['0', undefined],
    ['1', { perSecond: 1, burst: 2 }],
    ['999999', { perSecond: 999_999, burst: 1_999_998 }],
  ])('%s', (text, rate) => expect(parseRate(text)).toEqual(rate))
  test.each(['', '-1', '1.5', 'x', '1000000'])('refuses %j', async (text) => {
    const [out, errors]: [string[], string[]] = [[], []]
    const io = {
      out: (line: string) => void out.push(line),
      err: (line: string) => void errors.push(line),
      environment: {},
    }
    expect(await runCommandLine(['serve', `--rate=${text}`], io)).toBe(2)
    expect(errors.join('')).toContain('A rate is a number')
  })
})

/** Instructions of the last stage, and the arguments of one. */
const dockerfile = file('Dockerfile').replaceAll('\\\n', ' ')
const stage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM ')).split('\n')
const instruction = (name: string) =>
  stage.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1))

describe('the Dockerfile', () => {
  test('runs the command line as a user of no rights, on the port of the service', () => {
    expect(instruction('USER')).toEqual(['1000:1000'])
    expect(instruction('EXPOSE')).toEqual(['8400'])
    expect(instruction('STOPSIGNAL')).toEqual(['SIGTERM'])
    expect(JSON.parse(instruction('ENTRYPOINT')[0] ?? '')).toEqual(['node', 'dist/main.js'])
    expect(JSON.parse(file('host/package.json')).bin.issuerkit).toBe('./dist/main.js')
  })

  test('has a command that the command line takes', async () => {
    const command = JSON.parse(instruction('CMD')[0] ?? '') as string[]
    const errors: string[] = []
    // Everything is taken but the key set, which is not in this machine.
    const io = { out: () => {}, err: (line: string) => void errors.push(line), environment: {} }
    expect(await runCommandLine(command, io)).toBe(1)
    expect(errors.join('')).toContain('the key set /etc/issuerkit/jwks.json cannot be read (ENOENT)')
  })

  test('asks for readiness of the port that it serves', () => {
    const [check = ''] = instruction('HEALTHCHECK')
    const [node, flag, script = ''] = JSON.parse(check.slice(check.indexOf('CMD ') + 4)) as string[]
    expect([node, flag]).toEqual(['node', '-e'])
    expect(script).toContain("'http://127.0.0.1:8400/health/ready'")
    expect(() => new Function(script)).not.toThrow()
  })

  test('builds with the pnpm of the project and its lock file, and holds no secret', () => {
    const { packageManager, engines } = JSON.parse(file('package.json'))
    for (const [, version] of dockerfile.matchAll(/pnpm@([\d.]+)/g)) expect(`pnpm@${version}`).toBe(packageManager)
    expect(dockerfile).toContain('--frozen-lockfile')
    expect(engines.node).toBe('>=20.19')
    expect([...dockerfile.matchAll(/^FROM node:(\d+)-/gm)].map(([, major]) => Number(major))).toEqual([22, 22])
    expect(dockerfile.replaceAll(/^#.*$/gm, '')).not.toMatch(/^ARG|MASTER_KEY|PASSWORD|DATABASE_URL|--dev/m)
    const ignored = file('.dockerignore').split('\n')
    expect(ignored).toEqual(expect.arrayContaining(['.git', 'secrets', '**/node_modules', '.issuerkit']))
    expect(file('.gitignore').split('\n')).toContain('secrets/')
  })
})

type Service = Record<string, Yaml>
const compose = parseYaml(file('compose.yaml')) as Record<string, Record<string, Yaml>>
const services = compose['services'] as Record<string, Service>
const nodes = Object.entries(services).filter(([name]) => name.startsWith('node-'))

describe('compose.yaml', () => {
  test('has one PostgreSQL and two nodes that differ in their port alone', () => {
    expect(Object.keys(services)).toEqual(['database', 'node-a', 'node-b'])
    const [a, b] = nodes.map(([, { ports: _, ...rest }]) => rest)
    expect(a).toEqual(b)
    expect(nodes.map(([, { ports }]) => ports)).toEqual([['127.0.0.1:8401:8400'], ['127.0.0.1:8402:8400']])
    expect(services['database']).not.toHaveProperty('ports')
  })

  test.each(nodes)('%s has no rights that it does not need', (_, service) => {
    expect(service).toMatchObject({
      user: '1000:1000',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      depends_on: { database: { condition: 'service_healthy' } },
      stop_grace_period: '60s',
    })
  })

  test('names no secret, only files that no repository holds', () => {
    const text = file('compose.yaml')
    expect(text).not.toMatch(/[0-9A-Fa-f]{32}|MASTER_KEY:|POSTGRES_PASSWORD:|:\/\/[^/@\s]*:[^/@\s]*@/)
    const secrets = compose['secrets'] as Record<string, { file: string }>
    for (const { file: path } of Object.values(secrets)) {
      expect(path).toMatch(/^\.\/secrets\//)
      expect(existsSync(root(path))).toBe(false)
    }
    const used = Object.values(services).flatMap(({ secrets: names }) => names as string[])
    expect(new Set(used)).toEqual(new Set(Object.keys(secrets)))
    const volumes = Object.values(services).flatMap(({ volumes: paths }) => paths as string[])
    expect(volumes.filter((path) => path.startsWith('.'))).toEqual(
      Array(2).fill('./secrets/jwks.json:/etc/issuerkit/jwks.json:ro'),
    )
    expect(volumes).toContain('database:/var/lib/postgresql')
    expect(Object.keys(compose['volumes'] ?? {})).toEqual(['database'])
  })

  test('gives the nodes settings that the host knows, and secrets where it says', () => {
    for (const [, { environment, secrets }] of nodes) {
      expect(environment).toEqual({
        DATABASE_URL: 'postgres://issuerkit@database:5432/issuerkit',
        PGPASSFILE: '/run/secrets/pgpass',
        ISSUERKIT_MASTER_KEY_FILE: '/run/secrets/master-key',
      })
      expect(secrets).toEqual(['pgpass', 'master-key'])
    }
    expect(services['database']?.['environment']).toMatchObject({
      POSTGRES_USER: 'issuerkit',
      POSTGRES_DB: 'issuerkit',
    })
  })

  test.each(nodes)('%s is started with a command that the command line takes', async (_, { command }) => {
    const errors: string[] = []
    const io = { out: () => {}, err: (line: string) => void errors.push(line), environment: {} }
    expect(await runCommandLine(command as string[], io)).toBe(1)
    expect(errors.join('')).toContain('/etc/issuerkit/jwks.json cannot be read')
  })
})

test('docs/operating.md speaks of settings, routes, metrics and files that exist', async () => {
  const text = file('docs/operating.md')
  const server = await testServer(db.database(), [], 'silent')
  const metrics = (await server.app.inject({ url: '/metrics' })).body
  for (const [name] of text.matchAll(/\b(?:issuerkit|nodejs)_[a-z0-9_]+/g)) expect(metrics).toContain(`# TYPE ${name} `)
  const shown: string[] = []
  const io = {
    out: (line: string) => void shown.push(line),
    err: (line: string) => void shown.push(line),
    environment: {},
  }
  for (const command of [['serve'], ['audit', 'verify'], ['audit', 'export'], ['keys', 'rewrap']]) {
    expect(await runCommandLine([...command, '--help'], io)).toBe(0)
  }
  for (const [, option] of text.matchAll(/`(--[a-z-]+)`/g)) expect(shown.join('')).toContain(`${option}`)
  for (const [, path] of text.matchAll(/`((?:docs|secrets)\/[a-z-]+\.md|compose\.yaml)`/g))
    expect(existsSync(root(`${path}`))).toBe(true)
  const tables = await db.database().introspection.getTables()
  for (const [, table] of text.matchAll(/delete from (\w+)/g)) expect(tables.map(({ name }) => name)).toContain(table)
})
