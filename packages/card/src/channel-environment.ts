/** The first three commands: security environment, the host's certificates, the card's certificate. [SCP10] 105 to 117 */
import { type Command, parseOneTlv, parseTlv, type Tlv, toHex } from '@issuerkit/apdu'
import { verifyChannelCertificate } from './channel-certificate.js'
import type { ChannelConfiguration, ChannelMemory } from './channel-memory.js'
import type { ChannelState } from './channel-table.js'

/**
 * How a step ended. `next` is the state that follows success; a refusal goes to S2, or with `stay` to S3, the state as it
 * was.
 */
export type StepOutcome =
  | { readonly next: ChannelState; readonly data?: Uint8Array }
  | { readonly refuse: string; readonly stay?: boolean }

/** MANAGE SECURITY ENVIRONMENT, on a memory that is reset already. [SCP10] 105 to 112 */
export function manageSecurityEnvironment(
  memory: ChannelMemory,
  { profile, trustPoints, cardKeys }: ChannelConfiguration,
  { p1, p2, data = new Uint8Array(0) }: Command,
): StepOutcome {
  const queue = readObjects(data)
  const take = (tag: string, ...lengths: number[]): string | undefined =>
    queue[0]?.tag === tag && lengths.includes(queue[0].value.length) ? toHex((queue.shift() as Tlv).value) : undefined
  const protocol = take('80', 2)
  const publicReference = take('83', 0, 2)
  const privateReference = take('84', 0, 2)
  const complete = publicReference !== undefined && privateReference !== undefined
  // [SCP10] 111 a1 to a3: 80, 83, 84 in this order. F.4.5: the references may be left out.
  if (protocol === undefined || queue.length > 0) return { refuse: '6A80' }
  if (profile.keyReferences === 'mandatory' && !complete) return { refuse: '6A80' }
  // 1001: key agreement, which the card has its part in, so never external alone. 1002: key transport.
  const method = p1 === 0x81 ? 'external' : 'mutual'
  if (!['1001', '1002'].includes(protocol) || (protocol === '1001' && method === 'external')) return { refuse: '9484' }
  const hostKey = trustPoints.find(({ reference }) => reference === (publicReference || trustPoints[0].reference))
  const cardKey = cardKeys.find(({ reference }) => reference === (privateReference || cardKeys[0].reference))
  if (hostKey === undefined || cardKey === undefined) return { refuse: '6A88' }
  Object.assign(memory, { variant: protocol === '1001' ? 'agreement' : 'transport', method, hostKey, cardKey })
  return { next: p2 === 0xa4 ? 'managed' : 'required' }
}

/** No objects for bytes that hold none: the first one is then missing. */
function readObjects(data: Uint8Array): Tlv[] {
  try {
    return parseTlv(data)
  } catch {
    return []
  }
}

/**
 * One certificate of a chain, whole. [SCP10] 113 to 115
 * @param more whether the command says that others follow
 */
export function verifyCertificate(
  memory: ChannelMemory,
  configuration: ChannelConfiguration,
  certificate: Uint8Array,
  p2: number,
  more: boolean,
): StepOutcome {
  const holder = verifyChannelCertificate(certificate, p2 === 0xbe, memory.hostKey, configuration)
  if (holder === 'malformed') return { refuse: '6A80' }
  if (holder === 'refused' || !configuration.mayCertify(memory.hostKey, holder)) return { refuse: '6300' }
  memory.hostKey = holder
  memory.certified = !more
  return { next: more ? 'required' : 'certified' }
}

/**
 * How many bytes the certificate has that begins here: `undefined` as long as that cannot be told, 0 when it is none, with
 * another tag than 7F21 or no length of one to three bytes.
 */
export function certificateLength(bytes: Uint8Array): number | undefined {
  const [outer = 0x7f, inner = 0x21, first = 0, high, low] = bytes
  // [SCP10] 113 3)
  if (outer !== 0x7f || inner !== 0x21 || first === 0x80 || first > 0x82) return 0
  if (bytes.length < 3) return undefined
  if (first < 0x80) return 3 + first
  if (first === 0x81) return high === undefined ? undefined : 4 + high
  return high === undefined || low === undefined ? undefined : 5 + 256 * high + low
}

/** GET DATA of the card's certificate: class 8X the whole object, class 0X its value. [SCP10] 116, 117; F.4.3 */
export function getDataCertificate(
  memory: ChannelMemory,
  { profile }: ChannelConfiguration,
  { cla, data = new Uint8Array(0) }: Command,
): StepOutcome {
  // [SCP10] 116: only after the host's certificates.
  if (profile.getDataCertificate === 'complete' && !memory.certified) return { refuse: '6985' }
  if (!['', '5C00'].includes(toHex(data))) return { refuse: '6A80', stay: true }
  const { certificate } = memory.cardKey
  if (certificate === undefined) return { refuse: '6A88', stay: true }
  return { next: memory.state, data: cla >= 0x80 ? certificate : parseOneTlv(certificate, '7F21').value }
}
