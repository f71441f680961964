export {
  byPriority,
  type Candidate,
  DEFAULT_AIDS,
  type FoundApplications,
  selectByList,
  selectDirectory,
  selectProximityDirectory,
} from './application-selection.js'
export { connectCard } from './card-connection.js'
export { type CardData, type LogRecord, readCardData } from './card-data.js'
export { createCardFile, readCardFile, writeCardFile } from './card-file.js'
export { lockCardFile } from './card-lock.js'
export { type ShownApplication, type ShownCard, type ShownRecord, type ShownSearch, showCard } from './card-tree.js'
export type { CardholderVerification, CvmAttempt } from './cardholder-verification.js'
export type { CardUnderTest, CaseNeed, ConformanceCase } from './conformance/case.js'
export { CONFORMANCE_CASES } from './conformance/cases.js'
export { CHAPTERS } from './conformance/chapters.js'
export { type Fips140Result, fips140 } from './conformance/fips140.js'
export type { PurseTestProfile } from './conformance/profile.js'
export { parsePurseTestProfile } from './conformance/profile-json.js'
export {
  type CaseReport,
  type CaseVerdict,
  type ChapterSummary,
  type ConformanceReport,
  chapterLines,
  chaptersOf,
  type ReportStep,
  type TestedCard,
} from './conformance/report.js'
export { htmlReport } from './conformance/report-html.js'
export { junitReport } from './conformance/report-junit.js'
export { type ConformanceOptions, type ConformanceProgress, runConformance } from './conformance/runner.js'
export { PurseTester } from './conformance/tester.js'
export { purseTestProfile, virtualPurse } from './conformance/virtual-purse.js'
export type { CardConnection, ResetKind } from './connection.js'
export { FINDINGS, type Finding, type FindingCode, type FindingInfo } from './findings.js'
export { type InitiatedApplication, initiateApplication } from './initiate-application.js'
export { createIssuer } from './issuer.js'
export type {
  AdviceVerdict,
  Authorization,
  CardScriptEvidence,
  DeliveredScript,
  Issuer,
  IssuerDecision,
  IssuerOptions,
  QueuedScript,
  QueueOptions,
} from './issuer-model.js'
export { createMasker, type MaskedEntry, maskTpdu } from './masking.js'
export { type MisbehavingTerminal, misbehave } from './misbehaviour.js'
export {
  type CommandPlace,
  type GroundTruth,
  type Misbehaviour,
  randomMisbehaviour,
  type TrueCommand,
  type TrueScript,
} from './misbehaviour-plan.js'
export {
  type AuthenticationOptions,
  type AuthenticationOutcome,
  authenticateApplication,
  type OfflineAuthentication,
} from './offline-authentication.js'
export type { PinEntry } from './offline-pin.js'
export type { IssuerLink, OnlineRequest, OnlineResponse, TransactionAdvice } from './online.js'
export { connectReader, listReaders, type ReaderInfo, type ReaderOptions } from './pcsc.js'
export {
  type CompletionKeys,
  verifyCompletion,
} from './purse-completion.js'
export {
  type CappRecord,
  loadPurse,
  type ProofVerdict,
  type PurseFailure,
  type PurseHostKeys,
  type PurseOptions,
  type PurseSuccess,
  type PurseVerdict,
  proveTransaction,
  purchase,
  purchaseComposite,
  runPurseTransaction,
  unloadPurse,
  updateOverdraftLimit,
  withdrawCash,
} from './purse-host.js'
export {
  createPurseKey,
  diversifyPurseKey,
  onlineSessionKey,
  type PurseKey,
  type PurseSessionKey,
  purchaseSessionKey,
  purseMac,
  purseTac,
} from './purse-keys.js'
export {
  type Completion,
  completeCommand,
  type InitializeAnswer,
  type InitializedTransaction,
  initializeCommand,
  type PurseName,
  type PurseRequest,
  type PurseTransactionKind,
  parseInitialized,
  transactionSessionKey,
  verifyMac1,
} from './purse-messages.js'
export { parseSamInitialized, type SamMac1, samCheckCommand, samInitializeCommand } from './purse-sam.js'
export {
  applicationBlockCommand,
  applicationUnblockCommand,
  cardBlockCommand,
  encipherPurseData,
  externalCryptogram,
  pinUnblockCommand,
  purseCommandMac,
  reloadPinCommand,
  updateBinaryCommand,
  updateRecordCommand,
} from './purse-secure-messaging.js'
export { createSeededRandom, type SeededRandom } from './random-seed.js'
export { type ApplicationReading, readApplication } from './read-application.js'
export {
  type ApplicationTree,
  type CardTree,
  type ReadCardOptions,
  readCard,
  type Search,
  type SelectionMethod,
} from './read-card.js'
export { recordedCard } from './recorded-card.js'
export type { IssuerScripts, ScriptCommandRun, ScriptResultTags, ScriptRun } from './script-processing.js'
export { type CardSession, openSession, type SessionOptions } from './session.js'
export type { ShownObject, ShowOptions } from './shown-objects.js'
export { createTerminalData, type TerminalData, type TerminalDataOptions } from './terminal-data.js'
export { traceLines } from './trace.js'
export { runTransaction } from './transaction.js'
export type { TransactionDecision, TransactionOptions, TransactionResult } from './transaction-model.js'
export type { EndReason, TransactionEnd, TransactionPhase, TransactionStep } from './transaction-state.js'
export { treeText } from './tree-text.js'
export { connectVirtualReader, type VirtualReader, type VirtualReaderOptions } from './virtual-reader.js'
export { type ListeningReader, type ListenOptions, listenVirtualReader } from './virtual-reader-server.js'
