/** Parameters as [ETC] 7.1 tests them: class, P1, P2 and length of each command. */
import { describe, expect, it } from 'vitest'
import { PURSE_TABLE, purseRowOf, purseRowsOf } from '../src/purse-table.js'
import { ADF1, initialize, PSE, purse, select, WRONG_DEBIT } from './support/purse-shell.js'

const byte = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0')
const BYTES = Array.from({ length: 256 }, (_, i) => i)

/** Name, a command whose parameters are right, class bytes, P1 and P2 that are, by the standard's tables. */
const COMMANDS: readonly (readonly [string, string, number[], (p1: number) => boolean, (p2: number) => boolean])[] = [
  ['READ BINARY', '00B095001E', [0x00], (p1) => p1 < 0x80 || (p1 > 0x80 && p1 < 0x9f), () => true],
  ['UPDATE BINARY', '04D6950005AA00000000', [0x04], (p1) => p1 < 0x80 || (p1 > 0x80 && p1 < 0x9f), () => true],
  ['VERIFY', '00200000021234', [0x00], (p1) => p1 === 0, (p2) => p2 === 0],
  ['CHANGE PIN', '805E0100051234FF1234', [0x80], (p1) => p1 < 2, (p2) => p2 === 0],
  ['RELOAD PIN', '805E000006123400000000', [0x80], (p1) => p1 < 2, (p2) => p2 === 0],
  ['PIN UNBLOCK', `842400000C${'00'.repeat(12)}`, [0x84], (p1) => p1 === 0, (p2) => p2 === 0],
  ['GET CHALLENGE', '0084000004', [0x00], (p1) => p1 === 0, (p2) => p2 === 0],
  ['APPLICATION BLOCK', '841E00000400000000', [0x84], (p1) => p1 === 0, (p2) => p2 < 2],
  ['APPLICATION UNBLOCK', '841800000400000000', [0x84], (p1) => p1 === 0, (p2) => p2 === 0],
  ['CARD BLOCK', '841600000400000000', [0x84], (p1) => p1 === 0, (p2) => p2 === 0],
  ['GET RESPONSE', '00C0000001', [0x00], (p1) => p1 === 0, (p2) => p2 === 0],
  ['SELECT', select(ADF1), [0x00], (p1) => p1 === 4, (p2) => p2 === 0],
  ['GET BALANCE', '805C000204', [0x80], (p1) => p1 === 0, (p2) => p2 === 1 || p2 === 2],
  ['EXTERNAL AUTHENTICATE', `0082000108${'00'.repeat(8)}`, [0x00], (p1) => p1 === 0, () => true],
  ['INTERNAL AUTHENTICATE', `0088000108${'00'.repeat(8)}`, [0x00], (p1) => p1 < 3, () => true],
]

describe.each(COMMANDS)('%s', (name, command, classes, p1s, p2s) => {
  const ins = command.slice(2, 4)
  const body = command.slice(8)
  it('is refused with 6E00 in every other class', async () => {
    const card = await purse()
    const wrong = BYTES.filter((cla) => !classes.includes(cla))
    const answers = await card.send(...wrong.map((cla) => `${byte(cla)}${command.slice(2)}`))
    expect(new Set(answers.split(' '))).toEqual(new Set(['6E00']))
  })
  it('is refused with 6A86 for every other P1 and P2, and with nothing else for these', async () => {
    const card = await purse()
    const first = command.slice(0, 4)
    const wrong = [
      ...BYTES.filter((p1) => !p1s(p1)).map((p1) => `${first}${byte(p1)}${command.slice(6)}`),
      ...BYTES.filter((p2) => !p2s(p2)).map((p2) => `${first}${command.slice(4, 6)}${byte(p2)}${body}`),
    ]
    const answers = wrong.length === 0 ? '6A86' : await card.send(...wrong)
    expect(new Set(answers.split(' '))).toEqual(new Set(['6A86']))
    expect(ins, name).toMatch(/^..$/)
  })
  it('is not refused so with its own', async () => {
    const card = await purse()
    expect(await card.send(command)).not.toMatch(/^(6E00|6A86|6D00|6700)$/)
  })
})

describe('lengths', () => {
  const withLc = (header: string, most: number, right: readonly number[]): string[] =>
    Array.from({ length: most + 1 }, (_, lc) => lc)
      .filter((lc) => !right.includes(lc))
      .map((lc) => (lc === 0 ? header : `${header}${byte(lc)}${'11'.repeat(lc)}`))
  it.each<[string, string, number[]]>([
    ['UPDATE BINARY', '04D69500', BYTES.slice(5)],
    ['UPDATE RECORD', '04DC01CC', BYTES.slice(5)],
    ['VERIFY', '00200000', [2, 3, 4, 5, 6]],
    // Of four bytes without FF the data are wrong, not the length. [ETC] 4.1.4
    ['CHANGE PIN', '805E0100', [4, 5, 6, 7, 8, 9, 10, 11, 12, 13]],
    ['RELOAD PIN', '805E0000', [6, 7, 8, 9, 10]],
    ['PIN UNBLOCK', '84240000', [12, 20]],
    ['APPLICATION BLOCK', '841E0000', [4]],
    ['APPLICATION BLOCK for good', '841E0001', [4]],
    ['APPLICATION UNBLOCK', '84180000', [4]],
    ['CARD BLOCK', '84160000', [4]],
    ['SELECT', '00A40400', BYTES.slice(5, 17)],
    ['EXTERNAL AUTHENTICATE', '00820001', [8]],
    ['INTERNAL AUTHENTICATE', '00880001', BYTES.slice(1)],
    ['INITIALIZE FOR LOAD', '80500001', [11]],
    ['INITIALIZE FOR PURCHASE', '80500102', [11]],
    ['INITIALIZE FOR UPDATE', '80500401', [7]],
    ['CREDIT FOR LOAD', '80520000', [11]],
    ['DEBIT FOR UNLOAD', '80540300', [11]],
    ['DEBIT', '80540100', [15]],
    ['UPDATE OVERDRAFT LIMIT', '80580000', [14]],
    ['GET TRANSACTION PROVE', '805A0001', [2]],
    ['UPDATE CAPP DATA CACHE', '80DC01CC', BYTES.slice(1)],
    ['GREY LOCK', 'E07C0800', [19]],
    ['DEBIT FOR UNLOCK', 'E07E0801', [27]],
    ['GREY UNLOCK', 'E07C0900', [15]],
  ])('of %s that are wrong are 6700', async (_, header, right) => {
    const card = await purse()
    for (const command of withLc(header, 40, right)) expect(await card.send(command), command).toBe('6700')
    if (right.length < 200) expect(await card.send(`${header}FF${'11'.repeat(255)}`)).toBe('6700')
  })
  it('of GET CHALLENGE are 4 and 8', async () => {
    const card = await purse()
    for (const le of BYTES) {
      const expected = le === 4 ? /^.{8}9000$/ : le === 8 ? /^.{16}9000$/ : /^6700$/
      expect(await card.send(`00840000${byte(le)}`), byte(le)).toMatch(expected)
    }
    expect(await card.send('00840000')).toBe('6700')
    expect(await card.send('008400000401020304')).toBe('6700')
  })
  it('of GET BALANCE are told', async () => {
    const card = await purse()
    await card.send('00200000021234')
    for (const le of BYTES.filter((le) => le !== 0 && le !== 4)) {
      expect(await card.send(`805C0002${byte(le)}`)).toBe('6C04')
    }
    expect(await card.send('805C000204', '805C000200', '805C0002')).toBe(Array(3).fill('000027109000').join(' '))
    expect(await card.send('805C000201AA')).toBe('6700')
  })
  it('too short for the answer refuse a transaction before it takes effect', async () => {
    const card = await purse()
    expect(await card.send(`${initialize('0102')}0E`)).toBe('6700')
    expect(await card.send(`${initialize('0102')}0F`)).toMatch(/^.{30}9000$/)
    expect(await card.send(`${initialize('0102')}FF`, initialize('0102'))).toMatch(/^.{30}9000 .{30}9000$/)
    expect(await card.send(`${WRONG_DEBIT}07`, WRONG_DEBIT)).toBe('6700 6901')
  })
  it('with a data field refuse what has none', async () => {
    const card = await purse()
    expect(await card.send('00B0950001AA', '00B201CC01AA')).toBe('6700 6700')
  })
})

describe('instructions', () => {
  it('that the card does not know are 6D00, in whatever class', async () => {
    const card = await purse()
    const known = new Set([...PURSE_TABLE.map(({ ins }) => ins), 0xc0])
    for (const ins of BYTES.filter((ins) => !known.has(ins))) {
      expect(await card.send(`00${byte(ins)}000000`, `80${byte(ins)}000000`), byte(ins)).toBe('6D00 6D00')
    }
    // [PBOC] 2 and [FMCOS] have these, and no other.
    expect(
      [...known]
        .sort((a, b) => a - b)
        .map(byte)
        .join(' '),
    ).toBe('16 18 1E 20 24 50 52 54 58 5A 5C 5E 7A 7C 7E 82 84 88 A4 B0 B2 C0 CA D6 DC')
  })
  it('choose by class and P1', () => {
    expect(purseRowsOf({ cla: 0x80, ins: 0xa4 })).toBe('6E00')
    expect(purseRowsOf({ cla: 0x04, ins: 0xdc })).toMatchObject([{ name: 'update-record' }])
    expect(purseRowsOf({ cla: 0x80, ins: 0xdc })).toMatchObject([{ name: 'transaction' }])
    const rows = purseRowsOf({ cla: 0x80, ins: 0x5e })
    if (typeof rows === 'string') throw new Error(rows)
    const data = new Uint8Array(6)
    const named = [0, 1].map((p1) => purseRowOf(rows, { cla: 0x80, ins: 0x5e, p1, p2: 0, data }))
    expect(named).toMatchObject([{ name: 'reload-pin' }, { name: 'change-pin' }])
  })
  it.each<[string, string]>([
    ['INITIALIZE', `${initialize('0001')}`],
    ['INITIALIZE of a state that there is not', `${initialize('0601')}`],
    ['unload from EP', `${initialize('0502')}`],
    ['cash from EP', `${initialize('0202')}`],
    ['composite purchase from ED', `${initialize('0301')}`],
    ['overdraft limit of EP', '8050040207' + '01112233445566'],
  ])('%s: P1 P2 decide', async (name, command) => {
    const card = await purse()
    expect(await card.send(command)).toBe(name === 'INITIALIZE' ? '6982' : '6A86')
  })
  it('that need an application are refused by the MF', async () => {
    const card = await purse()
    await card.send(select(PSE))
    const expected: readonly [string, string][] = [
      [initialize('0102'), '9403'],
      [WRONG_DEBIT, '6901'],
      [`80520000${'0B'}${'00'.repeat(11)}`, '6901'],
      ['805A0001020000', '9406'],
      ['805C000204', '9403'],
      ['80DC01CC01AA', '6901'],
      [`E07A080107${'00'.repeat(7)}`, '9403'],
      ['04D6950005AA00000000', '9403'],
      ['841600000400000000', '9403'],
    ]
    for (const [command, status] of expected) expect(await card.send(command), command).toBe(status)
  })
})
