/**
 * What the host asks of whoever holds the keys. Handles go in, results come out, and everything is asynchronous, so that a
 * hardware security module can stand behind it without a route changing. No method takes or returns a key.
 */
import type { ArpcAnswer, ArpcDecision, CardIdentity, CryptogramVerdict } from '@issuerkit/keys'
import type { BuiltScriptCommand, ScriptCommand } from '@issuerkit/scripts'

/** A message with a cryptogram, and whose card it is. */
export interface CryptogramRequest {
  readonly issuer: string
  readonly card: CardIdentity
  /** DE55 as it came, or its values by tag. */
  readonly emv: { readonly field55: Uint8Array } | { readonly tags: ReadonlyMap<string, Uint8Array> }
  /** Overrides the scheme that the issuer's profile and tag 9F10 name. */
  readonly scheme?: string
}

/** The commands of one script, and the transaction that they answer. */
export interface ScriptRequest {
  readonly issuer: string
  readonly card: CardIdentity
  readonly atc: Uint8Array
  readonly arqc: Uint8Array
  readonly commands: readonly ScriptCommand[]
  /** Overrides the scheme of the issuer's profile. */
  readonly scheme?: string
  /** The key set; may be left out where the issuer has one alone. */
  readonly dki?: number
  readonly macLength?: number
}

/** The holder of the keys. Every method throws ERR_NOT_FOUND for an unknown issuer. */
export interface KeyService {
  verifyCryptogram(request: CryptogramRequest): Promise<CryptogramVerdict>
  /** Verifies, and answers an ARQC that has verified. Nothing else is ever answered. */
  answerCryptogram(
    request: CryptogramRequest,
    decision: ArpcDecision,
  ): Promise<{ readonly verdict: CryptogramVerdict; readonly answer: ArpcAnswer | undefined }>
  buildScript(request: ScriptRequest): Promise<readonly BuiltScriptCommand[]>
}
