/** What a card answers wrongly: however it is wrong, the channel ends, and the one answer to it tells nothing. */
import { fromHex, toHex, withGetResponse } from '@issuerkit/apdu'
import { RsaPrivateKey } from '@issuerkit/keys'
import type { Updateable } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import type { ChannelTable } from '../src/tables.js'
import { ROUTES } from '../src/wiring.js'
import { MasterKey } from '../src/wrap.js'
import { type Answered, type ChannelClient, cardOf, channelClient } from './support/channels.js'
import { useDatabase } from './support/database.js'
import { testServer } from './support/server.js'

const { database } = useDatabase()
let client: ChannelClient
beforeAll(async () => {
  await loadDemoIssuer(database(), new MasterKey(new Uint8Array(32)))
  client = channelClient([await testServer(database(), ROUTES, 'silent')])
})

/** The one answer to every fault of a card. */
const FAILED = JSON.stringify({
  title: 'Unprocessable Entity',
  status: 422,
  detail: 'A secure channel has failed, whatever was wrong with what the card answered; it has ended.',
  code: 'ERR_CHANNEL_FAILED',
})

/** Keeps a channel as it stands, so that a fault can be tried again and again. */
async function keep(id: string): Promise<() => Promise<void>> {
  const row = await database().selectFrom('channel').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const { settings: _, ...columns } = row
  return async () => {
    const set: Updateable<ChannelTable> = columns
    await database().updateTable('channel').set(set).where('id', '=', id).execute()
  }
}
const stateOf = async (id: string) =>
  database().selectFrom('channel').select(['state', 'outcome', 'sealed']).where('id', '=', id).executeTakeFirst()

/** The response once for every byte, with that byte flipped. */
function* flips(response: Uint8Array): Generator<string> {
  for (let i = 0; i < response.length; i++) {
    const changed = response.slice()
    changed[i] = (changed[i] as number) ^ 0xff
    yield toHex(changed)
  }
}

/** The bodies that the variants of a response are answered with, each from the same standing of the channel. */
async function bodiesOf(url: string, id: string, responses: Iterable<string>): Promise<Map<string, number>> {
  const restore = await keep(id)
  const bodies = new Map<string, number>()
  for (const response of responses) {
    const { problem } = await client.post(url, { response })
    bodies.set(problem, (bodies.get(problem) ?? 0) + 1)
    expect(await stateOf(id)).toEqual({ state: 'ended', outcome: 'failed', sealed: null })
    await restore()
  }
  return bodies
}

async function standing(variant: string, name: string) {
  const card = cardOf()
  const now = await client.lead(await client.begin({ variant }), card, name)
  expect(now.body['name']).toBe(name)
  const response = await withGetResponse(card.exchange)(fromHex(`${now.body['command']}`))
  const id = `${now.body['channel']}`
  return { id, url: `/v1/channels/${id}/responses`, response }
}

describe.each(['transport', 'agreement'])('in a handshake of key %s', (variant) => {
  // GET CHALLENGE is not among them: nothing vouches for the card's challenge until the card refuses what was made of it.
  test.each([
    'MANAGE SECURITY ENVIRONMENT',
    'PSO VERIFY CERTIFICATE',
    'GET DATA',
    'EXTERNAL AUTHENTICATE',
    'INTERNAL AUTHENTICATE',
  ])(
    'every flipped byte of the answer to %s ends it with the same body',
    async (name) => {
      const { id, url, response } = await standing(variant, name)
      const bodies = await bodiesOf(url, id, flips(response))
      expect(bodies).toEqual(new Map([[FAILED, response.length]]))
      expect((await client.post(url, { response: toHex(response) })).status).toBe(200)
    },
    300_000,
  )

  test('a flipped byte of the challenge ends it when the card refuses', async () => {
    for (const i of [0, 7]) {
      const card = cardOf()
      const exchange = withGetResponse(card.exchange)
      let flipped = false
      const crooked: typeof card = {
        ...card,
        exchange: async (command) => {
          const answer = await exchange(command)
          if (command[1] !== 0x84) return answer
          flipped = true
          return answer.map((byte, at) => (at === i ? byte ^ 0xff : byte))
        },
      }
      const { status, problem } = await client.lead(await client.begin({ variant }), crooked)
      expect([flipped, status, problem]).toEqual([true, 422, FAILED])
    }
  })

  test('a status, a length, bytes that are no answer: the same body', async () => {
    const { id, url, response } = await standing(variant, 'INTERNAL AUTHENTICATE')
    const wrong = ['00', '9000', '6982', '6300', '6A80', '61FF', `${'00'.repeat(127)}9000`, `${'FF'.repeat(128)}9000`]
    const longer = `00${toHex(response)}`
    const bodies = await bodiesOf(url, id, [
      ...wrong,
      longer,
      toHex(response.subarray(1)),
      toHex(response.subarray(0, -2)),
    ])
    expect(bodies).toEqual(new Map([[FAILED, wrong.length + 3]]))
  })

  test('a thousand invalid answers of the length of a signature: one code, one size', async () => {
    const { id, url, response } = await standing(variant, 'INTERNAL AUTHENTICATE')
    const sizes = new Set<number>()
    const restore = await keep(id)
    const bodies = new Map<string, number>()
    for (let i = 0; i < 1_000; i++) {
      const block = crypto.getRandomValues(new Uint8Array(response.length - 2))
      // Half of them a number below the modulus, so that both ways of being wrong are there.
      if (i % 2 === 0) block[0] = 0
      const answer = await client.post(url, { response: `${toHex(block)}9000` })
      sizes.add(Number(answer.headers['content-length']))
      bodies.set(answer.problem, (bodies.get(answer.problem) ?? 0) + 1)
      await restore()
    }
    expect([bodies, sizes.size]).toEqual([new Map([[FAILED, 1_000]]), 1])
  }, 300_000)
})

test('a card of another key, or under another root, ends it with the same body', async () => {
  const stranger = RsaPrivateKey.generate(1024, 65537)
  const [honest] = [cardOf()]
  expect(honest.inspect().level).toBe(0)
  const impostor = cardOf('gp', {
    cardKeys: [{ reference: '0201', id: fromHex('5453544341524431'), key: stranger, certificate: fromHex('7F2100') }],
  })
  const card = await client.lead(await client.begin(), impostor)
  expect([card.status, card.problem]).toEqual([422, FAILED])
})

describe('in an open channel', () => {
  const waiting = async (): Promise<{ id: string; response: Uint8Array }> => {
    const card = cardOf()
    const open: Answered = await client.lead(await client.begin(), card)
    const id = `${open.body['channel']}`
    const { body } = await client.post(`/v1/channels/${id}/wrap`, { command: '80E2000003010203' })
    return { id, response: await card.exchange(fromHex(`${body['command']}`)) }
  }

  test('every flipped byte of an answer ends it with the same body', async () => {
    const { id, response } = await waiting()
    const bodies = await bodiesOf(`/v1/channels/${id}/unwrap`, id, flips(response))
    expect(bodies).toEqual(new Map([[FAILED, response.length]]))
  })

  test('so does an answer without protection, of another command, or cut', async () => {
    const [{ id, response }, other] = [await waiting(), await waiting()]
    const wrong = ['9000', '0102039000', '6200', toHex(other.response), toHex(response.subarray(0, -3)), '90']
    const bodies = await bodiesOf(`/v1/channels/${id}/unwrap`, id, wrong)
    expect(bodies).toEqual(new Map([[FAILED, wrong.length]]))
  })

  test('a bare refusal of the card does not, and proves nothing', async () => {
    const { id } = await waiting()
    const { status, body } = await client.post(`/v1/channels/${id}/unwrap`, { response: '6A82' })
    expect([status, body]).toMatchObject([200, { state: 'open', status: '6A82', data: '', authentic: false }])
  })

  test('an end by failure stands under its Idempotency-Key, too', async () => {
    const { id, response } = await waiting()
    const headers = { 'idempotency-key': `unwrap-${id}` }
    const send = () => client.post(`/v1/channels/${id}/unwrap`, { response: toHex(response.with(0, 0)) }, headers)
    expect((await send()).problem).toBe(FAILED)
    expect((await send()).problem).toBe(FAILED)
    expect(await stateOf(id)).toEqual({ state: 'ended', outcome: 'failed', sealed: null })
  })
})
