/** Conformance cases of chapter 4.3: composite purchase. [ETC] 4.3 */
import { toHex } from '@issuerkit/apdu'
import type { ConformanceCase } from './case.js'
import { enter, reconstructedCase } from './case-helpers.js'
import { filledPurses } from './cases-4-2-debit.js'
import { compositeFile, LOCKED, otherRecord } from './composite.js'
import { bytesOf, keyOf } from './protection.js'
import {
  balanceOf,
  expectLogged,
  expectPurse,
  expectUnchanged,
  initialized,
  NO_KEY,
  readLog,
  viewPurse,
  viewPurses,
} from './purse-transaction.js'
import type { PurseTester } from './tester.js'

const AMOUNT = 100
const CAPP = { kind: 'capp', purse: 'ep', amount: AMOUNT } as const
const MISSING_FILE = 0x1d
const MISSING_TYPE = 0xbb
const NEEDS = { needs: ['composite'] } as const

/** The record of a type as the card has it. */
async function stored(t: PurseTester, type: number): Promise<string> {
  return toHex((await t.expect(t.readRecordById(compositeFile(t).sfi, type), '9000')).data)
}

/** Power on, EP filled, and a composite purchase begun. */
async function begun(t: PurseTester): Promise<void> {
  await filledPurses(t)
  await enter(t)
  await initialized(t, CAPP)
}

/** Nothing of a composite purchase has happened. @param end what ends it instead of a good debit */
async function expectNothing(t: PurseTester, end: () => Promise<unknown>): Promise<void> {
  const { sfi, records } = compositeFile(t)
  const record = records[0] as Uint8Array
  const type = record[0] as number
  await filledPurses(t)
  const before = await stored(t, type)
  const purses = await viewPurses(t)
  const log = await readLog(t)
  await enter(t)
  await initialized(t, CAPP)
  await t.expect(t.updateCapp(sfi, type, otherRecord(bytesOf(before))), '9000')
  await end()
  await enter(t)
  t.equal('the record', await stored(t, type), before)
  await expectUnchanged(t, purses, log)
}

/** A composite purchase that writes records, all of them with the debit. */
async function expectWritten(t: PurseTester, count: number): Promise<void> {
  const { sfi, records } = compositeFile(t)
  await filledPurses(t)
  const types = records.slice(0, count).map((record) => record[0] as number)
  const fresh: [type: number, record: Uint8Array][] = []
  for (const type of types) fresh.push([type, otherRecord(bytesOf(await stored(t, type)))])
  const before = await viewPurse(t, 'ep')
  const other = await viewPurse(t, 'ed')
  const log = await readLog(t)
  await enter(t)
  await t.expect(t.initializeForCapp(1, AMOUNT), { status: '9000', length: 15 })
  for (const [type, record] of fresh) await t.expect(t.updateCapp(sfi, type, record), '9000')
  const done = await t.expect(t.debitCapp(), '9000')
  t.expectCompletion(done)
  for (const [type, record] of fresh) t.equal('the record', await stored(t, type), toHex(record))
  await expectLogged(t, log, [0, before.limit])
  await expectPurse(t, 'ep', before, { balance: before.balance - AMOUNT, offline: before.offline + 1 })
  await expectPurse(t, 'ed', other)
}

/** EP grey-locked, not by a wrong MAC1, and still so when power comes back. */
async function greyLocked(t: PurseTester): Promise<void> {
  await t.expect(t.initializeForGreyLock('ep', 1), '9000')
  await t.expect(t.greyLock({ mac: 'bad' }), '9302')
  await t.expect(t.initializeForGreyLock('ep', 1), '9000')
  await t.expect(t.greyLock(), '9000')
  await enter(t)
  await t.expect(t.initializeForCapp(1, AMOUNT), '9408')
}

const PURCHASE: readonly ConformanceCase[] = [
  reconstructedCase('4.3.1-1', 'Composite purchase from end to end', (t) => expectWritten(t, 1), NEEDS),
  reconstructedCase('4.3.1-2', 'Without the debit nothing is written', (t) => expectNothing(t, () => t.reset()), NEEDS),
  reconstructedCase(
    '4.3.1-3',
    'With a wrong MAC1 nothing is written',
    (t) => expectNothing(t, () => t.expect(t.debitCapp({ mac: 'bad' }), '9302')),
    NEEDS,
  ),
  reconstructedCase(
    '4.3.1-4',
    'Composite purchase with an unknown key, of more than there is, of a locked purse',
    async (t) => {
      await filledPurses(t)
      await t.expect(t.initializeForCapp(NO_KEY, AMOUNT), '9403')
      const balance = await balanceOf(t, 'ep')
      await t.expect(t.initializeForCapp(1, balance + 1), '9401')
      const { offline: serial } = await viewPurse(t, 'ep')
      if (keyOf(t.profile.applications[0].keys, 'grey') === undefined) return t.note('no key of the grey lock')
      await greyLocked(t)
      await t.expect(t.debitForUnlock(balance + 1), '9401')
      await t.expect(t.debitForUnlock(AMOUNT, { mac: 'bad' }), '9302')
      await t.expect(t.initializeForCapp(1, AMOUNT), '9408')
      await t.expect(t.debitForUnlock(AMOUNT), '9000')
      await t.expect(t.initializeForCapp(1, AMOUNT), '9000')
      t.equal('balance behind the release', await balanceOf(t, 'ep'), balance - AMOUNT)
      await greyLocked(t)
      await t.expect(t.initializeForGreyUnlock('ep', 1), '9000')
      await t.expect(t.greyUnlock(AMOUNT, { mac: 'bad' }), '9302')
      await t.expect(t.initializeForCapp(1, AMOUNT), '9408')
      await t.expect(t.initializeForGreyUnlock('ep', 1), '9000')
      await t.expect(t.greyUnlock(AMOUNT), '9000')
      // Each lock has taken a serial, so that no session key comes twice.
      t.equal('offline serial', (await viewPurse(t, 'ep')).offline, serial + 2)
      t.equal("balance behind the issuer's release", await balanceOf(t, 'ep'), balance - 2 * AMOUNT)
    },
    NEEDS,
  ),
  reconstructedCase(
    '4.3.1-5',
    'Composite purchase is for EP alone',
    async (t) => {
      await filledPurses(t)
      await t.expect(t.raw(`805003010B0100000064${t.terminal}0F`), '6A86')
    },
    NEEDS,
  ),
  reconstructedCase(
    '4.3.1-6',
    'Composite purchase that writes no record',
    async (t) => {
      await begun(t)
      const allowed = t.profile.behaviour.cappWithoutUpdate === 'allow'
      const done = await t.expect(t.debitCapp(), allowed ? '9000' : '6901')
      if (allowed) t.expectCompletion(done)
    },
    NEEDS,
  ),
]

const CACHE: readonly ConformanceCase[] = [
  reconstructedCase(
    '4.3.2-1',
    'Several records are written with one debit',
    (t) => expectWritten(t, compositeFile(t).records.length),
    NEEDS,
  ),
  reconstructedCase(
    '4.3.2-2',
    'UPDATE CAPP DATA CACHE without INITIALIZE, and in another transaction',
    async (t) => {
      const { sfi, records } = compositeFile(t)
      const record = records[0] as Uint8Array
      const { cappStateStatus } = t.profile.behaviour
      await enter(t)
      await t.expect(t.updateCapp(sfi, record[0] as number, record), cappStateStatus)
      await filledPurses(t)
      await t.expect(t.initializeForPurchase('ep', 1, AMOUNT), '9000')
      await t.expect(t.updateCapp(sfi, record[0] as number, record), cappStateStatus)
      await t.expect(t.debit(), '6901')
    },
    NEEDS,
  ),
  reconstructedCase(
    '4.3.2-3',
    'UPDATE CAPP DATA CACHE of a file, a record that is not there',
    async (t) => {
      const { sfi, records } = compositeFile(t)
      const record = records[0] as Uint8Array
      await begun(t)
      await t.expect(t.updateCapp(MISSING_FILE, record[0] as number, record), '6A82')
      await initialized(t, CAPP)
      await t.expect(t.updateCapp(sfi, MISSING_TYPE, Uint8Array.of(MISSING_TYPE, ...record.subarray(1))), '6A83')
      await initialized(t, CAPP)
      await t.expect(t.updateCappByNumber(sfi, 0x7f, record), '6A83')
    },
    NEEDS,
  ),
  reconstructedCase(
    '4.3.2-4',
    'UPDATE CAPP DATA CACHE with a record of another length',
    async (t) => {
      const { sfi, records } = compositeFile(t)
      const record = records[0] as Uint8Array
      await begun(t)
      await t.expect(t.updateCapp(sfi, record[0] as number, Uint8Array.of(...record, 0)), '6A84')
      await initialized(t, CAPP)
      await t.expect(t.updateCapp(sfi, record[0] as number, record.slice(0, -1)), /^(6A80|6700)$/)
    },
    NEEDS,
  ),
  reconstructedCase(
    '4.3.2-5',
    'UPDATE CAPP DATA CACHE of a record whose application is locked',
    async (t) => {
      const { sfi, records } = compositeFile(t)
      const locked = t.profile.composite?.records.map(bytesOf).find((record) => record[LOCKED] !== 0)
      if (locked !== undefined) {
        await begun(t)
        await t.expect(t.updateCapp(sfi, locked[0] as number, locked), '6985')
        return
      }
      if (t.card.clone === undefined) return t.note('no locked record, and none may be made: the card has no copies')
      const record = (records[0] as Uint8Array).map((byte, i) => (i === LOCKED ? 1 : byte))
      await begun(t)
      await t.expect(t.updateCapp(sfi, record[0] as number, record), '9000')
      await t.expect(t.debitCapp(), '9000')
      await initialized(t, CAPP)
      await t.expect(t.updateCapp(sfi, record[0] as number, record), '6985')
    },
    NEEDS,
  ),
]

export const CASES_4_3: readonly ConformanceCase[] = [...PURCHASE, ...CACHE]
