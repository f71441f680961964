/** Cards that are replaced: by another card, or by another chip of the same name. What waits moves with them or ends. */
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { type CardWorld, cardWorld, freshPan, keptPins, pinBlock } from './support/cards.js'
import { useDatabase } from './support/database.js'

const { database } = useDatabase()
let world: CardWorld
beforeAll(async () => {
  world = await cardWorld(database())
})

const put = (tag: string, value = '05') => ({ type: 'put-data', tag, value })
const change = (pan: string) => ({
  type: 'pin-change',
  newPin: { key: world.pinKey, format: 0, block: pinBlock('4711', pan) },
})
const reissue = (card: string, body: object) =>
  world.host.post(`/v1/cards/${card}/reissue`, { reason: 'worn', ...body })
const states = async (card: string) =>
  Object.fromEntries(
    ((await world.host.get(`/v1/cards/${card}`)).body['entries'] as { entry: string; state: string }[]).map(
      ({ entry, state }) => [entry, state],
    ),
  )
const stateOf = async (card: string, entry: string) =>
  (await world.host.get(`/v1/cards/${card}/scripts/${entry}`)).body['state']
const status = async (card: string) => (await world.host.get(`/v1/cards/${card}`)).body['status']

/** A card with a limit and a new PIN that wait. */
async function waiting() {
  const pan = freshPan()
  const card = await world.card(pan)
  const limit = await world.queued(card, put('9F58'))
  const pin = await world.queued(card, change(pan), { pan })
  return { pan, card, limit, pin }
}

describe('by a card with another sequence number', () => {
  test('what waits moves, PINs too', async () => {
    const { card, limit, pin, pan } = await waiting()
    const { status: code, body } = await reissue(card, { waiting: 'move', to: { panSequence: '02' } })
    expect([code, body]).toMatchObject([200, { from: card, moved: [limit, pin], cancelled: [] }])
    const to = `${body['to']}`
    expect(to).not.toBe(card)
    expect(await states(to)).toEqual({ [limit]: 'pending', [pin]: 'pending' })
    expect([await stateOf(card, limit), await stateOf(card, pin)]).toEqual(['cancelled', 'cancelled'])
    expect([await status(card), await status(to)]).toEqual(['reissued', 'active'])
    expect(await world.told(pin)).toEqual(['created', 'queued', 'moved', 'cancelled', 'created', 'queued'])
    // The PIN is kept, for the new card, and still is the PIN.
    const [kept] = await database().selectFrom('queued_pin').selectAll().where('id', '=', `${pin}.new`).execute()
    expect(kept?.card).toBe(to)
    // The card is the one that messages find.
    const found = await world.host.post('/v1/cards', { issuer: 'bank', pan, panSequence: '02' })
    expect(found.body).toMatchObject({ card: to, maskedPan: `****${pan.slice(-4)}` })
  })

  test('nothing waits any more when it is to be cancelled', async () => {
    const { card, limit, pin } = await waiting()
    const { body } = await reissue(card, { waiting: 'cancel', to: { panSequence: '02' } })
    expect(body).toMatchObject({ moved: [], cancelled: [limit, pin] })
    expect(await states(`${body['to']}`)).toEqual({})
    expect(await keptPins(database())).not.toContain(`${pin}.new`)
  })

  test('what the new card was told later for the same target stands', async () => {
    const { card, limit, pan } = await waiting()
    const { body } = await world.host.post('/v1/cards', { issuer: 'bank', pan, panSequence: '02' })
    const to = `${body['card']}`
    const newer = await world.queued(to, put('9F58', '07'))
    const { body: done } = await reissue(card, { waiting: 'move', to: { panSequence: '02' } })
    expect(done).toMatchObject({ to })
    expect([await stateOf(to, newer), await stateOf(to, limit)]).toEqual(['pending', 'superseded'])
  })

  test('what the card may have executed and must not twice stays where it is, and is named', async () => {
    const card = await world.card()
    const load = await world.queued(card, { type: 'load', tag: '9F79', amount: 500 })
    await world.deliver(card, 10)
    const late = await world.queued(card, put('9F59'))
    const { body } = await reissue(card, { waiting: 'move', to: { panSequence: '02' } })
    expect(body).toMatchObject({ moved: [late], cancelled: [load] })
    expect(await world.entry(card, load)).toMatchObject({ state: 'unknown', hold: 'reissue' })
    // The old chip may still speak.
    await world.read(card, 11, 1)
    expect(await world.entry(card, load)).toMatchObject({ state: 'confirmed', rank: 'card' })
  })
})

describe('by a card with another PAN', () => {
  test('PINs end, since they are of the old PAN; the rest moves', async () => {
    const { card, limit, pin } = await waiting()
    const pan = freshPan()
    const { body, text } = await reissue(card, { waiting: 'move', to: { pan, panSequence: '00' } })
    expect(body).toMatchObject({ moved: [limit], cancelled: [pin] })
    expect(text).not.toContain(pan)
    expect(await states(`${body['to']}`)).toEqual({ [limit]: 'pending' })
    expect(await keptPins(database())).not.toContain(`${pin}.new`)
    expect(await world.told(pin)).toEqual(['created', 'queued', 'cancelled'])
    const found = await world.host.post('/v1/cards', { issuer: 'bank', pan })
    expect(found.body).toMatchObject({ card: body['to'], maskedPan: `****${pan.slice(-4)}` })
  })

  test('the same PAN in words is the same PAN', async () => {
    const { card, limit, pin, pan } = await waiting()
    const { body } = await reissue(card, { waiting: 'move', to: { pan, panSequence: '02' } })
    expect(body['moved']).toEqual([limit, pin])
  })
})

describe('by another chip under the same name', () => {
  test.each([
    ['nothing is said of the new card', (_: string) => ({})],
    ['the same numbers are', (pan: string) => ({ to: { pan, panSequence: '01' } })],
  ])('its ledger begins anew when %s', async (_, more) => {
    const { card, limit, pin, pan } = await waiting()
    await world.deliver(card, 500)
    const late = await world.queued(card, put('9F59'))
    const { body } = await reissue(card, { waiting: 'move', ...more(pan) })
    // Repeating the limit or the same PIN does no harm.
    expect(body).toEqual({ from: card, to: card, moved: [limit, pin, late], cancelled: [] })
    const shown = (await world.host.get(`/v1/cards/${card}`)).body
    expect(shown).toMatchObject({
      ...{ instance: 2, status: 'active', atc: { highest: null, seen: 0 }, deliveries: [], authorizations: [] },
      entries: [limit, pin, late].map((entry) => ({ entry, state: 'pending', attempts: 0, delivery: null })),
    })
    expect(await keptPins(database())).toContain(`${pin}.new`)
    // The new chip begins at its own first counter, and gets what waited.
    await world.deliver(card, 1)
    expect(await states(card)).toEqual({ [limit]: 'sent', [pin]: 'sent', [late]: 'sent' })
  })

  test('the old chip is in the history, and its commands are found', async () => {
    const { card, limit } = await waiting()
    await world.deliver(card, 500)
    await reissue(card, { waiting: 'cancel' })
    await reissue(card, { waiting: 'cancel' })
    const { history } = (await world.host.get(`/v1/cards/${card}/history`)).body as { history: object[] }
    expect(history).toMatchObject([
      { kind: 'chip', instance: 1, deliveries: [{ atc: 500, state: 'closed' }] },
      { kind: 'chip', instance: 2, entries: [] },
    ])
    expect((await world.host.get(`/v1/cards/${card}/scripts/${limit}`)).body).toMatchObject({ entry: limit })
  })
})

describe('never', () => {
  test('twice', async () => {
    const { card } = await waiting()
    await reissue(card, { waiting: 'cancel', to: { panSequence: '02' } })
    for (const to of [{ panSequence: '03' }, undefined]) {
      const { status, body } = await reissue(card, { waiting: 'cancel', ...(to && { to }) })
      expect([status, body['code'], body['detail']]).toEqual([
        409,
        'ERR_LEDGER_STATE',
        'The card was re-issued: another has taken its place.',
      ])
    }
  })

  test('by a card that was replaced itself: then nothing has happened to either', async () => {
    const { card, limit, pin, pan } = await waiting()
    const { body } = await world.host.post('/v1/cards', { issuer: 'bank', pan, panSequence: '02' })
    await reissue(`${body['card']}`, { waiting: 'cancel', to: { panSequence: '03' } })
    const answer = await reissue(card, { waiting: 'move', to: { panSequence: '02' } })
    expect([answer.status, answer.body['code']]).toEqual([409, 'ERR_LEDGER_STATE'])
    expect(await status(card)).toBe('active')
    expect(await states(card)).toEqual({ [limit]: 'pending', [pin]: 'pending' })
    expect(await keptPins(database())).toContain(`${pin}.new`)
  })

  test.each([
    [{ waiting: 'keep' }, 400, 'ERR_BODY'],
    [{}, 400, 'ERR_BODY'],
    [{ waiting: 'move', to: {} }, 400, 'ERR_BODY'],
    [{ waiting: 'move', to: { panSequence: '02', issuer: 'other' } }, 400, 'ERR_BODY'],
    [{ waiting: 'move', to: { panSequence: '2' } }, 400, 'ERR_PAN_SEQUENCE'],
    [{ waiting: 'move', to: { pan: '622811X', panSequence: '02' } }, 400, 'ERR_PAN'],
    [{ waiting: 'move', reason: 'a\u0085b' }, 422, 'ERR_SCRIPT_OPTION'],
  ])('as %j', async (body, expected, code) => {
    const card = await world.card()
    const answer = await reissue(card, body)
    expect([answer.status, answer.body['code']]).toEqual([expected, code])
    expect(await status(card)).toBe('active')
  })
})

test('once, however often the same request comes; and both cards are in the audit trail', async () => {
  const { card } = await waiting()
  const request = {
    method: 'POST' as const,
    url: `/v1/cards/${card}/reissue`,
    headers: { 'idempotency-key': 'reissue-1' },
    payload: { waiting: 'move', to: { panSequence: '02' }, reason: 'worn' },
  }
  const [first, again] = [await world.host.send(request), await world.host.send(request)]
  expect([first.status, again.text]).toEqual([200, first.text])
  for (const one of [card, first.body['to']]) {
    const { body } = await world.host.get(`/v1/audit?object=card:${one}&action=card.reissue`)
    expect(body['entries']).toHaveLength(1)
  }
})

test('two cards that are to become each other at once do not wait for each other', async () => {
  for (let round = 0; round < 5; round++) {
    const pan = freshPan()
    const cards = []
    for (const panSequence of ['01', '02']) {
      cards.push((await world.host.post('/v1/cards', { issuer: 'bank', pan, panSequence })).body['card'])
    }
    const [a, b] = cards as [string, string]
    const answers = await Promise.all([
      reissue(a, { waiting: 'move', to: { panSequence: '02' } }),
      reissue(b, { waiting: 'move', to: { panSequence: '01' } }),
    ])
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409])
  }
})

test('a ledger that contradicts itself stops its card, and nobody waits for ever', async () => {
  const { card, limit, pin } = await waiting()
  const { ledger } = await world.store.byHandle(card)
  const body = JSON.stringify({ ...ledger, entries: ledger.entries.map((entry) => ({ ...entry, sequence: 1 })) })
  await database().updateTable('card_ledger').set({ body }).where('card', '=', card).execute()
  expect((await reissue(card, { waiting: 'move', to: { panSequence: '02' } })).status).toBe(500)
  await vi.waitFor(async () => expect((await world.store.byHandle(card)).stopped).toContain('sequence 1'))
  expect((await world.store.pins([`${pin}.new`])).length).toBe(1)
  expect(await world.told(limit)).toEqual(['created', 'queued'])
})
