/** The models that random sequences and pairs of commands are judged by, against the standard's tables written out by hand. */
import { beforeEach, describe, expect, test } from 'vitest'
import {
  copyModel,
  forget,
  modelBalance,
  modelCache,
  modelComplete,
  modelInitialize,
  modelProof,
  modelRecord,
  modelVerify,
  type PurseModel,
} from '../src/conformance/purse-model.js'
import { READY, type StateCommand, stateCommands } from '../src/conformance/state-model.js'
import { PROFILE } from './conformance-support.js'

const BEHAVIOUR = PROFILE.behaviour

function modelOf(behaviour: Partial<typeof BEHAVIOUR> = {}): PurseModel {
  return {
    profile: { ...PROFILE, maximumBalance: 10_000, logRecords: 2, behaviour: { ...BEHAVIOUR, ...behaviour } },
    purses: {
      ed: { balance: 1500, online: 7, offline: 9, limit: 500 },
      ep: { balance: 200, online: 0xfffe, offline: 0xffff, limit: 0 },
    },
    log: [],
    proofs: new Map(),
    proven: undefined,
    records: new Map(),
    pinVerified: true,
    triesLeft: 3,
    pending: undefined,
    cache: new Map(),
  }
}

let model: PurseModel
beforeEach(() => {
  model = modelOf()
})

describe('INITIALIZE', () => {
  test.each([
    ['load', 'ed', 8500, '9000'],
    ['load', 'ed', 8501, '6985'],
    ['load', 'ep', 0, '9000'],
    ['unload', 'ed', 1000, '9000'],
    ['unload', 'ed', 1001, '9401'],
    ['cash', 'ed', 1500, '9000'],
    ['cash', 'ed', 1501, '9401'],
    ['purchase', 'ed', 1500, '9000'],
    ['purchase', 'ep', 1, '9402'],
    ['capp', 'ep', 1, '9402'],
    ['overdraft', 'ed', 0, '9000'],
  ] as const)('%s %s %i: %s', (kind, purse, amount, status) => {
    expect(modelInitialize(model, { kind, purse, amount }, true)).toBe(status)
    expect(model.pending?.kind).toBe(status === '9000' ? kind : undefined)
  })

  test('asks for the key, the PIN, the serial, the amount, in this order', () => {
    model.pinVerified = false
    model.purses.ed.online = 0xffff
    const plan = { kind: 'unload', purse: 'ed', amount: 9999 } as const
    expect(modelInitialize(model, plan, false)).toBe('9403')
    expect(modelInitialize(model, plan, true)).toBe('6982')
    model.pinVerified = true
    expect(modelInitialize(model, plan, true)).toBe('9402')
    model.purses.ed.online = 0xfffe
    expect(modelInitialize(model, plan, true)).toBe('9401')
  })

  test('of EP needs no PIN but for a load', () => {
    model.pinVerified = false
    model.purses.ep.offline = 0
    expect(modelInitialize(model, { kind: 'purchase', purse: 'ep', amount: 200 }, true)).toBe('9000')
    expect(modelInitialize(model, { kind: 'load', purse: 'ep', amount: 1 }, true)).toBe('6982')
    expect(model.pending).toBeUndefined()
  })

  test('of nothing, where the card refuses that', () => {
    const strict = modelOf({ zeroLoad: '6A80' })
    expect(modelInitialize(strict, { kind: 'load', purse: 'ed', amount: 0 }, true)).toBe('6A80')
  })
})

describe('the second command', () => {
  test('of a load, once', () => {
    modelInitialize(model, { kind: 'load', purse: 'ed', amount: 10 }, true)
    expect(modelComplete(model, 'load', 0, true)).toBe('9000')
    expect(model.purses.ed).toEqual({ balance: 1510, online: 8, offline: 9, limit: 500 })
    expect(modelComplete(model, 'load', 0, true)).toBe('6901')
  })

  test('of a debit, by any of its kinds; a wrong MAC changes nothing', () => {
    modelInitialize(model, { kind: 'cash', purse: 'ed', amount: 1500 }, true)
    expect(modelComplete(model, 'purchase', 0, false)).toBe('9302')
    modelInitialize(model, { kind: 'cash', purse: 'ed', amount: 1500 }, true)
    expect(modelComplete(model, 'capp', 0, true)).toBe('9000')
    expect(model.purses.ed).toEqual({ balance: 0, online: 7, offline: 10, limit: 500 })
  })

  test('of another transaction ends the one under way', () => {
    modelInitialize(model, { kind: 'unload', purse: 'ed', amount: 1 }, true)
    expect(modelComplete(model, 'load', 0, true)).toBe('6901')
    expect(modelComplete(model, 'unload', 0, true)).toBe('6901')
  })

  test.each([
    [700, '9000', { balance: 1700, online: 8, offline: 9, limit: 700 }],
    [0, '9000', { balance: 1000, online: 8, offline: 9, limit: 0 }],
    [9001, '6985', { balance: 1500, online: 7, offline: 9, limit: 500 }],
  ])('of a limit of %i: %s', (limit, status, ed) => {
    modelInitialize(model, { kind: 'overdraft', purse: 'ed', amount: 0 }, true)
    expect(modelComplete(model, 'overdraft', limit, true)).toBe(status)
    expect(model.purses.ed).toEqual(ed)
  })

  test('of a limit below the credit in use, which is told before a wrong MAC', () => {
    model.purses.ed.balance = 499
    modelInitialize(model, { kind: 'overdraft', purse: 'ed', amount: 0 }, true)
    expect(modelComplete(model, 'overdraft', 0, false)).toBe('9401')
  })

  test('takes the PIN away where the card does so', () => {
    const strict = modelOf({ pinFlagAfterTransaction: 'clear' })
    modelInitialize(strict, { kind: 'unload', purse: 'ed', amount: 1 }, true)
    expect(modelComplete(strict, 'unload', 0, true)).toBe('9000')
    expect(modelBalance(strict, 'ed')).toBe('6982')
  })

  test('of a composite purchase writes what is in the cache', () => {
    model.purses.ep.offline = 0
    expect(modelCache(model, 0xaa, 'AA2900')).toBe('6901')
    modelInitialize(model, { kind: 'capp', purse: 'ep', amount: 0 }, true)
    expect(modelCache(model, 0xaa, 'AA2900')).toBe('9000')
    expect(model.records.size).toBe(0)
    expect(modelComplete(model, 'capp', 0, true)).toBe('9000')
    expect([...model.records]).toEqual([[0xaa, 'AA2900']])
  })

  test('of a composite purchase without a record, where the card refuses that', () => {
    const strict = modelOf({ cappWithoutUpdate: '6901' })
    strict.purses.ep.offline = 0
    modelInitialize(strict, { kind: 'capp', purse: 'ep', amount: 0 }, true)
    expect(modelComplete(strict, 'capp', 0, true)).toBe('6901')
  })
})

describe('PIN, power, proof', () => {
  test('three wrong PINs, and no good one after them', () => {
    const answers = [false, false, false, false, true].map((good) => modelVerify(model, good))
    expect(answers).toEqual(['63C2', '63C1', '63C0', '6983', '6983'])
    expect(modelBalance(model, 'ep')).toBe('6982')
  })

  test('a good PIN brings the tries back, and ends the transaction or not', () => {
    const lenient = modelOf({ verifyEndsTransaction: false })
    for (const one of [model, lenient]) {
      modelVerify(one, false)
      modelInitialize(one, { kind: 'overdraft', purse: 'ed', amount: 0 }, true)
      expect(modelVerify(one, true)).toBe('9000')
      expect(one.triesLeft).toBe(3)
    }
    modelInitialize(lenient, { kind: 'overdraft', purse: 'ed', amount: 0 }, true)
    modelVerify(lenient, true)
    expect([model.pending, lenient.pending?.kind]).toEqual([undefined, 'overdraft'])
  })

  test('power takes PIN, transaction and cache; a copy keeps what it had', () => {
    const before = copyModel(model)
    modelInitialize(model, { kind: 'load', purse: 'ed', amount: 5 }, true)
    modelComplete(model, 'load', 0, true)
    forget(model)
    expect([model.pinVerified, model.pending]).toEqual([false, undefined])
    expect(before.purses.ed.balance).toBe(1500)
    expect(before.pinVerified).toBe(true)
  })

  test('the newest proof is sure, an older one may be gone, an unknown one may be there', () => {
    expect(modelProof(model, 2, 0)).toEqual({ status: /^(9000|9406)$/ })
    modelRecord(model, 2, /^A$/, { serial: 7, data: /^B$/ })
    expect(modelProof(model, 2, 7)).toEqual({ status: /^9000$/, data: /^B$/ })
    expect(modelProof(model, 2, 8)).toEqual({ status: /^9406$/ })
    modelRecord(model, 6, /^C$/, { serial: 1, data: /^D$/ })
    expect(modelProof(model, 2, 7)).toEqual({ status: /^(9000|9406)$/, data: /^B$/ })
    modelRecord(model, 6, /^E$/, { serial: 2, data: /^F$/ })
    expect(model.log).toEqual([/^E$/, /^C$/])
  })

  test('the balance of EP needs the PIN, or not', () => {
    const lenient = modelOf({ balanceNeedsPin: false })
    for (const one of [model, lenient]) forget(one)
    expect(modelBalance(model, 'ep')).toBe('6982')
    expect([modelBalance(lenient, 'ep'), modelBalance(lenient, 'ed')]).toEqual(['9000', '6982'])
  })
})

describe('the table of states', () => {
  const commands = stateCommands({ ...PROFILE, composite: { sfi: '19', records: ['AA0000'] } }, 0)
  const named = (name: string): StateCommand => commands.find((one) => one.name === name) as StateCommand
  const after = (...names: string[]): string =>
    names.reduce((state, name) => named(name).next(state, PROFILE).state, READY).transaction

  test('has every command once', () => {
    expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length)
    expect(commands.length).toBeGreaterThan(30)
  })

  test.each([
    [['INITIALIZE load ed'], 'load'],
    [['INITIALIZE load ed', 'INITIALIZE unload ed'], 'unload'],
    [['INITIALIZE load ed', 'CREDIT FOR LOAD'], 'idle'],
    [['INITIALIZE load ed', 'DEBIT'], 'idle'],
    [['INITIALIZE load ed', 'INITIALIZE load ed, unknown key'], 'idle'],
    [['INITIALIZE purchase ep', 'GET BALANCE ED', 'GET BALANCE EP'], 'purchase'],
    [['INITIALIZE cash ed', 'GET TRANSACTION PROVE', 'GET RESPONSE'], 'cash'],
    [['INITIALIZE capp ep', 'UPDATE CAPP DATA CACHE'], 'capp'],
    [['INITIALIZE purchase ep', 'UPDATE CAPP DATA CACHE'], 'idle'],
    [['INITIALIZE overdraft ed', 'VERIFY'], 'idle'],
    [['INITIALIZE overdraft ed', 'GET CHALLENGE'], 'idle'],
    [['INITIALIZE overdraft ed', 'READ BINARY'], 'idle'],
    [['INITIALIZE overdraft ed', 'SELECT'], 'idle'],
  ])('%j: %s', (names, state) => expect(after(...names)).toBe(state))

  test('answers 6901 out of state, 6984 without a challenge, 6982 without PIN', () => {
    expect(named('DEBIT').next(READY, PROFILE).status).toBe('6901')
    expect(named('UPDATE BINARY').next(READY, PROFILE).status).toBe('6984')
    expect(named('UPDATE BINARY').next({ ...READY, challenge: true }, PROFILE).status).toBe('9000')
    const noPin = { ...READY, pinVerified: false }
    expect(named('INITIALIZE cash ed').next(noPin, PROFILE).status).toBe('6982')
    expect(named('INITIALIZE purchase ep').next(noPin, PROFILE).status).toBe('9000')
    expect(named('GET BALANCE ED').next(noPin, PROFILE).status).toBe('6982')
  })
})
