/** The second half of an authorization, messages that come at once, and cards of other schemes. */
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { useDatabase } from './support/database.js'
import { type Body, commandsOf, type Issuing, issuing, messageOf } from './support/issuing.js'

const { database } = useDatabase()
let bank: Issuing
/** Another node on the same database. */
let other: Issuing
beforeAll(async () => {
  bank = await issuing(database(), 'halves')
  other = await issuing(database(), 'halves', 'there')
})

let cards = 0
const freshPan = (): string => `62190000${String(cards++).padStart(8, '0')}`
const LIMIT = { type: 'put-data', tag: '9F58', value: '05' }
const NO_DECISION = { decision: undefined }
const answerOf = (body: Body) => body['answer'] as Body

/** The first half of a new card, and how to ask for the second. */
async function firstHalf(transaction: object = {}, more: object = {}) {
  const pan = freshPan()
  const entry = await bank.queue(pan, LIMIT)
  const message = messageOf(pan, { atc: 1, ...transaction })
  const first = await bank.authorize(message, { ...NO_DECISION, ...more })
  const url = `/v1/authorizations/${first['authorization']}/response`
  const respond = (body: object, node = bank) => node.post(url, { pan, ...body })
  return { pan, entry, message, first, respond }
}

describe('the second half', () => {
  test('answers what was verified before with the same bytes as one call, once', async () => {
    const { pan, entry, message, first, respond } = await firstHalf()
    expect(first).toMatchObject({ verdict: 'V', answer: null, entries: [] })
    expect(await bank.states(pan, entry)).toEqual(['pending'])
    const { status, body } = await respond({ arc: '3030' })
    expect(status).toBe(200)
    expect(body).toMatchObject({ repeat: false, entries: [{ entry, state: 'sent' }], answer: { approved: true } })
    const { entries: _, answer, ...said } = body
    expect(first).toMatchObject(said)
    expect(commandsOf(body)).toHaveLength(1)
    for (const node of [bank, other]) {
      expect((await respond({ arc: '3030' }, node)).body).toMatchObject({ repeat: true, entries: [], answer })
    }
    expect(await bank.authorize(message, NO_DECISION)).toMatchObject({ repeat: true, answer })
    expect(await bank.authorize(message, { decision: { approved: '3531' } })).toMatchObject({ repeat: true, answer })
  })

  test.each([[{ arc: '3531' }], [{ arc: '3030', approved: false }], [{ csu: '00800000' }]])(
    'answered with another decision, %o is refused',
    async (second) => {
      const { respond } = await firstHalf()
      const { body } = await respond({ arc: '3030' })
      const refused = await respond(second)
      expect([refused.status, refused.body['code']]).toEqual([409, 'ERR_ANSWERED'])
      expect((await respond({ arc: '3030' })).body['answer']).toEqual(body['answer'])
    },
  )

  test.each([
    ['another PAN', { pan: '6219000099999999', arc: '3030' }, 422, 'ERR_PAN_MISMATCH'],
    ['a PAN that is none', { pan: '62190000999999 9', arc: '3030' }, 400, 'ERR_PAN'],
    ['no PAN', { pan: undefined, arc: '3030' }, 400, 'ERR_BODY'],
    ['no decision', {}, 400, 'ERR_BODY'],
    ['two decisions', { arc: '3030', csu: '00800000' }, 400, 'ERR_BODY'],
    ['a decision of another scheme', { csu: '00800000' }, 400, 'ERR_OPTION'],
  ])('%s is refused, and leaves it to be answered', async (_, change, status, code) => {
    const { respond } = await firstHalf()
    const refused = await respond(change)
    expect([refused.status, refused.body['code']]).toEqual([status, code])
    expect((await respond({ arc: '3030' })).body).toMatchObject({ repeat: false, answer: { approved: true } })
  })

  test('whoever tries one PAN after the other is stopped, whatever the PAN', async () => {
    const { respond, first } = await firstHalf()
    const { authorization } = first
    const codes: unknown[] = []
    for (let n = 0; n < 12; n++)
      codes.push((await respond({ pan: `62190000888888${10 + n}`, arc: '3030' })).body['code'])
    const refused = Array(2).fill('ERR_TOO_MANY_REQUESTS')
    expect(codes).toEqual([...Array(10).fill('ERR_PAN_MISMATCH'), ...refused])
    expect((await respond({ arc: '3030' })).body).toMatchObject({ code: 'ERR_TOO_MANY_REQUESTS' })
    // Counted and told of by its id, into which a caller who is stopped may have written anything.
    await vi.waitFor(async () => {
      const { body } = await bank.host.get('/v1/audit?action=limit.failures')
      expect(body['entries']).toMatchObject([{ object: `authorization:${authorization}` }])
    })
    // Nobody else's authorization is the slower for it.
    const { respond: another } = await firstHalf()
    expect((await another({ arc: '3030' })).body).toMatchObject({ repeat: false, answer: { approved: true } })
  })

  test('an Idempotency-Key gives the whole body again', async () => {
    const { first, pan } = await firstHalf()
    const url = `/v1/authorizations/${first['authorization']}/response`
    const send = (arc: string) => bank.post(url, { pan, arc }, { 'idempotency-key': 'second-half' })
    const [one, two, three] = [await send('3030'), await send('3030'), await send('3531')]
    expect(one.body).toMatchObject({ repeat: false, answer: { approved: true } })
    expect(two.text).toBe(one.text)
    expect(three.body).toMatchObject({ code: 'ERR_IDEMPOTENCY_KEY' })
  })

  test('of no authorization there is none', async () => {
    const answer = await bank.post('/v1/authorizations/none/response', { pan: freshPan(), arc: '3030' })
    expect([answer.status, answer.body['code']]).toEqual([404, 'ERR_NOT_FOUND'])
  })

  test.each([
    ['I', { changed: { '9F26': '0123456789ABCDEF' } }],
    ['G', { tags: { '9F27': '40' }, cvr: '900000' }],
    ['K', { dki: '02' }],
    ['U', { changed: { '9F37': '' } }],
    ['F', { changed: { '9F36': '000001' } }],
  ])('%s gets no ARPC and no command', async (verdict, transaction) => {
    const { pan, entry, first, respond } = await firstHalf(transaction)
    expect(first).toMatchObject({ verdict, answer: null })
    const { body } = await respond({ arc: '3030', tag8A: true })
    expect(body).toMatchObject({ verdict, answer: { emv: '8A023030', issuerAuthenticationData: null, scripts: [] } })
    expect(await bank.states(pan, entry)).toEqual(['pending'])
  })

  test('a message without DE55 is answered with the code alone', async () => {
    const pan = freshPan()
    const { body } = await bank.post('/v1/authorizations', { issuer: bank.issuer, reference: 'm', pan })
    const answer = await bank.post(`/v1/authorizations/${body['authorization']}/response`, { pan, arc: '3030' })
    expect(answer.body).toMatchObject({
      verdict: 'U',
      flags: ['pan-sequence-absent', 'emv-absent'],
      answer: { emv: '' },
    })
  })

  test('what the network has answered is not answered again', async () => {
    const { respond } = await firstHalf({}, { standIn: {} })
    expect(await respond({ arc: '3030' })).toMatchObject({ status: 409, body: { code: 'ERR_ANSWERED' } })
  })

  test('a late one carries nothing: another answer has gone since, or another transaction was seen', async () => {
    const { pan, entry, respond } = await firstHalf()
    await bank.authorize(messageOf(pan, { atc: 2 }))
    const next = await bank.queue(pan, { type: 'pin-unblock' })
    const { body } = await respond({ arc: '3030' })
    expect(body).toMatchObject({ verdict: 'V', answer: { scripts: [], withheld: [{ entry: next, reason: 'late' }] } })
    expect(answerOf(body)['emv']).toMatch(/^910A.{16}3030$/)
    expect(await bank.states(pan, entry)).toEqual(['sent'])
  })

  test('one that the ledger has forgotten gets its ARPC', async () => {
    const { pan, respond } = await firstHalf()
    for (let atc = 2; atc < 20; atc++) await bank.authorize(messageOf(pan, { atc }), NO_DECISION)
    const { body } = await respond({ arc: '3030' })
    expect(body).toMatchObject({ verdict: 'V', answer: { scripts: [], delivery: null } })
    expect(answerOf(body)['emv']).toMatch(/^910A/)
    expect((await respond({ arc: '3030' })).body).toMatchObject({ repeat: true, answer: body['answer'] })
  })

  test('a replay keeps its verdict, and is answered as the issuer decides', async () => {
    const pan = freshPan()
    await bank.authorize(messageOf(pan, { atc: 1 }))
    const replay = await bank.authorize(messageOf(pan, { atc: 1, reference: 'replay' }), NO_DECISION)
    expect(replay).toMatchObject({ verdict: 'E', findings: ['E'] })
    const url = `/v1/authorizations/${replay['authorization']}/response`
    expect((await bank.post(url, { pan, arc: '3534' })).body).toMatchObject({
      ...{ verdict: 'E', findings: ['E'], answer: { approved: false, arc: '3534', scripts: [] } },
    })
  })

  test('the repeat of a message brings the decision that was missing', async () => {
    const { entry, message, first, respond } = await firstHalf()
    const body = await bank.authorize(message)
    expect(body).toMatchObject({
      authorization: first['authorization'],
      repeat: true,
      entries: [{ entry, state: 'sent' }],
    })
    expect((await respond({ arc: '3030' })).body['answer']).toEqual(body['answer'])
  })

  test('with its key gone in between, it gets no ARPC', async () => {
    const { respond } = await firstHalf()
    const retire = async (retired_at: Date | null) => {
      const rows = database().updateTable('issuer_key').set({ retired_at })
      await rows.where('issuer', '=', bank.issuer).where('usage', '=', 'AC').execute()
      bank.host.service.forget(bank.issuer)
    }
    await retire(new Date())
    const { body } = await respond({ arc: '3030' })
    await retire(null)
    expect(body).toMatchObject({ verdict: 'V', answer: { emv: '', issuerAuthenticationData: null, scripts: [] } })
  })

  test('the use of the keys is in the audit trail', async () => {
    const { respond } = await firstHalf()
    await respond({ arc: '3030' })
    await expect
      .poll(async () => {
        const rows = await database().selectFrom('audit_entry').select('entry').execute()
        return rows.map(({ entry }) => JSON.parse(entry) as Body)
      })
      .toContainEqual(
        expect.objectContaining({
          ...{ action: 'key.use', object: `issuer:${bank.issuer}`, detail: { use: 'authorization-response' } },
        }),
      )
  })
})

describe('at once, on two nodes', () => {
  const deliveriesOf = async (pan: string) => {
    const { body } = await bank.host.get(`/v1/cards/${await bank.card(pan)}`)
    return body['deliveries'] as { authorization: string }[]
  }
  const nodes = () => [bank, other, bank, other]

  test('the same message has one answer and one delivery', async () => {
    const pan = freshPan()
    await bank.queue(pan, LIMIT)
    const message = messageOf(pan, { atc: 1 })
    const bodies = await Promise.all(nodes().map((node) => node.authorize(message)))
    expect(new Set(bodies.map((body) => JSON.stringify(body['answer']))).size).toBe(1)
    expect(bodies.map((body) => body['repeat']).toSorted()).toEqual([false, true, true, true])
    expect(await deliveriesOf(pan)).toHaveLength(1)
  })

  test('the first messages of a card make one card', async () => {
    const pan = freshPan()
    const bodies = await Promise.all(nodes().map((node, i) => node.authorize(messageOf(pan, { atc: 1 + i }))))
    expect(new Set(bodies.map((body) => body['card'])).size).toBe(1)
    expect(bodies.map((body) => body['verdict'])).toEqual(['V', 'V', 'V', 'V'])
  })

  test('two authorizations of a card have one delivery between them', async () => {
    const pan = freshPan()
    await bank.queue(pan, LIMIT)
    // Two of them, each twice.
    const bodies = await Promise.all(
      nodes().map((node, i) => node.authorize(messageOf(pan, { atc: 1 + Math.floor(i / 2) }))),
    )
    const [delivery, ...more] = await deliveriesOf(pan)
    expect(more).toEqual([])
    const carriers = bodies.filter((body) => commandsOf(body).length > 0)
    expect(carriers.map((body) => body['authorization'])).toEqual([delivery?.authorization, delivery?.authorization])
  })

  test('a counter is taken by one of two messages', async () => {
    const pan = freshPan()
    const bodies = await Promise.all(
      nodes().map((node, i) =>
        node.authorize(messageOf(pan, { atc: 1, reference: `clash ${i}`.replace(' ', '-') + pan })),
      ),
    )
    expect(bodies.map((body) => body['verdict']).toSorted()).toEqual(['E', 'E', 'E', 'V'])
  })

  test('of two decisions one stands', async () => {
    const { respond } = await firstHalf()
    const decisions = ['3030', '3531', '3030', '3531']
    const answers = await Promise.all(decisions.map((arc, i) => respond({ arc }, nodes()[i])))
    const given = answers.filter(({ status }) => status === 200)
    expect(given).toHaveLength(2)
    expect(new Set(given.map(({ body }) => JSON.stringify(body['answer']))).size).toBe(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(2)
  })
})

test('an advice and the next authorization at once leave one fate', async () => {
  const pan = freshPan()
  const entry = await bank.queue(pan, LIMIT)
  const first = await bank.authorize(messageOf(pan, { atc: 1 }))
  const { scripts } = answerOf(first) as { scripts: [{ identifier: string }] }
  const { reference, ...message } = messageOf(pan, { atc: 1 })
  const advice = { emv: undefined, kind: 'script-result', scriptResults: `20${scripts[0].identifier}` }
  await Promise.all([
    bank.advise({ ...message, reference }, advice),
    other.authorize(messageOf(pan, { atc: 2, cvr: 'A00010' })),
    other.advise({ ...message, reference }, advice),
  ])
  const { body } = await bank.host.get(`/v1/cards/${await bank.card(pan)}`)
  expect(body['entries']).toMatchObject([{ entry, state: 'confirmed', rank: 'card', contradiction: false }])
})
