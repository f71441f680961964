import { type Command, IssuerkitError } from '@issuerkit/apdu'
import { CardMemory, type CardProcessor, createVirtualCard, type VirtualCard } from '@issuerkit/card'
import { expect } from 'vitest'
import type { CardConnection } from '../src/connection.js'

/** Bytes from hexadecimal text with blanks, by Node. */
export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s+/g, ''), 'hex'))

/** Upper-case hexadecimal text, by Node. */
export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()

/** The coded error that the promise rejects with. */
export async function rejected(promise: Promise<unknown>): Promise<IssuerkitError> {
  const error: unknown = await promise.then(
    () => undefined,
    (caught) => caught,
  )
  expect(error).toBeInstanceOf(IssuerkitError)
  return error as IssuerkitError
}

/** Answers to reset: T=0 and T=1 (TD1 = 81), the T=1 one with a check byte. */
export const ATR_T0 = hex('3B6800000073C84000009000')
export const ATR_T1 = hex('3BE000008131204535')

export const SELECT = hex('00A4040007A0000003330101')
export const FCI = hex('6F0E8407A0000003330101A5035001AA')

/** A card of a few commands, on the real memory and frame of the virtual cards. */
export function simpleCard(options: Partial<CardProcessor> & { longest?: number } = {}): VirtualCard {
  const memory = CardMemory.create([['counter', { value: new Uint8Array(2) }]])
  const process = ({ ins, p1, data }: Command) => {
    if (ins === 0xa4) return { status: '9000', data: FCI }
    if (ins === 0x84) return { status: '9000', data: hex('0102030405060708') }
    if (ins === 0xb2) return { status: '9000', data: new Uint8Array(options.longest ?? 256).fill(p1) }
    if (ins === 0xda && data !== undefined) {
      memory.writeNumber('counter', memory.readNumber('counter') + 1)
      return { status: '9000' }
    }
    return { status: '6D00' }
  }
  const atr = options.protocol === 'T=1' ? ATR_T1 : ATR_T0
  const reset = () => undefined
  return createVirtualCard(memory, { atr, protocol: 'T=0', nothingPending: '6D00', reset, process, ...options })
}

/** A connection that answers from a list and keeps the commands it was sent. */
export function scripted(...answers: readonly (string | Error | Promise<string>)[]) {
  const sent: string[] = []
  const resets: string[] = []
  let disconnected = 0
  const connection: CardConnection = {
    name: 'scripted',
    atr: ATR_T0,
    protocol: 'T=0',
    transmit: async (command) => {
      const answer = answers[sent.length]
      sent.push(text(command))
      if (answer === undefined) throw new Error('asked once too often')
      if (answer instanceof Error) throw answer
      return hex(await answer)
    },
    reset: async (kind) => {
      resets.push(kind)
      return ATR_T0
    },
    disconnect: async () => {
      disconnected += 1
    },
  }
  return { connection, sent, resets, disconnects: () => disconnected }
}
