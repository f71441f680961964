/** Values of the packages as JSON: bytes become upper-case hexadecimal text; keys and secrets print as what they are. */
import { toHex } from '@issuerkit/apdu'

/** `value` with every byte array in it as text; what has a `toJSON` is left to it. */
export function toJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => (item === undefined ? [] : [[name, toJson(item)]])),
  )
}
