/**
 * The revocation list of issuer certificates.
 *
 * | bytes | |
 * |---|---|
 * | 5 | RID |
 * | 1 | CA public key index |
 * | 3 | certificate serial number |
 *
 * @see [EMV-B2] 5.1.2 (certification revocation list)
 */
import { concat, expectLength, toHex } from '@issuerkit/apdu'

/** Entries of 9 bytes as upper-case hexadecimal text. Made by {@link createRevocationList}. */
export type RevocationList = ReadonlySet<string>

/**
 * A revocation list from its entries of 9 bytes: RID ‖ CA key index ‖ serial number.
 * @throws ERR_LENGTH when an entry is not 9 bytes; the label counts entries from 1
 */
export function createRevocationList(entries: Iterable<Uint8Array>): RevocationList {
  const list = new Set<string>()
  for (const entry of entries) list.add(toHex(expectLength(entry, 9, `revocation list entry ${list.size + 1}`)))
  return list
}

/** Whether the issuer certificate with this serial number, under this CA key, has been revoked. */
export function isRevoked(
  list: RevocationList,
  { rid, index }: { readonly rid: Uint8Array; readonly index: number },
  serial: Uint8Array,
): boolean {
  return list.has(toHex(concat(rid, Uint8Array.of(index), serial)))
}
