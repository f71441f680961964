/** Issuer scripts, [PBOC-SCRIPT] 5: the commands that change the PIN, data objects and records. */
import { describe, expect, it } from 'vitest'
import { concat, fromHex, toHex, xor } from '../packages/apdu/src/index.js'
import { PUT_DATA_TAGS, type ScriptCommand } from '../packages/scripts/src/index.js'
import { layTable, PIN, type Table } from './support/debit-credit.js'
import { encipherByHand, macByHand } from './support/pboc-by-hand.js'

const PIN_UNBLOCK = { type: 'pin-unblock' } as const
const pinChange = (newPin: string): ScriptCommand => ({ type: 'pin-change', newPin })
const put = (tag: string, value: string): ScriptCommand => ({ type: 'put-data', tag, value: fromHex(value) })
const pboc = (application = {}, card = {}): Table => layTable('pboc', application, card)

describe('[PBOC-SCRIPT] 5 PIN CHANGE/UNBLOCK', () => {
  const exhausted = async (): Promise<{ table: Table; first: Awaited<ReturnType<Table['begin']>> }> => {
    const table = pboc()
    await table.select()
    await table.getProcessingOptions()
    for (const left of ['63C2', '63C1', '63C0']) expect(await table.verify('9999')).toBe(left)
    expect(await table.verify(PIN)).toMatch(/^698[34]$/)
    const first = await table.generateAc('ARQC', 'cdol1')
    await table.authenticateIssuer(table.answer(first))
    await table.end()
    return { table, first }
  }
  it('5 P2=00 sets the try counter to the limit, and leaves the PIN', async () => {
    const { table, first } = await exhausted()
    const [command] = table.script(first, PIN_UNBLOCK)
    expect(toHex(command?.subarray(0, 5) ?? concat())).toBe('8424000004')
    expect(await table.run(first, PIN_UNBLOCK)).toEqual(['9000'])
    expect(await table.getData('9F17')).toBe('03')
    await table.begin()
    expect(await table.verify(PIN)).toBe('9000')
  })
  it.each([
    [1, '1234', '5678'],
    [1, '1234', '56789'],
    [1, '1234', '123456789012'],
    [2, '1234', '5678'],
    [2, '1234', '56789'],
    [2, '1234', '123456789012'],
  ] as const)(
    '5 (B-7) P2=0%i from %s to %s: the old PIN is refused, the new one taken, the tries are back',
    async (p2, old, pin) => {
      const { table, first } = await exhausted()
      const change: ScriptCommand =
        p2 === 1 ? { type: 'pin-change-with-current', newPin: pin, currentPin: old } : pinChange(pin)
      expect(await table.run(first, change)).toEqual(['9000'])
      expect(await table.getData('9F17')).toBe('03')
      await table.begin()
      expect(await table.verify(old)).toBe('63C2')
      expect(await table.verify(pin)).toBe('9000')
    },
  )
  it('5 steps 1 to 6: D1 to D4 by hand, enciphered by OpenSSL alone', async () => {
    for (const [p2, d4] of [
      [1, '1234000000000000'],
      [2, '0000000000000000'],
    ] as const) {
      const table = pboc()
      const { first } = await table.online()
      const enc = table.card.memory.read('app/0/key/enc')
      const d1 = concat(new Uint8Array(4), enc.subarray(4, 8))
      // D2: the PIN 567890.
      const d = xor(xor(d1, fromHex('06567890FFFFFFFF')), fromHex(d4))
      const plain = concat(Uint8Array.of(8), d, fromHex('80000000000000'))
      const header = Uint8Array.of(0x84, 0x24, 0, p2, 0x14)
      const data = encipherByHand(enc, first.atc, plain)
      const mac = macByHand(
        table.card.memory.read('app/0/key/mac'),
        first.atc,
        concat(header, first.atc, first.ac, data),
      )
      expect(await table.status(concat(header, data, mac))).toBe('9000')
      await table.begin()
      expect(await table.verify(PIN)).toBe('63C2')
      expect(await table.verify('567890')).toBe('9000')
    }
  })
  it('5 P2=01 with another current PIN changes nothing', async () => {
    const table = pboc()
    const wrong: ScriptCommand = { type: 'pin-change-with-current', newPin: '5678', currentPin: '8234' }
    expect((await table.online(wrong)).statuses).toEqual(['6A80'])
    await table.begin()
    expect(await table.verify('5678')).toBe('63C2')
    expect(await table.verify(PIN)).toBe('9000')
  })
  it('5 a blocked application takes it, too', async () => {
    const table = pboc()
    await table.online({ type: 'application-block' })
    expect(await table.run(await table.begin(), pinChange('5678'))).toEqual(['9000'])
    await table.begin()
    expect(await table.verify('5678')).toBe('9000')
  })
  it.each([4, 5, 6, 7, 8])('5 the MAC has 4 to 8 bytes: %i', async (macLength) => {
    const table = pboc({}, { switches: { macLength } })
    const { first } = await table.online()
    for (const { apdu } of table.secure(first, [pinChange('5678'), PIN_UNBLOCK], { macLength })) {
      expect(await table.status(apdu)).toBe('9000')
    }
    const other = table.secure(first, [PIN_UNBLOCK], { macLength: macLength === 4 ? 8 : 4 })[0]
    expect(await table.status(other?.apdu ?? concat())).toBe('6700')
  })
})

describe('[PBOC-SCRIPT] 5 PUT DATA', () => {
  const LENGTHS = { '9F59': 1, '9F58': 1, '9F72': 1, '9F53': 1, '9F54': 6, '9F75': 6, '9F5C': 6, '9F73': 4 }
  it.each(Object.entries(LENGTHS))('5 (B-8) %s takes %i bytes, not one more or less', async (tag, length) => {
    expect(Object.values(PUT_DATA_TAGS)).toContain(tag)
    const table = pboc()
    const { first } = await table.online()
    const was = await table.getData(tag)
    const value = '01'.repeat(length)
    expect(await table.run(first, put(tag, `${value}01`))).toEqual(['6700'])
    if (length > 1) expect(await table.run(first, put(tag, value.slice(2)))).toEqual(['6700'])
    expect(await table.getData(tag)).toBe(was)
    expect(await table.run(first, put(tag, value))).toEqual(['9000'])
    expect(await table.getData(tag)).toBe(value)
  })
  it.each(['9F36', '9F17', '9F13', '5A', '9F26', '9F14'])('5 %s is none of the data that it changes', async (tag) => {
    for (const unknownPutDataTag of ['6A80', '6A88']) {
      const table = pboc({}, { switches: { unknownPutDataTag } })
      const { first } = await table.online()
      const before = table.objects()
      expect(await table.run(first, put(tag, '01'))).toEqual([unknownPutDataTag])
      const changed = Object.entries(table.objects()).filter(([name, value]) => before[name] !== value)
      expect(changed.map(([name]) => name).sort()).toEqual(['app/0/state/scriptCounter', 'app/0/state/scriptFailed'])
    }
  })
})

describe('[PBOC-SCRIPT] 5 UPDATE RECORD', () => {
  /** Where the record with 9F14 and 9F23 is. */
  const limits = (table: Table): { sfi: number; record: number; value: string } => {
    const [name = '', value = ''] =
      Object.entries(table.objects()).find(([object, hex]) => /record/.test(object) && hex.includes('9F1401')) ?? []
    const [sfi = 0, record = 0] = name.split('/').slice(-2).map(Number)
    return { sfi, record, value }
  }
  it('5 (B-9) changes 9F14 and 9F23 in their record, in a file of 1 to 10', async () => {
    const table = pboc()
    const { sfi, record, value } = limits(table)
    expect(sfi >= 1 && sfi <= 10).toBe(true)
    const changed = value.replace('9F140105', '9F140107').replace('9F23010A', '9F23010C')
    expect(changed).not.toBe(value)
    const update: ScriptCommand = { type: 'update-record', sfi, record, value: fromHex(changed) }
    expect((await table.online(update)).statuses).toEqual(['9000'])
    await table.begin()
    const read = await table.send(`00B2${toHex(Uint8Array.of(record, (sfi << 3) | 4))}00`)
    expect([read.status, toHex(read.data)]).toEqual(['9000', changed])
  })
  it('5 a file or record that is not there, or is shorter, stays as it is', async () => {
    const table = pboc()
    const { sfi, record, value } = limits(table)
    const { first } = await table.online()
    const update = (at: { sfi?: number; record?: number }, hex: string): ScriptCommand => ({
      type: 'update-record',
      sfi,
      record,
      ...at,
      value: fromHex(hex),
    })
    const was = Object.entries(table.objects()).filter(([name]) => /record/.test(name))
    expect(await table.run(first, update({ sfi: 29 }, value))).toEqual(['6A82'])
    expect(await table.run(first, update({ record: 200 }, value))).toEqual(['6A83'])
    expect(await table.run(first, update({}, `${value}00`))).toEqual(['6A83'])
    expect(Object.entries(table.objects()).filter(([name]) => /record/.test(name))).toEqual(was)
  })
})
