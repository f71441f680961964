/** What an action may do wrong on purpose, and the values that it takes as text or bytes. */
import { fromHex } from '@issuerkit/apdu'
import type { TestKey, TestKeyName } from './profile.js'

/** Bytes, or their hexadecimal text. */
export type Text = string | Uint8Array

/** A command's MAC: right, or with one bit turned over: the last one, or that of a number, 0 to 31 from the left. */
export type MacChoice = 'good' | 'bad' | number

/** How a command's MAC is made. */
export interface Protection {
  readonly mac?: MacChoice
  /** `none`: the initial value is zero, as when there was no challenge. Otherwise the last challenge, or the one given. */
  readonly challenge?: 'last' | 'none' | Text
}

/** Bits of a MAC. */
export const MAC_BITS = 32

export function bytesOf(text: Text): Uint8Array {
  return typeof text === 'string' ? fromHex(text, 'value') : text
}

/** The command, and a bit of its MAC turned over where that is asked for. The MAC, 4 bytes, ends the data field. */
export function withWrongMac(command: Uint8Array, { mac = 'good' }: Pick<Protection, 'mac'>): Uint8Array {
  if (mac === 'good') return command
  const wrong = command.slice()
  const bit = mac === 'bad' ? MAC_BITS - 1 : mac
  const at = 5 + (wrong[4] as number) - MAC_BITS / 8 + (bit >> 3)
  wrong[at] = (wrong[at] as number) ^ (0x80 >> (bit & 7))
  return wrong
}

/** The key of the name and index; of the first index where none is given. */
export function keyOf(keys: readonly TestKey[], name: TestKeyName, index?: number): TestKey | undefined {
  return keys.find((key) => key.name === name && (index === undefined || Number.parseInt(key.index, 16) === index))
}
