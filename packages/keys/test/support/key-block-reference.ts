/**
 * A second opinion on key blocks, on node:crypto alone: it shares no code with the package, and reads only well-formed
 * headers. Judged by the published blocks before it judges anything.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'

type Version = 'B' | 'C' | 'D'

const MAC_LENGTH = { B: 8, C: 4, D: 16 } as const
const INDICATOR: Readonly<Record<string, number>> = { B16: 0, B24: 1, D16: 2, D24: 3, D32: 4 }

const blockOf = (version: Version): number => (version === 'D' ? 16 : 8)

function cipherName(version: Version, key: Buffer, mode: 'ecb' | 'cbc'): string {
  if (version === 'D') return `aes-${key.length * 8}-${mode}`
  return `${key.length === 16 ? 'des-ede' : 'des-ede3'}-${mode}`
}

const ecb = (version: Version, key: Buffer, data: Buffer): Buffer =>
  createCipheriv(cipherName(version, key, 'ecb'), key, null)
    .setAutoPadding(false)
    .update(data)
const cbc = (version: Version, key: Buffer, data: Buffer, iv: Buffer): Buffer =>
  createCipheriv(cipherName(version, key, 'cbc'), key, iv)
    .setAutoPadding(false)
    .update(data)
const uncbc = (version: Version, key: Buffer, data: Buffer, iv: Buffer): Buffer =>
  createDecipheriv(cipherName(version, key, 'cbc'), key, iv)
    .setAutoPadding(false)
    .update(data)

/** Doubling in the field of 64 or 128 bits, with big numbers. */
function doubled(block: Buffer): Buffer {
  const bits = BigInt(8 * block.length)
  const shifted = BigInt(`0x${block.toString('hex')}`) << 1n
  const value = shifted >> bits === 0n ? shifted : shifted ^ (1n << bits) ^ (block.length === 16 ? 0x87n : 0x1bn)
  return Buffer.from(value.toString(16).padStart(2 * block.length, '0'), 'hex')
}

function cmac(version: Version, key: Buffer, message: Buffer): Buffer {
  const size = blockOf(version)
  const k1 = doubled(ecb(version, key, Buffer.alloc(size)))
  const whole = message.length > 0 && message.length % size === 0
  const padded = whole ? Buffer.from(message) : Buffer.concat([message, Buffer.from([0x80]), Buffer.alloc(size)])
  const data = padded.subarray(0, Math.ceil((message.length + (whole ? 0 : 1)) / size) * size)
  const subkey = whole ? k1 : doubled(k1)
  for (let i = 0; i < size; i++) {
    const at = data.length - size + i
    data.writeUInt8(data.readUInt8(at) ^ subkey.readUInt8(i), at)
  }
  return cbc(version, key, data, Buffer.alloc(size)).subarray(-size)
}

/** KBEK (usage 0) or KBAK (usage 1). */
export function referenceKey(version: Version, kbpk: Buffer, usage: 0 | 1): Buffer {
  if (version === 'C') return Buffer.from(kbpk.map((byte) => byte ^ (usage === 0 ? 0x45 : 0x4d)))
  const parts: Buffer[] = []
  for (let counter = 1; counter <= 3; counter++) {
    const data = Buffer.from([counter, 0, usage, 0, 0, INDICATOR[`${version}${kbpk.length}`] ?? 99, 0, 0])
    data.writeUInt16BE(kbpk.length * 8, 6)
    parts.push(cmac(version, kbpk, data))
  }
  return Buffer.concat(parts).subarray(0, kbpk.length)
}

function macOf(version: Version, kbpk: Buffer, header: Buffer, data: Buffer): Buffer {
  const kbak = referenceKey(version, kbpk, 1)
  const input = Buffer.concat([header, data])
  if (version !== 'C') return cmac(version, kbak, input)
  return cbc(version, kbak, input, Buffer.alloc(8)).subarray(-8).subarray(0, 4)
}

/** A key block of a finished header and clear key data. */
export function referenceWrap(kbpk: Uint8Array, header: string, keyData: Uint8Array): string {
  const version = header.charAt(0) as Version
  const [key, head, data] = [Buffer.from(kbpk), Buffer.from(header, 'ascii'), Buffer.from(keyData)]
  const kbek = referenceKey(version, key, 0)
  const clearMac = version === 'C' ? undefined : macOf(version, key, head, data)
  const enciphered = cbc(version, kbek, data, clearMac ?? head.subarray(0, 8))
  const mac = clearMac ?? macOf(version, key, head, enciphered)
  return header + Buffer.concat([enciphered, mac]).toString('hex').toUpperCase()
}

/** The clear key data of a key block whose header has so many characters, and whether its MAC is right. */
export function referenceUnwrap(kbpk: Uint8Array, block: string, headerLength: number): { data: Buffer; ok: boolean } {
  const version = block.charAt(0) as Version
  const key = Buffer.from(kbpk)
  const head = Buffer.from(block.slice(0, headerLength), 'ascii')
  const body = Buffer.from(block.slice(headerLength), 'hex')
  const enciphered = body.subarray(0, -MAC_LENGTH[version])
  const mac = body.subarray(-MAC_LENGTH[version])
  const data = uncbc(version, referenceKey(version, key, 0), enciphered, version === 'C' ? head.subarray(0, 8) : mac)
  return { data, ok: macOf(version, key, head, version === 'C' ? enciphered : data).equals(mac) }
}
