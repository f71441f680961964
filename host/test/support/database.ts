import { Client } from 'pg'
import { afterAll, beforeAll, inject } from 'vitest'
import { type Database, type DatabaseAddress, openDatabase } from '../../src/database.js'

export interface TestDatabase {
  readonly address: () => DatabaseAddress
  readonly url: () => string
  readonly database: () => Database
}

let copies = 0

/**
 * A real, migrated database for the tests of one file: a copy of the one on a server of clusters.ts. While the file runs the
 * server is its own.
 */
export function useDatabase(): TestDatabase {
  const name = `file_${process.pid}_${copies++}`
  let server: Client
  let address: DatabaseAddress
  let database: Database
  beforeAll(async () => {
    const free = await freeServer()
    server = free.server
    await server.query(`create database ${name} template ${free.address.database}`)
    address = { ...free.address, database: name }
    database = openDatabase({ address })
  })
  afterAll(async () => {
    await database.destroy()
    await server.query(`drop database ${name} with (force)`)
    await server.end()
  })
  return {
    address: () => address,
    url: () => urlOf(address),
    database: () => database,
  }
}

type ServerAddress = Exclude<DatabaseAddress, { readonly connectionString: string }>

/** A server that no other file uses, until the connection to it ends. */
async function freeServer(): Promise<{ readonly server: Client; readonly address: ServerAddress }> {
  for (const address of inject('clusters')) {
    if ('connectionString' in address) continue
    // Not to the database that is copied: that must have no connection.
    const server = new Client({ ...address, database: 'postgres' })
    await server.connect()
    const { rows } = await server.query<{ free: boolean }>('select pg_try_advisory_lock(1) as free')
    if (rows[0]?.free === true) return { server, address }
    await server.end()
  }
  throw new Error('every server is in use')
}

/** The address as somebody would write it into DATABASE_URL. */
export function urlOf(address: DatabaseAddress): string {
  if ('connectionString' in address) return address.connectionString
  const { user, password, host, port, database } = address
  return `postgres://${user}:${password}@${host}:${port}/${database}`
}
