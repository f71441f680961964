/**
 * The keys of a script session, each for the one computation that needs it: what is derived here is zeroed when the
 * computation is done, whether it succeeds or throws.
 */
import { type CardIdentity, deriveIccMasterKey, deriveSessionKey, type SecretKey } from '@issuerkit/keys'
import { ScriptSession } from './script-session.js'

type ScriptPurpose = 'AC' | 'MAC' | 'ENC'

/** A master key of either level. */
export type MasterKey<P extends ScriptPurpose> = SecretKey<'issuer', P> | SecretKey<'icc', P>

/** Runs `use` with the ICC master key that `key` is or leads to. */
export function withIccKey<P extends ScriptPurpose, T>(
  session: ScriptSession,
  key: MasterKey<P>,
  use: (iccKey: SecretKey<'icc', P>) => T,
): T {
  if (key.level === 'icc') return use(key as SecretKey<'icc', P>)
  const { card, derivation } = ScriptSession.material(session)
  const iccKey = deriveIccMasterKey(key as SecretKey<'issuer', P>, card as CardIdentity, derivation)
  try {
    return use(iccKey)
  } finally {
    iccKey.destroy()
  }
}

/** Runs `use` with the session key under `key`. */
export function withSessionKey<P extends ScriptPurpose, T>(
  session: ScriptSession,
  key: MasterKey<P>,
  use: (sessionKey: SecretKey<'session', P>) => T,
): T {
  return withIccKey(session, key, (iccKey) => {
    const sessionKey = deriveSessionKey(iccKey, session.diversification)
    try {
      return use(sessionKey)
    } finally {
      sessionKey.destroy()
    }
  })
}
