/** Host and card, each written from its own side, through every transaction. */
import { withGetResponse } from '@issuerkit/apdu'
import { etcPurseProfile } from '@issuerkit/card'
import { describe, expect, it } from 'vitest'
import { PurseTester } from '../src/conformance/tester.js'
import { virtualPurse } from '../src/conformance/virtual-purse.js'
import { greyUnlockSessionKey, parseGreyUnlockAnswer, verifyGreyUnlockMac1 } from '../src/purse-grey.js'
import {
  isProof,
  loadPurse,
  proveTransaction,
  purchase,
  purchaseComposite,
  runPurseTransaction,
  unloadPurse,
  updateOverdraftLimit,
  withdrawCash,
} from '../src/purse-host.js'
import { bytes, hex } from './purse-oracle.js'

const WHEN = { date: '20240131', time: '101112', terminalSerial: 258 }
const TERMINAL = bytes('112233445566')

/** A new card, ADF1 selected, the PIN verified. */
async function ready() {
  const card = virtualPurse(etcPurseProfile())
  const tester = new PurseTester(card)
  await tester.reset()
  await tester.expect(tester.selectName('ADF1'), '9000')
  await tester.expect(tester.verify(card.profile.pin), '9000')
  const exchange = withGetResponse(card.connection.transmit)
  const keys = (name: 'load' | 'unload' | 'purchase' | 'overdraft') => ({
    transaction: tester.key(name, 1),
    dtk: tester.key('tac'),
  })
  const request = (purse: 'ed' | 'ep', amount: number) => ({ purse, keyIndex: 1, amount, terminal: TERMINAL })
  return { tester, exchange, keys, request, profile: card.profile }
}

describe('the virtual card', () => {
  it('carries out every transaction, and the host finds its answers right', async () => {
    const { tester, exchange, keys, request } = await ready()
    const before = { ed: await money(tester, 'ed'), ep: await money(tester, 'ep') }
    const done = [
      await loadPurse(exchange, keys('load'), request('ed', 1000), WHEN),
      await loadPurse(exchange, keys('load'), request('ep', 500), WHEN),
      await unloadPurse(exchange, keys('unload'), request('ed', 100), WHEN),
      await withdrawCash(exchange, keys('purchase'), request('ed', 10), WHEN),
      await purchase(exchange, keys('purchase'), request('ed', 20), WHEN),
      await purchase(exchange, keys('purchase'), request('ep', 30), WHEN),
      await updateOverdraftLimit(exchange, keys('overdraft'), request('ed', 700), WHEN),
    ]
    expect(done.map((verdict) => (verdict.ok ? 'done' : verdict))).toEqual(Array(7).fill('done'))
    const limit = done[6]?.ok === true ? (done[6].transaction.answer.limit ?? 0) : Number.NaN
    expect(await money(tester, 'ed')).toBe(before.ed + 1000 - 100 - 10 - 20 + 700 - limit)
    expect(await money(tester, 'ep')).toBe(before.ep + 500 - 30)
  })

  it('carries out a composite purchase, proves it, and still does after a reset', async () => {
    const { tester, exchange, keys, request, profile } = await ready()
    await loadPurse(exchange, keys('load'), request('ep', 500), WHEN)
    const [record = ''] = profile.composite?.records ?? []
    const data = bytes(record.slice(0, -2) + (record.endsWith('5A') ? 'A5' : '5A'))
    const records = [{ sfi: 0x19, identifier: data[0] as number, data }]
    const verdict = await purchaseComposite(exchange, keys('purchase'), request('ep', 5), WHEN, { records })
    if (!verdict.ok) expect.unreachable(verdict.reason)
    await tester.expect(tester.readRecordById(0x19, data[0] as number), { status: '9000', data: hex(data) })
    for (const kind of ['warm', 'cold'] as const) {
      const proof = await proveTransaction(exchange, verdict.transaction)
      expect(isProof(proof, verdict.answer)).toBe(true)
      await tester.reset(kind)
      await tester.expect(tester.selectName('ADF1'), '9000')
    }
    const next = {
      ...verdict.transaction,
      answer: { ...verdict.transaction.answer, serial: verdict.transaction.answer.serial + 1 },
    }
    expect(await proveTransaction(exchange, next)).toMatchObject({ ok: false, status: '9406' })
  })

  it.each(['load', 'unload', 'purchase', 'cash', 'overdraft', 'capp'] as const)(
    'refuses %s by another key',
    async (kind) => {
      const { tester, exchange, keys, request } = await ready()
      await loadPurse(exchange, keys('load'), request('ed', 1000), WHEN)
      await loadPurse(exchange, keys('load'), request('ep', 1000), WHEN)
      const before = [await money(tester, 'ed'), await money(tester, 'ep')]
      const wrong = { transaction: tester.key('grey'), dtk: tester.key('tac') }
      const purse = kind === 'capp' ? 'ep' : 'ed'
      const verdict = await runPurseTransaction(exchange, wrong, { ...request(purse, 10), kind }, WHEN)
      const online = ['load', 'unload', 'overdraft'].includes(kind)
      expect(verdict).toMatchObject(
        online ? { ok: false, stage: 'mac1' } : { ok: false, stage: 'complete', status: '9302' },
      )
      expect([await money(tester, 'ed'), await money(tester, 'ep')]).toEqual(before)
    },
  )

  it('gives up a TAC that the host finds wrong by another DTK', async () => {
    const { tester, exchange, keys, request } = await ready()
    const wrong = { ...keys('load'), dtk: tester.key('load', 2) }
    const verdict = await loadPurse(exchange, wrong, request('ep', 10), WHEN)
    expect(verdict).toMatchObject({ ok: false, stage: 'answer', status: '9000' })
  })
})

async function money(tester: PurseTester, purse: 'ed' | 'ep'): Promise<number> {
  const { data } = await tester.expect(tester.balance(purse), { status: '9000', length: 4 })
  return Number.parseInt(hex(data), 16)
}

describe('the grey lock of the virtual card', () => {
  it('is set and taken off with a debit', async () => {
    const { tester, exchange, keys, request } = await ready()
    await loadPurse(exchange, keys('load'), request('ep', 500), WHEN)
    const before = await money(tester, 'ep')
    await tester.expect(tester.initializeForGreyLock('ep', 1), { status: '9000', length: 15 })
    await tester.expect(tester.greyLock(), { status: '9000', length: 8 })
    await tester.expect(tester.initializeForPurchase('ep', 1, 1), '9408')
    await tester.reset()
    await tester.expect(tester.selectName('ADF1'), '9000')
    await tester.expect(tester.debitForUnlock(20), { status: '9000', length: 4 })
    await tester.expect(tester.verify(tester.profile.pin), '9000')
    expect(await money(tester, 'ep')).toBe(before - 20)
  })
  it('is taken off by the host', async () => {
    const { tester, exchange, keys, request } = await ready()
    await loadPurse(exchange, keys('load'), request('ep', 500), WHEN)
    const before = await money(tester, 'ep')
    await tester.expect(tester.initializeForGreyLock('ep', 1), '9000')
    await tester.expect(tester.greyLock(), '9000')
    const { data } = await tester.expect(tester.initializeForGreyUnlock('ep', 1), { status: '9000', length: 18 })
    const answer = parseGreyUnlockAnswer(data)
    const session = greyUnlockSessionKey(tester.key('grey'), answer)
    expect(verifyGreyUnlockMac1(session, { purse: 'ep', keyIndex: 1, terminal: TERMINAL }, answer)).toBe(true)
    await tester.expect(tester.greyUnlock(20), { status: '9000', length: 4 })
    expect(await money(tester, 'ep')).toBe(before - 20)
  })
})
