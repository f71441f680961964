/** The memory of a card as its commands use it: objects, numbers, commits, saving, and what is refused. */
import { createHash } from 'node:crypto'
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { CardMemory, type SavedMemory } from '../src/memory.js'
import { PowerLoss } from '../src/memory-cells.js'

const bytes = (hex: string): Uint8Array => fromHex(hex)
const small = (): CardMemory =>
  CardMemory.create([
    ['atc', { value: bytes('00FE') }],
    ['pin', { value: bytes('31323334'), capacity: 12 }],
    ['empty', { value: bytes('') }],
  ])
const refused = (label: string, got?: string): unknown =>
  expect.objectContaining({ code: 'ERR_CARD', label, ...(got === undefined ? {} : { got }) })

describe('objects', () => {
  it('hold what the factory put there', () => {
    const memory = small()
    expect(memory.names).toEqual(['atc', 'pin', 'empty'])
    expect(toHex(memory.read('atc'))).toBe('00FE')
    expect(toHex(memory.read('pin'))).toBe('31323334')
    expect(toHex(memory.read('empty'))).toBe('')
    expect([memory.capacity('atc'), memory.capacity('pin'), memory.capacity('empty')]).toEqual([2, 12, 0])
    expect([memory.has('pin'), memory.has('puk')]).toEqual([true, false])
  })
  it('are seen changed by the command under way, and by nobody else before its commit', () => {
    const memory = small()
    memory.write('pin', bytes('353637383930'))
    expect(toHex(memory.read('pin'))).toBe('353637383930')
    expect(toHex(CardMemory.restore(memory.save()).read('pin'))).toBe('31323334')
    memory.commit()
    expect(toHex(CardMemory.restore(memory.save()).read('pin'))).toBe('353637383930')
  })
  it('forget what was not committed', () => {
    const memory = small()
    memory.write('atc', bytes('00FF'))
    memory.rollback()
    expect(toHex(memory.read('atc'))).toBe('00FE')
    memory.write('atc', bytes('00FF'))
    memory.recover()
    memory.commit()
    expect(toHex(memory.read('atc'))).toBe('00FE')
  })
  it('take the last of several values', () => {
    const memory = small()
    memory.write('pin', bytes('39'))
    memory.write('pin', bytes('3939'))
    memory.commit()
    expect(toHex(memory.read('pin'))).toBe('3939')
  })
  it('share no bytes with their reader or writer', () => {
    const memory = small()
    const value = bytes('0100')
    memory.write('atc', value)
    value.fill(0xee)
    memory.read('atc').fill(0xdd)
    expect(toHex(memory.read('atc'))).toBe('0100')
    memory.commit()
    memory.read('atc').fill(0xcc)
    expect(toHex(memory.read('atc'))).toBe('0100')
  })
  it('shrink and grow within their capacity', () => {
    const memory = small()
    for (const pin of ['', '313233343536373839303132', '31']) {
      memory.write('pin', bytes(pin))
      memory.commit()
      expect(toHex(CardMemory.restore(memory.save()).read('pin'))).toBe(pin)
    }
  })
})

describe('numbers', () => {
  it('have their highest byte first and keep their length', () => {
    const memory = small()
    expect(memory.readNumber('atc')).toBe(254)
    memory.writeNumber('atc', 0x1234)
    expect(toHex(memory.read('atc'))).toBe('1234')
    memory.writeNumber('atc', 7)
    expect(toHex(memory.read('atc'))).toBe('0007')
    memory.writeNumber('atc', 0)
    expect(toHex(memory.read('atc'))).toBe('0000')
  })
  it('go up to six bytes, as amounts do', () => {
    const memory = CardMemory.create([['amount', { value: new Uint8Array(6) }]])
    memory.writeNumber('amount', 2 ** 48 - 1)
    expect(toHex(memory.read('amount'))).toBe('FFFFFFFFFFFF')
    expect(memory.readNumber('amount')).toBe(281474976710655)
  })
  it.each([-1, 65536, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuse %s in two bytes, and stay', (value) => {
    const memory = small()
    expect(() => memory.writeNumber('atc', value)).toThrow(refused('atc', String(value)))
    expect(memory.readNumber('atc')).toBe(254)
  })
  it('refuse what is above 2^53 in nine bytes', () => {
    const memory = CardMemory.create([['long', { value: new Uint8Array(9) }]])
    expect(() => memory.writeNumber('long', 2 ** 53)).toThrow(refused('long'))
  })
})

describe('refusals', () => {
  it('names an object that is not there', () => {
    const memory = small()
    for (const use of [
      () => memory.read('puk'),
      () => memory.readNumber('puk'),
      () => memory.write('puk', bytes('00')),
      () => memory.writeNumber('puk', 0),
      () => memory.capacity('puk'),
    ]) {
      expect(use).toThrow(refused('memory', 'none'))
    }
  })
  it('takes no value longer than the capacity, and does not say the value', () => {
    const memory = small()
    const write = (): void => memory.write('pin', bytes('39393939393939393939393939'))
    expect(write).toThrow(refused('pin', '13'))
    expect(write).not.toThrow(/39393/)
    memory.commit()
    expect(toHex(memory.read('pin'))).toBe('31323334')
  })
  it('makes no memory of two objects of one name', () => {
    const objects = ['a', 'b', 'a'].map((name) => [name, { value: bytes('00') }] as const)
    expect(() => CardMemory.create(objects)).toThrow(refused('memory', 'a twice'))
  })
  it('makes no memory of a value that its object cannot hold', () => {
    expect(() => CardMemory.create([['a', { value: bytes('0102'), capacity: 1 }]])).toThrow(refused('a', '2'))
  })
  it.each([65_536, Number.NaN, Number.POSITIVE_INFINITY])('makes no memory of %s bytes', (capacity) => {
    expect(() => CardMemory.create([['a', { value: bytes(''), capacity }]])).toThrow(refused('memory', 'more'))
  })
  it('fills 64 KiB and not a byte more', () => {
    // 65536 less the head (10), the journal (2048) and the length of the object (2).
    const memory = CardMemory.create([['a', { value: bytes('01'), capacity: 63_476 }]])
    expect(memory.save().cells).toHaveLength(2 * 65_536)
    memory.write('a', new Uint8Array(63_476))
    const all = { value: bytes(''), capacity: 63_477 }
    expect(() => CardMemory.create([['a', all]])).toThrow(refused('memory', 'more'))
  })
  it('commits no more at once than the journal holds, and keeps the old values', () => {
    // A change costs 6 bytes beside the value.
    const memory = CardMemory.create([['a', { value: bytes('01'), capacity: 3000 }]])
    memory.write('a', new Uint8Array(2043).fill(7))
    expect(() => memory.commit()).toThrow(refused('journal', '2049'))
    memory.rollback()
    expect(toHex(memory.read('a'))).toBe('01')
    memory.write('a', new Uint8Array(2042).fill(7))
    memory.commit()
    expect(memory.read('a')).toEqual(new Uint8Array(2042).fill(7))
  })
})

describe('a saved memory', () => {
  it('is the same in another process, through JSON', () => {
    const memory = small()
    memory.write('pin', bytes('3132333435'))
    memory.commit()
    const again = CardMemory.restore(JSON.parse(JSON.stringify(memory.save())))
    expect(again.names.map((name) => toHex(again.read(name)))).toEqual(['00FE', '3132333435', ''])
    expect(again.save()).toEqual(memory.save())
  })
  it('can be of no object at all', () => {
    expect(CardMemory.restore(CardMemory.create([]).save()).names).toEqual([])
  })
  it.each([
    ['nothing', undefined, 'objects'],
    ['no objects', { objects: undefined }, 'objects'],
    ['objects that are no list', { objects: { atc: 2 } }, 'objects'],
    ['an entry that is no pair', { objects: ['atc'] }, 'objects'],
    ['a name that is none', { objects: [[1, 2]] }, 'objects'],
    ['a capacity in text', { objects: [['atc', '2']] }, 'objects'],
    ['half a byte', { objects: [['atc', 1.5]] }, 'objects'],
    ['a negative capacity', { objects: [['atc', -1]] }, 'objects'],
    ['a name twice', { objects: ['a', 'a'].map((name) => [name, 1]) }, 'memory'],
    ['too much', { objects: [['atc', 70_000]] }, 'memory'],
    ['other objects', { objects: [['atc', 2]] }, 'cells'],
    ['cells cut short', { cells: small().save().cells.slice(2) }, 'cells'],
  ])('is refused with %s', (_, change, label) => {
    const saved = change === undefined ? change : { ...small().save(), ...change }
    expect(() => CardMemory.restore(saved as unknown as SavedMemory)).toThrow(refused(label))
  })
  it('is refused with cells that are no hexadecimal text', () => {
    const hex = expect.objectContaining({ code: 'ERR_HEX', label: 'cells' })
    const { objects, cells } = small().save()
    expect(() => CardMemory.restore({ objects, cells: `${cells.slice(1)}X` })).toThrow(hex)
    expect(() => CardMemory.restore({ objects } as unknown as SavedMemory)).toThrow(hex)
  })
  it('is refused when an object claims more bytes than it can hold', () => {
    const { objects, cells } = small().save()
    // The first object begins behind the head and the journal, with its length.
    const at = 2 * (10 + 2048)
    const damaged = `${cells.slice(0, at)}0003${cells.slice(at + 4)}`
    expect(() => CardMemory.restore({ objects, cells: damaged })).toThrow(refused('atc', '3'))
  })

  /** A memory with a journal made by hand, the hash by OpenSSL. */
  const withJournal = (journal: string, length = journal.length / 2): SavedMemory => {
    const { objects, cells } = small().save()
    const hash = createHash('sha1').update(journal, 'hex').digest('hex').slice(0, 16)
    const head = `${length.toString(16).padStart(4, '0')}${hash}${journal}`
    return { objects, cells: head + cells.slice(head.length) }
  }
  // Object atc lies at 2058 = 080A: two bytes of length, two of value.
  it('has a journal that is carried out when its hash is right', () => {
    expect(toHex(CardMemory.restore(withJournal('080A000400020101')).read('atc'))).toBe('0101')
  })
  it('has a journal that is left alone when its hash is not', () => {
    const { objects, cells } = withJournal('080A000400020101')
    const wrong = `${cells.slice(0, 18)}${cells.slice(18, 20) === '00' ? '01' : '00'}${cells.slice(20)}`
    expect(toHex(CardMemory.restore({ objects, cells: wrong }).read('atc'))).toBe('00FE')
  })
  it('has a journal that is left alone when its length is none', () => {
    expect(toHex(CardMemory.restore(withJournal('080A000400020101', 2049)).read('atc'))).toBe('00FE')
    expect(toHex(CardMemory.restore(withJournal('080A000400020101', 0)).read('atc'))).toBe('00FE')
  })
  it('has a journal that is left alone when it is longer than any, whatever its hash', () => {
    const { objects, cells } = small().save()
    const all = `080A000400020101${cells.slice(2 * (10 + 8))}`
    const hash = createHash('sha1')
      .update(all.slice(0, 2 * 2049), 'hex')
      .digest('hex')
      .slice(0, 16)
    expect(toHex(CardMemory.restore({ objects, cells: `0801${hash}${all}` }).read('atc'))).toBe('00FE')
  })
  it.each([
    ['into the journal', '080900040002'],
    ['into the head', '0000000400020101'],
    ['behind the last cell', 'FFFF000400020101'],
    ['over the last cell', '080A001500020101'],
  ])('is refused with a change %s', (_, journal) => {
    expect(() => CardMemory.restore(withJournal(journal))).toThrow(refused('journal'))
  })
})

describe('the fuse', () => {
  it('counts programmings of at most 32 bytes', () => {
    const memory = CardMemory.create([['a', { value: new Uint8Array(70) }]])
    const before = memory.writes
    memory.write('a', new Uint8Array(70).fill(1))
    expect(memory.writes).toBe(before)
    memory.commit()
    // The journal of 76 bytes: 3. Its head: 1. The object of 72 bytes: 3. The head again: 1.
    expect(memory.writes - before).toBe(8)
  })
  it('takes one for 32 bytes, none for what lies behind them', () => {
    const memory = CardMemory.create([['a', { value: new Uint8Array(26) }]])
    const before = memory.writes
    memory.write('a', new Uint8Array(26).fill(1))
    memory.commit()
    // The journal of 32 bytes: 1. Its head: 1. The object of 28 bytes: 1. The head again: 1.
    expect(memory.writes - before).toBe(4)
  })
  it('programs nothing for values that are there already', () => {
    const memory = small()
    const before = memory.writes
    memory.write('atc', bytes('00FE'))
    memory.commit()
    memory.recover()
    expect(memory.writes).toBe(before)
  })
  it('can be taken out', () => {
    const memory = small()
    memory.arm({ write: 1, at: 'before' })
    memory.arm(undefined)
    memory.writeNumber('atc', 1)
    memory.commit()
    expect(memory.readNumber('atc')).toBe(1)
  })
  it('blows once', () => {
    const memory = small()
    memory.arm({ write: 1, at: 'torn' })
    memory.writeNumber('atc', 1)
    expect(() => memory.commit()).toThrow(PowerLoss)
    memory.recover()
    memory.writeNumber('atc', 2)
    memory.commit()
    expect(memory.readNumber('atc')).toBe(2)
  })
  it.each([
    ['before', '000000000000'],
    ['torn', '0004' + 'FFFFFFFF'],
    ['after', '000400020101'],
  ] as const)('%s: leaves the cells of the journal so', (at, cells) => {
    const memory = CardMemory.create([['atc', { value: bytes('00FE') }]])
    // The second programming is the head; the first is 080A 0004 0002 0101.
    memory.arm({ write: 1, at })
    memory.write('atc', bytes('0101'))
    expect(() => memory.commit()).toThrow(PowerLoss)
    expect(memory.save().cells.slice(2 * 12, 2 * 18)).toBe(cells)
    expect(memory.save().cells.slice(0, 20)).toBe('0'.repeat(20))
  })
})
