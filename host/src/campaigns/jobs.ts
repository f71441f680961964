/**
 * The jobs of campaigns, in pg-boss: one for each chunk of lines. A job names its chunk and nothing more. What a job does may be
 * done twice without harm, so pg-boss only has to see to it that each job is done at last: the job of a node that died comes
 * back when its time is over, and goes to whichever node asks first.
 *
 * pg-boss keeps its tables in the schema `pgboss`, made at first use. Its own workers and timers are not used: they let a
 * failed statement end the process, and look for dead nodes every two minutes.
 */
import { CompiledQuery, sql } from 'kysely'
import type PgBoss from 'pg-boss'
import type { Database } from '../database.js'

/** Some lines of a campaign, in one of its rounds: a start, a resume or a retry begins another. */
export interface Chunk {
  readonly campaign: string
  /** From 0. */
  readonly chunk: number
  readonly round: number
}

export interface ChunkJob extends Chunk {
  readonly job: string
}

export interface ChunkJobs {
  /** Adds a job for each chunk, in `transaction`. */
  send(transaction: Database, chunks: readonly Chunk[]): Promise<void>
  /** A job for this node; `undefined` when there is none, or the database does not answer. */
  take(): Promise<ChunkJob | undefined>
  /** The job is done. */
  finish(job: ChunkJob): Promise<void>
  /** Puts another job in the place of this one, behind those that wait. */
  handOver(job: ChunkJob): Promise<void>
  /** The job could not be done now, and comes again. */
  giveBack(job: ChunkJob): Promise<void>
  /** Brings back the jobs whose time is over, of all nodes, and clears away old ones. */
  maintain(): Promise<void>
}

/** After how many seconds a job comes back from a node that does not finish it. */
export const EXPIRY_SECONDS = 15

const QUEUE = 'campaign-chunk'
/** Jobs are never given up: a chunk whose lines cannot be done now is tried again, a second later. */
const OPTIONS = { retryLimit: 1_000_000, retryDelay: 1, expireInSeconds: EXPIRY_SECONDS } as const
const YEAR = 365 * 86_400_000

const known = new WeakMap<Database, Promise<ChunkJobs>>()

/** The jobs in `database`. The first call of a process gets pg-boss ready; several nodes may do so at once. */
export function chunkJobs(database: Database): Promise<ChunkJobs> {
  const jobs = known.get(database) ?? startJobs(database)
  known.set(database, jobs)
  jobs.catch(() => known.delete(database))
  return jobs
}

async function startJobs(database: Database): Promise<ChunkJobs> {
  const { default: Boss } = await import('pg-boss')
  const boss = new Boss({ db: connectionOf(database), supervise: false, schedule: false })
  await oneByOne(database, async () => {
    await boss.start()
    await boss.createQueue(QUEUE)
  })
  return {
    async send(transaction, chunks) {
      if (chunks.length > 0) await boss.insert(chunks.map(jobOf), { db: statementsOf(transaction) })
    },
    async take() {
      const [job] = await boss.fetch<Chunk>(QUEUE)
      return job && { ...job.data, job: job.id }
    },
    finish: ({ job }) => boss.complete(QUEUE, job),
    handOver: ({ job, ...chunk }) =>
      database.transaction().execute(async (transaction) => {
        const db = statementsOf(transaction)
        await boss.insert([jobOf(chunk)], { db })
        await boss.complete(QUEUE, job, {}, { db })
      }),
    giveBack: ({ job }) => boss.fail(QUEUE, job),
    maintain: () => boss.maintain(),
  }
}

/** Lets nodes make the tables one after the other: pg-boss itself fails when two begin at once. */
async function oneByOne(database: Database, work: () => Promise<void>): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${QUEUE}, 0))`.execute(transaction)
    await work()
  })
}

function jobOf(chunk: Chunk): PgBoss.JobInsert<Chunk> {
  return { name: QUEUE, data: chunk, keepUntil: new Date(Date.now() + YEAR), ...OPTIONS }
}

/** Statements of pg-boss in a transaction of ours. */
function statementsOf(database: Database): PgBoss.Db {
  return {
    async executeSql(text, values: readonly unknown[] = []) {
      const { rows } = await database.executeQuery(CompiledQuery.raw(text, [...values]))
      return { rows }
    },
  }
}

/** Statements of pg-boss on the host's pool. Some are a whole transaction, which must not stay open when it fails. */
function connectionOf(database: Database): PgBoss.Db {
  return {
    executeSql: (text, values) =>
      database.connection().execute(async (connection) => {
        const statements = statementsOf(connection)
        try {
          return await statements.executeSql(text, values)
        } catch (error) {
          await statements.executeSql('rollback', []).catch(() => {})
          throw error
        }
      }),
  }
}
