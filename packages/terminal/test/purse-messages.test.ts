import { describe, expect, it } from 'vitest'
import { balanceAfter, logRecordOf, verifyCompletion } from '../src/purse-completion.js'
import { createPurseKey } from '../src/purse-keys.js'
import {
  type Completion,
  completeCommand,
  type InitializedTransaction,
  initializeCommand,
  type PurseName,
  type PurseRequest,
  type PurseTransactionKind,
  parseInitialized,
  transactionSessionKey,
  transactionType,
  verifyMac1,
} from '../src/purse-messages.js'
import { bytes, hex, retailMac, transactionInputs, vectors } from './purse-oracle.js'

const code = (expected: string) => expect.objectContaining({ code: expected })
const TERMINAL = bytes('112233445566')
const WHEN = { date: '20240131', time: '101112' }
const DTK = createPurseKey(bytes('5555555555555555AAAAAAAAAAAAAA01'))

interface Given extends PurseRequest {
  readonly initialized: Uint8Array
  readonly key: Uint8Array
  readonly completion: Completion
  readonly answer: Uint8Array
}

/** A case of epurse-transaction.json as the functions take it. */
function given(id: string): Given {
  const { kind, purse, key, amount, terminal, initialized, date, time, terminalSerial, answer } = transactionInputs(id)
  const completion = { date, time, ...(terminalSerial === undefined ? {} : { terminalSerial }) }
  return {
    kind,
    purse,
    keyIndex: 1,
    amount,
    terminal: bytes(terminal),
    key: bytes(key),
    initialized: bytes(initialized),
    completion,
    answer: bytes(answer),
  }
}

function run(id: string, change: Partial<Given> = {}) {
  const { key, initialized, completion, answer, ...request } = { ...given(id), ...change }
  const transaction = { ...request, answer: parseInitialized(request.kind, initialized) }
  const session = transactionSessionKey(
    createPurseKey(key),
    request.kind,
    transaction.answer,
    completion.terminalSerial,
  )
  return {
    command: hex(completeCommand(session, transaction, completion)),
    sessionKey: hex(session.expose()),
    mac1: verifyMac1(session, transaction),
    answer: verifyCompletion({ session, dtk: DTK }, transaction, completion, answer),
  }
}

describe('derived transactions', () => {
  it.each(vectors('epurse-transaction'))('$id', ({ id, expect: good, error }) => {
    if (error === undefined) expect(run(id)).toMatchObject(good ?? { command: 'none' })
    else expect(() => run(id)).toThrow(code(error))
  })
})

const LOADS = ['d2-load-ep', 'd3-load-ed', 'd4-unload', 'd5-overdraw']
const DEBITS = ['d6-purchase-ep', 'd7-purchase-ed', 'd8-cash', 'd9-capp']

describe('a change that the codes must notice', () => {
  it.each(LOADS)('%s: the balance of the answer', (id) => {
    const initialized = given(id).initialized.slice()
    initialized[3] = (initialized[3] as number) ^ 1
    expect(run(id, { initialized })).toMatchObject({ mac1: false, answer: false })
  })
  it.each([...LOADS, ...DEBITS])("%s: the terminal's number", (id) => {
    const changed = run(id, { terminal: bytes('112233445567') })
    expect(changed.answer).toBe(false)
    expect(changed.command).not.toBe(run(id).command)
    expect(changed.mac1).toBe(false)
  })
  it.each([...LOADS, ...DEBITS])('%s: the date', (id) => {
    expect(run(id, { completion: { ...given(id).completion, date: '20240130' } }).answer).toBe(false)
  })
  it.each([...LOADS, ...DEBITS])('%s: an answer cut short, empty, or longer', (id) => {
    const { answer } = given(id)
    for (const other of [answer.slice(1), answer.slice(0, 3), new Uint8Array(0), Uint8Array.of(...answer, 0)]) {
      expect(run(id, { answer: other }).answer).toBe(false)
    }
  })
  it.each([...LOADS, ...DEBITS])('%s: any bit of the answer', (id) => {
    const { answer } = given(id)
    for (let i = 0; i < answer.length; i++) {
      const wrong = answer.slice()
      wrong[i] = (wrong[i] as number) ^ 0x80
      expect(run(id, { answer: wrong }).answer).toBe(false)
    }
  })
  it.each(DEBITS)("%s: the terminal's serial", (id) => {
    const { completion } = given(id)
    const changed = run(id, { completion: { ...completion, terminalSerial: 0x103 } })
    expect(changed.answer).toBe(false)
    expect(changed.sessionKey).not.toBe(run(id).sessionKey)
  })
  it('the old limit of the overdraft', () => {
    const initialized = given('d5-overdraw').initialized.slice()
    initialized[8] = 1
    expect(run('d5-overdraw', { initialized })).toMatchObject({ mac1: false, answer: false })
  })
})

describe('balances that cannot be', () => {
  it('a card that is loaded beyond 4 bytes, or unloaded below zero, has given no right answer', () => {
    const full = bytes('FFFFFFFF00050200A1B2C3D400000000')
    expect(run('d2-load-ep', { initialized: full }).answer).toBe(false)
    const empty = bytes('0000000000060200A1B2C3D400000000')
    expect(run('d4-unload', { initialized: empty }).answer).toBe(false)
  })
})

describe('INITIALIZE', () => {
  const request = (kind: PurseTransactionKind, purse: PurseName): PurseRequest => {
    return { kind, purse, keyIndex: 1, amount: 1000, terminal: TERMINAL }
  }
  it.each<[PurseTransactionKind, PurseName, string, number]>([
    ['load', 'ed', '805000010B01000003E811223344556610', 1],
    ['load', 'ep', '805000020B01000003E811223344556610', 2],
    ['unload', 'ed', '805005010B01000003E811223344556610', 3],
    ['unload', 'ep', '805005010B01000003E811223344556610', 3],
    ['cash', 'ed', '805002010B01000003E81122334455660F', 4],
    ['purchase', 'ed', '805001010B01000003E81122334455660F', 5],
    ['purchase', 'ep', '805001020B01000003E81122334455660F', 6],
    ['overdraft', 'ed', '80500401070111223344556613', 7],
    ['capp', 'ep', '805003020B01000003E81122334455660F', 9],
    ['capp', 'ed', '805003020B01000003E81122334455660F', 9],
  ])('%s of %s', (kind, purse, apdu, type) => {
    expect(hex(initializeCommand(request(kind, purse)))).toBe(apdu)
    expect(transactionType(kind, purse)).toBe(type)
  })

  it.each([-1, 0x1_0000_0000, 0.5])('refuses the amount %d', (amount) => {
    expect(() => initializeCommand({ ...request('load', 'ep'), amount })).toThrow(code('ERR_OPTION'))
  })
  it('refuses a key index of two bytes, and a terminal of five or seven', () => {
    expect(() => initializeCommand({ ...request('load', 'ep'), keyIndex: 256 })).toThrow(code('ERR_OPTION'))
    for (const length of [0, 5, 7]) {
      const terminal = new Uint8Array(length)
      expect(() => initializeCommand({ ...request('load', 'ep'), terminal })).toThrow(code('ERR_LENGTH'))
    }
  })
  it('refuses a transaction that does not exist', () => {
    expect(() => initializeCommand(request('refund' as 'load', 'ep'))).toThrow(code('ERR_OPTION'))
    expect(() => transactionType('toString' as 'load', 'ep')).toThrow(code('ERR_OPTION'))
  })

  it('is answered with 16 bytes for a load', () => {
    expect(parseInitialized('load', bytes('0000006400050200A1B2C3D40F217699'))).toEqual({
      balance: 100,
      serial: 5,
      keyVersion: 2,
      algorithm: 0,
      random: bytes('A1B2C3D4'),
      mac1: bytes('0F217699'),
    })
  })
  it('is answered with 15 bytes for a purchase, as the recorded card does', () => {
    expect(parseInitialized('capp', bytes('00015A17004100032001 00F8ADA62B'.replace(' ', '')))).toEqual({
      balance: 0x15a17,
      serial: 0x41,
      limit: 800,
      keyVersion: 1,
      algorithm: 0,
      random: bytes('F8ADA62B'),
    })
  })
  it('is answered with 19 bytes for the overdraft', () => {
    expect(parseInitialized('overdraft', bytes('000003E800070000640400CAFEBABE01020304'))).toEqual({
      balance: 1000,
      serial: 7,
      limit: 100,
      keyVersion: 4,
      algorithm: 0,
      random: bytes('CAFEBABE'),
      mac1: bytes('01020304'),
    })
  })
  it.each<[PurseTransactionKind, number]>([
    ['load', 16],
    ['unload', 16],
    ['cash', 15],
    ['purchase', 15],
    ['capp', 15],
    ['overdraft', 19],
  ])('of %s refuses any other length than %i', (kind, length) => {
    expect(() => parseInitialized(kind, new Uint8Array(length))).not.toThrow()
    for (const other of [0, length - 1, length + 1]) {
      expect(() => parseInitialized(kind, new Uint8Array(other))).toThrow(code('ERR_LENGTH'))
    }
  })
})

/** A purchase, as far as INITIALIZE. */
function initialized(kind: PurseTransactionKind, amount: number): InitializedTransaction {
  const answer = { balance: 1000, serial: 9, limit: 200, keyVersion: 1, algorithm: 0, random: bytes('DEADBEEF') }
  return { kind, purse: 'ed', keyIndex: 1, amount, terminal: TERMINAL, answer }
}
const sessionOf = (transaction: InitializedTransaction) =>
  transactionSessionKey(createPurseKey(bytes(`${'11'.repeat(15)}04`)), transaction.kind, transaction.answer)

describe('the completing command', () => {
  const transaction = initialized('cash', 50)
  const complete = (completion: Completion) => completeCommand(sessionOf(transaction), transaction, completion)

  it("takes the terminal's serial 0 when none is given", () => {
    expect(hex(complete(WHEN)).slice(0, 32)).toBe('805401000F0000000020240131101112')
  })
  it.each(['20240132', '2024013', '', '202401311'])('refuses the date %s', (date) => {
    expect(() => complete({ ...WHEN, date })).toThrow(code('ERR_DATE'))
  })
  it.each(['240000', '106000', '101160', '1011', '', '1011121', '10111A'])('refuses the time %s', (time) => {
    expect(() => complete({ ...WHEN, time })).toThrow(code('ERR_OPTION'))
  })
  it('refuses a limit of four bytes', () => {
    const limit = initialized('overdraft', 0x100_0000)
    expect(() => completeCommand(sessionOf(limit), limit, WHEN)).toThrow(code('ERR_OPTION'))
  })
})

describe('what the card gave', () => {
  it('no MAC1 where a transaction has none', () => {
    const transaction = initialized('purchase', 50)
    expect(verifyMac1(sessionOf(transaction), transaction)).toBe(false)
  })
  it("a purchase's answer without a terminal's serial is one with serial 0", () => {
    const transaction = initialized('purchase', 50)
    const keys = { session: sessionOf(transaction), dtk: DTK }
    expect(verifyCompletion(keys, transaction, WHEN, new Uint8Array(8))).toBe(false)
  })
  it('MAC1 and TAC of the overdraft with no limit told: as with 0', () => {
    const { answer } = given('d5-overdraw')
    const full = parseInitialized('overdraft', given('d5-overdraw').initialized)
    const { limit: _, ...without } = full
    const { key, completion, ...request } = given('d5-overdraw')
    const transaction = { ...request, answer: without }
    const session = transactionSessionKey(createPurseKey(key), 'overdraft', full)
    expect(verifyMac1(session, transaction)).toBe(true)
    expect(verifyCompletion({ session, dtk: DTK }, transaction, completion, answer)).toBe(true)
  })
  it('the TAC of the overdraft by DTK itself, where the card is such a one', () => {
    const { key, initialized: first, completion, ...request } = given('d5-overdraw')
    const transaction = { ...request, answer: parseInitialized('overdraft', first) }
    const session = transactionSessionKey(createPurseKey(key), 'overdraft', transaction.answer)
    const tac = retailMac(DTK.expose(), new Uint8Array(8), bytes('000007D000070003E80711223344556620240131101112'))
    const check = (mode: 'xor' | 'direct') =>
      verifyCompletion({ session, dtk: DTK, tac: mode }, transaction, completion, tac)
    expect([check('direct'), check('xor')]).toEqual([true, false])
  })
})

describe('the new balance and the log', () => {
  it.each<[PurseTransactionKind, number, number]>([
    ['load', 50, 1050],
    ['unload', 50, 950],
    ['cash', 50, 950],
    ['purchase', 1000, 0],
    ['capp', 0, 1000],
    ['overdraft', 500, 1300],
    ['overdraft', 0, 800],
    ['purchase', 1001, -1],
  ])('%s of %i', (kind, amount, balance) => expect(balanceAfter(initialized(kind, amount))).toBe(balance))

  it('a limit that was not told counts as 0', () => {
    const { answer, ...rest } = initialized('overdraft', 500)
    const { limit: _, ...without } = answer
    expect(balanceAfter({ ...rest, answer: without })).toBe(1500)
    expect(hex(logRecordOf({ ...rest, answer: without }, WHEN))).toMatch(/^0009000000/)
  })
  it('the record has 23 bytes: serial, limit, amount, type, terminal, date, time', () => {
    const record = logRecordOf(initialized('cash', 50), WHEN)
    expect(hex(record)).toBe('00090000C8000000320411223344556620240131101112')
    expect(record).toHaveLength(23)
    expect(hex(logRecordOf(initialized('cash', 50), WHEN, 1))).toMatch(/^0009000001/)
  })
  it('refuses a limit beyond 3 bytes', () => {
    expect(() => logRecordOf(initialized('cash', 50), WHEN, 0x100_0000)).toThrow(code('ERR_OPTION'))
  })
})
