/**
 * Secure channels between requests. Each request takes the session up from its row, goes one message on and puts it away
 * again, so that it does not matter which node it comes to. What is put away is sealed under a key of its own: of this
 * session, this version of it, and everything that the row says of it.
 *
 * An exchange that fails has one answer, whatever was wrong with it, and ends the session: what a host says of a card's bytes
 * would otherwise, answer by answer, give its keys away.
 */
import { IssuerkitError, parseCommand, type Response } from '@issuerkit/apdu'
import { AesKey } from '@issuerkit/keys'
import {
  Channel,
  type Handshake,
  open,
  resumeChannel,
  resumeHandshake,
  type SavingKey,
  saveChannel,
  saveHandshake,
} from '@issuerkit/securechannel'
import { appendAudit } from '../audit/append.js'
import type { Database } from '../database.js'
import { HostError, type HostErrorCode } from '../errors.js'
import { hostSecrets } from '../keys/host-secrets.js'
import { hmacSha256, type MasterKey } from '../wrap.js'
import {
  type ChannelOutcome,
  type ChannelRow,
  type ChannelSettings,
  closing,
  endChannel,
  insertChannel,
  moveChannel,
  type NewChannel,
  readChannel,
} from './channel-rows.js'
import { openCredentials } from './credentials.js'

/** A channel to be opened. */
export interface BeginChannel {
  readonly subject: string
  readonly issuer: string
  /** The id of the issuer's credentials. */
  readonly credentials: string
  /** What stands for the card, of {@link ChannelService.cardHash}. */
  readonly card: Uint8Array
  readonly settings: ChannelSettings
  readonly id: string
}

/** Whose channel, and at which version, where the caller says it. */
export interface ChannelName {
  readonly subject: string
  readonly id: string
  readonly step?: number
}

/** What became of a request: an answer, or a refusal that has an effect, which a thrown error would undo. */
export type Outcome<T> = { readonly answer: T } | { readonly refused: HostErrorCode }

/** Where a channel stands. */
export interface Standing {
  readonly channel: string
  readonly state: 'handshake' | 'open'
  /** The number of the message that this is; what follows may name it. */
  readonly step: number
  readonly expires: string
}

/** The next command of a handshake, or none: the channel is open then. */
export interface HandshakeStanding extends Standing {
  readonly name?: string
  readonly patent?: string
  readonly command?: Uint8Array
}

/** The service. All of it works inside a transaction of the caller's; see the module. */
export interface ChannelService {
  /** Reads the host's secret: before a transaction, which would else keep a connection waiting for another one. */
  prepare(): Promise<void>
  /** A keyed hash that stands for a card. */
  cardHash(issuer: string, card: string): Promise<Uint8Array>
  /** ERR_NOT_FOUND, ERR_KEY_USAGE for the credentials; ERR_CHANNEL, ERR_OPTION, ERR_RSA for what does not go together */
  begin(transaction: Database, request: BeginChannel): Promise<HandshakeStanding>
  /** The card's answer to the present command of a handshake. ERR_NOT_FOUND, ERR_CHANNEL_ENDED, ERR_CHANNEL_STATE */
  answer(transaction: Database, name: ChannelName, response: Uint8Array): Promise<Outcome<HandshakeStanding>>
  /** A command under the channel's protection. As {@link answer}; ERR_COMMAND, after which the channel is as it was */
  wrap(
    transaction: Database,
    name: ChannelName,
    command: Uint8Array,
  ): Promise<Outcome<Standing & { command: Uint8Array }>>
  /** The card's answer to it without its protection. As {@link answer} */
  unwrap(
    transaction: Database,
    name: ChannelName,
    response: Uint8Array,
  ): Promise<Outcome<Standing & Response & { authentic: boolean }>>
  /** Ends a channel; one that has ended stays as it is. ERR_NOT_FOUND */
  close(transaction: Database, name: ChannelName): Promise<void>
  /** Writes a channel down that came about elsewhere: dev mode's. */
  put(transaction: Database, row: Omit<NewChannel, 'sealed'>, taken: Handshake | Channel): Promise<Date>
}

type Bound = Omit<NewChannel, 'sealed'>

/** The service on `database`. */
export function channelService(database: Database, masterKey: MasterKey): ChannelService {
  const secrets = hostSecrets(database, masterKey)
  const derive = async (...parts: readonly unknown[]): Promise<Uint8Array> =>
    hmacSha256(await secrets('channel'), new TextEncoder().encode(JSON.stringify(parts)))

  /** What `use` makes of the key of a row in its version. */
  const withKey = async <T>(row: Bound, use: (key: SavingKey) => T): Promise<T> => {
    const { id, subject, issuer, credentials, state, version } = row
    const { variant, profile, level, mutual, date } = row.settings
    const settings = [variant, profile, level, mutual, date]
    const bytes = await derive('channel', id, subject, issuer, credentials, state, version, ...settings)
    const key: SavingKey = AesKey.create('zone', 'KBPK', bytes)
    bytes.fill(0)
    try {
      return use(key)
    } finally {
      key.destroy()
    }
  }

  /** The row of a name, where it is alive and stands where the caller believes it to stand. */
  const find = async (transaction: Database, { subject, id, step }: ChannelName, state: Standing['state']) => {
    const row = await readChannel(transaction, subject, id)
    if (row.state === 'ended') throw new HostError('ERR_CHANNEL_ENDED')
    if (row.isExpired) return end(transaction, row, 'expired', 'ERR_CHANNEL_ENDED')
    if (row.state !== state || (step !== undefined && step !== row.version)) throw new HostError('ERR_CHANNEL_STATE')
    return row
  }

  const put = async (transaction: Database, row: Bound, taken: Handshake | Channel): Promise<Date> =>
    insertChannel(transaction, { ...row, sealed: await withKey(row, (key) => save(taken, key)) })

  const move = async (
    transaction: Database,
    row: ChannelRow,
    taken: Handshake | Channel,
    state: Standing['state'],
  ): Promise<Standing> => {
    const version = row.version + 1
    const sealed = await withKey({ ...row, state, version }, (key) => save(taken, key))
    const expires = await moveChannel(transaction, row, { state, sealed })
    return { channel: row.id, state, step: version, expires: expires.toISOString() }
  }

  const channelOf = (row: ChannelRow): Promise<Channel> =>
    withKey(row, (key) => unsealed(row, (sealed) => resumeChannel(sealed, key)))

  return {
    prepare: async () => void (await secrets('channel')),
    cardHash: (issuer, card) => derive('card', issuer, card),
    put,
    async begin(transaction, { card, ...request }) {
      const row = { ...request, state: 'handshake', version: 1 } as const
      const { profile, variant, ...options } = optionsOf(row.settings)
      const credentials = await openCredentials(transaction, masterKey, { issuer: row.issuer, id: row.credentials })
      try {
        const handshake = open(profile, variant, credentials, options)
        const { step } = handshake
        const expires = await put(transaction, { ...row, card_hash: card }, handshake)
        return { channel: row.id, state: row.state, step: row.version, expires: expires.toISOString(), ...step }
      } finally {
        credentials.hostKey.destroy()
      }
    },
    async answer(transaction, name, response) {
      const row = await find(transaction, name, 'handshake')
      if ('refused' in row) return row
      const { profile, variant, ...options } = optionsOf(row.settings)
      const credentials = await openCredentials(transaction, masterKey, { issuer: row.issuer, id: row.credentials })
      const resume = (sealed: Uint8Array, key: SavingKey) =>
        resumeHandshake(sealed, key, profile, variant, credentials, options)
      try {
        const handshake = await withKey(row, (key) => unsealed(row, (sealed) => resume(sealed, key)))
        const next = judged(() => handshake.answer(response))
        if (next instanceof IssuerkitError) return await end(transaction, row, 'failed', 'ERR_CHANNEL_FAILED')
        if (next !== undefined)
          return { answer: { ...(await move(transaction, row, handshake, 'handshake')), ...next } }
        const answer = await move(transaction, row, handshake.channel, 'open')
        await appendAudit(transaction, { subject: row.subject, ...opening(row, 'ok') })
        return { answer }
      } finally {
        credentials.hostKey.destroy()
      }
    },
    async wrap(transaction, name, bytes) {
      const command = parseCommand(bytes)
      const row = await find(transaction, name, 'open')
      if ('refused' in row) return row
      const channel = await channelOf(row)
      const wrapped = judged(() => channel.wrap(command))
      if (!(wrapped instanceof IssuerkitError)) {
        return { answer: { ...(await move(transaction, row, channel, 'open')), command: wrapped } }
      }
      // It has had all its messages.
      if (!channel.isOpen) return end(transaction, row, 'closed', 'ERR_CHANNEL_ENDED')
      channel.close()
      throw wrapped.code === 'ERR_CHANNEL' ? new HostError('ERR_CHANNEL_STATE') : wrapped
    },
    async unwrap(transaction, name, response) {
      const row = await find(transaction, name, 'open')
      if ('refused' in row) return row
      const channel = await channelOf(row)
      const plain = judged(() => channel.unwrap(response))
      if (!(plain instanceof IssuerkitError)) {
        return { answer: { ...(await move(transaction, row, channel, 'open')), ...plain } }
      }
      if (!channel.isOpen) return end(transaction, row, 'failed', 'ERR_CHANNEL_FAILED')
      channel.close()
      throw new HostError('ERR_CHANNEL_STATE')
    },
    async close(transaction, { subject, id }) {
      const row = await readChannel(transaction, subject, id)
      if (row.state !== 'ended') await end(transaction, row, 'closed', 'ERR_CHANNEL_ENDED')
    },
  }
}

/** Ends a channel, in the audit trail too. @returns what the caller is told after the transaction */
async function end(
  transaction: Database,
  row: ChannelRow,
  outcome: ChannelOutcome,
  refused: HostErrorCode,
): Promise<{ readonly refused: HostErrorCode }> {
  await endChannel(transaction, row, outcome)
  const { id, subject, issuer, state } = row
  const isOpening = state === 'handshake' && outcome === 'failed'
  await appendAudit(transaction, { subject, ...(isOpening ? opening(row, 'failed') : closing(id, issuer, outcome)) })
  return { refused }
}

function opening({ id, issuer, credentials, settings: { variant, profile } }: ChannelRow, outcome: 'ok' | 'failed') {
  const detail = { issuer, credentials, variant, profile }
  return { action: 'channel.open' as const, object: `channel:${id}`, outcome, detail }
}

function optionsOf({ profile, variant, level, mutual, date }: ChannelSettings) {
  return { profile, variant, level, mutual, certificates: { date } }
}

function save(taken: Handshake | Channel, key: SavingKey): Uint8Array {
  return taken instanceof Channel ? saveChannel(taken, key) : saveHandshake(taken, key)
}

/** What a row was sealed from. What does not unseal was changed: that is no fault of the card or the caller. */
function unsealed<T>({ id, sealed }: ChannelRow, resume: (sealed: Uint8Array) => T): T {
  try {
    return resume(sealed ?? new Uint8Array(0))
  } catch (cause) {
    throw new HostError('ERR_KEY_UNWRAP', `the channel ${id} does not unseal`, { cause })
  }
}

/** What `f` gives, or the coded error that it throws. */
function judged<T>(f: () => T): T | IssuerkitError {
  try {
    return f()
  } catch (error) {
    if (error instanceof IssuerkitError) return error
    throw error
  }
}
