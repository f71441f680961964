/**
 * Secure messaging of the e-purse card: the management commands with their MACs, as the issuer builds them.
 *
 * ```
 * MAC         algorithm 3 with the 16-byte key, 4 bytes, over CLA INS P1 P2 Lc || data (enciphered where they are)
 * Lc          counts the MAC
 * padding     80 00.., always
 * initial value   challenge (4) 00000000; all 8 bytes of an 8-byte challenge
 * enciphered  LD || data || 80 00.. (no padding where the blocks are whole), 3DES, ECB
 * ```
 *
 * RELOAD PIN alone has another MAC: single DES over the new PIN, without a challenge.
 * @see [PBOC] 2, [FMCOS]
 */
import { concat, IssuerkitError, xor } from '@issuerkit/apdu'
import { type KeyPurpose, macAlgorithm3, pad, TdesKey } from '@issuerkit/keys'
import { fileReference, withData } from './purse-commands.js'
import { encipherWith, foldPurseKey, type PurseKey, purseMac, withKey } from './purse-keys.js'

/** Bytes of a MAC. */
const MAC = 4
const BLOCK = 8

/**
 * The MAC of secure messaging: 4 bytes.
 * @param challenge 4 or 8 bytes; empty for a zero initial value
 * @param message CLA INS P1 P2 Lc and the data
 * @throws ERR_LENGTH for a challenge of another length; ERR_KEY_DESTROYED
 * @see [FMCOS]
 */
export function purseCommandMac(key: PurseKey<KeyPurpose>, challenge: Uint8Array, message: Uint8Array): Uint8Array {
  const blocks = pad(message, 2, BLOCK)
  // The initial value of CBC mode is what the first block is combined with; so the whole is a MAC with a zero one.
  blocks.set(xor(blocks.subarray(0, BLOCK), initialValue(challenge)))
  const mac = TdesKey.create('icc', 'MAC', key.expose(), { allowEqualHalves: true })
  return withKey(mac, () => macAlgorithm3(mac, blocks, { padding: 1, length: MAC }))
}

/**
 * Data enciphered for a message: LD, data, padding, by 3DES in ECB mode.
 * @throws ERR_LENGTH above 255 bytes; ERR_KEY_DESTROYED
 * @see [FMCOS]
 */
export function encipherPurseData(key: PurseKey<KeyPurpose>, data: Uint8Array): Uint8Array {
  if (data.length > 255) {
    throw new IssuerkitError('ERR_LENGTH', {
      label: 'data',
      expected: 'at most 255 bytes',
      got: `${data.length} bytes`,
    })
  }
  return encipherPadded(key, Uint8Array.of(data.length, ...data))
}

/** UPDATE BINARY, plain with MAC. @param key DAMK @throws ERR_LENGTH, ERR_KEY_DESTROYED */
export function updateBinaryCommand(
  key: PurseKey,
  challenge: Uint8Array,
  sfi: number,
  offset: number,
  data: Uint8Array,
): Uint8Array {
  return protect(key, challenge, [0x04, 0xd6, 0x80 | sfi, offset], data)
}

/** UPDATE RECORD by number, plain with MAC. @param key DAMK @throws ERR_LENGTH, ERR_KEY_DESTROYED */
export function updateRecordCommand(
  key: PurseKey,
  challenge: Uint8Array,
  sfi: number,
  record: number,
  data: Uint8Array,
): Uint8Array {
  return protect(key, challenge, [0x04, 0xdc, record, fileReference(sfi, 'number')], data)
}

/** APPLICATION BLOCK, for a time or for good. @param key DAMK @throws ERR_LENGTH, ERR_KEY_DESTROYED */
export function applicationBlockCommand(
  key: PurseKey,
  challenge: Uint8Array,
  kind: 'temporary' | 'permanent',
): Uint8Array {
  return protect(key, challenge, [0x84, 0x1e, 0x00, kind === 'permanent' ? 0x01 : 0x00])
}

/** APPLICATION UNBLOCK. @param key DAMK @throws ERR_LENGTH, ERR_KEY_DESTROYED */
export function applicationUnblockCommand(key: PurseKey, challenge: Uint8Array): Uint8Array {
  return protect(key, challenge, [0x84, 0x18, 0x00, 0x00])
}

/** CARD BLOCK. @param key DAMK @throws ERR_LENGTH, ERR_KEY_DESTROYED */
export function cardBlockCommand(key: PurseKey, challenge: Uint8Array): Uint8Array {
  return protect(key, challenge, [0x84, 0x16, 0x00, 0x00])
}

/**
 * PIN UNBLOCK: the PIN that the card already has, enciphered, with MAC.
 * @param key DPUK
 * @param plain LD and PIN: `02 12 34`; LD is not checked, so that a test may lie
 * @throws ERR_LENGTH when there is nothing, or too much; ERR_KEY_DESTROYED
 * @see [PBOC] 2
 */
export function pinUnblockCommand(key: PurseKey<'PIN'>, challenge: Uint8Array, plain: Uint8Array): Uint8Array {
  return protect(key, challenge, [0x84, 0x24, 0x00, 0x00], encipherPadded(key, plain))
}

/**
 * RELOAD PIN: the new PIN with its MAC, by single DES.
 * @param key DRPK
 * @param pin the bytes of the command: digits, F filled
 * @throws ERR_LENGTH above 251 bytes; ERR_KEY_DESTROYED
 * @see [PBOC] 2
 */
export function reloadPinCommand(key: PurseKey, pin: Uint8Array): Uint8Array {
  const mac = withKey(foldPurseKey(key), (folded) => purseMac(folded, pin))
  return withData(0x80, 0x5e, 0x00, 0x00, concat(pin, mac))
}

/**
 * What EXTERNAL AUTHENTICATE proves a key with: the challenge, filled up with zeros, enciphered.
 * @param challenge 4 or 8 bytes; empty where there was none
 * @throws ERR_LENGTH, ERR_KEY_DESTROYED
 * @see [FMCOS]
 */
export function externalCryptogram(key: PurseKey<KeyPurpose>, challenge: Uint8Array): Uint8Array {
  return encipherWith(key, initialValue(challenge))
}

function protect(
  key: PurseKey<KeyPurpose>,
  challenge: Uint8Array,
  header: readonly [cla: number, ins: number, p1: number, p2: number],
  data: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const command = withData(...header, concat(data, new Uint8Array(MAC)))
  const message = command.subarray(0, command.length - MAC)
  command.set(purseCommandMac(key, challenge, message), message.length)
  return command
}

/** No padding where LD and data are whole blocks already. */
function encipherPadded(key: PurseKey<KeyPurpose>, plain: Uint8Array): Uint8Array {
  const whole = plain.length % BLOCK === 0
  return encipherWith(key, whole ? plain : pad(plain, 2, BLOCK))
}

function initialValue(challenge: Uint8Array): Uint8Array {
  if (challenge.length !== 0 && challenge.length !== 4 && challenge.length !== BLOCK) {
    const got = `${challenge.length} bytes`
    throw new IssuerkitError('ERR_LENGTH', { label: 'challenge', expected: '4 or 8 bytes', got })
  }
  return concat(challenge, new Uint8Array(BLOCK - challenge.length))
}
