/**
 * Scripts of one shape: lines that differ in card, transaction, values and id alone. Their values go into flat records, the
 * key service puts the MACs beside them, and the answer is the one that the first line got, with the bytes that differ
 * written over.
 */
import type { BuiltScriptCommand } from '@issuerkit/scripts'
import type { KeyService } from '../keys/key-service.js'
import { RECORD, type RecordCommand, type ScriptRecords } from '../keys/script-records.js'
import { type Literal, literal, putHex, putLiteral } from './literal.js'
import {
  digitsSlot,
  hexSlot,
  idSlot,
  type LineTemplate,
  lineTemplate,
  matchLine,
  type Slot,
  type Text,
} from './template.js'

/** A script that was built in the long way. */
export interface BuiltLine {
  /** The line as it came. */
  readonly line: string
  readonly request: Pick<ScriptRecords, 'issuer' | 'scheme' | 'dki'>
  readonly built: readonly BuiltScriptCommand[]
  /** The answer without its id. */
  readonly answer: { readonly template: string; readonly commands: readonly { readonly apdu: string }[] }
  /** Whether the template begins with a script identifier. */
  readonly identified: boolean
  /** Bytes of Le behind each command of the template. */
  readonly trailer: number
}

/** Bytes of a record, as text in the answer. */
interface Patch {
  readonly at: number
  readonly from: number
  readonly length: number
}

const MAC_ROOM = 8
const FIRST_ROOM = 64
const NOTHING = new Uint8Array(0)

/** Lines of one shape that wait for their MACs, and their answers. */
export class ScriptShape {
  readonly issuer: string
  readonly #request: BuiltLine['request']
  readonly #template: LineTemplate
  readonly #commands: readonly RecordCommand[]
  readonly #macLength: number
  readonly #stride: number
  readonly #row: Literal
  readonly #patches: readonly Patch[]
  readonly #id = { begin: -1, end: -1 }
  #records: Uint8Array
  #ids: number[] = []
  #done: Uint8Array = NOTHING
  #count = 0

  private constructor(line: BuiltLine, template: LineTemplate, layout: Layout) {
    this.issuer = line.request.issuer
    this.#request = line.request
    this.#template = template
    this.#commands = layout.commands
    this.#stride = layout.stride
    this.#macLength = (line.built[0] as BuiltScriptCommand).mac.length
    this.#row = literal(`${JSON.stringify(line.answer).slice(1)}\n`)
    this.#patches = patchesOf(line, layout, this.#macLength)
    this.#records = new Uint8Array(FIRST_ROOM * layout.stride)
  }

  /** The shape of a line that was built; `undefined` where it is written in an unusual way. */
  static of(line: BuiltLine): ScriptShape | undefined {
    const layout = layoutOf(line.built)
    const template = lineTemplate(line.line, (path) => slotOf(path, layout))
    return template === undefined ? undefined : new ScriptShape(line, template, layout)
  }

  /** Takes a line when it is of this shape. @returns its number among those that were taken, else -1 */
  take(text: Text, begin: number, end: number): number {
    if ((this.#count + 1) * this.#stride > this.#records.length) {
      const more = new Uint8Array(2 * this.#records.length)
      more.set(this.#records)
      this.#records = more
    }
    const id = this.#id
    if (!matchLine(this.#template, text, begin, end, this.#records, this.#count * this.#stride, id)) return -1
    this.#ids.push(id.begin, id.end)
    return this.#count++
  }

  /** Has the MACs of all lines that it took computed. */
  async secure(keys: Pick<KeyService, 'secureScripts'>): Promise<void> {
    if (this.#count === 0) return
    this.#done = await keys.secureScripts({
      ...this.#request,
      commands: this.#commands,
      macLength: this.#macLength,
      count: this.#count,
      bytes: this.#records,
      stride: this.#stride,
    })
  }

  /** Whether the n-th line has its MACs; if not, it is built in the long way. */
  isDone(n: number): boolean {
    return this.#done[n] === 1
  }

  /** Bytes that the answer to the n-th line takes, at most. */
  room(n: number): number {
    return this.#row.length + 16 + (this.#ids[2 * n + 1] as number) - (this.#ids[2 * n] as number)
  }

  /** Writes the answer to the n-th line. @returns where it ends */
  write(n: number, { bytes }: Text, out: DataView, from: number): number {
    let at = from
    const [begin, end] = [this.#ids[2 * n] as number, this.#ids[2 * n + 1] as number]
    if (begin < 0) out.setUint8(at++, BRACE)
    else {
      at = putLiteral(ID_BEFORE, out, at)
      for (let i = begin; i < end; i++) out.setUint8(at++, bytes[i] as number)
      at = putLiteral(ID_BEHIND, out, at)
    }
    const after = putLiteral(this.#row, out, at)
    const [records, base] = [this.#records, n * this.#stride]
    for (const patch of this.#patches) putHex(records, base + patch.from, patch.length, out, at + patch.at)
    return after
  }

  /** Forgets the lines. @returns how many had their MACs */
  clear(): number {
    const secured = this.#done.reduce((sum, done) => sum + done, 0)
    this.#records.fill(0, 0, this.#count * this.#stride)
    this.#ids = []
    this.#done = NOTHING
    this.#count = 0
    return secured
  }
}

const BRACE = 0x7b
const ID_BEFORE = literal('{"id":"')
const ID_BEHIND = literal('",')

interface Layout {
  readonly commands: readonly RecordCommand[]
  readonly identifier: number
  readonly stride: number
}

function layoutOf(built: readonly BuiltScriptCommand[]): Layout {
  let end: number = RECORD.values
  const commands = built.map(({ header, data }) => {
    const value = { offset: end, length: data.length }
    end += data.length + MAC_ROOM
    return { header, value, mac: value.offset + data.length }
  })
  return { commands, identifier: end, stride: end + 4 }
}

function slotOf(path: string, { commands, identifier }: Layout): Slot | undefined {
  const [command] = /(?<=^commands\.)\d+(?=\.value$)/.exec(path) ?? []
  const value = commands[Number(command)]?.value
  if (value !== undefined) return hexSlot(value.offset, value.length)
  switch (path) {
    case 'id':
      return idSlot
    case 'pan':
      return digitsSlot(RECORD.pan, 8, 19, RECORD.panDigits)
    case 'panSequence':
      return digitsSlot(RECORD.panSequence, 2, 2)
    case 'atc':
      return hexSlot(RECORD.atc, 2)
    case 'arqc':
      return hexSlot(RECORD.arqc, 8)
    case 'scriptId':
      return hexSlot(identifier, 4)
    default:
      return undefined
  }
}

/** Bytes of the length of a data object. [EMV-B3] Annex B2 */
function lengthBytes(length: number): number {
  if (length < 128) return 1
  return length < 256 ? 2 : 3
}

/** Where values, MACs and script identifier stand in the text of the answer, behind its first brace. */
function patchesOf({ answer, identified, trailer }: BuiltLine, layout: Layout, macLength: number): Patch[] {
  const text = JSON.stringify(answer)
  const template = text.indexOf('"', '{"template":'.length)
  const patches: Patch[] = []
  const apduPatches = (at: number, { header, value, mac }: RecordCommand) => {
    const data = at + 2 * header.length
    patches.push({ at: data, from: value.offset, length: value.length })
    patches.push({ at: data + 2 * value.length, from: mac, length: macLength })
  }
  // From the end of the template to its beginning: each command lies behind its tag and length.
  let end = template + answer.template.length
  for (const command of layout.commands.toReversed()) {
    const length = command.header.length + command.value.length + macLength
    const begin = end - 2 * (length + trailer)
    apduPatches(begin, command)
    end = begin - 2 * (1 + lengthBytes(length + trailer))
  }
  if (identified) patches.push({ at: end - 8, from: layout.identifier, length: 4 })
  let at = text.indexOf('"commands":', end)
  for (const command of layout.commands) {
    at = text.indexOf('"apdu":"', at) + '"apdu":"'.length
    apduPatches(at - 1, command)
  }
  return patches.filter(({ length }) => length > 0)
}
