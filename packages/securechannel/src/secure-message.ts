/**
 * What the two directions of secure messaging have in common: data objects, MAC, enciphering.
 *
 * | tag | holds |
 * |---|---|
 * | 81 | plain data |
 * | 87, 86 | 01 ‖ enciphered data; 86 when there is no MAC |
 * | 97, 96 | Le; 96 when there is no MAC |
 * | 99 | the status of an answer |
 * | 8E | the MAC |
 *
 * The counter enciphered by single DES under the left half of the key is the initial value of the MAC. The same number
 * comes out when the counter stands as one more block in front of the message, and so it is computed here.
 * @see [GP] F.3.2, [SCP10] steps 149 to 156, [ISO7816-4] 6
 */
import { concat, encodeTlv } from '@issuerkit/apdu'
import { decipherBlocks, encipherBlocks, type KeyLevel, macAlgorithm3, pad, type TdesKey } from '@issuerkit/keys'

/** The keys of one direction. A key that is absent is a protection that is absent. */
export interface DirectionKeys {
  /** The MAC key with the counter of this message, 8 bytes. */
  readonly mac?: { readonly key: TdesKey<KeyLevel, 'MAC'>; readonly counter: Uint8Array } | undefined
  readonly enc?: TdesKey<KeyLevel, 'ENC'> | undefined
}

/** The data object of the data field; none when there are no data, whatever the level. */
export function dataObject(data: Uint8Array, { mac, enc }: DirectionKeys): Uint8Array {
  if (data.length === 0) return data
  if (enc === undefined) return encodeTlv('81', data)
  const cipher = encipherBlocks(enc, pad(data, 2, 8), { mode: 'cbc' })
  return encodeTlv(mac === undefined ? '86' : '87', [Uint8Array.of(PADDED), cipher])
}

/** The MAC of a message: 8 bytes. `padding` 1 leaves whole blocks as they are. */
export function messageMac(
  { key, counter }: NonNullable<DirectionKeys['mac']>,
  message: Uint8Array,
  padding: 1 | 2 = 2,
): Uint8Array {
  return macAlgorithm3(key, concat(counter, message), { padding })
}

/** [ISO7816-4] 6.3, table 31: the enciphered data are padded by 80 and zeros. */
const PADDED = 0x01

/** The data of an 86 or 87, deciphered and without padding; `undefined` when it is none. */
export function decipherObject(value: Uint8Array, enc: TdesKey<KeyLevel, 'ENC'>): Uint8Array | undefined {
  const cipher = value.subarray(1)
  if (value[0] !== PADDED || cipher.length === 0 || cipher.length % 8 !== 0) return undefined
  const padded = decipherBlocks(enc, cipher, { mode: 'cbc' })
  const end = padded.findLastIndex((byte) => byte !== 0)
  // Padding of a whole block or more would be another encoding of the same data.
  return padded[end] === 0x80 && padded.length - end <= 8 ? padded.slice(0, end) : undefined
}
