/**
 * Secure messaging from the card's side, and the counters of wrong MACs in front of it.
 *
 * ```
 * command     CLA INS P1 P2 Lc | body | MAC      Lc counts both, the MAC has 4 bytes
 * MAC input   CLA INS P1 P2 Lc | body            initial value: the challenge, filled with 00 to 8 bytes
 * enciphered  E(LD | plain | 80 00 ..)           ECB; no padding where LD and plain are whole blocks
 * ```
 *
 * The host enciphers first, so that the MAC covers what travels. A wrong MAC is in the key's counter before anything is
 * compared, and when it is the last one the application is blocked by then: taking the card out never gains a try.
 * @see [PBOC] 2 (secure messaging), [ETC] 4.1.2, 4.1.5, 4.1.6; [ISO9797-1] 7.3 (algorithm 3)
 */
import { type Command, concat, xor } from '@issuerkit/apdu'
import {
  constantTimeEqual,
  decipherBlocks,
  type KeyPurpose,
  macAlgorithm1,
  macAlgorithm3,
  pad,
  TdesKey,
} from '@issuerkit/keys'
import type { PurseContext, PurseKeyName } from './purse-model.js'
import type { CardAnswer } from './virtual-card.js'

/** Life of an application, as its memory says it. */
export const LIFE = { inUse: 0, blockedForATime: 1, blockedForGood: 2 } as const

/** Index of the keys that no command names. */
export const ONLY_INDEX = '00'

const MAC = 4
const BLOCK = 8
/** In front of a key's bytes: version and algorithm identifier. */
const KEY_HEADER = 2

/** The key of a command that names none. */
export type MessagingKey = Extract<PurseKeyName, 'maintenance' | 'pin-unblock' | 'pin-reload'>

/** A data field, taken apart. */
export interface Message {
  readonly body: Uint8Array
  readonly mac: Uint8Array
}

/** The data field before the MAC, and the MAC. @param command with at least 4 bytes of data, as the table says */
export function messageOf({ data = new Uint8Array(0) }: Command): Message {
  const end = data.length - MAC
  return { body: data.subarray(0, end), mac: data.subarray(end) }
}

/** Works with a key of the application, which is destroyed afterwards. */
export function withPurseKey<P extends KeyPurpose, T>(
  { memory }: PurseContext,
  name: `${PurseKeyName}/${string}`,
  purpose: P,
  use: (key: TdesKey<'icc', P>) => T,
): T {
  const stored = memory.read(`key/${name}`)
  const key = TdesKey.create('icc', purpose, stored.subarray(KEY_HEADER), { allowEqualHalves: true })
  stored.fill(0)
  try {
    return use(key)
  } finally {
    key.destroy()
  }
}

/**
 * A command whose MAC has to be right, and whose wrong MACs are counted: 9403 without such a key, 6984 without a
 * challenge, 6988 for a wrong MAC, 9303 for the last one, which blocks the application for good.
 */
export function underMac(
  context: PurseContext,
  command: Command,
  name: MessagingKey,
  execute: (body: Uint8Array) => CardAnswer | undefined,
): CardAnswer {
  const refused = notReady(context, name)
  if (refused !== undefined) return refused
  return counted(context, name, '6988', () =>
    macIsRight(context, command, name) ? execute(messageOf(command).body) : undefined,
  )
}

/** What stands in the way of secure messaging: no key (9403), no challenge from the command before (6984). */
export function notReady({ memory, session }: PurseContext, name: MessagingKey): CardAnswer | undefined {
  if (!memory.has(`key/${name}/${ONLY_INDEX}`)) return { status: '9403' }
  return session.challenge === undefined ? { status: '6984' } : undefined
}

/**
 * One try with a key whose wrong tries block the application for good.
 * @param attempt gives the answer, its writes done, or `undefined` for a wrong try. Only 9000 sets the counter back:
 *   what was right, and refused for another reason, leaves it as it was.
 * @param wrong the status of a wrong try that was not the last
 */
export function counted(
  { memory, config }: PurseContext,
  name: MessagingKey,
  wrong: string,
  attempt: () => CardAnswer | undefined,
): CardAnswer {
  const counter = `errors/${name}`
  const errors = memory.readNumber(counter)
  const life = memory.readNumber('life')
  const last = errors + 1 >= config.keyTryLimit
  memory.writeNumber(counter, errors + 1)
  if (last) memory.writeNumber('life', LIFE.blockedForGood)
  memory.commit()
  // Written first, so that the attempt may write it: from here on nothing lasts until the command has ended.
  memory.writeNumber('life', life)
  const answer = attempt()
  if (answer === undefined) {
    if (last) memory.writeNumber('life', LIFE.blockedForGood)
    return { status: last ? '9303' : wrong }
  }
  memory.writeNumber(counter, answer.status === '9000' ? 0 : errors)
  return answer
}

/** Whether a command's MAC is the one under this key and the challenge. It counts nothing. */
export function macIsRight(context: PurseContext, command: Command, name: MessagingKey): boolean {
  const { body, mac } = messageOf(command)
  const { cla, ins, p1, p2 } = command
  const input = pad(concat(Uint8Array.of(cla, ins, p1, p2, body.length + MAC), body), 2, BLOCK)
  // The initial value goes into the first block: of zeros and the block it is the same.
  input.set(xor(initialValue(context), input.subarray(0, BLOCK)))
  return withPurseKey(context, `${name}/${ONLY_INDEX}`, 'MAC', (key) =>
    constantTimeEqual(macAlgorithm3(key, input, { padding: 1, length: MAC }), mac),
  )
}

/** The challenge, 4 or 8 bytes, as a block. */
export function initialValue({ session: { challenge = new Uint8Array(0) } }: PurseContext): Uint8Array {
  return concat(challenge, new Uint8Array(BLOCK - challenge.length))
}

/** The MAC over a new PIN: single DES with both halves of the key by XOR, without header and challenge. [ETC] 4.1.5 */
export function reloadMacIsRight(context: PurseContext, { body, mac }: Message): boolean {
  return withPurseKey(context, `pin-reload/${ONLY_INDEX}`, 'MAC', (key) => {
    const bytes = key.expose()
    const half = xor(bytes.subarray(0, BLOCK), bytes.subarray(BLOCK))
    // Two equal halves make triple DES a single one.
    const single = TdesKey.create('session', 'MAC', concat(half, half), { allowEqualHalves: true, withholdKcv: true })
    half.fill(0)
    try {
      return constantTimeEqual(macAlgorithm1(single, body, { length: MAC }), mac)
    } finally {
      single.destroy()
    }
  })
}

/**
 * Deciphers data: the plain data, empty where LD is 00; `undefined` when LD is more than there is, or the padding is
 * none.
 * @param enciphered whole blocks
 */
export function decipherData(
  context: PurseContext,
  enciphered: Uint8Array,
  name: MessagingKey,
): Uint8Array | undefined {
  const plain = withPurseKey(context, `${name}/${ONLY_INDEX}`, 'ENC', (key) =>
    decipherBlocks(key, enciphered, { mode: 'ecb' }),
  )
  const [length = 0] = plain
  const end = 1 + length
  const padded = plain.subarray(end).every((byte, i) => byte === (i === 0 ? 0x80 : 0))
  const data = length === 0 || (end <= plain.length && padded) ? plain.slice(1, end) : undefined
  plain.fill(0)
  return data
}
