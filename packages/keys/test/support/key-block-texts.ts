/** Key blocks put together by hand, for the tests of reading: their MAC is never looked at. */
import type { IssuerkitError } from '@issuerkit/apdu'
import { peekKeyBlockHeader } from '@issuerkit/keys'
import { expect } from 'vitest'
import { coded } from './errors.js'

/** Key data and MAC of each version, in digits. */
export const KEY_DATA = { B: 'AB'.repeat(24 + 8), C: 'AB'.repeat(24 + 4), D: 'AB'.repeat(32 + 16) } as const

/** The text with its length where `####` stands. */
export const sized = (text: string): string => text.replace('####', String(text.length).padStart(4, '0'))

/** A key block of version B with these optional blocks. */
export const withBlocks = (count: string, blocks: string): string =>
  sized(`B####E0TX00E${count}00${blocks}${KEY_DATA.B}`)

/** What the error says with which a key block is refused before a key is needed. */
export function refusal(text: string): Pick<IssuerkitError, 'label' | 'offset' | 'expected' | 'got'> {
  try {
    peekKeyBlockHeader(text)
  } catch (error) {
    expect(error).toEqual(coded('ERR_KEY_BLOCK'))
    const { label, offset, expected, got } = error as IssuerkitError
    return { label, offset, expected, got }
  }
  throw new Error('the key block was not refused')
}
