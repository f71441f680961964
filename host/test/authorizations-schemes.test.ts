/**
 * Cards of other schemes: Visa's CVN 10, answered with a code, and CVN 18, answered with a status update.
 *
 * Cryptograms, ARPCs and PIN changes are pyemv's: knovichikhin/pyemv@cf6b82d7 tests/test_cvn_hsm.py, in vectors/.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { useDatabase } from './support/database.js'
import { type Body, commandsOf, field55, type Issuing, issuing } from './support/issuing.js'

const { database } = useDatabase()
const PAN = '1234567890123456'
const KEYS = {
  AC: '0123456789ABCDEFFEDCBA9876543210',
  MAC: 'FEDCBA98765432100123456789ABCDEF',
  ENC: '89ABCDEF0123456776543210FEDCBA98',
}
const COMMON = {
  ...{ '82': '1800', '95': '8000048000', '9A': '191105', '9C': '01', '5F2A': '0124', '9F02': '000000004000' },
  ...{ '9F03': '000000000000', '9F1A': '0124', '9F27': '80', '9F36': '001C', '9F37': '52BF4585' },
}
const CVN10 = { ...COMMON, '9F10': '06010A03A06010', '9F26': '29CCA15AE665FA2E' }
const CVN18 = { ...COMMON, '9F10': '06011203A0B800', '9F26': '7A788EA6B8A3E733' }

const banks = new Map<string, Issuing>()
beforeAll(async () => {
  for (const id of ['method-1', 'method-2', 'declined', 'proprietary', 'halves']) {
    banks.set(id, await issuing(database(), id, { keys: KEYS, profile: { family: 'visa', scheme: 'visa-cvn18' } }))
  }
})
function bankOf(id: string): Issuing {
  const bank = banks.get(id)
  if (bank === undefined) throw new Error(id)
  return bank
}

/** An authorization of the card, with a PIN change waiting. */
async function authorize(id: string, tags: Record<string, string>, decision: unknown): Promise<Body> {
  const bank = bankOf(id)
  const { body } = await bank.post('/v1/cards', { issuer: id, pan: PAN, panSequence: '00' })
  const url = `/v1/cards/${body['card']}/scripts`
  await bank.post(url, { pan: PAN, reason: 'test', command: { type: 'pin-change', newPin: '9999' } })
  return bank.authorize({ pan: PAN, reference: id, emv: field55(tags) }, { panSequence: '000', decision })
}

describe('Visa', () => {
  test('CVN 10: ARC, ARPC by method 1, and the PIN change of its own keys', async () => {
    const body = await authorize('method-1', CVN10, { approved: '3030' })
    expect(body).toMatchObject({
      ...{ verdict: 'V', scheme: 'visa-cvn10', dki: 1 },
      answer: { approved: true, arc: '3030', issuerAuthenticationData: '28993816AFAE4AEB3030' },
    })
    expect(commandsOf(body)).toEqual(['8424000218BB221AF527377A2811D2B6EBC396A9391A965A5CB2CE62DA'])
  })

  test('CVN 18: CSU, ARPC by method 2; a status update that approves nothing is a decline', async () => {
    const body = await authorize('method-2', CVN18, { approved: { csu: '00000000', approved: true } })
    expect(body).toMatchObject({
      ...{ verdict: 'V', scheme: 'visa-cvn18' },
      answer: { approved: true, csu: '00000000', issuerAuthenticationData: '9AF514C100000000', warnings: [] },
    })
    expect((body['answer'] as Body)['emv']).toMatch(/^91089AF514C10000000072269F1804/)
    expect(commandsOf(body)).toEqual(['8424000218BB221AF527377A2811D2B6EBC396A9391A22B480EF312F40'])
  })

  test('without a decline of its own, a replay is answered with a status update that approves nothing', async () => {
    await authorize('declined', CVN18, { approved: '00800000' })
    const bank = bankOf('declined')
    const again = { pan: PAN, reference: 'replay', emv: field55(CVN18) }
    const body = await bank.authorize(again, { panSequence: '000', decision: { approved: '00800000' }, tag8A: true })
    expect(body).toMatchObject({
      ...{ verdict: 'E', answer: { approved: false, csu: '00000000', emv: '91089AF514C100000000', scripts: [] } },
    })
  })

  test('proprietary authentication data go into the answer', async () => {
    const decision = { approved: { csu: '00800000', proprietaryAuthenticationData: 'A1B2' } }
    const { answer } = (await authorize('proprietary', CVN18, decision)) as { answer: Body }
    expect(answer).toMatchObject({ approved: true, csu: '00800000', proprietaryAuthenticationData: 'A1B2' })
    expect(answer['issuerAuthenticationData']).toMatch(/^.{8}00800000A1B2$/)
  })

  test('the second half knows from the status update whether it approves', async () => {
    const bank = bankOf('halves')
    const message = { pan: PAN, reference: 'two', emv: field55(CVN18) }
    const { authorization } = await bank.authorize(message, { panSequence: '000', decision: undefined })
    const url = `/v1/authorizations/${authorization}/response`
    const refused = await bank.post(url, { pan: PAN, arc: '3030' })
    expect([refused.status, refused.body['code']]).toEqual([400, 'ERR_OPTION'])
    const { body } = await bank.post(url, { pan: PAN, csu: '00000000' })
    expect(body['answer']).toMatchObject({ approved: false, issuerAuthenticationData: '9AF514C100000000' })
  })
})
