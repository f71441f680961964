import { createDecipheriv } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { runCommandLine } from '../src/cli/program.js'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { hostSecret } from '../src/keys/host-secrets.js'
import { retireKey } from '../src/keys/key-records.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import { rewrap } from '../src/keys/rewrap.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { testFolder } from './support/folders.js'

const db = useDatabase()
const keys = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, name.repeat(64)])) as Record<string, string>
const master = (name: string) => new MasterKey(Buffer.from(keys[name] ?? '', 'hex'))
const service = (name: string) => localKeyService(db.database(), master(name))

const rows = async () => {
  const stored = await db.database().selectFrom('issuer_key').select(['id', 'wrapped']).orderBy('id').execute()
  const secrets = await db.database().selectFrom('host_secret').selectAll().orderBy('name').execute()
  return [...stored, ...secrets].map((row) => ({ ...row, wrapped: Buffer.from(row.wrapped).toString('hex') }))
}

let hash: Uint8Array
/** Keys, credentials and secrets that are there. */
let total: number
beforeAll(async () => {
  await loadDemoIssuer(db.database(), master('a'))
  hash = await service('a').panHash('6228000100001')
  await hostSecret(db.database(), master('a'), 'queued-pin')
  await retireKey(db.database(), 'demo-pboc-ENC', async () => {})
  total = (await rows()).length
  expect(total).toBeGreaterThan(6)
})

async function command(
  current: Record<string, string>,
  file: string,
): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' }
  const code = await runCommandLine(['keys', 'rewrap', '--new-master-key-file', file], {
    out: (text) => {
      said.out += text
    },
    err: (text) => {
      said.err += text
    },
    environment: { DATABASE_URL: db.url(), ...current },
  })
  return { code, ...said }
}
const fileOf = (name: string, mode = 0o600) => {
  const file = join(testFolder(), 'new-key')
  writeFileSync(file, `${keys[name]}\n`, { mode })
  return file
}

describe('rewrap', () => {
  test('puts every row under the new key, by the command line', async () => {
    const before = await rows()
    const { code, out, err } = await command({ ISSUERKIT_MASTER_KEY: keys['a'] ?? '' }, fileOf('b'))
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain(`${total} keys are under the new master key now, 0 were before.`)
    expect(out).not.toMatch(/[ab]{16}/)
    const after = await rows()
    expect(after.map(({ wrapped: _, ...row }) => row)).toEqual(before.map(({ wrapped: _, ...row }) => row))
    for (const [i, row] of after.entries()) expect(row.wrapped).not.toBe(before[i]?.wrapped)
    expect(await service('b').unusableKeys()).toEqual([])
    expect(await service('a').unusableKeys()).toEqual(['demo-pboc-AC', 'demo-pboc-CHANNEL', 'demo-pboc-MAC'])
    // A retired key is under it, too: its row by OpenSSL, with the binding that it was stored with.
    const [retired] = await db
      .database()
      .selectFrom('issuer_key')
      .selectAll()
      .where('id', '=', 'demo-pboc-ENC')
      .execute()
    const wrapped = Buffer.from(retired?.wrapped ?? [])
    const decipher = createDecipheriv('aes-256-gcm', Buffer.from(keys['b'] ?? '', 'hex'), wrapped.subarray(1, 13))
    const bound = ['issuerkit-key-1', 'demo-pboc-ENC', 'ENC', 'tdes', 'demo-pboc', 'unionpay', 'default', '1', '']
    decipher.setAAD(Buffer.from(JSON.stringify(bound))).setAuthTag(wrapped.subarray(-16))
    const clear = Buffer.concat([decipher.update(wrapped.subarray(13, -16)), decipher.final()])
    expect(clear.toString('hex').toUpperCase()).toBe('D30F45EABC12AC3EF56B0C0D7F8654DE')
  })

  test('changes no hash of a PAN', async () => {
    expect(await service('b').panHash('6228000100001')).toEqual(hash)
  })

  test('a second time finds everything done', async () => {
    const before = await rows()
    const { code, out } = await command({ ISSUERKIT_MASTER_KEY: keys['a'] ?? '' }, fileOf('b'))
    expect([code, out]).toEqual([
      0,
      expect.stringContaining(`0 keys are under the new master key now, ${total} were before.`),
    ])
    expect(await rows()).toEqual(before)
  })

  test('goes on where rows of both keys stand', async () => {
    await rewrap(db.database(), master('b'), master('c'))
    await db.database().updateTable('issuer_key').set({ retired_at: null }).where('id', '=', 'demo-pboc-ENC').execute()
    const [row] = await db.database().selectFrom('issuer_key').selectAll().where('id', '=', 'demo-pboc-AC').execute()
    expect(await rewrap(db.database(), master('c'), master('d'))).toEqual({ rewrapped: total, already: 0 })
    await db
      .database()
      .updateTable('issuer_key')
      .set({ wrapped: row?.wrapped ?? Buffer.alloc(0) })
      .where('id', '=', 'demo-pboc-AC')
      .execute()
    expect(await rewrap(db.database(), master('c'), master('d'))).toEqual({ rewrapped: 1, already: total - 1 })
    expect(await service('d').unusableKeys()).toEqual([])
  })

  test('refuses, names the rows and changes nothing while one does not unwrap', async () => {
    const damage = (wrapped: string) =>
      Buffer.from(
        wrapped.replace(/..$/, (last) => (last === '00' ? '01' : '00')),
        'hex',
      )
    const before = await rows()
    const own = before.find((row) => 'id' in row && row.id === 'demo-pboc-MAC')
    const change = (wrapped: Uint8Array) =>
      db.database().updateTable('issuer_key').set({ wrapped }).where('id', '=', 'demo-pboc-MAC').execute()
    await change(damage(own?.wrapped ?? ''))
    const damaged = await rows()
    const { code, out, err } = await command({ ISSUERKIT_MASTER_KEY: keys['d'] ?? '' }, fileOf('a'))
    expect([code, out]).toEqual([1, ''])
    expect(err).toBe('issuerkit: ERR_KEY_UNWRAP: 1 stored keys do not unwrap, nothing was changed: demo-pboc-MAC\n')
    expect(await rows()).toEqual(damaged)
    await change(Buffer.from(own?.wrapped ?? '', 'hex'))
  })

  test('with a wrong current key changes nothing', async () => {
    const before = await rows()
    const { code, err } = await command({ ISSUERKIT_MASTER_KEY: keys['a'] ?? '' }, fileOf('b'))
    expect([code, err]).toEqual([1, expect.stringContaining(`${total} stored keys do not unwrap, nothing was changed`)])
    expect(await rows()).toEqual(before)
  })

  test('is all or nothing: when the last write fails, none is done', async () => {
    await sql`create function fail() returns trigger language plpgsql as
      $$ begin if new.name = 'queued-pin' then raise exception 'no'; end if; return new; end $$`.execute(db.database())
    await sql`create trigger fail before update on host_secret for each row execute function fail()`.execute(
      db.database(),
    )
    const before = await rows()
    await expect(rewrap(db.database(), master('d'), master('a'))).rejects.toThrow('no')
    expect(await rows()).toEqual(before)
    await sql`drop trigger fail on host_secret`.execute(db.database())
    expect(await rewrap(db.database(), master('d'), master('a'))).toEqual({ rewrapped: total, already: 0 })
  })

  test('a host with the old key stores nothing any more', async () => {
    await expect(service('d').panHash('6228000100001')).rejects.toMatchObject({ code: 'ERR_KEY_UNWRAP' })
    await db.database().deleteFrom('issuer_key').where('id', '=', 'demo-pboc-ENC').execute()
    await expect(loadDemoIssuer(db.database(), master('d'))).rejects.toMatchObject({ code: 'ERR_KEY_UNWRAP' })
    await loadDemoIssuer(db.database(), master('a'))
    expect(await service('a').unusableKeys()).toEqual([])
  })

  test('is audited each time it was done', async () => {
    const entries = await db.database().selectFrom('audit_entry').select('entry').execute()
    const done = entries.map(({ entry }) => JSON.parse(entry)).filter(({ action }) => action === 'key.rewrap')
    const counts = done.map(({ detail }) => detail.rewrapped as number)
    expect(counts.sort((a, b) => a - b)).toEqual([0, 1, total, total, total, total])
  })

  test.each([
    ['no file', {}, ['keys', 'rewrap'], 2],
    [
      'a file that is not there',
      { ISSUERKIT_MASTER_KEY: 'a'.repeat(64) },
      ['keys', 'rewrap', '--new-master-key-file', '/nowhere'],
      1,
    ],
    ['a word that is none', {}, ['keys', 'derive'], 2],
  ])('with %s is refused', async (_, environment, args, expected) => {
    const code = await runCommandLine(args, { out: () => {}, err: () => {}, environment })
    expect(code).toBe(expected)
  })

  test('needs the current master key, and a file that only its owner reads', async () => {
    expect(await command({}, fileOf('b'))).toMatchObject({ code: 1, err: expect.stringContaining('ERR_MASTER_KEY') })
    const open = await command({ ISSUERKIT_MASTER_KEY: keys['a'] ?? '' }, fileOf('b', 0o644))
    expect(open).toMatchObject({ code: 1, err: expect.stringContaining('chmod 600') })
  })
})

test('the keys of a data folder, dev mode, without a server of the user', async () => {
  const folder = testFolder(0o711)
  const start = ['start', '--once', '--port', '0', '--data', folder]
  const silent = { out: () => {}, err: () => {}, environment: {} }
  expect(await runCommandLine(start, silent)).toBe(0)
  let out = ''
  const file = fileOf('b')
  const args = ['keys', 'rewrap', '--dev', '--data', folder, '--new-master-key-file', file]
  const io = {
    ...silent,
    out: (text: string) => {
      out += text
    },
  }
  expect(await runCommandLine(args, io)).toBe(0)
  expect(out).toMatch(/^[3-9] keys are under the new master key now, 0 were before\./)
  expect(await runCommandLine(start, silent)).toBe(1)
  const again = { ...silent, environment: { ISSUERKIT_MASTER_KEY_FILE: file } }
  expect(await runCommandLine(start, again)).toBe(0)
})
