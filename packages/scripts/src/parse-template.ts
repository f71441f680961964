/** Templates 71 and 72 read back, strictly. The layout stands in template.ts. */
import { type Command, IssuerkitError, parseCommand, parseTlv, type Tlv } from '@issuerkit/apdu'
import type { ScriptTemplateTag } from './template.js'

/** A command as it stood in tag 86. `le` is there when an Le followed the data. */
export interface ParsedScriptCommand extends Command {
  /** The value of tag 86 as it stood. */
  readonly apdu: Uint8Array
}

/** A template as it stood. */
export interface ParsedScript {
  readonly template: ScriptTemplateTag
  readonly scriptIdentifier?: Uint8Array
  readonly commands: readonly ParsedScriptCommand[]
  /** Where the template begins in the input. */
  readonly offset: number
  /** The whole template. */
  readonly bytes: Uint8Array
}

/** What else may stand beside the templates. */
export interface ParseScriptsOptions {
  /** `skip`: other data objects are passed over, as in field 55 of an answer (91, 8A). `refuse` by default. */
  readonly others?: 'refuse' | 'skip'
}

/**
 * The templates 71 and 72 in the order in which they stand, each with its commands.
 * @throws ERR_TLV, ERR_TAG when the input is no sequence of data objects
 * @throws ERR_SCRIPT for another data object beside or in a template, a script identifier that is not 4 bytes or does not
 *   stand first, or a template without a command; `path` and `offset` say where
 * @throws ERR_COMMAND when the value of a tag 86 is no command APDU
 * @see [EMV-B3] 10.10 and Annex A
 */
export function parseScripts(bytes: Uint8Array, { others = 'refuse' }: ParseScriptsOptions = {}): ParsedScript[] {
  const scripts: ParsedScript[] = []
  for (const tlv of parseTlv(bytes)) {
    if (tlv.tag === '71' || tlv.tag === '72') scripts.push(parseScript(tlv, tlv.tag))
    else if (others !== 'skip') throw wrong([tlv.tag], tlv.offset, 'template 71 or 72', `tag ${tlv.tag}`)
  }
  return scripts
}

function parseScript(tlv: Tlv, template: ScriptTemplateTag): ParsedScript {
  const { offset, bytes } = tlv
  // Bit 6 of 71 and 72 is set: the parser has looked inside.
  const children = tlv.children as readonly Tlv[]
  const [first, ...rest] = children
  const identifier = first?.tag === '9F18' ? first : undefined
  if (identifier !== undefined && identifier.value.length !== 4) {
    throw wrong([template, '9F18'], identifier.offset, '4 bytes', `${identifier.value.length} bytes`)
  }
  const commands = (identifier === undefined ? children : rest).map((child): ParsedScriptCommand => {
    if (child.tag !== '86') throw wrong([template], child.offset, 'tag 86', `tag ${child.tag}`)
    return { ...parseCommand(child.value), apdu: child.value }
  })
  if (commands.length === 0) throw wrong([template], offset, 'a command in tag 86', 'none')
  const script = { template, commands, offset, bytes }
  return identifier === undefined ? script : { ...script, scriptIdentifier: identifier.value }
}

function wrong(path: readonly string[], offset: number, expected: string, got: string): IssuerkitError {
  return new IssuerkitError('ERR_SCRIPT', { label: 'issuer script', path, offset, expected, got })
}
