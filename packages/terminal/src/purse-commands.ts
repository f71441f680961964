/**
 * Commands of the e-purse card that need no key: selecting, reading, PIN, balance, proof, cache.
 * @see [PBOC] 2, [FMCOS]
 */
import { concat, IssuerkitError } from '@issuerkit/apdu'
import { wholeNumber } from './purse-keys.js'
import type { PurseName } from './purse-messages.js'

/** SELECT by name (5 to 16 bytes on the card), or by file identifier (2 bytes). @throws ERR_LENGTH above 255 bytes */
export function selectCommand(name: Uint8Array, by: 'name' | 'fid' = 'name'): Uint8Array {
  return withData(0x00, 0xa4, by === 'name' ? 0x04 : 0x00, 0x00, name)
}

/** READ RECORD by its number, or by identifier, the record's first byte. @param le 0 (default): the whole record */
export function readRecordCommand(
  sfi: number,
  record: number,
  by: 'number' | 'identifier' = 'number',
  le = 0,
): Uint8Array {
  return Uint8Array.of(0x00, 0xb2, record, fileReference(sfi, by), le)
}

/** GET CHALLENGE: 4 bytes, or 8 of some cards. */
export function challengeCommand(length = 4): Uint8Array {
  return Uint8Array.of(0x00, 0x84, 0x00, 0x00, length)
}

/** VERIFY. @param pin the bytes of the command: digits, F filled @throws ERR_LENGTH above 255 bytes */
export function verifyCommand(pin: Uint8Array): Uint8Array {
  return withData(0x00, 0x20, 0x00, 0x00, pin)
}

/** CHANGE PIN: old, FF, new. @throws ERR_LENGTH above 255 bytes */
export function changePinCommand(old: Uint8Array, fresh: Uint8Array): Uint8Array {
  return withData(0x80, 0x5e, 0x01, 0x00, concat(old, Uint8Array.of(0xff), fresh))
}

/** GET BALANCE. */
export function balanceCommand(purse: PurseName): Uint8Array {
  return Uint8Array.of(0x80, 0x5c, 0x00, purse === 'ed' ? 1 : 2, 4)
}

/**
 * GET TRANSACTION PROVE: MAC (4) and TAC (4) of the last transaction of a type.
 * @param serial the serial of the transaction, before the card counted on
 * @throws ERR_OPTION
 */
export function proveCommand(type: number, serial: number): Uint8Array {
  return Uint8Array.of(0x80, 0x5a, 0x00, type, 2, ...wholeNumber(serial, 2, 'serial'), 8)
}

/**
 * UPDATE CAPP DATA CACHE: a record of a composite purchase, which its DEBIT writes.
 * @param record its identifier (its first byte, the application type) or its number
 * @throws ERR_LENGTH above 255 bytes
 */
export function updateCappCommand(
  sfi: number,
  record: number,
  data: Uint8Array,
  by: 'number' | 'identifier' = 'identifier',
): Uint8Array {
  return withData(0x80, 0xdc, record, fileReference(sfi, by), data)
}

/** P2 of commands on records: the short file identifier, and 4 where P1 is a record's number. [PBOC] 2 */
export function fileReference(sfi: number, by: 'number' | 'identifier'): number {
  return (sfi << 3) | (by === 'number' ? 4 : 0)
}

/** A command with a data field. @throws ERR_LENGTH above 255 bytes */
export function withData(cla: number, ins: number, p1: number, p2: number, data: Uint8Array): Uint8Array {
  if (data.length > 255) {
    const got = `${data.length} bytes`
    throw new IssuerkitError('ERR_LENGTH', { label: 'data field', expected: 'at most 255 bytes', got })
  }
  return Uint8Array.of(cla, ins, p1, p2, data.length, ...data)
}
