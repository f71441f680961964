/**
 * Dev mode's access: a key pair that lives as long as the process, and one token with every scope.
 */
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { readKeySet } from './key-set.js'
import { SCOPES } from './scopes.js'
import type { AccessPolicy } from './verify-token.js'

export interface DevAccess {
  readonly policy: AccessPolicy
  readonly token: string
}

/** Makes a fresh ES256 key pair and a token that is good for twelve hours. */
export async function createDevAccess(): Promise<DevAccess> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const key = { ...(await exportJWK(publicKey)), kid: 'dev', alg: 'ES256', use: 'sig' }
  const issuer = 'issuerkit-dev'
  const audience = 'issuerkit'
  const token = await new SignJWT({ scope: SCOPES.join(' ') })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: key.kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject('developer')
    .setIssuedAt()
    .setExpirationTime('12h')
    .sign(privateKey)
  return { policy: { keys: readKeySet({ keys: [key] }), issuer, audience }, token }
}
