/**
 * Recorded sessions with a card, as text and as a card that plays them back.
 *
 * ```
 * # A title, set off by an empty line.
 *
 * # a note on the exchange that follows
 * > 00A4040007A0000003330101
 * < 6F458408A000000333010101...9000
 * ```
 *
 * A line is empty, a comment (#), a command (>) or its answer (<). Comment lines directly above a command are its note.
 * A transcript holds everything that passed, PINs and the holder's data included.
 */
import { fromHex, toHex } from './bytes.js'
import { IssuerkitError } from './errors.js'

/** One command with its answer, as they passed. */
export interface TranscriptEntry {
  /** The command APDU, one byte or more; not necessarily well-formed. */
  readonly command: Uint8Array
  /** The answer with its status, one byte or more; not necessarily well-formed. */
  readonly response: Uint8Array
  /** What the comment lines directly above the command say. */
  readonly note?: string
}

/** What a file may cost. The longest APDU, 65544 bytes, fits a line with blanks between its bytes. */
const MAX_TEXT = 4 * 1024 * 1024
const MAX_LINE = 256 * 1024
const MAX_ENTRIES = 65536
const MAX_NOTE = 65536

/** Control characters other than tab and LF: an editor or a terminal may end a line at one, or hide what follows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F]/

/**
 * Parses a transcript. Lines end in LF or CRLF; hexadecimal digits may be lower case and have blanks between them.
 *
 * It takes less than 1 kB for each exchange and less than 16 MB beyond the text.
 * @throws ERR_TRANSCRIPT for a line of another kind, bytes that are none or not hexadecimal, an answer without a command, a
 * command without an answer, a control character in a comment, more than 4 Mi characters, 256 Ki characters in
 * a line, 65536 exchanges or 65536 characters of comment above one command; the label is `line N`, counted from 1
 */
export function parseTranscript(text: string): TranscriptEntry[] {
  if (text.length > MAX_TEXT) throw malformed('text', `at most ${MAX_TEXT} characters`, `${text.length}`)
  const entries: TranscriptEntry[] = []
  let open: { readonly line: number; readonly command: Uint8Array; readonly note?: string } | undefined
  let noteStart: number | undefined
  let line = 0
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    const content = text.slice(start, text.charCodeAt(end - 1) === 0x0d ? end - 1 : end)
    line += 1
    if (content.length > MAX_LINE) throw malformed(line, `at most ${MAX_LINE} characters`, `${content.length}`)
    if (content.startsWith('#')) {
      if (CONTROL.test(content)) throw malformed(line, 'a comment of printable characters', 'a control character')
      noteStart ??= start
    } else {
      if (content.startsWith('>')) {
        if (open !== undefined) throw malformed(line, `the answer to line ${open.line}`, 'a command')
        const note = noteStart === undefined ? {} : { note: uncomment(text.slice(noteStart, start), line) }
        open = { line, command: bytesOf(content, line), ...note }
      } else if (content.startsWith('<')) {
        if (open === undefined) throw malformed(line, 'a command before the answer', 'none')
        if (entries.length === MAX_ENTRIES) throw malformed(line, `at most ${MAX_ENTRIES} exchanges`, 'more')
        const { line: _, ...asked } = open
        entries.push({ ...asked, response: bytesOf(content, line) })
        open = undefined
      } else if (!/^[ \t]*$/.test(content)) {
        throw malformed(line, 'an empty line or one that begins with #, > or <', 'another')
      }
      noteStart = undefined
    }
    start = end + 1
  }
  if (open !== undefined) throw malformed(open.line, 'a command with an answer', 'the end')
  return entries
}

function malformed(where: number | string, expected: string, got: string): IssuerkitError {
  const label = typeof where === 'number' ? `line ${where}` : where
  return new IssuerkitError('ERR_TRANSCRIPT', { label, expected, got })
}

function bytesOf(content: string, line: number): Uint8Array {
  const digits = content.slice(1).replace(/[ \t]/g, '')
  if (digits === '') throw malformed(line, 'hexadecimal bytes', 'none')
  try {
    return fromHex(digits)
  } catch {
    throw malformed(line, 'hexadecimal bytes', 'other characters or half a byte')
  }
}

/** The note in comment lines: without the #, one blank after it, and the end of the last line. */
function uncomment(block: string, line: number): string {
  if (block.length > MAX_NOTE)
    throw malformed(line, `at most ${MAX_NOTE} characters of comment above`, `${block.length}`)
  const lines = block.split(/\r?\n/).slice(0, -1)
  return lines.map((text) => text.slice(text.startsWith('# ') ? 2 : 1)).join('\n')
}

/**
 * Writes a transcript that {@link parseTranscript} reads back, notes included.
 * @throws ERR_TRANSCRIPT when a command or an answer is empty, title or note has a control character other than tab and
 * LF, or takes more than 65536 characters as comment lines; the label is `title` or `entry N`, counted from 1
 */
export function formatTranscript(
  entries: readonly TranscriptEntry[],
  options: { readonly title?: string } = {},
): string {
  const blocks = options.title === undefined ? [] : [comment(options.title, 'title')]
  for (const [i, { command, response, note }] of entries.entries()) {
    const entry = `entry ${i + 1}`
    if (command.length === 0 || response.length === 0) throw malformed(entry, 'a command and an answer', 'no bytes')
    const above = note === undefined ? '' : comment(note, entry)
    blocks.push(`${above}> ${toHex(command)}\n< ${toHex(response)}\n`)
  }
  return blocks.join('\n')
}

function comment(text: string, label: string): string {
  if (CONTROL.test(text)) throw malformed(label, 'a note of printable lines', 'a control character')
  const lines = text.split('\n').map((line) => (line === '' ? '#\n' : `# ${line}\n`))
  const block = lines.join('')
  if (block.length > MAX_NOTE) throw malformed(label, `at most ${MAX_NOTE} characters of comment`, `${block.length}`)
  return block
}
