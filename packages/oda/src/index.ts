export { authenticate, type DynamicInput, type OdaInput } from './authenticate.js'
export { authenticateBatch, type BatchError, type BatchOptions, type BatchResult, type BatchVerdict } from './batch.js'
export { type CaKey, type CaKeyParts, caKeyName, createCaKey } from './ca-key.js'
export {
  type CaKeyImport,
  type CaKeyText,
  caKeyFromObject,
  caKeyFromText,
  caKeyFromTlv,
  caKeysFromCsv,
  caKeysFromJson,
  type RefusedCaKey,
} from './ca-key-import.js'
export { type CaKeyProfile, CaKeyStore } from './ca-key-store.js'
export { CA_KEY_DATA } from './ca-keys.data.js'
export { type CaKeyRecord, type PublishedCaKeys, publishedCaKeys } from './ca-keys.js'
export { type CombinedData, type CombinedDataInput, verifyCombinedData } from './combined-data.js'
export { expectDate } from './dates.js'
export {
  DEFAULT_DDOL,
  type DynamicDataInput,
  type FddaVariant,
  fddaTerminalData,
  fddaVariant,
  signatureOfInternalAuthenticate,
  verifyDynamicData,
} from './dynamic-data.js'
export { type EncipheredPinInput, encipherPin, verifyEncipheredPinCommand } from './enciphered-pin.js'
export {
  type IccCertificateInput,
  type PinCertificateInput,
  verifyIccCertificate,
  verifyPinCertificate,
} from './icc-certificate.js'
export { type IssuerCertificateInput, verifyIssuerCertificate } from './issuer-certificate.js'
export {
  type CertificateDetails,
  type IssuedCertificate,
  issueIccCertificate,
  issueIssuerCertificate,
  issuePinCertificate,
  signStaticData,
} from './issuing.js'
export {
  answerCombined,
  type CombinedSignatureInput,
  type DynamicSignatureInput,
  iccDynamicData,
  signDynamicData,
} from './issuing-dynamic.js'
export { type ChosenMethod, type OdaMethod, selectMethod } from './methods.js'
export { authenticateReading, authenticateRecords, authenticateTranscript, type ReadingOptions } from './reading.js'
export { REASONS, type Reason, type ReasonCode, type ReasonKind } from './reasons.js'
export { NO_STATIC_DATA, type StaticData, type StaticDataSource, staticDataOf } from './records.js'
export { createRevocationList, isRevoked, type RevocationList } from './revocation.js'
export type { Recovered, RecoveredField, StageName, StageResult } from './stage.js'
export { type StaticDataInput, verifyStaticData } from './static-data.js'
export {
  caKeysToCsv,
  caKeyToText,
  caKeyToTlv,
  createTestCa,
  emvKey,
  type TestCa,
  type TestCaOptions,
  testCaFromKey,
} from './test-ca.js'
export {
  type Fault,
  type OdaVerdict,
  type StageLine,
  type VerdictText,
  verdictText,
} from './verdict.js'
