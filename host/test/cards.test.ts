/** Cards through HTTP: found by their numbers, named by a handle, seen with all that is known of them. */
import { beforeAll, describe, expect, test } from 'vitest'
import { type CardWorld, cardWorld, freshPan } from './support/cards.js'
import { useDatabase } from './support/database.js'

const { database } = useDatabase()
let world: CardWorld
beforeAll(async () => {
  world = await cardWorld(database())
  const binRanges = [{ from: '622811', to: '622811' }]
  await world.host.post('/v1/issuers', { id: 'ranges', family: 'unionpay', scheme: 'pboc', binRanges })
})

const put = (tag: string, value: string) => ({ type: 'put-data', tag, value })
const open = (body: object) => world.host.post('/v1/cards', { issuer: 'bank', ...body })

describe('a card', () => {
  test('is made when it is first asked for, and found from then on', async () => {
    const pan = freshPan()
    const first = await open({ pan, panSequence: '01' })
    expect(first).toMatchObject({
      status: 200,
      body: { issuer: 'bank', maskedPan: `****${pan.slice(-4)}`, panSequence: '01', application: null, instance: 1 },
    })
    expect(first.body['card']).toMatch(/^[0-9a-f-]{36}$/)
    expect(first.text).not.toContain(pan)
    expect((await open({ pan, panSequence: '01' })).text).toBe(first.text)
    const { body } = await world.host.get(`/v1/audit?object=card:${first.body['card']}`)
    expect(body['entries']).toMatchObject([{ action: 'card.create' }])
  })

  test('has sequence number 00 where none is named; another number is another card', async () => {
    const pan = freshPan()
    const cards = [await open({ pan }), await open({ pan, panSequence: '00' }), await open({ pan, panSequence: '01' })]
    const [a, b, c] = cards.map(({ body }) => body['card'])
    expect(b).toBe(a)
    expect(c).not.toBe(a)
  })

  test('has one application until there are two', async () => {
    const pan = freshPan()
    const applications = ['a000000333010101', 'A000000333010101', undefined, 'A000000333010102']
    const cards = []
    for (const application of applications) cards.push((await open({ pan, application })).body)
    const [a, b, c, d] = cards.map(({ card }) => card)
    expect([b, c]).toEqual([a, a])
    expect(d).not.toBe(a)
    expect(cards.map(({ application }) => application)).toEqual([
      ...Array(3).fill('A000000333010101'),
      'A000000333010102',
    ])
  })

  test.each([
    ['no PAN', {}, 400, 'ERR_BODY'],
    ['a PAN with a letter', { pan: '62281111000000AB' }, 400, 'ERR_PAN'],
    ['a PAN of seven digits', { pan: '6228111' }, 400, 'ERR_PAN'],
    ['a sequence number of three digits', { pan: '6228111100000000', panSequence: '001' }, 400, 'ERR_PAN_SEQUENCE'],
    ['an AID of four bytes', { pan: '6228111100000000', application: 'A0000003' }, 400, 'ERR_BODY'],
    ['a PAN as a number', { pan: 6228111100000000 }, 400, 'ERR_BODY'],
    ['a field too many', { pan: '6228111100000000', card: 'mine' }, 400, 'ERR_BODY'],
    ['an issuer that there is not', { issuer: 'none', pan: '6228111100000000' }, 404, 'ERR_NOT_FOUND'],
    ["a PAN of nobody's", { issuer: 'ranges', pan: '6229111100000000' }, 422, 'ERR_NO_KEY'],
  ])('is not made of %s', async (_, body, status, code) => {
    const answer = await open(body)
    expect([answer.status, answer.body['code']]).toEqual([status, code])
    expect(answer.text).not.toContain('62281111000000')
  })

  test.each(['', '/history', '/scripts/e'])('that there is not has no %s', async (path) => {
    const answer = await world.host.get(`/v1/cards/none${path}`)
    expect([answer.status, answer.body['code']]).toEqual([404, 'ERR_NOT_FOUND'])
  })

  test('shows its counters, commands, deliveries and authorizations, and no bytes of an answer', async () => {
    const card = await world.card()
    const entry = await world.queued(card, put('9F58', '05'))
    await world.deliver(card, 0x20)
    const { status, body, text } = await world.host.get(`/v1/cards/${card}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      ...{ card, status: 'active', stopped: null, atc: { highest: 32, seen: 1 } },
      entries: [{ entry, state: 'sent', attempts: 1, delivery: `d-${card}-32` }],
      deliveries: [
        {
          ...{ delivery: `d-${card}-32`, authorization: 'a-32', reference: 'ref-32', atc: 32, kind: 'ARQC' },
          ...{ scheme: 'pboc', dki: 1, counted: 1, state: 'open' },
          scripts: [{ template: '72', identifier: '00000032', entries: [entry] }],
        },
      ],
      authorizations: [{ authorization: 'a-32', atc: 32, answered: true, unreachable: null }],
    })
    expect(text).not.toContain('kept')
    expect(text).not.toContain('f32')
  })

  test('that was stopped says so, and nothing is done with it', async () => {
    const card = await world.card()
    await database()
      .updateTable('card_ledger')
      .set({ stopped: 'sequence 1 is there twice' })
      .where('card', '=', card)
      .execute()
    const { body } = await world.host.get(`/v1/cards/${card}`)
    expect(body['stopped']).toBe('sequence 1 is there twice')
    expect((await world.queue(card, put('9F58', '05'))).status).toBe(500)
  })

  test('that was stopped is worked on again when somebody has looked at it, and the trail says so once', async () => {
    const card = await world.card()
    const stop = { stopped: 'sequence 1 is there twice' }
    await database().updateTable('card_ledger').set(stop).where('card', '=', card).execute()
    const resume = (body: object, handle = card) => world.host.post(`/v1/cards/${handle}/resume`, body)
    expect((await resume({})).status).toBe(400)
    expect((await resume({ reason: 'of 6228000100001' })).body['code']).toBe('ERR_SCRIPT_OPTION')
    expect((await world.queue(card, put('9F58', '05'))).status).toBe(500)
    const answers = [await resume({ reason: 'looked at' }), await resume({ reason: 'again' })]
    expect(answers.map(({ body }) => body)).toEqual([
      { card, resumed: true },
      { card, resumed: false },
    ])
    expect((await world.host.get(`/v1/cards/${card}`)).body['stopped']).toBeNull()
    expect((await world.queue(card, put('9F58', '05'))).status).toBe(201)
    expect((await resume({ reason: 'r' }, 'nobody-s')).status).toBe(404)
    const { body } = await world.host.get(`/v1/audit?object=card:${card}&action=card.resume`)
    expect(body['entries']).toMatchObject([{ subject: 'developer', outcome: 'ok' }])
    const { body: archive } = await world.host.get(`/v1/cards/${card}/history`)
    expect(archive['history']).toMatchObject([
      { kind: 'stop', ...stop, operator: 'developer', reason: 'looked at', archived: expect.any(String) },
    ])
    const { id } = await database()
      .selectFrom('ledger_archive')
      .select('id')
      .where('card', '=', card)
      .executeTakeFirstOrThrow()
    expect((await world.host.get(`/v1/cards/${card}/history?after=stop.${id}`)).body['history']).toEqual([])
  })
})

describe('the window of counters', () => {
  const reset = (card: string, body: object) => world.host.post(`/v1/cards/${card}/atc-reset`, body)
  test('moves to where an operator says, and forgets what was seen when asked to', async () => {
    const card = await world.card()
    await world.queued(card, put('9F58', '05'))
    await world.deliver(card, 300)
    expect((await reset(card, { atc: 12, reason: 'r' })).body).toEqual({ card, atc: { highest: 12 } })
    expect((await reset(card, { reason: 'r' })).body).toEqual({ card, atc: { highest: null } })
    expect((await world.host.get(`/v1/cards/${card}`)).body['atc']).toEqual({ highest: null, seen: 1 })
    await reset(card, { forget: true, reason: 'r' })
    expect((await world.host.get(`/v1/cards/${card}`)).body['atc']).toEqual({ highest: null, seen: 0 })
    const { body } = await world.host.get(`/v1/audit?object=card:${card}&action=card.atc-reset`)
    expect((body['entries'] as { detail: object }[]).map(({ detail }) => detail)).toEqual([
      { forget: true },
      {},
      { atc: 12 },
    ])
  })
  test.each([
    {},
    { atc: -1, reason: 'r' },
    { atc: 65_536, reason: 'r' },
    { atc: '0C', reason: 'r' },
    { to: 1, reason: 'r' },
  ])('does not move for %j', async (body) => {
    const answer = await reset(await world.card(), body)
    expect([answer.status, answer.body['code']]).toEqual([400, 'ERR_BODY'])
  })
})

describe('history', () => {
  /** A card whose ledger has let go of `count` commands. */
  async function withHistory(count: number) {
    const card = await world.card()
    const entries: string[] = []
    for (let n = 0; n < count; n++) {
      const entry = await world.queued(card, put('9F58', `0${n}`))
      await world.host.post(`/v1/cards/${card}/scripts/${entry}/cancel`, { reason: 'r' })
      entries.push(entry)
    }
    return { card, entries }
  }
  const page = async (card: string, query: string) => {
    const { status, body } = await world.host.get(`/v1/cards/${card}/history${query}`)
    return { status, code: body['code'], history: body['history'] as { entry: string }[], next: body['next'] }
  }

  test('is read page by page, in the order in which things were over', async () => {
    const { card, entries } = await withHistory(5)
    const found: string[] = []
    for (let after = ''; ; ) {
      const { history, next } = await page(card, `?limit=2${after}`)
      found.push(...history.map(({ entry }) => entry))
      if (next === null) break
      expect(history).toHaveLength(2)
      after = `&after=${next}`
    }
    expect(found).toEqual(entries)
    expect((await page(card, '')).history[0]).toMatchObject({ kind: 'entry', state: 'cancelled', target: 'data/9F58' })
  })

  test('an entry of it is found like any other, and has ended', async () => {
    const { card, entries } = await withHistory(1)
    const { body } = await world.host.get(`/v1/cards/${card}/scripts/${entries[0]}`)
    expect(body).toMatchObject({ entry: entries[0], state: 'cancelled' })
    const again = await world.host.post(`/v1/cards/${card}/scripts/${entries[0]}/cancel`, { reason: 'r' })
    expect([again.status, again.body['code']]).toEqual([409, 'ERR_LEDGER_STATE'])
  })

  test('takes no cursor but its own', async () => {
    const { card, entries } = await withHistory(1)
    const other = (await withHistory(1)).entries[0]
    for (const after of ['1', `entry.${other}`, `delivery.${entries[0]}`, `entry.${entries[0]}'`, 'entry.']) {
      const { status, code } = await page(card, `?after=${encodeURIComponent(after)}`)
      expect([after, status, code]).toEqual([after, 400, 'ERR_CURSOR'])
    }
    for (const query of ['?limit=0', '?limit=1001', '?limit=x'])
      expect((await page(card, query)).code).toBe('ERR_QUERY')
  })
})
