/**
 * SELECT: by name alone, of directories and applications. A name may be cut short; then P2 says which of those that begin
 * so: the first, or the next behind the one selected.
 * @see [EMV-B1] 11.3, 12.3.1, 12.4
 */
import { type Command, equalBytes, fromHex } from '@issuerkit/apdu'
import { applicationConfig } from './debit-credit-config.js'
import { type ApplicationConfig, ApplicationMemory, type CardConfig } from './debit-credit-model.js'
import type { CardMemory } from './memory.js'
import type { RecordFiles } from './read-commands.js'

/** A directory of the card: 1PAY.SYS.DDF01 (PSE) or 2PAY.SYS.DDF01 (PPSE). */
export interface Directory {
  readonly kind: 'directory'
  readonly name: Uint8Array
  /** The object with its template 6F. */
  readonly fci: string
  /** The directory file, which has the SFI 1. */
  readonly files: RecordFiles
}

/** An application of the card. */
export interface Application {
  readonly kind: 'application'
  /** The AID. */
  readonly name: Uint8Array
  readonly fci: string
  readonly files: ApplicationMemory
  readonly config: ApplicationConfig
}

const DIRECTORIES = [
  ['pse', '315041592E5359532E4444463031'],
  ['ppse', '325041592E5359532E4444463031'],
] as const

const BY_NAME = 0x04
const FIRST = 0x00
const NEXT = 0x02

/**
 * Everything of a card that has a name, in the order in which SELECT finds it.
 * @throws ERR_CARD when an application is not what its memory must hold
 */
export function selectableOf(memory: CardMemory, { applications }: CardConfig): (Directory | Application)[] {
  const directories = DIRECTORIES.filter(([prefix]) => memory.has(`${prefix}/fci`)).map(
    ([prefix, name]): Directory => ({
      kind: 'directory',
      name: fromHex(name),
      fci: `${prefix}/fci`,
      files: directoryFile(memory, `${prefix}/record/`),
    }),
  )
  return [...directories, ...Array.from({ length: applications }, (_, index) => application(memory, index))]
}

function application(memory: CardMemory, index: number): Application {
  const files = new ApplicationMemory(memory, index)
  const config = applicationConfig(files, index)
  return { kind: 'application', name: fromHex(config.aid), fci: `app/${index}/fci`, files, config }
}

function directoryFile(memory: CardMemory, prefix: string): RecordFiles {
  const file = 'record/1/'
  const names = memory.names.filter((name) => name.startsWith(prefix)).map((name) => file + name.slice(prefix.length))
  return { names, read: (name) => memory.read(prefix + name.slice(file.length)) }
}

/**
 * Which one a SELECT means.
 * @param current the place of what is selected, for the next one behind it; -1 for nothing
 * @returns its place, -1 when there is none; or 6A86 for another P1 P2, 6700 for a name that is not 5 to 16 bytes
 */
export function findByName(
  selectable: readonly Pick<Directory, 'name'>[],
  current: number,
  { p1, p2, data = new Uint8Array(0) }: Command,
): number | '6A86' | '6700' {
  if (p1 !== BY_NAME || (p2 !== FIRST && p2 !== NEXT)) return '6A86'
  if (data.length < 5 || data.length > 16) return '6700'
  // Behind nothing there is no next one: the list has been walked to its end.
  if (p2 === NEXT && current < 0) return -1
  const start = p2 === NEXT ? current + 1 : 0
  return selectable.findIndex(({ name }, at) => at >= start && equalBytes(name.subarray(0, data.length), data))
}
