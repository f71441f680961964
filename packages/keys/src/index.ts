export {
  type ArpcDecision,
  generateArpc,
  generateArpcMethod1,
  generateArpcMethod2,
  issuerAuthenticationData,
  tag91,
} from './arpc.js'
export { type ArpcAnswer, answerApplicationCryptogram, type DecideArpc } from './arpc-answer.js'
export { type Backend, type BlockCipher, backend, type Direction, useBackend } from './backend.js'
export type { KeyAlgorithm } from './block-cipher.js'
export { type CardIdentity, expectCardIdentity } from './card-identity.js'
export { type CipherMode, decipherBlocks, type EncipheringKey, encipherBlocks } from './cipher.js'
export { constantTimeEqual } from './compare.js'
export { type CombineOptions, combineComponents, type KeyComponent } from './components.js'
export { type CryptogramKey, generateCryptogram, verifyCryptogram } from './cryptogram.js'
export {
  type CryptogramData,
  type CryptogramDataOptions,
  type CryptogramPart,
  type CryptogramPartSource,
  cryptogramData,
  missingElements,
} from './cryptogram-data.js'
export {
  type EmvData,
  type GenerateCryptogramInput,
  type GeneratedCryptogram,
  generateApplicationCryptogram,
} from './cryptogram-generate.js'
export {
  type CryptogramKeySource,
  type CryptogramKeys,
  type CryptogramSessionMethod,
  type CryptogramSessionValues,
  cryptogramSessionKey,
  deriveCryptogramKey,
  withCryptogramKeys,
} from './cryptogram-key.js'
export { type Field55, parseField55 } from './de55.js'
export { type TagValues, type Tolerance, type ToleranceName, tagsFromText } from './de55-tolerances.js'
export { type DeriveOptions, deriveIccMasterKey } from './derive.js'
export { type DiagnoseCryptogramInput, diagnoseCryptogram } from './diagnose.js'
export { type DiagnoseArpcInput, diagnoseArpc } from './diagnose-arpc.js'
export type { Change, ChangeKind, DiagnoseContext, DiagnoseKeys, Diagnosis } from './diagnose-keys.js'
export { expectArc, expectArqc, expectAtc } from './expect.js'
export {
  type DecodedFlags,
  decodeFlags,
  type FieldRow,
  type FlagRow,
  type FlagTable,
  hasFlag,
  type SetFlag,
} from './flags.js'
export { CVR_CCD, CVR_MCHIP, CVR_TABLES, CVR_VIS, CVR_VISA_5 } from './flags-cvr.js'
export {
  CVM_RESULTS,
  decodeCvmResults,
  decodeTerminalCapabilities,
  decodeTsi,
  decodeTvr,
  TERMINAL_CAPABILITIES,
  TSI,
  TVR,
} from './flags-terminal.js'
export { randomBytes, sha1 } from './hash.js'
export {
  familyOfAid,
  type IadField,
  type IadHint,
  type IadRecognition,
  type IssuerApplicationData,
  parseIssuerApplicationData,
  schemeOf,
} from './issuer-application-data.js'
export {
  discretionaryDataMac,
  parseDiscretionaryData,
  type UnionPayDiscretionaryData,
  verifyDiscretionaryData,
} from './issuer-application-data-idd.js'
export type { IadFieldName, IadLayoutName } from './issuer-application-data-layouts.js'
export { type KcvMethod, type KcvOptions, keyCheckValue } from './kcv.js'
export {
  AesKey,
  type CreateKeyOptions,
  createKey,
  type KeyLevel,
  type KeyOf,
  type KeyPurpose,
  type SecretKey,
  Sm4Key,
  TdesKey,
} from './key.js'
export { findKeySet, type KeySet } from './key-set.js'
export {
  type KeyBlockOptions,
  peekKeyBlockHeader,
  unwrapKeyBlock,
  type WrapOptions,
  wrapKeyBlock,
} from './keyblock.js'
export type { KeyBlockHeader, NewKeyBlockHeader, OptionalBlock, UnwrappedKeyBlock } from './keyblock-header.js'
export { KEY_BLOCK_PURPOSES, type KeyOfUsage, keyFromKeyBlock, type PurposeUsage } from './keyblock-key.js'
export type { KeyBlockProtectionKey } from './keyblock-protection.js'
export {
  EXPORTABILITY,
  type Exportability,
  KEY_BLOCK_ALGORITHMS,
  KEY_BLOCK_VERSIONS,
  KEY_USAGES,
  type KeyBlockAlgorithm,
  type KeyBlockVersion,
  type KeyUsage,
  MODES_OF_USE,
  type ModeOfUse,
} from './keyblock-tables.js'
export {
  expectMacLength,
  type MacOptions,
  mac,
  macAesCmac,
  macAlgorithm1,
  macAlgorithm3,
  macSm4Cbc,
} from './mac.js'
export { type PaddingMethod, pad } from './padding.js'
export { type Parity, withOddParity } from './parity.js'
export { type RsaPublicKey, rsaPublic } from './rsa.js'
export { RsaPrivateKey, type RsaPrivateParts } from './rsa-private.js'
export {
  type CryptogramDataElement,
  SCHEMES,
  type Scheme,
  type SchemeFamily,
  type SchemeName,
  scheme,
  schemeName,
} from './schemes.js'
export { Secret } from './secret.js'
export {
  type AesSessionKeyInput,
  deriveSessionKey,
  type SessionKeyInput,
  type SessionKeyOptions,
  type Sm4SessionKeyInput,
  scriptDiversificationValue,
  type TdesSessionKeyInput,
} from './session.js'
export type { TreeInput } from './session-tree.js'
export { desSchedule, encryptBlocks, macAlgorithm3Into } from './tdes.js'
export {
  type BatchOptions,
  type BatchSession,
  type CipherBatch,
  decipherRecords,
  deriveIccMasterKeys,
  deriveSessionKeys,
  encipherRecords,
  type IccMasterKeyBatch,
  type MacBatch,
  type MessageLengths,
  macsAlgorithm3,
  type RecordField,
  type SessionKeyBatch,
} from './tdes-batch.js'
export { slicedDes } from './tdes-batch-block-cipher.js'
export {
  type PinChangeBatch,
  pinChanges,
  type ScriptBatch,
  type ScriptMacBatch,
  scriptMacs,
} from './tdes-batch-scripts.js'
export {
  deriveIccMasterKeyInto,
  deriveSessionKeyInto,
  type FlatCard,
  pinChangeInto,
  scriptMacInto,
} from './tdes-issuer.js'
export type { TdesSchedule } from './tdes-schedule.js'
export { type AtcKnowledge, type AtcWindow, type CryptogramType, judgeAtc, type SeenAtc } from './verify-atc.js'
export { type VerifyCryptogramInput, verifyApplicationCryptogram } from './verify-cryptogram.js'
export type { KeyChoice } from './verify-keys.js'
export { expectResultPolicy, type ResultPolicy } from './verify-policy.js'
export {
  type CheckedDiscretionaryData,
  type CryptogramVerdict,
  VERDICT_REASONS,
  type VerdictCode,
} from './verify-verdict.js'
export { isWeakDesKey } from './weak-des-key.js'
