/** Issuer scripts, [PBOC-SCRIPT] 10 and 11: beside issuer authentication, on a blocked application, and a second time. */
import { describe, expect, it } from 'vitest'
import { concat, fromHex } from '../packages/apdu/src/index.js'
import { generateArpc, withCryptogramKeys } from '../packages/keys/src/index.js'
import type { ScriptCommand } from '../packages/scripts/src/index.js'
import { damaged, layTable, type Table } from './support/debit-credit.js'
import { CARD, keySet } from './support/debit-credit-profile.js'

const BLOCK = { type: 'application-block' } as const
const UNBLOCK = { type: 'application-unblock' } as const
const PIN_UNBLOCK = { type: 'pin-unblock' } as const
const put = (tag: string, value: string): ScriptCommand => ({ type: 'put-data', tag, value: fromHex(value) })
const GOOD = put('9F59', '07')
const pboc = (application = {}, card = {}): Table => layTable('pboc', application, card)

describe('[PBOC-SCRIPT] 10 scripts and issuer authentication', () => {
  const ALL: readonly ScriptCommand[] = [
    BLOCK,
    UNBLOCK,
    PIN_UNBLOCK,
    { type: 'pin-change', newPin: '5678' },
    GOOD,
    { type: 'card-block' },
  ]
  const outcome = async (scriptsNeedIssuerAuth: string, performed: 'no' | 'failed' | 'yes'): Promise<string[]> => {
    const table = pboc({}, { switches: { scriptsNeedIssuerAuth } })
    const first = await table.begin()
    if (performed !== 'no') {
      const data = table.answer(first)
      await table.authenticateIssuer(performed === 'yes' ? data : damaged(data))
    }
    await table.end()
    return table.run(first, ...ALL)
  }
  it.each([
    ['never', 'no', '9000'],
    ['never', 'failed', '9000'],
    ['never', 'yes', '9000'],
    ['ifPerformed', 'no', '9000'],
    ['ifPerformed', 'failed', '6985'],
    ['ifPerformed', 'yes', '9000'],
    ['ifAipSupports', 'no', '6985'],
    ['ifAipSupports', 'failed', '6985'],
    ['ifAipSupports', 'yes', '9000'],
  ] as const)(
    '10 needed %s, performed: %s: every command %s, none apart from the others',
    async (need, performed, status) => {
      expect(await outcome(need, performed)).toEqual(ALL.map(() => status))
    },
  )
  it.each(['visa-cvn18', 'mastercard-cvn17', 'emv-ccd', 'pboc-sm4'] as const)(
    '10 %s: failed, by command or with the second GENERATE AC, means no script where the card looks at it',
    async (scheme) => {
      for (const [scriptsNeedIssuerAuth, status] of [
        ['ifPerformed', '6985'],
        ['never', '9000'],
      ] as const) {
        const table = layTable(scheme, {}, { switches: { scriptsNeedIssuerAuth } })
        const first = await table.begin()
        await table.authenticateIssuer(damaged(table.answer(first)))
        expect((await table.end()).status).toBe('9000')
        expect(await table.run(first, GOOD, PIN_UNBLOCK)).toEqual([status, status])
      }
    },
  )
  it('10 a card whose AIP promises no issuer authentication cannot ask for it', async () => {
    const table = pboc(
      { capabilities: { issuerAuthentication: false } },
      { switches: { scriptsNeedIssuerAuth: 'ifAipSupports' } },
    )
    const first = await table.begin()
    await table.end()
    expect(await table.run(first, GOOD)).toEqual(['9000'])
  })
})

describe('[PBOC-SCRIPT] 11 the blocked application', () => {
  const blocked = async (switches = {}): Promise<Table> => {
    const table = pboc({}, { switches })
    await table.online(BLOCK)
    return table
  }
  it('11 takes APPLICATION UNBLOCK after the AAC of the first GENERATE AC', async () => {
    const table = await blocked()
    const aac = await table.begin('TC')
    expect(aac.kind).toBe('AAC')
    expect(await table.run(aac, GOOD, UNBLOCK, GOOD)).toEqual(['9000', '9000', '9000'])
    expect((await table.select()).status).toBe('9000')
  })
  it('11 an AAC of an application that is not blocked is the end: no script', async () => {
    const table = pboc()
    const aac = await table.begin('AAC')
    expect(aac.kind).toBe('AAC')
    expect(await table.run(aac, UNBLOCK, GOOD)).toEqual(['6985', '6985'])
  })
  it('11 a wrong MAC does not unblock it', async () => {
    const table = await blocked()
    const aac = await table.begin()
    expect(await table.status(damaged(table.script(aac, UNBLOCK)[0]))).toBe('6988')
    expect(await table.run(aac, UNBLOCK)).toEqual(['6985'])
    expect((await table.select()).status).toBe('6283')
  })
  it('11 may ask for issuer authentication before it is unblocked', async () => {
    const table = await blocked({ unblockNeedsIssuerAuth: true })
    const aac = await table.begin()
    expect(await table.run(aac, GOOD, UNBLOCK)).toEqual(['9000', '6985'])
    expect((await table.select()).status).toBe('6283')
  })
  it('11 is unblocked by a card that asks for issuer authentication when it has succeeded, on the AAC', async () => {
    for (const right of [true, false]) {
      const table = await blocked({ unblockNeedsIssuerAuth: true })
      const aac = await table.begin()
      const arc = fromHex('3030')
      // One call that verifies and answers takes ARQCs alone; an issuer that unblocks computes the ARPC by itself.
      const tags = new Map([['9F36', aac.atc]])
      const arpc = withCryptogramKeys('pboc', { imk: keySet('pboc').ac, card: CARD }, tags, ({ key }) =>
        generateArpc(key, aac.ac, { arc }),
      )
      const data = concat(arpc, arc)
      expect(await table.authenticateIssuer(right ? data : damaged(data))).toBe(right ? '9000' : '6300')
      expect(await table.run(aac, UNBLOCK)).toEqual([right ? '9000' : '6985'])
      expect((await table.select()).status).toBe(right ? '9000' : '6283')
    }
  })
  it('(B-11) a script of one transaction is refused with 6988 in the next', async () => {
    const table = pboc()
    const { first } = await table.online(put('9F59', '08'))
    const replayed = table.script(first, put('9F59', '09'), PIN_UNBLOCK)
    await table.online()
    expect(await table.status(replayed[0] ?? concat())).toBe('6988')
    expect(await table.status(replayed[1] ?? concat())).toBe('6985')
    await table.begin()
    expect(await table.status(replayed[1] ?? concat())).toBe('6988')
    expect(await table.getData('9F59')).toBe('08')
  })
})
