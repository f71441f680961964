/** Conformance cases: VERIFY and CHANGE PIN. [ETC] 4.1.3, 4.1.4 */
import type { ConformanceCase } from './case.js'
import { challenge, enter, otherPin, seedCase, wrongPin, wrongPinStatus } from './case-helpers.js'
import type { PurseTester } from './tester.js'

const AMOUNT = 100
const LOAD_KEY = 1

async function verified(t: PurseTester): Promise<void> {
  await t.expect(t.verify(t.profile.pin), '9000')
}

/** INITIALIZE FOR LOAD, which tells by its status whether the PIN flag is set. */
async function initializeLoad(t: PurseTester, status: '9000' | '6982'): Promise<void> {
  await t.expect(t.initializeForLoad('ed', LOAD_KEY, AMOUNT), status)
}

/** A blocked PIN in use again. */
async function unblockPin(t: PurseTester): Promise<void> {
  await challenge(t)
  await t.expect(t.unblockPin(t.profile.pin), '9000')
}

/** EP's balance before the PIN, which some cards give. */
function balanceStatus(t: PurseTester): string {
  return t.profile.behaviour.balanceNeedsPin ? '6982' : '9000'
}

const CASES_VERIFY: readonly ConformanceCase[] = [
  seedCase('4.1.3-1', 'The right PIN', async (t) => {
    await enter(t)
    await verified(t)
  }),
  seedCase('4.1.3-2', 'VERIFY under the MF, which has no PIN', async (t) => {
    await enter(t, 'PSE')
    await t.expect(t.verify(t.profile.pin), '9403')
  }),
  seedCase('4.1.3-3', 'A wrong PIN of digits', async (t) => {
    await enter(t)
    await t.expect(t.verify(otherPin(t)), wrongPinStatus(t, 1))
    await verified(t)
    // The right PIN and more is another PIN, or too long for one.
    await t.expect(t.verify(`${t.profile.pin}00`), new RegExp(`^(${wrongPinStatus(t, 1)}|6700)$`))
    await verified(t)
  }),
  seedCase('4.1.3-4', 'A PIN with A to F counts as a wrong one', async (t) => {
    await enter(t)
    await t.expect(t.verify('ABCD'), wrongPinStatus(t, 1))
    await t.expect(t.verify('12FF'), wrongPinStatus(t, 2))
    await verified(t)
  }),
  seedCase('4.1.3-5', 'Wrong PINs count down; then no PIN is compared', async (t) => {
    await enter(t)
    await t.blockPin()
    await t.expect(t.verify(wrongPin(t)), '6983')
    await t.expect(t.verify(t.profile.pin), '6983')
    await unblockPin(t)
  }),
  seedCase('4.1.3-6', 'The right PIN gives all tries back', async (t) => {
    await enter(t)
    for (const wrong of [1, 2, 1]) {
      for (let times = 1; times <= wrong; times++) await t.expect(t.verify(wrongPin(t)), wrongPinStatus(t, times))
      await verified(t)
    }
  }),
  seedCase('4.1.3-7', 'VERIFY sets the PIN flag: a load goes', async (t) => {
    await enter(t)
    await initializeLoad(t, '6982')
    await verified(t)
    await initializeLoad(t, '9000')
    await t.expect(t.creditForLoad(), '9000')
  }),
  seedCase('4.1.3-8', 'VERIFY changes the security state: the balance of the e-deposit', async (t) => {
    await enter(t)
    await t.expect(t.balance('ed'), '6982')
    await verified(t)
    await t.expect(t.balance('ed'), { status: '9000', length: 4 })
  }),
  seedCase('4.1.3-9', 'VERIFY changes the security state: the balance of the e-purse', async (t) => {
    await enter(t)
    await t.expect(t.balance('ep'), balanceStatus(t))
    await verified(t)
    await t.expect(t.balance('ep'), { status: '9000', length: 4 })
  }),
  seedCase('4.1.3-11', 'A wrong PIN clears the PIN flag: no load', async (t) => {
    await enter(t)
    await initializeLoad(t, '6982')
    await verified(t)
    await initializeLoad(t, '9000')
    await t.expect(t.verify(wrongPin(t)), wrongPinStatus(t, 1))
    await initializeLoad(t, '6982')
    await verified(t)
  }),
  seedCase('4.1.3-13', 'A wrong PIN clears the security state: no balance', async (t) => {
    await enter(t)
    await verified(t)
    await t.expect(t.balance('ep'), '9000')
    await t.expect(t.verify(wrongPin(t)), wrongPinStatus(t, 1))
    await t.expect(t.balance('ep'), balanceStatus(t))
    await verified(t)
  }),
]

/** CHANGE PIN with a data field that is refused, and no try lost by it. */
function malformed(id: string, title: string, ...fields: readonly string[]): ConformanceCase {
  return seedCase(id, title, async (t) => {
    await enter(t)
    for (const field of fields) await t.expect(t.changePinRaw(field), '6A80')
    await t.expect(t.verify(wrongPin(t)), wrongPinStatus(t, 1))
    await verified(t)
  })
}

const OLD_1 = '12'
const OLD_3 = '123456'
const OLD_7 = '12121212121212'
const NEW_1 = '34'
const NEW_3 = '654321'
const NEW_7 = '34343434343434'

const CASES_CHANGE: readonly ConformanceCase[] = [
  seedCase('4.1.4-1', 'From PIN to PIN: of four, twelve, eleven and three digits', async (t) => {
    await enter(t)
    let old = t.profile.pin
    for (const fresh of ['123456123456', '12345612345F', '123F', t.profile.pin]) {
      await t.expect(t.changePin(old, fresh), '9000')
      await t.expect(t.verify(fresh), '9000')
      old = fresh
    }
  }),
  malformed('4.1.4-2a', 'An old PIN of 1 byte, a new one of 3', `${OLD_1}FF${NEW_3}`),
  malformed('4.1.4-2b', 'An old PIN of 7 bytes, a new one of 3', `${OLD_7}FF${NEW_3}`),
  malformed('4.1.4-2c', 'An old PIN of 3 bytes, a new one of 1', `${OLD_3}FF${NEW_1}`),
  malformed('4.1.4-2d', 'An old PIN of 3 bytes, a new one of 7', `${OLD_3}FF${NEW_7}`),
  malformed('4.1.4-2e', 'An old PIN of 1 byte, a new one of 7', `${OLD_1}FF${NEW_7}`),
  malformed('4.1.4-2f', 'An old PIN of 7 bytes, a new one of 1', `${OLD_7}FF${NEW_1}`),
  seedCase('4.1.4-3a', 'A new PIN with other than digits', async (t) => {
    await enter(t)
    await t.expect(t.changePin(t.profile.pin, '12A4'), '6A80')
    await t.expect(t.changePin(t.profile.pin, '1F34'), '6A80')
    await t.expect(t.verify(wrongPin(t)), wrongPinStatus(t, 1))
    await verified(t)
  }),
  malformed('4.1.4-3b', 'An old PIN with other than digits', '12A4FF4321'),
  malformed('4.1.4-3c', 'Both PINs with other than digits', '12A4FF43B1'),
  malformed('4.1.4-4', 'No FF between the PINs', '12344321', '1234004321'),
  seedCase('4.1.4-5', 'A good change gives all tries back', async (t) => {
    const [pin, other] = [t.profile.pin, otherPin(t)]
    await enter(t)
    await t.expect(t.changePin(wrongPin(t), other), wrongPinStatus(t, 1))
    await t.expect(t.changePin(pin, other), '9000')
    await t.expect(t.changePin(wrongPin(t), pin), wrongPinStatus(t, 1))
    await t.expect(t.changePin(other, pin), '9000')
  }),
  seedCase('4.1.4-6', 'Wrong old PINs count down; then no PIN is compared', async (t) => {
    const [pin, other] = [t.profile.pin, otherPin(t)]
    await enter(t)
    for (let times = 1; times <= t.profile.pinTries; times++) {
      await t.expect(t.changePin(wrongPin(t), other), wrongPinStatus(t, times))
    }
    for (const old of [pin, wrongPin(t), pin]) await t.expect(t.changePin(old, other), '6983')
    await unblockPin(t)
  }),
  seedCase('4.1.4-7a', 'A good change leaves the PIN flag set', async (t) => {
    const [pin, other] = [t.profile.pin, otherPin(t)]
    await enter(t)
    await verified(t)
    await initializeLoad(t, '9000')
    await t.expect(t.creditForLoad(), '9000')
    // A card whose finished transactions clear the flag has to have it set once more.
    if (t.profile.behaviour.pinFlagAfterTransaction === 'clear') await verified(t)
    await t.expect(t.changePin(pin, other), '9000')
    await initializeLoad(t, '9000')
    await t.expect(t.changePin(other, pin), '9000')
  }),
  seedCase('4.1.4-7b', 'A good change leaves the PIN flag clear', async (t) => {
    const [pin, other] = [t.profile.pin, otherPin(t)]
    await enter(t)
    await initializeLoad(t, '6982')
    await t.expect(t.changePin(pin, other), '9000')
    await initializeLoad(t, '6982')
    await t.expect(t.verify(other), '9000')
    await initializeLoad(t, '9000')
    await t.expect(t.changePin(other, pin), '9000')
  }),
  seedCase('4.1.4-8', 'A wrong old PIN clears the PIN flag', async (t) => {
    await enter(t)
    await verified(t)
    await initializeLoad(t, '9000')
    await t.expect(t.changePin(wrongPin(t), otherPin(t)), wrongPinStatus(t, 1))
    await initializeLoad(t, '6982')
    await verified(t)
  }),
]

export const CASES_4_1_PIN: readonly ConformanceCase[] = [...CASES_VERIFY, ...CASES_CHANGE]
