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
export { CardMemory, type MemoryObject, type SavedMemory } from './memory.js'
export type { Fuse } from './memory-cells.js'
export { type CardAnswer, type CardProcessor, createVirtualCard, type VirtualCard } from './virtual-card.js'
