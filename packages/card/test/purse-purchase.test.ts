/** Purchase and cash: numbers from outside, and everything that is refused. */
import { describe, expect, it } from 'vitest'
import { DATE, KEYS, purse, TERMINAL, TIME } from './support/purse-context.js'
import { debit, hex, initialize, mac, offlineKey, spoilt, tac } from './support/purse-terminal.js'
import { TRANSACTION_VECTORS } from './support/purse-vectors.js'

/** The types of debits with their initialisations, and the purse that pays. */
const WAYS = [
  ['05', '0101', 'ed'],
  ['06', '0102', 'ep'],
  ['04', '0201', 'ed'],
  ['09', '0302', 'ep'],
] as const
const OBJECTS = ['ed', 'ep'].flatMap((name) =>
  ['balance', 'onlineSerial', 'offlineSerial'].map((part) => `${name}/${part}`),
)
const state = (card: ReturnType<typeof purse>) =>
  [...OBJECTS, 'ed/limit', 'cyclic/18', 'proof/04', 'proof/05', 'proof/06', 'proof/09'].map(card.object)

describe('known answers', () => {
  it.each(TRANSACTION_VECTORS.filter(({ serialObject }) => serialObject.endsWith('offlineSerial')))(
    '$id: from the first command to the last',
    ({ card: make, purse: name, type, serial, first, initialized, command, answer, logged, bytes, amount }) => {
      const card = make()
      expect(card.send(`${first}0F`)).toBe(`${initialized}9000`)
      expect(card.send(command)).toBe(`${answer}9000`)
      const before = Number.parseInt(initialized.slice(0, 8), 16)
      expect(card.object(`${name}/balance`)).toBe(hex(before - amount, 4))
      expect(card.object(`${name}/offlineSerial`)).toBe(hex(Number.parseInt(serial, 16) + 1, 2))
      expect(card.object(`${name}/onlineSerial`)).toBe('0005')
      expect(card.object('cyclic/18')).toBe(`${serial}000000${bytes}${logged}`)
      expect(card.object(`proof/${type}`)).toBe(serial + answer.slice(8) + answer.slice(0, 8))
    },
  )

  it('a card of the field', () => {
    const objects = { 'key/purchase/01': '010000112233445566778899AABBCCDDEEFF', 'ep/offlineSerial': '0000' }
    const card = purse({ random: ['584633C9'], objects })
    expect(card.send('805001020B0100000001001122334455')).toBe('0000006400000000000100584633C99000')
    expect(card.send('805401000F0000000020161216134600D45737C5')).toMatch(/^.{8}66B54A6B9000$/)
    expect(card.object('ep/balance')).toBe('00000063')
  })

  it.each(WAYS)('type %s, by OpenSSL, with the second key and a limit', (type, header, name) => {
    const card = purse({ objects: { 'ed/limit': '000010' }, random: ['01020304'] })
    const answer = card.send(initialize(header, 0x64, '02'))
    const limit = name === 'ed' ? '000010' : '000000'
    expect(answer).toBe(`000000640009${limit}1100010203049000`)
    const session = offlineKey(KEYS.DUK, answer, 'FFFF0A0B')
    const signed = `00000064${type}${TERMINAL}`
    const answered = card.send(`805401000FFFFF0A0B${DATE}${TIME}${mac(session, signed + DATE + TIME)}`)
    expect(answered).toBe(`${tac(`${signed}FFFF0A0B${DATE}${TIME}`)}${mac(session, '00000064')}9000`)
    expect(card.object(`${name}/balance`)).toBe('00000000')
    expect(card.object('cyclic/18')).toBe(`0009${limit}${signed}${DATE}${TIME}`)
  })
})

describe('INITIALIZE refuses', () => {
  const locked = { objects: { grey: '02' } }
  const cases: readonly [name: string, status: string, setup: Parameters<typeof purse>[0], command: string][] = [
    ['an unknown key', '9403', { pin: false }, initialize('0101', 1, '7F')],
    ['an unknown key of cash', '9403', {}, initialize('0201', 1, '7F')],
    ['an unknown key of a composite purchase', '9403', locked, initialize('0302', 1, '7F')],
    ['a purchase of ED without PIN', '6982', { pin: false }, initialize('0101', 1)],
    ['cash without PIN', '6982', { pin: false }, initialize('0201', 1)],
    ['the last serial', '9402', { objects: { 'ep/offlineSerial': 'FFFF' } }, initialize('0102', 0xffff)],
    ['the last serial of ED', '9402', { objects: { 'ed/offlineSerial': 'FFFF' } }, initialize('0201', 1)],
    ['more than ED has', '9401', {}, initialize('0101', 0x65)],
    ['more than EP has', '9401', {}, initialize('0102', 0x65)],
    ['more cash than there is', '9401', locked, initialize('0201', 0xffffffff)],
    ['more for a composite purchase', '9401', {}, initialize('0302', 0x65)],
    ['a purchase of a locked purse', '9408', locked, initialize('0102', 1)],
    ['a purchase of the other purse', '9408', locked, initialize('0101', 1)],
    ['cash of a locked card', '9408', locked, initialize('0201', 1)],
    ['a composite purchase of a locked purse', '9408', locked, initialize('0302', 1)],
  ]
  it.each(cases)('%s: %s', (_, status, setup, command) => {
    const card = purse(setup)
    const before = state(card)
    expect(card.send(command)).toBe(status)
    expect(card.context.session.transaction).toBeUndefined()
    expect(state(card)).toEqual(before)
  })

  it.each(['0102', '0302'])('nothing of EP without PIN: %s', (header) => {
    expect(purse({ pin: false }).send(initialize(header, 0x64))).toMatch(/9000$/)
  })
})

describe('DEBIT', () => {
  it.each(WAYS)('type %s: with a wrong MAC1 is refused, and no second try', (type, header) => {
    const card = purse()
    const before = state(card)
    const right = debit(card.send(initialize(header, 7)), type, 7)
    expect(card.send(spoilt(right))).toBe('9302')
    expect(card.send(right)).toBe('6901')
    expect(state(card)).toEqual(before)
  })

  it.each(WAYS)('type %s: its MAC1 is for that type, amount and terminal serial', (type, header) => {
    const card = purse()
    const before = state(card)
    const fresh = () => card.send(initialize(header, 7))
    for (const [other] of WAYS.filter(([one]) => one !== type)) expect(card.send(debit(fresh(), other, 7))).toBe('9302')
    expect(card.send(debit(fresh(), type, 6))).toBe('9302')
    expect(card.send(debit(fresh(), type, 7).replace('00000102', '00000103'))).toBe('9302')
    expect(card.send(debit(fresh(), type, 7).replace(TIME, '101113'))).toBe('9302')
    expect(state(card)).toEqual(before)
  })

  it('goes behind its initialisations only', () => {
    const card = purse()
    const answer = card.send(initialize('0102', 7))
    const right = debit(answer, '06', 7)
    expect(card.send(initialize('0001', 7), right)).toBe('6901')
    expect(card.send(initialize('0501', 7), right)).toBe('6901')
    expect(card.send(initialize('0401'), right)).toBe('6901')
    expect(card.send(right)).toBe('6901')
    expect(card.send(initialize('0102', 0x65), right)).toBe('6901')
    expect(card.send(initialize('0102', 7), right)).toMatch(/9000$/)
    expect(card.send(right)).toBe('6901')
    expect(card.object('ep/balance')).toBe('0000005D')
  })

  it('of nothing counts, too: a passage that is free', () => {
    const card = purse()
    expect(card.send(debit(card.send(initialize('0102', 0)), '06', 0))).toMatch(/9000$/)
    expect(card.object('ep/balance')).toBe('00000064')
    expect(card.object('ep/offlineSerial')).toBe('000A')
  })

  it('clears the PIN flag where the profile does', () => {
    const card = purse({ switches: { pinFlagAfterTransaction: 'clear' } })
    expect(card.send(debit(card.send(initialize('0102', 1)), '06', 1))).toMatch(/9000$/)
    expect(card.send(initialize('0101', 1))).toBe('6982')
    expect(card.send(initialize('0102', 1))).toMatch(/9000$/)
  })
})

describe('what is no transaction', () => {
  it.each(['00B0950001', '8050060B00', '0050000100', 'E07A010000', '805E01000412FF3456', '00A4040000'])(
    '%s is left to others',
    (command) => {
      const card = purse()
      card.send(initialize('0102', 1))
      expect(card.send(command.length % 2 === 0 ? command : `${command}0`)).toBe('none')
      expect(card.context.session.transaction?.state).toBe('purchase')
    },
  )
})
