/** Several hosts that start at once on a new database. */
import { expect, test } from 'vitest'
import { migrate, openDatabase } from '../src/database.js'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { useDatabase } from './support/database.js'
import { masterKey } from './support/faults/node.js'

const { address } = useDatabase()

test('all of them find what dev mode has, and none fails', async () => {
  const databases = Array.from({ length: 4 }, () => openDatabase({ address: address() }))
  const starts = databases.map(async (database) => {
    await migrate(database)
    await loadDemoIssuer(database, masterKey())
  })
  const ends = await Promise.allSettled(starts)
  for (const database of databases) await database.destroy()
  expect(ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))).toEqual([])
})
