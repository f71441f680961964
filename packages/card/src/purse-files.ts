/**
 * Files: READ BINARY, UPDATE BINARY, READ RECORD, UPDATE RECORD.
 *
 * An SFI in the command makes its file the current one. What can be seen of a file is checked before the MAC, so that a
 * wrong place takes no try of the key.
 * @see [PBOC] 2 (commands of the e-purse), [ETC] 4.1.1, 4.1.2, [FMCOS], [ISO7816-4] 7.2, 7.3
 */
import { type Command, concat, toHex } from '@issuerkit/apdu'
import type { CardMemory } from './memory.js'
import { LOG_RECORD } from './purse-config.js'
import { messageOf, underMac } from './purse-messaging.js'
import type { PurseConfig, PurseContext, PurseSession } from './purse-model.js'
import type { CardAnswer } from './virtual-card.js'

/** The files of an application, or of the MF. */
export interface PurseFiles {
  has(name: string): boolean
  read(name: string): Uint8Array
}

/** Where files are read: what is selected, and what is known of it. */
export interface FileContext {
  readonly files: PurseFiles
  readonly config: PurseConfig
  readonly session: PurseSession
}

/** A file that a command means, the current one from here on. */
interface PurseFile {
  readonly sfi: string
  readonly kind: 'binary' | 'linear' | 'cyclic'
}

/** READ BINARY gives this many bytes at most. [ETC] 4.1.1 */
const MOST = 255
/** Le 00. */
const ALL = 256
const WITH_SFI = 0x80
const SFI = 0x1f
/** Bits 3 to 1 of P2 of the record commands. */
const BY_NUMBER = 0b100
const NEW = 0b011

/** The files of the MF: its directory, SFI 1. */
export function mainFiles(memory: CardMemory): PurseFiles {
  const place = (name: string): string => name.replace(/^record\/01\//, 'mf/record/')
  return {
    has: (name) => name.startsWith('record/01/') && memory.has(place(name)),
    read: (name) => memory.read(place(name)),
  }
}

/**
 * READ BINARY: 6A82 without the file or a current one, 6981 when it has records, 6982 when it may not be read, 6B00
 * behind its end, 6CXX for Le 00 where the card does not serve that.
 */
export function readBinary({ files, config, session }: FileContext, command: Command): CardAnswer {
  const file = binaryFile(files, session, command)
  if (typeof file === 'string') return { status: file }
  if (!config.readable.includes(file.sfi) && !session.authenticated) return { status: '6982' }
  const rest = files.read(`binary/${file.sfi}`).subarray(offsetOf(command))
  if (rest.length === 0) return { status: '6B00' }
  const { le = ALL } = command
  if (le === ALL && config.switches.readAll === '6CXX') {
    return { status: `6C${toHex(Uint8Array.of(Math.min(rest.length, MOST)))}` }
  }
  return { status: '9000', data: rest.slice(0, Math.min(le, MOST)) }
}

/**
 * UPDATE BINARY of `data MAC` in the clear: 6A82, 6981, 6B00 as above, 6982 when the file may not be changed, 6700 when
 * the data go beyond its end; 6984, 6988, 9303, 9403.
 */
export function updateBinary(context: PurseContext, command: Command): CardAnswer {
  const { memory, config, session } = context
  const file = binaryFile(memory, session, command)
  if (typeof file === 'string') return { status: file }
  if (!config.updatable.includes(file.sfi)) return { status: '6982' }
  const name = `binary/${file.sfi}`
  const content = memory.read(name)
  const offset = offsetOf(command)
  if (offset >= content.length) return { status: '6B00' }
  if (offset + messageOf(command).body.length > content.length) return { status: '6700' }
  return underMac(context, command, 'maintenance', (data) => {
    content.set(data, offset)
    memory.write(name, content)
    return { status: '9000' }
  })
}

/**
 * READ RECORD by number, or by identifier: the first whose first byte it is. 6A82 without the file or a current one,
 * 6981 when it is binary, 6982 when it may not be read, 6A83 without the record.
 */
export function readRecord({ files, config, session }: FileContext, { p1, p2 }: Command): CardAnswer {
  const file = recordFile(files, session, p2)
  if (typeof file === 'string') return { status: file }
  // Whoever finds the directory may read it.
  if (session.adf >= 0 && !config.readable.includes(file.sfi) && !session.authenticated) return { status: '6982' }
  const records = recordsOf(files, config, file)
  const data = records[recordIndex(records, p1, p2)]
  return data === undefined ? { status: '6A83' } : { status: '9000', data }
}

/**
 * UPDATE RECORD of `record MAC` in the clear: by number or identifier in a linear file; with P1 00 and 011 in P2 a new
 * newest one in a cyclic file. 6A82, 6981, 6A83 as above, 6981 also for a file of the other kind; 6982 when it may not
 * be changed, 6700 or 6A84 for a shorter or longer record; 6984, 6988, 9303, 9403.
 */
export function updateRecord(context: PurseContext, command: Command): CardAnswer {
  const { memory, config, session } = context
  const { p1, p2 } = command
  const file = recordFile(memory, session, p2)
  if (typeof file === 'string') return { status: file }
  const append = (p2 & 0b111) === NEW
  if (append !== (file.kind === 'cyclic')) return { status: '6981' }
  if (append && p1 !== 0) return { status: '6A86' }
  if (!config.updatable.includes(file.sfi)) return { status: '6982' }
  const records = recordsOf(memory, config, file)
  const index = append ? 0 : recordIndex(records, p1, p2)
  const length = append ? cyclicLength(config, file.sfi) : records[index]?.length
  if (length === undefined) return { status: '6A83' }
  const given = messageOf(command).body.length
  if (given !== length) return { status: given < length ? '6700' : '6A84' }
  return underMac(context, command, 'maintenance', (record) => {
    if (append) appendRecord(memory, `cyclic/${file.sfi}`, record)
    else memory.write(`record/${file.sfi}/${index + 1}`, record)
    return { status: '9000' }
  })
}

function appendRecord(memory: PurseContext['memory'], name: string, record: Uint8Array): void {
  const all = concat(record, memory.read(name))
  const room = memory.capacity(name) - (memory.capacity(name) % record.length)
  memory.write(name, all.subarray(0, room))
}

/** The object of an SFI: two hexadecimal digits. */
export function sfiName(sfi: number): string {
  return toHex(Uint8Array.of(sfi))
}

/** The file of an SFI; `undefined` when there is none. */
export function findFile(files: PurseFiles, sfi: string): PurseFile | undefined {
  if (files.has(`binary/${sfi}`)) return { sfi, kind: 'binary' }
  if (files.has(`cyclic/${sfi}`)) return { sfi, kind: 'cyclic' }
  return files.has(`record/${sfi}/1`) ? { sfi, kind: 'linear' } : undefined
}

function binaryFile(files: PurseFiles, session: PurseSession, { p1 }: Command): PurseFile | '6A82' | '6981' {
  const file = currentFile(files, session, p1 < WITH_SFI ? 0 : p1 & SFI)
  if (file === undefined) return '6A82'
  return file.kind === 'binary' ? file : '6981'
}

function recordFile(files: PurseFiles, session: PurseSession, p2: number): PurseFile | '6A82' | '6981' {
  const file = currentFile(files, session, p2 >> 3)
  if (file === undefined) return '6A82'
  return file.kind === 'binary' ? '6981' : file
}

/** SFI 0 means the current file; another one becomes it. */
function currentFile(files: PurseFiles, session: PurseSession, sfi: number): PurseFile | undefined {
  const name = sfi === 0 ? session.file : sfiName(sfi)
  const file = name === undefined ? undefined : findFile(files, name)
  if (file !== undefined) session.file = file.sfi
  return file
}

function offsetOf({ p1, p2 }: Command): number {
  return p1 < WITH_SFI ? p1 * 256 + p2 : p2
}

function recordsOf(files: PurseFiles, config: PurseConfig, { sfi, kind }: PurseFile): Uint8Array[] {
  const records: Uint8Array[] = []
  if (kind === 'linear') {
    for (let n = 1; files.has(`record/${sfi}/${n}`); n++) records.push(files.read(`record/${sfi}/${n}`))
    return records
  }
  const all = files.read(`cyclic/${sfi}`)
  const length = cyclicLength(config, sfi)
  for (let at = 0; at < all.length; at += length) records.push(all.slice(at, at + length))
  return records
}

function cyclicLength({ cyclicRecords }: PurseConfig, sfi: string): number {
  return cyclicRecords?.[sfi] ?? LOG_RECORD
}

/** Where the record is that P1 means, from 0; -1 for none. */
function recordIndex(records: readonly Uint8Array[], p1: number, p2: number): number {
  return (p2 & 0b111) === BY_NUMBER ? p1 - 1 : records.findIndex(([identifier]) => identifier === p1)
}
