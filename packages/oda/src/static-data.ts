/** Static data authentication: the signed static application data (tag 93). @see [EMV-B2] 5.4 */
import type { RsaPublicKey } from '@issuerkit/keys'
import { SIGNED_STATIC_DATA } from './layout.js'
import type { StaticData } from './records.js'
import { hashMatches, isPadding, recoverBlock } from './signed-block.js'
import { fail, pass, type StageResult } from './stage.js'

/** The signed static application data as a signed block. */
export const SSAD = { name: 'SSAD', layout: SIGNED_STATIC_DATA, format: 0x03 } as const

/** The signature (93) and what it was made over. */
export interface StaticDataInput {
  readonly issuerKey: RsaPublicKey
  readonly signature: Uint8Array
  readonly staticData: StaticData
}

/**
 * The data authentication code (tag 9F45), 2 bytes, once the issuer's signature over the static data holds.
 *
 * Recovers dataAuthenticationCode.
 * @see [EMV-B2] 5.4 steps 1 to 7
 */
export function verifyStaticData({ issuerKey, signature, staticData }: StaticDataInput): StageResult<Uint8Array> {
  const block = recoverBlock(SSAD, issuerKey, signature)
  if (!block.ok) return block
  const { fields, hashed } = block.value
  const recovered = { dataAuthenticationCode: fields.dataAuthenticationCode }
  // Step 5 forms the hash input: without all of it the hash proves nothing.
  if (!staticData.ok) return fail(staticData.reason, recovered)
  if (!hashMatches(fields.hash, hashed, staticData.bytes)) return fail('SSAD_HASH', recovered)
  if (!isPadding(fields.padding)) return fail('SSAD_PADDING', recovered)
  return pass(fields.dataAuthenticationCode, recovered)
}
