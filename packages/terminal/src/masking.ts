/**
 * What a trace may show of a TPDU. What is hidden stands as `*`, one for each half byte, so that lengths stay visible.
 *
 * Shown are only the data fields that are known to hold no secret, by instruction; everything else is hidden, also what
 * nobody has thought of. In what is shown, data objects of the holder are hidden again:
 *
 * | tag | shown |
 * |---|---|
 * | 5A | the first six and last four digits; of fewer than 13 digits the last four |
 * | 57, 9F6B | the same of the PAN; nothing behind it |
 * | 56, 5F20, 5F53, 9F0B, 9F1F, 9F20, 9F61, 9F62, 99 | nothing |
 */
import { type Command, concat, parseCommand, type TranscriptEntry, toHex } from '@issuerkit/apdu'
import { hiddenDigits } from './masking-objects.js'

/** A command with its answer; a command that was not answered has none. */
export type MaskedEntry = Pick<TranscriptEntry, 'command'> & { readonly response?: Uint8Array }

/** An answer is remembered up to this many bytes, far above those with data of the holder; what is beyond is hidden. */
const REMEMBERED = 4096

const GET_RESPONSE = 0xc0
const READ_RECORD = 0xb2
const GET_CHALLENGE = 0x84
const PUT_DATA = 0xda
const UPDATE_RECORD = 0xdc

/**
 * Commands whose data field is shown: SELECT, GET PROCESSING OPTIONS, GENERATE AC, EXTERNAL and INTERNAL AUTHENTICATE,
 * APPLICATION BLOCK and UNBLOCK, CARD BLOCK (a MAC). VERIFY, PIN CHANGE, STORE DATA and PUT KEY are not among them.
 */
const OPEN_COMMANDS = new Set([0xa4, 0xa8, 0xae, 0x82, 0x88, 0x1e, 0x18, 0x16])
/** Commands that are answered with data objects: SELECT, GPO, GENERATE AC, INTERNAL AUTHENTICATE, GET DATA, READ RECORD. */
const OPEN_ANSWERS = new Set([0xa4, 0xa8, 0xae, 0x88, 0xca, READ_RECORD])

/**
 * A function that masks the TPDUs of one card, in their order. It remembers an answer that comes in pieces (61XX), so that
 * a PAN which is cut in two is hidden in both.
 * @returns `> command` and, on a second line, `< answer`; hexadecimal
 */
export function createMasker(): (entry: MaskedEntry) => string {
  let asked: Uint8Array | undefined
  let received = new Uint8Array(0)
  return ({ command, response }) => {
    if (command[1] !== GET_RESPONSE) {
      asked = command.slice()
      received = new Uint8Array(0)
    }
    const line = `> ${maskCommand(command)}`
    if (response === undefined) return line
    const data = response.subarray(0, Math.max(0, response.length - 2))
    const status = toHex(response.subarray(data.length))
    const before = received.length
    if (before + data.length > REMEMBERED) {
      asked = undefined
      return `${line}\n< ${maskHex(data, all(data, true))}${status}`
    }
    received = concat(received, data) as Uint8Array<ArrayBuffer>
    const hidden = hiddenInAnswer(asked, received, status.startsWith('61'))
    return `${line}\n< ${maskHex(data, hidden.slice(2 * before))}${status}`
  }
}

/** A TPDU without what came before it: the answer to a GET RESPONSE is hidden, since nobody knows what it continues. */
export function maskTpdu(entry: MaskedEntry): string {
  return createMasker()(entry)
}

function maskCommand(bytes: Uint8Array): string {
  let command: Command
  try {
    command = parseCommand(bytes)
  } catch {
    // Where the data field begins is unknown, so nothing behind the header is shown.
    return toHex(bytes.subarray(0, 4)) + '*'.repeat(2 * Math.max(0, bytes.length - 4))
  }
  const { data } = command
  if (data === undefined) return toHex(bytes)
  const start = data.byteOffset - bytes.byteOffset
  const head = toHex(bytes.subarray(0, start))
  return head + maskHex(data, hiddenInCommand(command, data)) + toHex(bytes.subarray(start + data.length))
}

function hiddenInCommand({ ins, p1, p2 }: Command, data: Uint8Array): boolean[] {
  if (OPEN_COMMANDS.has(ins)) return all(data, false)
  if (ins === UPDATE_RECORD) return hiddenDigits(data, false)
  if (ins !== PUT_DATA) return all(data, true)
  // The tag stands in P1 P2, the value (and a MAC) in the data field: the digits of a PAN cannot be told from the MAC.
  const header = p1 === 0 ? Uint8Array.of(p2, data.length) : Uint8Array.of(p1, p2, data.length)
  return hiddenDigits(concat(header, data), false).slice(2 * header.length)
}

/** The half bytes of the answer so far that must not be seen. `more`: its end has not come yet. */
function hiddenInAnswer(asked: Uint8Array | undefined, data: Uint8Array, more: boolean): boolean[] {
  const [, ins = 0, , p2 = 0] = asked ?? []
  if (ins === GET_CHALLENGE) return all(data, false)
  // [EMV-B3] 5.3.2.2: SFI 11 to 30 are the payment system's and issuer's own. They hold logs, not data objects.
  const ownFile = ins === READ_RECORD && p2 >> 3 > 10
  if (ownFile || !OPEN_ANSWERS.has(ins)) return all(data, true)
  return hiddenDigits(data, more)
}

function all(data: Uint8Array, hidden: boolean): boolean[] {
  return Array<boolean>(2 * data.length).fill(hidden)
}

function maskHex(data: Uint8Array, hidden: readonly boolean[]): string {
  return Array.from(toHex(data), (digit, i) => (hidden[i] ? '*' : digit)).join('')
}
