/** Load and unload: numbers from outside, and everything that is refused. */
import { describe, expect, it } from 'vitest'
import { DATE, KEYS, purse, TERMINAL, TIME } from './support/purse-context.js'
import { confirm, encipher, hex, initialize, mac, onlineKey, spoilt, tac } from './support/purse-terminal.js'
import { TRANSACTION_VECTORS } from './support/purse-vectors.js'

const LOAD = '805200000B'
const UNLOAD = '805403000B'
const load = (answer: string, type: '01' | '02', amount: number) => confirm(LOAD, KEYS.DLK, answer, type, amount)
const unload = (answer: string, amount: number) => confirm(UNLOAD, KEYS.DULK, answer, '03', amount)
/** What no refusal may touch. */
const PURSES = ['ed', 'ep'].flatMap((name) =>
  ['balance', 'onlineSerial', 'offlineSerial'].map((part) => `${name}/${part}`),
)
const state = (card: ReturnType<typeof purse>) =>
  [...PURSES, 'ed/limit', 'cyclic/18', 'proof/01', 'proof/02', 'proof/03'].map(card.object)

describe('known answers', () => {
  it.each(TRANSACTION_VECTORS.filter(({ kind }) => kind === 'load' || kind === 'unload'))(
    '$id: from the first command to the last',
    ({ card: make, purse: name, type, serial, first, initialized, command, answer, logged, bytes, amount }) => {
      const card = make()
      expect(card.send(`${first}10`)).toBe(`${initialized}9000`)
      expect(card.send(command)).toBe(`${answer}9000`)
      const before = Number.parseInt(initialized.slice(0, 8), 16)
      expect(card.object(`${name}/balance`)).toBe(hex(before + (type === '03' ? -amount : amount), 4))
      expect(card.object(`${name}/onlineSerial`)).toBe(hex(Number.parseInt(serial, 16) + 1, 2))
      expect(card.object(`${name}/offlineSerial`)).toBe('0009')
      expect(card.object('cyclic/18')).toBe(`${serial}000000${bytes}${logged}`)
      const proof = type === '03' ? `${answer}00000000` : command.slice(-10, -2) + answer
      expect(card.object(`proof/${type}`)).toBe(serial + proof)
    },
  )

  it('are there for each type', () => {
    const found = TRANSACTION_VECTORS.map(({ type }) => type)
    expect(found).toEqual(expect.arrayContaining(['01', '02', '03', '04', '05', '06', '07', '09']))
  })

  it('a card of the field: the tutorial that everybody copies', () => {
    const objects = {
      'key/load/01': '010011223344556677888877665544332211',
      'ed/balance': '00000000',
      'ed/onlineSerial': '0000',
    }
    const card = purse({ random: ['11223344'], objects })
    expect(card.send('805000010B0100001000001122334455')).toBe('0000000000000100112233442988AE5A9000')
    expect(card.send('805200000B201112212148223A845BF0')).toMatch(/^.{8}9000$/)
    expect(card.object('ed/balance')).toBe('00001000')
  })

  it('a card of the field: serial 0 in the TAC of the first load', () => {
    const objects = {
      'key/load/01': '01003F3F3F3F3F3F3F3F1122334455667788',
      'key/tac/01': '010034343434343434341122334455667788',
      'ep/balance': '00000000',
      'ep/onlineSerial': '0000',
    }
    const card = purse({ random: ['4E066548'], objects })
    expect(card.send('805000020B0100000010666666666666')).toBe('00000000000001004E0665480D39ADBB9000')
    const mac2 = mac('3B75C79CFA8C2327', '000000100266666666666620240411212121')
    expect(card.send(`805200000B20240411212121${mac2}`)).toBe('A802863E9000')
  })

  it('every number by OpenSSL, with credit in the balance', () => {
    const card = purse({ objects: { 'ed/balance': '00001000', 'ed/limit': '000800', 'ed/onlineSerial': 'FFFE' } })
    const answer = card.send(initialize('0501', 0x800))
    const session = onlineKey(KEYS.DULK, answer)
    expect(session).toBe(encipher(KEYS.DULK, 'A1B2C3D4FFFE8000'))
    expect(answer).toBe(`00001000FFFE0500A1B2C3D4${mac(session, `000010000000080003${TERMINAL}`)}9000`)
    const tail = `0000080003${TERMINAL}${DATE}${TIME}`
    expect(card.send(unload(answer, 0x800))).toBe(`${mac(session, `00000800FFFE${tail}`)}9000`)
    expect(card.object('ed/balance')).toBe('00000800')
    expect(card.object('ed/onlineSerial')).toBe('FFFF')
    expect(card.object('cyclic/18')).toBe(`FFFE000800${tail}`)
    expect(card.send(initialize('0501', 0))).toBe('9402')
    expect(card.send(initialize('0001', 0))).toBe('9402')
    expect(card.send(initialize('0002', 0))).toMatch(/9000$/)
  })
})

describe('INITIALIZE refuses', () => {
  const cases: readonly [name: string, status: string, setup: Parameters<typeof purse>[0], command: string][] = [
    ['an unknown key of load', '9403', {}, initialize('0001', 1, '7F')],
    ['a key of another use', '9403', {}, initialize('0001', 1, '02')],
    ['an unknown key of unload', '9403', {}, initialize('0501', 1, '7F')],
    [
      'an unknown key before anything else',
      '9403',
      { pin: false, objects: { grey: '01' } },
      initialize('0001', 1, '03'),
    ],
    ['a load of ED without PIN', '6982', { pin: false }, initialize('0001', 1)],
    ['a load of EP without PIN', '6982', { pin: false }, initialize('0002', 1)],
    ['an unload without PIN', '6982', { pin: false, objects: { 'ed/onlineSerial': 'FFFF' } }, initialize('0501', 1)],
    ['the last serial', '9402', { objects: { 'ep/onlineSerial': 'FFFF' } }, initialize('0002', 0xffffffff)],
    ['too much for the purse', '6985', { maximumBalance: 0x1000 }, initialize('0002', 0x1000 - 0x63)],
    ['as the profile says', '9401', { switches: { overflowStatus: '9401' } }, initialize('0001', 0xffffffff)],
    ['an unload of more than there is', '9401', {}, initialize('0501', 0x65)],
    ['an unload of credit', '9401', { objects: { 'ed/limit': '000001' } }, initialize('0501', 0x64)],
    ['an unload by one who owes', '9401', { objects: { 'ed/limit': '000100' } }, initialize('0501', 0)],
    ['too much before the lock', '9401', { objects: { grey: '01' } }, initialize('0501', 0x65)],
    ['a load of a locked purse', '9408', { objects: { grey: '01' } }, initialize('0001', 1)],
    ['an unload of a locked purse', '9408', { objects: { grey: '02' } }, initialize('0501', 1)],
    ['nothing, where that is refused', '6A80', { switches: { zeroLoad: '6A80' } }, initialize('0002', 0)],
    [
      'the lock before nothing',
      '9408',
      { objects: { grey: '01' }, switches: { zeroLoad: '6A80' } },
      initialize('0002', 0),
    ],
  ]
  it.each(cases)('%s: %s', (_, status, setup, command) => {
    const card = purse(setup)
    const before = state(card)
    expect(card.send(command)).toBe(status)
    expect(card.context.session.transaction).toBeUndefined()
    expect(state(card)).toEqual(before)
  })

  it('nothing that fits exactly', () => {
    const card = purse({ maximumBalance: 0x1000, switches: { zeroLoad: '6A80' } })
    expect(card.send(initialize('0002', 0x1000 - 0x64))).toMatch(/9000$/)
    expect(card.send(initialize('0501', 0x64))).toMatch(/9000$/)
    expect(card.send(initialize('0501', 0))).toMatch(/9000$/)
  })
})

describe('the second command', () => {
  it('is refused with a wrong MAC2, and no second try', () => {
    const card = purse()
    const before = state(card)
    for (const [first, second] of [
      ['0001', (answer: string) => load(answer, '01', 7)],
      ['0002', (answer: string) => load(answer, '02', 7)],
      ['0501', (answer: string) => unload(answer, 7)],
    ] as const) {
      const right = second(card.send(initialize(first, 7)))
      expect(card.send(spoilt(right))).toBe('9302')
      expect(card.send(right)).toBe('6901')
    }
    expect(state(card)).toEqual(before)
  })

  it('is refused when its MAC2 is that of another amount, purse, key or terminal', () => {
    const card = purse()
    const fresh = () => card.send(initialize('0001', 7))
    const before = state(card)
    expect(card.send(load(fresh(), '01', 8))).toBe('9302')
    expect(card.send(load(fresh(), '02', 7))).toBe('9302')
    expect(card.send(confirm(LOAD, KEYS.DULK, fresh(), '01', 7))).toBe('9302')
    const other = initialize('0001', 7).replace(TERMINAL, '665544332211')
    expect(card.send(load(card.send(other), '01', 7))).toBe('9302')
    expect(card.send(load(fresh(), '01', 7).replace(DATE, '20240201'))).toBe('9302')
    expect(state(card)).toEqual(before)
  })

  it('goes in its own state only, and ends it', () => {
    const card = purse()
    const openings = ['0001', '0002', '0101', '0102', '0201', '0302', '0501'].map((header) => initialize(header, 1))
    const all = [...openings, initialize('0401')]
    for (const opening of all) {
      const answer = card.send(opening)
      if (!opening.startsWith('805000')) expect(card.send(opening, load(answer, '01', 1))).toBe('6901')
      if (!opening.startsWith('805005')) expect(card.send(opening, unload(answer, 1))).toBe('6901')
      expect(card.context.session.transaction).toBeUndefined()
    }
    expect(card.send(`${LOAD}${'00'.repeat(11)}`)).toBe('6901')
    expect(card.send(`${UNLOAD}${'00'.repeat(11)}`)).toBe('6901')
  })

  it('cannot be said twice', () => {
    const card = purse()
    const first = load(card.send(initialize('0002', 7)), '02', 7)
    expect(card.send(first)).toMatch(/9000$/)
    expect(card.send(first)).toBe('6901')
    expect(card.send(initialize('0002', 7), first)).toBe('9302')
    expect(card.object('ep/balance')).toBe('0000006B')
  })

  it('belongs to the last initialisation', () => {
    const card = purse()
    const answer = card.send(initialize('0002', 7))
    expect(card.send(initialize('0501', 7), load(answer, '02', 7), unload(answer, 7))).toBe('6901')
    expect(card.send(initialize('0002', 7), initialize('0002', 7, '7F'), load(answer, '02', 7))).toBe('6901')
  })

  it('of nothing counts, too', () => {
    const card = purse()
    expect(card.send(load(card.send(initialize('0001', 0)), '01', 0))).toBe(
      `${tac(`0000006400050000000001${TERMINAL}${DATE}${TIME}`)}9000`,
    )
    expect(card.object('ed/balance')).toBe('00000064')
    expect(card.object('ed/onlineSerial')).toBe('0006')
  })

  it.each([
    ['keep', true],
    ['clear', false],
  ] as const)('lets the profile %s the PIN flag', (pinFlagAfterTransaction, kept) => {
    const card = purse({ switches: { pinFlagAfterTransaction } })
    const right = load(card.send(initialize('0002', 7)), '02', 7)
    card.send(spoilt(right))
    expect(card.context.session.pinVerified).toBe(true)
    card.send(initialize('0002', 7), right)
    expect(card.context.session.pinVerified).toBe(kept)
    expect(card.send(initialize('0002', 7))).toMatch(kept ? /9000$/ : /^6982$/)
  })

  it('takes the random number of its own initialisation', () => {
    const card = purse({ random: ['A1B2C3D4', '01020304'] })
    const first = card.send(initialize('0002', 7))
    expect(card.send(initialize('0002', 7)).slice(16, 24)).toBe('01020304')
    expect(card.send(load(first, '02', 7))).toBe('9302')
    expect(card.object('ep/balance')).toBe(hex(0x64, 4))
  })
})
