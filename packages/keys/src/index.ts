export { type Backend, backend, type Direction, useBackend } from './backend.js'
export { type CardIdentity, expectCardIdentity } from './card-identity.js'
export { constantTimeEqual } from './compare.js'
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
export { type CreateKeyOptions, type KeyLevel, type KeyPurpose, TdesKey, withOddParity } from './key.js'
export { expectMacLength, type MacOptions, macAlgorithm3 } from './mac.js'
export { type PaddingMethod, pad } from './padding.js'
export { type RsaPublicKey, rsaPublic } from './rsa.js'
export { type CryptogramDataElement, SCHEMES, type Scheme, type SchemeName, scheme } from './schemes.js'
export { deriveSessionKey, type SessionKeyInput } from './session.js'
