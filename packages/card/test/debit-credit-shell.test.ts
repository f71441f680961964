/** SELECT, and the card as a whole, against [EMV-B1] 11, 12 and [PBOC-SCRIPT] 5. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { openDebitCreditCard } from '../src/debit-credit-card.js'
import { forgetTransaction, newTransaction } from '../src/debit-credit-model.js'
import { GPO, SELECT, shell } from './support/shell.js'
import {
  TEST_FCI,
  TEST_PPSE_FCI,
  TEST_PSE_FCI,
  TEST_PSE_RECORD,
  testApplicationObjects,
  testCardMemory,
} from './support/test-card.js'

const PSE = '00A404000E315041592E5359532E4444463031'
const PPSE = '00A404000E325041592E5359532E4444463031'
const SECOND = 'A000000333010102'
const OTHER = 'A0000000031010AA'

/** A card with three applications: two of one RID, one of another between them. */
const three = {
  card: { applications: 3 },
  objects: Object.fromEntries([
    ...testApplicationObjects(1, { aid: OTHER }),
    ...testApplicationObjects(2, { aid: SECOND }),
  ]),
}
const fci = (aid: string): string => `${TEST_FCI.replace('A000000333010101', aid)}9000`

describe('SELECT', () => {
  it('reads the published card as its reading does', async () => {
    const { send } = shell()
    // Seed 001: the whole way from the PSE to the AFL.
    expect(await send(`${PSE}00`)).toBe(`${TEST_PSE_FCI}9000`)
    expect(await send('00B2010C00')).toBe(`${TEST_PSE_RECORD}9000`)
    expect(await send(`${SELECT}00`)).toBe(
      '6F428408A000000333010101A536500A50424F432044454249549F38099F7A019F02065F2A025F2D027A689F1101019F120A50424F43204445424954BF0C059F4D020B0A9000',
    )
    expect(await send('80A800000B83099F02065F2A0200000000')).toBe(
      '80167D0008010100100101011003060018010100200101009000',
    )
  })
  it('gives data on T=0 by GET RESPONSE', async () => {
    const { send } = shell({ card: { protocol: 'T=0' } })
    expect(await send(SELECT)).toBe('6144')
    expect(await send('00C0000044')).toBe(`${TEST_FCI}9000`)
    expect(await send('00B2010C00')).toBe('6C1D')
  })
  it('finds the PPSE, whose directory has no file', async () => {
    const { send } = shell()
    expect(await send(PPSE)).toBe(`${TEST_PPSE_FCI}9000`)
    expect(await send('00B2010C00')).toBe('6A82')
  })
  it('knows no directory that the card has not', async () => {
    const { send } = shell({ objects: { 'pse/fci': undefined, 'ppse/fci': undefined } })
    expect(await send(PSE)).toBe('6A82')
    expect(await send(PPSE)).toBe('6A82')
    expect(await send('00B2010C00')).toBe('6985')
  })
  it.each([
    ['another way than by name', '00A4000008A000000333010101', '6A86'],
    ['another occurrence', '00A4040108A000000333010101', '6A86'],
    ['no FCI', '00A4040C08A000000333010101', '6A86'],
    ['4 bytes of name', '00A4040004A0000003', '6700'],
    ['17 bytes of name', `00A4040011${'A000000333010101'.repeat(2)}00`, '6700'],
    ['no name', '00A4040000', '6700'],
    ['another name', '00A4040008A000000333010199', '6A82'],
    ['more than the name', '00A4040009A00000033301010100', '6A82'],
    ['the next one of nothing', '00A4040208A000000333010101', '6A82'],
  ])('refuses %s', async (_, command, status) => {
    expect(await shell().send(command)).toBe(status)
  })
  it('goes on after a SELECT that is none, and has nothing selected after one that finds nothing', async () => {
    const { send } = shell()
    await send(SELECT, GPO)
    expect(await send('00A40400')).toBe('6700')
    expect(await send('80CA9F3600')).toBe('9F360200019000')
    expect(await send('00A4040008A000000333010199')).toBe('6A82')
    expect(await send('80CA9F3600')).toBe('6985')
  })
  it('walks the applications that begin with a name', async () => {
    const { send } = shell(three)
    const rid = '05A000000333'
    expect(await send(`00A40400${rid}`)).toBe(fci('A000000333010101'))
    expect(await send(`00A40402${rid}`)).toBe(fci(SECOND))
    expect(await send(`00A40402${rid}`)).toBe('6A82')
    // The list has ended: the next one is not the first.
    expect(await send(`00A40402${rid}`)).toBe('6A82')
    expect(await send(`00A4040008${OTHER}`)).toBe(fci(OTHER))
    expect(await send(`00A40402${rid}`)).toBe(fci(SECOND))
    expect(await send(`00A4040008${SECOND}`)).toBe(fci(SECOND))
  })
  it('keeps the applications apart', async () => {
    const { send, object } = shell(three)
    await send(`00A4040008${SECOND}`, GPO)
    expect(['0', '1', '2'].map((i) => object(`app/${i}/data/9F36`))).toEqual(['0000', '0000', '0001'])
  })
  it('begins anew: the transaction before is forgotten', async () => {
    const { send } = shell()
    await send(SELECT, GPO)
    expect(await send(GPO)).toBe('6985')
    expect(await send(SELECT, GPO)).toMatch(/9000$/)
    expect(await send('80CA9F3600')).toBe('9F360200029000')
  })
})

describe('a blocked application', () => {
  const blocked = { 'app/0/state/blocked': '01' }
  it('is selected with a warning', async () => {
    const { send } = shell({ objects: blocked })
    expect(await send(SELECT)).toBe(`${TEST_FCI}6283`)
    expect(await send(GPO)).toMatch(/9000$/)
  })
  it('gives the warning first on T=0', async () => {
    const { send } = shell({ objects: blocked, card: { protocol: 'T=0' } })
    expect(await send(SELECT)).toBe('6283')
    expect(await send('00C0000044')).toBe(`${TEST_FCI}9000`)
  })
  it.each(['T=0', 'T=1'] as const)(
    'is refused with 6A81 where the switch says so, the FCI behind it on %s',
    async (protocol) => {
      const { send } = shell({ objects: blocked, switches: { selectBlocked: '6A81' }, card: { protocol } })
      expect(await send(SELECT)).toBe('6A81')
      expect(await send('00C0000044')).toBe(`${TEST_FCI}9000`)
      // Selected all the same, to be unblocked.
      expect(await send('80CA9F3605')).toBe('9F360200009000')
    },
  )
  it('by the PIN is blocked, too', async () => {
    expect(await shell({ objects: { 'app/0/state/blocked': '02' } }).send(SELECT)).toMatch(/6283$/)
  })
})

describe('a blocked card', () => {
  const everything = [
    PSE,
    PPSE,
    SELECT,
    '00A40400',
    GPO,
    '00B2010C00',
    '80CA9F3600',
    '0084000000',
    '00100000',
    '00C0000010',
  ]
  it.each(everything)('answers 6A81 to %s', async (command) => {
    expect(await shell({ objects: { blocked: '01' } }).send(command)).toBe('6A81')
  })
  it('goes on to the end of the transaction in which it was blocked', async () => {
    const { send, memory, card } = shell({ card: { protocol: 'T=0' } })
    await send(SELECT, GPO)
    memory.write('blocked', fromHex('01'))
    memory.commit()
    expect(await send('80CA9F3605')).toBe('9F360200019000')
    expect(await send('0084000008')).toBe('01020304050607089000')
    expect(await send('00B2010000')).toBe('6A86')
    expect(await send('80A40400')).toBe('6E00')
    expect(await send('80CA9F3605')).toBe('9F360200019000')
    expect(await send('00A40400')).toBe('6A81')
    expect(await send('80CA9F3605')).toBe('6A81')
    expect(await send('00C0000044')).toBe('6A81')
    card.powerUp()
    expect(await send('80CA9F3605')).toBe('6A81')
  })
  it('is blocked from a reset on', async () => {
    const { send, memory, card } = shell({ card: { protocol: 'T=0' } })
    expect(await send(SELECT)).toBe('6144')
    memory.write('blocked', fromHex('01'))
    memory.commit()
    expect(await send('00C0000044')).toBe(`${TEST_FCI}9000`)
    card.powerUp()
    expect(await send('00C0000044')).toBe('6A81')
    expect(await send(SELECT)).toBe('6A81')
  })
})

describe('the card', () => {
  it('answers to reset, and forgets what was selected', async () => {
    const { card, send } = shell()
    await send(SELECT)
    expect(toHex(card.powerUp())).toBe('3B6500002063CB6800')
    expect(await send('80CA9F3600')).toBe('6985')
  })
  it('takes random numbers from the platform unless given', async () => {
    const card = openDebitCreditCard(testCardMemory({ card: { protocol: 'T=1' } }))
    await card.exchange(fromHex(SELECT))
    const [first, second] = [await card.exchange(fromHex('0084000008')), await card.exchange(fromHex('0084000008'))]
    expect(first).toHaveLength(10)
    expect(toHex(first)).not.toBe(toHex(second))
  })
  it.each(['6D00', '6F00', '6985'] as const)(
    'answers GET RESPONSE with %s when nothing is pending',
    async (nothingPending) => {
      expect(await shell({ switches: { nothingPending } }).send('00C0000010')).toBe(nothingPending)
    },
  )
  it('survives a fuse at every write of GET PROCESSING OPTIONS: the ATC is the old or the new one', async () => {
    const counted = shell()
    await counted.send(SELECT)
    const before = counted.memory.writes
    await counted.send(GPO)
    const writes = counted.memory.writes - before
    expect(writes).toBeGreaterThan(2)
    const seen = new Set<string>()
    for (let write = 1; write <= writes; write++) {
      for (const at of ['before', 'torn', 'after'] as const) {
        const { card, send, memory } = shell()
        await send(SELECT)
        memory.arm({ write, at })
        await expect(send(GPO)).rejects.toMatchObject({ code: 'ERR_POWER' })
        card.powerUp()
        expect(await send('80CA9F3600')).toBe('6985')
        seen.add(await send(SELECT, '80CA9F3600'))
      }
    }
    expect([...seen].sort()).toEqual(['9F360200009000', '9F360200019000'])
  })
})

describe('what a transaction leaves behind', () => {
  it('is nothing: its bytes are zeroed', () => {
    const bytes = (): Uint8Array => Uint8Array.of(1, 2, 3)
    const known = { pdolData: bytes(), cdol1Data: bytes(), cryptogram: bytes(), csu: bytes(), challenge: bytes() }
    forgetTransaction({ ...newTransaction(), ...known })
    for (const value of Object.values(known)) expect(value).toEqual(new Uint8Array(3))
    expect(() => forgetTransaction(newTransaction())).not.toThrow()
  })
  it.each([
    ['the next command', '80CA9F3600'],
    ['another GET CHALLENGE', '0084000008'],
    ['a SELECT', SELECT],
    ['a reset', undefined],
  ])('ends a challenge with %s', async (_, next) => {
    const made: Uint8Array[] = []
    const random = (length: number): Uint8Array => {
      const bytes = new Uint8Array(length).fill(0xa5)
      made.push(bytes)
      return bytes
    }
    const card = openDebitCreditCard(testCardMemory({ card: { protocol: 'T=1' } }), { random })
    await card.exchange(fromHex(SELECT))
    expect(toHex(await card.exchange(fromHex('0084000008')))).toBe(`${'A5'.repeat(8)}9000`)
    expect(made[0]).toEqual(new Uint8Array(8).fill(0xa5))
    if (next === undefined) card.powerUp()
    else await card.exchange(fromHex(next))
    expect(made[0]).toEqual(new Uint8Array(8))
  })
})
