/** The test card in a test's hand: hexadecimal in, hexadecimal out. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { openDebitCreditCard } from '../../src/debit-credit-card.js'
import type { CardMemory } from '../../src/memory.js'
import type { VirtualCard } from '../../src/virtual-card.js'
import { TEST_AID, TEST_GPO, type TestCardOverrides, testCardMemory } from './test-card.js'

export interface Shell {
  readonly card: VirtualCard
  readonly memory: CardMemory
  /** Sends commands one after another; the last answer. */
  readonly send: (...commands: readonly string[]) => Promise<string>
  /** An object of the card in hexadecimal. */
  readonly object: (name: string) => string
}

export const SELECT = `00A4040008${TEST_AID}`
export const GPO = TEST_GPO

/** Random bytes that a test knows: 01 02 03 .., going on from call to call. */
export function countingRandom(): (length: number) => Uint8Array {
  let next = 0
  return (length) => Uint8Array.from({ length }, () => (next = (next + 1) & 0xff))
}

/** A card on T=1, where an answer comes at once, unless the overrides say otherwise. */
export function shell({ card: config, ...overrides }: TestCardOverrides = {}): Shell {
  const memory = testCardMemory({ ...overrides, card: { protocol: 'T=1', ...config } })
  const card = openDebitCreditCard(memory, { random: countingRandom() })
  return {
    card,
    memory,
    send: async (...commands) => {
      let answer = ''
      for (const command of commands) answer = toHex(await card.exchange(fromHex(command)))
      return answer
    },
    object: (name) => toHex(memory.read(name)),
  }
}
