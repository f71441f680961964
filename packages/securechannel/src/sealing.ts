/**
 * What is put away and taken up again elsewhere, enciphered and authenticated under a key of the caller.
 *
 * | bytes | |
 * |---|---|
 * | 1 | the form: 01 an open channel, 02 a handshake under way |
 * | 16 | initial value |
 * | 16 n | state, AES-CBC |
 * | 16 | AES-CMAC of all that |
 *
 * Both keys come from the caller's by AES-CMAC over a label, so that neither does two things.
 */
import { concat } from '@issuerkit/apdu'
import {
  AesKey,
  constantTimeEqual,
  decipherBlocks,
  encipherBlocks,
  type KeyPurpose,
  macAesCmac,
  pad,
  randomBytes,
} from '@issuerkit/keys'

/** The caller's key for what is saved. */
export type SavingKey = AesKey<'zone', 'KBPK'>

/** What was saved. */
export const FORM = { channel: 0x01, handshake: 0x02 } as const

const BLOCK = 16

/**
 * The state, sealed. It is asked for when the key has proved to be one.
 * @throws ERR_KEY_DESTROYED
 */
export function seal(form: number, key: SavingKey, takeState: () => Uint8Array): Uint8Array {
  return withKeys(key, (encKey, macKey) => {
    const state = takeState()
    const iv = randomBytes(BLOCK)
    const cipher = encipherBlocks(encKey, pad(state, 2, BLOCK), { mode: 'cbc', iv })
    state.fill(0)
    const message = concat(Uint8Array.of(form), iv, cipher)
    return concat(message, macAesCmac(macKey, message))
  })
}

/**
 * What {@link seal} was given, and its padding, for the caller to zero; `undefined` for anything else.
 * @throws ERR_KEY_DESTROYED
 */
export function unseal(form: number, key: SavingKey, sealed: Uint8Array): Uint8Array | undefined {
  return withKeys(key, (encKey, macKey) => {
    const message = sealed.subarray(0, -BLOCK)
    const isWhole = constantTimeEqual(macAesCmac(macKey, message), sealed.subarray(-BLOCK))
    if (!isWhole || message[0] !== form) return undefined
    return decipherBlocks(encKey, message.subarray(1 + BLOCK), { mode: 'cbc', iv: message.subarray(1, 1 + BLOCK) })
  })
}

/** 4 bytes, most significant first. */
export function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)
}

function withKeys<T>(key: SavingKey, use: (encKey: AesKey<'zone', 'ENC'>, macKey: AesKey<'zone', 'MAC'>) => T): T {
  const [encKey, macKey] = [derive(key, 'ENC'), derive(key, 'MAC')]
  try {
    return use(encKey, macKey)
  } finally {
    for (const derived of [encKey, macKey]) derived.destroy()
  }
}

function derive<P extends 'ENC' | 'MAC'>(key: SavingKey, purpose: P): AesKey<'zone', P> {
  const root: AesKey<'zone', 'MAC'> = AesKey.create('zone', 'MAC' satisfies KeyPurpose, key.expose())
  const label = [...`issuerkit saved channel ${purpose}`].map((letter) => letter.charCodeAt(0))
  const bytes = concat(...[1, 2].map((counter) => macAesCmac(root, Uint8Array.of(counter, ...label))))
  root.destroy()
  const derived = AesKey.create('zone', purpose, bytes)
  bytes.fill(0)
  return derived
}
