/** The session keys on the card: taken from the transported templates, or derived from the two secrets. */
import { concat, xor } from '@issuerkit/apdu'
import { sha1, TdesKey } from '@issuerkit/keys'
import type { ChannelProfile } from './channel-profile.js'
import type { ChannelKeyName, KeyTemplate } from './channel-template.js'

/** The value that the next MAC of a key takes; two keys may share one. [SCP10] "signature information" */
export interface MacCounter {
  value: bigint
}

/** A MAC key with its counter. */
export interface ChannelMacKey {
  readonly key: TdesKey<'session', 'MAC'>
  readonly counter: MacCounter
}

/** The keys that the session has; one that it lacks can protect nothing. */
export interface ChannelKeys {
  readonly cmac?: ChannelMacKey
  readonly rmac?: ChannelMacKey
  readonly cenc?: TdesKey<'session', 'ENC'>
  readonly renc?: TdesKey<'session', 'ENC'>
  readonly dek?: TdesKey<'session', 'DEK'>
}

/** A key value with the counter that it starts from. */
interface KeyMaterial {
  readonly name: ChannelKeyName
  readonly bytes: Uint8Array
  readonly counter: MacCounter
}

/**
 * The keys of the transported templates. [SCP10] 125 to 127
 * @returns `undefined` when signature information is missing where the profile wants it (126)
 */
export function transportedKeys(templates: readonly KeyTemplate[], profile: ChannelProfile): ChannelKeys | undefined {
  const macs = templates.filter(({ tag }) => tag === 'B4')
  const informed = macs.filter(({ counter }) => counter.length === 8)
  const wanted = profile.signatureInformation === 'every' ? macs.length : 1
  if (informed.length < wanted) return undefined
  const first = counterOf(informed[0]?.counter ?? new Uint8Array(8))
  return assemble(
    templates.flatMap(({ keys, key, counter }) => {
      const own = profile.counters === 'shared' || counter.length === 0 ? first : counterOf(counter)
      return keys.map((name) => ({ name, bytes: key, counter: own }))
    }),
  )
}

/**
 * The keys derived from the two secrets of 32 bytes each. [SCP10] 134'
 * SHA-1 of the XOR of both and a counting number; the first 16 bytes are the key.
 */
export function agreedKeys(
  templates: readonly KeyTemplate[],
  hostSecret: Uint8Array,
  cardSecret: Uint8Array,
  profile: ChannelProfile,
): ChannelKeys {
  const secret = xor(hostSecret, cardSecret)
  const shared = { value: startOf(hostSecret, cardSecret, profile) }
  const seen = new Map<string, number>()
  const material = templates.flatMap(({ tag, keys }) => {
    // Table F-12: a template counts among those of its kind, MAC, enciphering or DEK.
    const kind = keys[0] === 'dek' ? 'dek' : tag
    const nth = seen.get(kind) ?? 0
    seen.set(kind, nth + 1)
    const counter = profile.counters === 'shared' ? shared : { value: shared.value }
    return keys.map((name): KeyMaterial => {
      const number = profile.keyCounterBy === 'role' ? ROLE[name] : POSITION[kind] + 2 * nth
      return { name, bytes: derive(secret, number, profile.keyCounterBytes), counter }
    })
  })
  secret.fill(0)
  const keys = assemble(material)
  for (const { bytes } of material) bytes.fill(0)
  return keys
}

const ROLE: Readonly<Record<ChannelKeyName, number>> = { cmac: 1, rmac: 2, cenc: 3, renc: 4, dek: 5 }
/** Where the counting starts by kind; the second template of a kind is two further, that of DEK can only be the first. */
const POSITION: Readonly<Record<string, number>> & { B4: number; B8: number; dek: number } = { B4: 1, B8: 2, dek: 5 }

function derive(secret: Uint8Array, number: number, counterBytes: number): Uint8Array {
  const counter = new Uint8Array(counterBytes)
  counter[counterBytes - 1] = number
  const input = concat(secret, counter)
  const key = sha1(input).slice(0, 16)
  input.fill(0)
  return key
}

/** [SCP10] 134': the first four bytes, host before card. F.2.3: the last four, card before host. */
function startOf(hostSecret: Uint8Array, cardSecret: Uint8Array, { startCounter }: ChannelProfile): bigint {
  const bytes =
    startCounter === 'last-card-first'
      ? concat(cardSecret.subarray(28), hostSecret.subarray(28))
      : concat(hostSecret.subarray(0, 4), cardSecret.subarray(0, 4))
  return counterOf(bytes).value
}

function counterOf(bytes: Uint8Array): MacCounter {
  return { value: new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0) }
}

// Halves that are equal are the host's choice, or chance: the sources refuse neither.
const ANY = { allowEqualHalves: true } as const

function assemble(material: readonly KeyMaterial[]): ChannelKeys {
  const found = (name: ChannelKeyName): KeyMaterial | undefined => material.find((one) => one.name === name)
  const [cmac, rmac, cenc, renc, dek] = (['cmac', 'rmac', 'cenc', 'renc', 'dek'] as const).map(found)
  return {
    ...(cmac && { cmac: { key: TdesKey.create('session', 'MAC', cmac.bytes, ANY), counter: cmac.counter } }),
    ...(rmac && { rmac: { key: TdesKey.create('session', 'MAC', rmac.bytes, ANY), counter: rmac.counter } }),
    ...(cenc && { cenc: TdesKey.create('session', 'ENC', cenc.bytes, ANY) }),
    ...(renc && { renc: TdesKey.create('session', 'ENC', renc.bytes, ANY) }),
    ...(dek && { dek: TdesKey.create('session', 'DEK', dek.bytes, ANY) }),
  }
}

/** Zeroes every key and its counter. [SCP10] 102 */
export function destroyKeys({ cmac, rmac, cenc, renc, dek }: ChannelKeys): void {
  for (const mac of [cmac, rmac]) {
    mac?.key.destroy()
    if (mac !== undefined) mac.counter.value = 0n
  }
  for (const key of [cenc, renc, dek]) key?.destroy()
}
