/** What soak runs have found, as small as it can be. */
import { fromHex, parseTlv, toHex } from '@issuerkit/apdu'
import { createSeededRandom } from '@issuerkit/terminal'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ROUTES } from '../src/wiring.js'
import { useDatabase } from './support/database.js'
import { testServer } from './support/server.js'
import { newChip } from './support/soak/chip.js'
import { KINDS, openIssuers } from './support/soak/kinds.js'
import { injectedNetwork, type Message, type Network, type Reply } from './support/soak/network.js'
import { held } from './support/soak/orders.js'
import { transactWell } from './support/soak/transaction.js'
import type { Account, World } from './support/soak/world.js'

const { database } = useDatabase()
let network: Network
let pinKeys: ReadonlyMap<string, string>
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const { app, access } = await testServer(database(), ROUTES, 'error')
  network = injectedNetwork([{ app, token: access.token }])
  pinKeys = await openIssuers(network)
})

afterAll(() => void vi.useRealTimers())

interface Sent {
  readonly message: Message
  readonly reply: Reply
}

/** A card that is known to the host, and everything that is said about it. */
async function room(pan: string): Promise<{ world: World; account: Account; handle: string; sent: Sent[] }> {
  const sent: Sent[] = []
  const recorded: Network = {
    async send(message) {
      const reply = await network.send(message)
      sent.push({ message, reply })
      return reply
    },
  }
  const world: World = { seed: 1, network: recorded, pinKeys, orders: new Map(), faults: [], counts: new Map() }
  const [kind] = KINDS
  if (kind === undefined) throw new Error('no kind of card')
  // Numbers that lose, double and delay nothing.
  const random = { ...createSeededRandom(1), next: () => 0xffffffff }
  const account: Account = { name: pan, kind, random, chips: [], mail: [], lastResults: [], turns: 0 }
  const one = await held(world, account, newChip(kind, pan, '00', createSeededRandom(1)))
  account.chips.push(one)
  return { world, account, handle: one.handle, sent }
}

/** A good transaction, and all that is said of it afterwards. A delivery may be under way for a second. */
async function transact(world: World, account: Account): Promise<void> {
  vi.setSystemTime(Date.now() + 1_500)
  await transactWell(world, account)
  for (const { send } of account.mail.splice(0)) await send()
}

async function queue({ send }: Network, handle: string, tag: string, value: string): Promise<void> {
  const body = { command: { type: 'put-data', tag, value }, reason: 'test' }
  expect((await send({ method: 'POST', url: `/v1/cards/${handle}/scripts`, body })).status).toBe(201)
}

const adviceOf = (sent: readonly Sent[]) => {
  const found = sent.find(({ message }) => message.url === '/v1/advices')
  const { emv = '' } = (found?.message.body ?? {}) as { readonly emv?: string }
  const tvr = parseTlv(fromHex(emv)).find(({ tag }) => tag === '95')?.value
  return { tvr: toHex(tvr ?? new Uint8Array()), said: found?.reply.body }
}

describe('a notification after scripts', () => {
  it('verifies when they were executed', async () => {
    const { world, account, handle, sent } = await room('6200019000000001')
    await queue(network, handle, '9F58', '07')
    await transact(world, account)
    expect(adviceOf(sent).said).toMatchObject({ verdict: 'V', entries: [{ state: 'confirmed' }] })
  })

  // The terminal sets the bit after the card gave its last cryptogram, which therefore cannot cover it.
  it('verifies when one failed, although the TVR has changed since', async () => {
    const { world, account, handle, sent } = await room('6200019000000002')
    await queue(network, handle, '9F53', '07')
    await transact(world, account)
    const { tvr, said } = adviceOf(sent)
    expect(Number.parseInt(tvr.slice(-2), 16) & 0x10).toBe(0x10)
    expect(said).toMatchObject({ verdict: 'V', entries: [{ state: 'failed' }] })
  })

  it('does not verify with any other bit of the TVR changed', async () => {
    const { world, account, handle, sent } = await room('6200019000000003')
    await queue(network, handle, '9F53', '07')
    await transact(world, account)
    const { message } = sent.find(({ message: { url } }) => url === '/v1/advices') as Sent
    const { emv } = message.body as { readonly emv: string }
    const { tvr } = adviceOf(sent)
    for (const last of ['30', '50', '90', '11']) {
      const changed = emv.replace(`9505${tvr}`, `9505${tvr.slice(0, 8)}${last}`)
      const { body } = await network.send({ ...message, body: { ...message.body, emv: changed } })
      expect(body['verdict'], last).toBe('I')
    }
  })
})

it('the history tells entries, deliveries and chips apart', async () => {
  const { world, account, handle } = await room('6200019000000004')
  for (let i = 0; i < 11; i += 1) {
    await queue(network, handle, '9F58', `0${i % 10}`)
    await transact(world, account)
  }
  const { body } = await network.send({ method: 'GET', url: `/v1/cards/${handle}/history` })
  const history = body['history'] as readonly object[]
  expect(history).toContainEqual(expect.objectContaining({ kind: 'entry', state: 'confirmed' }))
  expect(history).toContainEqual(expect.objectContaining({ kind: 'delivery', state: 'closed' }))
  const chip = {
    method: 'POST',
    url: `/v1/cards/${handle}/reissue`,
    body: { waiting: 'cancel', reason: 'test' },
  } as const
  expect((await network.send(chip)).status).toBe(200)
  const after = await network.send({ method: 'GET', url: `/v1/cards/${handle}/history` })
  expect(after.body['history']).toContainEqual(expect.objectContaining({ kind: 'chip', instance: 1 }))
})
