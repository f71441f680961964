export {
  externalAuthenticateData as agreementExternalAuthenticateData,
  type HostSecretMessage,
  openInternalAuthenticate,
} from './agreement.js'
export { type Certificate, type CertificateForm, certificateP2, parseCertificate } from './certificate.js'
export type { CertificateContents } from './certificate-fields.js'
export { type IssueOptions, issueCertificate } from './certificate-issue.js'
export {
  type CertificateOptions,
  type CertificateReason,
  type CertificateVerdict,
  type NamedKey,
  verifyCertificate,
  verifyChain,
} from './certificate-verify.js'
export { Channel } from './channel.js'
export { Counter } from './counter.js'
export type { Credentials } from './credentials.js'
export { establish, Handshake, type OpenOptions, open } from './open.js'
export { PROFILES, type Profile, type ProfileName, profileOf } from './profile.js'
export type { RandomSource } from './random.js'
export { resumeChannel, saveChannel } from './saved-channel.js'
export { resumeHandshake, saveHandshake } from './saved-handshake.js'
export type { SavingKey } from './sealing.js'
export type { DirectionKeys } from './secure-message.js'
export { agreedKeys, type KeyMaterial, transportedKeys } from './session-keys.js'
export type { Step, StepName } from './steps.js'
export {
  type ControlReferenceTemplate,
  encodePayload,
  type KeyRole,
  LEVEL,
  type Payload,
  parsePayload,
  type Variant,
} from './templates.js'
export {
  decipherData,
  externalAuthenticateData as transportExternalAuthenticateData,
  verifyInternalAuthenticate,
} from './transport.js'
export { type UnwrappedResponse, unwrapResponse, wrapCommand } from './wrap.js'
