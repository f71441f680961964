/**
 * Enciphering of command data. There is no way from outside of this package to encipher data of one's own choice: under
 * a card's key that would be an oracle. PIN CHANGE enciphers PIN blocks, nothing else does.
 */
import { concat } from '@issuerkit/apdu'
import { encipherBlocks, pad, type Scheme, Secret } from '@issuerkit/keys'
import type { ScriptSession } from './script-session.js'
import { type MasterKey, withSessionKey } from './session-keys.js'

/** Data before and after enciphering. */
export interface EncipheredData {
  /** Padded as the scheme pads: whole blocks. */
  readonly plain: Secret
  readonly enciphered: Uint8Array
}

/** The data padded and enciphered as the scheme does, under the session key of `encKey`. */
export function encipherData(session: ScriptSession, encKey: MasterKey<'ENC'>, data: Secret): EncipheredData {
  const { algorithm, encipherment } = session.scheme
  const padded = padData(data.expose(), encipherment.padding, algorithm === 'sm4' ? 16 : 8)
  const plain = Secret.of(padded, 'plain data')
  padded.fill(0)
  const { mode } = encipherment
  const enciphered = withSessionKey(session, encKey, (key) => encipherBlocks(key, plain.expose(), { mode }))
  return { plain, enciphered }
}

/**
 * The data as whole blocks, in a new array.
 *
 * | rule | |
 * |---|---|
 * | length-prefix | a byte with their length, the data, 80 00.. [VIS], [PBOC] |
 * | always | the data, 80 00.. [EMV-B2] 9.3.1.2 |
 * | when-needed | the data, and 80 00.. only where they are no whole blocks [MCHIP] |
 */
export function padData(data: Uint8Array, rule: Scheme['encipherment']['padding'], blockLength: number): Uint8Array {
  if (rule === 'when-needed' && data.length % blockLength === 0) return data.slice()
  return pad(rule === 'length-prefix' ? concat(Uint8Array.of(data.length), data) : data, 2, blockLength)
}
