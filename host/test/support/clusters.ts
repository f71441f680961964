/**
 * A PostgreSQL for each worker that runs tests, for the length of the whole run: a file's database is a copy of an empty one
 * that has been migrated, which takes a tenth of the time of a server of its own. Workers share none, because what one file
 * leaves open would hold up the events of another.
 */
import { sql } from 'kysely'
import type { TestProject } from 'vitest/node'
import { type DatabaseAddress, migrate, openDatabase } from '../../src/database.js'
import { type EmbeddedDatabase, removeDataFolder, startEmbeddedDatabase } from '../../src/embedded-database.js'
import { keptFolder } from './folders.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** One for each worker. */
    clusters: readonly DatabaseAddress[]
  }
}

/** Starts them, and stops them at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { maxWorkers } = project.vitest.config
  const clusters = await Promise.all(Array.from({ length: Number(maxWorkers) }, start))
  project.provide(
    'clusters',
    clusters.map(({ address }) => address),
  )
  return async () => {
    for (const cluster of clusters) {
      await cluster.stop()
      removeDataFolder(cluster.folder)
    }
  }
}

async function start(): Promise<EmbeddedDatabase> {
  const embedded = await startEmbeddedDatabase({ folder: keptFolder(), temporary: true })
  const database = openDatabase({ address: embedded.address })
  await migrate(database)
  // It writes, at times of its own, and events wait for whoever writes anywhere on the server.
  await sql`alter system set autovacuum = off`.execute(database)
  await sql`select pg_reload_conf()`.execute(database)
  await database.destroy()
  return embedded
}
