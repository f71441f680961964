/**
 * A soak run: cardholders with virtual cards, terminals that misbehave, staff that queues commands, and a host that is reached
 * over HTTP alone. At the end, and now and then before it, the ledger must agree with every card.
 */
import { createSeededRandom } from '@issuerkit/terminal'
import { newChip } from './chip.js'
import { judge } from './judge.js'
import { judgeEvents } from './judge-events.js'
import { KINDS, openIssuers } from './kinds.js'
import type { Network } from './network.js'
import { cancelSomething, held, proveSomething, queueSomething, reissue } from './orders.js'
import { transact, transactWell } from './transaction.js'
import { type Account, chance, chipOf, count, type World } from './world.js'

export interface SoakOptions {
  readonly network: Network
  readonly seed: number
  readonly transactions: number
  readonly accounts: number
  /** How many accounts are served at the same time. */
  readonly parallel: number
  /** Called after each round over all accounts. */
  readonly afterRound?: () => void | Promise<void>
  /** All cards are judged after so many rounds, too. */
  readonly judgeEvery: number
}

export interface SoakReport {
  /** What disagrees and what went wrong, in words. */
  readonly faults: readonly string[]
  readonly counts: Readonly<Record<string, number>>
  /** What the driver knows, to judge again. */
  readonly world: World
  readonly accounts: readonly Account[]
}

/** Runs it. Each account has random numbers of its own, so that the order of the accounts changes none of them. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { network, seed, transactions, parallel, judgeEvery, afterRound } = options
  const pinKeys = await openIssuers(network)
  const world: World = { seed, network, pinKeys, orders: new Map(), faults: [], counts: new Map() }
  const accounts = await inParallel(parallel, Array.from({ length: options.accounts }), (_, i) => opened(world, i))
  for (let round = 0; round * accounts.length < transactions; round += 1) {
    const left = transactions - round * accounts.length
    await inParallel(parallel, accounts.slice(0, left), (account) => turn(world, account))
    if ((round + 1) % judgeEvery === 0) await judgeAll(world, accounts, parallel, new Map())
    await afterRound?.()
  }
  await inParallel(parallel, accounts, (account) => settle(world, account))
  await afterRound?.()
  await judgeAll(world, accounts, parallel, world.counts)
  world.faults.push(...(await judgeEvents(world, accounts)))
  const counts = Object.fromEntries([...world.counts].toSorted())
  return { faults: [...new Set(world.faults)], counts, world, accounts }
}

async function opened(world: World, index: number): Promise<Account> {
  const kind = KINDS[index % KINDS.length] as (typeof KINDS)[number]
  const random = createSeededRandom((world.seed + 7919 * index) >>> 0)
  const name = `${kind.issuer}-${index}`
  const account: Account = { name, kind, random, chips: [], mail: [], lastResults: [], turns: 0 }
  const pan = `${kind.bin}${`${index}`.padStart(10, '0')}`
  account.chips.push(await held(world, account, newChip(kind, pan, '00', random)))
  return account
}

/** What happens to an account in one round: at most one transaction, and what lies around it. */
async function turn(world: World, account: Account): Promise<void> {
  if (chance(account, 0.55)) await queueSomething(world, account)
  if (chance(account, 0.25)) await queueSomething(world, account)
  if (chance(account, 0.04)) await cancelSomething(world, account)
  if (chance(account, 0.02)) await proveSomething(world, account)
  await transact(world, account)
  await deliverMail(account)
  const isDead = chipOf(account).chip.now()['card'] !== '00'
  if (!(isDead && chance(account, 0.5)) && !chance(account, 0.015)) return
  await deliverMail(account, true)
  await reissue(world, account)
}

async function deliverMail(account: Account, isLast = false): Promise<void> {
  const due = account.mail.filter((mail) => isLast || mail.due <= account.turns)
  account.mail = account.mail.filter((mail) => !due.includes(mail))
  for (const { send } of due) await send()
  // What a late terminal sends may be late in its turn.
  if (isLast && account.mail.length > 0) await deliverMail(account, true)
}

/** The post comes, and a good transaction tells what the last one left. */
async function settle(world: World, account: Account): Promise<void> {
  await deliverMail(account, true)
  await transactWell(world, account)
  await deliverMail(account, true)
}

async function judgeAll(
  world: World,
  accounts: readonly Account[],
  parallel: number,
  counts: World['counts'],
): Promise<void> {
  const found = await inParallel(parallel, accounts, (account) => judge({ ...world, counts }, account))
  world.faults.push(...found.flat())
  count(world, 'times judged')
}

/** The work on all items, so many at a time. */
async function inParallel<T, R>(
  width: number,
  items: readonly T[],
  work: (item: T, i: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const queue = items.entries()
  const worker = async (): Promise<void> => {
    for (const [i, item] of queue) results[i] = await work(item, i)
  }
  await Promise.all(Array.from({ length: width }, worker))
  return results
}
