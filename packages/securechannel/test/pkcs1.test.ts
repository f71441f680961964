import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fromHex, toHex } from '@issuerkit/apdu'
import { RsaPrivateKey, rsaPublic } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { difference, recoverMessage, signWithRecovery } from '../src/iso9796-2.js'
import {
  decipherPkcs1,
  enciphermentBlock,
  sha1DigestInfo,
  signatureBlock,
  signPkcs1,
  verifyPkcs1,
} from '../src/pkcs1.js'
import { coded, oneBitChanges } from './support/coded.js'
import { privateKey, REFERENCE } from './support/reference.js'

const host = privateKey('host')
const card = privateKey('card')
const { externalAuthenticate } = REFERENCE.keyTransport

describe('a PKCS #1 signature', () => {
  const message = fromHex(externalAuthenticate.signedMessage)
  const signature = fromHex(externalAuthenticate.signature)

  it('is the one of the transcript', () => {
    expect(toHex(signatureBlock(sha1DigestInfo(message), 128))).toBe(externalAuthenticate.emsa)
    expect(signPkcs1(host, message)).toEqual(signature)
    expect(verifyPkcs1(host.publicKey, sha1DigestInfo(message), signature)).toBe(true)
  })

  it('agrees with OpenSSL at 2048 bits', () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const { n = '', e = '', d = '' } = pair.privateKey.export({ format: 'jwk' })
    const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))
    const key = RsaPrivateKey.create({ modulus: bytes(n), exponent: bytes(e), privateExponent: bytes(d) })
    expect(verify('sha1', message, pair.publicKey, signPkcs1(key, message))).toBe(true)
    const theirs = new Uint8Array(sign('sha1', message, pair.privateKey))
    expect(verifyPkcs1(key.publicKey, sha1DigestInfo(message), theirs)).toBe(true)
  })

  it('counts in no other bit', () => {
    for (const changed of oneBitChanges(signature)) {
      expect(verifyPkcs1(host.publicKey, sha1DigestInfo(message), changed)).toBe(false)
    }
  })

  it('is of no other length, and not above the modulus', () => {
    const digest = sha1DigestInfo(message)
    for (const other of [
      signature.slice(1),
      Uint8Array.of(0, ...signature),
      host.publicKey.modulus,
      new Uint8Array(0),
    ]) {
      expect(verifyPkcs1(host.publicKey, digest, other)).toBe(false)
    }
  })

  it('needs a modulus with room', () => {
    expect(signatureBlock(new Uint8Array(35), 46)).toHaveLength(46)
    expect(() => signatureBlock(new Uint8Array(35), 45)).toThrow(
      coded('ERR_RSA', { expected: 'at least 46 bytes', got: '45 bytes' }),
    )
    const small = { modulus: Uint8Array.of(...new Uint8Array(20).fill(0xff)), exponent: fromHex('03') }
    expect(verifyPkcs1(small, sha1DigestInfo(message), new Uint8Array(20))).toBe(false)
  })
})

describe('a PKCS #1 block', () => {
  const open = (block: string): Uint8Array | undefined => {
    const plain = fromHex(block.replaceAll(' ', '')).slice()
    const whole = new Uint8Array(128).fill(0x11)
    whole.set(plain)
    return decipherPkcs1(card, rsaPublic(card.publicKey, whole))
  }
  const rest = '11'.repeat(128)

  it('is what the transcript deciphers to', () => {
    const { psoDecipher, payload } = REFERENCE.keyTransport
    for (const text of [psoDecipher.ciphertextRandomPs, psoDecipher.ciphertextFFps]) {
      expect(toHex(decipherPkcs1(card, fromHex(text)) ?? new Uint8Array(0))).toBe(payload)
    }
  })

  it.each([
    ['8 bytes of padding', '0002 1111111111111111 00', 117],
    ['all of it padding', `0002 ${rest.slice(0, 250)} 00`, 0],
    ['zeros in the message', '0002 1111111111111111 00 00 00', 117],
  ])('with %s opens', (_, block, length) => expect(open(block)).toHaveLength(length))

  it.each([
    ['7 bytes of padding', '0002 11111111111111 00'],
    ['no padding', '0002 00'],
    ['no separator', `0002 ${rest.slice(0, 252)}`],
    ['another first byte', '0102 1111111111111111 00'],
    ['the type of a signature', '0001 1111111111111111 00'],
    ['type 3', '0003 1111111111111111 00'],
    ['type 0', '0000 1111111111111111 00'],
    ['a zero in the first eight', '0002 1111111100111111 1111 00'],
  ])('with %s does not', (_, block) => expect(open(block)).toBeUndefined())

  it('is not opened from a text of another length, nor above the modulus', () => {
    for (const text of [new Uint8Array(127), new Uint8Array(129), card.publicKey.modulus]) {
      expect(decipherPkcs1(card, text)).toBeUndefined()
    }
    const gone = RsaPrivateKey.create(card.expose())
    gone.destroy()
    expect(() => decipherPkcs1(gone, new Uint8Array(128))).toThrow(coded('ERR_KEY_DESTROYED'))
  })

  it.each([
    ['of 7 bytes', 7, 1, 128],
    ['too short', 116, 8, 128],
    ['too long', 116, 10, 128],
  ])('is not built with a padding string %s', (_, message, padding, length) => {
    expect(() => enciphermentBlock(new Uint8Array(message), new Uint8Array(padding).fill(1), length)).toThrow(
      coded('ERR_PADDING', { label: 'padding string' }),
    )
  })
  it('is not built with a zero in its padding, nor without room', () => {
    const padding = Uint8Array.of(1, 1, 1, 0, 1, 1, 1, 1)
    expect(() => enciphermentBlock(new Uint8Array(117), padding, 128)).toThrow(coded('ERR_PADDING'))
    expect(() => enciphermentBlock(new Uint8Array(118), padding, 128)).toThrow(coded('ERR_RSA'))
    expect(enciphermentBlock(new Uint8Array(117), new Uint8Array(8).fill(1), 128)).toHaveLength(128)
  })
})

describe('a signature with recovery', () => {
  const { externalAuthenticate: agreed } = REFERENCE.keyAgreement
  const [m1, m2] = [fromHex(agreed.m1), fromHex(agreed.m2)]

  it('is the one of the transcript, and gives the message back', () => {
    expect(toHex(signWithRecovery(host, m1, m2))).toBe(agreed.sigMin)
    expect(recoverMessage(host.publicKey, fromHex(agreed.sigMin), m2)).toEqual(m1)
  })

  it('is the smaller one of s and n - s; both open', () => {
    const seen = new Set<boolean>()
    for (let i = 0; i < 16; i++) {
      const message = Uint8Array.of(i, ...m1.subarray(1))
      const signature = signWithRecovery(host, message, m2)
      const other = difference(host.publicKey.modulus, signature)
      expect(toHex(signature) < toHex(other)).toBe(true)
      for (const one of [signature, other]) expect(recoverMessage(host.publicKey, one, m2)).toEqual(message)
      seen.add(rsaPublic(host.publicKey, signature).at(-1) === 0xbc)
    }
    expect(seen.size).toBe(2)
  })

  it('counts in no other bit, and for no other message', () => {
    for (const changed of oneBitChanges(fromHex(agreed.sigMin))) {
      expect(recoverMessage(host.publicKey, changed, m2)).toBeUndefined()
    }
    for (const changed of oneBitChanges(m2)) {
      expect(recoverMessage(host.publicKey, fromHex(agreed.sigMin), changed)).toBeUndefined()
    }
  })

  it.each([
    ['header', 0x4a, 0xbc],
    ['trailer', 0x6a, 0xcc],
  ])('needs its %s', (_, header, trailer) => {
    const hash = createHash('sha1').update(m1).update(m2).digest()
    const block = Uint8Array.of(header, ...m1, ...hash, trailer)
    expect(recoverMessage(host.publicKey, host.operate(block), m2)).toBeUndefined()
  })

  it.each([-1, 1])('needs a message that fills the block: %i', (more) => {
    const message = new Uint8Array(106 + more)
    expect(() => signWithRecovery(host, message, m2)).toThrow(
      coded('ERR_LENGTH', { label: 'M1', expected: '106 bytes' }),
    )
  })

  it('is of the length of the modulus and below it', () => {
    for (const other of [new Uint8Array(127), host.publicKey.modulus]) {
      expect(recoverMessage(host.publicKey, other, m2)).toBeUndefined()
    }
  })
})

const ENVELOPE = new URL('../../../../shared/vectors/envelope/', import.meta.url)
const envelope = <T>(name: string): T => JSON.parse(readFileSync(new URL(`${name}.json`, ENVELOPE), 'utf8')) as T
const number = (text: string): Uint8Array => fromHex(text.replace(/^(?:00)+/, ''))
interface Test {
  readonly id: number | string
  readonly msg: string
  readonly sig: string
  readonly ct: string
  readonly key: number
  readonly result: string
}

describe.runIf(existsSync(ENVELOPE))('published edge cases', () => {
  it('forged signatures with the exponent 3', () => {
    const { n, e, msg, tests } = envelope<{ n: string; e: string; msg: string; tests: Test[] }>('rsa-sha1-e3-forgeries')
    const key = { modulus: number(n), exponent: number(e) }
    const digest = sha1DigestInfo(fromHex(msg))
    const verdicts = tests.map(({ id, sig }) => [id, verifyPkcs1(key, digest, fromHex(sig)) ? 'valid' : 'invalid'])
    expect(verdicts).toEqual(tests.map(({ id, result }) => [id, result]))
  })

  it('signatures with SHA-1', () => {
    type File = { keys: { n: string; e: string; d: string }[]; tests: Test[] }
    const { keys, tests } = envelope<File>('wycheproof-rsa-pkcs1-sha1-sign')
    const own = keys.map(({ n, e, d }) =>
      RsaPrivateKey.create({ modulus: number(n), exponent: number(e), privateExponent: number(d) }),
    )
    for (const { key, msg, sig } of tests) {
      const signer = own[key] as RsaPrivateKey
      expect(toHex(signPkcs1(signer, fromHex(msg)))).toBe(sig)
      expect(verifyPkcs1(signer.publicKey, sha1DigestInfo(fromHex(msg)), fromHex(sig))).toBe(true)
    }
  })

  it('signatures whose block is built in another way', () => {
    const { n, e, tests } = envelope<{ n: string; e: string; tests: Test[] }>('wycheproof-rsa-verify-2048-sha256')
    const key = { modulus: number(n), exponent: number(e) }
    const prefix = fromHex('3031300D060960864801650304020105000420')
    for (const { id, msg, sig, result } of tests) {
      const hash = createHash('sha256').update(fromHex(msg)).digest()
      const verdict = verifyPkcs1(key, Uint8Array.of(...prefix, ...hash), fromHex(sig))
      // What the file calls acceptable leaves out the NULL parameters: one encoding is enough.
      expect([id, verdict]).toEqual([id, result === 'valid'])
    }
  })

  it('padding of enciphered messages', () => {
    type File = { keys: { n: string; e: string; d: string }[]; tests: Test[] }
    const { keys, tests } = envelope<File>('wycheproof-rsa-pkcs1-decrypt-2048')
    const own = keys.map(({ n, e, d }) =>
      RsaPrivateKey.create({ modulus: number(n), exponent: number(e), privateExponent: number(d) }),
    )
    for (const { id, key, ct, msg, result } of tests) {
      const message = decipherPkcs1(own[key] as RsaPrivateKey, fromHex(ct))
      expect([id, message && toHex(message)]).toEqual([id, result === 'valid' ? msg : undefined])
    }
  })
})
