/** Conformance cases: what was personalised. [ETC] 3.2, 3.3 */
import { toHex } from '@issuerkit/apdu'
import type { ConformanceCase } from './case.js'
import {
  challenge,
  contentOf,
  describedKey,
  enter,
  expectContent,
  oldLimitOf,
  seedCase,
  turnedOver,
} from './case-helpers.js'
import type { TestKeyName } from './profile.js'
import type { Step } from './step.js'
import type { PurseTester } from './tester.js'

const DIRECTORY = 0x01
const LOAD = 100
/** Less than what the loads before have brought. */
const DEBIT = 1
const INDEXES = [1, 2] as const

/** The same file of both applications. */
async function expectFile(t: PurseTester, sfi: '15' | '16'): Promise<void> {
  await t.reset()
  for (const [application, name] of [
    [0, 'ADF1'],
    [1, 'ADF2'],
  ] as const) {
    await t.expect(t.selectName(name), '9000')
    await expectContent(t, Number.parseInt(sfi, 16), contentOf(t, sfi, application))
  }
}

/** What the answer of INITIALIZE says of its key: version and algorithm. @param at where the two bytes stand */
function expectKey(t: PurseTester, { data }: Step, name: TestKeyName, index: number, at: number): void {
  const { version, algorithm } = describedKey(t, name, index)
  t.equal('key version', toHex(data.slice(at, at + 1)), version.toUpperCase())
  t.equal('algorithm identifier', toHex(data.slice(at + 1, at + 2)), algorithm.toUpperCase())
}

async function verified(t: PurseTester): Promise<void> {
  await enter(t)
  await t.expect(t.verify(t.profile.pin), '9000')
}

const FILES: readonly ConformanceCase[] = [
  seedCase('3.2-1', 'The directory file has its records, and no more', async (t) => {
    const { directory } = t.profile
    await enter(t, 'PSE')
    for (const [i, data] of directory.entries()) {
      await t.expect(t.readRecord(DIRECTORY, i + 1), { status: '9000', data })
    }
    await t.expect(t.readRecord(DIRECTORY, directory.length + 1), '6A83')
  }),
  seedCase('3.2-2', 'File 0015 of both applications', (t) => expectFile(t, '15')),
  seedCase('3.2-3', 'File 0016 of both applications', (t) => expectFile(t, '16')),
  seedCase('3.2-4', 'The FCI of the MF and of both applications', async (t) => {
    const { mf, applications } = t.profile
    await t.reset()
    for (const { name, fci } of [mf, ...applications]) {
      await t.expect(t.selectName(name), { status: '9000', data: fci })
    }
  }),
  seedCase('3.2-5', 'SELECT by file identifier, which a personalised card refuses', async (t) => {
    const { mf, applications, behaviour } = t.profile
    const expected = behaviour.selectByFid === 'refuse' ? '6A86' : '9000'
    await t.reset()
    for (const { fid } of [mf, ...applications]) await t.expect(t.selectFid(fid), expected)
    await t.expect(t.selectName('ADF1'), '9000')
    await t.expect(t.selectFid('0015'), expected)
  }),
]

const KEYS: readonly ConformanceCase[] = [
  seedCase('3.3-1', 'The PIN', verified),
  seedCase('3.3-2', 'The key that unblocks the PIN', async (t) => {
    await enter(t)
    await t.blockPin()
    await challenge(t)
    await t.expect(t.unblockPin(t.profile.pin), '9000')
    await t.expect(t.verify(t.profile.pin), '9000')
  }),
  seedCase('3.3-3', 'The key that reloads the PIN', async (t) => {
    await enter(t)
    await t.expect(t.reloadPin('1233'), '9000')
    await t.expect(t.verify('1233'), '9000')
    await t.expect(t.reloadPin(t.profile.pin), '9000')
  }),
  seedCase('3.3-4', 'The maintenance key writes files 0015 and 0016, that of each application its own', async (t) => {
    for (const [application, name] of [
      [0, 'ADF1'],
      [1, 'ADF2'],
    ] as const) {
      await enter(t, name)
      for (const sfi of ['15', '16'] as const) {
        // What was written in the other application has not changed this one.
        const before = contentOf(t, sfi, application)
        await expectContent(t, Number.parseInt(sfi, 16), before)
        const content = turnedOver(before)
        await challenge(t)
        await t.expect(t.updateBinary(Number.parseInt(sfi, 16), 0, content), '9000')
        await expectContent(t, Number.parseInt(sfi, 16), content)
      }
    }
  }),
  seedCase('3.3-5', 'Both load keys, for both purses', async (t) => {
    for (const purse of ['ed', 'ep'] as const) {
      for (const index of INDEXES) {
        await verified(t)
        const step = await t.expect(t.initializeForLoad(purse, index, LOAD), { status: '9000', length: 16 })
        expectKey(t, step, 'load', index, 6)
        await t.expect(t.creditForLoad(), '9000')
      }
    }
  }),
  seedCase('3.3-6', 'Both unload keys', async (t) => {
    for (const index of INDEXES) {
      await verified(t)
      const step = await t.expect(t.initializeForUnload(index, DEBIT), { status: '9000', length: 16 })
      expectKey(t, step, 'unload', index, 6)
      await t.expect(t.debitForUnload(), '9000')
    }
  }),
  seedCase('3.3-7', 'Both purchase keys, for the e-deposit with the PIN and for the e-purse without', async (t) => {
    for (const purse of ['ed', 'ep'] as const) {
      for (const index of INDEXES) {
        await (purse === 'ed' ? verified(t) : enter(t))
        const step = await t.expect(t.initializeForPurchase(purse, index, DEBIT), { status: '9000', length: 15 })
        expectKey(t, step, 'purchase', index, 9)
        await t.expect(t.debit(), '9000')
      }
    }
  }),
  seedCase('3.3-8', 'Both keys of the overdraft limit', async (t) => {
    for (const [index, change] of [
      [1, 1000],
      [2, -1000],
    ] as const) {
      await verified(t)
      const step = await t.expect(t.initializeForUpdate(index), { status: '9000', length: 19 })
      expectKey(t, step, 'overdraft', index, 9)
      await t.expect(t.updateOverdraftLimit(oldLimitOf(step) + change), '9000')
    }
  }),
]

export const CASES_3: readonly ConformanceCase[] = [...FILES, ...KEYS]
