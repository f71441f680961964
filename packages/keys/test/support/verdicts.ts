/** Requests of every scheme and the verdicts on them. */
import { fromHex } from '@issuerkit/apdu'
import {
  type CryptogramVerdict,
  createKey,
  generateApplicationCryptogram,
  type KeySet,
  type SchemeName,
  type VerifyCryptogramInput,
  verifyApplicationCryptogram,
} from '../../src/index.js'
import { CARD, IMK, issuerKey, transaction } from './transactions.js'

/** A key set of one key. */
export const set = (dki: number, algorithm: 'tdes' | 'sm4' = 'tdes', key = IMK): KeySet => ({
  dki,
  algorithm,
  ac: createKey(algorithm, 'issuer', 'AC', fromHex(key)),
})
export const OTHER = '00112233445566778899AABBCCDDEEFF'
export const keySets = [set(0, 'tdes', OTHER), set(1), set(1, 'sm4')]

/** A transaction of a scheme with its cryptogram, and changes made afterwards. */
export function request(name: SchemeName, changes: Record<string, string> = {}, before: Record<string, string> = {}) {
  const tags = transaction(name, before)
  tags.set('9F26', generateApplicationCryptogram({ scheme: name, imk: issuerKey(name), card: CARD, tags }).cryptogram)
  for (const [tag, hex] of Object.entries(changes)) tags.set(tag, fromHex(hex))
  return tags
}
export const verify = (tags: Map<string, Uint8Array>, more: Partial<VerifyCryptogramInput> = {}): CryptogramVerdict =>
  verifyApplicationCryptogram({ card: CARD, keySets, tags, ...more } as VerifyCryptogramInput)
export const without = (tags: Map<string, Uint8Array>, ...names: string[]): Map<string, Uint8Array> =>
  new Map([...tags].filter(([tag]) => !names.includes(tag)))
