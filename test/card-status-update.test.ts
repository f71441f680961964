/** The card status update of ARPC method 2, [EMV-B3] C10: the issuer's word to the card, under the ARPC. */
import { describe, expect, it } from 'vitest'
import { type Cryptogram, damaged, layTable, PIN, type Table } from './support/debit-credit.js'

describe.each(['visa-cvn18', 'visa-cvn22', 'emv-ccd'] as const)('%s', (scheme) => {
  const limits = { limits: { '9F58': '02', '9F59': '06' } }
  /** A card that has approved two transactions offline, so that the next goes online. */
  const used = async (): Promise<Table> => {
    const table = layTable(scheme, limits)
    await table.online()
    for (let i = 0; i < 2; i++) expect((await table.begin('TC')).kind).toBe('TC')
    return table
  }
  const updated = async (table: Table, csu: string, change = (data: Uint8Array) => data): Promise<Cryptogram> => {
    const first = await table.begin('TC')
    expect(first.kind).toBe('ARQC')
    await table.authenticateIssuer(change(table.answer(first, true, csu)))
    const second = await table.end()
    expect([second.status, table.verifies(second)]).toEqual(['9000', true])
    return second
  }

  it('approves, or does not: then a TC is not given', async () => {
    expect((await updated(await used(), '00820000')).kind).toBe('TC')
    expect((await updated(await used(), '00020000')).kind).toBe('AAC')
  })
  it('blocks the application from the next transaction on', async () => {
    const table = await used()
    expect((await updated(table, '00A20000')).kind).toBe('TC')
    expect((await table.select()).status).toBe('6283')
    expect((await table.begin('TC')).kind).toBe('AAC')
  })
  it('blocks the card from the next SELECT on', async () => {
    const table = await used()
    expect((await updated(table, '00C20000')).kind).toBe('TC')
    expect((await table.select()).status).toBe('6A81')
  })
  it.each([
    ['01920000', '01'],
    ['00920000', '00'],
    ['0F920000', '03'],
    ['01820000', '03'],
  ])('sets the PIN try counter, at most to its limit: %s', async (csu, tries) => {
    const table = await used()
    await updated(table, csu)
    expect(await table.getData('9F17')).toBe(tries)
    await table.begin()
    expect(await table.verify(PIN)).toBe(tries === '00' ? '6984' : '9000')
  })
  it('sends the next transaction online, and that one alone', async () => {
    const table = await used()
    await updated(table, '008A0000')
    expect((await table.begin('TC')).kind).toBe('ARQC')
    await table.online()
    expect((await table.begin('TC')).kind).toBe('TC')
  })
  it.each([
    ['00', '00800000', 'ARQC'],
    ['01, to the upper limits', '00810000', 'ARQC'],
    ['10, to zero', '00820000', 'TC'],
    ['11, one more', '00830000', 'ARQC'],
  ])('sets the counters: %s', async (_, csu, next) => {
    const table = await used()
    await updated(table, csu)
    expect((await table.begin('TC')).kind).toBe(next)
  })
  it('is not obeyed when its ARPC is wrong', async () => {
    const table = await used()
    await updated(table, '01FA0000', (data) => damaged(data))
    expect((await table.select()).status).toBe('9000')
    expect(await table.getData('9F17')).toBe('03')
    expect(table.objects()['app/0/state/goOnlineNext']).toBe('00')
  })
})
