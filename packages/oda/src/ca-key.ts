/**
 * CA public keys: what a terminal holds of each payment system, and begins every chain with.
 *
 * checksum = SHA-1( RID ‖ index ‖ modulus ‖ exponent )
 * @see [EMV-B2] 5.2, 11.2.2
 */
import { concat, IssuerkitError, toHex } from '@issuerkit/apdu'
import { constantTimeEqual, type RsaPublicKey, sha1 } from '@issuerkit/keys'
import { isEmvExponent } from './certificate.js'
import { expectDate } from './dates.js'
import { RSA_INDICATOR, SHA1_INDICATOR } from './layout.js'
import type { Recovered } from './stage.js'

/** A CA public key whose checksum has been verified or formed. Made by {@link createCaKey}. */
export interface CaKey extends RsaPublicKey {
  /** Registered application provider identifier, 5 bytes: the first of an AID. */
  readonly rid: Uint8Array
  /** 0 to 255, tag 9F22 of the terminal, 8F of the card. */
  readonly index: number
  /** 20 bytes. */
  readonly checksum: Uint8Array
  /** YYYYMMDD, the last day. */
  readonly expiry?: string
}

/** The parts of a CA public key. */
export interface CaKeyParts {
  readonly rid: Uint8Array
  readonly index: number
  readonly modulus: Uint8Array
  readonly exponent: Uint8Array
  /** 20 bytes. A key that comes from outside has one; without it the checksum is formed. */
  readonly checksum?: Uint8Array
  /** YYYYMMDD. */
  readonly expiry?: string | undefined
  /** Hash algorithm indicator; 1 (SHA-1) where absent. */
  readonly hashAlgorithm?: number | undefined
  /** Public key algorithm indicator; 1 (RSA) where absent. */
  readonly keyAlgorithm?: number | undefined
}

/**
 * A CA public key, checked.
 * @throws ERR_CA_KEY with a label that names the key and the part: a RID that is not 5 bytes, an index that is not 0 to
 * 255, an algorithm other than SHA-1 and RSA, a modulus that is not 512 to 1984 bits or no RSA modulus, an exponent other
 * than 03 and 010001, a checksum that is not 20 bytes or not the key's; ERR_DATE
 */
export function createCaKey(parts: CaKeyParts): CaKey {
  const { rid, index, modulus, exponent, expiry } = parts
  if (rid.length !== 5) throw refused('CA key: rid', '5 bytes', `${rid.length} bytes`)
  if (!Number.isInteger(index) || index < 0 || index > 255) throw refused('CA key: index', '0 to 255', String(index))
  const name = caKeyName({ rid, index })
  expectIndicator(`${name}: hash algorithm`, parts.hashAlgorithm, SHA1_INDICATOR)
  expectIndicator(`${name}: key algorithm`, parts.keyAlgorithm, RSA_INDICATOR)
  // [EMV-B2] 5.1: EMV ends at 1984 bits.
  if (modulus.length < 64 || modulus.length > 248) {
    throw refused(`${name}: modulus`, '64 to 248 bytes', `${modulus.length} bytes`)
  }
  if (modulus[0] === 0 || (modulus[modulus.length - 1] as number) % 2 === 0) {
    throw refused(`${name}: modulus`, 'an odd number without leading zero bytes', 'another')
  }
  if (!isEmvExponent(exponent)) throw refused(`${name}: exponent`, '03 or 010001', toHex(exponent))
  const checksum = sha1(concat(rid, Uint8Array.of(index), modulus, exponent))
  if (parts.checksum !== undefined && !constantTimeEqual(parts.checksum, checksum)) {
    throw refused(`${name}: checksum`, toHex(checksum), toHex(parts.checksum))
  }
  const key = { rid: rid.slice(), index, modulus: modulus.slice(), exponent: exponent.slice(), checksum }
  return expiry === undefined ? key : { ...key, expiry: expectDate(expiry, `${name}: expiry`) }
}

/** How a key is called: `CA key A000000333/03`. */
export function caKeyName({ rid, index }: Pick<CaKey, 'rid' | 'index'>): string {
  return `CA key ${toHex(rid)}/${toHex(Uint8Array.of(index))}`
}

/** What a verdict tells of the CA key: rid, caKeyIndex, caKeyChecksum. */
export function caKeyFields({ rid, index, checksum }: CaKey): Recovered {
  return { rid, caKeyIndex: Uint8Array.of(index), caKeyChecksum: checksum }
}

function expectIndicator(label: string, indicator: number | undefined, known: number): void {
  if (indicator !== undefined && indicator !== known) throw refused(label, String(known), String(indicator))
}

function refused(label: string, expected: string, got: string): IssuerkitError {
  return new IssuerkitError('ERR_CA_KEY', { label, expected, got })
}
