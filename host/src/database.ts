/**
 * PostgreSQL through kysely: one pool, and the migrations that bring a database up to this version.
 */
import { Kysely, Migrator, PostgresDialect, sql } from 'kysely'
import { Pool, type PoolConfig } from 'pg'
import { HostError, systemCode } from './errors.js'
import { MIGRATIONS } from './migrations/index.js'
import { preparing } from './prepared.js'
import type { Tables } from './tables.js'

/** Where the database is: a URL of the user's, or what the embedded database says. */
export type DatabaseAddress =
  | { readonly connectionString: string }
  | {
      readonly host: string
      readonly port: number
      readonly user: string
      readonly password: string
      readonly database: string
      readonly ssl: false
    }

export type Database = Kysely<Tables>

export interface DatabaseOptions {
  readonly address: DatabaseAddress
  /** Hears of a connection that was lost while nobody used it; the pool makes a new one by itself. */
  readonly onLost?: (error: Error) => void
}

/** Connections of a node, at most. */
export const CONNECTIONS = 16

/** A pool for `address`; nothing is connected until the first query. */
export function openDatabase({ address, onLost = () => {} }: DatabaseOptions): Database {
  const config: PoolConfig = {
    ...address,
    max: CONNECTIONS,
    connectionTimeoutMillis: 5_000,
    application_name: 'issuerkit',
  }
  // Without a listener, the end of a connection would end the process: the pool's is for idle ones alone. Whoever uses one
  // hears of its end from his next statement.
  const pool = new Pool(config).on('error', onLost).on('connect', (client) => void client.on('error', () => {}))
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: preparing(pool) }) })
}

/**
 * Brings the database up to this version. Several hosts may start at once: kysely holds an advisory lock, and all
 * migrations are one transaction. ERR_DATABASE when the server is out of reach or a migration fails.
 */
export async function migrate(database: Database): Promise<void> {
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } })
  const { error } = await migrator.migrateToLatest()
  if (error === undefined) return
  const reason = error instanceof Error && error.message !== '' ? error.message : systemCode(error)
  throw new HostError('ERR_DATABASE', `the database cannot be used: ${reason}`, { cause: error })
}

/** Runs `work` in a transaction: in the one that `database` is, if it is one, else in one of its own. */
export function inTransaction<T>(database: Database, work: (transaction: Database) => Promise<T>): Promise<T> {
  return database.isTransaction ? work(database) : database.transaction().execute(work)
}

/** True when the database answers. */
export async function answers(database: Database): Promise<boolean> {
  try {
    await sql`select 1`.execute(database)
    return true
  } catch {
    return false
  }
}

/**
 * True for an error that says that the server is out of reach for the moment: no connection (a system error, SQLSTATE
 * class 08, a timeout of the pool), shutting down or starting up (class 57P), too many connections (53300).
 */
export function isUnavailable(error: unknown): boolean {
  const code = systemCode(error)
  if (code !== undefined) return /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|08|57P|53300)/.test(code)
  return (
    error instanceof Error &&
    /^(timeout exceeded when trying to connect|Connection terminated|Client .+ not queryable)/.test(error.message)
  )
}
