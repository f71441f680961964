/** Issuer scripts where cards differ: the issuer's option and the card's switch mean the same, and nothing else works. */
import { describe, expect, it } from 'vitest'
import { concat, fromHex } from '../packages/apdu/src/index.js'
import type { ScriptCommand } from '../packages/scripts/src/index.js'
import { damaged, layTable, PIN, type Table } from './support/debit-credit.js'

const put = (tag: string, value: string): ScriptCommand => ({ type: 'put-data', tag, value: fromHex(value) })
const COMMANDS = [put('9F59', '07'), put('9F58', '06'), put('9F53', '05')]

describe.each(['mastercard-cvn17', 'mastercard-cvn21', 'emv-ccd', 'visa-cvn22'] as const)(
  '[MCHIP] %s: the n-th command secured with ARQC + n',
  (scheme) => {
    const statuses = async (chainedScripts: boolean, chaining: 'none' | 'arqc-counts'): Promise<string[]> => {
      const table = layTable(scheme, {}, { switches: { chainedScripts } })
      const { first } = await table.online()
      const said: string[] = []
      for (const { apdu } of table.secure(first, COMMANDS, {}, chaining)) said.push(await table.status(apdu))
      return said
    }
    it('is taken by the card that counts so', async () => {
      expect(await statuses(true, 'arqc-counts')).toEqual(['9000', '9000', '9000'])
      expect(await statuses(false, 'none')).toEqual(['9000', '9000', '9000'])
    })
    it('is refused by the one that does not, and the other way round', async () => {
      expect(await statuses(false, 'arqc-counts')).toEqual(['9000', '6988', '6985'])
      expect(await statuses(true, 'none')).toEqual(['9000', '6988', '6985'])
    })
  },
)

describe.each(['pboc', 'pboc-sm4', 'visa-cvn10', 'visa-cvn18'] as const)('[VIS] %s: the key in D1', (scheme) => {
  it.each([
    ['ac', 'ac', '9000'],
    ['enc', 'enc', '9000'],
    ['ac', 'enc', '6A80'],
    ['enc', 'ac', '6A80'],
  ] as const)('the card has %s, the issuer takes %s: %s', async (card, issuer, status) => {
    const table = layTable(scheme, {}, { switches: { pinBlockKey: card } })
    const { first } = await table.online()
    const change: ScriptCommand = { type: 'pin-change', newPin: '567890' }
    const [command] = table.secure(first, [change], { pinBlockKey: issuer })
    expect(await table.status(command?.apdu ?? concat())).toBe(status)
    await table.begin()
    expect(await table.verify(status === '9000' ? '567890' : PIN)).toBe('9000')
  })
})

describe('[PBOC-SCRIPT] 5 new limits are those that the card decides by', () => {
  const online = async (table: Table, ...commands: ScriptCommand[]): Promise<string | undefined> => {
    const { statuses } = await table.online(...commands)
    expect(statuses.every((status) => status === '9000')).toBe(true)
    return (await table.begin('TC')).kind
  }
  it('PUT DATA: consecutive and cumulative limits', async () => {
    expect(await online(layTable('pboc'))).toBe('TC')
    expect(await online(layTable('pboc'), put('9F58', '00'))).toBe('ARQC')
    expect(await online(layTable('pboc'), put('9F54', '000000005000'))).toBe('ARQC')
    expect(await online(layTable('pboc'), put('9F54', '000000010000'))).toBe('TC')
  })
  it.each([
    ['emv', '70089F1401009F23010A', 'ARQC'],
    ['pboc-script', '70089F1401009F23010A', 'ARQC'],
    ['emv', '70089F14010A9F230100', 'ARQC'],
    ['pboc-script', '70089F14010A9F230105', 'TC'],
  ])('UPDATE RECORD: 9F14 and 9F23, read as %s says', async (offlineLimitTags, record, kind) => {
    const limits = { '9F14': '05', '9F23': '0A' }
    const table = layTable('pboc', { limits }, { switches: { offlineLimitTags } })
    const update: ScriptCommand = { type: 'update-record', sfi: 4, record: 1, value: fromHex(record) }
    expect(await online(table, update)).toBe(kind)
  })
  it('UPDATE RECORD: which of the two declines when the issuer cannot be reached', async () => {
    for (const [offlineLimitTags, record, kind] of [
      ['emv', '70089F1401009F23010A', 'TC'],
      ['emv', '70089F14010A9F230100', 'AAC'],
      ['pboc-script', '70089F1401009F23010A', 'AAC'],
      ['pboc-script', '70089F14010A9F230100', 'TC'],
    ] as const) {
      const limits = { '9F14': '05', '9F23': '0A' }
      const table = layTable('pboc', { limits }, { switches: { offlineLimitTags } })
      await table.online({ type: 'update-record', sfi: 4, record: 1, value: fromHex(record) })
      expect((await table.begin('TC')).kind).toBe('ARQC')
      expect((await table.end('TC', '5933')).kind).toBe(kind)
    }
  })
})

describe('what the script counter counts', () => {
  it.each([
    ['pboc', 3],
    ['visa-cvn10', 3],
    ['visa-cvn22', 3],
    // [EMV-B3] C7.3: those that were processed with success.
    ['emv-ccd', 1],
  ] as const)('%s: of one executed, one refused and one with a wrong MAC it counts %i', async (scheme, count) => {
    const table = layTable(scheme)
    const { first } = await table.online()
    const [good, refused, forged] = table.script(first, put('9F59', '07'), put('9F36', '0001'), put('9F58', '06'))
    expect(await table.status(good ?? concat())).toBe('9000')
    expect(await table.status(refused ?? concat())).toBe('6A80')
    expect(await table.status(damaged(forged))).toBe('6988')
    const { values, flags } = table.cvr(await table.begin())
    expect([values['scriptCounter'], flags.includes('scriptFailed')]).toEqual([count, true])
  })
})
