import { describe, expect, it } from 'vitest'
import { CaseFailed, type Step } from '../src/conformance/step.js'
import { PurseTester } from '../src/conformance/tester.js'
import { KEYS, type Line, PROFILE, scriptedCard } from './conformance-support.js'
import { bytes, cbcMac, encipher, folded, hex, retailMac } from './purse-oracle.js'

/** Both commands and answers of the derived transactions, as vectors/epurse-transaction.json has them. */
const D = {
  loadEp: [
    ['805000020B01000003E811223344556610', '0000006400050200A1B2C3D40F2176999000'],
    ['805200000B20240131101112B664B5A604', 'A2AE2BD19000'],
  ],
  loadEd: [
    ['805000010B01000003E811223344556610', '0000006400050200A1B2C3D44DC452499000'],
    ['805200000B20240131101112E370838004', '09FE72E99000'],
  ],
  unload: [
    ['805005010B010000006411223344556610', '0000044C000602000BADF00D52000B0F9000'],
    ['805403000B20240131101112E8136CC404', '7F8091049000'],
  ],
  overdraft: [
    ['80500401070111223344556613', '000003E800070000000400CAFEBABE6DCEC2D59000'],
    ['805800000E0003E8202401311011127E889B7504', '921EE8539000'],
  ],
  purchaseEp: [
    ['805001020B01000000321122334455660F', '000003E800090000000100DEADBEEF9000'],
    ['805401000F0000010220240131101112C0EF5B4C08', 'EB839D86881B93559000'],
  ],
  cash: [
    ['805002010B01000000321122334455660F', '000003E800090000000100DEADBEEF9000'],
    ['805401000F0000010220240131101112B49BB9B008', '2777E55F881B93559000'],
  ],
  capp: [
    ['805003020B01000000321122334455660F', '000003E800090000000100DEADBEEF9000'],
    ['805401000F00000102202401311011121209FEA608', '82A3176A881B93559000'],
  ],
} as const satisfies Record<string, readonly [Line, Line]>

/** The last hexadecimal digit of the MAC, turned over in its last bit; Le is behind it. */
const wrong = (command: string): string => {
  const digit = Number.parseInt(command.slice(-3, -2), 16) ^ 1
  return `${command.slice(0, -3)}${digit.toString(16).toUpperCase()}${command.slice(-2)}`
}
const SERIAL = { terminalSerial: 0x102 }

interface Run {
  readonly name: keyof typeof D
  readonly begin: (t: PurseTester) => Promise<Step>
  readonly end: (t: PurseTester, options: { mac?: 'bad' }) => Promise<Step>
  readonly log: string
}
const RUNS: readonly Run[] = [
  {
    name: 'loadEp',
    begin: (t) => t.initializeForLoad('ep', 1, 1000),
    end: (t, options) => t.creditForLoad(options),
    log: '0005000000000003E80211223344556620240131101112',
  },
  {
    name: 'loadEd',
    begin: (t) => t.initializeForLoad('ed', 1, 1000),
    end: (t, options) => t.creditForLoad(options),
    log: '0005000000000003E80111223344556620240131101112',
  },
  {
    name: 'unload',
    begin: (t) => t.initializeForUnload(1, 100),
    end: (t, options) => t.debitForUnload(options),
    log: '0006000000000000640311223344556620240131101112',
  },
  {
    name: 'overdraft',
    begin: (t) => t.initializeForUpdate(1),
    end: (t, options) => t.updateOverdraftLimit(1000, options),
    log: '0007000000000003E80711223344556620240131101112',
  },
  {
    name: 'purchaseEp',
    begin: (t) => t.initializeForPurchase('ep', 1, 50),
    end: (t, options) => t.debit({ ...SERIAL, ...options }),
    log: '0009000000000000320611223344556620240131101112',
  },
  {
    name: 'cash',
    begin: (t) => t.initializeForCash(1, 50),
    end: (t, options) => t.debit({ ...SERIAL, ...options }),
    log: '0009000000000000320411223344556620240131101112',
  },
  {
    name: 'capp',
    begin: (t) => t.initializeForCapp(1, 50),
    end: (t, options) => t.debitCapp({ ...SERIAL, ...options }),
    log: '0009000000000000320911223344556620240131101112',
  },
]

describe.each(RUNS)('$name', ({ name, begin, end, log }) => {
  const [first, second] = D[name]

  it('is sent to its end, and its answers are found right', async () => {
    const tester = new PurseTester(scriptedCard([first, second]))
    await tester.expect(begin(tester), '9000')
    if (tester.initialized?.answer.mac1 !== undefined) tester.expectMac1()
    tester.expectCompletion(await tester.expect(end(tester, {}), '9000'))
    expect(tester.logRecord()).toBe(log)
    expect(tester.completed?.type).toBe(Number.parseInt(log.slice(18, 20), 16))
  })
  it('with a wrong MAC differs in one bit', async () => {
    const card = scriptedCard([first, ['*', '9302']])
    const tester = new PurseTester(card)
    await begin(tester)
    await tester.expect(end(tester, { mac: 'bad' }), '9302')
    expect(card.sent[1]).toBe(wrong(second[0]))
  })
  it('with a wrong answer fails the case', async () => {
    const tester = new PurseTester(scriptedCard([first, [second[0], `${'00'.repeat(second[1].length / 2 - 2)}9000`]]))
    await begin(tester)
    const step = await tester.expect(end(tester, {}), '9000')
    expect(() => tester.expectCompletion(step)).toThrow('MAC and TAC of the answer: expected right, got wrong')
    expect(tester.records.at(-1)).toMatchObject({ passed: false })
  })
  it('refused at the beginning leaves nothing behind', async () => {
    const tester = new PurseTester(scriptedCard([first, [first[0], '9401']]))
    await begin(tester)
    await tester.expect(begin(tester), '9401')
    expect(tester.initialized).toBeUndefined()
  })
})

describe('MAC1', () => {
  it('that is wrong fails the case', async () => {
    const [[command]] = D.loadEp
    const tester = new PurseTester(scriptedCard([[command, '0000006400050200A1B2C3D40F2176989000']]))
    await tester.expect(tester.initializeForLoad('ep', 1, 1000), '9000')
    expect(() => tester.expectMac1()).toThrow(CaseFailed)
  })
  it('of no INITIALIZE, and of one without MAC1, fails, too', async () => {
    const tester = new PurseTester(scriptedCard([D.purchaseEp[0]]))
    expect(() => tester.expectMac1()).toThrow(CaseFailed)
    await tester.expect(tester.initializeForPurchase('ep', 1, 50), '9000')
    expect(() => tester.expectMac1()).toThrow(CaseFailed)
  })
})

describe('without INITIALIZE', () => {
  it('MACs are made over zeros', async () => {
    const session = encipher(bytes(KEYS.load), bytes('0000000000008000'))
    const mac = hex(cbcMac(session, bytes('000000000211223344556620240131101112')))
    const card = scriptedCard([[`805200000B20240131101112${mac}04`, '6901']])
    const tester = new PurseTester(card)
    await tester.expect(tester.creditForLoad(), '6901')
    expect(tester.initialized).toBeUndefined()
  })
  it('nothing is there to judge or to log', () => {
    const tester = new PurseTester(scriptedCard([]))
    expect(tester.logRecord()).toBe('')
    const step: Step = {
      name: '',
      command: bytes(''),
      response: bytes('9000'),
      data: bytes(''),
      status: '9000',
      tpdus: [],
    }
    expect(() => tester.expectCompletion(step)).toThrow(CaseFailed)
  })
  it('an answer of another length counts as none', async () => {
    const tester = new PurseTester(scriptedCard([[D.loadEp[0][0], '00009000']]))
    await tester.expect(tester.initializeForLoad('ep', 1, 1000), '9000')
    expect(tester.initialized).toBeUndefined()
  })
})

describe("the terminal's serial", () => {
  it('counts up from 1, and goes on from one that was given', async () => {
    const card = scriptedCard(Array.from({ length: 4 }, () => ['*', '6901'] as const))
    const tester = new PurseTester(card)
    for (const options of [{}, {}, { terminalSerial: 9 }, {}]) await tester.debit(options)
    expect(card.sent.map((command) => command.slice(10, 18))).toEqual(['00000001', '00000002', '00000009', '0000000A'])
  })
  it('may be another one in the MAC', async () => {
    const session = encipher(bytes(KEYS.purchase), bytes('DEADBEEF00090007'))
    const mac = hex(cbcMac(session, bytes('000000320611223344556620240131101112')))
    const card = scriptedCard([D.purchaseEp[0], [`805401000F0000010220240131101112${mac}08`, '9302']])
    const tester = new PurseTester(card)
    await tester.initializeForPurchase('ep', 1, 50)
    await tester.expect(tester.debit({ ...SERIAL, macTerminalSerial: 7 }), '9302')
  })
})

describe('other values', () => {
  it('the limit of the log record may be given', async () => {
    const tester = new PurseTester(scriptedCard([D.loadEd[0], D.loadEd[1]]))
    await tester.initializeForLoad('ed', 1, 1000)
    await tester.creditForLoad()
    expect(tester.logRecord(5)).toBe('0005000005000003E80111223344556620240131101112')
  })
  it('date and time of the transactions', async () => {
    const session = encipher(bytes(KEYS.load), bytes('A1B2C3D400058000'))
    const mac = hex(cbcMac(session, bytes('000003E80211223344556620251231235959')))
    const tester = new PurseTester(scriptedCard([D.loadEp[0], [`805200000B20251231235959${mac}04`, '9000']]))
    tester.date = '20251231'
    tester.time = '235959'
    await tester.initializeForLoad('ep', 1, 1000)
    await tester.expect(tester.creditForLoad(), '9000')
  })
  it('the TAC of the overdraft by DTK itself, of a profile that says so', async () => {
    const dtk = bytes(KEYS.tac)
    const tac = hex(retailMac(dtk, new Uint8Array(8), bytes('000007D000070003E80711223344556620240131101112')))
    expect(tac).not.toBe(hex(cbcMac(folded(dtk), bytes('000007D000070003E80711223344556620240131101112'))))
    const profile = { ...PROFILE, behaviour: { ...PROFILE.behaviour, overdraftTac: 'direct' as const } }
    const card = scriptedCard([D.overdraft[0], [D.overdraft[1][0], `${tac}9000`]], profile)
    const tester = new PurseTester(card)
    await tester.initializeForUpdate(1)
    tester.expectCompletion(await tester.updateOverdraftLimit(1000))
  })
})

describe('the grey lock', () => {
  const temporary = encipher(bytes(KEYS.grey), bytes('DEADBEEF00090001'))
  const lockKey = encipher(temporary, bytes('0102030480000000'))
  const releaseKey = encipher(bytes(KEYS.grey), bytes('CAFEBABE00078000'))
  const WHEN = '20240131101112'
  const begin: Line = ['E07A080207011122334455660F', '00000064000900000001 00DEADBEEF9000'.replace(' ', '')]
  const lockMac = hex(cbcMac(lockKey, bytes(`92112233445566${WHEN}`)))
  const lock = `E07C0800130000000101020304${WHEN}${lockMac}08`
  const debit = `E07E08021B0000003200091122334455660000000120240131101112${hex(cbcMac(lockKey, bytes('00000032')))}04`
  const release: Line = ['E07A0902070111223344556612', '000000640009000701 00CAFEBABE010203049000'.replace(' ', '')]
  const unlock = `E07C09000F00000032${WHEN}${hex(cbcMac(releaseKey, bytes(`0000003296112233445566${WHEN}`)))}04`

  it('is set, and taken off with the debit after a reset', async () => {
    const tester = new PurseTester(scriptedCard([begin, [lock, '9000'], [debit, '9000']]))
    await tester.expect(tester.initializeForGreyLock('ep', 1), { status: '9000', length: 15 })
    await tester.expect(tester.greyLock(), '9000')
    await tester.reset()
    await tester.expect(tester.debitForUnlock(50), '9000')
  })
  it('is taken off by the host', async () => {
    const tester = new PurseTester(scriptedCard([release, [unlock, '9000']]))
    await tester.expect(tester.initializeForGreyUnlock('ep', 1), { status: '9000', length: 18 })
    await tester.expect(tester.greyUnlock(50), '9000')
  })
  it('with wrong MACs differs in one bit', async () => {
    const lines: Line[] = [begin, [wrong(lock), '9302'], [wrong(debit), '9302'], release, [wrong(unlock), '9302']]
    const tester = new PurseTester(scriptedCard(lines))
    await tester.initializeForGreyLock('ep', 1)
    await tester.expect(tester.greyLock({ mac: 'bad' }), '9302')
    await tester.expect(tester.debitForUnlock(50, { mac: 'bad' }), '9302')
    await tester.initializeForGreyUnlock('ep', 1)
    await tester.expect(tester.greyUnlock(50, { mac: 'bad' }), '9302')
  })
  it('keeps what the card gave last where it refuses', async () => {
    const lines: Line[] = [begin, [begin[0], '6985'], [lock, '9000'], release, [release[0], '6985'], [unlock, '9000']]
    const tester = new PurseTester(scriptedCard(lines))
    await tester.initializeForGreyLock('ep', 1)
    await tester.expect(tester.initializeForGreyLock('ep', 1), '6985')
    await tester.expect(tester.greyLock(), '9000')
    await tester.initializeForGreyUnlock('ep', 1)
    await tester.expect(tester.initializeForGreyUnlock('ep', 1), '6985')
    await tester.expect(tester.greyUnlock(50), '9000')
  })
  it('before any of it sends MACs over zeros', async () => {
    const key = encipher(encipher(bytes(KEYS.grey), bytes('0000000000000001')), bytes('0102030480000000'))
    const mac = hex(cbcMac(key, bytes(`92112233445566${WHEN}`)))
    const tester = new PurseTester(scriptedCard([[`E07C0800130000000101020304${WHEN}${mac}08`, '6901']]))
    await tester.expect(tester.greyLock(), '6901')
  })
})
