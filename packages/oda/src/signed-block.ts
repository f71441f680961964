/**
 * What all four signed blocks share: recovery by the raw RSA operation, and the hash that ends them.
 * Nothing is unpadded or parsed by a library: the block is recovered and its bytes are compared.
 */
import { concat } from '@issuerkit/apdu'
import { constantTimeEqual, type RsaPublicKey, rsaPublic, sha1 } from '@issuerkit/keys'
import { type Fields, HEADER, type Layout, PADDING, readFields, SHA1_INDICATOR, TRAILER } from './layout.js'
import { attempt, fail, pass, type StageResult } from './stage.js'

/** How the reason codes of a block begin. */
export type BlockName = 'ISSUER_CERT' | 'ICC_CERT' | 'PIN_CERT' | 'SSAD' | 'SDAD'

/** The kind of a block: how its reasons are named, its layout and its format byte. */
export interface BlockKind<L extends Layout, N extends BlockName> {
  readonly name: N
  readonly layout: L
  readonly format: number
}

/** A recovered block. */
export interface RecoveredBlock<L extends Layout> {
  readonly fields: Fields<L> & { readonly hashAlgorithm: Uint8Array; readonly hash: Uint8Array }
  /** From the format byte up to the hash: what the hash covers of the block itself. */
  readonly hashed: Uint8Array
}

/**
 * A signed block, recovered with the signer's key and checked up to its hash algorithm. [EMV-B2] 5.3, 5.4, 6.4, 6.5.2:
 * length, recovery, trailer, header, format, in the order of the steps.
 */
export function recoverBlock<L extends Layout, N extends BlockName>(
  { name, layout, format }: BlockKind<L, N>,
  signer: RsaPublicKey,
  signature: Uint8Array,
): StageResult<RecoveredBlock<L>> {
  // Step 1, before any arithmetic.
  if (signature.length !== signer.modulus.length) return fail(`${name}_LENGTH`)
  // Step 2. A certified modulus that is no RSA modulus (even, a leading zero byte) ends here as well.
  const block = attempt(() => rsaPublic(signer, signature))
  if (block === undefined) return fail(`${name}_RECOVERY`)
  if (block[block.length - 1] !== TRAILER) return fail(`${name}_TRAILER`)
  if (block[0] !== HEADER) return fail(`${name}_HEADER`)
  if (block[1] !== format) return fail(`${name}_FORMAT`)
  const fields = readFields(layout, block) as RecoveredBlock<L>['fields']
  if (fields.hashAlgorithm[0] !== SHA1_INDICATOR) return fail(`${name}_HASH_ALGORITHM`)
  return pass({ fields, hashed: block.slice(1, block.length - 21) })
}

/** Whether the hash of a recovered block is that of its own bytes and what is signed with it. Compared in constant time. */
export function hashMatches(hash: Uint8Array, ...signed: readonly Uint8Array[]): boolean {
  return constantTimeEqual(sha1(concat(...signed)), hash)
}

/** Whether all bytes are the padding byte BB; true for none. */
export function isPadding(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === PADDING)
}
