/** One plastic in a reader, and cards that take turns in it: to take a card out and put another in takes pcscd half a second. */
import type { VirtualCard } from '../packages/card/src/index.js'
import type { CardConnection, VirtualReader } from '../packages/terminal/src/index.js'
import { insert, READERS, remove } from './support.js'

/** The plastic, in the reader and connected. */
export interface Plastic {
  readonly connection: CardConnection
  /** Puts another card in; it is not powered before the next reset. */
  readonly hold: (card: VirtualCard) => void
  readonly close: () => Promise<void>
}

/** Puts the plastic into the first reader with a card, and connects it. */
export async function openPlastic(
  first: VirtualCard,
  connect: (name: string) => Promise<CardConnection>,
): Promise<Plastic> {
  let inside = first
  const plastic: VirtualCard = {
    protocol: first.protocol,
    memory: first.memory,
    get powered() {
      return inside.powered
    },
    exchange: (command) => inside.exchange(command),
    powerUp: () => inside.powerUp(),
    powerDown: () => inside.powerDown(),
  }
  const inserted: VirtualReader = await insert(plastic)
  const connection = await connect(READERS[0].name)
  return {
    connection,
    hold: (card) => {
      inside = card
    },
    close: async () => {
      await connection.disconnect()
      await remove(inserted)
    },
  }
}
