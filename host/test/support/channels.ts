/** The virtual channel card of the published key set, and a client that carries its messages to and from hosts. */
import { readFileSync } from 'node:fs'
import { fromHex, toHex, withGetResponse } from '@issuerkit/apdu'
import { type ChannelCard, type ChannelCardOptions, createChannelCard } from '@issuerkit/card'
import { RsaPrivateKey } from '@issuerkit/keys'
import type { InjectOptions } from 'fastify'
import { sql } from 'kysely'
import { beforeAll, expect } from 'vitest'
import { loadDemoIssuer } from '../../src/demo-issuer.js'
import { ROUTES } from '../../src/wiring.js'
import { MasterKey } from '../../src/wrap.js'
import { useDatabase } from './database.js'
import { type TestServer, testServer } from './server.js'

interface Reference {
  readonly keys: Readonly<
    Record<'root' | 'intermediate' | 'host' | 'card', Record<'n' | 'e' | 'd' | 'p' | 'q', string>>
  >
  readonly ids: Readonly<Record<'root' | 'intermediate' | 'host' | 'card', string>>
  readonly certificates: Readonly<Record<string, string>>
}
const { sets } = JSON.parse(
  readFileSync(new URL('../../../vectors/scp10-reference-1024.json', import.meta.url), 'utf8'),
) as { sets: [Reference] }
export const REFERENCE = sets[0]

const even = (text: string): string => (text.length % 2 === 0 ? text : `0${text}`)
export const keyOf = (name: keyof Reference['keys']): RsaPrivateKey => {
  const [modulus, exponent, privateExponent] = (['n', 'e', 'd'] as const).map((part) =>
    fromHex(even(REFERENCE.keys[name][part])),
  ) as [Uint8Array, Uint8Array, Uint8Array]
  return RsaPrivateKey.create({ modulus, exponent, privateExponent })
}
const [ROOT, CARD] = [keyOf('root'), keyOf('card')]

/** The host's private key as a JWK. */
export function hostJwk(change: object = {}): Record<string, unknown> {
  const parts = Object.entries(REFERENCE.keys.host).filter(([name]) => 'nedpq'.includes(name))
  const base64url = (hex: string): string => Buffer.from(even(hex), 'hex').toString('base64url')
  return { kty: 'RSA', ...Object.fromEntries(parts.map(([name, hex]) => [name, base64url(hex)])), ...change }
}

/** A card of the key set whose application answers with the data of the command. */
export function cardOf(profile: 'gp' | 'feitian' = 'gp', options: Partial<ChannelCardOptions> = {}): ChannelCard {
  const { ids, certificates } = REFERENCE
  return createChannelCard({
    profile,
    trustPoints: [{ reference: '0101', id: fromHex(ids.root), key: ROOT.publicKey }],
    cardKeys: [
      {
        reference: '0201',
        id: fromHex(ids.card),
        key: CARD,
        certificate: fromHex(`${certificates['cardByIntermediate']}`),
      },
    ],
    application: async (command) => Uint8Array.of(...command.subarray(5), 0x90, 0x00),
    ...options,
  })
}

export interface Answered {
  readonly status: number
  readonly body: Record<string, unknown>
  /** The body without what differs from request to request. */
  readonly problem: string
  readonly headers: Record<string, unknown>
}

export interface ChannelClient {
  post(url: string, payload: object, headers?: InjectOptions['headers']): Promise<Answered>
  get(url: string): Promise<Answered>
  delete(url: string, headers?: InjectOptions['headers']): Promise<Answered>
  /** A channel that waits for the answer to its first command. */
  begin(change?: object): Promise<Answered>
  /** Leads a channel on with the card, as far as `until`, or until it is open. */
  lead(begun: Answered, card: ChannelCard, until?: string): Promise<Answered>
  /** A command to the card and back through the channel. */
  talk(id: string, card: ChannelCard, command: string): Promise<Answered>
}

/** A client that sends each request to the next of the servers. */
export function channelClient(servers: readonly TestServer[]): ChannelClient {
  let turn = 0
  const send = async (options: InjectOptions): Promise<Answered> => {
    const server = servers[turn++ % servers.length] as TestServer
    const answer = await server.send(options)
    const body = answer.json() as Record<string, unknown>
    const { requestId: _, ...rest } = body
    return { status: answer.statusCode, body, problem: JSON.stringify(rest), headers: answer.headers }
  }
  const client: ChannelClient = {
    post: (url, payload, headers = {}) => send({ method: 'POST', url, payload, headers }),
    get: (url) => send({ method: 'GET', url }),
    delete: (url, headers = {}) => send({ method: 'DELETE', url, headers }),
    begin: (change = {}) => {
      const body = { issuer: 'demo-pboc', credentials: 'demo-pboc-CHANNEL', card: crypto.randomUUID() }
      return client.post('/v1/channels', { ...body, variant: 'transport', ...change })
    },
    async lead(begun, card, until) {
      const exchange = withGetResponse(card.exchange)
      let now = begun
      while (now.status < 300 && now.body['state'] === 'handshake' && now.body['name'] !== until) {
        const response = toHex(await exchange(fromHex(`${now.body['command']}`)))
        now = await client.post(`/v1/channels/${now.body['channel']}/responses`, { response, step: now.body['step'] })
      }
      return now
    },
    async talk(id, card, command) {
      const { body } = await client.post(`/v1/channels/${id}/wrap`, { command })
      const response = toHex(await withGetResponse(card.exchange)(fromHex(`${body['command']}`)))
      return client.post(`/v1/channels/${id}/unwrap`, { response, step: body['step'] })
    },
  }
  return client
}

/** A command that the card answers with the data of. */
export const COMMAND = '80E2000003010203'
export const idOf = ({ body }: Answered): string => `${body['channel']}`
export const codeOf = ({ status, body }: Answered): unknown[] => [status, body['code']]

/** Two nodes on a database of the file's own, asked by turns. */
export function useChannels() {
  const { database } = useDatabase()
  const nodes: TestServer[] = []
  const client = channelClient(nodes)
  beforeAll(async () => {
    await loadDemoIssuer(database(), new MasterKey(new Uint8Array(32)))
    nodes.push(await testServer(database(), ROUTES), await testServer(database(), ROUTES))
  })
  return {
    ...{ database, nodes, client },
    /** A channel that is open. */
    async opened(change: object = {}, card = cardOf()) {
      const open = await client.lead(await client.begin(change), card)
      expect(open.body).toMatchObject({ state: 'open' })
      return { id: idOf(open), card, step: open.body['step'] as number }
    },
    rowOf: (id: string) => database().selectFrom('channel').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    /** What the audit trail says of a channel, in its order. */
    async audited(id: string) {
      const { rows } = await sql<{ entry: { action: string; outcome: string } }>`
        select entry::json as entry from audit_entry where entry::json ->> 'object' = ${`channel:${id}`} order by at`.execute(
        database(),
      )
      return rows.map(({ entry: { action, outcome } }) => `${action} ${outcome}`)
    },
  }
}
