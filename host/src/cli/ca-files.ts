/** Files with private test keys: a test CA, and test cards. They are made for their owner alone and never overwritten. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { RsaPrivateKey } from '@issuerkit/keys'
import { type CaKeyText, caKeyFromObject, caKeyToText, type TestCa, testCaFromKey } from '@issuerkit/oda'
import { HostError, systemCode } from '../errors.js'

/** A private key as text; the public parts stand beside it. */
export interface PrivateKeyText {
  readonly modulus: string
  readonly exponent: string
  readonly privateExponent: string
  readonly primes: readonly [string, string]
}

/** A test CA as its file has it. */
interface CaFile {
  readonly warning: string
  readonly caKey: CaKeyText
  readonly privateKey: PrivateKeyText
}

export const WARNING = 'Test keys, worthless by design. Never use them with real cards.'

/** A private key as it goes into a file. */
export function privateKeyText(key: RsaPrivateKey): PrivateKeyText {
  const { modulus, exponent, privateExponent, primes } = key.expose()
  return {
    modulus: toHex(modulus),
    exponent: toHex(exponent),
    privateExponent: toHex(privateExponent),
    primes: [toHex(primes[0]), toHex(primes[1])],
  }
}

/** The content of a CA's file. */
export function caFileOf({ key, privateKey }: TestCa): CaFile {
  return { warning: WARNING, caKey: caKeyToText(key), privateKey: privateKeyText(privateKey) }
}

/** A CA from its file. @throws ERR_USAGE when it cannot be read or is not such a file */
export function readCa(file: string): TestCa {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new HostError('ERR_USAGE', `${file} cannot be read (${systemCode(cause)})`, { cause })
  }
  try {
    const { caKey, privateKey } = JSON.parse(text) as CaFile
    const { rid, index, expiry } = caKeyFromObject(caKey)
    const [p, q] = privateKey.primes
    const key = RsaPrivateKey.create({
      modulus: fromHex(privateKey.modulus),
      exponent: fromHex(privateKey.exponent),
      privateExponent: fromHex(privateKey.privateExponent),
      primes: [fromHex(p), fromHex(q)],
    })
    return testCaFromKey(key, expiry === undefined ? { rid, index } : { rid, index, expiry })
  } catch (cause) {
    // What stands in the file may be a key: nothing of it is repeated.
    const code = cause instanceof IssuerkitError ? ` (${cause.code})` : ''
    throw new HostError('ERR_USAGE', `${file} is not the file of a test CA${code}`)
  }
}

/** Writes a new file that its owner alone can read. @throws ERR_USAGE when it is there already or cannot be written */
export function writePrivate(file: string, content: unknown): void {
  try {
    writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    throw new HostError('ERR_USAGE', `${file} cannot be written (${systemCode(cause)})`, { cause })
  }
}
