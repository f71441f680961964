/**
 * What the host wants of the session: the security level and a control reference template for each key.
 *
 * | key transport | key agreement |
 * |---|---|
 * | D3 01 level | D3 01 level |
 * | B4 or B8 { 95 01 use, 80 type, D1 10 key, 91 08 counter } | B4 or B8 { 95 01 use, 80 type, D1 00, 91 00 } |
 *
 * 80 may be empty or missing, as D1 and 91 of the agreement. B4 is for MACs, B8 for enciphering.
 *
 * It is read without an exception and without a table look-up by secret bytes: the time of a refusal tells nothing that
 * its status does not. [SCP10] 123 to 126, 133'
 */

/** The five session keys. [SCP10] 102 */
export type ChannelKeyName = 'cmac' | 'rmac' | 'cenc' | 'renc' | 'dek'

/** One control reference template. */
export interface KeyTemplate {
  readonly tag: 'B4' | 'B8'
  readonly keys: readonly ChannelKeyName[]
  /** The transported key, 16 bytes; empty in key agreement. */
  readonly key: Uint8Array
  /** The transported start of the MAC counter, 8 bytes, or empty. */
  readonly counter: Uint8Array
}

/** A well-formed request for a session. */
export interface SessionRequest {
  readonly level: number
  readonly templates: readonly KeyTemplate[]
  /** The whole of it as it stood: what the host signs. */
  readonly bytes: Uint8Array
}

/** Bits of the security level. [SCP10] 123 */
export const LEVEL = { cmac: 0x01, cenc: 0x02, rmac: 0x10, renc: 0x20, authenticated: 0x80 } as const

/** [SCP10] 125: tag and use of a template -> the keys that it sets. */
const USES: Readonly<Record<string, readonly ChannelKeyName[]>> = {
  B410: ['cmac'],
  B420: ['rmac'],
  B430: ['cmac', 'rmac'],
  B810: ['cenc'],
  B820: ['renc'],
  B830: ['cenc', 'renc'],
  B8C0: ['dek'],
}

const EMPTY = new Uint8Array(0)

/** Lengths of D1 and 91 that the variant allows. An object that may be empty may be missing. */
const LENGTHS = { transport: { D1: 16, '91': 8 }, agreement: { D1: 0, '91': 0 } } as const

/**
 * Reads a session request; all bytes must be used. `undefined` when anything is wrong: order, length, a use or level that
 * does not exist, two templates for one key, a level without its key.
 */
export function parseSessionRequest(bytes: Uint8Array, variant: 'transport' | 'agreement'): SessionRequest | undefined {
  const level = bytes[2] ?? 0xff
  if (bytes[0] !== 0xd3 || bytes[1] !== 1 || (level & ~0x33) !== 0) return undefined
  const templates: KeyTemplate[] = []
  let at = 3
  while (at < bytes.length) {
    const tag = bytes[at] === 0xb4 ? 'B4' : bytes[at] === 0xb8 ? 'B8' : undefined
    const end = at + 2 + (bytes[at + 1] ?? 0x80)
    // [SCP10] 124: the general tag. Templates have one length byte: 00 to 7F.
    if (tag === undefined || (bytes[at + 1] ?? 0x80) > 0x7f || end > bytes.length) return undefined
    const template = parseTemplate(tag, bytes.subarray(at + 2, end), variant)
    if (template === undefined) return undefined
    templates.push(template)
    at = end
  }
  const keys = templates.flatMap((template) => template.keys)
  const named = new Set<ChannelKeyName>(keys)
  if (keys.length === 0 || named.size < keys.length) return undefined
  const lacking = (['cmac', 'cenc', 'rmac', 'renc'] as const).some(
    (name) => (level & LEVEL[name]) !== 0 && !named.has(name),
  )
  return lacking ? undefined : { level, templates, bytes }
}

function parseTemplate(
  tag: 'B4' | 'B8',
  body: Uint8Array,
  variant: 'transport' | 'agreement',
): KeyTemplate | undefined {
  const use = (body[2] ?? 0).toString(16).toUpperCase()
  const keys = body[0] === 0x95 && body[1] === 1 ? USES[tag + use] : undefined
  if (keys === undefined) return undefined
  let at = 3
  const optional = (code: number): Uint8Array => {
    if (body[at] !== code) return EMPTY
    const value = body.subarray(at + 2, at + 2 + (body[at + 1] ?? 0))
    at += 2 + (body[at + 1] ?? 0)
    return value
  }
  const type = optional(0x80)
  const key = optional(0xd1)
  const counter = optional(0x91)
  // Key type 80 is DES, which an absent or empty one means too. `at` beyond the end: an object was cut short.
  if (at !== body.length || type.length > 1 || (type[0] ?? 0x80) !== 0x80) return undefined
  const lengths = LENGTHS[variant]
  // [SCP10] 124: D1 of 16 bytes; 133': empty. A counter belongs to a MAC key and may be left out of the template.
  if (key.length !== lengths.D1 || ![0, tag === 'B4' ? lengths['91'] : 0].includes(counter.length)) return undefined
  return { tag, keys, key, counter }
}
