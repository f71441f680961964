/**
 * Secure messaging from the card's side: commands come in wrapped, answers go out wrapped.
 *
 * | object | holds |
 * |---|---|
 * | 81 / 87 | the data field: plain, or 01 and the cipher text, under a MAC |
 * | 86 | the same as 87, without a MAC |
 * | 97 / 96 | Le of the command, under a MAC or without |
 * | 99 | the status of the answer |
 * | 8E | the MAC, 8 bytes, last |
 *
 * MAC: algorithm 3 of [ISO9797-1] with the counter, enciphered by the first half of the key, as initial value. That is
 * the same as the counter in clear as a first block. Enciphering: TDES in CBC mode, zero IV, padding 80 00...
 * [SCP10] 149 to 156; F.3.2
 */
import {
  type Command,
  concat,
  encodeResponse,
  encodeTlv,
  fromHex,
  parseCommand,
  parseTlv,
  type Response,
  type Tlv,
} from '@issuerkit/apdu'
import {
  constantTimeEqual,
  decipherBlocks,
  encipherBlocks,
  macAlgorithm3,
  type PaddingMethod,
  pad,
  type TdesKey,
} from '@issuerkit/keys'
import type { ChannelKeys, ChannelMacKey } from './channel-keys.js'
import type { ChannelProfile } from './channel-profile.js'
import { LEVEL } from './channel-template.js'

/** What secure messaging goes by. */
export interface MessagingContext {
  readonly level: number
  readonly keys: ChannelKeys
  readonly profile: ChannelProfile
}

const CBC = { mode: 'cbc' } as const
const LAST_COUNTER = 2n ** 64n - 1n
const HEADER_PADDING = Uint8Array.of(0x80, 0, 0, 0)

/** Whether the class byte, of the basic channel, tells secure messaging. [SCP10] 146; [ISO7816-4] 5.1.1 */
export function isSecured(cla: number): boolean {
  return (cla & 0x0c) !== 0
}

/**
 * Unwraps a command; its objects must be those of the level, in their order, with nothing behind them. The counter moves
 * on once the MAC is right, whatever becomes of the command. [SCP10] 149 to 156
 * @returns the command as the host had it before wrapping, or `undefined` when it is not exactly what the level wants
 * @throws ERR_COMMAND when the bytes are no command; ERR_KEY_DESTROYED
 */
export function unwrapCommand(bytes: Uint8Array, { level, keys, profile }: MessagingContext): Command | undefined {
  const maced = (level & LEVEL.cmac) !== 0
  const enciphered = (level & LEVEL.cenc) !== 0
  const { cla, ins, p1, p2, data = new Uint8Array(0), le: outerLe } = parseCommand(bytes)
  const queue = readObjects(data)
  // F.3.2: the bits are 11 with a MAC, 10 without. What is wrapped is whole: chaining (bit 5) stays outside of it.
  const wanted = (cla & 0x40) === 0 ? (maced ? 0x0c : 0x08) : 0x20
  const framed = (cla & (wanted === 0x20 ? 0x30 : 0x1c)) === wanted && (outerLe === 256 || outerLe === 65536)
  // The Le outside is under no MAC, so that it may have one value only: all that there is.
  if (!(maced || enciphered) || !framed || queue === undefined) return undefined

  const take = (tag: string): Tlv | undefined => (queue[0]?.tag === tag ? queue.shift() : undefined)
  const body = take(maced ? (enciphered ? '87' : '81') : '86')
  const expected = take(maced ? '97' : '96')
  const seal = take('8E')
  // Without a MAC there must be something enciphered: a command without data then travels as it is.
  if (queue.length > 0 || (seal !== undefined) !== maced || !(maced || body !== undefined)) return undefined

  const plainCla = cla & ~wanted
  if (seal !== undefined) {
    const macCla = profile.headerCla === 'protected' ? cla : plainCla & ~(wanted === 0x20 ? 0x0f : 0x03)
    const objects = data.subarray(0, data.length - seal.bytes.length)
    const input = concat(Uint8Array.of(macCla, ins, p1, p2), HEADER_PADDING, objects)
    // The header with its padding is one block already. [SCP10] 150
    const padding = objects.length === 0 && profile.emptyBodyPadding === 'none' ? 1 : 2
    const mac = nextMac(keys.cmac as ChannelMacKey, input, padding)
    if (mac === undefined || !constantTimeEqual(mac, seal.value)) return undefined
    advance(keys.cmac as ChannelMacKey)
  }
  const plain = body && (enciphered ? decipher(keys.cenc as TdesKey<'session', 'ENC'>, body.value) : body.value)
  const le = expected && leOf(expected.value)
  if ((body !== undefined && (plain?.length ?? 0) === 0) || (expected !== undefined && le === undefined))
    return undefined
  return { cla: plainCla, ins, p1, p2, ...(plain && { data: plain }), ...(le !== undefined && { le }) }
}

/**
 * Wraps an answer as the level wants; an error goes bare and moves no counter, unless the profile protects errors too.
 * [SCP10] 152; F.3.2.4 to F.3.2.6
 * @returns `undefined` when the counter has come to its end
 * @throws ERR_KEY_DESTROYED
 */
export function wrapResponse(response: Response, { level, keys, profile }: MessagingContext): Uint8Array | undefined {
  const { data, status } = response
  const maced = (level & LEVEL.rmac) !== 0
  const enciphered = (level & LEVEL.renc) !== 0
  const isError = !/^(?:9|6[123])/.test(status)
  if ((isError && profile.errorResponses === 'bare') || !(maced || enciphered)) return encodeResponse(response)
  const sw = fromHex(status)
  const body = data.length === 0 ? data : bodyObject(data, maced, enciphered ? keys.renc : undefined)
  if (!maced) return concat(body, sw)
  const objects = concat(body, encodeTlv('99', sw))
  const key = keys.rmac as ChannelMacKey
  const mac = nextMac(key, objects, 2)
  if (mac === undefined) return undefined
  advance(key)
  return concat(objects, encodeTlv('8E', mac), sw)
}

function bodyObject(data: Uint8Array, maced: boolean, key: TdesKey<'session', 'ENC'> | undefined): Uint8Array {
  if (key === undefined) return encodeTlv('81', data)
  const cipher = encipherBlocks(key, pad(data, 2, 8), CBC)
  return encodeTlv(maced ? '87' : '86', concat(Uint8Array.of(1), cipher))
}

function readObjects(data: Uint8Array): Tlv[] | undefined {
  try {
    return parseTlv(data)
  } catch {
    return undefined
  }
}

/** The MAC with the counter in front, `undefined` when the counter could not move on from there. [SCP10] 149, 150 */
function nextMac({ key, counter }: ChannelMacKey, data: Uint8Array, padding: PaddingMethod): Uint8Array | undefined {
  if (counter.value === LAST_COUNTER) return undefined
  const first = new Uint8Array(8)
  new DataView(first.buffer).setBigUint64(0, counter.value)
  return macAlgorithm3(key, concat(first, data), { padding })
}

/** [SCP10] 152, 156: the counter, as an integer, plus 1. */
function advance({ counter }: ChannelMacKey): void {
  counter.value += 1n
}

/** 01, then whole blocks; the padding 80 00.. taken off. `undefined` when it is not that. */
function decipher(key: TdesKey<'session', 'ENC'>, value: Uint8Array): Uint8Array | undefined {
  if (value[0] !== 1 || value.length < 9 || value.length % 8 !== 1) return undefined
  const padded = decipherBlocks(key, value.subarray(1), CBC)
  const end = padded.findLastIndex((byte) => byte !== 0)
  return end >= padded.length - 8 && padded[end] === 0x80 ? padded.subarray(0, end) : undefined
}

function leOf(value: Uint8Array): number | undefined {
  const [high = 0, low = 0] = value
  if (value.length === 1) return high || 256
  return value.length === 2 ? high * 256 + low || 65536 : undefined
}
