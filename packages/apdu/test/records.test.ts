import { describe, expect, it } from 'vitest'
import { collectRecords, parseAfl, readRecordCommand, readRecords, recordBody } from '../src/index.js'
import { hex, rejected, scripted, text, thrown } from './support.js'

const record = (sfi: number, number: number, data: string) => ({ sfi, record: number, data: hex(data) })

describe('readRecordCommand', () => {
  it.each([
    [1, 1, '00B2010C00'],
    [2, 6, '00B2061400'],
    [30, 255, '00B2FFF400'],
  ])('SFI %d record %d: %s', (sfi, number, command) => {
    expect(text(readRecordCommand({ sfi, record: number }))).toBe(command)
  })
})

describe('readRecords', () => {
  it('reads what the AFL lists, in its order', async () => {
    const { exchange, sent } = scripted('70025A009000', '70009000', 'AABB9000')
    const records = await readRecords(exchange, parseAfl(hex('10010201 58040400')))
    expect(records).toEqual([record(2, 1, '70025A00'), record(2, 2, '7000'), record(11, 4, 'AABB')])
    expect(sent).toEqual(['00B2011400', '00B2021400', '00B2045C00'])
  })

  it.each(['6A83', '6283', '6985', '9001', '6104'])('stops at the status %s', async (status) => {
    const { exchange, sent } = scripted('70009000', status, '70009000')
    const error = await rejected(readRecords(exchange, parseAfl(hex('10010300'))))
    expect(error).toMatchObject({ code: 'ERR_RECORD', label: 'SFI 2 record 2', expected: 'status 9000' })
    expect(error.got?.slice(0, 6)).toBe(`${status} (`)
    expect(sent).toHaveLength(2)
  })

  it('reads nothing of an empty AFL', async () => {
    expect(await readRecords(scripted().exchange, [])).toEqual([])
  })
})

describe('recordBody', () => {
  it.each([
    [1, '70025A00', '5A00'],
    [10, '7000', ''],
    [11, '70025A00', '70025A00'],
    [30, 'AABB', 'AABB'],
  ])('SFI %d, %s: %s', (sfi, data, body) => expect(text(recordBody(record(sfi, 1, data)))).toBe(body))

  it.each(['', '5A00', '70025A0000', '70007000', '70035A00', '7700', '708100'])('refuses %j in SFI 1 to 10', (data) => {
    for (const sfi of [1, 10]) {
      const error = thrown(() => recordBody(record(sfi, 3, data)))
      expect(error).toMatchObject({
        code: 'ERR_RECORD',
        label: `SFI ${sfi} record 3`,
        expected: 'exactly one template 70',
      })
      expect(error.got).toMatch(/^ERR_T(?:LV|AG)/)
    }
  })
})

describe('collectRecords', () => {
  it('gives the primitive data objects by tag, in order', () => {
    const found = collectRecords([record(1, 1, '7006 5A0112 9F0700'), record(2, 1, '7003 500141')])
    expect([...found].map(([tag, value]) => `${tag}=${text(value)}`)).toEqual(['5A=12', '9F07=', '50=41'])
  })

  it('goes into templates other than directory entries', () => {
    const found = collectRecords([record(1, 1, '700A BF0C05 9F4D020B0A 5000')])
    expect([...found].map(([tag, value]) => `${tag}=${text(value)}`)).toEqual(['9F4D=0B0A', '50='])
  })

  it('gives views into the records', () => {
    const only = record(1, 1, '70035A0112')
    expect(collectRecords([only]).get('5A')?.buffer).toBe(only.data.buffer)
  })

  it('leaves out SFI 11 to 30, TLV or not', () => {
    expect(collectRecords([record(11, 1, 'AABB'), record(30, 1, '70035A0112')]).size).toBe(0)
    expect(collectRecords([record(10, 1, '70035A0112')]).size).toBe(1)
  })

  it.each([
    [[record(1, 1, '70025A00'), record(2, 3, '70025A00')], 'SFI 2 record 3'],
    [[record(1, 1, '70045A005A00')], 'SFI 1 record 1'],
    [[record(1, 1, '70075A00BF0C025A00')], 'SFI 1 record 1'],
  ])('refuses a tag that occurs twice (%#)', (records, label) => {
    const error = thrown(() => collectRecords(records))
    expect(error).toMatchObject({ code: 'ERR_RECORD', label, expected: 'tag 5A once in all records', got: 'it again' })
  })

  it('does not mind the same tags in directory entries', () => {
    const found = collectRecords([
      record(1, 1, '7010 61064F01A1500131 61064F01A2500132'),
      record(1, 2, '7008 61064F01A3500133'),
    ])
    expect(found.size).toBe(0)
  })

  it('refuses a record that is no template 70', () => {
    expect(thrown(() => collectRecords([record(3, 2, '5A00')]))).toMatchObject({
      code: 'ERR_RECORD',
      label: 'SFI 3 record 2',
    })
  })
})
