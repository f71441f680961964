/** The virtual debit/credit card, read through a session as a card in a reader is. */
import { fromHex, toHex } from '@issuerkit/apdu'
import {
  type CardMemory,
  loadCard,
  openDebitCreditCard,
  parseCardProfile,
  personaliseCard,
  saveCard,
} from '@issuerkit/card'
import { CaKeyStore, createTestCa, type TestCa } from '@issuerkit/oda'
import { beforeAll, describe, expect, test } from 'vitest'
import { connectCard } from '../src/card-connection.js'
import { type CardTree, readCard } from '../src/read-card.js'
import { openSession } from '../src/session.js'
import { createTerminalData } from '../src/terminal-data.js'
import { treeText } from '../src/tree-text.js'

const AID = 'A000000333010101'
const PAN = '6217991234567890127'
const MASTER = {
  ac: '0123456789ABCDEFFEDCBA9876543210',
  mac: '1123456789ABCDEFFEDCBA9876543210',
  enc: '2123456789ABCDEFFEDCBA9876543210',
}

let ca: TestCa
beforeAll(() => {
  ca = createTestCa({ rid: fromHex('A000000333'), index: 0xf1, bits: 1152, exponent: 3, expiry: '20491231' })
})

const made = new Map<string, string>()

/** A new card: a copy of the first of its kind, whose keys take long to make. */
function memoryOf(capabilities: object, protocol: 'T=0' | 'T=1' = 'T=0', more: object = {}): CardMemory {
  const kind = JSON.stringify([capabilities, protocol, more])
  const saved = made.get(kind) ?? saveCard(personalised(capabilities, protocol, more))
  made.set(kind, saved)
  return loadCard(saved)
}

function personalised(capabilities: object, protocol: 'T=0' | 'T=1', more: object): CardMemory {
  const application = {
    aid: AID,
    label: 'PBOC DEBIT',
    scheme: 'pboc',
    pan: PAN,
    expiry: '20491231',
    holderName: 'TEST/CARD',
    keys: { master: MASTER },
    capabilities,
    certificates: { issuerBits: 1024, iccBits: 896, exponent: 3 },
  }
  return personaliseCard(parseCardProfile({ protocol, applications: [application], ...more }), ca)
}

async function read(memory: CardMemory): Promise<CardTree> {
  const session = await openSession(connectCard(openDebitCreditCard(memory)))
  const store = new CaKeyStore()
  store.add('test', ca.key)
  const terminal = createTerminalData([['9A', fromHex('261121')]])
  try {
    return await readCard(session.exchange, { terminal, authentication: { store, profile: 'test' } })
  } finally {
    await session.close()
  }
}

describe('a virtual card', () => {
  test.each(['T=0', 'T=1'] as const)('of %s is read whole, and signs', async (protocol) => {
    const tree = await read(memoryOf({ sda: true, dda: true, cda: false }, protocol))
    expect(tree.ended).toBeUndefined()
    expect(tree.searches.map(({ method, status }) => [method, status])).toEqual([['pse', '9000']])
    const [application] = tree.applications
    expect(application?.reading?.findings).toEqual([])
    expect(application).toMatchObject({ authentication: { outcome: 'authenticated', verdict: { method: 'dda' } } })
    expect(toHex(application?.reading?.data.get('5A') ?? new Uint8Array(0))).toBe(`${PAN}F`)
    // The first GET PROCESSING OPTIONS of the card's life.
    expect(toHex(application?.data?.data.get('9F36') ?? new Uint8Array(0))).toBe('0001')
    const text = treeText(tree)
    expect(text).not.toContain(PAN)
    expect(text).toContain('621799*********0127')
  })

  test.each([
    [{ sda: true, dda: false, cda: false }, 'authenticated', 'sda'],
    [{ sda: true, dda: true, cda: true }, 'cda-needs-generate-ac', 'icc-key'],
    [{ sda: false, dda: false, cda: false }, 'no-method', 'none'],
  ])('of %o comes to %s', async (capabilities, outcome, method) => {
    const tree = await read(memoryOf(capabilities))
    expect(tree.applications[0]?.authentication).toMatchObject({ outcome, verdict: { method } })
  })

  test('without directories is found by its AID', async () => {
    const tree = await read(memoryOf({}, 'T=0', { pse: false, ppse: false }))
    expect(tree.searches.map(({ method }) => method)).toEqual(['pse', 'ppse', 'list'])
    expect(tree.applications.map(({ selected }) => selected.status)).toEqual(['9000'])
  })

  test('that is blocked answers 6A81', async () => {
    const memory = memoryOf({})
    memory.writeNumber('blocked', 1)
    memory.commit()
    expect(await read(memory)).toMatchObject({ cardBlocked: true, applications: [] })
  })

  test.each([
    ['T=0', '6283'],
    ['T=1', '6283'],
  ] as const)('of %s with a blocked application shows it', async (protocol, status) => {
    const memory = memoryOf({}, protocol)
    memory.writeNumber('app/0/state/blocked', 1)
    memory.commit()
    const [application, ...more] = (await read(memory)).applications
    expect([application?.selected.status, toHex(application?.selected.aid ?? new Uint8Array(0)), more]).toEqual([
      status,
      AID,
      [],
    ])
    expect(application?.selected.fci).toBeDefined()
    expect(application).not.toHaveProperty('initiated')
  })
})
