/**
 * Session keys, MACs and TACs of transactions, from the card's side.
 *
 * | key, 8 bytes | of |
 * |---|---|
 * | SESLK, SESULK, SESUK | TDES by the key of the transaction: random (4) ‖ online serial (2) ‖ 8000 |
 * | SESPK | TDES by DPK: random (4) ‖ offline serial (2) ‖ the last two bytes of the terminal's transaction serial |
 * | grey lock | DES by TDES (DGK, as SESPK): the terminal's random (4) ‖ 80000000 |
 * | TAC | the left half of DTK XOR its right half |
 *
 * A MAC is the left 4 bytes of a single DES CBC-MAC with padding 2. Nothing here depends on the algorithm identifier of a
 * key: cards with different ones agree.
 * @see [PBOC] 2 (session keys, MAC and TAC), [ISO9797-1] 7.1, [FMCOS]
 */
import { concat, toHex, xor } from '@issuerkit/apdu'
import { constantTimeEqual, encipherBlocks, macAlgorithm1, macAlgorithm3, TdesKey } from '@issuerkit/keys'
import { bytesOf } from './purse-fields.js'
import type { AdfMemory, PurseContext, PurseKeyName, PurseTransaction } from './purse-model.js'

/** What INITIALIZE leaves to derive a session key from: index of the key, random number of 4 bytes, serial. */
export type SessionSeed = Pick<PurseTransaction, 'keyIndex' | 'random' | 'serial'>

type Memory = Pick<PurseContext, 'memory'>

/** Bytes of a key object in front of the key. */
const KEY_HEADER = 2
const ONLINE_TAIL = Uint8Array.of(0x80, 0)
const GREY_TAIL = Uint8Array.of(0x80, 0, 0, 0)
const HALF = 8
/** Bytes of the terminal's transaction serial that go into a key. */
const TERMINAL_TAIL = -2
/** An application has one DTK, whatever the index of the key that the transaction uses. */
const TAC_INDEX = 1

/** The object of a key: its index is a byte of the command. */
export function keyObject(name: PurseKeyName, index: number): string {
  return `key/${name}/${toHex(Uint8Array.of(index))}`
}

/** Version and algorithm identifier of a key, as INITIALIZE answers them. */
export function keyHeaderOf(memory: AdfMemory, object: string): Uint8Array {
  const stored = memory.read(object)
  const header = stored.slice(0, KEY_HEADER)
  stored.fill(0)
  return header
}

/** Runs `use` with SESLK, SESULK or SESUK, 8 bytes, zeroed after use. @throws ERR_KEY when the stored key is not 16 bytes */
export function withOnlineKey<T>(
  context: Memory,
  name: PurseKeyName,
  { keyIndex, random, serial }: SessionSeed,
  use: (sessionKey: Uint8Array) => T,
): T {
  const block = concat(random, bytesOf(serial, 2), ONLINE_TAIL)
  return withKeyBytes(context, name, keyIndex, (bytes) => withBlock(bytes, block, use))
}

/**
 * Runs `use` with SESPK, or the temporary key of the grey lock, 8 bytes, zeroed after use.
 * @param terminalSerial 4 bytes
 * @throws ERR_KEY when the stored key is not 16 bytes
 */
export function withOfflineKey<T>(
  context: Memory,
  name: PurseKeyName,
  { keyIndex, random, serial }: SessionSeed,
  terminalSerial: Uint8Array,
  use: (sessionKey: Uint8Array) => T,
): T {
  const block = concat(random, bytesOf(serial, 2), terminalSerial.subarray(TERMINAL_TAIL))
  return withKeyBytes(context, name, keyIndex, (bytes) => withBlock(bytes, block, use))
}

/**
 * Runs `use` with the session key of the grey lock, 8 bytes, zeroed after use; what keeps it until the lock is released
 * takes a copy.
 * @param terminalSerial 4 bytes
 * @param terminalRandom 4 bytes
 * @throws ERR_KEY when the stored key is not 16 bytes
 */
export function withGreyKey<T>(
  context: Memory,
  seed: SessionSeed,
  terminalSerial: Uint8Array,
  terminalRandom: Uint8Array,
  use: (sessionKey: Uint8Array) => T,
): T {
  const block = concat(terminalRandom, GREY_TAIL)
  return withOfflineKey(context, 'grey', seed, terminalSerial, (temporary) => withBlock(temporary, block, use))
}

/** The MAC of 4 bytes under a session key of 8, of the parts one behind another. */
export function purseMac(sessionKey: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const macKey = TdesKey.create('zone', 'MAC', sessionKey, { allowSingleLength: true })
  try {
    return macAlgorithm1(macKey, concat(...parts), { length: 4 })
  } finally {
    macKey.destroy()
  }
}

/** Whether a MAC that came with a command is the one of the parts. */
export function isPurseMac(sessionKey: Uint8Array, given: Uint8Array, ...parts: readonly Uint8Array[]): boolean {
  return constantTimeEqual(purseMac(sessionKey, ...parts), given)
}

/** The TAC of 4 bytes, of the parts one behind another. */
export function purseTac(context: Memory, ...parts: readonly Uint8Array[]): Uint8Array {
  return withKeyBytes(context, 'tac', TAC_INDEX, (bytes) => {
    const tacKey = xor(bytes.subarray(0, HALF), bytes.subarray(HALF))
    try {
      return purseMac(tacKey, ...parts)
    } finally {
      tacKey.fill(0)
    }
  })
}

/** The TAC of a new overdraft limit. [FMCOS] 8.12 lets DTK do it itself, as a key of 16 bytes: MAC algorithm 3. */
export function overdraftTac(
  context: Pick<PurseContext, 'memory' | 'config'>,
  ...parts: readonly Uint8Array[]
): Uint8Array {
  if (context.config.switches.overdraftTac === 'xor') return purseTac(context, ...parts)
  return withKeyBytes(context, 'tac', TAC_INDEX, (bytes) => {
    const dtk = TdesKey.create('icc', 'MAC', bytes, { allowEqualHalves: true })
    try {
      return macAlgorithm3(dtk, concat(...parts), { length: 4 })
    } finally {
      dtk.destroy()
    }
  })
}

/** With one block enciphered, by TDES under a key of 16 bytes, by DES under one of 8. */
function withBlock<T>(bytes: Uint8Array, block: Uint8Array, use: (enciphered: Uint8Array) => T): T {
  const key = TdesKey.create('zone', 'ENC', bytes, { allowSingleLength: true, allowEqualHalves: true })
  try {
    const enciphered = encipherBlocks(key, block, { mode: 'ecb' })
    try {
      return use(enciphered)
    } finally {
      enciphered.fill(0)
    }
  } finally {
    key.destroy()
  }
}

function withKeyBytes<T>({ memory }: Memory, name: PurseKeyName, index: number, use: (bytes: Uint8Array) => T): T {
  const stored = memory.read(keyObject(name, index))
  try {
    return use(stored.subarray(KEY_HEADER))
  } finally {
    stored.fill(0)
  }
}
