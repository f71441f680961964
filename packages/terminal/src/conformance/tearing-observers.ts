/** What can be seen of a card from outside after a power cut: what is in it, and how many tries its counters have left. */
import { toHex } from '@issuerkit/apdu'
import { transactionType } from '../purse-messages.js'
import { contentOf, enter, wrongPin } from './case-helpers.js'
import { compositeFile } from './composite.js'
import { begunOf, LOG, leastLoad, type PlannedTransaction } from './purse-transaction.js'
import type { Step } from './step.js'
import type { PurseTester } from './tester.js'

/** No counter has so many. */
const MOST_TRIES = 20

/** PIN tries left, by one wrong PIN. */
export async function pinTries(t: PurseTester): Promise<number> {
  await enter(t)
  const { status } = await t.verify(wrongPin(t))
  return status.startsWith('63C') ? Number.parseInt(status.slice(3), 16) + 1 : 0
}

/** Which of two PINs is the card's; asked where none is blocked. */
export function whichPin(candidates: readonly string[]): (t: PurseTester) => Promise<string> {
  return async (t) => {
    await enter(t)
    // RELOAD PIN would change it, and a wrong try is counted: the second candidate needs a try of its own.
    for (const pin of candidates) if ((await t.verify(pin)).status === '9000') return pin
    return 'another PIN'
  }
}

/** What SELECT says of ADF1. */
export async function selectStatus(t: PurseTester): Promise<string> {
  await t.reset()
  return (await t.selectName('ADF1')).status
}

/** Wrong MACs left of the maintenance key, whether the application is blocked for a time or not. */
export async function maintenanceTries(t: PurseTester): Promise<number> {
  const status = await selectStatus(t)
  const blocked = status === '6A81'
  if (status !== '9000' && !blocked) return 0
  return await wrongMacs(t, () =>
    blocked ? t.applicationUnblock({ mac: 'bad' }) : t.updateBinary(0x15, 0, contentOf(t, '15'), { mac: 'bad' }),
  )
}

/** Wrong MACs left of the key of RELOAD PIN. */
export async function reloadTries(t: PurseTester): Promise<number> {
  if ((await selectStatus(t)) !== '9000') return 0
  return await wrongMacs(t, () => t.reloadPin(t.profile.pin, { mac: 'bad' }))
}

/** Wrong MACs left of the key of PIN UNBLOCK; a PIN that is not blocked is blocked first. */
export async function unblockTries(t: PurseTester): Promise<number> {
  if ((await selectStatus(t)) !== '9000') return 0
  for (let i = 0; i < MOST_TRIES && (await t.verify(wrongPin(t))).status !== '6983'; i++);
  return await wrongMacs(t, () => t.unblockPin(t.profile.pin, { mac: 'bad' }))
}

/** File 0015. */
export async function fileContent(t: PurseTester): Promise<string> {
  await enter(t)
  const { length } = contentOf(t, '15')
  return toHex((await t.readBinary(0x15, 0, length)).data)
}

/**
 * Money and all that belongs to it: proof of the transaction that was begun, balances, serials, limit, the newest records
 * of the log, the records of composite purchase. The proof has to say what the serial says.
 */
export function money({
  kind,
  purse,
}: Pick<PlannedTransaction, 'kind' | 'purse'>): (t: PurseTester) => Promise<string> {
  const type = transactionType(kind, purse)
  return async (t) => {
    const { serial, mac1 } = begunOf(t).answer
    const isOnline = mac1 !== undefined
    await enter(t)
    const { status } = await t.prove(type, serial)
    await t.verify(t.profile.pin)
    const seen = [status]
    for (const name of ['ed', 'ep'] as const) {
      const { data } = await t.balance(name)
      await t.expect(t.initializeForLoad(name, 1, leastLoad(t)), '9000')
      const online = begunOf(t).answer.serial
      await t.expect(t.initializeForPurchase(name, 1, 0), '9000')
      const { serial: offline, limit } = begunOf(t).answer
      seen.push(`${name} ${toHex(data)} ${online} ${offline} ${limit}`)
      const now = isOnline ? online : offline
      if (name === purse) t.equal('proof', status, now === serial ? '9406' : '9000')
    }
    // Not the whole log: what a commit moves shows in its first two records.
    for (const number of [1, 2]) seen.push(toHex((await t.readRecord(LOG, number)).data))
    const { sfi, records } = compositeFile(t)
    for (const record of kind === 'capp' ? records : []) {
      seen.push(toHex((await t.readRecordById(sfi, record[0] as number)).data))
    }
    return seen.join(' ')
  }
}

/** How many times a command with a wrong MAC is refused until it blocks the application; the last one counts. */
async function wrongMacs(t: PurseTester, command: () => Promise<Step>): Promise<number> {
  for (let tries = 1; tries < MOST_TRIES; tries++) {
    await t.challenge(4)
    if ((await command()).status === '9303') return tries
  }
  return MOST_TRIES
}
