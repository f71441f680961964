/** `issuerkit ca …`: a test CA, its test cards, and its public key in the forms that checkers import. */
import { fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { type CaKey, caKeysToCsv, caKeyToText, caKeyToTlv, createTestCa } from '@issuerkit/oda'
import { Command, InvalidArgumentError, Option } from 'commander'
import { HostError } from '../errors.js'
import { type CardOptions, issueCard } from './ca-card.js'
import { caFileOf, readCa, writePrivate } from './ca-files.js'
import { type CommandIo, EXIT } from './io.js'

interface NewOptions {
  readonly rid: Uint8Array
  readonly index: Uint8Array
  readonly bits: number
  readonly exponent: 3 | 65537
  readonly expiry?: string
  readonly out: string
}

interface IssueOptions extends CardOptions {
  readonly ca: string
  readonly out: string
}

interface ExportOptions {
  readonly ca: string
  readonly format: 'json' | 'csv' | 'tlv'
}

/** The public key as text, by form. */
const FORMATS = {
  json: (key: CaKey) => `${JSON.stringify([caKeyToText(key)], null, 2)}\n`,
  csv: (key: CaKey) => caKeysToCsv([key]),
  tlv: (key: CaKey) => `${toHex(caKeyToTlv(key))}\n`,
} as const satisfies Record<ExportOptions['format'], (key: CaKey) => string>

/** The command; `done` takes its exit code. */
export function caCommand(io: CommandIo, done: (code: number) => void): Command {
  const command = new Command('ca').description('make a test CA and test cards; never for real ones')
  command
    .command('new')
    .description('create a test CA with a new key')
    .requiredOption('--rid <hex>', 'registered application provider identifier, 5 bytes', bytes)
    .requiredOption('--index <hex>', 'CA public key index, 1 byte', bytes)
    .option('--bits <number>', 'of the modulus, 512 to 1984', count, 1984)
    .addOption(exponentOption())
    .option('--expiry <YYYYMMDD>', 'the last day of the key')
    .requiredOption('--out <file>', 'a new file for the CA with its private key')
    .action((options: NewOptions) => done(used(() => newCa(options, io))))
  command
    .command('issue')
    .description('create issuer and card keys, their certificates and signed static data')
    .requiredOption('--ca <file>', 'the file of the CA')
    .requiredOption('--pan <digits>', '8 to 19 digits')
    .requiredOption('--expiry <YYYYMMDD>', 'the last day of the application')
    .option('--issuer-bits <number>', 'of the issuer key', count, 1408)
    .option('--icc-bits <number>', 'of the card keys', count, 1152)
    .addOption(exponentOption())
    .requiredOption('--out <file>', 'a new file for the card with its private keys')
    .action((options: IssueOptions) => done(used(() => issue(options, io))))
  command
    .command('export')
    .description('print the public key of a CA')
    .requiredOption('--ca <file>', 'the file of the CA')
    .addOption(new Option('--format <format>', 'how').choices(Object.keys(FORMATS)).default('json'))
    .action(({ ca, format }: ExportOptions) => done(used(() => io.out(FORMATS[format](readCa(ca).key)))))
  return command
}

/** A value that the packages refuse was given by an option: wrong use. */
function used(work: () => void): number {
  try {
    work()
    return EXIT.ok
  } catch (error) {
    throw error instanceof IssuerkitError ? new HostError('ERR_USAGE', error.message) : error
  }
}

function newCa({ rid, index, out, ...options }: NewOptions, io: CommandIo): void {
  const [number, ...more] = index
  if (number === undefined || more.length > 0) {
    throw new IssuerkitError('ERR_LENGTH', { label: 'index', expected: '1 byte', got: `${index.length} bytes` })
  }
  const ca = createTestCa({ ...options, rid, index: number })
  writePrivate(out, caFileOf(ca))
  io.out(`${out}: test CA ${toHex(rid)}/${toHex(index)}, checksum ${toHex(ca.key.checksum)}\n`)
}

function issue({ ca, out, ...options }: IssueOptions, io: CommandIo): void {
  writePrivate(out, issueCard(readCa(ca), options))
  io.out(`${out}: test card, ${options.issuerBits}-bit issuer key, ${options.iccBits}-bit card keys\n`)
}

function exponentOption(): Option {
  const parse = (text: string): number => {
    if (text !== '3' && text !== '65537') throw new InvalidArgumentError('An exponent is 3 or 65537.')
    return Number(text)
  }
  return new Option('--exponent <number>', '3 or 65537').argParser(parse).default(3)
}

function count(text: string): number {
  if (!/^[0-9]{1,5}$/.test(text)) throw new InvalidArgumentError('Bits are a number.')
  return Number(text)
}

function bytes(text: string): Uint8Array {
  try {
    return fromHex(text)
  } catch {
    throw new InvalidArgumentError('Bytes are hexadecimal digits, two a byte.')
  }
}
