/** A small host of the tests' own, on OpenSSL alone: it shares no line with the card. */
import {
  constants,
  createCipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  privateEncrypt,
  publicEncrypt,
  sign,
} from 'node:crypto'
import { fromHex, toHex } from '@issuerkit/apdu'
import { even, type KeyParts } from './reference.js'

const url = (hex: string): string => Buffer.from(even(hex), 'hex').toString('base64url')
const big = (hex: string): bigint => BigInt(`0x${hex}`)
const hexOf = (value: bigint, bytes: number): string =>
  value
    .toString(16)
    .toUpperCase()
    .padStart(2 * bytes, '0')

/** A private key of OpenSSL from its published parts. */
export function openssl({ n, e, d, p, q }: KeyParts): KeyObject {
  const [P, Q, D] = [big(p), big(q), big(d)]
  let qi = 1n
  // q^(p-2) mod p, the inverse of q, by squaring.
  for (let base = Q % P, left = P - 2n; left > 0n; left >>= 1n, base = (base * base) % P)
    if (left & 1n) qi = (qi * base) % P
  const part = (value: bigint): string => url(value.toString(16))
  const crt = { dp: part(D % (P - 1n)), dq: part(D % (Q - 1n)), qi: part(qi) }
  return createPrivateKey({
    key: { kty: 'RSA', n: url(n), e: url(e), d: url(d), p: url(p), q: url(q), ...crt },
    format: 'jwk',
  })
}

/** block^e mod n, all in hexadecimal. */
export function rawPublic(key: KeyObject, block: string): string {
  return toHex(publicEncrypt({ key: createPublicKey(key), padding: constants.RSA_NO_PADDING }, fromHex(block)))
}

/** block^d mod n. */
export function rawPrivate(key: KeyObject, block: string): string {
  return toHex(privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, fromHex(block)))
}

export function sha1(hex: string): string {
  return toHex(createHash('sha1').update(fromHex(hex)).digest())
}

/** A signature of key transport and of certificates. */
export function signed(key: KeyObject, message: string): string {
  return toHex(sign('sha1', fromHex(message), key))
}

/** The payload padded with AA and enciphered. */
export function enciphered(key: KeyObject, payload: string, bytes = 128): string {
  return rawPublic(key, `0002${'AA'.repeat(bytes - 3 - payload.length / 2)}00${payload}`)
}

/** The data of EXTERNAL AUTHENTICATE in key agreement, the smaller or the larger one of S and n - S. */
export function agreementData(
  host: KeyObject,
  card: KeyObject,
  request: string,
  secret: string,
  challengeAndCardId: string,
  options: { readonly bytes?: number; readonly filling?: string; readonly hash?: string } = {},
): string {
  const { bytes = 128 } = options
  const filled = bytes - 54 - request.length / 2
  const recoverable = (options.filling ?? '5A'.repeat(filled)) + request + secret
  const hash = options.hash ?? sha1(recoverable + challengeAndCardId)
  const s = big(rawPrivate(host, `6A${recoverable}${hash}BC`))
  const n = big(Buffer.from(host.export({ format: 'jwk' }).n as string, 'base64url').toString('hex'))
  return rawPublic(card, hexOf([s, n - s].sort((a, b) => (a < b ? -1 : 1))[0] as bigint, bytes))
}

/** One short APDU. */
export function apdu(header: string, data: string, le = ''): string {
  return header + (data === '' ? '' : hexOf(BigInt(data.length / 2), 1) + data) + le
}

/** As many APDUs as the data need. */
export function chained(header: string, data: string): string[] {
  const pieces = data.match(/.{1,510}/g) ?? ['']
  return pieces.map((piece, i) => apdu((i < pieces.length - 1 ? '1' : '0') + header.slice(1), piece))
}

function des(key: string, iv: string, data: string): string {
  const k = fromHex(key.length === 16 ? key.repeat(3) : key + key.slice(0, 16))
  const cipher = createCipheriv('des-ede3-cbc', k, fromHex(iv))
  cipher.setAutoPadding(false)
  return toHex(cipher.update(fromHex(data)))
}

const pad = (data: string): string => `${data}80`.padEnd(Math.ceil((data.length + 2) / 16) * 16, '0')

/** The MAC, with the counter enciphered as initial value, as the sources put it. */
export function retailMac(key: string, counter: bigint, data: string): string {
  const icv = des(key.slice(0, 16), '0'.repeat(16), hexOf(counter, 8))
  const padded = pad(data)
  const chain = padded.length > 16 ? des(key.slice(0, 16), icv, padded.slice(0, -16)).slice(-16) : icv
  return des(key, chain, padded.slice(-16))
}

/** A command under C-MAC, and C-ENC when there is a key for it. Class 00 or 80. */
export function wrapped(
  header: string,
  data: string,
  le: string,
  macKey: string,
  counter: bigint,
  encKey?: string,
): string {
  const length = (hex: string): string => (hex.length / 2 > 127 ? '81' : '') + hexOf(BigInt(hex.length / 2), 1)
  const cipher = encKey === undefined ? '' : `01${des(encKey, '0'.repeat(16), pad(data))}`
  const body = data === '' ? '' : encKey === undefined ? `81${length(data)}${data}` : `87${length(cipher)}${cipher}`
  const objects = body + (le === '' ? '' : `9701${le}`)
  const mac = retailMac(macKey, counter, `${header}80000000${objects}`)
  return apdu(`${header[0]}C${header.slice(2)}`, `${objects}8E08${mac}`, '00')
}
