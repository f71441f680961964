/** Changes of many cards that are written in one statement: each is as if it stood alone. */
import { beforeAll, expect, test } from 'vitest'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import { cardStore } from '../src/store/card-store.js'
import { useDatabase } from './support/database.js'
import { auditFaults } from './support/faults/books.js'
import { masterKey } from './support/faults/node.js'

const { database } = useDatabase()
beforeAll(() => loadDemoIssuer(database(), masterKey()))

test('their audit entries tell the time that their rows tell', async () => {
  const key = masterKey()
  const store = cardStore({ database: database(), masterKey: key, keys: localKeyService(database(), key) })
  const record = { subject: 's', action: 'card.queue', object: 'card:x', outcome: 'ok' } as const
  const changes = Array.from({ length: 300 }, (_, i) =>
    store.change(
      { issuer: 'demo-pboc', pan: `62${String(i).padStart(14, '0')}`, panSequence: '01' },
      async (change) => {
        // Long enough that those of one statement were not all asked for in the same millisecond.
        await new Promise((resolve) => setTimeout(resolve, i % 20))
        change.audit(record)
      },
    ),
  )
  await Promise.all(changes)
  expect(await auditFaults(database())).toEqual([])
  const entries = database().selectFrom('audit_entry').select('seq').where('entry', 'like', '%card:x%')
  expect(await entries.execute()).toHaveLength(300)
})
