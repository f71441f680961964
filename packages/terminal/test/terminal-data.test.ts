/** The terminal's own data, and its answers to data object lists. */
import { fromHex, IssuerkitError, TAGS, toHex } from '@issuerkit/apdu'
import { describe, expect, test } from 'vitest'
import { answerDol, commandTemplate, createTerminalData, transactionDateOf } from '../src/terminal-data.js'

const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && toHex(bytes)

describe('the data of a terminal', () => {
  test('has every default in the length of the dictionary', () => {
    for (const [tag, value] of createTerminalData()) {
      const info = TAGS[tag]
      expect(info, tag).toBeDefined()
      expect([tag, value.length >= (info?.min ?? 0) && value.length <= (info?.max ?? 0)]).toEqual([tag, true])
    }
  })

  test.each(['5F2A', '95', '9A', '9C', '9F02', '9F03', '9F1A', '9F1E', '9F33', '9F35', '9F37', '9F40', '9F66', '9F7A'])(
    'has tag %s',
    (tag) => expect(createTerminalData().has(tag)).toBe(true),
  )

  test('takes date and time in digits', () => {
    const data = createTerminalData([], { now: new Date(2026, 0, 9, 3, 4, 5) })
    expect([hex(data.get('9A')), hex(data.get('9F21'))]).toEqual(['260109', '030405'])
  })

  test('has another unpredictable number each time', () => {
    expect(hex(createTerminalData().get('9F37'))).not.toBe(hex(createTerminalData().get('9F37')))
  })

  test('takes an unpredictable number, a copy of it', () => {
    const unpredictableNumber = fromHex('11223344')
    const data = createTerminalData([], { unpredictableNumber })
    unpredictableNumber.fill(0)
    expect(hex(data.get('9F37'))).toBe('11223344')
  })

  test.each([0, 3, 5])('refuses one of %i bytes', (length) => {
    expect(() => createTerminalData([], { unpredictableNumber: new Uint8Array(length) })).toThrow(
      expect.objectContaining({ code: 'ERR_LENGTH' }),
    )
  })

  test('puts given values over the defaults', () => {
    const data = createTerminalData([
      ['9F1A', fromHex('0840')],
      ['9F02', fromHex('000000001234')],
      ['9F03', fromHex('999999999999')],
    ])
    expect(hex(data.get('9F1A'))).toBe('0840')
    // 1234 = 4D2; 999999999999 is more than four bytes hold.
    expect([hex(data.get('81')), hex(data.get('9F04'))]).toEqual(['000004D2', 'FFFFFFFF'])
  })

  test('leaves binary amounts that are given', () => {
    expect(hex(createTerminalData([['81', fromHex('00000007')]]).get('81'))).toBe('00000007')
  })
})

describe('the answer to a data object list', () => {
  const terminal = createTerminalData([], { now: new Date(2026, 10, 21), unpredictableNumber: fromHex('A1B2C3D4') })

  test("is the values, not the tags: the PDOL of seed 001's card", () => {
    expect(toHex(answerDol(fromHex('9F7A019F02065F2A02'), terminal).data)).toBe('000000000000000156')
  })

  test('has zeros for templates and for what the terminal does not have', () => {
    const values = new Map([...terminal, ['E1', fromHex('FFFF')] as const])
    expect(toHex(answerDol(fromHex('E102DF7E029F3704'), values).data)).toBe('00000000A1B2C3D4')
  })

  test('cuts and pads as the format says', () => {
    // n loses and gains on the left, b on the right.
    expect(toHex(answerDol(fromHex('9A029F3706 5F2A03'.replace(' ', '')), terminal).data)).toBe(
      '1121A1B2C3D40000000156',
    )
  })

  test('refuses what is no list', () => {
    expect(() => answerDol(fromHex('9F37'), terminal)).toThrow(IssuerkitError)
  })
})

describe('tag 83', () => {
  test.each([
    [0, '8300'],
    [1, '830100'],
    [127, '837F'],
    [128, '838180'],
    [252, '8381FC'],
  ])('around %i bytes', (length, start) => {
    const template = toHex(commandTemplate(new Uint8Array(length)))
    expect(template.startsWith(start)).toBe(true)
    expect(template.length).toBe((start.startsWith('8381') ? 6 : 4) + 2 * length)
  })
})

describe('the transaction date', () => {
  test.each([
    ['261121', '20261121'],
    ['491231', '20491231'],
    ['500101', '19500101'],
    ['991231', '19991231'],
  ])('%s is %s', (date, full) => expect(transactionDateOf(new Map([['9A', fromHex(date)]]))).toBe(full))

  test.each([[new Map()], [new Map([['9A', fromHex('2611')]])]])('is not told by %o', (terminal) =>
    expect(transactionDateOf(terminal)).toBeUndefined(),
  )
})
