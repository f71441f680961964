/** The terminal's own data objects, by tag: what data object lists of the card are answered with. */
import { concat, type DolEntry, fillDol, fromHex, IssuerkitError, parseDol } from '@issuerkit/apdu'
import { randomBytes } from '@issuerkit/keys'

/** Values by upper-case tag. A transaction adds to it as it goes: 95, 9B, 9F34, 8A. */
export type TerminalData = Map<string, Uint8Array>

/**
 * What a terminal is as long as nobody says otherwise: attended, online with offline capability, in China, for an amount
 * of zero. Annex A of [EMV-B3] gives the lengths.
 */
const DEFAULTS: Readonly<Record<string, string>> = {
  '5F2A': '0156',
  '5F36': '02',
  '95': '0000000000',
  '9B': '0000',
  '9C': '00',
  '9F01': '000000000000',
  '9F02': '000000000000',
  '9F03': '000000000000',
  '9F09': '0030',
  '9F15': '5999',
  // Eight and fifteen characters: "ISSUERKIT TEST ", "ISKT0001", "ISSUERKT".
  '9F16': '4953535545524B4954205445535420',
  '9F1C': '49534B5430303031',
  '9F1E': '4953535545524B54',
  '9F1A': '0156',
  '9F1B': '00000000',
  // [EMV-B4] Annex A2: contacts and magnetic stripe, every way of cardholder verification, SDA, DDA and CDA.
  '9F33': 'E0F8C8',
  // [EMV-B3] Annex C4 by [EMV-B4] 6.3.4.5: no cardholder verification was performed.
  '9F34': '3F0000',
  '9F35': '22',
  '9F39': '05',
  '9F40': '6000F0A001',
  '9F41': '00000001',
  '9F4E': '6973737565726B6974',
  // Contactless: quick transactions and those of contacts, online PIN, signature; the newer form of fDDA. [PBOC] 12
  '9F66': '36000080',
  // No electronic cash: a card asked for it answers another transaction than the one of debit and credit. [PBOC] 13
  '9F7A': '00',
  '9F7B': '000000000000',
  DF60: '00',
  DF69: '00',
}

/** What a terminal's data is made from beside the defaults. */
export interface TerminalDataOptions {
  /** Date (9A) and time (9F21), local. Default: now. */
  readonly now?: Date
  /** Tag 9F37, 4 bytes. Default: random. */
  readonly unpredictableNumber?: Uint8Array
}

/**
 * The data of a terminal: the defaults, date, time and an unpredictable number, and over them the values given.
 * The amounts in binary (81 and 9F04) follow from those in digits (9F02 and 9F03) unless given.
 * @param values by upper-case tag, of the lengths of [EMV-B3] Annex A
 * @throws ERR_LENGTH when the unpredictable number is not 4 bytes
 */
export function createTerminalData(
  values: Iterable<readonly [string, Uint8Array]> = [],
  options: TerminalDataOptions = {},
): TerminalData {
  const { now = new Date(), unpredictableNumber = randomBytes(4) } = options
  if (unpredictableNumber.length !== 4) {
    const got = `${unpredictableNumber.length} bytes`
    throw new IssuerkitError('ERR_LENGTH', { label: 'unpredictable number', expected: '4 bytes', got })
  }
  const data: TerminalData = new Map(Object.entries(DEFAULTS).map(([tag, value]) => [tag, fromHex(value)]))
  data.set('9A', digits(now.getFullYear() % 100, now.getMonth() + 1, now.getDate()))
  data.set('9F21', digits(now.getHours(), now.getMinutes(), now.getSeconds()))
  data.set('9F37', unpredictableNumber.slice())
  const given = new Map(values)
  for (const [tag, value] of given) data.set(tag, value.slice())
  for (const [binary, numeric] of BINARY_AMOUNTS) {
    if (!given.has(binary)) data.set(binary, binaryAmount(data.get(numeric)))
  }
  return data
}

const BINARY_AMOUNTS = [
  ['81', '9F02'],
  ['9F04', '9F03'],
] as const

function digits(...numbers: readonly number[]): Uint8Array {
  return fromHex(numbers.map((number) => `${number}`.padStart(2, '0')).join(''))
}

/** Four bytes; FFFFFFFF where the amount is greater. [EMV-B3] Annex A, tag 81 */
function binaryAmount(numeric: Uint8Array = new Uint8Array(6)): Uint8Array {
  const amount = numeric.reduce((sum, byte) => sum * 100 + (byte >> 4) * 10 + (byte & 0x0f), 0)
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, Math.min(amount, 0xffffffff))
  return bytes
}

/** A data object list of the card and the terminal's answer to it. */
export interface AnsweredDol {
  readonly entries: readonly DolEntry[]
  /** The VALUES that the list asks for, one after another; neither tags nor lengths are in it. */
  readonly data: Uint8Array
}

/**
 * The answer to a data object list: values alone. Templates and what the terminal does not have are zeros.
 * @param dol the value of 9F38, 8C, 8D, 9F49 or 97
 * @throws ERR_DOL when it is no list
 * @see [EMV-B3] 5.4
 */
export function answerDol(dol: Uint8Array, terminal: ReadonlyMap<string, Uint8Array>): AnsweredDol {
  const entries = parseDol(dol)
  return { entries, data: fillDol(entries, terminal) }
}

/** The transaction date (9A) as YYYYMMDD. [EMV-B4] 6.7.3: years from 50 on are those of the last century. */
export function transactionDateOf(terminal: ReadonlyMap<string, Uint8Array>): string | undefined {
  const date = terminal.get('9A')
  if (date?.length !== 3) return undefined
  const text = [...date].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${text < '50' ? '20' : '19'}${text}`
}

/** Tag 83 around the answer to a PDOL; 8300 for a card that has none. [EMV-B3] 6.5.8.3 */
export function commandTemplate(data: Uint8Array): Uint8Array {
  const length = data.length < 0x80 ? [data.length] : [0x81, data.length]
  return concat(Uint8Array.of(0x83, ...length), data)
}
