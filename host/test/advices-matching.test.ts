/** What an advice is about, and what is counted, audited and refused. */
import { beforeAll, describe, expect, test } from 'vitest'
import { advising } from './support/advising.js'
import { useDatabase } from './support/database.js'
import { type Body, type Issuing, issuing, messageOf } from './support/issuing.js'

const { database } = useDatabase()
let bank: Issuing
beforeAll(async () => {
  bank = await issuing(database(), 'matching')
})

const { freshPan, delivered, advise } = advising(() => bank, '62210000')

describe('what it is about', () => {
  test('nothing known of it is no error', async () => {
    expect(await advise({ reference: 'nobody-s', kind: 'reversal' })).toEqual({
      ...{ matched: false, authorization: null, card: null, delivery: null, verdict: null },
      ...{ scriptResults: [], entries: [], flags: ['emv-absent'] },
    })
  })

  test('the PAN must be that of the reference', async () => {
    const { reference, pan, entries, identifier } = await delivered()
    const { status, body } = await bank.post('/v1/advices', {
      ...{ issuer: bank.issuer, reference, pan: '6220000099999999', kind: 'script-result' },
      scriptResults: `20${identifier}`,
    })
    expect([status, body['code']]).toEqual([422, 'ERR_PAN_MISMATCH'])
    expect(await bank.states(pan, ...entries)).toEqual(['sent', 'sent'])
  })

  test('a reference that was used for two cards means the one whose PAN or counter comes along', async () => {
    const [one, two] = [freshPan(), freshPan()]
    for (const [pan, atc] of [
      [one, 11],
      [two, 12],
    ] as const) {
      await bank.authorize(messageOf(pan, { atc, reference: 'shared' }))
    }
    const [first, second] = [await bank.card(one), await bank.card(two)]
    expect(await advise({ reference: 'shared', pan: one, kind: 'reversal' })).toMatchObject({ card: first })
    expect(await advise({ reference: 'shared', pan: two, kind: 'reversal' })).toMatchObject({ card: second })
    expect(await advise({ reference: 'shared', kind: 'reversal', emv: { '9F36': '000B' } })).toMatchObject({
      card: first,
    })
    expect(await advise({ reference: 'shared', kind: 'reversal' })).toMatchObject({ card: second })
  })

  test('of the same reference and card, the counter tells which', async () => {
    const pan = freshPan()
    const ids = []
    for (const atc of [1, 2])
      ids.push((await bank.authorize(messageOf(pan, { atc, reference: 'again' })))['authorization'])
    expect(await advise({ reference: 'again', kind: 'reversal', emv: { '9F36': '0001' } })).toMatchObject({
      ...{ authorization: ids[0] },
    })
    expect(await advise({ reference: 'again', kind: 'reversal' })).toMatchObject({ authorization: ids[1] })
  })

  test('a forged request of the same reference and counter does not hide the real one', async () => {
    const { pan, reference, first, identifier } = await delivered()
    await bank.authorize(messageOf(pan, { atc: 1, reference, changed: { '9F02': '000000000001' } }))
    const tc = messageOf(pan, {
      atc: 1,
      tags: { '9F27': '40' },
      cvr: '600000',
      changed: { '9F02': '', DF31: `20${identifier}` },
    })
    expect(await bank.advise(tc, { kind: 'script-result' })).toMatchObject({
      ...{ authorization: first['authorization'], verdict: 'V' },
    })
  })

  test.each([
    ['an unknown kind', { kind: 'refund' }, 400, 'ERR_BODY'],
    ['no kind', { kind: undefined }, 400, 'ERR_BODY'],
    ['a PAN that is none', { pan: '62A' }, 400, 'ERR_PAN'],
    ['an unknown issuer', { issuer: 'nobody' }, 404, 'ERR_NOT_FOUND'],
    ['an unknown issuer with a PAN', { issuer: 'nobody', pan: '6220000000000000' }, 404, 'ERR_NOT_FOUND'],
    ['a field that there is not', { amount: 1 }, 400, 'ERR_BODY'],
  ])('%s is refused', async (_, change, status, code) => {
    const answer = await bank.post('/v1/advices', {
      ...{ issuer: bank.issuer, reference: 'r', kind: 'reversal', ...change },
    })
    expect([answer.status, answer.body['code']]).toEqual([status, code])
  })

  test('twenty at once without a PAN are all taken: none of them tries a secret', async () => {
    const { reference } = await delivered()
    const all = Array.from({ length: 20 }, () =>
      bank.post('/v1/advices', { issuer: bank.issuer, reference, kind: 'reversal' }),
    )
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(all.map(() => 200))
  })

  test('forged ones with a PAN are counted', async () => {
    const pan = freshPan()
    const forged = messageOf(pan, { atc: 1, changed: { '9F26': '0123456789ABCDEF' } })
    const send = () => bank.post('/v1/advices', { issuer: bank.issuer, panSequence: '01', kind: 'clearing', ...forged })
    for (let i = 0; i < 10; i++) expect((await send()).body).toMatchObject({ verdict: 'I' })
    expect(await send()).toMatchObject({ status: 429 })
  })

  test('one that moved something is audited, one that moved nothing is not', async () => {
    const { reference, identifier, first } = await delivered()
    for (let i = 0; i < 2; i++) await advise({ reference, kind: 'script-result', scriptResults: `20${identifier}` })
    const rows = await database().selectFrom('audit_entry').select('entry').execute()
    const own = rows
      .map(({ entry }) => JSON.parse(entry) as Body)
      .filter(({ object }) => object === `card:${first['card']}`)
    expect(own.filter(({ action }) => action === 'advice.apply')).toMatchObject([
      {
        outcome: 'ok',
        detail: { advice: 'script-result', entries: 2, delivery: (first['answer'] as Body)['delivery'] },
      },
    ])
  })

  test('an Idempotency-Key gives the first answer again', async () => {
    const { reference, identifier } = await delivered()
    const body = { issuer: bank.issuer, reference, kind: 'script-result', scriptResults: `20${identifier}` }
    const send = () => bank.post('/v1/advices', body, { 'idempotency-key': 'advice-1' })
    const [one, two] = [await send(), await send()]
    expect(one.body['entries']).toHaveLength(2)
    expect(two.text).toBe(one.text)
  })
})
