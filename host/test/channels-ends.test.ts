/** How secure channels end, and to whom they belong. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { sweepChannels } from '../src/channels/channel-rows.js'
import { COMMAND, codeOf, idOf, REFERENCE, useChannels } from './support/channels.js'

const { database, nodes, client, opened, rowOf, audited } = useChannels()

describe('a fault of the card', () => {
  const FAILED = [422, 'ERR_CHANNEL_FAILED']
  test.each(['6982', '00', '009000', '9001'])('in a handshake: %s ends it', async (response) => {
    const id = idOf(await client.begin())
    expect(codeOf(await client.post(`/v1/channels/${id}/responses`, { response }))).toEqual(FAILED)
    expect(await rowOf(id)).toMatchObject({ state: 'ended', outcome: 'failed', sealed: null })
    expect(await audited(id)).toEqual(['channel.open failed'])
  })

  test.each([
    ['a flipped byte', (bytes: Uint8Array) => bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte))],
    ['a flipped byte of the status', (bytes: Uint8Array) => bytes.with(-1, 1)],
    ['no protection', () => fromHex('9000')],
  ])('in an open channel: %s ends it', async (_, spoil) => {
    const { id, card } = await opened()
    const { body } = await client.post(`/v1/channels/${id}/wrap`, { command: COMMAND })
    const response = toHex(spoil(await card.exchange(fromHex(`${body['command']}`))))
    expect(codeOf(await client.post(`/v1/channels/${id}/unwrap`, { response }))).toEqual(FAILED)
    expect(await rowOf(id)).toMatchObject({ state: 'ended', outcome: 'failed', sealed: null })
    expect(await audited(id)).toEqual(['channel.open ok', 'channel.close failed'])
  })
})

describe('a channel that has ended', () => {
  const everything = async (id: string): Promise<unknown[]> => [
    codeOf(await client.post(`/v1/channels/${id}/responses`, { response: '9000' })),
    codeOf(await client.post(`/v1/channels/${id}/wrap`, { command: COMMAND })),
    codeOf(await client.post(`/v1/channels/${id}/unwrap`, { response: '9000' })),
  ]
  const GONE = Array(3).fill([409, 'ERR_CHANNEL_ENDED'])

  test('because it was closed, twice', async () => {
    const { id } = await opened()
    const closed = await client.delete(`/v1/channels/${id}`)
    expect([closed.status, closed.body]).toMatchObject([200, { channel: id, state: 'ended', outcome: 'closed' }])
    expect((await client.delete(`/v1/channels/${id}`)).body).toEqual(closed.body)
    expect(await everything(id)).toEqual(GONE)
    expect((await rowOf(id)).sealed).toBeNull()
    expect(await audited(id)).toEqual(['channel.open ok', 'channel.close ok'])
  })

  test.each(['handshake', 'open'])('because nothing came for half an hour (%s)', async (state) => {
    const id = state === 'open' ? (await opened()).id : idOf(await client.begin())
    const { expires_at } = await rowOf(id)
    expect(Math.round((expires_at.getTime() - Date.now()) / 60_000)).toBe(30)
    await sql`update channel set expires_at = now() where id = ${id}`.execute(database())
    expect((await client.get(`/v1/channels/${id}`)).body).toMatchObject({ state: 'ended', outcome: 'expired' })
    expect(await everything(id)).toEqual(GONE)
    expect(await rowOf(id)).toMatchObject({ state: 'ended', outcome: 'expired', sealed: null })
  })

  test('even when nobody asks for it; a day later it is forgotten', async () => {
    const [expired, alive] = [idOf(await client.begin()), idOf(await client.begin())]
    await sql`update channel set expires_at = now() where id = ${expired}`.execute(database())
    await sweepChannels(database())
    expect(await rowOf(expired)).toMatchObject({ state: 'ended', outcome: 'expired', sealed: null })
    expect((await rowOf(alive)).sealed).not.toBeNull()
    expect(await audited(expired)).toEqual(['channel.close ok'])
    await sql`update channel set created_at = now() - interval '25 hours' where id in (${expired}, ${alive})`.execute(
      database(),
    )
    await sweepChannels(database())
    expect(codeOf(await client.get(`/v1/channels/${expired}`))).toEqual([404, 'ERR_NOT_FOUND'])
    expect((await client.get(`/v1/channels/${alive}`)).status).toBe(200)
  })
})

describe("somebody else's channel", () => {
  test('is not there', async () => {
    const { id } = await opened()
    await sql`update channel set subject = 'somebody else' where id = ${id}`.execute(database())
    for (const name of [id, 'none']) {
      const answers = [
        await client.get(`/v1/channels/${name}`),
        await client.post(`/v1/channels/${name}/wrap`, { command: COMMAND }),
        await client.post(`/v1/channels/${name}/responses`, { response: '9000' }),
        await client.delete(`/v1/channels/${name}`),
      ]
      expect(answers.map(codeOf)).toEqual(Array(4).fill([404, 'ERR_NOT_FOUND']))
    }
  })

  test('does not unseal in another row, at another version or for another purpose', async () => {
    const [one, two] = [await opened(), await opened()]
    const { sealed } = await rowOf(one.id)
    const changes: Record<string, unknown>[] = [
      { sealed },
      { version: 99 },
      { issuer: 'other' },
      { settings: JSON.stringify({ variant: 'transport', profile: 'gp', level: 0, mutual: true, date: '20260101' }) },
    ]
    await sql`insert into issuer (id, profile) select 'other', profile from issuer where id = 'demo-pboc'`.execute(
      database(),
    )
    const { settings, ...before } = await rowOf(two.id)
    for (const change of changes) {
      await database().updateTable('channel').set(change).where('id', '=', two.id).execute()
      const answer = await client.post(`/v1/channels/${two.id}/wrap`, { command: COMMAND })
      expect([Object.keys(change), ...codeOf(answer)]).toEqual([Object.keys(change), 500, 'ERR_INTERNAL'])
      const restored = { ...before, settings: JSON.stringify(settings) }
      await database().updateTable('channel').set(restored).where('id', '=', two.id).execute()
    }
    expect((await client.talk(two.id, two.card, COMMAND)).body).toMatchObject({ status: '9000' })
  })
})

test('nothing of a channel stands in the log, the audit trail or its row', async () => {
  const { id, card } = await opened({ card: '6228000100001' })
  await client.talk(id, card, '80E20000085E1F00D5E1F00D5E')
  const dumps = await Promise.all(
    ['channel', 'audit_entry', 'idempotency'].map(
      async (table) =>
        (await sql<{ row: string }>`select to_jsonb(t)::text as row from ${sql.table(table)} t`.execute(database()))
          .rows,
    ),
  )
  const text = [...dumps.flat().map(({ row }) => row), ...nodes.flatMap(({ log }) => log)].join('\n').toUpperCase()
  expect(text).toContain(`CHANNEL:${id}`.toUpperCase())
  for (const mark of ['6228000100001', '5E1F00D5', REFERENCE.keys.host.d, REFERENCE.keys.host.p]) {
    expect(text).not.toContain(mark.toUpperCase())
  }
})
