/** PUT DATA and UPDATE RECORD: [PBOC-SCRIPT] 5, tables 2-25 to 2-31. */
import { toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { effects, type ScriptCard, scriptCard, secured } from './support/script-issuer.js'

const putData = (tag: string, value: string): Uint8Array => secured(`04DA${tag.padStart(4, '0')}`, value)
const update = (number: number, p2: number, data: string): Uint8Array =>
  secured(`04DC${toHex(Uint8Array.of(number, p2))}`, data)
const refused = (card: ScriptCard, command: Uint8Array, status: string): void => {
  const before = effects(card.memory)
  expect(card.send(command)).toBe(status)
  expect(effects(card.memory)).toBe(before)
  expect([card.state('scriptCounter'), card.state('scriptFailed'), card.state('macFailures')]).toEqual([1, 1, 0])
}

/** Tags that [PBOC-SCRIPT] 5 names, and the lengths that their dictionary entries have. */
const LENGTHS = {
  '9F59': 1,
  '9F58': 1,
  '9F72': 1,
  '9F53': 1,
  '9F54': 6,
  '9F75': 6,
  '9F5C': 6,
  '9F73': 4,
} as const

describe('[PBOC-SCRIPT] 5, PUT DATA', () => {
  it.each(Object.entries(LENGTHS))('%s takes %i bytes', (tag, length) => {
    const value = '12'.repeat(length)
    const card = scriptCard()
    expect(card.send(putData(tag, value))).toBe('9000')
    expect(card.read(`data/${tag}`)).toBe(value)
    for (const other of [length - 1, length + 1, 0]) refused(scriptCard(), putData(tag, '12'.repeat(other)), '6700')
  })
  it.each(['6A80', '6A88'] as const)('a tag that the card does not let change: %s', (unknownPutDataTag) => {
    // The ATC, the PIN try counter, one that no card has; the last is in the list only as a longer tag.
    for (const tag of ['9F36', '9F17', 'FFFF', '5A', '009F'])
      refused(scriptCard({ switches: { unknownPutDataTag } }), putData(tag, '00'), unknownPutDataTag)
  })
  it('a tag that it would let change but does not have: 6A88', () => {
    refused(scriptCard({ config: { putData: ['9F79'] } }), putData('9F79', '000000001000'), '6A88')
  })
  it('a tag of one byte stands in P2', () => {
    const card = scriptCard({ config: { putData: ['C3'] }, objects: { 'app/0/data/C3': '0000' } })
    expect(card.send(putData('C3', 'ABCD'))).toBe('9000')
    expect(card.read('data/C3')).toBe('ABCD')
  })
  it('an amount is made of decimal digits', () => {
    for (const value of ['00000000000A', 'F00000000000', '0000000B0000'])
      refused(scriptCard(), putData('9F5C', value), '6A80')
    // Counters are binary.
    const card = scriptCard()
    expect(card.send(putData('9F59', 'FF'))).toBe('9000')
    expect(card.read('data/9F59')).toBe('FF')
  })
  it('an object that was personalised empty has the length that it can hold', () => {
    const objects = { 'app/0/data/9F59': { value: new Uint8Array(0), capacity: 1 } }
    const card = scriptCard({ objects })
    expect(card.send(putData('9F59', '05'))).toBe('9000')
    expect(card.read('data/9F59')).toBe('05')
  })
})

describe('[PBOC-SCRIPT] 5, UPDATE RECORD', () => {
  it('changes the limits 9F14 and 9F23 in a file of SFI 1 to 10', () => {
    const card = scriptCard()
    expect(card.send(update(1, 0x24, '70089F1401039F230105'))).toBe('9000')
    expect(card.read('record/4/1')).toBe('70089F1401039F230105')
  })
  it('replaces the whole record, by a shorter one, too', () => {
    const card = scriptCard()
    expect(card.send(update(1, 0x24, '70039F1400'))).toBe('9000')
    expect(card.read('record/4/1')).toBe('70039F1400')
    // What it can hold stays.
    expect(card.send(update(1, 0x24, '70089F1401039F230105'))).toBe('9000')
  })
  it('goes for the issuer’s own files up to SFI 30', () => {
    for (const sfi of [1, 10, 11, 30]) {
      const name = `app/0/record/${sfi}/255`
      const card = scriptCard({ objects: { [name]: '0102' } })
      expect(card.send(update(255, (sfi << 3) | 4, 'A1A2'))).toBe('9000')
      expect(card.read(`record/${sfi}/255`)).toBe('A1A2')
    }
  })
  it.each([
    ['longer than the record can hold', 1, 0x24, '70099F1401039F23010500', '6A83'],
    ['one byte longer', 1, 0x24, '00'.repeat(11), '6A83'],
    ['no such record', 2, 0x24, '7000', '6A83'],
    ['a gap in the file', 2, 0x14, '7000', '6A83'],
    ['no such file', 1, 0x54, '7000', '6A82'],
    ['a file whose number begins like another', 1, (0x0c << 3) | 4, '7000', '6A82'],
    ['no data', 1, 0x24, '', '6700'],
  ])('%s', (_, number, p2, data, status) => refused(scriptCard(), update(number, p2, data), status))
  it('the last byte that fits', () => {
    const card = scriptCard()
    expect(card.send(update(1, 0x24, '00'.repeat(10)))).toBe('9000')
  })
  it.each([
    ['the current record', 1, 0x20],
    ['the next record', 1, 0x22],
    ['the first of an identifier', 1, 0x21],
    ['an RFU form', 1, 0x27],
    ['the current file', 1, 0x04],
    ['SFI 31', 1, 0xfc],
    ['record 0', 0, 0x24],
  ])('%s: 6A86', (_, number, p2) => refused(scriptCard(), update(number, p2, '7000'), '6A86'))
  it('a record as long as one command can carry', () => {
    const longest = 'AB'.repeat(251)
    const card = scriptCard({ objects: { 'app/0/record/5/1': { value: new Uint8Array(0), capacity: 251 } } })
    expect(card.send(update(1, 0x2c, longest))).toBe('9000')
    expect(card.read('record/5/1')).toBe(longest)
  })
})
