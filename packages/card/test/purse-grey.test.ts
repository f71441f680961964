/** The grey lock and its release, every number by OpenSSL. */
import { describe, expect, it } from 'vitest'
import { DATE, DGK, purse, TERMINAL, TIME } from './support/purse-context.js'
import {
  debit,
  greyKey,
  hex,
  initialize,
  mac,
  onlineKey,
  spoilt,
  TERMINAL_RANDOM,
  tac,
} from './support/purse-terminal.js'

const SERIAL = '00000102'
const initLock = (p2: string, index = '01') => `E07A08${p2}07${index}${TERMINAL}`
const initUnlock = (p2: string, index = '01') => `E07A09${p2}07${index}${TERMINAL}`
const WAYS = [
  ['ed', '01', '91', '93', '95'],
  ['ep', '02', '92', '94', '96'],
] as const
type Card = ReturnType<typeof purse>
const OBJECTS = ['ed', 'ep'].flatMap((name) =>
  ['balance', 'onlineSerial', 'offlineSerial'].map((part) => `${name}/${part}`),
)
const state = (card: Card) => [...OBJECTS, 'grey', 'cyclic/18', 'proof/91', 'proof/93', 'proof/95'].map(card.object)

const lockCommand = (answer: string, type: string, terminalSerial = SERIAL) => {
  const mac1 = mac(greyKey(answer, terminalSerial), `${type}${TERMINAL}${DATE}${TIME}`)
  return `E07C080013${terminalSerial}${TERMINAL_RANDOM}${DATE}${TIME}${mac1}`
}
/** Locks a purse, and gives the session key of the lock. */
const lock = (card: Card, p2: '01' | '02'): string => {
  const answer = card.send(initLock(p2))
  expect(card.send(lockCommand(answer, `9${p2[1]}`))).toMatch(/^.{16}9000$/)
  return greyKey(answer)
}
const debitForUnlock = (p2: string, session: string, amount: number, serial = '0009', terminal = TERMINAL) =>
  `E07E08${p2}1B${hex(amount, 4)}${serial}${terminal}${SERIAL}20240201111213${mac(session, hex(amount, 4))}`
const greyUnlock = (answer: string, type: string, amount: number) => {
  const mac2 = mac(greyOnline(answer), `${hex(amount, 4)}${type}${TERMINAL}${DATE}${TIME}`)
  return `E07C09000F${hex(amount, 4)}${DATE}${TIME}${mac2}`
}
/** The online serial stands behind the offline serial. */
const greyOnline = (answer: string) => onlineKey(DGK, answer.slice(0, 8) + answer.slice(12))

describe('a grey lock', () => {
  it.each(WAYS)('of %s: every number', (name, p2, type) => {
    const card = purse({ objects: { 'ed/limit': '000010' }, random: ['0BADF00D'] })
    const answer = card.send(initLock(p2))
    expect(answer).toBe(`000000640009${name === 'ed' ? '000010' : '000000'}07000BADF00D9000`)
    const session = greyKey(answer)
    const gtac = tac(`000000640009${type}${TERMINAL}${SERIAL}${DATE}${TIME}`)
    const mac2 = mac(session, '000000640009')
    expect(card.send('E0CA000000')).toBe('9406')
    expect(card.send(lockCommand(answer, type))).toBe(`${gtac}${mac2}9000`)
    expect(card.object('grey')).toBe(`${p2}${session}0009${TERMINAL}${SERIAL}${DATE}${TIME}${gtac}${mac2}`)
    expect(card.object(`${name}/offlineSerial`)).toBe('000A')
    expect(card.object(`${name}/balance`)).toBe('00000064')
    expect(card.object('cyclic/18')).toBe('')
    expect(card.object(`proof/${type}`)).toBe(`0009${mac2}${gtac}`)
    expect(card.send('E0CA000000')).toBe(`${type}0009${TERMINAL}${SERIAL}${DATE}${TIME}${gtac}${mac2}9000`)
  })

  it.each(WAYS)('of %s stops all transactions, but no balance and no proof', (_, p2) => {
    const card = purse()
    lock(card, p2)
    const before = state(card)
    for (const header of ['0001', '0002', '0101', '0102', '0201', '0302', '0501']) {
      expect(card.send(initialize(header, 1))).toBe('9408')
    }
    expect(card.send(initialize('0401'))).toBe('9408')
    expect(card.send(initLock('01'))).toBe('9408')
    expect(card.send(initLock('02'))).toBe('9408')
    expect(card.send('805C000104')).toBe('000000649000')
    expect(card.send('805A0006020009')).toBe('9406')
    expect(state(card)).toEqual(before)
  })

  it.each(WAYS)('of %s is not made by a wrong MAC1', (_, p2, type) => {
    const card = purse()
    const before = state(card)
    const right = lockCommand(card.send(initLock(p2)), type)
    expect(card.send(spoilt(right))).toBe('9302')
    expect(card.send(right)).toBe('6901')
    expect(card.send(initLock(p2), right.replace(SERIAL, '00000103'))).toBe('9302')
    expect(card.send(initLock(p2), right.replace(TERMINAL_RANDOM, '5A5A0103'))).toBe('9302')
    expect(card.send(initLock(p2), right.replace(TIME, '101113'))).toBe('9302')
    expect(card.send(initLock(p2), lockCommand(card.send(initLock(p2)), type === '91' ? '92' : '91'))).toBe('9302')
    expect(state(card)).toEqual(before)
  })

  it('goes behind its initialisation only', () => {
    const card = purse()
    const right = lockCommand(card.send(initLock('02')), '92')
    expect(card.send(initialize('0102', 1), right)).toBe('6901')
    expect(card.send(right)).toBe('6901')
    expect(card.send(initLock('02'), debit(card.send(initialize('0102', 1)), '06', 1), right)).toBe('6901')
    expect(card.object('grey')).toBe('')
  })

  const cases: readonly [name: string, status: string, setup: Parameters<typeof purse>[0], command: string][] = [
    ['an unknown key', '9403', { pin: false }, initLock('02', '02')],
    ['ED without PIN', '6982', { pin: false }, initLock('01')],
    ['the last serial', '9402', { objects: { 'ep/offlineSerial': 'FFFF' } }, initLock('02')],
  ]
  it.each(cases)('INITIALIZE refuses %s: %s', (_, status, setup, command) => {
    expect(purse(setup).send(command)).toBe(status)
  })

  it.each([
    ['clear', false],
    ['keep', true],
  ] as const)('lets the profile %s the PIN flag', (pinFlagAfterTransaction, kept) => {
    const card = purse({ switches: { pinFlagAfterTransaction } })
    lock(card, '02')
    expect(card.context.session.pinVerified).toBe(kept)
  })
})

describe('DEBIT FOR UNLOCK', () => {
  it.each(WAYS)('of %s: every number, without power and PIN in between', (name, p2, _, type) => {
    const card = purse()
    const session = lock(card, p2)
    card.context.session.pinVerified = false
    card.memory.recover()
    const gmac = mac(session, '00000032')
    const expected = tac(`00000032${type}${TERMINAL}${SERIAL}20240201111213`)
    expect(card.send(debitForUnlock(p2, session, 0x32))).toBe(`${expected}9000`)
    expect(card.object('grey')).toBe('')
    expect(card.object(`${name}/balance`)).toBe('00000032')
    expect(card.object(`${name}/offlineSerial`)).toBe('000A')
    expect(card.object('cyclic/18')).toBe(`000900000000000032${type}${TERMINAL}20240201111213`)
    expect(card.object(`proof/${type}`)).toBe(`0009${gmac}${expected}`)
    expect(card.send(debitForUnlock(p2, session, 0x32))).toBe('6901')
    expect(card.send('E0CA000000')).toBe('9406')
    expect(card.send(initialize('0102', 1))).toMatch(/9000$/)
  })

  it('is refused, and the lock stays', () => {
    const card = purse()
    const session = lock(card, '02')
    const before = state(card)
    const right = debitForUnlock('02', session, 7)
    expect(card.send(spoilt(right))).toBe('9302')
    expect(card.send(debitForUnlock('02', session, 0x65))).toBe('9401')
    expect(card.send(spoilt(debitForUnlock('02', session, 0x65)))).toBe('9401')
    expect(card.send(right.replace('1B00000007', '1B00000006'))).toBe('9302')
    expect(card.send(debitForUnlock('02', session, 7, '000A'))).toBe('6A80')
    expect(card.send(debitForUnlock('02', session, 7, '0009', '665544332211'))).toBe('6A80')
    expect(card.send(right.replace(SERIAL, '00000103'))).toBe('6A80')
    expect(card.send(debitForUnlock('01', session, 7))).toBe('6901')
    expect(state(card)).toEqual(before)
    expect(card.send(debitForUnlock('02', session, 0x64))).toMatch(/9000$/)
  })

  it('of nothing releases the lock', () => {
    const card = purse()
    expect(card.send(debitForUnlock('02', lock(card, '02'), 0))).toMatch(/9000$/)
    expect(card.object('grey')).toBe('')
    expect(card.object('ep/balance')).toBe('00000064')
  })

  it('without a lock is refused, and ends what is open', () => {
    const card = purse()
    const right = debit(card.send(initialize('0102', 1)), '06', 1)
    expect(card.send(debitForUnlock('02', '00'.repeat(8), 0))).toBe('6901')
    expect(card.send(right)).toBe('6901')
  })

  it('has a session key of its own in each lock', () => {
    const card = purse()
    const session = lock(card, '02')
    card.send(debitForUnlock('02', session, 1))
    expect(lock(card, '02')).not.toBe(session)
    expect(card.send(debitForUnlock('02', session, 1, '000A'))).toBe('9302')
  })
})

describe('GREY UNLOCK', () => {
  it.each(WAYS)('of %s: every number', (name, p2, _, __, type) => {
    const card = purse({ random: ['01020304', 'F0E0D0C0'] })
    lock(card, p2)
    const answer = card.send(initUnlock(p2))
    const session = greyOnline(answer)
    expect(answer).toBe(`00000064000A00050700F0E0D0C0${mac(session, `00000064000A${type}${TERMINAL}`)}9000`)
    const signed = `00000032${type}${TERMINAL}${DATE}${TIME}`
    const mac3 = mac(session, `000000320005${signed}`)
    expect(card.send(greyUnlock(answer, type, 0x32))).toBe(`${mac3}9000`)
    expect(card.object('grey')).toBe('')
    expect(card.object(`${name}/balance`)).toBe('00000032')
    expect(card.object(`${name}/onlineSerial`)).toBe('0006')
    expect(card.object(`${name}/offlineSerial`)).toBe('000A')
    expect(card.object('cyclic/18')).toBe(`0005000000${signed}`)
    expect(card.object(`proof/${type}`)).toBe(`0005${mac3}00000000`)
  })

  it('is refused, and the lock stays', () => {
    const card = purse()
    lock(card, '02')
    const before = state(card)
    const right = greyUnlock(card.send(initUnlock('02')), '96', 7)
    expect(card.send(spoilt(right))).toBe('9302')
    expect(card.send(right)).toBe('6901')
    expect(card.send(greyUnlock(card.send(initUnlock('02')), '96', 0x65))).toBe('9401')
    expect(card.send(greyUnlock(card.send(initUnlock('02')), '95', 7))).toBe('9302')
    expect(card.send(initUnlock('02'), lockCommand(card.send(initUnlock('02')), '92'))).toBe('6901')
    expect(state(card)).toEqual(before)
  })

  it('INITIALIZE is refused', () => {
    const card = purse()
    const right = debit(card.send(initialize('0102', 1)), '06', 1)
    expect(card.send(initUnlock('02'), right)).toBe('6901')
    expect(card.send(initUnlock('02', '7F'))).toBe('6901')
    lock(card, '01')
    expect(card.send(initUnlock('02'))).toBe('6901')
    expect(card.send(initUnlock('01', '7F'))).toBe('9403')
    card.context.session.pinVerified = false
    expect(card.send(initUnlock('01'))).toBe('6982')
    const last = purse({ objects: { 'ep/onlineSerial': 'FFFF' }, pin: false })
    lock(last, '02')
    expect(last.send(initUnlock('02'))).toBe('9402')
  })

  it('leaves the offline release open until it has happened', () => {
    const card = purse()
    const session = lock(card, '02')
    const right = greyUnlock(card.send(initUnlock('02')), '96', 7)
    expect(card.send(debitForUnlock('02', session, 3))).toMatch(/9000$/)
    expect(card.send(right)).toBe('6901')
    expect(card.object('ep/balance')).toBe('00000061')
  })
})

describe('GET LOCK PROOF', () => {
  it.each([
    ['E0CA010000', '6A86'],
    ['E0CA000100', '6A86'],
    ['E0CA00000100', '6700'],
  ])('%s: %s', (command, status) => {
    const card = purse()
    lock(card, '02')
    expect(card.send(command)).toBe(status)
  })

  it('leaves what is open as it is', () => {
    const card = purse()
    const right = debit(card.send(initialize('0102', 1)), '06', 1)
    expect(card.send('E0CA000000', right)).toMatch(/9000$/)
  })
})
