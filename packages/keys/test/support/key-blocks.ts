/** The published key blocks of vectors/tr31.json, and keys for tests. */
import { readFileSync } from 'node:fs'
import {
  AesKey,
  type KeyBlockProtectionKey,
  type KeyBlockVersion,
  type NewKeyBlockHeader,
  type OptionalBlock,
  TdesKey,
} from '@issuerkit/keys'

export interface KeyBlockCase {
  readonly id: string
  readonly source: string
  readonly kbpk: string
  readonly block: string
  readonly key?: string
  readonly optionalBlocks?: readonly OptionalBlock[]
  readonly fill?: string
  readonly maskedKeyLength?: number
  readonly kbek?: string
  readonly kbak?: string
  readonly error?: string
}

const file = JSON.parse(readFileSync(new URL('../../../../vectors/tr31.json', import.meta.url), 'utf8')) as {
  cases: readonly KeyBlockCase[]
}

export const CASES = file.cases
/** The cases that are to be unwrapped, with their key. */
export const GOOD_CASES = CASES.flatMap((row) => (row.key === undefined ? [] : [{ ...row, key: row.key }]))

export const ALL_VERSIONS = { versions: ['B', 'C', 'D'] } as const satisfies { versions: readonly KeyBlockVersion[] }

export const hexBytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
export const hexText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()

/** The KBPK of a block by its first character. Published ones have equal halves now and then. */
export function kbpkOf({ kbpk, block }: { kbpk: string; block: string }): KeyBlockProtectionKey {
  if ('DE'.includes(block.charAt(0))) return AesKey.create('zone', 'KBPK', hexBytes(kbpk))
  return TdesKey.create('zone', 'KBPK', hexBytes(kbpk), { allowEqualHalves: true })
}

/** The header of a published block as a caller would write it, cut out by hand. */
export function headerOf({ block, optionalBlocks = [] }: KeyBlockCase): NewKeyBlockHeader {
  return {
    version: block.slice(0, 1),
    usage: block.slice(5, 7),
    algorithm: block.slice(7, 8),
    modeOfUse: block.slice(8, 9),
    keyVersion: block.slice(9, 11),
    exportability: block.slice(11, 12),
    optionalBlocks,
  } as NewKeyBlockHeader
}

/** KBPKs for tests, one of each length, in which every byte is another one. */
export const KBPK = {
  tdes16: TdesKey.create('zone', 'KBPK', hexBytes('0123456789ABCDEFFEDCBA9876543210')),
  tdes24: TdesKey.create('zone', 'KBPK', hexBytes('0123456789ABCDEFFEDCBA987654321089ABCDEF01234567')),
  aes16: AesKey.create('zone', 'KBPK', hexBytes('00112233445566778899AABBCCDDEEFF')),
  aes24: AesKey.create('zone', 'KBPK', hexBytes('00112233445566778899AABBCCDDEEFF0123456789ABCDEF')),
  aes32: AesKey.create('zone', 'KBPK', hexBytes('00112233445566778899AABBCCDDEEFF0123456789ABCDEFFEDCBA9876543210')),
} as const
