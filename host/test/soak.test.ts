/**
 * Virtual cards, bad terminals and a host that is reached over HTTP alone: at the end the ledger agrees with every card.
 * SOAK_SEED starts it elsewhere, SOAK_TRANSACTIONS makes it longer, SOAK_SHOW shows what happened.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { localKeyService } from '../src/keys/local-key-service.js'
import { ROUTES } from '../src/wiring.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { testServer } from './support/server.js'
import { judge } from './support/soak/judge.js'
import { viewOf } from './support/soak/ledger-view.js'
import { injectedNetwork } from './support/soak/network.js'
import { type SoakReport, soak } from './support/soak/soak.js'
import { type Account, chipOf } from './support/soak/world.js'

const SEED = Number(process.env['SOAK_SEED'] ?? 20_261_122)
const TRANSACTIONS = Number(process.env['SOAK_TRANSACTIONS'] ?? 210)

const { database } = useDatabase()
let report: SoakReport
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const keys = localKeyService(database(), new MasterKey(new Uint8Array(32)), { keepMilliseconds: 1_000 })
  const node = () => testServer(database(), ROUTES, 'error', { context: { keys } })
  const nodes = [await node(), await node()]
  report = await soak({
    network: injectedNetwork(nodes.map(({ app, access }) => ({ app, token: access.token }))),
    seed: SEED,
    transactions: TRANSACTIONS,
    accounts: Math.min(21, TRANSACTIONS),
    parallel: 4,
    judgeEvery: 8,
    // Longer than a delivery may be under way.
    afterRound: () => void vi.setSystemTime(Date.now() + 1_500),
  })
  if (process.env['SOAK_SHOW'] !== undefined) console.log(report.counts)
}, 3_600_000)
afterAll(() => void vi.useRealTimers())

describe(`${TRANSACTIONS} transactions, seed ${SEED}`, () => {
  it('the ledger agrees with every card', () => expect(report.faults).toEqual([]))

  it.each([
    'deliveries',
    'repeats',
    'entries confirmed (card)',
    'entries failed (card)',
    'offline TC',
    'terminal report-falsely',
    'terminal remove-card',
    'transactions contactless',
    'transactions lost',
  ])('there were %s', (what) => expect(report.counts[what]).toBeGreaterThan(0))

  it('little of it is unknown', () => {
    const all = Object.entries(report.counts).filter(([what]) => what.startsWith('entries '))
    const sum = all.reduce((total, [, number]) => total + number, 0)
    expect((report.counts['entries unknown (open)'] ?? 0) / sum).toBeLessThan(0.1)
  })
})

describe('the judge finds', () => {
  /** A command that a card executed and its ledger confirms, and whose card it is. */
  const executed = async (): Promise<{ readonly account: Account; readonly command: string }> => {
    for (const account of report.accounts) {
      const { handle, deliveries } = chipOf(account)
      const { entries } = await viewOf(report.world, handle)
      const one = entries.find(({ state, rank, delivery }) => {
        return state === 'confirmed' && rank === 'card' && deliveries.has(`${delivery}`)
      })
      const sent = deliveries.get(`${one?.delivery}`)?.scripts.flatMap(({ commands }) => commands)
      const command = sent?.find(({ entry }) => entry === one?.entry)
      if (command !== undefined) return { account, command: command.apdu }
    }
    throw new Error('no card executed anything')
  }
  const judged = (account: Account): Promise<string[]> => judge(report.world, account)

  it('nothing before anything is wrong', async () => {
    for (const account of report.accounts) expect(await judged(account)).toEqual([])
  })

  it('a command that is confirmed and was not executed', async () => {
    const { account, command } = await executed()
    const { door } = chipOf(account).chip
    const times = door.get(command) ?? []
    door.set(
      command,
      times.map((time) => ({ ...time, status: '6985' })),
    )
    expect((await judged(account)).join()).toMatch(/executed \(card\) .* in truth not-executed/)
    door.set(command, times)
  })

  it('a command that was executed twice', async () => {
    const { account, command } = await executed()
    const { door } = chipOf(account).chip
    const times = door.get(command) ?? []
    door.set(command, [...times, ...times])
    expect((await judged(account)).join()).toContain('was executed 2 times')
    door.set(command, times)
  })

  it('a wrong MAC', async () => {
    const { account, command } = await executed()
    const { door } = chipOf(account).chip
    const times = door.get(command) ?? []
    door.set(command, [...times, ...times.map((time) => ({ ...time, status: '6988' }))])
    expect((await judged(account)).join()).toContain('the MAC of')
    door.set(command, times)
  })

  it('a card that holds something else', async () => {
    const [account] = report.accounts
    if (account === undefined) throw new Error('no account')
    const { memory } = chipOf(account).chip.card
    memory.write('app/0/data/9F54', new Uint8Array(6).fill(0x99))
    expect((await judged(account)).join()).toContain('the card holds 999999999999 in data/9F54')
    memory.rollback()
  })

  it('a delivery that is not in the ledger', async () => {
    const { account } = await executed()
    const { deliveries } = chipOf(account)
    deliveries.set('none', { delivery: 'none', reference: 'r', atc: 1, scripts: [] })
    expect((await judged(account)).join()).toContain('the delivery of r carried')
    deliveries.delete('none')
  })
})
