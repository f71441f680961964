/** Commands of all kinds at random, as an issuer's staff would queue them. */
import { createCipheriv } from 'node:crypto'
import { keyOf } from './kinds.js'
import { type Account, chance, chipOf, type Order, type World } from './world.js'

/** A command as the interface takes it, and what is to be known of it. */
export interface Wanted extends Omit<Order, 'entry'> {
  readonly command: object
}

const PLAIN = { value: undefined, currentPin: undefined, never: false } as const

/** A command for the account's card. Where it is blocked, it is often the one that unblocks it. */
export function randomCommand(world: World, account: Account): Wanted {
  const { random } = account
  const isBlocked = chipOf(account).chip.now()['application'] !== '00'
  if (isBlocked && chance(account, 0.5)) return UNBLOCK
  const makers: readonly (() => Wanted)[] = [
    () => putData('9F58', hex(random.below(8), 1)),
    () => putData('9F59', hex(8 + random.below(8), 1)),
    () => putData('9F54', digits(random.below(900_000), 12)),
    // The balance of electronic cash, twice as often: it must not be set again blindly.
    ...Array.from({ length: 2 }, () => () => ({ ...putData('9F79', digits(random.below(900_000), 12)), never: true })),
    // The card has no such object, and says so.
    () => putData('9F53', '05'),
    () => updateRecord(4, 1, `70089F1401${hex(random.below(9), 1)}9F230109`),
    () => updateRecord(9, 1, `700CDF0109${hex(random.next(), 4)}${hex(random.next(), 5)}`),
    // Nor this record.
    () => updateRecord(9, 7, '7000'),
    () => pinChange(world, account),
    () => (account.kind.withCurrent ? pinChangeWithCurrent(world, account) : pinChange(world, account)),
    () => simple('pin-unblock', 'pin-tries'),
    () => (isBlocked || chance(account, 0.5) ? UNBLOCK : chance(account, 0.1) ? CARD_BLOCK : BLOCK),
  ]
  return random.pick(makers)()
}

function simple(type: string, target: string, value?: string): Wanted {
  return { ...PLAIN, type, target, value, command: { type } }
}

const UNBLOCK = simple('application-unblock', 'application', '00')
const BLOCK = simple('application-block', 'application', '01')
const CARD_BLOCK = simple('card-block', 'card', '01')

function putData(tag: string, value: string): Wanted {
  const command = { type: 'put-data', tag, value }
  return { ...PLAIN, type: `put-data ${tag}`, target: `data/${tag}`, value, command }
}

function updateRecord(sfi: number, record: number, value: string): Wanted {
  const command = { type: 'update-record', sfi, record, value }
  return { ...PLAIN, type: 'update-record', target: `record/${sfi}/${record}`, value, command }
}

function pinChange(world: World, account: Account): Wanted {
  const pin = randomPin(account)
  const command = { type: 'pin-change', newPin: pinBlock(world, account, pin) }
  return { ...PLAIN, type: 'pin-change', target: 'pin', value: pin, command }
}

/** With what staff believe to be the current PIN; by the time that the command arrives, it may be another. */
function pinChangeWithCurrent(world: World, account: Account): Wanted {
  const pin = randomPin(account)
  const currentPin = `${chipOf(account).chip.now()['pin']}`
  const [newBlock, currentBlock] = [pin, currentPin].map((each) => pinBlock(world, account, each))
  const type = 'pin-change-with-current'
  const command = { type, newPin: newBlock, currentPin: currentBlock }
  return { type, target: 'pin', value: pin, currentPin, never: true, command }
}

function randomPin({ random }: Account): string {
  return digits(random.below(10_000), random.pick([4, 5, 6]))
}

/** ISO 9564-1, format 0, under the issuer's PIN key. */
function pinBlock({ pinKeys }: World, account: Account, pin: string): object {
  const { issuer } = account.kind
  const { pan } = chipOf(account).chip
  const pinField = Buffer.from(`0${pin.length.toString(16)}${pin}`.padEnd(16, 'F'), 'hex')
  const panField = Buffer.from(pan.slice(-13, -1).padStart(16, '0'), 'hex')
  const cipher = createCipheriv('des-ede', Buffer.from(keyOf(issuer, 'PIN'), 'hex'), null).setAutoPadding(false)
  const block = cipher.update(pinField.map((byte, i) => byte ^ (panField[i] ?? 0)))
  return { key: pinKeys.get(issuer), format: 0, block: block.toString('hex').toUpperCase() }
}

function digits(number: number, length: number): string {
  return `${number}`.padStart(length, '0')
}

function hex(number: number, bytes: number): string {
  const text = number.toString(16).toUpperCase()
  return text.padStart(2 * bytes, '0')
}
