/** Commands that are queued through HTTP: what is taken, what is refused, and what becomes of those that wait. */
import { beforeAll, describe, expect, test } from 'vitest'
import { type CardWorld, cardWorld, freshPan } from './support/cards.js'
import { useDatabase } from './support/database.js'

const { database } = useDatabase()
let world: CardWorld
beforeAll(async () => {
  world = await cardWorld(database())
})

const BLOCK = { type: 'application-block' }
const put = (tag: string, value: string) => ({ type: 'put-data', tag, value })

describe('a command that is queued', () => {
  test('waits as the issuer has it, unless the request says otherwise', async () => {
    const card = await world.card()
    const { status, body } = await world.queue(card, put('9f58', '0a'))
    expect(status).toBe(201)
    expect(body).toMatchObject({
      superseded: [],
      entry: {
        ...{ type: 'put-data', target: 'data/9F58', command: { type: 'put-data', tag: '9F58', value: '0A' } },
        ...{ state: 'pending', rank: null, final: false, contradiction: false, hold: null, delivery: null },
        ...{ attempts: 0, maxAttempts: 3, priority: 0, condition: 'any', template: '72', origin: 'operator' },
        ...{ reason: 'test', history: [], proof: null },
      },
    })
    const { created, expiry, operator } = body['entry'] as Record<string, string>
    // 180 days.
    expect(Date.parse(`${expiry}`) - Date.parse(`${created}`)).toBe(15_552_000_000)
    expect(operator).toMatch(/./)
  })

  test('takes every option', async () => {
    const card = await world.card()
    const more = {
      ...{ priority: -7, condition: 'declined', maxAttempts: 9, origin: 'automatic', reason: 'lost card' },
      ...{ earliest: '2098-02-28T23:30:00+01:00', expiry: '2098-03-01T00:00Z' },
    }
    const { body } = await world.queue(card, { type: 'update-record', sfi: 3, record: 1, value: '7003DF2100' }, more)
    expect(body['entry']).toMatchObject({
      ...{ state: 'queued', priority: -7, condition: 'declined', maxAttempts: 9, origin: 'automatic' },
      ...{ reason: 'lost card', earliest: '2098-02-28T22:30:00.000Z', expiry: '2098-03-01T00:00:00.000Z' },
      command: { type: 'update-record', sfi: 3, record: 1, value: '7003DF2100' },
    })
  })

  test('takes the place of one that waits for the same target', async () => {
    const card = await world.card()
    const first = await world.queued(card, put('9F58', '01'))
    const other = await world.queued(card, put('9F59', '01'))
    const { body } = await world.queue(card, put('9F58', '02'))
    expect(body['superseded']).toEqual([first])
    expect(await world.told(first)).toEqual(['created', 'queued', 'superseded'])
    const shown = await world.host.get(`/v1/cards/${card}/scripts/${other}`)
    expect(shown.body).toMatchObject({ entry: other, state: 'pending' })
  })

  test('waits while the one before it is with the card', async () => {
    const card = await world.card()
    const first = await world.queued(card, put('9F58', '01'))
    await world.deliver(card, 10)
    const { body } = await world.queue(card, put('9F58', '02'))
    expect(body).toMatchObject({ superseded: [], entry: { state: 'pending' } })
    expect((await world.entry(card, first)).state).toBe('sent')
  })

  test('is one, however often the same request comes', async () => {
    const card = await world.card()
    const request = {
      method: 'POST' as const,
      url: `/v1/cards/${card}/scripts`,
      headers: { 'idempotency-key': 'queue-1' },
      payload: { command: BLOCK, reason: 'stolen' },
    }
    const [first, again] = [await world.host.send(request), await world.host.send(request)]
    expect([first.status, again.text]).toEqual([201, first.text])
    expect((await world.store.byHandle(card)).ledger.entries).toHaveLength(1)
  })

  test('stands in the audit trail', async () => {
    const card = await world.card()
    const entry = await world.queued(card, BLOCK, { reason: 'words of the operator' })
    const { body, text } = await world.host.get(`/v1/audit?object=card:${card}&action=card.queue`)
    expect(body['entries']).toMatchObject([{ action: 'card.queue', detail: { entry, command: 'application-block' } }])
    expect(text).not.toContain('words of the operator')
  })
})

describe('refused at once', () => {
  const long = (bytes: number) => 'AB'.repeat(bytes)
  test.each([
    ['a tag of three bytes', put('DF8129', '00'), {}, 400, 'ERR_TAG'],
    ['half a tag', put('9F', '00'), {}, 400, 'ERR_TAG'],
    ['a tag that is none', put('ZZ', '00'), {}, 400, 'ERR_TAG'],
    ['a tag and a half', put('58AA', '00'), {}, 400, 'ERR_TAG'],
    ['half a byte', put('9F58', '0'), {}, 400, 'ERR_BODY'],
    ['no value', put('9F58', ''), {}, 400, 'ERR_BODY'],
    ['a file that is none', { type: 'update-record', sfi: 31, record: 1, value: '70' }, {}, 400, 'ERR_BODY'],
    ['a record that is none', { type: 'update-record', sfi: 1, record: 255, value: '70' }, {}, 400, 'ERR_BODY'],
    ['a load of nothing', { type: 'load', tag: '9F79', amount: 0 }, {}, 400, 'ERR_BODY'],
    ['a load of half a cent', { type: 'load', tag: '9F79', amount: 0.5 }, {}, 400, 'ERR_BODY'],
    ['a load elsewhere', { type: 'load', tag: '9F58', amount: 5 }, {}, 400, 'ERR_BODY'],
    ['more than the terminal carries', put('9F58', long(112)), {}, 422, 'ERR_SCRIPT'],
    ['a command that is none', { type: 'card-unblock' }, {}, 400, 'ERR_BODY'],
    ['a field too many', { ...BLOCK, tag: '9F58' }, {}, 400, 'ERR_BODY'],
    ['a time without a zone', BLOCK, { expiry: '2098-01-01T00:00:00' }, 422, 'ERR_SCRIPT_OPTION'],
    ['the 30th of February', BLOCK, { expiry: '2098-02-30T00:00:00Z' }, 422, 'ERR_SCRIPT_OPTION'],
    ['the 25th hour', BLOCK, { earliest: '2098-02-20T25:00:00Z' }, 422, 'ERR_SCRIPT_OPTION'],
    ['an expiry that has passed', BLOCK, { expiry: '2020-01-01T00:00:00Z' }, 422, 'ERR_SCRIPT_OPTION'],
    [
      'an expiry before the first day',
      BLOCK,
      { earliest: '2098-01-02T00:00:00Z', expiry: '2098-01-01T00:00:00Z' },
      422,
      'ERR_SCRIPT_OPTION',
    ],
    ['template 71', BLOCK, { template: '71' }, 422, 'ERR_SCRIPT_OPTION'],
    ['no attempt', BLOCK, { maxAttempts: 0 }, 400, 'ERR_BODY'],
    ['a condition that is none', BLOCK, { condition: 'maybe' }, 400, 'ERR_BODY'],
    ['no reason', BLOCK, { reason: '' }, 400, 'ERR_BODY'],
    ['a reason of two lines', BLOCK, { reason: 'a\nb' }, 400, 'ERR_BODY'],
    ['a reason with half a character', BLOCK, { reason: '\ud800' }, 422, 'ERR_SCRIPT_OPTION'],
    ['a wrong PAN', BLOCK, { pan: '6228111199999999' }, 422, 'ERR_PAN_MISMATCH'],
    ['a PAN that is none', BLOCK, { pan: '62281111X' }, 400, 'ERR_PAN'],
    ['an operator of its own', BLOCK, { operator: 'me' }, 400, 'ERR_BODY'],
  ])('%s', async (_, command, more, status, code) => {
    const card = await world.card()
    const answer = await world.queue(card, command, more)
    expect([answer.status, answer.body['code']]).toEqual([status, code])
    expect((await world.store.byHandle(card)).ledger.entries).toEqual([])
  })

  test('a value that fits with the shortest MAC is taken', async () => {
    // 128 = 72 and its length 2, 9F18 7, 86 and its length 2, header 5, MAC 4.
    const { status } = await world.queue(await world.card(), put('9F58', long(108)))
    expect(status).toBe(201)
    const { status: refused } = await world.queue(await world.card(), put('9F58', long(109)))
    expect(refused).toBe(422)
  })

  test('for a card that there is not', async () => {
    const answer = await world.queue('00000000-0000-4000-8000-000000000000', BLOCK)
    expect([answer.status, answer.body['code']]).toEqual([404, 'ERR_NOT_FOUND'])
  })

  test('what no scheme of the issuer has', async () => {
    const pan = freshPan()
    await world.host.post('/v1/issuers', { id: 'mc', family: 'mastercard', scheme: 'mastercard-cvn16' })
    const { body } = await world.host.post('/v1/cards', { issuer: 'mc', pan, panSequence: '01' })
    const card = `${body['card']}`
    const pins = { newPin: '4711', currentPin: '0815' }
    const answers = [
      await world.queue(card, { type: 'load', tag: '9F79', amount: 100 }),
      await world.queue(card, { type: 'pin-change-with-current', ...pins }, { pan }),
    ]
    expect(answers.map(({ status, body }) => [status, body['code']])).toEqual([
      [422, 'ERR_SCHEME'],
      [422, 'ERR_SCHEME'],
    ])
    expect((await world.queue(card, { type: 'pin-change', newPin: '4711' }, { pan })).status).toBe(201)
  })
})

describe('an entry', () => {
  const cancel = (card: string, entry: string, body: object = { reason: 'r' }) =>
    world.host.post(`/v1/cards/${card}/scripts/${entry}/cancel`, body)
  const prove = (card: string, entry: string, executed: unknown = true) =>
    world.host.post(`/v1/cards/${card}/scripts/${entry}/proof`, { executed, reason: 'r' })

  test('that waits is cancelled, once', async () => {
    const card = await world.card()
    const entry = await world.queued(card, BLOCK)
    expect((await cancel(card, entry)).body).toMatchObject({ entry, state: 'cancelled' })
    expect(await world.told(entry)).toEqual(['created', 'queued', 'cancelled'])
    const again = await cancel(card, entry)
    expect([again.status, again.body['code']]).toEqual([409, 'ERR_LEDGER_STATE'])
  })

  test('that is with the card is not called back', async () => {
    const card = await world.card()
    const entry = await world.queued(card, BLOCK)
    await world.deliver(card, 10)
    const { status, body } = await cancel(card, entry)
    expect([status, body['code'], body['detail']]).toEqual([
      409,
      'ERR_LEDGER_STATE',
      'The command is with the card and cannot be called back.',
    ])
    expect((await world.entry(card, entry)).state).toBe('sent')
  })

  test('is confirmed by the word of an operator, and by the card if it says so later', async () => {
    const card = await world.card()
    const entry = await world.queued(card, put('9F58', '05'))
    await world.deliver(card, 10)
    expect((await prove(card, entry)).body).toMatchObject({
      ...{ state: 'confirmed', rank: 'operator' },
      proof: { delivery: `d-${card}-10`, executed: true, rank: 'operator' },
    })
    await world.read(card, 11, 1)
    expect(await world.entry(card, entry)).toMatchObject({ state: 'confirmed', rank: 'card', contradiction: false })
    const { body } = await world.host.get(`/v1/audit?object=card:${card}&action=card.proof`)
    expect(body['entries']).toMatchObject([{ detail: { entry, executed: true } }])
  })

  test('that was never sent needs no proof', async () => {
    const card = await world.card()
    const { status, body } = await prove(card, await world.queued(card, BLOCK))
    expect([status, body['code']]).toEqual([409, 'ERR_LEDGER_STATE'])
  })

  test('is not proved by anything but yes or no', async () => {
    const card = await world.card()
    const entry = await world.queued(card, BLOCK)
    for (const executed of ['true', 1, null]) expect((await prove(card, entry, executed)).status).toBe(400)
  })

  test('of another card, or none, is not there', async () => {
    const entry = await world.queued(await world.card(), BLOCK)
    const card = await world.card()
    const answers = [
      await cancel(card, entry),
      await prove(card, entry),
      await world.host.get(`/v1/cards/${card}/scripts/${entry}`),
      await cancel(card, 'none'),
    ]
    expect(answers.map(({ status, body }) => [status, body['code']])).toEqual(answers.map(() => [404, 'ERR_NOT_FOUND']))
  })

  test('is not cancelled without a reason, or with more', async () => {
    const card = await world.card()
    const entry = await world.queued(card, BLOCK)
    for (const body of [{}, { reason: 1 }, { reason: 'r', force: true }]) {
      expect((await cancel(card, entry, body)).body['code']).toBe('ERR_BODY')
    }
  })
})
