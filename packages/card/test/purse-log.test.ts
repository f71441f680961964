/** The transaction log, and long random runs against a model of the purses. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PowerLoss } from '../src/memory-cells.js'
import { DATE, KEYS, purse, record, TERMINAL, TIME } from './support/purse-context.js'
import { confirm, debit, hex, initialize, newLimit, spoilt } from './support/purse-terminal.js'

type Card = ReturnType<typeof purse>
type Name = 'ed' | 'ep'

interface Way {
  readonly type: string
  readonly purse: Name
  readonly serial: 'onlineSerial' | 'offlineSerial'
  /** What the amount does to the balance. */
  readonly sign: 1 | -1
  readonly first: (amount: number) => string
  readonly second: (answer: string, amount: number) => string
}
const online = { serial: 'onlineSerial' } as const
const offline = { serial: 'offlineSerial', sign: -1 } as const
const opening = (p1p2: string) => (amount: number) => initialize(p1p2, amount)
const load = (type: string) => (answer: string, amount: number) => confirm('805200000B', KEYS.DLK, answer, type, amount)
const unload = (answer: string, amount: number) => confirm('805403000B', KEYS.DULK, answer, '03', amount)
const pay = (type: string) => (answer: string, amount: number) => debit(answer, type, amount)
const WAYS: readonly Way[] = [
  { ...online, type: '01', purse: 'ed', sign: 1, first: opening('0001'), second: load('01') },
  { ...online, type: '02', purse: 'ep', sign: 1, first: opening('0002'), second: load('02') },
  { ...online, type: '03', purse: 'ed', sign: -1, first: opening('0501'), second: unload },
  { ...offline, type: '04', purse: 'ed', first: opening('0201'), second: pay('04') },
  { ...offline, type: '05', purse: 'ed', first: opening('0101'), second: pay('05') },
  { ...offline, type: '06', purse: 'ep', first: opening('0102'), second: pay('06') },
  { ...online, type: '07', purse: 'ed', sign: 1, first: () => initialize('0401'), second: newLimit },
  { ...offline, type: '09', purse: 'ep', first: opening('0302'), second: pay('09') },
]
const MOST = 0x400

/** What the card should hold, as a host keeps it. */
interface Model {
  readonly ed: { balance: number; onlineSerial: number; offlineSerial: number }
  readonly ep: { balance: number; onlineSerial: number; offlineSerial: number }
  limit: number
  readonly log: string[]
  readonly proofs: Map<string, number>
  record: string
}
const model = (): Model => ({
  ed: { balance: 0x64, onlineSerial: 5, offlineSerial: 9 },
  ep: { balance: 0x64, onlineSerial: 5, offlineSerial: 9 },
  limit: 0,
  log: [],
  proofs: new Map(),
  record: record('AA'),
})

/** Whether the model lets a transaction of this amount go. For type 07 the amount is the new limit. */
function allows({ ed, ep, limit }: Model, { type, purse: name, sign }: Way, amount: number): boolean {
  const { balance } = name === 'ed' ? ed : ep
  if (type === '07') return balance + amount - limit >= 0 && balance + amount - limit <= MOST
  if (sign > 0) return balance + amount <= MOST
  return amount <= (type === '03' ? balance - limit : balance)
}

function apply(
  state: Model,
  { type, purse: name, serial, sign }: Way,
  amount: number,
  cached: string | undefined,
): void {
  const side = state[name]
  const used = side[serial]
  side[serial] += 1
  side.balance += type === '07' ? amount - state.limit : sign * amount
  if (type === '07') state.limit = amount
  const limit = name === 'ed' ? state.limit : 0
  const logged = hex(used, 2) + hex(limit, 3) + hex(type === '07' ? 0 : amount, 4) + type + TERMINAL + DATE + TIME
  state.log.unshift(logged)
  state.proofs.set(type, used)
  state.record = cached ?? state.record
}

function expectState(card: Card, state: Model): void {
  for (const name of ['ed', 'ep'] as const) {
    const side = state[name]
    expect(card.object(`${name}/balance`)).toBe(hex(side.balance, 4))
    expect(card.object(`${name}/onlineSerial`)).toBe(hex(side.onlineSerial, 2))
    expect(card.object(`${name}/offlineSerial`)).toBe(hex(side.offlineSerial, 2))
  }
  expect(card.object('ed/limit')).toBe(hex(state.limit, 3))
  expect(card.object('cyclic/18')).toBe(state.log.slice(0, 10).join(''))
  expect(card.object('record/19/1')).toBe(state.record)
  for (const { type } of WAYS) expect(card.object(`proof/${type}`).slice(0, 4)).toBe(slot(state, type))
}
function slot({ proofs }: Model, type: string): string {
  const serial = proofs.get(type)
  return serial === undefined ? '' : hex(serial, 2)
}
const proven = (card: Card, type: string, serial: number): boolean =>
  card.send(`805A00${type}02${hex(serial, 2)}08`).endsWith('9000')

const step = fc.record({
  way: fc.constantFrom(...WAYS),
  amount: fc.integer({ min: 0, max: 0x120 }),
  fate: fc.constantFrom('good', 'good', 'good', 'wrong MAC', 'power', 'abandoned'),
  write: fc.integer({ min: 1, max: 16 }),
  at: fc.constantFrom('before', 'torn', 'after'),
  cache: fc.boolean(),
})

/** The second command with the power cut at a write: whether the transaction has happened, by the card's own proof. */
function survives(
  card: Card,
  { type, purse: name, serial }: Way,
  command: string,
  state: Model,
  arm: () => void,
): boolean {
  let answered = ''
  arm()
  try {
    answered = card.send(command)
  } catch (error) {
    expect(error).toBeInstanceOf(PowerLoss)
    card.memory.recover()
    card.context.session.transaction = undefined
  }
  card.memory.arm(undefined)
  const isProven = proven(card, type, state[name][serial])
  if (answered !== '') expect([answered.slice(-4), isProven]).toEqual(['9000', true])
  return isProven
}

describe('random transactions', () => {
  it('hold the model: no money made or lost, each serial once, the newest ten in the log', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        const card = purse({ maximumBalance: MOST })
        const state = model()
        for (const { way, amount, fate, write, at, cache } of steps) {
          const answer = card.send(way.first(amount))
          // A new limit is looked at with the second command.
          const opens = way.type === '07' || allows(state, way, amount)
          expect(answer.endsWith('9000')).toBe(opens)
          if (!opens) {
            expect(card.send(way.second(answer.padEnd(48, '0'), amount))).toBe('6901')
            continue
          }
          const cached = cache && way.type === '09' ? record('AA', '00', hex(amount % 256, 1)) : undefined
          if (cached !== undefined) expect(card.send(`80DCAAC82B${cached}`)).toBe('9000')
          const command = way.second(answer, amount)
          let happened = false
          if (fate === 'power' && allows(state, way, amount)) {
            happened = survives(card, way, command, state, () => card.memory.arm({ write, at }))
          } else if (fate !== 'abandoned') {
            const said = card.send(fate === 'wrong MAC' ? spoilt(command) : command)
            happened = said.endsWith('9000')
            expect(happened).toBe(fate !== 'wrong MAC' && allows(state, way, amount))
            expect(card.send(command)).toBe('6901')
          }
          if (happened) apply(state, way, amount, cached)
          expectState(card, state)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('are all or nothing at each write of each command', () => {
    for (const way of WAYS) {
      const cut = (write: number, at: 'before' | 'torn' | 'after'): number => {
        const card = purse()
        const state = model()
        const command = way.second(card.send(way.first(3)), 3)
        const before = card.memory.writes
        if (survives(card, way, command, state, () => card.memory.arm({ write, at }))) apply(state, way, 3, undefined)
        expectState(card, state)
        return card.memory.writes - before
      }
      const writes = cut(1000, 'before')
      expect(writes).toBeGreaterThan(5)
      for (let write = 1; write <= writes; write++)
        for (const at of ['before', 'torn', 'after'] as const) cut(write, at)
    }
  })
})

describe('hostile commands', () => {
  /** CLA INS P1 P2 and the length of the data, of all commands that change something. */
  const SHAPES = [
    ...['0001', '0002', '0101', '0102', '0201', '0302', '0501'].map((header) => [`8050${header}`, 11] as const),
    ['80500401', 7],
    ['80520000', 11],
    ['80540300', 11],
    ['80540100', 15],
    ['80580000', 14],
    ['80DCAAC8', 43],
    ['80DC01CC', 43],
    ['E07A0801', 7],
    ['E07A0802', 7],
    ['E07C0800', 19],
    ['E07E0801', 27],
    ['E07E0802', 27],
    ['E07A0902', 7],
    ['E07C0900', 15],
  ] as const
  const wild = fc
    .constantFrom(...SHAPES)
    .chain(([header, length]) =>
      fc
        .tuple(fc.constantFrom('01', '01', '02', 'FF'), fc.uint8Array({ minLength: length - 1, maxLength: length - 1 }))
        .map(([first, rest]) => `${header}${hex(length, 1)}${first}${Buffer.from(rest).toString('hex')}`),
    )

  it('are answered, and move nothing without a MAC', () => {
    fc.assert(
      fc.property(fc.array(wild, { maxLength: 20 }), (commands) => {
        const card = purse()
        for (const command of commands) {
          expect(card.send(command)).toMatch(/(9000|9302|9401|9403|6901|6985|6A84)$/)
          expectState(card, model())
          expect(card.object('grey')).toBe('')
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('the log', () => {
  const purchase = (card: Card, amount: number) => card.send(debit(card.send(initialize('0102', amount)), '06', amount))

  it('keeps the newest ten, newest first', () => {
    const card = purse()
    for (let n = 1; n <= 12; n++) purchase(card, n)
    const records = card.object('cyclic/18').match(/.{46}/g) ?? []
    expect(records).toHaveLength(10)
    expect(records.map((one) => Number.parseInt(one.slice(0, 4), 16))).toEqual([20, 19, 18, 17, 16, 15, 14, 13, 12, 11])
    expect(records.map((one) => Number.parseInt(one.slice(10, 18), 16))).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3])
    expect(card.object('cyclic/18')).toHaveLength(10 * 46)
  })

  it('has the limit of ED as it is afterwards, and the serial before', () => {
    const card = purse({ objects: { 'ed/limit': '000002', 'ed/onlineSerial': '1234' } })
    card.send(newLimit(card.send(initialize('0401')), 0x30))
    card.send(debit(card.send(initialize('0201', 1)), '04', 1))
    purchase(card, 1)
    expect(card.object('cyclic/18')).toBe(
      [`00090000000000000106`, `00090000300000000104`, `12340000300000000007`]
        .map((head) => `${head}${TERMINAL}${DATE}${TIME}`)
        .join(''),
    )
  })

  it('has nothing of a refused transaction', () => {
    const card = purse()
    card.send(spoilt(debit(card.send(initialize('0102', 1)), '06', 1)))
    card.send(initialize('0102', 0x65))
    expect(card.object('cyclic/18')).toBe('')
  })
})
