export { answerInternalAuthenticate, type InternalAuthenticateInput } from './channel-agreement.js'
export { type ChannelCard, type ChannelSnapshot, createChannelCard } from './channel-card.js'
export { type CertificateChecks, type CertifiedKey, verifyChannelCertificate } from './channel-certificate.js'
export type { ChannelKeys, ChannelMacKey, MacCounter } from './channel-keys.js'
export type { ChannelCardKey, ChannelMethod, ChannelVariant, TrustPoint } from './channel-memory.js'
export { type MessagingContext, unwrapCommand, wrapResponse } from './channel-messaging.js'
export type { ChannelCardOptions } from './channel-options.js'
export { CHANNEL_PROFILES, CHANNEL_SWITCHES, type ChannelProfile, type ChannelSwitch } from './channel-profile.js'
export {
  CHANNEL_STATES,
  CHANNEL_TABLE,
  type ChannelCell,
  type ChannelCommand,
  type ChannelRow,
  type ChannelState,
  channelCell,
} from './channel-table.js'
export { type ChannelKeyName, type KeyTemplate, LEVEL, type SessionRequest } from './channel-template.js'
export { type DecipheredTransport, decipherKeyTransport } from './channel-transport.js'
export { type DebitCreditCardOptions, openDebitCreditCard } from './debit-credit-card.js'
export type { ApplicationConfig, CardConfig, CardSwitches } from './debit-credit-model.js'
export { type ApplicationDescription, type CardDescription, describeCard, maskPan } from './describe-card.js'
export { describePurse, type PurseApplicationDescription, type PurseDescription } from './describe-purse.js'
export { CardMemory, type MemoryObject, type SavedMemory } from './memory.js'
export type { Fuse } from './memory-cells.js'
export { personaliseCard } from './personalise.js'
export { type CardProfile, parseCardProfile } from './profile.js'
export type { ApplicationProfile } from './profile-application.js'
export { openPurseCard, type PurseCardOptions } from './purse-card.js'
export { ETC_PURSE_PROFILE } from './purse-defaults.js'
export type { PurseKeyName, PurseName, PurseSwitches } from './purse-model.js'
export { etcPurseProfile, personalisePurse } from './purse-personalise.js'
export {
  PURSE_PROFILES,
  type PurseApplicationProfile,
  type PurseKey,
  type PurseProfile,
  type PurseProfileName,
  type PurseStart,
  parsePurseProfile,
} from './purse-profile.js'
export { type CardKind, cardKind, loadCard, saveCard } from './saved-card.js'
export { type CardAnswer, type CardProcessor, createVirtualCard, type VirtualCard } from './virtual-card.js'
