/**
 * What both sides agree on before there are keys: the security level and the control reference templates (CRT).
 *
 * ```
 * D3 01 level  { B4 | B8  L  95 01 usage  [80 L type]  [D1 10 key]  [91 08 counter] } once to five times
 * ```
 *
 * | CRT | 95 | keys |
 * |---|---|---|
 * | B4 | 10, 20, 30 | C-MAC, R-MAC, one for both |
 * | B8 | 10, 20, 30 | C-ENC, R-ENC, one for both |
 * | B8 | C0, 80 | DEK, in both directions or in commands |
 *
 * Key transport carries the keys (D1) and the first counter of each MAC key (91); key agreement derives them.
 * @see [GP] F.3 (tables F-10, F-11), [SCP10] steps 123 to 127, 133'
 */
import { concat, encodeTlv, parseTlv, type Tlv } from '@issuerkit/apdu'
import { attempt, channelError } from './failure.js'

/** How the keys come about: transport (PSO DECIPHER, steps S4 to S7) or agreement (steps S4' to S7'). */
export type Variant = 'transport' | 'agreement'

/** The five keys of a session. */
export type KeyRole = 'CMAC' | 'RMAC' | 'CENC' | 'RENC' | 'DEK'

/** The five roles, in the order of the patent. */
export const ROLES: readonly KeyRole[] = ['CMAC', 'RMAC', 'CENC', 'RENC', 'DEK']

/** Bits of the security level. The two high bits are the card's. */
export const LEVEL = { CMAC: 0x01, CENC: 0x02, RMAC: 0x10, RENC: 0x20 } as const

/** One control reference template. */
export interface ControlReferenceTemplate {
  readonly kind: 'MAC' | 'ENC' | 'DEK'
  /** The value of tag 95. */
  readonly usage: number
  /** The value of D1, 16 bytes; key transport only. */
  readonly key?: Uint8Array
  /** The value of 91, 8 bytes: the first counter of a MAC key; key transport only. */
  readonly counter?: Uint8Array
}

/** A security level and its templates. */
export interface Payload {
  readonly level: number
  readonly templates: readonly ControlReferenceTemplate[]
}

const USAGES: Readonly<Record<ControlReferenceTemplate['kind'], readonly number[]>> = {
  MAC: [0x10, 0x20, 0x30],
  ENC: [0x10, 0x20, 0x30],
  DEK: [0x80, 0xc0],
}

/** The roles that a template gives a key to. [GP] table F-11, [SCP10] step 125 */
export function rolesOf({ kind, usage }: ControlReferenceTemplate): KeyRole[] {
  if (kind === 'DEK') return ['DEK']
  const [command, response] = kind === 'MAC' ? (['CMAC', 'RMAC'] as const) : (['CENC', 'RENC'] as const)
  return [...((usage & 0x10) === 0 ? [] : [command]), ...((usage & 0x20) === 0 ? [] : [response])]
}

/**
 * The fewest templates that a level needs: a MAC key, an enciphering key, each for both directions, and a DEK. A MAC key
 * is always there: without any counter the patent's card refuses the keys ([SCP10] step 126).
 */
export function templatesOf(level: number): ControlReferenceTemplate[] {
  const usage = (command: number, answer: number): number =>
    ((level & command) === 0 ? 0 : 0x10) | ((level & answer) === 0 ? 0 : 0x20)
  const enc = usage(LEVEL.CENC, LEVEL.RENC)
  return [
    { kind: 'MAC', usage: usage(LEVEL.CMAC, LEVEL.RMAC) || 0x30 },
    ...(enc === 0 ? [] : [{ kind: 'ENC' as const, usage: enc }]),
    { kind: 'DEK', usage: 0xc0 },
  ]
}

/**
 * The payload as it goes into PSO DECIPHER, or into the signature of key agreement.
 * @param emptyObjects writes an empty D1 and 91 where a template has none of its own
 */
export function encodePayload({ level, templates }: Payload, emptyObjects = false): Uint8Array {
  const object = (tag: string, value: Uint8Array | undefined): Uint8Array[] =>
    value === undefined && !emptyObjects ? [] : [encodeTlv(tag, value ?? new Uint8Array(0))]
  const encoded = templates.map(({ kind, usage, key, counter }) =>
    encodeTlv(kind === 'MAC' ? 'B4' : 'B8', [
      encodeTlv('95', Uint8Array.of(usage)),
      // [GP] table 11-16: 80 is DES, its mode left to the use.
      encodeTlv('80', Uint8Array.of(0x80)),
      ...object('D1', key),
      ...object('91', counter),
    ]),
  )
  return concat(encodeTlv('D3', Uint8Array.of(level)), ...encoded)
}

/**
 * A payload taken apart. Its order is kept: it decides which key is derived for which template.
 * @throws ERR_CHANNEL when it is malformed, gives a role two keys, or has a level that its keys cannot serve
 */
export function parsePayload(bytes: Uint8Array, variant: Variant): Payload {
  const [first, ...rest] = attempt(() => parseTlv(bytes)) ?? []
  if (first?.tag !== 'D3' || first.value.length !== 1) {
    throw channelError('payload', 'D301, a level, and templates')
  }
  const payload = { level: first.value[0] as number, templates: rest.map((crt) => parseTemplate(crt, variant)) }
  expectPayload(payload)
  return payload
}

/**
 * Holds a payload together: every role has one key at most, and every bit of the level a key.
 * @throws ERR_CHANNEL
 */
export function expectPayload({ level, templates }: Payload): void {
  if ((level & ~(LEVEL.CMAC | LEVEL.CENC | LEVEL.RMAC | LEVEL.RENC)) !== 0) {
    throw channelError('security level', 'bits 01, 02, 10 and 20')
  }
  const known = templates.every(({ kind, usage }) => USAGES[kind].includes(usage))
  if (!known || templates.length === 0 || templates.length > 5) throw channelError('templates', 'one to five of them')
  const roles = templates.flatMap(rolesOf)
  if (new Set(roles).size !== roles.length) throw channelError('templates', 'one key for each role')
  for (const [role, bit] of Object.entries(LEVEL)) {
    if ((level & bit) !== 0 && !roles.includes(role as KeyRole))
      throw channelError(`${role} key`, 'a template of its own')
  }
}

const ORDER = ['95', '80', 'D1', '91']

function parseTemplate({ tag, children = [] }: Tlv, variant: Variant): ControlReferenceTemplate {
  const tags = children.map((child) => child.tag)
  const inOrder = tags.every((name, i) => ORDER.indexOf(name) > ORDER.indexOf(tags[i - 1] ?? ''))
  const value = (name: string): Uint8Array | undefined => children.find((child) => child.tag === name)?.value
  const usage = value('95')
  const type = value('80') ?? new Uint8Array(0)
  const kind = kindOf(tag, usage)
  // An absent or empty type is DES, as 80 is: [GP] table 11-16.
  if (kind === undefined || !inOrder || type.length > 1 || (type[0] ?? 0x80) !== 0x80) {
    throw channelError('template', 'B4 or B8 with 95, 80, D1, 91 in this order, for DES keys')
  }
  const [key, counter] = [value('D1') ?? new Uint8Array(0), value('91') ?? new Uint8Array(0)]
  // Every MAC key that is carried has a counter of its own; nothing else has any: [GP] F.2.3, [SCP10] steps 124, 126, 133'.
  const keyLength = variant === 'transport' ? 16 : 0
  const counterLength = variant === 'transport' && kind === 'MAC' ? 8 : 0
  if (key.length !== keyLength || counter.length !== counterLength) {
    throw channelError(`template of a ${kind} key`, `D1 of ${keyLength} bytes and 91 of ${counterLength}`)
  }
  return {
    kind,
    usage: (usage as Uint8Array)[0] as number,
    ...(keyLength === 0 ? {} : { key }),
    ...(counterLength === 0 ? {} : { counter }),
  }
}

/** What a template is for, by its tag and usage; `undefined` for another tag or usage. */
function kindOf(tag: string, usage: Uint8Array | undefined): ControlReferenceTemplate['kind'] | undefined {
  if (usage?.length !== 1) return undefined
  const [value] = usage as unknown as [number]
  if (tag === 'B4') return USAGES.MAC.includes(value) ? 'MAC' : undefined
  if (tag !== 'B8') return undefined
  return USAGES.ENC.includes(value) ? 'ENC' : USAGES.DEK.includes(value) ? 'DEK' : undefined
}
