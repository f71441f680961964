/** Conformance cases of chapter 6: random transactions against a model, and the order of the log. [ETC] 6 */
import type { ConformanceCase } from './case.js'
import { reconstructedCase } from './case-helpers.js'
import { filledPurses } from './cases-4-2-debit.js'
import { LOG, newestRecord, readLog, transact } from './purse-transaction.js'
import { replaySequence, runRandomSequence, shrinkSequence } from './random-transactions.js'
import { PurseTester } from './tester.js'

/** A sequence has the length that the specification asks for at least. */
const ACTIONS = 1000
const SEED = 20080101
const PAID = 1000

/**
 * A random sequence on the card. Where it has copies, the sequence runs on one of them and its protocol is dropped; one
 * that fails is shrunk, and the shortest runs once more, for the protocol.
 */
async function expectSequence(t: PurseTester, seed: number): Promise<void> {
  const { clone } = t.card
  if (clone === undefined) {
    const { failed } = await runRandomSequence(t, seed, ACTIONS)
    if (failed !== undefined) throw failed.error
    return t.note(`seed ${seed}: ${ACTIONS} commands`)
  }
  const steps: [] = []
  const apart = async (): Promise<PurseTester> => new PurseTester(await clone(), steps)
  const run = await runRandomSequence(await apart(), seed, ACTIONS, () => void steps.splice(0))
  t.note(`seed ${seed}: ${run.actions} commands, ${run.transactions} transactions, ${run.cuts} power cuts`)
  if (run.failed === undefined) return
  const shortest = await shrinkSequence(run.failed.actions, async (actions) => {
    try {
      await replaySequence(await apart(), actions)
      return false
    } catch {
      return true
    } finally {
      steps.splice(0)
    }
  })
  t.note(`the shortest sequence that fails: ${JSON.stringify(shortest)}`)
  await replaySequence(await t.fresh(), shortest)
  // A card that fails once and not again is no better for it.
  throw run.failed.error
}

export const CASES_6: readonly ConformanceCase[] = [
  reconstructedCase('6-1', 'Random transactions, by the model of the purse', (t) => expectSequence(t, SEED)),
  reconstructedCase('6-2', 'The log keeps the newest, in their order', async (t) => {
    const { logRecords } = t.profile
    await filledPurses(t, PAID)
    let expected: RegExp[] = []
    for (let i = 0; i < logRecords + 2; i++) {
      t.time = `1011${String(i).padStart(2, '0')}`
      await transact(t, { kind: 'purchase', purse: 'ep', amount: i })
      expected = [newestRecord(t), ...expected].slice(0, logRecords)
    }
    const log = await readLog(t)
    t.equal('records of the log', log.length, logRecords)
    for (const [i, pattern] of expected.entries()) {
      const record = log[i] as string
      t.equal(`record ${i + 1} of the log`, pattern.test(record) ? 'as told' : record, 'as told')
    }
    await t.expect(t.readRecord(LOG, logRecords + 1), '6A83')
  }),
]
