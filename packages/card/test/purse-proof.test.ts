/** GET TRANSACTION PROVE and GET BALANCE: what answers between transactions, and in the middle of one. */
import { describe, expect, it } from 'vitest'
import { KEYS, purse } from './support/purse-context.js'
import { confirm, debit, initialize, newLimit } from './support/purse-terminal.js'

const prove = (type: string, serial: string) => `805A00${type}02${serial}08`

/** A transaction of each type: type, serial that it uses, what it answers, and what is proven. */
const TRANSACTIONS = [
  ['01', '0005', (answer: string) => confirm('805200000B', KEYS.DLK, answer, '01', 7), initialize('0001', 7)],
  ['02', '0005', (answer: string) => confirm('805200000B', KEYS.DLK, answer, '02', 7), initialize('0002', 7)],
  ['03', '0005', (answer: string) => confirm('805403000B', KEYS.DULK, answer, '03', 7), initialize('0501', 7)],
  ['04', '0009', (answer: string) => debit(answer, '04', 7), initialize('0201', 7)],
  ['05', '0009', (answer: string) => debit(answer, '05', 7), initialize('0101', 7)],
  ['06', '0009', (answer: string) => debit(answer, '06', 7), initialize('0102', 7)],
  ['07', '0005', (answer: string) => newLimit(answer, 7), initialize('0401')],
  ['09', '0009', (answer: string) => debit(answer, '09', 7), initialize('0302', 7)],
] as const

/** MAC ‖ TAC, from the command and its answer. */
const expected = (type: string, command: string, answer: string): string => {
  const said = answer.slice(0, -4)
  if (type === '03') return `${said}00000000`
  return said.length === 16 ? said.slice(8) + said.slice(0, 8) : command.slice(-8) + said
}

describe('GET TRANSACTION PROVE', () => {
  it.each(TRANSACTIONS)(
    'type %s: the MAC and TAC of the transaction, even after a reset',
    (type, serial, second, first) => {
      const card = purse()
      expect(card.send(prove(type, serial))).toBe('9406')
      const command = second(card.send(first))
      expect(card.send(prove(type, serial))).toBe('9406')
      const proof = expected(type, command, card.send(first, command))
      expect(card.send(prove(type, serial))).toBe(`${proof}9000`)
      card.memory.recover()
      card.context.session.pinVerified = false
      expect(card.send(prove(type, serial))).toBe(`${proof}9000`)
    },
  )

  it.each(TRANSACTIONS)('type %s: nothing for another serial or type', (type, serial, second, first) => {
    const card = purse()
    card.send(second(card.send(first)))
    const next = (Number.parseInt(serial, 16) + 1).toString(16).toUpperCase().padStart(4, '0')
    expect(card.send(prove(type, next))).toBe('9406')
    expect(card.send(prove(type, '0000'))).toBe('9406')
    for (const [other] of TRANSACTIONS) if (other !== type) expect(card.send(prove(other, serial))).toBe('9406')
    expect(card.send(prove('08', serial))).toBe('9406')
    expect(card.send(prove('FF', serial))).toBe('9406')
  })

  it('on a new card has nothing, for serial 0 neither', () => {
    const card = purse()
    expect(card.send(prove('06', '0000'))).toBe('9406')
    expect(card.send('805A000600')).toBe('9406')
  })

  it('has one slot a type: the next of it replaces, another does not', () => {
    const card = purse()
    const purchase = () => card.send(debit(card.send(initialize('0102', 7)), '06', 7))
    purchase()
    const first = card.send(prove('06', '0009'))
    card.send(confirm('805200000B', KEYS.DLK, card.send(initialize('0002', 7)), '02', 7))
    expect(card.send(prove('06', '0009'))).toBe(first)
    purchase()
    expect(card.send(prove('06', '0009'))).toBe('9406')
    expect(card.send(prove('06', '000A'))).toMatch(/^.{16}9000$/)
    expect(card.send(prove('02', '0005'))).toMatch(/^.{16}9000$/)
  })

  it('a refused transaction proves nothing', () => {
    const card = purse()
    const right = debit(card.send(initialize('0102', 7)), '06', 7)
    expect(card.send(right.replace(/..$/, (last) => (last === '00' ? '01' : '00')))).toBe('9302')
    expect(card.send(prove('06', '0009'))).toBe('9406')
  })
})

describe('GET BALANCE', () => {
  const objects = { 'ed/balance': '00000123', 'ep/balance': '00000456' }

  it('answers each purse', () => {
    const card = purse({ objects })
    expect(card.send('805C000104')).toBe('000001239000')
    expect(card.send('805C000204')).toBe('000004569000')
  })

  it.each([
    [true, '6982'],
    [false, '000004569000'],
  ])('needs the PIN for ED; for EP as the profile says: %s', (balanceNeedsPin, said) => {
    const card = purse({ objects, pin: false, switches: { balanceNeedsPin } })
    expect(card.send('805C000104')).toBe('6982')
    expect(card.send('805C000204')).toBe(said)
  })
})

describe('in the middle of a transaction', () => {
  it.each(TRANSACTIONS)('of type %s neither ends it', (_, __, second, first) => {
    const card = purse()
    const command = second(card.send(first))
    expect(card.send('805C000204', '805C000104', prove('06', '0009'), command)).toMatch(/9000$/)
  })
})
