/** Composite purchase: the data cache, and the records that go with the money. */
import { describe, expect, it } from 'vitest'
import { purse, record, SMALL_RECORD } from './support/purse-context.js'
import { debit, hex, initialize, spoilt } from './support/purse-terminal.js'

const INIT = initialize('0302', 7)
/** UPDATE CAPP DATA CACHE of a record by its type, or with 4 by its number. */
const update = (p1: string, data: string, sfi = 0x19, reference = 0): string =>
  `80DC${p1}${hex((sfi << 3) | reference, 1)}${hex(data.length / 2, 1)}${data}`
const NEW = record('AA', '00', '11')
const OTHER = record('AB', '01', '22')
const RECORDS = ['record/19/1', 'record/19/2', 'record/19/3', 'record/02/1', 'record/0B/1']
const state = (card: ReturnType<typeof purse>) =>
  [...RECORDS, 'ep/balance', 'ep/offlineSerial', 'cyclic/18', 'proof/09'].map(card.object)

describe('a composite purchase', () => {
  it('writes the record with the money', () => {
    const card = purse({ pin: false })
    const answer = card.send(INIT)
    const before = state(card)
    expect(card.send(`80DCAAC82B${NEW}`)).toBe('9000')
    expect(state(card)).toEqual(before)
    expect(card.send(debit(answer, '09', 7))).toMatch(/^.{16}9000$/)
    expect(card.object('record/19/1')).toBe(NEW)
    expect(card.object('record/19/2')).toBe(record('AB'))
    expect(card.object('ep/balance')).toBe('0000005D')
    expect(card.object('ep/offlineSerial')).toBe('000A')
    expect(card.object('ed/balance')).toBe('00000064')
    expect(card.object('cyclic/18').slice(0, 20)).toBe('00090000000000000709')
  })

  it('writes several records together, by type and by number, the last word of each', () => {
    const card = purse()
    const answer = card.send(INIT)
    expect(card.send(update('AB', record('AB')), update('02', OTHER, 0x19, 4), update('01', NEW, 0x19, 4))).toBe('9000')
    expect(card.send(update('01', '66', 0x0b, 4), update('7F', '80'.repeat(16), 0x02))).toBe('9000')
    expect(card.send(debit(answer, '09', 7))).toMatch(/9000$/)
    expect(RECORDS.map(card.object)).toEqual([NEW, OTHER, record('AC', '01'), '80'.repeat(16), '66'])
  })

  it('reaches the cells by one commit', () => {
    const card = purse()
    const answer = card.send(INIT, update('AA', NEW)) && card.send(INIT)
    card.send(update('AA', NEW))
    const before = card.memory.writes
    card.memory.arm({ write: 1, at: 'torn' })
    expect(() => card.send(debit(answer, '09', 7))).toThrow()
    card.memory.recover()
    expect(card.memory.writes).toBe(before + 1)
    expect(card.object('record/19/1')).toBe(record('AA'))
    expect(card.object('ep/balance')).toBe('00000064')
  })

  it.each(['wrong MAC', 'reset', 'another initialisation'])('writes nothing after %s', (event) => {
    const card = purse()
    const before = state(card)
    const right = debit(card.send(INIT), '09', 7)
    card.send(update('AA', NEW))
    if (event === 'wrong MAC') expect(card.send(spoilt(right))).toBe('9302')
    else if (event === 'reset') card.context.session.transaction = undefined
    else expect(card.send(initialize('0102', 7))).toMatch(/9000$/)
    expect(card.send(right)).toBe(event === 'another initialisation' ? '9302' : '6901')
    expect(state(card)).toEqual(before)
    expect(card.send(INIT, right)).toMatch(/9000$/)
    expect(RECORDS.map(card.object)).toEqual(before.slice(0, RECORDS.length))
  })

  it.each([
    ['allow', /^.{16}9000$/],
    ['6901', /^6901$/],
  ] as const)('without an update: %s', (cappWithoutUpdate, said) => {
    const card = purse({ switches: { cappWithoutUpdate } })
    const right = debit(card.send(INIT), '09', 7)
    expect(card.send(right)).toMatch(said)
    expect(card.context.session.transaction).toBeUndefined()
    expect(card.send(INIT, update('AA', NEW), right)).toMatch(/9000$|9302$/)
    expect(card.object('record/19/1') === NEW).toBe(cappWithoutUpdate === '6901')
    const plain = card.send(initialize('0102', 1))
    expect(card.send(debit(plain, '06', 1))).toMatch(/9000$/)
  })
})

describe('UPDATE CAPP DATA CACHE refuses', () => {
  const long = `${NEW}00`
  const short = NEW.slice(2)
  const cases: readonly [name: string, status: string, command: string][] = [
    ['a file that is not there', '6A82', update('AA', NEW, 0x1d)],
    ['the current file', '6A82', update('AA', NEW, 0)],
    ['a binary file', '6981', update('AA', NEW, 0x15)],
    ['a cyclic file', '6981', update('01', NEW, 0x18, 4)],
    ['a type that is not there', '6A83', update('BB', NEW)],
    ['a number that is not there', '6A83', update('04', NEW, 0x19, 4)],
    ['number 0', '6A83', update('00', NEW, 0x19, 4)],
    ['a type as a number', '6A83', update('AA', NEW, 0x19, 4)],
    ['a record that is locked', '6985', update('AC', record('AC'))],
    ['a record that is locked, whatever comes', '6985', update('AC', long)],
    ['a record that is longer', '6A84', update('AA', long)],
    ['a record that is shorter', '6A80', update('AA', short)],
    ['no record', '6A80', '80DCAAC8'],
  ]
  it.each(cases)('%s: %s, and the purchase goes on', (_, status, command) => {
    const card = purse()
    const right = debit(card.send(INIT), '09', 7)
    expect(card.send(command)).toBe(status)
    expect(card.send(update('AB', OTHER))).toBe('9000')
    expect(card.send(command)).toBe(status)
    expect(card.send(right)).toMatch(/9000$/)
    expect(RECORDS.map(card.object)).toEqual([record('AA'), OTHER, record('AC', '01'), SMALL_RECORD, '55'])
  })

  it.each(['6901', '6985'] as const)('what comes in another state with %s, and ends it', (cappStateStatus) => {
    const card = purse({ switches: { cappStateStatus } })
    expect(card.send(update('AA', NEW))).toBe(cappStateStatus)
    expect(card.send(update('AA', NEW, 0x1d))).toBe(cappStateStatus)
    const right = debit(card.send(initialize('0102', 7)), '06', 7)
    expect(card.send(update('AA', NEW))).toBe(cappStateStatus)
    expect(card.send(right)).toBe('6901')
    expect(card.send(debit(card.send(INIT), '09', 7), update('AA', NEW))).toBe(cappStateStatus)
    expect(card.object('record/19/1')).toBe(record('AA'))
  })

  it('more than fits the cache: 1024 bytes, each record once', () => {
    const objects = Object.fromEntries(
      [1, 2, 3, 4, 5].map((n) => [`record/0${n === 1 ? 3 : 4}/${n === 1 ? 1 : n - 1}`, `0${n}0000${'00'.repeat(247)}`]),
    )
    const card = purse({ objects: { ...objects, 'record/0C/1': '00'.repeat(24), 'record/0D/1': '00'.repeat(25) } })
    const big = `000000${'33'.repeat(247)}`
    const right = debit(card.send(INIT), '09', 7)
    for (const [number, sfi] of [
      ['01', 3],
      ['01', 4],
      ['02', 4],
      ['03', 4],
    ] as const) {
      expect(card.send(update(number, big, sfi, 4), update(number, big, sfi, 4))).toBe('9000')
    }
    expect(card.send(update('04', big, 4, 4))).toBe('6A84')
    expect(card.send(update('01', '44'.repeat(25), 0x0d, 4))).toBe('6A84')
    expect(card.send(update('01', '44'.repeat(24), 0x0c, 4))).toBe('9000')
    expect(card.send(right)).toMatch(/9000$/)
    expect(card.object('record/04/3')).toBe(big)
    expect(card.object('record/04/4')).toBe(`050000${'00'.repeat(247)}`)
    expect(card.object('record/0C/1')).toBe('44'.repeat(24))
  })

  it('an initialisation without key, money or on a locked card opens no cache', () => {
    const card = purse()
    expect(card.send(initialize('0302', 7, '7F'), update('AA', NEW))).toBe('6901')
    expect(card.send(initialize('0302', 0x65), update('AA', NEW))).toBe('6901')
  })
})
