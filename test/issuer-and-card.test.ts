/**
 * Issuer and card through whole transactions, for every scheme on either protocol: the cryptogram verifies, the card takes
 * the answer, each script command is executed and is seen to be, and none is executed twice.
 */
import { describe, expect, it } from 'vitest'
import { concat, fromHex, toHex } from '../packages/apdu/src/index.js'
import { SCHEMES, type SchemeName } from '../packages/keys/src/index.js'
import type { ScriptCommand } from '../packages/scripts/src/index.js'
import { damaged, layTable, layTableFrom, PIN, type Table } from './support/debit-credit.js'

const BLOCK = { type: 'application-block' } as const
const UNBLOCK = { type: 'application-unblock' } as const
const put = (tag: string, value: string): ScriptCommand => ({ type: 'put-data', tag, value: fromHex(value) })

const tables = (Object.keys(SCHEMES) as SchemeName[]).flatMap((name) =>
  (['T=0', 'T=1'] as const).map((protocol) => [name, protocol] as const),
)

describe.each(tables)('%s on %s', (name, protocol) => {
  const lay = (): Table => layTable(name, {}, { protocol })

  it('verifies ARQC and TC, and the card takes the ARPC', async () => {
    const table = lay()
    for (const atc of ['0001', '0002', '0003']) {
      const first = await table.begin()
      expect([first.kind, toHex(first.atc), table.verifies(first)]).toEqual(['ARQC', atc, true])
      expect(await table.authenticateIssuer(table.answer(first))).toBe('9000')
      const second = await table.end()
      expect([second.kind, toHex(second.atc), table.verifies(second)]).toEqual(['TC', atc, true])
      // Interac's CVR is not public: the card leaves it empty, so that nothing under the cryptogram tells its kind.
      if (name !== 'interac-cvn133') expect(toHex(second.ac)).not.toBe(toHex(first.ac))
    }
  })
  it('does not take another ARPC, and says so in its next CVR', async () => {
    const table = lay()
    const first = await table.begin()
    expect(await table.authenticateIssuer(damaged(table.answer(first)))).toMatch(
      table.authenticatesByCommand ? /^6300$/ : /^9000$/,
    )
    const second = await table.end()
    expect(table.verifies(second)).toBe(true)
    const next = await table.begin('TC')
    expect(table.verifies(next)).toBe(true)
    // Interac's CVR is not public.
    if (name === 'interac-cvn133') return
    expect(table.cvr(second).flags).toContain('issuerAuthenticationFailed')
    expect(table.cvr(next).flags.join()).toMatch(/[iI]ssuerAuthenticationFailed/)
  })
  it('changes the PIN: the old one is refused, the new one accepted', async () => {
    const table = lay()
    expect((await table.online({ type: 'pin-change', newPin: '567890' })).statuses).toEqual(['9000'])
    await table.begin()
    expect(await table.verify(PIN)).toBe('63C2')
    expect(await table.verify('567890')).toBe('9000')
    if (SCHEMES[name].pinBlock.withCurrent !== 'vis') return
    const back: ScriptCommand = { type: 'pin-change-with-current', newPin: PIN, currentPin: '567890' }
    expect((await table.online(back)).statuses).toEqual(['9000'])
    await table.begin()
    expect(await table.verify(PIN)).toBe('9000')
  })
  it('unblocks the PIN', async () => {
    const table = lay()
    await table.select()
    await table.getProcessingOptions()
    for (const left of ['63C2', '63C1', '63C0']) expect(await table.verify('9999')).toBe(left)
    const first = await table.generateAc('ARQC', 'cdol1')
    await table.authenticateIssuer(table.answer(first))
    await table.end()
    expect(await table.run(first, { type: 'pin-unblock' })).toEqual(['9000'])
    await table.begin()
    expect(await table.verify(PIN)).toBe('9000')
  })
  it('blocks the application, which answers AAC, and unblocks it again', async () => {
    const table = lay()
    expect((await table.online(BLOCK)).statuses).toEqual(['9000'])
    expect((await table.select()).status).toBe('6283')
    const aac = await table.begin()
    expect([aac.kind, table.verifies(aac)]).toEqual(['AAC', true])
    expect(await table.run(aac, UNBLOCK)).toEqual(['9000'])
    expect((await table.online()).second.kind).toBe('TC')
  })
  it('blocks the card for good', async () => {
    const table = lay()
    expect((await table.online({ type: 'card-block' })).statuses).toEqual(['9000'])
    for (const again of [table, layTableFrom(table.card.memory.save(), name)]) {
      expect((await again.select()).status).toBe('6A81')
      expect((await again.getProcessingOptions()).status).toBe('6A81')
    }
  })
  it('puts data and records', async () => {
    const table = lay()
    const update: ScriptCommand = { type: 'update-record', sfi: 4, record: 1, value: fromHex('70089F1401079F23010C') }
    const { statuses } = await table.online(put('9F59', '0B'), update)
    expect(statuses).toEqual(['9000', '9000'])
    await table.begin()
    expect(await table.getData('9F59')).toBe('0B')
    expect(toHex((await table.send('00B2012400')).data)).toBe('70089F1401079F23010C')
  })
  it('refuses with 6988 a script of an earlier transaction, and one of another card', async () => {
    const table = lay()
    const { first } = await table.online()
    const [old = concat()] = table.script(first, put('9F59', '0B'))
    expect(await table.status(old)).toBe('9000')
    await table.online(put('9F59', '0C'))
    expect(await table.status(old)).toBe('6988')
    const other = layTable(name, { panSequence: '02' }, { protocol })
    await other.begin()
    expect(await other.status(old)).toBe('6988')
    expect(await table.getData('9F59')).toBe('0C')
  })
})

describe('states of the card, [PBOC] 5', () => {
  const pboc = (application = {}, card = {}): Table => layTable('pboc', application, card)
  it('a second GENERATE AC does not ask for an ARQC, and there is no third', async () => {
    const table = pboc()
    const first = await table.begin()
    await table.authenticateIssuer(table.answer(first))
    table.values.set('8A', fromHex('3030'))
    expect((await table.generateAc('ARQC', 'cdol2')).status).toBe('6985')
    const again = await table.begin()
    await table.authenticateIssuer(table.answer(again))
    expect((await table.end()).kind).toBe('TC')
    expect((await table.end()).status).toBe('6985')
  })
  it('EXTERNAL AUTHENTICATE twice: 6985, and the issuer is not authenticated', async () => {
    const table = pboc()
    const first = await table.begin()
    const data = table.answer(first)
    expect(await table.authenticateIssuer(data)).toBe('9000')
    expect(await table.authenticateIssuer(data)).toBe('6985')
    expect(table.cvr(await table.end()).flags).toContain('issuerAuthenticationFailed')
    expect(await table.run(first, put('9F59', '07'))).toEqual(['6985'])
  })
  it('EXTERNAL AUTHENTICATE with the answer to another transaction: 6300', async () => {
    const table = pboc()
    const old = table.answer(await table.begin())
    await table.begin()
    expect(await table.authenticateIssuer(old)).toBe('6300')
  })
  it('VERIFY: tries go down, 6983 when they end, 6984 when they had ended before', async () => {
    const table = pboc({ pinTryLimit: 2 })
    await table.select()
    await table.getProcessingOptions()
    expect([await table.verify('9999'), await table.verify('9999')]).toEqual(['63C1', '63C0'])
    expect(await table.verify(PIN)).toBe('6983')
    await table.select()
    await table.getProcessingOptions()
    expect(await table.verify(PIN)).toBe('6984')
    table.card.powerUp()
    await table.begin()
    expect(await table.verify(PIN)).toBe('6984')
  })
  it('VERIFY: where the ADA says so the last wrong PIN blocks the application, a right one at the last try does not', async () => {
    for (const [pin, said, selected] of [
      [PIN, '9000', '9000'],
      ['9999', '63C0', '6283'],
    ] as const) {
      const table = pboc({ ada: '0080' })
      await table.select()
      await table.getProcessingOptions()
      expect([await table.verify('9999'), await table.verify('9999'), await table.verify(pin)]).toEqual([
        '63C2',
        '63C1',
        said,
      ])
      expect((await table.select()).status).toBe(selected)
    }
  })
  it('wrong MACs one after another end all scripts, for good', async () => {
    const table = pboc({}, { switches: { macFailureLimit: 3 } })
    const wrong = async (): Promise<string> => {
      const { first } = await table.online()
      return table.status(damaged(table.script(first, put('9F59', '07'))[0]))
    }
    expect([await wrong(), await wrong()]).toEqual(['6988', '6988'])
    expect((await table.online(put('9F59', '07'))).statuses).toEqual(['9000'])
    expect([await wrong(), await wrong(), await wrong()]).toEqual(['6988', '6988', '6988'])
    const later = layTableFrom(table.card.memory.save(), 'pboc')
    expect((await later.online(put('9F59', '08'), { type: 'pin-unblock' })).statuses).toEqual(['6985', '6985'])
    expect(await later.getData('9F59')).toBe('07')
  })
  it('a transaction ends with the power: no second GENERATE AC, no script after it', async () => {
    const table = pboc()
    const first = await table.begin()
    const data = table.answer(first)
    table.card.powerUp()
    await table.select()
    await table.getProcessingOptions()
    expect(await table.authenticateIssuer(data)).toBe('6985')
    expect(await table.run(first, put('9F59', '07'))).toEqual(['6985'])
    expect(table.cvr(await table.generateAc('ARQC', 'cdol1')).flags).toContain('lastOnlineTransactionNotCompleted')
  })
})
