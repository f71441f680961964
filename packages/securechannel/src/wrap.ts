/**
 * Secure messaging: a command protected, an answer taken apart. Pure functions of the keys and the counter's value; the
 * session keeps the counter.
 * @see [GP] F.3.2.1 to F.3.2.6, [SCP10] steps 146 to 156
 */
import {
  type Command,
  concat,
  encodeCommand,
  encodeTlv,
  fromHex,
  IssuerkitError,
  parseResponse,
  parseTlv,
  type Response,
} from '@issuerkit/apdu'
import { constantTimeEqual } from '@issuerkit/keys'
import { attempt, messagingError } from './failure.js'
import type { Profile } from './profile.js'
import { type DirectionKeys, dataObject, decipherObject, messageMac } from './secure-message.js'

/** An answer, and whether the card vouched for it. */
export interface UnwrappedResponse extends Response {
  /** False for a refusal that came bare: anybody may have sent it, and it proves nothing. */
  readonly authentic: boolean
}

const NONE = new Uint8Array(0)

/**
 * A command as it is sent. Without keys, or with an enciphering key alone and no data, it goes unchanged.
 * @throws ERR_COMMAND when the command is malformed or its class says already that it is protected
 */
export function wrapCommand(
  command: Command,
  keys: DirectionKeys,
  { headerCla, headerAlone }: Pick<Profile, 'headerCla' | 'headerAlone'>,
): Uint8Array {
  const plain = encodeCommand(command)
  const { cla, ins, p1, p2, data = NONE, le } = command
  const { mac } = keys
  if (!isProtected(command, keys)) return plain
  const sentCla = protectedCla(cla, mac !== undefined)
  const length = le === undefined ? NONE : encodeTlv(mac === undefined ? '96' : '97', encodeLe(le))
  const objects = concat(dataObject(data, keys), length)
  const header = (byte: number): Uint8Array => Uint8Array.of(byte, ins, p1, p2)
  let check: Uint8Array = NONE
  if (mac !== undefined) {
    // [GP] F.3.2.1: the text has the class before protection with channel bits zero, the figure the class as sent.
    const covered = header(headerCla === 'protected' ? sentCla : cla & 0xf0)
    const alone = objects.length === 0 && headerAlone === 'bare'
    check = encodeTlv('8E', messageMac(mac, concat(covered, fromHex('80000000'), objects), alone ? 1 : 2))
  }
  const wrapped = { cla: sentCla, ins, p1, p2, data: concat(objects, check) }
  const isLong = wrapped.data.length > 255 || (le !== undefined && le > 256)
  return encodeCommand({ ...wrapped, le: isLong ? 65536 : 256 })
}

/** Whether a command goes under protection: one without data has nothing to encipher. */
export function isProtected({ data = NONE }: Command, { mac, enc }: DirectionKeys): boolean {
  return mac !== undefined || (enc !== undefined && data.length > 0)
}

/** [ISO7816-4] 5.1.1: bits 4 and 3 in the first interindustry and the proprietary classes, bit 6 in the further ones. */
function protectedCla(cla: number, mac: boolean): number {
  const further = (cla & 0x40) !== 0
  if ((cla & (further ? 0x20 : 0x0c)) !== 0) {
    throw new IssuerkitError('ERR_COMMAND', { label: 'cla', expected: 'a class without secure messaging' })
  }
  return cla | (further ? 0x20 : mac ? 0x0c : 0x08)
}

function encodeLe(le: number): Uint8Array {
  return le > 256 ? Uint8Array.of((le >> 8) & 0xff, le & 0xff) : Uint8Array.of(le & 0xff)
}

/**
 * An answer without its protection.
 * @throws ERR_SECURE_MESSAGING, one for all: the answer is malformed, a success without its protection, or its MAC,
 *   status or padding is wrong. The session is over then.
 */
export function unwrapResponse(
  bytes: Uint8Array,
  keys: DirectionKeys,
  { errorResponses }: Pick<Profile, 'errorResponses'>,
): UnwrappedResponse {
  const response = attempt(() => parseResponse(bytes)) ?? fail()
  const { data, status } = response
  const { mac, enc } = keys
  if (mac === undefined && enc === undefined) return { ...response, authentic: false }
  // [GP] F.3.2.4: a refusal has no protection. A success or a warning without any is an attack.
  if (mac !== undefined && data.length === 0 && errorResponses === 'bare' && !isSuccess(status)) {
    return { data, status, authentic: false }
  }
  const objects = attempt(() => parseTlv(data)) ?? fail()
  const expected = enc === undefined ? '81' : mac === undefined ? '86' : '87'
  const [first] = objects
  const content = first?.tag === expected ? first : undefined
  const rest = content === undefined ? objects : objects.slice(1)
  if (mac === undefined) {
    if (rest.length > 0) fail()
  } else {
    const [inner, check] = rest
    if (rest.length !== 2 || inner?.tag !== '99' || check?.tag !== '8E') return fail()
    const computed = messageMac(mac, data.subarray(0, check.offset))
    if (!constantTimeEqual(computed, check.value)) fail()
    if (!constantTimeEqual(inner.value, fromHex(status))) fail()
  }
  const plain = content === undefined ? NONE : enc === undefined ? content.value : decipherObject(content.value, enc)
  if (plain === undefined || (content !== undefined && plain.length === 0)) return fail()
  return { data: plain.slice(), status, authentic: mac !== undefined }
}

/** [GP] F.3.2.4: 9000 and the warnings 62XX and 63XX are protected; 61XX would be the start of one. */
function isSuccess(status: string): boolean {
  return /^(?:9|61|62|63)/.test(status)
}

function fail(): never {
  throw messagingError('answer', 'an answer under the protection of this session')
}
