/** `issuerkit card …`: virtual cards in files, debit/credit and e-purse. */
import { IssuerkitError } from '@issuerkit/apdu'
import { type CardMemory, cardKind, describeCard, describePurse } from '@issuerkit/card'
import { readCardFile } from '@issuerkit/terminal'
import { Command, InvalidArgumentError } from 'commander'
import { HostError } from '../errors.js'
import { type NewCardOptions, newCard } from './card-new.js'
import { type RunCardOptions, readerAddress, runCard } from './card-run.js'
import { cardText } from './card-text.js'
import { type CommandIo, EXIT } from './io.js'
import { purseText } from './purse-text.js'

/** The command; `done` takes its exit code. */
export function cardCommand(io: CommandIo, done: (code: number) => void): Command {
  const command = new Command('card').description('virtual cards, debit/credit or e-purse; test keys only')
  command
    .command('new')
    .description('personalise a card from a profile')
    .requiredOption('--profile <file>', 'the profile, JSON; etc-2008 or fmcos for an e-purse card')
    .option('--ca <file>', 'a test CA (again for another RID); one is made where none fits', collect)
    .requiredOption('--out <file>', 'a new file for the card with its keys')
    .action((options: NewCardOptions) => done(used(() => newCard(options, io))))
  command
    .command('show')
    .description('print what a card is and counts, without its secrets')
    .argument('<card>', 'the file of the card')
    .option('--json', 'print one JSON object')
    .action((file: string, { json }: { readonly json?: true }) => {
      io.out(shown(readCardFile(file), json === true))
      done(EXIT.ok)
    })
  command
    .command('run')
    .description('send commands to a card: hexadecimal, one a line, from standard input')
    .argument('<card>', 'the file of the card, which changes with every command')
    .option('--apdu <hex>', 'a command instead of standard input (again for the next)', collectHex)
    .option('--power-up', 'print the answer to reset first')
    .option('--reader [host:port]', 'put it into the reader list of this machine (pcscd with vpcd)', reader)
    .action(async (file: string, options: RunCardOptions) => done(await runCard(file, options, io)))
  return command
}

function shown(memory: CardMemory, json: boolean): string {
  if (cardKind(memory) === 'e-purse') {
    const description = describePurse(memory)
    return json ? `${JSON.stringify(description)}\n` : purseText(description)
  }
  const description = describeCard(memory)
  return json ? `${JSON.stringify(description)}\n` : cardText(description)
}

/** A value that the packages refuse was given by an option or a profile: wrong use. */
function used(work: () => void): number {
  try {
    work()
    return EXIT.ok
  } catch (error) {
    throw error instanceof IssuerkitError ? new HostError('ERR_USAGE', error.message) : error
  }
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

function collectHex(value: string, before: readonly string[] = []): string[] {
  if (!/^(?:[0-9A-Fa-f]{2})+$/.test(value)) {
    throw new InvalidArgumentError('A command is hexadecimal digits, two a byte.')
  }
  return [...before, value]
}

function reader(value: string): ReturnType<typeof readerAddress> {
  const address = readerAddress(value)
  if (address === undefined) throw new InvalidArgumentError('A reader is HOST:PORT.')
  return address
}
