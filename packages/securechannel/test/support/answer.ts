/** What a card answers under secure messaging, built on OpenSSL alone: it shares nothing with the package. */
import { createCipheriv } from 'node:crypto'

const des = (key: Buffer, data: Buffer, mode: 'ecb' | 'cbc'): Buffer => {
  const iv = mode === 'ecb' ? null : Buffer.alloc(8)
  return createCipheriv(`des-ede3${mode === 'ecb' ? '' : '-cbc'}`, key, iv)
    .setAutoPadding(false)
    .update(data)
}
const single = (half: Buffer): Buffer => Buffer.concat([half, half, half])
const padded = (data: Buffer): Buffer => {
  const whole = Buffer.concat([data, Buffer.of(0x80)])
  return Buffer.concat([whole, Buffer.alloc((8 - (whole.length % 8)) % 8)])
}

/** The retail MAC with the counter, enciphered by single DES, as initial value: [SCP10] steps 149 and 150 to the letter. */
export function referenceMac(key: Uint8Array, counter: Uint8Array, message: Uint8Array, pad = true): Buffer {
  const [left, right] = [Buffer.from(key.subarray(0, 8)), Buffer.from(key.subarray(8, 16))]
  let state = des(single(left), Buffer.from(counter), 'ecb')
  const blocks = pad ? padded(Buffer.from(message)) : Buffer.from(message)
  for (let i = 0; i < blocks.length; i += 8) {
    const mixed = state.map((byte, k) => byte ^ (blocks[i + k] as number))
    const last = i + 8 === blocks.length
    // The whole two-key cipher on the last block is: left, back through right, left.
    state = des(last ? Buffer.concat([left, right, left]) : single(left), Buffer.from(mixed), 'ecb')
  }
  return state
}

export interface CardKeys {
  readonly mac?: { readonly key: Uint8Array; readonly counter: Uint8Array } | undefined
  readonly enc?: Uint8Array | undefined
}

/** A success with data, protected; its objects can be changed before the MAC is formed. */
export function cardAnswer(
  data: Uint8Array,
  status: string,
  { mac, enc }: CardKeys,
  change: (objects: Buffer) => Buffer = (objects) => objects,
): Uint8Array {
  const objects: Buffer[] = []
  const object = (tag: number, value: Buffer): Buffer => Buffer.concat([Buffer.of(tag, value.length), value])
  if (data.length > 0 && enc === undefined) objects.push(object(0x81, Buffer.from(data)))
  if (data.length > 0 && enc !== undefined) objects.push(enciphered(padded(Buffer.from(data)), enc, mac !== undefined))
  if (mac !== undefined) objects.push(object(0x99, Buffer.from(status, 'hex')))
  const message = change(Buffer.concat(objects))
  const check = mac === undefined ? Buffer.alloc(0) : object(0x8e, referenceMac(mac.key, mac.counter, message))
  return new Uint8Array(Buffer.concat([message, check, Buffer.from(status, 'hex')]))
}

/** An 87 or 86 over blocks as they are. */
export function enciphered(blocks: Buffer, key: Uint8Array, underMac = true): Buffer {
  const twoKey = Buffer.concat([key, key.subarray(0, 8)])
  const cipher = des(twoKey, blocks, 'cbc')
  return Buffer.concat([Buffer.of(underMac ? 0x87 : 0x86, cipher.length + 1, 0x01), cipher])
}
