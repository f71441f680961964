/** The actions of the grey lock. Every action stands alone: without the INITIALIZE before it, MACs are made over zeros. */
import { attempt } from '../attempt.js'
import {
  debitForUnlockCommand,
  type GreyLock,
  type GreyLockAnswer,
  type GreyRequest,
  type GreyUnlockAnswer,
  greyLockCommand,
  greyLockSessionKey,
  greyUnlockCommand,
  greyUnlockSessionKey,
  initializeGreyLockCommand,
  initializeGreyUnlockCommand,
  parseGreyLockAnswer,
  parseGreyUnlockAnswer,
} from '../purse-grey.js'
import { type PurseSessionKey, withKey } from '../purse-keys.js'
import type { PurseName } from '../purse-messages.js'
import { bytesOf, type Protection, withWrongMac } from './protection.js'
import type { Step } from './step.js'
import { PurseTransactions } from './tester-transactions.js'

/** A wrong MAC on purpose. */
type MacOption = Pick<Protection, 'mac'>

const ZERO = new Uint8Array(4)

/** The terminal of the cases, with a grey lock. */
export class PurseGreyLock extends PurseTransactions {
  #request: GreyRequest = { purse: 'ep', keyIndex: 1, terminal: bytesOf(this.terminal) }
  #lock: Pick<GreyLockAnswer, 'random' | 'serial'> = { random: ZERO, serial: 0 }
  #unlock: GreyUnlockAnswer = parseGreyUnlockAnswer(new Uint8Array(18))

  async initializeForGreyLock(purse: PurseName, keyIndex: number): Promise<Step> {
    this.#request = { purse, keyIndex, terminal: bytesOf(this.terminal) }
    const step = await this.send('INITIALIZE FOR GREY LOCK', initializeGreyLockCommand(this.#request))
    this.#lock = attempt(() => parseGreyLockAnswer(step.data)) ?? this.#lock
    return step
  }

  greyLock({ mac = 'good' }: MacOption = {}): Promise<Step> {
    const lock = this.#terminalPart()
    const command = this.#withLockKey((session) => greyLockCommand(session, this.#request, lock))
    return this.send('GREY LOCK', withWrongMac(command, { mac }))
  }

  /** DEBIT FOR UNLOCK of the lock that was set last, also after a reset. */
  debitForUnlock(amount: number, { mac = 'good' }: MacOption = {}): Promise<Step> {
    const lock = this.#terminalPart()
    const command = this.#withLockKey((session) =>
      debitForUnlockCommand(session, this.#request, lock, amount, this.#lock.serial),
    )
    return this.send('DEBIT FOR UNLOCK', withWrongMac(command, { mac }))
  }

  async initializeForGreyUnlock(purse: PurseName, keyIndex: number): Promise<Step> {
    this.#request = { purse, keyIndex, terminal: bytesOf(this.terminal) }
    const step = await this.send('INITIALIZE FOR GREY UNLOCK', initializeGreyUnlockCommand(this.#request))
    this.#unlock = attempt(() => parseGreyUnlockAnswer(step.data)) ?? this.#unlock
    return step
  }

  greyUnlock(amount: number, { mac = 'good' }: MacOption = {}): Promise<Step> {
    const { date, time } = this
    const session = withKey(this.key('grey'), (key) => greyUnlockSessionKey(key, this.#unlock))
    const command = withKey(session, () => greyUnlockCommand(session, this.#request, amount, { date, time }))
    return this.send('GREY UNLOCK', withWrongMac(command, { mac }))
  }

  #terminalPart(): GreyLock {
    return { terminalSerial: 1, terminalRandom: Uint8Array.of(1, 2, 3, 4), date: this.date, time: this.time }
  }

  #withLockKey(make: (session: PurseSessionKey) => Uint8Array): Uint8Array {
    const session = withKey(this.key('grey'), (key) => greyLockSessionKey(key, this.#lock, this.#terminalPart()))
    return withKey(session, make)
  }
}
