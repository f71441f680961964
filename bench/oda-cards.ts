/** Cards for the benchmark of offline data authentication: each has an issuer key and an ICC key of its own. */
import { generatePrimeSync } from 'node:crypto'
import { fromHex } from '../packages/apdu/src/index.js'
import { RsaPrivateKey } from '../packages/keys/src/index.js'
import {
  createTestCa,
  iccDynamicData,
  issueIccCertificate,
  issueIssuerCertificate,
  type OdaInput,
  signDynamicData,
} from '../packages/oda/src/index.js'

const PAN = '6214830100237436'
const STATIC_DATA = fromHex('5A0862148301002374365F24034912315F3401007C00')
const TERMINAL_DATA = fromHex('11223344')
const HALF = 704

/** A card as the checker is given it, and the three public operations that it comes to. */
export interface BenchCard {
  readonly input: OdaInput
  readonly operations: readonly { readonly modulus: Uint8Array; readonly block: Uint8Array }[]
}

/**
 * Cards of one CA of 1984 bits, with issuer and ICC keys of 1408 bits, none of them twice.
 * @param exponent of all keys
 */
export function makeCards(count: number, exponent: 3 | 65537): BenchCard[] {
  const ca = createTestCa({ rid: fromHex('A000000333'), index: 1, bits: 1984, exponent })
  const keys = rsaKeys(exponent)
  const next = (): RsaPrivateKey => keys.next().value as RsaPrivateKey
  return Array.from({ length: count }, (_, i): BenchCard => {
    const [issuer, icc] = [next(), next()]
    const details = { expiry: '1249', serial: Uint8Array.of(0, i >> 8, i & 0xff) }
    const signed = issueIssuerCertificate(ca.privateKey, { ...details, key: issuer.publicKey, identifier: '621483' })
    const own = { ...details, key: icc.publicKey, pan: PAN, staticData: STATIC_DATA }
    const certificate = issueIccCertificate(issuer, own)
    const dynamicData = iccDynamicData(fromHex('0102030405060708'))
    const signature = signDynamicData(icc, { dynamicData, terminalData: TERMINAL_DATA })
    const tags = new Map([
      ['5A', fromHex(PAN)],
      ['90', signed.certificate],
      ['9F32', signed.exponent],
      ['9F46', certificate.certificate],
      ['9F47', certificate.exponent],
      ['9F48', certificate.remainder],
    ])
    return {
      input: {
        method: 'dda',
        caKey: ca.key,
        tags,
        staticData: STATIC_DATA,
        transactionDate: '20261121',
        dynamic: { terminalData: TERMINAL_DATA, signedDynamicApplicationData: signature },
      },
      operations: [
        { modulus: ca.key.modulus, block: signed.certificate },
        { modulus: issuer.publicKey.modulus, block: certificate.certificate },
        { modulus: icc.publicKey.modulus, block: signature },
      ],
    }
  })
}

/** Every pair of a growing list of primes is a key: some hundred keys in the time that OpenSSL takes for a handful. */
function* rsaKeys(exponent: 3 | 65537): Generator<RsaPrivateKey, never> {
  const primes: bigint[] = []
  for (;;) {
    // 5 modulo 6: the exponent 3 then has an inverse.
    const p = generatePrimeSync(HALF, { add: 6n, rem: 5n, bigint: true })
    for (const q of primes) {
      const modulus = bytesOf(p * q)
      if (modulus.length === (2 * HALF) / 8 && (modulus[0] ?? 0) >= 0x80) yield keyOf(p, q, exponent)
    }
    primes.push(p)
  }
}

function keyOf(p: bigint, q: bigint, exponent: number): RsaPrivateKey {
  const order = (p - 1n) * (q - 1n)
  const e = BigInt(exponent)
  // e·d = 1 + k·order; one of the k below e gives a whole number.
  let k = 1n
  while ((1n + k * order) % e !== 0n) k++
  return RsaPrivateKey.create({
    modulus: bytesOf(p * q),
    exponent: bytesOf(e),
    privateExponent: bytesOf((1n + k * order) / e),
    primes: [bytesOf(p), bytesOf(q)],
  })
}

function bytesOf(value: bigint): Uint8Array {
  const digits = value.toString(16)
  return fromHex(digits.padStart(digits.length + (digits.length % 2), '0'))
}
