/** Dev mode's credentials, and two channels with its card that the examples of the interface go on with. */
import { fromHex, parseCommand, withGetResponse } from '@issuerkit/apdu'
import { createChannelCard } from '@issuerkit/card'
import { RsaPrivateKey } from '@issuerkit/keys'
import { establish, open } from '@issuerkit/securechannel'
import { sql } from 'kysely'
import type { Database } from '../database.js'
import type { MasterKey } from '../wrap.js'
import type { ChannelSettings } from './channel-rows.js'
import { importCredentials, openCredentials } from './credentials.js'
import { DEMO_CARD, DEMO_CREDENTIALS } from './demo.data.js'
import { channelService } from './sessions.js'

/** A handshake that waits for the answer to its first command, and a channel that is open. */
export const DEMO_CHANNELS = { handshake: 'demo-handshake', open: 'demo-open' } as const

/** Whose they are: the subject of dev mode's token. */
const SUBJECT = 'developer'
const SETTINGS: ChannelSettings = { variant: 'transport', profile: 'gp', level: 0x33, mutual: true, date: '20260101' }

/** The card that dev mode's credentials open a channel with; its application answers with the data of the command. */
export function demoCard() {
  const { id, key, certificate } = DEMO_CARD
  const { id: rootId, modulus, exponent } = DEMO_CREDENTIALS.trustPoint
  const { modulus: n, exponent: e, privateExponent: d } = key
  return createChannelCard({
    trustPoints: [
      { reference: '0101', id: fromHex(rootId), key: { modulus: fromHex(modulus), exponent: fromHex(exponent) } },
    ],
    cardKeys: [
      {
        ...{ reference: '0201', id: fromHex(id), certificate: fromHex(certificate) },
        key: RsaPrivateKey.create({ modulus: fromHex(n), exponent: fromHex(e), privateExponent: fromHex(d) }),
      },
    ],
    application: async (command) => Uint8Array.of(...(parseCommand(command).data ?? []), 0x90, 0x00),
  })
}

/** Puts credentials and channels of `issuer` into the database, unless they are there and alive. Dev mode only. */
export async function loadDemoChannels(database: Database, masterKey: MasterKey, issuer: string): Promise<void> {
  const credentials = `${issuer}-CHANNEL`
  const context = { database, masterKey, devMode: true }
  const isThere = async () =>
    (await database.selectFrom('issuer_key').select('id').where('id', '=', credentials).executeTakeFirst()) !==
    undefined
  if (!(await isThere())) {
    const given = { issuer, ...DEMO_CREDENTIALS }
    await importCredentials(context, given, async () => {}, credentials).catch(async (error: unknown) => {
      // Another host that starts at the same time may have stored them.
      if (!(await isThere())) throw error
    })
  }
  const service = channelService(database, masterKey)
  const opened = await openCredentials(database, masterKey, { issuer, id: credentials })
  const begin = () => open(SETTINGS.profile, SETTINGS.variant, opened, { certificates: { date: SETTINGS.date } })
  const card_hash = await service.cardHash(issuer, 'demo')
  const row = { subject: SUBJECT, issuer, credentials, card_hash, settings: SETTINGS, version: 1 }
  await database.transaction().execute(async (transaction) => {
    // Another host may start at the same time.
    await sql`select pg_advisory_xact_lock(hashtextextended('demo-channels', 0))`.execute(transaction)
    const alive = await transaction
      .selectFrom('channel')
      .select('id')
      .where('id', 'in', Object.values(DEMO_CHANNELS))
      .where('sealed', 'is not', null)
      .execute()
    const isDue = (id: string): boolean => alive.every((found) => found.id !== id)
    const forget = (id: string) => transaction.deleteFrom('channel').where('id', '=', id).execute()
    if (isDue(DEMO_CHANNELS.handshake)) {
      await forget(DEMO_CHANNELS.handshake)
      await service.put(transaction, { ...row, id: DEMO_CHANNELS.handshake, state: 'handshake' }, begin())
    }
    if (isDue(DEMO_CHANNELS.open)) {
      await forget(DEMO_CHANNELS.open)
      const channel = await establish(begin(), withGetResponse(demoCard().exchange))
      await service.put(transaction, { ...row, id: DEMO_CHANNELS.open, state: 'open' }, channel)
    }
  })
  opened.hostKey.destroy()
}
