/**
 * `issuerkit audit verify` and `audit export`: the audit trail of a database or of a file, checked entry by entry. An export
 * is NDJSON: public keys, signed heads, then the entries chain after chain.
 */
import { createReadStream, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { Command } from 'commander'
import type { JWK } from 'jose'
import { type ChainHead, currentHeads, readSignedHeads, signHeads } from '../audit/heads.js'
import { storedEntries, storedHeads } from '../audit/store.js'
import { type AuditLine, auditVerifier } from '../audit/verify.js'
import { type Database, openDatabase } from '../database.js'
import { startEmbeddedDatabase } from '../embedded-database.js'
import { HostError, systemCode } from '../errors.js'
import { loadMasterKey } from '../master-key.js'
import { type CommandIo, EXIT } from './io.js'
import { databaseOption } from './serve-options.js'

interface SourceOptions {
  readonly data?: string
}

interface VerifyOptions extends SourceOptions {
  readonly key?: string
  readonly head?: string[]
  readonly json?: true
}

/** What is checked. */
interface Trail {
  readonly entries: () => AsyncIterable<AuditLine>
  readonly heads: readonly string[]
  readonly keys: readonly JWK[]
  /** The ends of the chains by the source's own account. */
  readonly ends: readonly ChainHead[]
}

/** The command; `done` takes its exit code. */
export function auditCommand(io: CommandIo, done: (code: number) => void): Command {
  const audit = new Command('audit').description('check and export the audit trail')
  audit
    .command('verify')
    .description('find changed, removed, reordered and cut-off entries in an exported file, or in the database')
    .argument('[file]', 'an export; without it DATABASE_URL, or the embedded database')
    .option('--data <folder>', 'the data folder of the embedded database, its host stopped')
    .option('--key <file>', 'the public audit key, a JWK that you kept; without it the one beside the trail')
    .option('--head <file...>', 'signed heads that you kept, one a line')
    .option('--json', 'print one JSON object')
    .action(async (file: string | undefined, options: VerifyOptions) => done(await verify(file, options, io)))
  audit
    .command('export')
    .description('write the audit trail of the database, with its heads signed once more')
    .argument('<file>', 'a new file')
    .option('--data <folder>', 'the data folder of the embedded database, its host stopped')
    .action(async (file: string, options: SourceOptions) => done(await exportTrail(file, options, io)))
  return audit
}

async function verify(file: string | undefined, options: VerifyOptions, io: CommandIo): Promise<number> {
  const kept = (options.head ?? []).flatMap((name) =>
    textOf(name)
      .split('\n')
      .filter((line) => line !== ''),
  )
  const key = options.key === undefined ? undefined : keyOf(options.key)
  const judge = (trail: Trail) => judgeTrail(trail, { kept, key })
  const result =
    file === undefined
      ? await withDatabase(options, io, async (database) => judge(await databaseTrail(database)))
      : await judge(await fileTrail(file))
  io.out(options.json === true ? `${JSON.stringify(result)}\n` : describe(result, options.key !== undefined))
  return result.ok ? EXIT.ok : EXIT.negative
}

async function judgeTrail(trail: Trail, { kept, key }: { kept: readonly string[]; key: JWK | undefined }) {
  const keys = key === undefined ? trail.keys : [key]
  const signed: ChainHead[] = []
  let [heads, unsigned] = [0, 0]
  for (const jws of new Set([...trail.heads, ...kept])) {
    const read = await readSignedHeads(jws, keys)
    if (read === undefined) unsigned++
    else {
      heads++
      signed.push(...read.heads)
    }
  }
  const verifier = auditVerifier([...signed, ...trail.ends])
  for await (const line of trail.entries()) verifier.take(line)
  const { entries, faults } = verifier.end()
  return { ok: faults.length === 0 && unsigned === 0, entries, heads, badHeads: unsigned, faults }
}

type Result = Awaited<ReturnType<typeof judgeTrail>>

function describe({ ok, entries, heads, badHeads, faults }: Result, ownKey: boolean): string {
  const lines = faults.slice(0, 100).map(({ chain, seq, reason }) => `  chain ${chain}, entry ${seq}: ${reason}`)
  if (faults.length > lines.length) lines.push(`  and ${faults.length - lines.length} more`)
  if (badHeads > 0) lines.push(`  ${badHeads} heads are not signed by the key`)
  if (heads === 0) lines.push('  no signed head: a tail that was cut off cannot be told')
  else if (!ownKey) lines.push('  the key is the one beside the trail: give --key with a copy that you kept')
  return [`${ok ? 'ok' : 'NOT OK'}: ${entries} entries, ${heads} signed heads`, ...lines, ''].join('\n')
}

async function databaseTrail(database: Database): Promise<Trail> {
  const stored = await storedHeads(database)
  return { ...stored, ends: await currentHeads(database), entries: () => storedEntries(database) }
}

async function fileTrail(file: string): Promise<Trail> {
  const [heads, keys]: [string[], JWK[]] = [[], []]
  for await (const line of linesOf(file)) {
    if (typeof line['head'] === 'string') heads.push(line['head'])
    else if (typeof line['key'] === 'object' && line['key'] !== null) keys.push(line['key'])
  }
  async function* entries(): AsyncGenerator<AuditLine> {
    for await (const line of linesOf(file)) if ('entry' in line) yield auditLine(line, file)
  }
  return { heads, keys, ends: [], entries }
}

function auditLine(line: Readonly<Record<string, unknown>>, file: string): AuditLine {
  const { chain, seq, entry, hash } = line
  const whole = Number.isSafeInteger(chain) && Number.isSafeInteger(seq)
  if (whole && typeof entry === 'string' && typeof hash === 'string') {
    return { chain: Number(chain), seq: Number(seq), entry, hash }
  }
  throw new HostError('ERR_AUDIT', `${file} has a line that is no entry`)
}

async function* linesOf(file: string): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const input = createReadStream(file)
  const opened = new Promise<void>((resolve, reject) => input.once('open', () => resolve()).once('error', reject))
  await opened.catch((cause: unknown) => {
    throw unreadable(file, cause)
  })
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (text === '') continue
    let line: unknown
    try {
      line = JSON.parse(text)
    } catch (cause) {
      throw new HostError('ERR_AUDIT', `${file} has a line that is not JSON`, { cause })
    }
    if (typeof line === 'object' && line !== null) yield line as Readonly<Record<string, unknown>>
  }
}

async function exportTrail(file: string, options: SourceOptions, io: CommandIo): Promise<number> {
  return withDatabase(options, io, async (database, folder) => {
    await storedHeads(database)
    const masterKey = loadMasterKey({ environment: io.environment, devFolder: folder })
    const handle = await open(file, 'wx', 0o600).catch((cause: unknown) => {
      throw unreadable(file, cause)
    })
    await signHeads(database, masterKey)
    const { heads, keys } = await storedHeads(database)
    let entries = 0
    async function* lines(): AsyncGenerator<string> {
      for (const key of keys) yield `${JSON.stringify({ key })}\n`
      for (const head of heads) yield `${JSON.stringify({ head })}\n`
      for await (const { chain, seq, entry, hash } of storedEntries(database)) {
        entries++
        yield `${JSON.stringify({ chain, seq, entry, hash })}\n`
      }
    }
    await pipeline(lines, handle.createWriteStream()).catch((cause: unknown) => {
      throw unreadable(file, cause)
    })
    io.out(`${entries} entries, ${heads.length} signed heads\n`)
    return EXIT.ok
  })
}

/** Works on the database as it is: nothing is migrated. */
async function withDatabase<T>(
  options: SourceOptions,
  io: CommandIo,
  work: (database: Database, folder: string | undefined) => Promise<T>,
): Promise<T> {
  const chosen = databaseOption({ ...options, host: '', port: 0 }, io.environment)
  const embedded = 'folder' in chosen ? await startEmbeddedDatabase({ folder: chosen.folder }) : undefined
  const address = 'url' in chosen ? { connectionString: chosen.url } : embedded?.address
  if (address === undefined) throw new HostError('ERR_DATABASE')
  const database = openDatabase({ address })
  try {
    return await work(database, 'folder' in chosen ? chosen.folder : undefined)
  } finally {
    await database.destroy()
    await embedded?.stop()
  }
}

function keyOf(file: string): JWK {
  try {
    return JSON.parse(textOf(file)) as JWK
  } catch (cause) {
    if (cause instanceof HostError) throw cause
    throw new HostError('ERR_AUDIT', `${file} is not a JWK`, { cause })
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

function unreadable(file: string, cause: unknown): unknown {
  if (systemCode(cause)?.startsWith('E') !== true || cause instanceof HostError) return cause
  return new HostError('ERR_AUDIT', `${file} cannot be used (${systemCode(cause)})`, { cause })
}
