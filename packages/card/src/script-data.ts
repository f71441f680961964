/**
 * PUT DATA and UPDATE RECORD: a new value for a data object or a record that the card already has.
 *
 * | command | P1 P2 | refused with |
 * |---|---|---|
 * | PUT DATA | the tag; 00 before a tag of one byte | 6A80 or 6A88 tag, 6A88 no such object, 6700 length, 6A80 no digits |
 * | UPDATE RECORD | record number, SFI and 100 | 6A86 another form, 6A82 no such file, 6A83 no such record or too long for it, 6700 empty |
 *
 * Limits that the terminal checks, 9F14 and 9F23, lie in records and change with them; those that the card checks, 9F58
 * and 9F59 among them, are data objects.
 * @see [PBOC-SCRIPT] 5 (PUT DATA, UPDATE RECORD)
 */
import { TAGS, toHex } from '@issuerkit/apdu'
import type { ApplicationContext } from './debit-credit-model.js'
import type { ScriptMessage } from './script-message.js'

/** The low bits of P2 of UPDATE RECORD: P1 is a record's number. */
const BY_NUMBER = 0b100

/**
 * PUT DATA. A data object keeps its length: what was made 6 bytes long takes 6.
 * @returns 9000, or the status that refuses it
 */
export function putData({ memory, config, switches }: ApplicationContext, { command, body }: ScriptMessage): string {
  const { p1, p2 } = command
  const tag = toHex(p1 === 0 ? Uint8Array.of(p2) : Uint8Array.of(p1, p2))
  const name = `data/${tag}`
  if (!config.putData.includes(tag)) return switches.unknownPutDataTag
  if (!memory.has(name)) return '6A88'
  if (body.length !== memory.capacity(name)) return '6700'
  if (TAGS[tag]?.format === 'n' && !/^\d*$/.test(toHex(body))) return '6A80'
  memory.write(name, body)
  return '9000'
}

/** Whether P1 and P2 of UPDATE RECORD name a record by its number, in a file of an SFI from 1 to 30. */
export function isRecordReference(p1: number, p2: number): boolean {
  const sfi = p2 >> 3
  return p1 !== 0 && (p2 & 0b111) === BY_NUMBER && sfi >= 1 && sfi <= 30
}

/**
 * UPDATE RECORD. The data replace the whole record, template and all; they may be shorter than what it can hold.
 * @returns 9000, or the status that refuses it
 */
export function updateRecord({ memory }: ApplicationContext, { command, body }: ScriptMessage): string {
  const file = `record/${command.p2 >> 3}/`
  const name = file + command.p1
  // A file is there when one of its records is.
  if (!memory.names.some((one) => one.startsWith(file))) return '6A82'
  if (!memory.has(name)) return '6A83'
  if (body.length === 0) return '6700'
  if (body.length > memory.capacity(name)) return '6A83'
  memory.write(name, body)
  return '9000'
}
