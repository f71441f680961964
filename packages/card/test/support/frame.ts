/** A virtual card whose program says what it is told: for tests of the frame around the program. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { CardMemory } from '../../src/memory.js'
import { type CardAnswer, type CardProcessor, createVirtualCard, type VirtualCard } from '../../src/virtual-card.js'

export const ATR = '3B6500002063CB6800'
export const data = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i & 0xff)
export const hex = (length: number): string => toHex(data(length))

/** Instructions and what they answer; C8 counts in memory and answers the count, CA counts twice with a commit between. */
const SAYS: Record<string, CardAnswer> = {
  A4: { status: '9000', data: data(0x13) },
  B2: { status: '9000', data: data(0x2a) },
  B4: { status: '6283', data: data(5) },
  B6: { status: '63C2', data: data(5) },
  B8: { status: '6A81', later: data(9) },
  BA: { status: '9000', data: data(256) },
  BC: { status: '9000', data: data(300) },
  BE: { status: '9000', data: data(4), later: data(7) },
  D6: { status: '9000' },
  D8: { status: '6985' },
}

export interface Setup extends Partial<CardProcessor> {
  readonly resets?: { count: number }
}

export function make({ resets = { count: 0 }, ...setup }: Setup = {}): VirtualCard {
  const memory = CardMemory.create([
    ['count', { value: Uint8Array.of(0) }],
    ['second', { value: Uint8Array.of(0) }],
  ])
  const add = (name: string): void => memory.writeNumber(name, memory.readNumber(name) + 1)
  return createVirtualCard(memory, {
    atr: fromHex(ATR),
    protocol: 'T=0',
    nothingPending: '6D00',
    reset: () => {
      resets.count += 1
    },
    process: ({ ins }) => {
      if (ins === 0xc8) add('count')
      if (ins === 0xca) {
        add('count')
        memory.commit()
        add('second')
      }
      if (ins === 0xcc) {
        add('count')
        throw new Error('a fault of the program')
      }
      const key = ins.toString(16).toUpperCase()
      return SAYS[key] ?? { status: ins === 0xc8 || ins === 0xca ? '9000' : '6D00' }
    },
    ...setup,
  })
}

export const send = async (card: VirtualCard, ...commands: string[]): Promise<string> => {
  let last = ''
  for (const command of commands) last = toHex(await card.exchange(fromHex(command.replaceAll(' ', ''))))
  return last
}
