export { type Backend, type BlockCipher, backend, type Direction, useBackend } from './backend.js'
export type { KeyAlgorithm } from './block-cipher.js'
export { type CardIdentity, expectCardIdentity } from './card-identity.js'
export { type CipherMode, decipherBlocks, type EncipheringKey, encipherBlocks } from './cipher.js'
export { constantTimeEqual } from './compare.js'
export { type CombineOptions, combineComponents, type KeyComponent } from './components.js'
export {
  type CryptogramKey,
  generateArpcMethod1,
  generateCryptogram,
  issuerAuthenticationData,
  verifyCryptogram,
} from './cryptogram.js'
export { type DeriveOptions, deriveIccMasterKey } from './derive.js'
export { expectArc, expectArqc, expectAtc } from './expect.js'
export { randomBytes, sha1 } from './hash.js'
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
export { type CryptogramDataElement, SCHEMES, type Scheme, type SchemeName, scheme } from './schemes.js'
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
export { isWeakDesKey } from './weak-des-key.js'
