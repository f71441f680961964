/** Conformance cases of chapter 7: every CLA, P1, P2 and P3 that a command does not define, and every unknown INS. [ETC] 7 */
import type { ConformanceCase } from './case.js'
import { enter, reconstructedCase } from './case-helpers.js'
import {
  PARAMETERS,
  type ParameterRow,
  unknownInstructions,
  type WrongParameter,
  wrongClasses,
  wrongP1,
  wrongP2,
  wrongP3,
} from './parameters.js'
import type { PurseTestProfile } from './profile.js'
import type { PurseTester } from './tester.js'

type WrongOf = (row: ParameterRow, profile: PurseTestProfile, protocol: 'T=0' | 'T=1') => readonly WrongParameter[]

/** The four cases of a command, in the order of their numbers. */
const KINDS: readonly [title: string, of: WrongOf][] = [
  ['wrong CLA', wrongClasses],
  ['wrong P1', wrongP1],
  ['wrong P2', wrongP2],
  ['wrong length', wrongP3],
]

/** All that is wrong, one after another; neither PIN nor application is the worse for it. */
async function expectRefused(t: PurseTester, row: ParameterRow, wrong: readonly WrongParameter[]): Promise<void> {
  const { name } = t.profile.applications[0]
  await enter(t)
  for (const { command, status } of wrong) {
    await row.before?.(t)
    await t.expect(t.raw(command), status)
  }
  await t.expect(t.selectName(name), '9000')
  await t.expect(t.verify(t.profile.pin), '9000')
}

export const CASES_7: readonly ConformanceCase[] = [
  ...PARAMETERS.flatMap((row) =>
    KINDS.map(([title, of], i) =>
      reconstructedCase(
        `${row.section}-${i + 1}`,
        `${row.name}: ${title}`,
        (t) => expectRefused(t, row, of(row, t.profile, t.card.connection.protocol)),
        row.name === 'GET RESPONSE' ? { needs: ['T=0'] } : {},
      ),
    ),
  ),
  reconstructedCase('7.0', 'Every unknown instruction', async (t) => {
    // No PIN is verified: on a real card one of them may be the key to more.
    await enter(t)
    for (const { command, status } of unknownInstructions()) await t.expect(t.raw(command), status)
    await t.expect(t.selectName('ADF1'), '9000')
  }),
]
