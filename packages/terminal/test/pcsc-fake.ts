import { expect } from 'vitest'
import type { ReaderOptions } from '../src/pcsc.js'
import type { PcscModule } from '../src/pcsc-module.js'
import { ATR_T0, text } from './readers-support.js'

export const NAME = 'Reader 00'
export const never = new Promise<never>(() => undefined)

/** How the reader behaves. */
export interface Script {
  /** What each attempt to connect comes to: a protocol, or the text of a failure. */
  readonly connects?: readonly (1 | 2 | string | Promise<1 | 2>)[]
  /** What each transmit comes to: an answer in hexadecimal, or the text of a failure after `!`. */
  readonly answers?: readonly (string | Promise<string>)[]
  readonly reconnect?: string | Promise<number>
  readonly context?: string
  readonly list?: string
  readonly atr?: Uint8Array | null
  readonly disconnect?: string
}

/** The low level of the package as far as it concerns us: its texts of errors are those of its pcsc_errors.h. */
export function fake(script: Script = {}) {
  const calls: string[] = []
  let connects = 0
  let answers = 0
  const atr = script.atr === undefined ? ATR_T0 : script.atr
  const fail = (message: string | undefined): void => {
    if (message !== undefined) throw new Error(message)
  }
  const card = (protocol: number) => ({
    protocol,
    get atr() {
      return atr === null ? null : Buffer.from(atr)
    },
    transmit: async (command: Uint8Array, options: { maxRecvLength: number }) => {
      calls.push(`transmit ${text(command)}`)
      expect(options.maxRecvLength).toBeGreaterThanOrEqual(258)
      const answer = (await script.answers?.[answers++]) ?? '9000'
      if (answer.startsWith('!')) throw new Error(answer.slice(1))
      return Buffer.from(answer, 'hex')
    },
    reconnect: async (share: number, protocols: number, initialization: number) => {
      calls.push(`reconnect ${share} ${protocols} ${initialization}`)
      if (typeof script.reconnect === 'string') throw new Error(script.reconnect)
      return (await script.reconnect) ?? protocol
    },
    disconnect: (disposition: number) => {
      calls.push(`disconnect ${disposition}`)
      fail(script.disconnect)
    },
  })
  const reader = {
    name: NAME,
    state: 0,
    atr: atr === null ? null : Buffer.from(atr),
    connect: async (share: number, protocols: number) => {
      calls.push(`connect ${share} ${protocols}`)
      const outcome = script.connects?.[connects++] ?? 1
      if (typeof outcome === 'string') throw new Error(outcome)
      return card(await outcome)
    },
  }
  class Context {
    constructor() {
      fail(script.context)
    }
    listReaders() {
      fail(script.list)
      return [reader, { ...reader, name: 'Reader 01', atr: null }]
    }
    close() {
      calls.push('close')
    }
  }
  const module: PcscModule = { Context }
  const options: ReaderOptions = { module, backoff: 0 }
  return { module, calls, options }
}
