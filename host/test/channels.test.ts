/** Secure channels through HTTP: the host of a service, any node of it, against the virtual channel card. */
import { fromHex, toHex, withGetResponse } from '@issuerkit/apdu'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { CHANNEL_LIMITS } from '../src/channels/channel-rows.js'
import { COMMAND, cardOf, codeOf, idOf, useChannels } from './support/channels.js'

const { database, client, opened, rowOf, audited } = useChannels()

describe('two nodes open a channel by turns', () => {
  test.each([
    ['transport', 'gp', true],
    ['transport', 'gp', false],
    ['transport', 'feitian', true],
    ['agreement', 'gp', true],
    ['agreement', 'feitian', true],
  ] as const)('by key %s, profile %s, mutual %s', async (variant, profile, mutual) => {
    const card = cardOf(profile)
    const { id } = await opened({ variant, profile, mutual }, card)
    expect(card.inspect()).toMatchObject({ level: 0xb3, method: mutual ? 'mutual' : 'external' })
    for (const data of ['', '01', '00'.repeat(8), 'AB'.repeat(100)]) {
      const command = data === '' ? '80E20000' : `80E20000${(data.length / 2).toString(16).padStart(2, '0')}${data}`
      const plain = await client.talk(id, card, command)
      expect(plain.body).toMatchObject({ channel: id, state: 'open', data, status: '9000', authentic: true })
    }
    expect(await audited(id)).toEqual(['channel.open ok'])
  })

  test('every step says its name, the step of the patent and a number one higher', async () => {
    const card = cardOf()
    const seen: [unknown, unknown, unknown][] = []
    let now = await client.begin()
    expect(now.status).toBe(201)
    while (now.body['state'] === 'handshake') {
      seen.push([now.body['step'], now.body['patent'], now.body['name']])
      const response = toHex(await withGetResponse(card.exchange)(fromHex(`${now.body['command']}`)))
      now = await client.post(`/v1/channels/${idOf(now)}/responses`, { response })
      expect(now.status).toBe(200)
    }
    expect(seen.map(([step]) => step)).toEqual(seen.map((_, i) => i + 1))
    expect(seen[0]).toEqual([1, '105', 'MANAGE SECURITY ENVIRONMENT'])
    expect(seen.at(-1)).toEqual([seen.length, '140', 'INTERNAL AUTHENTICATE'])
    expect(now.body).toEqual({
      ...{ channel: expect.any(String), state: 'open', step: seen.length + 1 },
      expires: expect.stringMatching(/^\d{4}-.*Z$/),
    })
  })

  test.each(['01', '03', '11', '13', '31', '33'])('of level %s', async (level) => {
    const { id, card } = await opened({ level })
    expect((await client.talk(id, card, COMMAND)).body).toMatchObject({ data: '010203', status: '9000' })
    const { body } = await client.get(`/v1/channels/${id}`)
    expect(body).toMatchObject({
      level,
      variant: 'transport',
      profile: 'gp',
      mutual: true,
      state: 'open',
      outcome: null,
    })
  })
})

describe('what cannot be begun', () => {
  test.each([
    ['an unknown issuer', { issuer: 'nobody' }, [404, 'ERR_NOT_FOUND']],
    ['unknown credentials', { credentials: 'none' }, [404, 'ERR_NOT_FOUND']],
    ['a key that is none for channels', { credentials: 'demo-pboc-MAC' }, [422, 'ERR_KEY_USAGE']],
    ['answers alone protected', { level: '10' }, [422, 'ERR_CHANNEL']],
    ['bits of a level that are none', { level: '40' }, [422, 'ERR_CHANNEL']],
    ['key agreement of one side', { variant: 'agreement', mutual: false }, [400, 'ERR_OPTION']],
    ['another variant', { variant: 'none' }, [400, 'ERR_BODY']],
    ['another profile', { profile: 'none' }, [400, 'ERR_BODY']],
    ['no name of the card', { card: '' }, [400, 'ERR_BODY']],
    ['a private key', { hostKey: '00' }, [400, 'ERR_BODY']],
  ])('%s', async (_, change, expected) => {
    expect(codeOf(await client.begin(change))).toEqual(expected)
  })

  test('more sessions with a card than an hour may have, at whichever node', async () => {
    const answers = await Promise.all(
      Array.from({ length: CHANNEL_LIMITS.perCard + 5 }, () => client.begin({ card: 'often' })),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(CHANNEL_LIMITS.perCard)
    const refused = answers.filter(({ status }) => status !== 201)
    expect(refused.map(codeOf)).toEqual(Array(5).fill([429, 'ERR_TOO_MANY_REQUESTS']))
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(3500)
    expect((await client.begin({ card: 'seldom' })).status).toBe(201)
    await sql`update channel set created_at = now() - interval '61 minutes' where card_hash =
      (select card_hash from channel group by card_hash having count(*) >= 60)`.execute(database())
    expect((await client.begin({ card: 'often' })).status).toBe(201)
  })

  test('more that fail than a subject may have within an hour', async () => {
    const { body } = await client.begin()
    const { card_hash: _, ...row } = await rowOf(`${body['channel']}`)
    const failed = {
      ...row,
      settings: JSON.stringify(row.settings),
      state: 'ended',
      outcome: 'failed',
      sealed: null,
    } as const
    const rows = Array.from({ length: CHANNEL_LIMITS.failuresPerSubject }, (_, i) => ({
      ...{ ...failed, id: `failed-${i}`, card_hash: Buffer.from(`card ${i}`) },
    }))
    await database().insertInto('channel').values(rows).execute()
    expect(codeOf(await client.begin())).toEqual([429, 'ERR_TOO_MANY_REQUESTS'])
    await database().deleteFrom('channel').where('id', 'like', 'failed-%').execute()
    expect((await client.begin()).status).toBe(201)
  })
})

describe('a channel that is not where a request would have it', () => {
  test('goes on', async () => {
    const begun = await client.begin()
    const id = idOf(begun)
    for (const [path, body] of [
      ['wrap', { command: COMMAND }],
      ['unwrap', { response: '9000' }],
      ['responses', { response: '9000', step: 2 }],
    ] as const) {
      expect(codeOf(await client.post(`/v1/channels/${id}/${path}`, body))).toEqual([409, 'ERR_CHANNEL_STATE'])
    }
    const card = cardOf()
    const open = await client.lead(begun, card)
    expect(codeOf(await client.post(`/v1/channels/${id}/responses`, { response: '9000' }))).toEqual([
      409,
      'ERR_CHANNEL_STATE',
    ])
    expect(codeOf(await client.post(`/v1/channels/${id}/unwrap`, { response: '9000' }))).toEqual([
      409,
      'ERR_CHANNEL_STATE',
    ])
    expect(open.body['state']).toBe('open')
    for (const [command, code] of [
      ['80E200', 'ERR_BODY'],
      ['80E200000301', 'ERR_COMMAND'],
      ['8CE2000003010203', 'ERR_COMMAND'],
    ]) {
      expect(codeOf(await client.post(`/v1/channels/${id}/wrap`, { command }))).toEqual([400, code])
    }
    expect((await client.talk(id, card, COMMAND)).body).toMatchObject({ data: '010203' })
  })

  test('gives one command at a time', async () => {
    const { id, card } = await opened()
    const first = await client.post(`/v1/channels/${id}/wrap`, { command: COMMAND })
    expect(codeOf(await client.post(`/v1/channels/${id}/wrap`, { command: COMMAND }))).toEqual([
      409,
      'ERR_CHANNEL_STATE',
    ])
    const response = toHex(await withGetResponse(card.exchange)(fromHex(`${first.body['command']}`)))
    expect((await client.post(`/v1/channels/${id}/unwrap`, { response })).body).toMatchObject({ data: '010203' })
    expect((await client.talk(id, card, COMMAND)).body).toMatchObject({ data: '010203' })
  })
})

describe('the same message twice', () => {
  test('under an Idempotency-Key has one effect and one answer', async () => {
    const { id, card } = await opened()
    const headers = { 'idempotency-key': `wrap-${id}` }
    const wrap = () => client.post(`/v1/channels/${id}/wrap`, { command: COMMAND }, headers)
    const [first, again] = [await wrap(), await wrap()]
    expect(again.body).toEqual(first.body)
    expect(again.headers['idempotent-replayed']).toBe('true')
    const response = toHex(await withGetResponse(card.exchange)(fromHex(`${first.body['command']}`)))
    expect((await client.post(`/v1/channels/${id}/unwrap`, { response })).body).toMatchObject({ status: '9000' })
  })

  test('with its step is refused and harms nothing', async () => {
    const card = cardOf()
    const begun = await client.begin()
    const answer = { response: '9000', step: 1 }
    const next = await client.post(`/v1/channels/${idOf(begun)}/responses`, answer)
    expect(codeOf(await client.post(`/v1/channels/${idOf(begun)}/responses`, answer))).toEqual([
      409,
      'ERR_CHANNEL_STATE',
    ])
    await card.exchange(fromHex(`${begun.body['command']}`))
    const open = await client.lead(next, card)
    const wrapped = await client.post(`/v1/channels/${idOf(open)}/wrap`, { command: COMMAND })
    const response = toHex(await withGetResponse(card.exchange)(fromHex(`${wrapped.body['command']}`)))
    const unwrap = () => client.post(`/v1/channels/${idOf(open)}/unwrap`, { response, step: wrapped.body['step'] })
    expect((await unwrap()).status).toBe(200)
    expect(codeOf(await unwrap())).toEqual([409, 'ERR_CHANNEL_STATE'])
    expect((await client.talk(idOf(open), card, COMMAND)).body).toMatchObject({ status: '9000' })
  })

  test('at ten nodes at once counts one time: no counter is used twice', async () => {
    const { id, card } = await opened()
    const wraps = await Promise.all(
      Array.from({ length: 10 }, (_, i) => client.post(`/v1/channels/${id}/wrap`, { command: `80E20000010${i}` })),
    )
    const [given, ...more] = wraps.filter(({ status }) => status === 200)
    expect(more).toEqual([])
    expect(wraps.filter(({ status }) => status !== 200).map(codeOf)).toEqual(Array(9).fill([409, 'ERR_CHANNEL_STATE']))
    const response = toHex(await withGetResponse(card.exchange)(fromHex(`${given?.body['command']}`)))
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => client.post(`/v1/channels/${id}/unwrap`, { response })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect((await client.talk(id, card, COMMAND)).body).toMatchObject({ data: '010203', status: '9000' })
  })
})
