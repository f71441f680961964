/**
 * `issuerkit read`: the applications of a card, what stands in them, and whether the card is genuine; from a reader, from
 * a virtual card's file, or from a recorded session.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { formatTranscript, fromHex, IssuerkitError, parseTranscript, type TranscriptEntry } from '@issuerkit/apdu'
import { cardKind, openDebitCreditCard } from '@issuerkit/card'
import { type CaKeyProfile, CaKeyStore, expectDate, publishedCaKeys } from '@issuerkit/oda'
import {
  type AuthenticationOptions,
  type CardConnection,
  type CardTree,
  connectCard,
  connectReader,
  createTerminalData,
  listReaders,
  openSession,
  type ReaderInfo,
  type ReaderOptions,
  readCard,
  readCardFile,
  recordedCard,
} from '@issuerkit/terminal'
import { Command, Option } from 'commander'
import { HostError, systemCode } from '../errors.js'
import { readCa } from './ca-files.js'
import { type CommandIo, EXIT } from './io.js'
import { storeOfFile } from './oda-ca-keys.js'
import { type CardSource, cardLines, cardObject, isGood, printable, readerLines } from './read-text.js'

interface ReadOptions {
  readonly reader?: string
  readonly list?: true
  readonly card?: string
  readonly replay?: string
  readonly shared?: boolean
  readonly ca?: readonly string[]
  readonly profile: CaKeyProfile
  readonly date: string
  readonly allowExpiredCaKey?: true
  readonly save?: string
  readonly json?: true
  readonly unmasked?: true
}

/** The machine's readers, so that a test can stand in for them. */
export interface Readers {
  readonly listReaders: () => Promise<readonly ReaderInfo[]>
  readonly connectReader: (name: string, options: Pick<ReaderOptions, 'share'>) => Promise<CardConnection>
}

/** The command; `done` takes its exit code. */
export function readCommand(
  io: CommandIo,
  done: (code: number) => void,
  readers: Readers = { listReaders, connectReader },
): Command {
  const elsewhere = (option: string): string[] => ['reader', 'list', 'card', 'replay'].filter((name) => name !== option)
  return new Command('read')
    .description('read a card: its applications, their records, offline data authentication')
    .addOption(
      new Option('--reader <name>', 'the reader; without it the first with a card').conflicts(elsewhere('reader')),
    )
    .addOption(new Option('--list', "list the machine's readers, and read nothing").conflicts(elsewhere('list')))
    .addOption(new Option('--card <file>', "a virtual card's file, which is not changed").conflicts(elsewhere('card')))
    .addOption(new Option('--replay <transcript>', 'a recorded session').conflicts(elsewhere('replay')))
    .addOption(
      new Option('--shared', 'let other programs use the card meanwhile').conflicts(['list', 'card', 'replay']),
    )
    .option(
      '--ca <file>',
      "the only CA keys that vouch: a test CA's file (again for another), or a list of keys",
      collect,
    )
    .addOption(new Option('--profile <profile>', 'whose keys vouch').choices(['live', 'test']).default('live'))
    .option('--date <YYYYMMDD>', 'the day of the transaction, as of which certificates are judged', today())
    .option('--allow-expired-ca-key', 'let an expired CA key vouch')
    .addOption(
      new Option(
        '--save <transcript>',
        "write down the session, the holder's data included, into a new file",
      ).conflicts(['list', 'replay']),
    )
    .option('--json', 'print one JSON object')
    .option('--unmasked', "show PAN, track data and the holder's personal data")
    .action(async (options: ReadOptions) =>
      done(options.list === true ? await list(options, io, readers) : await read(options, io, readers)),
    )
}

function collect(file: string, before: readonly string[] = []): readonly string[] {
  return [...before, file]
}

function today(): string {
  return new Date().toISOString().slice(0, 10).replaceAll('-', '')
}

async function list({ json }: ReadOptions, io: CommandIo, readers: Readers): Promise<number> {
  io.out(readerLines(await readers.listReaders(), json === true))
  return EXIT.ok
}

async function read(options: ReadOptions, io: CommandIo, readers: Readers): Promise<number> {
  const { date, json = false, unmasked = false } = options
  const authentication = authenticationOf(options, io)
  const terminal = createTerminalData([['9A', fromHex(date.slice(2))]])
  const source = await openSource(options, readers)
  try {
    const { asSent } = source
    const save = options.save === undefined ? undefined : newFile(options.save)
    const given = asSent === undefined ? authentication : { ...authentication, asSent }
    let tree: CardTree
    try {
      tree = await readCard(source.exchange, { terminal, authentication: given })
    } finally {
      save?.(formatTranscript(source.transcript(), { title: `${printable(source.name)}, read by issuerkit` }))
    }
    io.out(json ? `${JSON.stringify(cardObject(source, tree, { unmasked }))}\n` : cardLines(source, tree, { unmasked }))
    return isGood(tree) ? EXIT.ok : EXIT.negative
  } finally {
    await source.close()
  }
}

/** Whose keys vouch, and as of when. */
function authenticationOf(options: ReadOptions, io: CommandIo): AuthenticationOptions {
  const { ca, profile, date, allowExpiredCaKey = false } = options
  try {
    expectDate(date, 'date')
  } catch (cause) {
    throw wrongUse(cause)
  }
  return { store: storeOf(ca, profile, io), profile, transactionDate: date, allowExpiredCaKey }
}

function storeOf(files: readonly string[] = [], profile: CaKeyProfile, io: CommandIo): CaKeyStore {
  const [first, second] = files
  if (first === undefined) return publishedCaKeys().store
  if (second === undefined && !isCaFile(first)) return storeOfFile(first, profile, io)
  const store = new CaKeyStore()
  for (const file of files) {
    try {
      store.add(profile, readCa(file).key)
    } catch (cause) {
      throw wrongUse(cause, file)
    }
  }
  return store
}

/** A test CA's file is one JSON object; lists of CA keys have other forms. */
function isCaFile(file: string): boolean {
  return textOf(file).trimStart().startsWith('{')
}

interface OpenSource extends CardSource {
  readonly exchange: (command: Uint8Array) => Promise<Uint8Array>
  readonly asSent?: () => Uint8Array | undefined
  readonly transcript: () => readonly TranscriptEntry[]
  readonly close: () => Promise<void>
}

async function openSource(options: ReadOptions, readers: Readers): Promise<OpenSource> {
  const { replay, card } = options
  if (replay !== undefined) return openRecording(replay)
  const connection = card === undefined ? await openReader(options, readers) : openVirtualCard(card)
  try {
    const session = await openSession(connection)
    return {
      name: connection.name,
      atr: session.atr,
      exchange: session.exchange,
      transcript: () => session.transcript(),
      close: () => session.close(),
    }
  } catch (error) {
    await connection.disconnect()
    throw error
  }
}

function openRecording(file: string): OpenSource {
  try {
    const { exchange, asSent } = recordedCard(parseTranscript(textOf(file)))
    return { name: file, exchange, asSent, transcript: () => [], close: async () => undefined }
  } catch (cause) {
    throw wrongUse(cause, file)
  }
}

function openVirtualCard(file: string): CardConnection {
  try {
    const memory = readCardFile(file)
    if (cardKind(memory) === 'e-purse') {
      throw new HostError(
        'ERR_USAGE',
        `${file} is an e-purse card, without debit/credit applications: card show, card run`,
      )
    }
    return connectCard(openDebitCreditCard(memory), file)
  } catch (cause) {
    throw wrongUse(cause, file)
  }
}

async function openReader({ reader, shared = false }: ReadOptions, readers: Readers): Promise<CardConnection> {
  const share = shared ? 'shared' : 'exclusive'
  if (reader !== undefined) return readers.connectReader(reader, { share })
  const found = (await readers.listReaders()).find(({ atr }) => atr !== undefined)
  if (found === undefined) {
    throw new IssuerkitError('ERR_READER', { label: 'readers', expected: 'one with a card', got: 'none' })
  }
  return readers.connectReader(found.name, { share })
}

/** A new file for its owner alone: it will hold the holder's data. @returns writes and closes it */
function newFile(path: string): (text: string) => void {
  let file: number
  try {
    file = openSync(path, 'wx', 0o600)
  } catch (cause) {
    throw wrongUse(cause, path)
  }
  return (text) => {
    writeSync(file, text)
    closeSync(file)
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw wrongUse(cause, file)
  }
}

/** What a person gave that cannot be used, with exit code 2. Other errors pass through. */
function wrongUse(cause: unknown, file?: string): unknown {
  if (cause instanceof HostError) return cause
  const code = systemCode(cause)
  const reason =
    cause instanceof IssuerkitError ? cause.message : code === undefined ? undefined : `cannot be used (${code})`
  if (reason === undefined) return cause
  return new HostError('ERR_USAGE', file === undefined ? reason : `${file}: ${reason}`, { cause })
}
