/**
 * Keys of the e-purse on the terminal's and the host's side: master key -> the card's key -> session key, and the codes
 * that are made with them.
 *
 * ```
 * key of the card   3DES(K, F) || 3DES(K, not F), F of 8 bytes, once for each level of the issuer
 * SESLK, SESULK, SESUK   3DES(DLK | DULK | DUK, random (4) || online serial (2) || 8000)
 * SESPK             3DES(DPK, random (4) || offline serial (2) || terminal's serial, its last 2 bytes)
 * MAC, TAC          single DES in CBC mode, padding 80 00.., zero initial value, the left 4 bytes
 * TAC key, key of RELOAD PIN   left half of DTK, of DRPK, XOR the right one
 * ```
 *
 * A session key has 8 bytes: it is one block, and single DES is what it is used with.
 * @see [PBOC] 2
 */
import { concat, expectLength, IssuerkitError, xor } from '@issuerkit/apdu'
import { constantTimeEqual, encipherBlocks, type KeyPurpose, macAlgorithm1, TdesKey } from '@issuerkit/keys'

/** A key of the card that makes MACs, or session keys that do. */
export type PurseKey<P extends KeyPurpose = 'MAC'> = TdesKey<'icc', P>

/** A session key, or a key folded to 8 bytes. */
export type PurseSessionKey = TdesKey<'zone', 'MAC'>

/** Bytes of MAC and TAC. */
export const PURSE_MAC_LENGTH = 4

/**
 * A key of a card from its bytes: 16, or 8 of a card that uses single DES. Equal halves are accepted; cards have them.
 * @param purpose MAC unless said; PIN for the key of PIN UNBLOCK, ENC for that of EXTERNAL AUTHENTICATE
 * @throws ERR_KEY when there are neither 16 nor 8 bytes
 */
export function createPurseKey(bytes: Uint8Array): PurseKey
export function createPurseKey<P extends KeyPurpose>(bytes: Uint8Array, purpose: P): PurseKey<P>
export function createPurseKey(bytes: Uint8Array, purpose: KeyPurpose = 'MAC'): PurseKey<KeyPurpose> {
  const both = bytes.length === 8 ? concat(bytes, bytes) : bytes
  try {
    return TdesKey.create('icc', purpose, both, { allowEqualHalves: true })
  } finally {
    if (both !== bytes) both.fill(0)
  }
}

/**
 * The card's key from a master key, one level for each factor, in their order. The card's application serial number is
 * the last factor; an issuer with regional keys puts the area's factor before it.
 * @param factors of 8 bytes each, at least one
 * @throws ERR_LENGTH; ERR_OPTION without any factor; ERR_KEY_DESTROYED
 * @see [PBOC] 2
 */
export function diversifyPurseKey(master: TdesKey<'issuer' | 'icc', 'MAC'>, factors: readonly Uint8Array[]): PurseKey {
  if (factors.length === 0) throw new IssuerkitError('ERR_OPTION', { label: 'factors', expected: 'one or more' })
  let bytes: Uint8Array = master.expose().slice()
  for (const factor of factors) {
    expectLength(factor, 8, 'factor')
    const next = enciphered(bytes, concat(factor, inverted(factor)))
    bytes.fill(0)
    bytes = next
  }
  const key = createPurseKey(bytes)
  bytes.fill(0)
  return key
}

/**
 * SESLK, SESULK, SESUK.
 * @param random 4 bytes of INITIALIZE
 * @param serial the online serial that INITIALIZE answered
 * @throws ERR_LENGTH, ERR_OPTION, ERR_KEY_DESTROYED
 * @see [PBOC] 2
 */
export function onlineSessionKey(key: PurseKey, random: Uint8Array, serial: number): PurseSessionKey {
  return sessionKey(key, concat(expectLength(random, 4, 'random'), wholeNumber(serial, 2, 'serial'), ONLINE))
}

/**
 * SESPK, of purchase, cash withdrawal and composite purchase.
 * @param terminalSerial of 4 bytes; its right two go in
 * @throws ERR_LENGTH, ERR_OPTION, ERR_KEY_DESTROYED
 * @see [PBOC] 2
 */
export function purchaseSessionKey(
  key: PurseKey,
  random: Uint8Array,
  serial: number,
  terminalSerial: number,
): PurseSessionKey {
  const right = wholeNumber(terminalSerial, 4, 'terminal serial').subarray(2)
  return sessionKey(key, concat(expectLength(random, 4, 'random'), wholeNumber(serial, 2, 'serial'), right))
}

/**
 * The left half of a key XOR its right one: what TACs are made with (from DTK), and the MAC of RELOAD PIN (from DRPK).
 * @throws ERR_KEY_DESTROYED
 * @see [PBOC] 2
 */
export function foldPurseKey(key: PurseKey): PurseSessionKey {
  const bytes = key.expose()
  return single(xor(bytes.subarray(0, 8), bytes.subarray(8)))
}

/** MAC1, MAC2, MAC3, TAC: 4 bytes. @throws ERR_KEY_DESTROYED @see [PBOC] 2 */
export function purseMac(key: PurseSessionKey, data: Uint8Array): Uint8Array {
  return macAlgorithm1(key, data, { length: PURSE_MAC_LENGTH })
}

/** The TAC by DTK itself. @throws ERR_KEY_DESTROYED @see [PBOC] 2 */
export function purseTac(dtk: PurseKey, data: Uint8Array): Uint8Array {
  return withKey(foldPurseKey(dtk), (key) => purseMac(key, data))
}

/** Whether a MAC or TAC is the right one; compared in constant time. */
export function isPurseMac(key: PurseSessionKey, data: Uint8Array, given: Uint8Array): boolean {
  return constantTimeEqual(purseMac(key, data), given)
}

/**
 * The session key of a grey lock: the temporary key of the lock enciphers the terminal's random by single DES.
 * @param temporary as {@link purchaseSessionKey} makes it, from DGK
 * @param random of the terminal, 4 bytes
 * @throws ERR_LENGTH, ERR_KEY_DESTROYED
 * @see [FMCOS]
 */
export function greySessionKey(temporary: PurseSessionKey, random: Uint8Array): PurseSessionKey {
  const block = concat(expectLength(random, 4, 'random'), Uint8Array.of(0x80, 0, 0, 0))
  // Single DES is 3DES with both halves the same.
  return withKey(createPurseKey(temporary.expose()), (key) => sessionKey(key, block))
}

/** Blocks enciphered with a key of the card, ECB. @throws ERR_LENGTH, ERR_KEY_DESTROYED */
export function encipherWith(key: PurseKey<KeyPurpose>, blocks: Uint8Array): Uint8Array {
  return enciphered(key.expose(), blocks)
}

/** The result of a use of the key, which is destroyed whatever happens. */
export function withKey<K extends { destroy(): void }, T>(key: K, use: (key: K) => T): T {
  try {
    return use(key)
  } finally {
    key.destroy()
  }
}

/**
 * A whole number as the field of a message, its highest byte first.
 * @throws ERR_OPTION when it does not fit
 */
export function wholeNumber(value: number, length: number, label: string): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0 || value >= 256 ** length) {
    throw new IssuerkitError('ERR_OPTION', { label, expected: `a number of ${length} bytes`, got: String(value) })
  }
  return Uint8Array.from({ length }, (_, i) => Math.floor(value / 256 ** (length - 1 - i)) % 256)
}

const ONLINE = Uint8Array.of(0x80, 0x00)

function sessionKey(key: PurseKey, block: Uint8Array): PurseSessionKey {
  return single(enciphered(key.expose(), block))
}

/** Takes the bytes over: they are zeroed. */
function single(bytes: Uint8Array): PurseSessionKey {
  try {
    return TdesKey.create('zone', 'MAC', bytes, { allowSingleLength: true, withholdKcv: true })
  } finally {
    bytes.fill(0)
  }
}

function enciphered(keyBytes: Uint8Array, blocks: Uint8Array): Uint8Array {
  const key = TdesKey.create('icc', 'ENC', keyBytes, { allowEqualHalves: true })
  return withKey(key, () => encipherBlocks(key, blocks, { mode: 'ecb' }))
}

function inverted(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => ~byte & 0xff)
}
