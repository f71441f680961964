/** `issuerkit card run`: commands for a card in a file, or the card in a reader. Its file follows every command. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { type CardMemory, cardKind, openDebitCreditCard, openPurseCard, type VirtualCard } from '@issuerkit/card'
import { connectVirtualReader, lockCardFile, readCardFile, writeCardFile } from '@issuerkit/terminal'
import { HostError } from '../errors.js'
import { type CommandIo, EXIT } from './io.js'
import { withStopSignals } from './stop-signals.js'

/** Where a virtual reader listens. */
export interface ReaderAddress {
  readonly host?: string
  readonly port?: number
}

/** The options of `card run`. */
export interface RunCardOptions {
  readonly apdu?: readonly string[]
  readonly powerUp?: true
  readonly reader?: true | ReaderAddress
}

/** The longest command, 65544 bytes, in hexadecimal with a blank behind each byte. */
const LONGEST_LINE = 200_000

/**
 * Runs the card of a file; a second process cannot at the same time.
 * @throws ERR_USAGE for a line that is no command; ERR_CARD; ERR_READER when the card is in use or there is no reader
 */
export async function runCard(file: string, { apdu, powerUp, reader }: RunCardOptions, io: CommandIo): Promise<number> {
  if (reader !== undefined && apdu !== undefined) {
    throw new HostError('ERR_USAGE', 'a card in a reader takes its commands from there: --reader or --apdu')
  }
  const unlock = lockCardFile(file)
  try {
    const card = openCard(readCardFile(file))
    const save = (): void => writeCardFile(file, card.memory)
    if (powerUp === true) io.out(`${toHex(card.powerUp())}\n`)
    if (reader !== undefined) return await inReader(card, reader === true ? {} : reader, save, io)
    for await (const command of apdu === undefined
      ? lines(io.input ?? process.stdin)
      : apdu.map((hex) => fromHex(hex))) {
      const response = await card.exchange(command)
      // Saved before it is told: whoever has seen an answer finds the card in that state.
      save()
      io.out(`${toHex(response)}\n`)
    }
    return EXIT.ok
  } finally {
    unlock()
  }
}

function openCard(memory: CardMemory): VirtualCard {
  return cardKind(memory) === 'e-purse' ? openPurseCard(memory) : openDebitCreditCard(memory)
}

/** The card in a virtual reader, until a signal or until the reader lets it go. */
function inReader(card: VirtualCard, address: ReaderAddress, save: () => void, io: CommandIo): Promise<number> {
  return withStopSignals(async (signal) => {
    const { closed } = await connectVirtualReader(card, { ...address, signal, afterCommand: save })
    io.err('the card is in the reader; Ctrl-C takes it out\n')
    await closed
    return EXIT.ok
  })
}

/** An address as an option gives it: HOST:PORT, an IPv6 host in brackets. */
export function readerAddress(text: string): ReaderAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port }
}

/** The commands of lines as they come; empty lines and those of a # are passed over. */
async function* lines(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder()
  let number = 0
  let rest = ''
  const commandOf = (line: string): Uint8Array[] => {
    number += 1
    const text = line.replaceAll(/\s/g, '')
    if (text === '' || text.startsWith('#')) return []
    if (/^(?:[0-9A-Fa-f]{2})+$/.test(text)) return [fromHex(text)]
    throw new HostError('ERR_USAGE', `line ${number} is no command: hexadecimal digits, two a byte`)
  }
  for await (const piece of input) {
    const pieces = (rest + decoder.decode(piece, { stream: true })).split('\n')
    rest = pieces.pop() as string
    for (const line of pieces) yield* commandOf(line)
    if (rest.length > LONGEST_LINE) throw new HostError('ERR_USAGE', `line ${number + 1} is too long for a command`)
  }
  yield* commandOf(rest)
}
