export { applicationBlock, applicationUnblock, cardBlock } from './application.js'
export {
  PUT_DATA_TAGS,
  type PutDataCommand,
  type PutDataInput,
  putData,
  UPDATE_RECORD_TAGS,
  type UpdateRecordInput,
  updateRecord,
} from './card-data.js'
export {
  type MatchedResults,
  type MatchedScript,
  matchScriptResults,
  type ScriptEvidence,
  type SentScript,
} from './match-results.js'
export {
  type ParsedScript,
  type ParsedScriptCommand,
  type ParseScriptsOptions,
  parseScripts,
} from './parse-template.js'
export {
  expectPin,
  isoPinBlock,
  type PanFormat,
  type Pin,
  type PinBlockOptions,
  type PlainFormat,
  parsePinBlock,
  type RandomSource,
  type VisPinBlock,
  type VisPinBlockInput,
  visPinBlock,
} from './pin-block.js'
export {
  type DecipherPinBlockInput,
  decipherPinBlock,
  type EncipherPinBlockInput,
  encipherPinBlock,
  type PinBlockCipher,
} from './pin-block-cipher.js'
export { type PinChangeCommand, type PinChangeInput, pinChange, pinUnblock } from './pin-change.js'
export {
  type CommandOutcome,
  commandOutcomes,
  decodeScriptResults,
  encodeScriptResults,
  type ScriptOutcome,
  type ScriptResult,
  type ScriptResultTag,
} from './results.js'
export { RETRY_RULES, type RetryRule, retryRule } from './retry.js'
export {
  type BuildScriptOptions,
  type BuiltScriptCommand,
  buildScriptCommand,
  buildScriptCommands,
  type ScriptCommand,
} from './script-command.js'
export {
  openScript,
  type ScriptInput,
  type ScriptKeySource,
  type ScriptKeys,
  type ScriptOptions,
  type ScriptSession,
} from './script-session.js'
export type { ScriptCommandName, SecuredCommand } from './secure-command.js'
export {
  buildScriptTemplate,
  buildScriptTemplates,
  SCRIPT_TOTAL_LIMIT,
  type ScriptTemplate,
  type ScriptTemplates,
  type ScriptTemplateTag,
  type TemplateOptions,
} from './template.js'
export type { ScriptWarning } from './warning.js'
