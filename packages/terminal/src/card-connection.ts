/** A virtual card in this process, as a connected card. */
import type { VirtualCard } from '@issuerkit/card'
import { type CardConnection, type ResetKind, readerError } from './connection.js'

/**
 * Connects a virtual card and powers it up, which resets it. Nothing keeps a second connection away: two of them share
 * the card as two programs share a reader in shared mode, and reset it under each other.
 *
 * What is special to a virtual card passes as it is: ERR_POWER from a command when its fuse cut the power (a reset powers
 * it up again), and from a reset when the fuse cut that, too.
 * @param name for messages
 * @throws ERR_POWER
 */
export function connectCard(card: VirtualCard, name = 'virtual card'): CardConnection {
  let atr = card.powerUp()
  let gone = false
  const present = (): void => {
    if (gone) throw readerError(name, 'a connected card', 'disconnected')
  }
  return {
    name,
    protocol: card.protocol,
    get atr() {
      return atr.slice()
    },
    transmit: async (command) => {
      present()
      return card.exchange(command)
    },
    reset: async (kind: ResetKind) => {
      present()
      if (kind === 'cold') card.powerDown()
      atr = card.powerUp()
      return atr.slice()
    },
    disconnect: async () => {
      if (gone) return
      gone = true
      card.powerDown()
    },
  }
}
