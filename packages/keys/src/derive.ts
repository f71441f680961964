/**
 * Key derivation: issuer master key -> ICC master key.
 * The ICC master key is what Visa and PBOC call the UDK (子密钥): one per card, application and purpose.
 *
 * | option | cipher | Y |
 * |---|---|---|
 * | A | TDES; its twin SM4 | the rightmost 16 digits of PAN and sequence number |
 * | B | TDES | as A for a PAN of at most 16 digits, else 16 digits of a SHA-1 hash |
 * | C | AES | all digits of PAN and sequence number |
 * @see [EMV-B2] A1.4, [PBOC] 7
 */
import { concat, fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { encipherByMasterKey } from './block-cipher.js'
import { type CardIdentity, expectCardIdentity } from './card-identity.js'
import { sha1 } from './hash.js'
import { AesKey, type KeyPurpose, type SecretKey, Sm4Key, TdesKey } from './key.js'
import { expectParity, type Parity, withOddParity } from './parity.js'

/** How an ICC master key is derived. */
export interface DeriveOptions {
  /** `A` (default) or `B` with a TDES key; C goes with every AES key, A's twin with every SM4 key. */
  readonly option?: 'A' | 'B' | 'C'
  /**
   * Whether the parity bits of the derived TDES key are made odd (the default) or left as enciphering gave them.
   * DES ignores them; D1 of a PIN block and Visa's XOR session key take them as they are, so the choice shows there.
   * AES and SM4 keys have no parity bits.
   */
  readonly parity?: Parity
  /** Option C alone: bytes of the derived key, 16, 24 or 32; as many as the issuer master key has by default. */
  readonly keyBytes?: number
}

/**
 * The ICC master key of a card, of the algorithm and purpose of the issuer master key.
 *
 * ```
 * TDES  key = TDES(IMK)[Y] ‖ TDES(IMK)[NOT Y]            16 bytes
 * SM4   key = SM4(IMK)[Y ‖ NOT Y]                        16 bytes
 * AES   key = AES(IMK)[Y] (‖ AES(IMK)[NOT Y])            16 bytes (24, 32)
 * ```
 * @throws ERR_PAN, ERR_PAN_SEQUENCE, ERR_KEY_DESTROYED; ERR_OPTION when an option is unknown or not of this algorithm
 * @see [EMV-B2] A1.4
 */
export function deriveIccMasterKey<P extends KeyPurpose>(
  imk: TdesKey<'issuer', P>,
  card: CardIdentity,
  options?: DeriveOptions,
): TdesKey<'icc', P>
export function deriveIccMasterKey<P extends KeyPurpose>(
  imk: AesKey<'issuer', P>,
  card: CardIdentity,
  options?: DeriveOptions,
): AesKey<'icc', P>
export function deriveIccMasterKey<P extends KeyPurpose>(
  imk: Sm4Key<'issuer', P>,
  card: CardIdentity,
  options?: DeriveOptions,
): Sm4Key<'icc', P>
export function deriveIccMasterKey<P extends KeyPurpose>(
  imk: SecretKey<'issuer', P>,
  card: CardIdentity,
  options?: DeriveOptions,
): SecretKey<'icc', P>
export function deriveIccMasterKey<P extends KeyPurpose>(
  imk: SecretKey<'issuer', P>,
  card: CardIdentity,
  { option, parity = 'odd', keyBytes }: DeriveOptions = {},
): SecretKey<'icc', P> {
  const identity = expectCardIdentity(card)
  expectParity(parity)
  if (imk.algorithm === 'aes') {
    expectOption(option, 'C', ['C'], 'an AES key')
    return AesKey.create('icc', imk.purpose, optionC(imk, identity, keyBytes))
  }
  if (keyBytes !== undefined) {
    throw new IssuerkitError('ERR_OPTION', { label: 'keyBytes', expected: 'none but with an AES key' })
  }
  if (imk.algorithm === 'sm4') {
    expectOption(option, 'A', ['A'], 'an SM4 key')
    return Sm4Key.create('icc', imk.purpose, encipherWithInverse(imk, digitsOfOptionA(identity)))
  }
  const isA = expectOption(option, 'A', ['A', 'B'], 'a TDES key') === 'A' || identity.pan.length <= 16
  const raw = encipherWithInverse(imk, isA ? digitsOfOptionA(identity) : digitsOfOptionB(identity))
  return TdesKey.create('icc', imk.purpose, parity === 'odd' ? withOddParity(raw) : raw, { allowEqualHalves: true })
}

function expectOption(option: string | undefined, usual: string, known: readonly string[], key: string): string {
  if (option === undefined) return usual
  if (!known.includes(option)) {
    throw new IssuerkitError('ERR_OPTION', { label: 'option', expected: `${known.join(' or ')} with ${key}` })
  }
  return option
}

/** The rightmost 16 digits of PAN ‖ sequence number, zero-filled on the left. [EMV-B2] A1.4.1 step 1 */
function digitsOfOptionA({ pan, panSequence }: CardIdentity): string {
  return `${pan}${panSequence}`.slice(-16).padStart(16, '0')
}

/**
 * The first 16 decimal digits of the SHA-1 hash of PAN ‖ sequence number, one zero digit in front when their count is
 * odd; where the hash has fewer, its letters A to F follow in their order as the digits 0 to 5. [EMV-B2] A1.4.2
 */
function digitsOfOptionB({ pan, panSequence }: CardIdentity): string {
  const digits = `${pan}${panSequence}`
  const hash = toHex(sha1(fromHex(digits.length % 2 === 0 ? digits : `0${digits}`)))
  const letters = hash.replace(/\d/g, '').replace(/[A-F]/g, (letter) => String('ABCDEF'.indexOf(letter)))
  return `${hash.replace(/\D/g, '')}${letters}`.slice(0, 16)
}

/** Y, 16 bytes: PAN ‖ sequence number, zero-filled on the left. [EMV-B2] A1.4.3 */
function optionC(imk: AesKey<'issuer', KeyPurpose>, { pan, panSequence }: CardIdentity, keyBytes?: number): Uint8Array {
  const bytes = imk.expose()
  const length = keyBytes ?? bytes.length
  if (![16, 24, 32].includes(length)) {
    throw new IssuerkitError('ERR_OPTION', { label: 'keyBytes', expected: '16, 24 or 32', got: String(length) })
  }
  return encipherWithInverse(imk, `${pan}${panSequence}`.padStart(32, '0')).subarray(0, length)
}

/** The cipher over Y ‖ NOT Y: two blocks of TDES or AES, one of SM4. */
function encipherWithInverse(key: SecretKey<'issuer', KeyPurpose>, digits: string): Uint8Array {
  const y = fromHex(digits)
  const both = concat(y, y)
  for (let i = y.length; i < both.length; i++) both[i] = (both[i] as number) ^ 0xff
  return encipherByMasterKey(key, both)
}
