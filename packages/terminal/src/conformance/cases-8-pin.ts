/** What is cut of the commands on file 0015 and on the PIN. [ETC] 8.2.1 to 8.2.4 */
import { challenge, enter, otherPin, wrongPin } from './case-helpers.js'
import type { Step } from './step.js'
import type { TearScenario } from './tearing.js'
import { fileContent, maintenanceTries, pinTries, reloadTries, unblockTries, whichPin } from './tearing-observers.js'
import {
  againAs,
  BAD,
  expecting,
  FAILS,
  inOrder,
  newContent,
  nothing,
  oneWrongMac,
  type Work,
  wrongUpdate,
} from './tearing-steps.js'
import type { PurseTester } from './tester.js'

const verifyWrong = (t: PurseTester) => t.verify(wrongPin(t))
const verifyGood = (t: PurseTester) => t.verify(t.profile.pin)
const unblockGood = (t: PurseTester) => t.unblockPin(t.profile.pin)
const unblockWrong = (t: PurseTester) => t.unblockPin(t.profile.pin, BAD)
const reloadWrong = (t: PurseTester) => t.reloadPin(t.profile.pin, BAD)
const blockedPin: Work = (t) => t.blockPin()

/** A PIN of another length. */
const LONGER = '654321'

export const UPDATE_BINARY: TearScenario = {
  name: 'UPDATE BINARY',
  prepare: inOrder(enter, oneWrongMac, challenge),
  command: newContent,
  status: '9000',
  observe: [fileContent, maintenanceTries],
  again: inOrder(againAs(newContent), async (t) => {
    t.equal('file 0015', (await fileContent(t)) !== '', true)
  }),
}

export const UPDATE_BINARY_FAILING: readonly TearScenario[] = [
  {
    name: 'UPDATE BINARY, wrong MAC',
    prepare: inOrder(enter, challenge),
    command: wrongUpdate,
    status: '6988',
    observe: [fileContent, maintenanceTries],
    again: againAs(newContent),
    ...FAILS,
  },
  {
    name: 'UPDATE BINARY, third wrong MAC',
    prepare: inOrder(enter, oneWrongMac, oneWrongMac, challenge),
    command: wrongUpdate,
    status: '9303',
    observe: [maintenanceTries],
    again: nothing,
    ...FAILS,
  },
]

export const VERIFY: TearScenario = {
  name: 'VERIFY',
  prepare: inOrder(enter, verifyWrong),
  command: verifyGood,
  status: '9000',
  observe: [pinTries],
  again: inOrder(
    enter,
    (t) => t.expect(verifyGood(t), '9000'),
    async (t) => {
      t.equal('PIN tries', await pinTries(t), t.profile.pinTries)
    },
  ),
}

export const VERIFY_FAILING: readonly TearScenario[] = [
  {
    name: 'VERIFY, wrong PIN',
    prepare: enter,
    command: verifyWrong,
    status: '63C2',
    observe: [pinTries],
    again: inOrder(enter, (t) => t.expect(verifyGood(t), '9000')),
    ...FAILS,
  },
  {
    name: 'VERIFY, last wrong PIN',
    prepare: inOrder(enter, verifyWrong, verifyWrong),
    command: verifyWrong,
    status: '63C0',
    observe: [pinTries],
    again: inOrder(enter, blockedOrGood),
    ...FAILS,
  },
]

/** Whatever the cut has left, RELOAD PIN makes it good again. */
async function blockedOrGood(t: PurseTester): Promise<void> {
  await t.expect(t.reloadPin(t.profile.pin), '9000')
  await t.expect(verifyGood(t), '9000')
}

export const CHANGE_AND_RELOAD: readonly TearScenario[] = [
  {
    name: 'CHANGE PIN',
    prepare: inOrder(enter, verifyWrong),
    command: (t) => t.changePin(t.profile.pin, LONGER),
    status: '9000',
    observe: [knownPin, pinTries],
    again: inOrder(enter, async (t) => {
      const pin = await knownPin(t)
      await t.expect(t.changePin(pin, otherPin(t)), '9000')
      await t.expect(t.verify(otherPin(t)), '9000')
    }),
  },
  {
    name: 'RELOAD PIN',
    prepare: inOrder(enter, (t) => t.expect(reloadWrong(t), '6988'), verifyWrong),
    command: (t) => t.reloadPin(LONGER),
    status: '9000',
    observe: [knownPin, pinTries, reloadTries],
    again: inOrder(
      enter,
      (t) => t.expect(t.reloadPin(LONGER), '9000'),
      (t) => t.expect(t.verify(LONGER), '9000'),
    ),
  },
]

/** The card's PIN: its own, or the longer one. */
function knownPin(t: PurseTester): Promise<string> {
  return whichPin([t.profile.pin, LONGER])(t)
}

export const CHANGE_AND_RELOAD_FAILING: readonly TearScenario[] = [
  {
    name: 'CHANGE PIN, wrong old PIN',
    prepare: enter,
    command: (t) => t.changePin(wrongPin(t), LONGER),
    status: '63C2',
    observe: [knownPin, pinTries],
    again: inOrder(enter, (t) => t.expect(t.changePin(t.profile.pin, LONGER), '9000')),
    ...FAILS,
  },
  {
    name: 'RELOAD PIN, wrong MAC',
    prepare: enter,
    command: reloadWrong,
    status: '6988',
    observe: [knownPin, pinTries, reloadTries],
    again: inOrder(enter, blockedOrGood),
    ...FAILS,
  },
  {
    name: 'RELOAD PIN, third wrong MAC',
    prepare: inOrder(enter, reloadWrong, reloadWrong),
    command: reloadWrong,
    status: '9303',
    observe: [reloadTries],
    again: nothing,
    ...FAILS,
  },
]

export const PIN_UNBLOCK: TearScenario = {
  name: 'PIN UNBLOCK',
  prepare: inOrder(enter, blockedPin, expecting(unblockWrong, '6988'), challenge),
  command: unblockGood,
  status: '9000',
  observe: [blockedOrTries, unblockTries],
  again: inOrder(enter, async (t) => {
    if ((await pinTries(t)) > 0) await t.reloadPin(t.profile.pin).then(() => t.blockPin())
    await challenge(t)
    await t.expect(unblockGood(t), '9000')
    await t.expect(verifyGood(t), '9000')
  }),
}

/** None left, or all: nothing in between is allowed. */
async function blockedOrTries(t: PurseTester): Promise<string> {
  return `${await pinTries(t)} tries`
}

export const PIN_UNBLOCK_FAILING: readonly TearScenario[] = (
  [
    ['wrong MAC', '6988', nothing, unblockWrong],
    ['wrong PIN', '6988', nothing, (t) => t.unblockPin(wrongPin(t))],
    [
      'third wrong MAC',
      '9303',
      inOrder(expecting(unblockWrong, '6988'), expecting(unblockWrong, '6988')),
      unblockWrong,
    ],
  ] as const satisfies readonly (readonly [string, string, Work, (t: PurseTester) => Promise<Step>])[]
).map(([name, status, first, command]) => ({
  name: `PIN UNBLOCK, ${name}`,
  prepare: inOrder(enter, blockedPin, first, challenge),
  command,
  status,
  observe: status === '9303' ? [unblockTries] : [blockedOrTries, unblockTries],
  again: status === '9303' ? nothing : againAs(unblockGood),
  ...FAILS,
}))
