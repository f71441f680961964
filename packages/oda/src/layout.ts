/**
 * The layouts of the blocks that EMV signs, as data: name and length of each field, in order.
 * Checking reads them, issuing writes them.
 *
 * | block | format | signed by | citation |
 * |---|---|---|---|
 * | issuer certificate | 02 | CA | [EMV-B2] 5.3 table 6 |
 * | signed static application data | 03 | issuer | [EMV-B2] 5.4 table 7 |
 * | ICC certificate, PIN encipherment certificate | 04 | issuer | [EMV-B2] 6.4 table 14, 7.1 |
 * | signed dynamic application data | 05 (fDDA: 95) | ICC | [EMV-B2] 6.5.2 table 17 |
 */

/** The length of a field that takes what the others leave of the block. */
export const REST = -1

/** Name and length of each field. Exactly one has the length {@link REST}. */
export type Layout = readonly (readonly [name: string, length: number])[]

/** The fields of a block by name. */
export type Fields<L extends Layout> = { readonly [Name in L[number][0]]: Uint8Array }

/** The first byte of every signed block. */
export const HEADER = 0x6a
/** The last byte of every signed block. */
export const TRAILER = 0xbc
/** What fills a key field or a block that its content does not. */
export const PADDING = 0xbb
/** Hash algorithm indicator and public key algorithm indicator of SHA-1 and RSA. [EMV-B2] B2.4, B3.1 */
export const SHA1_INDICATOR = 0x01
export const RSA_INDICATOR = 0x01

export const ISSUER_CERTIFICATE = [
  ['header', 1],
  ['format', 1],
  ['identifier', 4],
  ['expiry', 2],
  ['serial', 3],
  ['hashAlgorithm', 1],
  ['keyAlgorithm', 1],
  ['keyLength', 1],
  ['exponentLength', 1],
  ['key', REST],
  ['hash', 20],
  ['trailer', 1],
] as const satisfies Layout

/** Also the layout of the PIN encipherment certificate. The identifier is the PAN. */
export const ICC_CERTIFICATE = [
  ['header', 1],
  ['format', 1],
  ['identifier', 10],
  ['expiry', 2],
  ['serial', 3],
  ['hashAlgorithm', 1],
  ['keyAlgorithm', 1],
  ['keyLength', 1],
  ['exponentLength', 1],
  ['key', REST],
  ['hash', 20],
  ['trailer', 1],
] as const satisfies Layout

export const SIGNED_STATIC_DATA = [
  ['header', 1],
  ['format', 1],
  ['hashAlgorithm', 1],
  ['dataAuthenticationCode', 2],
  ['padding', REST],
  ['hash', 20],
  ['trailer', 1],
] as const satisfies Layout

/** The content is the ICC dynamic data, as long as its length says, and padding. */
export const SIGNED_DYNAMIC_DATA = [
  ['header', 1],
  ['format', 1],
  ['hashAlgorithm', 1],
  ['dynamicDataLength', 1],
  ['content', REST],
  ['hash', 20],
  ['trailer', 1],
] as const satisfies Layout

/** How many bytes the fields of fixed length take together. */
export function fixedLength(layout: Layout): number {
  return layout.reduce((sum, [, length]) => (length === REST ? sum : sum + length), 0)
}

/** The fields of a block that is at least {@link fixedLength} bytes long. Each is a copy of its own. */
export function readFields<L extends Layout>(layout: L, block: Uint8Array): Fields<L> {
  const rest = block.length - fixedLength(layout)
  const fields: Record<string, Uint8Array> = {}
  let offset = 0
  for (const [name, length] of layout) {
    const end = offset + (length === REST ? rest : length)
    fields[name] = block.slice(offset, end)
    offset = end
  }
  return fields as Fields<L>
}
