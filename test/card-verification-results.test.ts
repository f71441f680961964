/**
 * What the card says of itself in its CVR, read by the issuer's tables (packages/keys): each bit after the event that it is
 * for, and not before. The bits have the same names in all families that have them.
 */
import { describe, expect, it } from 'vitest'
import { fromHex } from '../packages/apdu/src/index.js'
import { CVR_CCD, CVR_MCHIP, CVR_VIS, parseIssuerApplicationData, type SchemeName } from '../packages/keys/src/index.js'
import { type Cryptogram, damaged, layTable, PIN, type Table } from './support/debit-credit.js'

const FAMILIES = [
  ['pboc', CVR_VIS],
  ['pboc-sm4', CVR_VIS],
  ['visa-cvn10', CVR_VIS],
  ['visa-cvn18', CVR_VIS],
  ['mastercard-cvn16', CVR_MCHIP],
  ['mastercard-cvn21', CVR_MCHIP],
  ['emv-ccd', CVR_CCD],
] as const

/** What happens, and the cryptogram that tells of it. */
interface Event {
  readonly application?: Readonly<Record<string, unknown>>
  readonly flag: string
  readonly happens: (table: Table) => Promise<Cryptogram>
}

const verified = async (table: Table, ...pins: string[]): Promise<Cryptogram> => {
  await table.select()
  await table.getProcessingOptions()
  for (const pin of pins) await table.verify(pin)
  return table.generateAc('ARQC', 'cdol1')
}
const afterDecline = async (table: Table, tvr: string): Promise<Cryptogram> => {
  table.values.set('95', fromHex(tvr))
  await table.begin('AAC')
  table.values.set('95', new Uint8Array(5))
  return table.begin()
}
const offline = async (table: Table, count: number): Promise<Cryptogram> => {
  await table.online()
  for (let i = 0; i < count; i++) expect((await table.begin('TC')).kind).toBe('TC')
  return table.begin('TC')
}
const low = { limits: { '9F58': '02', '9F59': '04', '9F54': '000000025000', '9F5C': '000000090000' } }

const EVENTS: readonly Event[] = [
  { flag: 'newCard', happens: (table) => table.begin() },
  { flag: 'offlinePinPerformed', happens: (table) => verified(table, PIN) },
  { flag: 'offlinePinFailed', happens: (table) => verified(table, '9999') },
  { flag: 'pinTryLimitExceeded', happens: (table) => verified(table, '9999', '9999', '9999') },
  {
    flag: 'applicationBlockedByPin',
    application: { ada: '0080' },
    happens: (table) => verified(table, '9999', '9999', '9999'),
  },
  {
    flag: 'lastOnlineTransactionNotCompleted',
    happens: async (table) => {
      await table.begin()
      return table.begin()
    },
  },
  {
    flag: 'unableToGoOnline',
    happens: async (table) => {
      await table.begin()
      return table.end('TC', '5933')
    },
  },
  {
    flag: 'issuerAuthenticationFailed',
    happens: async (table) => {
      await table.authenticateIssuer(damaged(table.answer(await table.begin())))
      return table.end()
    },
  },
  {
    flag: 'lastIssuerAuthenticationFailed',
    happens: async (table) => {
      await table.authenticateIssuer(damaged(table.answer(await table.begin())))
      await table.end()
      return table.begin()
    },
  },
  {
    flag: 'issuerAuthenticationNotPerformed',
    happens: async (table) => {
      await table.begin()
      return table.end()
    },
  },
  { flag: 'lastSdaFailed', happens: (table) => afterDecline(table, '4000000000') },
  { flag: 'lastDdaFailed', happens: (table) => afterDecline(table, '0800000000') },
  { flag: 'velocityExceeded', application: low, happens: (table) => offline(table, 2) },
  { flag: 'lowerConsecutiveLimitExceeded', application: low, happens: (table) => offline(table, 2) },
  { flag: 'lowerCumulativeLimitExceeded', application: low, happens: (table) => offline(table, 2) },
  {
    flag: 'scriptFailed',
    happens: async (table) => {
      await table.online({ type: 'put-data', tag: '9F36', value: fromHex('0000') })
      return table.begin()
    },
  },
]

describe.each(FAMILIES)('%s', (scheme: SchemeName, { flags }) => {
  const events = EVENTS.filter(({ flag }) => flags.some(([, , name]) => name === flag))
  it.each(events.map((event) => [event.flag, event] as const))('%s', async (flag, { application, happens }) => {
    const table = layTable(scheme, application)
    const told = await happens(table)
    expect(table.verifies(told)).toBe(true)
    expect(table.cvr(told).flags).toContain(flag)
    // A card of which nothing of the kind is known.
    const calm = layTable(scheme, application)
    await calm.online()
    expect(calm.cvr((await calm.online()).second).flags).not.toContain(flag)
    expect(calm.cvr(await calm.begin()).flags).not.toContain(flag)
  })
  it('the cryptograms asked for', async () => {
    const table = layTable(scheme)
    const kinds = async (make: () => Promise<Cryptogram>): Promise<unknown[]> => {
      const { values } = table.cvr(await make())
      return [values['firstGenerateAc'], values['secondGenerateAc']]
    }
    expect(await kinds(() => table.begin())).toEqual(['ARQC', 'notRequested'])
    await table.authenticateIssuer(table.answer(await table.begin()))
    expect(await kinds(() => table.end())).toEqual(['ARQC', 'TC'])
    await table.authenticateIssuer(table.answer(await table.begin(), false))
    expect(await kinds(() => table.end('AAC'))).toEqual(['ARQC', 'AAC'])
    expect(await kinds(() => table.begin('TC'))).toEqual(['TC', 'notRequested'])
    expect(await kinds(() => table.begin('AAC'))).toEqual(['AAC', 'notRequested'])
  })
})

it('no bit is set that the tables do not know', async () => {
  for (const [scheme] of FAMILIES) {
    const table = layTable(scheme)
    const { first, second } = await table.online()
    for (const { iad } of [first, second, await verified(table, '9999', PIN)]) {
      expect(parseIssuerApplicationData(iad, { scheme }).cvrFlags?.reserved).toEqual([])
    }
  }
})
