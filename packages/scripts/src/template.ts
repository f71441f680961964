/**
 * Issuer script templates: what an answer carries to the card beside tag 91.
 *
 * | tag | |
 * |---|---|
 * | 71 or 72 | a script to be run before, or after, the final GENERATE AC |
 * | – 9F18 | issuer script identifier, 4 bytes, optional |
 * | – 86 | a command APDU, one or more |
 *
 * @see [EMV-B3] 10.10 and Annex A, [PBOC-SCRIPT] 6
 */
import { concat, encodeTlv, expectLength, IssuerkitError, parseCommand, toHex } from '@issuerkit/apdu'
import type { ScriptWarning } from './warning.js'

/** 71: before the final GENERATE AC. 72: after it; a PBOC card counts the commands of 72 alone. */
export type ScriptTemplateTag = '71' | '72'

/** A script to be built. */
export interface ScriptTemplate {
  readonly template: ScriptTemplateTag
  /** Issuer script identifier (tag 9F18), 4 bytes. The terminal returns it in the script result, zeros without one. */
  readonly scriptIdentifier?: Uint8Array
  /** Command APDUs without Le, in the order in which the card is to execute them. */
  readonly commands: readonly Uint8Array[]
}

/** How templates are written. */
export interface TemplateOptions {
  /** `00`: each command in tag 86 ends with Le 00, counted in its length, as some hosts send it. `absent` by default. */
  readonly le?: 'absent' | '00'
}

/** Templates as built, one after another. */
export interface ScriptTemplates {
  readonly bytes: Uint8Array
  readonly warnings: readonly ScriptWarning[]
}

/** The bytes of issuer scripts, all templates together, that every terminal takes. [EMV-B4] 6.3.9 */
export const SCRIPT_TOTAL_LIMIT = 128

/**
 * One template 71 or 72.
 * @throws ERR_SCRIPT when there is no command, the template tag is another, or a command ends with an Le or is not short
 * @throws ERR_LENGTH when the script identifier is not 4 bytes; ERR_COMMAND when a command is malformed
 * @see [EMV-B3] Annex A, tags 71, 72, 86, 9F18
 */
export function buildScriptTemplate(script: ScriptTemplate, { le = 'absent' }: TemplateOptions = {}): Uint8Array {
  const { template, scriptIdentifier, commands } = script
  if (template !== '71' && template !== '72') {
    throw new IssuerkitError('ERR_SCRIPT', { label: 'template', expected: '71 or 72' })
  }
  if (le !== 'absent' && le !== '00') throw new IssuerkitError('ERR_OPTION', { label: 'le', expected: 'absent or 00' })
  if (commands.length === 0) {
    throw new IssuerkitError('ERR_SCRIPT', { label: `template ${template}`, expected: 'a command', got: 'none' })
  }
  const identifier =
    scriptIdentifier === undefined ? [] : [encodeTlv('9F18', expectLength(scriptIdentifier, 4, 'tag 9F18'))]
  const trailer = Uint8Array.of(...(le === '00' ? [0] : []))
  return encodeTlv(template, [
    ...identifier,
    ...commands.map((apdu) => encodeTlv('86', [expectShortWithoutLe(apdu), trailer])),
  ])
}

/** A command that ends with its data field: an Le, where there is one, is added by the template. */
function expectShortWithoutLe(apdu: Uint8Array): Uint8Array {
  const { data, le } = parseCommand(apdu)
  // With an extended Lc, two bytes more are before the data.
  const length = data === undefined ? 4 : 5 + data.length
  if (le !== undefined || apdu.length !== length || apdu.length > 260) {
    throw new IssuerkitError('ERR_SCRIPT', { label: 'tag 86', expected: 'a short command APDU without Le' })
  }
  return apdu
}

/**
 * The templates of one answer, one after another. What may go wrong in the field is told as warnings: a total above 128
 * bytes, more than one template, script identifiers that do not tell templates apart.
 * @throws as {@link buildScriptTemplate}; ERR_SCRIPT when there is no template
 * @see [EMV-B3] 10.10, [EMV-B4] 6.3.9 (128 bytes)
 */
export function buildScriptTemplates(scripts: readonly ScriptTemplate[], options?: TemplateOptions): ScriptTemplates {
  if (scripts.length === 0)
    throw new IssuerkitError('ERR_SCRIPT', { label: 'scripts', expected: 'a template', got: 'none' })
  const bytes = concat(...scripts.map((script) => buildScriptTemplate(script, options)))
  const warnings: ScriptWarning[] = []
  if (bytes.length > SCRIPT_TOTAL_LIMIT) {
    const expected = `at most ${SCRIPT_TOTAL_LIMIT} bytes`
    warnings.push({ code: 'total-length', expected, got: `${bytes.length} bytes` })
  }
  if (scripts.length > 1) {
    warnings.push({ code: 'several-templates', expected: 'one template', got: String(scripts.length) })
  }
  const identifiers = scripts.map(({ scriptIdentifier = NO_IDENTIFIER }) => toHex(scriptIdentifier))
  if (new Set(identifiers).size < identifiers.length) {
    warnings.push({
      code: 'repeated-identifier',
      expected: 'another one in each template',
      got: identifiers.join(', '),
    })
  }
  return { bytes, warnings }
}

/** What a terminal puts in the place of a script identifier that is not there. [EMV-B4] Annex A5 */
export const NO_IDENTIFIER: Uint8Array = new Uint8Array(4)
