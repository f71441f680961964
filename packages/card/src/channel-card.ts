/** A card with the RSA secure channel: one function from command bytes to answer bytes. [SCP10] 101 to 156 */
import { type Exchange, toHex, withQueue } from '@issuerkit/apdu'
import { ChannelEngine } from './channel-engine.js'
import { type ChannelMethod, type ChannelVariant, newMemory } from './channel-memory.js'
import { type ChannelCardOptions, channelConfiguration } from './channel-options.js'
import type { ChannelState } from './channel-table.js'
import type { ChannelKeyName } from './channel-template.js'

/** What a test or a demonstration may see of the card's memory: nothing of it is secret. */
export interface ChannelSnapshot {
  readonly state: ChannelState
  readonly variant: ChannelVariant
  readonly method: ChannelMethod
  /** The security level in force: 00 outside of a session. */
  readonly level: number
  readonly keys: readonly ChannelKeyName[]
  /** Whether a challenge, a session request, a secret of the card or a piece of a chain is in memory. */
  readonly challenge: boolean
  readonly request: boolean
  readonly secret: boolean
  readonly chain: boolean
  /** Whose signature the card would accept: 8 bytes in hexadecimal. */
  readonly hostId: string
  /** The reference of the private key in use. */
  readonly cardKey: string
}

/** A card with the secure channel. */
export interface ChannelCard {
  /** Command bytes in, answer bytes out, one at a time in the order of the calls. It never rejects. */
  readonly exchange: Exchange
  readonly inspect: () => ChannelSnapshot
  /** Power off and on: everything back to its first value. [SCP10] 101, 102 */
  readonly powerUp: () => void
}

/**
 * A card that holds the card's end of the channel, powered up.
 * @throws ERR_OPTION, ERR_LENGTH, ERR_RSA, ERR_TLV, ERR_TAG when the options cannot be those of a card
 * @see [SCP10] 101 to 156
 */
export function createChannelCard(options: ChannelCardOptions): ChannelCard {
  const configuration = channelConfiguration(options)
  const memory = newMemory(configuration)
  const engine = new ChannelEngine(memory, configuration, options.application ?? (async () => Uint8Array.of(0x6d, 0)))
  return {
    exchange: withQueue((command) => engine.answer(command)),
    powerUp: () => engine.reset(),
    inspect: () => ({
      state: memory.state,
      variant: memory.variant,
      method: memory.method,
      level: memory.state === 'session' || memory.state === 'answerable' ? memory.level : 0,
      keys: Object.keys(memory.keys) as ChannelKeyName[],
      challenge: memory.challenge !== undefined,
      request: memory.request !== undefined,
      secret: memory.cardSecret !== undefined,
      chain: memory.chain !== undefined,
      hostId: toHex(memory.hostKey.id),
      cardKey: memory.cardKey.reference,
    }),
  }
}
