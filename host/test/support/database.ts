import { afterAll, beforeAll } from 'vitest'
import { type Database, type DatabaseAddress, migrate, openDatabase } from '../../src/database.js'
import { type EmbeddedDatabase, removeDataFolder, startEmbeddedDatabase } from '../../src/embedded-database.js'
import { keptFolder } from './folders.js'

export interface TestDatabase {
  readonly embedded: () => EmbeddedDatabase
  readonly address: () => DatabaseAddress
  readonly url: () => string
  readonly database: () => Database
}

/** A real, migrated database for the tests of one file. */
export function useDatabase(): TestDatabase {
  let embedded: EmbeddedDatabase
  let database: Database
  beforeAll(async () => {
    embedded = await startEmbeddedDatabase({ folder: keptFolder(), temporary: true })
    database = openDatabase({ address: embedded.address })
    await migrate(database)
  })
  afterAll(async () => {
    await database.destroy()
    await embedded.stop()
    removeDataFolder(embedded.folder)
  })
  return {
    embedded: () => embedded,
    address: () => embedded.address,
    url: () => urlOf(embedded.address),
    database: () => database,
  }
}

/** The address as somebody would write it into DATABASE_URL. */
export function urlOf(address: DatabaseAddress): string {
  if ('connectionString' in address) return address.connectionString
  const { user, password, host, port, database } = address
  return `postgres://${user}:${password}@${host}:${port}/${database}`
}
