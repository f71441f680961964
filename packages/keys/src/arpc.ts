/**
 * The issuer's answer to an ARQC: the ARPC, and the issuer authentication data (tag 91) that carry it.
 *
 * These functions answer whatever they are given. Over chosen input they encipher any block under the card's key, so a
 * host answers only an ARQC that has verified: {@link answerApplicationCryptogram} does both in one call.
 */
import { concat, encodeTlv, expectLength, IssuerkitError, xor } from '@issuerkit/apdu'
import { BLOCK_LENGTH, runBlocks } from './block-cipher.js'
import type { CryptogramKey } from './cryptogram.js'
import { expectArc, expectArqc } from './expect.js'
import { mac } from './mac.js'

/** Bytes of a card status update. */
const CSU_LENGTH = 4
/** Bytes of the ARPC of method 2. */
const METHOD_2_LENGTH = 4
/** [EMV-B2] 8.2.2: proprietary authentication data are 0 to 8 bytes. */
const MOST_PROPRIETARY = 8

/** What the issuer decided: method 1 answers with a response code, method 2 with a card status update. */
export type ArpcDecision =
  | {
      /** Authorisation response code, DE39 as two ASCII bytes: `00` is 3030. */
      readonly arc: Uint8Array
    }
  | {
      /** Card status update, 4 bytes. */
      readonly csu: Uint8Array
      /** 0 to 8 bytes that the card's application understands. */
      readonly proprietaryAuthenticationData?: Uint8Array
    }

/**
 * ARPC by method 1: the cipher over ARQC XOR (ARC ‖ 000000000000), 8 bytes. A cipher with blocks of 16 bytes (AES, SM4)
 * runs over that, filled with zeros on the right, and the leftmost 8 bytes are kept.
 * @param arc DE39 as two ASCII bytes
 * @throws ERR_ARQC, ERR_ARC, ERR_KEY_DESTROYED
 * @see [EMV-B2] 8.2.1, [PBOC] (SM4)
 */
export function generateArpcMethod1(key: CryptogramKey, arqc: Uint8Array, arc: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK_LENGTH[key.algorithm])
  block.set(xor(expectArqc(arqc), concat(expectArc(arc), new Uint8Array(6))))
  return runBlocks(key.algorithm, 'encrypt', key.expose(), block).slice(0, 8)
}

/**
 * ARPC by method 2: the leftmost 4 bytes of the MAC, padding method 2, over ARQC ‖ CSU ‖ proprietary authentication data.
 * @throws ERR_ARQC; ERR_LENGTH when the CSU is not 4 bytes or the proprietary data are more than 8; ERR_KEY_DESTROYED
 * @see [EMV-B2] 8.2.2
 */
export function generateArpcMethod2(
  key: CryptogramKey,
  arqc: Uint8Array,
  csu: Uint8Array,
  proprietaryAuthenticationData: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const data = concat(expectArqc(arqc), expectCsu(csu), expectProprietary(proprietaryAuthenticationData))
  return mac(key, data, { padding: 2, length: METHOD_2_LENGTH })
}

/**
 * The ARPC by the method that the decision is for.
 * @throws as {@link generateArpcMethod1} and {@link generateArpcMethod2}
 */
export function generateArpc(key: CryptogramKey, arqc: Uint8Array, decision: ArpcDecision): Uint8Array {
  return 'arc' in decision
    ? generateArpcMethod1(key, arqc, decision.arc)
    : generateArpcMethod2(key, arqc, decision.csu, decision.proprietaryAuthenticationData)
}

/**
 * Issuer authentication data, the value of tag 91.
 *
 * | method | value | bytes |
 * |---|---|---|
 * | 1 | ARPC(8) ‖ ARC(2) | 10 |
 * | 2 | ARPC(4) ‖ CSU(4) ‖ proprietary authentication data | 8 to 16 |
 * @throws ERR_ARQC when the ARPC of method 1 is not 8 bytes; ERR_ARC; ERR_LENGTH for the ARPC of method 2, the CSU and the
 *   proprietary data
 * @see [EMV-B2] 8.2, [EMV-B3] Annex A tag 91
 */
export function issuerAuthenticationData(arpc: Uint8Array, decision: ArpcDecision): Uint8Array {
  if ('arc' in decision) return concat(expectArqc(arpc), expectArc(decision.arc))
  const { csu, proprietaryAuthenticationData = new Uint8Array(0) } = decision
  const short = expectLength(arpc, METHOD_2_LENGTH, 'arpc')
  return concat(short, expectCsu(csu), expectProprietary(proprietaryAuthenticationData))
}

/** Tag 91 whole, as it stands in DE55 of the answer. @throws as {@link issuerAuthenticationData} */
export function tag91(arpc: Uint8Array, decision: ArpcDecision): Uint8Array {
  return encodeTlv('91', issuerAuthenticationData(arpc, decision))
}

function expectCsu(csu: Uint8Array): Uint8Array {
  return expectLength(csu, CSU_LENGTH, 'csu')
}

function expectProprietary(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MOST_PROPRIETARY) {
    throw new IssuerkitError('ERR_LENGTH', {
      label: 'proprietaryAuthenticationData',
      expected: `0 to ${MOST_PROPRIETARY} bytes`,
      got: `${bytes.length} bytes`,
    })
  }
  return bytes
}
