/**
 * Session keys: ICC master key -> the key of one transaction. PBOC calls it the process key (过程密钥).
 * Each method is a row of {@link SessionKeyInput}; what it needs beside the ICC master key stands in the row.
 */
import { concat, expectLength, fromHex, IssuerkitError, toHex, xor } from '@issuerkit/apdu'
import { runBlocks } from './block-cipher.js'
import { expectArqc, expectAtc } from './expect.js'
import { type AesKey, createKey, type KeyPurpose, type SecretKey, type Sm4Key, type TdesKey } from './key.js'
import { expectParity, type Parity, withOddParity } from './parity.js'
import { type TreeInput, treeKey } from './session-tree.js'

/** Methods for TDES keys. */
export type TdesSessionKeyInput =
  | { readonly method: 'emv-common'; readonly atc: Uint8Array }
  | { readonly method: 'emv-common'; readonly diversificationValue: Uint8Array }
  | { readonly method: 'visa-xor'; readonly atc: Uint8Array }
  | { readonly method: 'mastercard-skd'; readonly atc: Uint8Array; readonly unpredictableNumber: Uint8Array }
  | ({ readonly method: 'emv2000-tree' } & TreeInput)
  | { readonly method: 'pboc'; readonly atc: Uint8Array }

/** The method for AES keys. */
export type AesSessionKeyInput =
  | { readonly method: 'emv-aes'; readonly atc: Uint8Array }
  | { readonly method: 'emv-aes'; readonly diversificationValue: Uint8Array }

/** The method for SM4 keys. */
export type Sm4SessionKeyInput = { readonly method: 'pboc-sm4'; readonly atc: Uint8Array }

/**
 * The method and what it diversifies by. R is the diversification value, ATC 2 bytes.
 *
 * | method | key | session key | parity |
 * |---|---|---|---|
 * | emv-common | TDES | TDES[R with byte 3 = F0] ‖ TDES[R with byte 3 = 0F]; R is 8 bytes: ATC ‖ 00.. for an AC, the ARQC for scripts | odd |
 * | mastercard-skd | TDES | emv-common with R = ATC ‖ 0000 ‖ unpredictable number (4 bytes) | odd |
 * | emv2000-tree | TDES | a tree of keys, see {@link TreeInput} | odd |
 * | visa-xor | TDES | left half XOR 00.. ‖ ATC, right half XOR 00.. ‖ NOT ATC | none |
 * | pboc | TDES | TDES[00.. ‖ ATC] ‖ TDES[00.. ‖ NOT ATC] | none |
 * | emv-aes | AES | 16 bytes: AES[R]; longer: AES[R with byte 3 = F0] ‖ AES[R with byte 3 = 0F], cut; R is 16 bytes, or 8 and zeros | |
 * | pboc-sm4 | SM4 | SM4[00.. ‖ ATC ‖ 00.. ‖ NOT ATC] | |
 */
export type SessionKeyInput = TdesSessionKeyInput | AesSessionKeyInput | Sm4SessionKeyInput

/** What may differ from the method's own rule. */
export interface SessionKeyOptions {
  /** The parity bits of a TDES session key: as the method's row says unless given. */
  readonly parity?: Parity
}

/**
 * The session key of a transaction, of the algorithm, purpose and length of the ICC master key.
 *
 * A `visa-xor` key prints no key check value: with its ATC it is the ICC master key itself.
 * @throws ERR_KEY when the method is for a key of another algorithm
 * @throws ERR_ATC when the ATC is not 2 bytes; ERR_LENGTH for the diversification value, the unpredictable number and
 *   IV;
 *   ERR_OPTION when the method or parity is unknown, branch or height out of range; ERR_KEY_DESTROYED
 * @see [EMV-B2] A1.3 (emv-common, emv-aes), [MCHIP], [VIS], [PBOC] 7 (process key)
 */
export function deriveSessionKey<P extends KeyPurpose>(
  iccMasterKey: TdesKey<'icc', P>,
  input: TdesSessionKeyInput,
  options?: SessionKeyOptions,
): TdesKey<'session', P>
export function deriveSessionKey<P extends KeyPurpose>(
  iccMasterKey: AesKey<'icc', P>,
  input: AesSessionKeyInput,
  options?: SessionKeyOptions,
): AesKey<'session', P>
export function deriveSessionKey<P extends KeyPurpose>(
  iccMasterKey: Sm4Key<'icc', P>,
  input: Sm4SessionKeyInput,
  options?: SessionKeyOptions,
): Sm4Key<'session', P>
export function deriveSessionKey<P extends KeyPurpose>(
  iccMasterKey: SecretKey<'icc', P>,
  input: SessionKeyInput,
  options?: SessionKeyOptions,
): SecretKey<'session', P>
export function deriveSessionKey<P extends KeyPurpose>(
  iccMasterKey: SecretKey<'icc', P>,
  input: SessionKeyInput,
  { parity }: SessionKeyOptions = {},
): SecretKey<'session', P> {
  if (!Object.hasOwn(METHODS, input.method)) {
    throw new IssuerkitError('ERR_OPTION', { label: 'method', expected: Object.keys(METHODS).join(', ') })
  }
  const { algorithm, parity: usual } = METHODS[input.method]
  if (iccMasterKey.algorithm !== algorithm) {
    const label = `icc ${iccMasterKey.purpose} key`
    throw new IssuerkitError('ERR_KEY', {
      label,
      expected: `${algorithm} for ${input.method}`,
      got: iccMasterKey.algorithm,
    })
  }
  const raw = sessionKeyBytes(iccMasterKey.expose(), input)
  const isOdd = expectParity(parity ?? usual) === 'odd' && algorithm === 'tdes'
  return createKey(algorithm, 'session', iccMasterKey.purpose, isOdd ? withOddParity(raw) : raw, {
    allowEqualHalves: true,
    withholdKcv: input.method === 'visa-xor',
  })
}

/** The key that each method works with, and what it does with the parity bits. */
const METHODS = {
  'emv-common': { algorithm: 'tdes', parity: 'odd' },
  'mastercard-skd': { algorithm: 'tdes', parity: 'odd' },
  'emv2000-tree': { algorithm: 'tdes', parity: 'odd' },
  'visa-xor': { algorithm: 'tdes', parity: 'none' },
  // The published PBOC process keys keep the bits as enciphering gave them.
  pboc: { algorithm: 'tdes', parity: 'none' },
  'emv-aes': { algorithm: 'aes', parity: 'none' },
  'pboc-sm4': { algorithm: 'sm4', parity: 'none' },
} as const

/**
 * The bytes of a session key with the parity bits as they come; the lengths are checked here. Inside this package
 * only.
 */
export function sessionKeyBytes(key: Uint8Array, input: SessionKeyInput): Uint8Array {
  switch (input.method) {
    case 'emv-common':
      return f0And0f('tdes', key, diversificationValue(input, 8))
    case 'mastercard-skd': {
      const number = expectLength(input.unpredictableNumber, 4, 'unpredictableNumber')
      return f0And0f('tdes', key, concat(expectAtc(input.atc), new Uint8Array(2), number))
    }
    case 'emv2000-tree':
      return treeKey(key, input)
    case 'visa-xor':
      return xor(key, atcAndInverse(input.atc))
    case 'pboc':
      return runBlocks('tdes', 'encrypt', key, atcAndInverse(input.atc))
    case 'emv-aes': {
      const r = diversificationValue(input, 16)
      // [EMV-B2] A1.3.1: one block fills a key of 16 bytes, and R enters it unchanged.
      return key.length === 16 ? runBlocks('aes', 'encrypt', key, r) : f0And0f('aes', key, r).subarray(0, key.length)
    }
    case 'pboc-sm4':
      return runBlocks('sm4', 'encrypt', key, atcAndInverse(input.atc))
  }
}

/** The cipher over R with its third byte F0, then 0F. [EMV-B2] A1.3.1 */
function f0And0f(algorithm: 'tdes' | 'aes', key: Uint8Array, r: Uint8Array): Uint8Array {
  const both = concat(r, r)
  both[2] = 0xf0
  both[r.length + 2] = 0x0f
  return runBlocks(algorithm, 'encrypt', key, both)
}

/** R, one block: as given, an application cryptogram or an ATC with zeros behind. [EMV-B2] A1.3 */
function diversificationValue(
  input: { readonly atc: Uint8Array } | { readonly diversificationValue: Uint8Array },
  block: 8 | 16,
): Uint8Array {
  const r = new Uint8Array(block)
  if ('atc' in input) r.set(expectAtc(input.atc))
  else if (input.diversificationValue.length === 8) r.set(input.diversificationValue)
  else r.set(expectLength(input.diversificationValue, block, 'diversificationValue'))
  return r
}

/** 000000000000 ‖ ATC ‖ 000000000000 ‖ NOT ATC. */
function atcAndInverse(atc: Uint8Array): Uint8Array {
  const both = new Uint8Array(16)
  both.set(expectAtc(atc), 6)
  both[14] = (atc[0] as number) ^ 0xff
  both[15] = (atc[1] as number) ^ 0xff
  return both
}

/**
 * R of the n-th script command chained to the first one of a transaction: ARQC + n, modulo 2^64; n is 0 for the first.
 * @throws ERR_ARQC when the ARQC is not 8 bytes; ERR_OPTION when n is not a whole number from 0
 * @see [EMV-B2] A1.3, [MCHIP]
 */
export function scriptDiversificationValue(arqc: Uint8Array, n: number): Uint8Array {
  if (!Number.isSafeInteger(n) || n < 0) {
    throw new IssuerkitError('ERR_OPTION', { label: 'n', expected: 'a whole number from 0', got: String(n) })
  }
  if (n === 0) return new Uint8Array(expectArqc(arqc))
  const sum = BigInt.asUintN(64, BigInt(`0x${toHex(expectArqc(arqc))}`) + BigInt(n))
  return fromHex(sum.toString(16).padStart(16, '0'))
}
