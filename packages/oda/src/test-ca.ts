/** A test CA: a payment system of one's own, whose key a checker can import. Never for live cards. */
import { concat, encodeTlv, fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { RsaPrivateKey } from '@issuerkit/keys'
import { type CaKey, createCaKey } from './ca-key.js'
import type { CaKeyText } from './ca-key-import.js'

/** A CA with its private key. */
export interface TestCa {
  readonly key: CaKey
  readonly privateKey: RsaPrivateKey
}

/** What a CA key is made of. */
export interface TestCaOptions {
  /** 5 bytes. */
  readonly rid: Uint8Array
  /** 0 to 255. */
  readonly index: number
  /** Of the modulus: 512 to 1984, a multiple of 8. */
  readonly bits: number
  readonly exponent: 3 | 65537
  /** YYYYMMDD. */
  readonly expiry?: string
}

/**
 * A CA with a new key, its checksum formed.
 * @throws ERR_OPTION when bits or exponent are others; ERR_CA_KEY, ERR_DATE as {@link createCaKey}
 */
export function createTestCa({ rid, index, bits, exponent, expiry }: TestCaOptions): TestCa {
  return testCaFromKey(emvKey(bits, exponent), expiry === undefined ? { rid, index } : { rid, index, expiry })
}

/**
 * A CA with a key that is there already.
 * @throws ERR_CA_KEY, ERR_DATE as {@link createCaKey}
 */
export function testCaFromKey(
  privateKey: RsaPrivateKey,
  name: Pick<TestCaOptions, 'rid' | 'index' | 'expiry'>,
): TestCa {
  return { key: createCaKey({ ...name, ...privateKey.publicKey }), privateKey }
}

/**
 * A new key for an issuer or a card, of a size that EMV knows.
 * @throws ERR_OPTION when bits are not 512 to 1984 and a multiple of 8, or the exponent is another
 * @see [EMV-B2] 5.1, B2.1
 */
export function emvKey(bits: number, exponent: 3 | 65537): RsaPrivateKey {
  if (bits > 1984) throw new IssuerkitError('ERR_OPTION', { label: 'bits', expected: 'at most 1984', got: `${bits}` })
  return RsaPrivateKey.generate(bits, exponent)
}

/** The key in the text form that lists of keys have; a list of them in JSON is what `caKeysFromJson` reads. */
export function caKeyToText(key: CaKey): CaKeyText {
  const { rid, index, modulus, exponent, checksum, expiry } = key
  return {
    rid: toHex(rid),
    index: toHex(Uint8Array.of(index)),
    modulus: toHex(modulus),
    exponent: toHex(exponent),
    checksum: toHex(checksum),
    ...(expiry === undefined ? {} : { expiry }),
    hashAlgorithm: '01',
    keyAlgorithm: '01',
  }
}

const COLUMNS = ['rid', 'index', 'modulus', 'exponent', 'checksum', 'expiry', 'hashAlgorithm', 'keyAlgorithm'] as const

/** Keys as CSV: a line of names, then a key a line. What `caKeysFromCsv` reads. */
export function caKeysToCsv(keys: readonly CaKey[]): string {
  const rows = keys.map(caKeyToText).map((text) => COLUMNS.map((name) => text[name] ?? '').join(','))
  return `${[COLUMNS.join(','), ...rows].join('\n')}\n`
}

/** The key as terminals are configured with it: 9F06, 9F22, DF05 (YYYYMMDD in BCD), DF06, DF07, DF02, DF04, DF03. */
export function caKeyToTlv(key: CaKey): Uint8Array {
  const { rid, index, modulus, exponent, checksum, expiry } = key
  const list: [string, Uint8Array][] = [
    ['9F06', rid],
    ['9F22', Uint8Array.of(index)],
    ...(expiry === undefined ? [] : [['DF05', fromHex(expiry)] as [string, Uint8Array]]),
    ['DF06', Uint8Array.of(1)],
    ['DF07', Uint8Array.of(1)],
    ['DF02', modulus],
    ['DF04', exponent],
    ['DF03', checksum],
  ]
  return concat(...list.map(([tag, value]) => encodeTlv(tag, value)))
}
