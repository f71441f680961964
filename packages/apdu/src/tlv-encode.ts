/** Writing data objects, always with the shortest length. The layout stands in tlv.ts. */
import { concat, concatAll } from './bytes.js'
import { tagBytes } from './tag.js'
import { lengthSize } from './tlv.js'

/**
 * One data object with the shortest length field. Several parts are written one after another: the children of a
 * template, or the pieces of a value. What stands inside a template is not looked at.
 * @param tag upper-case hexadecimal, 1 to 3 bytes
 * @throws ERR_TAG when the tag is not one well-formed tag
 * @see [ISO8825-1] 10.1 (shortest length), [EMV-B3] B2
 */
export function encodeTlv(tag: string, value: Uint8Array | readonly Uint8Array[]): Uint8Array {
  const body = value instanceof Uint8Array ? value : concatAll(value)
  return concat(tagBytes(tag), encodeLength(body.length), body)
}

function encodeLength(length: number): Uint8Array {
  const field = new Uint8Array(lengthSize(length))
  let rest = length
  for (let i = field.length - 1; i > 0; i--) {
    field[i] = rest & 0xff
    rest >>>= 8
  }
  field[0] = field.length === 1 ? length : 0x80 + field.length - 1
  return field
}
