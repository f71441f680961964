/**
 * Session keys: ICC master key -> the key of one transaction. PBOC calls it the process key (过程密钥).
 * Each method is a row of {@link SessionKeyInput}; what it needs beside the ICC master key stands in the row.
 */
import { concat } from '@issuerkit/apdu'
import { backend } from './backend.js'
import { expectAtc } from './expect.js'
import { type KeyPurpose, TdesKey } from './key.js'

/**
 * The method and what it diversifies by.
 *
 * | method | diversified by |
 * |---|---|
 * | pboc | ATC in the left half, NOT ATC in the right half |
 */
export type SessionKeyInput = { readonly method: 'pboc'; readonly atc: Uint8Array }

/**
 * The session key of a transaction: 16 bytes, of the purpose of the ICC master key.
 * @throws ERR_ATC when the ATC is not 2 bytes; ERR_KEY_DESTROYED
 * @see [PBOC] 7 (process key)
 */
export function deriveSessionKey<P extends KeyPurpose>(
  iccMasterKey: TdesKey<'icc', P>,
  input: SessionKeyInput,
): TdesKey<'session', P> {
  const atc = expectAtc(input.atc)
  const left = concat(new Uint8Array(6), atc)
  const right = concat(
    new Uint8Array(6),
    atc.map((byte) => byte ^ 0xff),
  )
  const raw = backend().des('encrypt', iccMasterKey.expose(), concat(left, right))
  // No parity adjustment: the published PBOC process keys keep the bits as enciphering gave them.
  return TdesKey.create('session', iccMasterKey.purpose, raw, { allowEqualHalves: true })
}
