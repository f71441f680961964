/** Pieces of the commands that are cut: what comes before, and the command once more. */
import { challenge, contentOf, enter, turnedOver } from './case-helpers.js'
import type { Step } from './step.js'
import type { PurseTester } from './tester.js'

export type Work = (t: PurseTester) => Promise<unknown>

export const BAD = { mac: 'bad' } as const
export const FAILS = { fails: true } as const

/** Work one behind another. */
export function inOrder(...works: readonly Work[]): (t: PurseTester) => Promise<void> {
  return async (t) => {
    for (const work of works) await work(t)
  }
}

/** The command behind a fresh challenge, and its status. */
export function expecting(command: (t: PurseTester) => Promise<Step>, status: string): Work {
  return async (t) => {
    await challenge(t)
    await t.expect(command(t), status)
  }
}

export const newContent = (t: PurseTester) => t.updateBinary(0x15, 0, turnedOver(contentOf(t, '15')))
export const wrongUpdate = (t: PurseTester) => t.updateBinary(0x15, 0, turnedOver(contentOf(t, '15')), BAD)

/** One wrong MAC of the maintenance key, so that success has a counter to bring back. */
export const oneWrongMac: Work = expecting(wrongUpdate, '6988')

/** The command behind a fresh challenge, on a card that was cut and reset. */
export function againAs(command: (t: PurseTester) => Promise<Step>): (t: PurseTester) => Promise<void> {
  return inOrder(enter, expecting(command, '9000'))
}

export async function nothing(): Promise<void> {
  // A card that is blocked for good, or nearly: there is nothing to do again.
}
