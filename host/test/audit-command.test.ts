import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { appendAudit } from '../src/audit/append.js'
import { runCommandLine } from '../src/cli/program.js'
import { useDatabase } from './support/database.js'
import { testFolder } from './support/folders.js'

const db = useDatabase()
const KEY_TEXT = '07'.repeat(32)

beforeAll(async () => {
  const record = { subject: 'alice', action: 'key.use', outcome: 'ok' } as const
  await db
    .database()
    .transaction()
    .execute((transaction) =>
      appendAudit(
        transaction,
        ['a', 'b', 'c', 'd'].map((object) => ({ ...record, object })),
      ),
    )
})

async function audit(args: readonly string[], environment: Record<string, string> = {}) {
  const written = { out: '', err: '' }
  const into = (stream: 'out' | 'err') => (text: string) => {
    written[stream] += text
  }
  const io = { out: into('out'), err: into('err') }
  const given = { DATABASE_URL: db.url(), ISSUERKIT_MASTER_KEY: KEY_TEXT, ...environment }
  const code = await runCommandLine(['audit', ...args], { ...io, environment: given })
  return { code, ...written }
}

describe('issuerkit audit', () => {
  test('exports and verifies a file: each kind of harm is found', async () => {
    const folder = testFolder()
    const file = join(folder, 'trail.ndjson')
    const exported = await audit(['export', file])
    expect(exported).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+ entries, \d+ signed heads\n$/) })
    expect((await audit(['export', file])).err).toMatch(/ERR_AUDIT: .*EEXIST/)
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    const first = lines.findIndex((line) => line.startsWith('{"chain"'))
    const parsed = lines.slice(first).map((line) => JSON.parse(line))
    expect(await audit(['verify', file])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^ok: .*\n.*beside the trail/),
    })

    const verify = async (name: string, changed: readonly string[], options: string[] = []) => {
      const path = join(folder, name)
      writeFileSync(path, changed.join('\n'))
      const { code, out } = await audit(['verify', path, '--json', ...options])
      return { code, ...JSON.parse(out) }
    }
    const long = parsed.findIndex(({ seq }) => seq === 2)
    const i = first + long
    const harm = {
      changed: lines.with(i, `${lines[i]}`.replace('alice', 'mallory')),
      removed: lines.toSpliced(i - 1, 1),
      reordered: lines.with(i, `${lines[i - 1]}`).with(i - 1, `${lines[i]}`),
      'cut-off': lines.slice(0, -1),
    }
    const reasons: Record<string, string> = {}
    for (const [name, changed] of Object.entries(harm)) {
      const { code, ok, faults: found } = await verify(name, changed)
      expect([code, ok]).toEqual([1, false])
      reasons[name] = found[0].reason
    }
    expect(reasons).toEqual({ changed: 'changed', removed: 'missing', reordered: 'missing', 'cut-off': 'cut-off' })

    const keyLine = lines.find((line) => line.startsWith('{"key"')) ?? ''
    const key = join(folder, 'key.json')
    writeFileSync(key, JSON.stringify(JSON.parse(keyLine).key))
    const kept = join(folder, 'heads.txt')
    writeFileSync(
      kept,
      lines
        .filter((line) => line.startsWith('{"head"'))
        .map((line) => JSON.parse(line).head)
        .join('\n'),
    )
    const bare = lines.slice(first)
    expect(await verify('bare', bare)).toMatchObject({ code: 0, heads: 0 })
    expect(await verify('bare', bare.slice(0, -1))).toMatchObject({ code: 0 })
    expect(await verify('bare', bare, ['--key', key, '--head', kept])).toMatchObject({
      code: 0,
      heads: expect.any(Number),
    })
    expect(await verify('bare', bare.slice(0, -1), ['--key', key, '--head', kept])).toMatchObject({ code: 1 })
    writeFileSync(key, '{"kty":"EC"}')
    expect(await verify('other key', lines, ['--key', key])).toMatchObject({
      code: 1,
      heads: 0,
      badHeads: expect.any(Number),
    })
  })

  test('verifies the database, and finds what was changed in it', async () => {
    expect(await audit(['verify'])).toMatchObject({ code: 0, out: expect.stringMatching(/^ok: /) })
    const [place] = await db
      .database()
      .selectFrom('audit_entry')
      .selectAll()
      .orderBy('chain')
      .orderBy('seq')
      .limit(1)
      .execute()
    if (place === undefined) throw new Error('no entry')
    const row = () =>
      db.database().updateTable('audit_entry').where('chain', '=', place.chain).where('seq', '=', place.seq)
    await row()
      .set({ entry: place.entry.replace('alice', 'mallory') })
      .execute()
    expect(await audit(['verify'])).toMatchObject({
      code: 1,
      out:
        expect.stringContaining(`NOT OK`) &&
        expect.stringContaining(`chain ${place.chain}, entry ${place.seq}: changed`),
    })
    await row()
      .set({ entry: place.entry, at: new Date(0) })
      .execute()
    expect((await audit(['verify'])).code).toBe(1)
    await row().set({ at: place.at }).execute()
    expect((await audit(['verify'])).code).toBe(0)
  })

  test.each([
    ['a file that is not there', ['verify', '/nowhere/x'], 'ERR_AUDIT', 1],
    ['a key that is not there', ['verify', '--key', '/nowhere/x'], 'ERR_AUDIT', 1],
    ['heads that are not there', ['verify', '--head', '/nowhere/x'], 'ERR_AUDIT', 1],
    ['an unknown option', ['verify', '--no'], 'unknown option', 2],
    ['nothing to export to', ['export'], 'missing required argument', 2],
  ])('refuses %s', async (_, args, text, code) => {
    expect(await audit(args)).toMatchObject({ code, err: expect.stringContaining(text) })
  })

  test.each(['x', '{"entry":1}', '{"chain":1,"seq":1,"entry":"x"}', '{"chain":1.5,"seq":1,"entry":"x","hash":""}'])(
    'refuses the line %s',
    async (line) => {
      const folder = testFolder()
      mkdirSync(folder, { recursive: true })
      const file = join(folder, 'f')
      writeFileSync(file, `\n7\n${line}\n`)
      expect(await audit(['verify', file])).toMatchObject({ code: 1, err: expect.stringContaining('ERR_AUDIT') })
      writeFileSync(join(folder, 'key'), 'x')
      expect((await audit(['verify', file, '--key', join(folder, 'key')])).err).toContain('not a JWK')
    },
  )

  test('says when a database has no trail', async () => {
    await sql`create database empty`.execute(db.database())
    const url = db.url().replace(/\/[^/]*$/, '/empty')
    expect(await audit(['verify'], { DATABASE_URL: url })).toMatchObject({
      code: 1,
      err: expect.stringContaining('no audit trail'),
    })
  })
})
