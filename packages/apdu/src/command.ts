/**
 * Command APDUs.
 *
 * | case | body, short | body, extended |
 * |---|---|---|
 * | 1 | | |
 * | 2 | Le | 00 Le Le |
 * | 3 | Lc data | 00 Lc Lc data |
 * | 4 | Lc data Le | 00 Lc Lc data Le Le |
 *
 * @see [ISO7816-4] 5.1, [EMV-B3] 6.3
 */
import { concat } from './bytes.js'
import { IssuerkitError } from './errors.js'

/** A command to the card: header, data field and the length that the answer may have. */
export interface Command {
  readonly cla: number
  readonly ins: number
  readonly p1: number
  readonly p2: number
  /** The data field, at most 65535 bytes. Absent (or empty) in cases 1 and 2. */
  readonly data?: Uint8Array
  /** The most bytes that the answer may have, 1 to 65536. 256 is Le 00, 65536 extended Le 0000. Absent in cases 1 and 3. */
  readonly le?: number
}

/**
 * Parses a command APDU, short or extended, by its length alone.
 * @throws ERR_COMMAND when it is shorter than 4 bytes, its class byte is FF, its instruction byte 6X or 9X, or Lc and Le
 * do not match its length
 */
export function parseCommand(bytes: Uint8Array): Command {
  const header = readHeader(bytes)
  if (header === undefined) {
    throw new IssuerkitError('ERR_COMMAND', { expected: 'at least 4 bytes', got: `${bytes.length} bytes` })
  }
  checkHeader(header)
  const body = splitBody(bytes.subarray(4))
  if (body === undefined) {
    const got = `${bytes.length} bytes in all`
    throw new IssuerkitError('ERR_COMMAND', {
      label: 'body',
      expected: 'Lc and Le that match the length',
      got,
      offset: 4,
    })
  }
  const { cla, ins, p1, p2 } = header
  const { data, le } = body
  if (data === undefined) return le === undefined ? header : { cla, ins, p1, p2, le }
  return le === undefined ? { cla, ins, p1, p2, data } : { cla, ins, p1, p2, data, le }
}

/** The four header bytes as they stand, whatever they are; `undefined` when there are not four. */
export function readHeader(bytes: Uint8Array): Pick<Command, 'cla' | 'ins' | 'p1' | 'p2'> | undefined {
  if (bytes.length < 4) return undefined
  const byte = (i: number): number => bytes[i] as number
  return { cla: byte(0), ins: byte(1), p1: byte(2), p2: byte(3) }
}

type Body = Pick<Command, 'data' | 'le'>

/** [ISO7816-4] 5.1, table 1: what follows the header decides the case; `undefined` when it fits none. */
function splitBody(body: Uint8Array): Body | undefined {
  if (body.length === 0) return {}
  const first = body[0] as number
  if (body.length === 1) return { le: first === 0 ? 256 : first }
  if (first !== 0) {
    const data = body.subarray(1, 1 + first)
    if (body.length === 1 + first) return { data }
    return body.length === 2 + first ? { data, le: body[1 + first] || 256 } : undefined
  }
  if (body.length < 3) return undefined
  const long = (body[1] as number) * 256 + (body[2] as number)
  if (body.length === 3) return { le: long === 0 ? 65536 : long }
  if (long === 0) return undefined
  const data = body.subarray(3, 3 + long)
  if (body.length === 3 + long) return { data }
  if (body.length !== 5 + long) return undefined
  const le = (body[3 + long] as number) * 256 + (body[4 + long] as number)
  return { data, le: le === 0 ? 65536 : le }
}

/**
 * The bytes of a command APDU, in the short form when data and Le fit it.
 * @param options `extended: true` forces the extended form (case 1 has only one form), `false` forbids it
 * @throws ERR_COMMAND when a header byte is out of range, the class byte is FF, the instruction byte 6X or 9X, the data
 * longer than 65535 bytes, Le outside 1 to 65536, or the short form is demanded and too small
 */
export function encodeCommand(command: Command, options: { readonly extended?: boolean } = {}): Uint8Array {
  checkHeader(command)
  const { cla, ins, p1, p2, data = new Uint8Array(0), le } = command
  check('Lc', 'at most 65535 bytes of data', data.length, 0, 65535)
  if (le !== undefined) check('Le', '1 to 65536', le, 1, 65536)
  const needed = data.length > 255 || (le !== undefined && le > 256)
  const extended = options.extended ?? needed
  if (needed && !extended) {
    throw new IssuerkitError('ERR_COMMAND', { label: 'body', expected: 'what fits a short APDU', got: 'more' })
  }
  const field = (value: number): Uint8Array =>
    extended ? Uint8Array.of((value >> 8) & 0xff, value & 0xff) : Uint8Array.of(value & 0xff)
  const parts: Uint8Array[] = [Uint8Array.of(cla, ins, p1, p2)]
  if (extended && (data.length > 0 || le !== undefined)) parts.push(Uint8Array.of(0))
  if (data.length > 0) parts.push(field(data.length), data)
  if (le !== undefined) parts.push(field(le))
  return concat(...parts)
}

/**
 * The command with another Le, in the form that it has. `undefined` when it has none (cases 1 and 3), or is malformed:
 * then its last byte is data, perhaps of a MAC, and must stay.
 * @param le 1 to 256
 */
export function replaceLe(bytes: Uint8Array, le: number): Uint8Array | undefined {
  const body = bytes.subarray(4)
  if (splitBody(body)?.le === undefined) return undefined
  const changed = bytes.slice()
  changed[changed.length - 1] = le & 0xff
  if (body.length > 1 && body[0] === 0) changed[changed.length - 2] = le >> 8
  return changed
}

function checkHeader(command: Command): void {
  check('p1', '00 to FF', command.p1, 0, 0xff)
  check('p2', '00 to FF', command.p2, 0, 0xff)
  // [ISO7816-4] 5.1.1: FF is kept for the protocol selection of the interface.
  check('cla', '00 to FE', command.cla, 0, 0xfe)
  check('ins', '00 to FF', command.ins, 0, 0xff)
  // [ISO7816-4] 5.1.2: an instruction byte 6X or 9X could be taken for a status byte by T=0.
  if (command.ins >> 4 === 6 || command.ins >> 4 === 9) {
    throw new IssuerkitError('ERR_COMMAND', { label: 'ins', expected: 'none of 6X and 9X', got: hexByte(command.ins) })
  }
}

function hexByte(value: number): string {
  return value.toString(16).toUpperCase()
}

function check(label: string, expected: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new IssuerkitError('ERR_COMMAND', { label, expected, got: `${value}` })
  }
}
