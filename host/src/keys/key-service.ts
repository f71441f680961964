/**
 * What the host asks of whoever holds the keys. Handles go in, results come out, and everything is asynchronous, so that a
 * hardware security module can stand behind it without a route changing. No method takes or returns a key.
 */
import type {
  ArpcAnswer,
  AtcKnowledge,
  CardIdentity,
  CryptogramType,
  CryptogramVerdict,
  DecideArpc,
  TagValues,
} from '@issuerkit/keys'
import type { BuiltScriptCommand, Pin, ScriptCommand } from '@issuerkit/scripts'
import type { CryptogramBody } from './cryptogram-json.js'
import type { CompleteProfile } from './issuer-profile.js'
import type { ScriptRecords } from './script-records.js'

/** DE55 as it came, or its values by tag. */
export type EmvValues = { readonly field55: Uint8Array } | { readonly tags: TagValues }

/** A message with a cryptogram, and whose card it is. */
export interface CryptogramRequest {
  readonly issuer: string
  readonly card: CardIdentity
  readonly emv: EmvValues
  /** Overrides the scheme that the issuer's profile and tag 9F10 name; it must be one of the profile's. */
  readonly scheme?: string
  /** Overrides the derivation key index of tag 9F10. */
  readonly dki?: number
  /** The kind that the cryptogram must be of, ARQC unless given. */
  readonly expectedType?: CryptogramType
  /** What is known of the card's counters. */
  readonly atc?: AtcKnowledge
}

/** A cryptogram of a transaction that was seen before: TC or AAC, whose message has only part of what it covers. */
export interface StoredCryptogramRequest extends CryptogramRequest {
  /** What the request left behind. The message's own values come before these; its cryptogram is never taken from them. */
  readonly stored: TagValues
}

/** One of many cryptograms to verify: all of it text, as the interface has it. */
export interface CryptogramText extends CryptogramBody {
  readonly expectedType?: CryptogramType
}

/** The verdict on it: its letter, and the JSON of /v1/cryptograms/verify; or what was thrown instead. */
export type VerdictText =
  | { readonly code: CryptogramVerdict['code']; readonly json: string }
  | { readonly error: unknown }

/** A PIN block under a PIN key of the issuer. */
export interface EncipheredPin {
  /** The id of the PIN key. */
  readonly key: string
  readonly format: 0 | 3 | 4
  readonly block: Uint8Array
}

/** A PIN at rest. It is good for the card it was taken for and nothing else. */
export interface WrappedPin {
  /** The id that it was wrapped for: its ledger entry, say. */
  readonly id: string
  readonly wrapped: Uint8Array
}

/** Where a script takes a PIN from; a clear one in dev mode only. */
export type PinSource = Pin | EncipheredPin | WrappedPin

/** A command of an issuer script, its PINs as the host has them. */
export type ServiceCommand =
  | Exclude<ScriptCommand, { type: 'pin-change' | 'pin-change-with-current' }>
  | { readonly type: 'pin-change'; readonly newPin: PinSource }
  | { readonly type: 'pin-change-with-current'; readonly newPin: PinSource; readonly currentPin: PinSource }

/** The commands of one script, and the transaction that they answer. */
export interface ScriptRequest {
  readonly issuer: string
  readonly card: CardIdentity
  readonly atc: Uint8Array
  readonly arqc: Uint8Array
  readonly commands: readonly ServiceCommand[]
  /** Overrides the scheme of the issuer's profile; it must be one of the profile's. */
  readonly scheme?: string | undefined
  /** The key set; may be left out where the issuer has one alone. */
  readonly dki?: number | undefined
  readonly macLength?: number | undefined
}

/** A PIN to be kept: whose it is, and what for. */
export interface PinRequest {
  readonly issuer: string
  readonly pan: string
  /** What the wrapped PIN is bound to: the id of its ledger entry. */
  readonly id: string
  readonly pin: Exclude<PinSource, WrappedPin>
}

/** The holder of the keys. Every method that names an issuer throws ERR_NOT_FOUND for an unknown one. */
export interface KeyService {
  /** The issuer's profile, from where its keys are kept open. */
  profile(issuer: string): Promise<CompleteProfile>
  /** A PAN of no BIN range of the issuer, and a scheme that it does not have, are verdict K. ERR_SCHEME, ERR_PAN … */
  verifyCryptogram(request: CryptogramRequest): Promise<CryptogramVerdict>
  /** Verifies many of one issuer, whatever issuer they name themselves: text both ways, which is what threads hand over best. */
  verifyCryptograms(issuer: string, requests: readonly CryptogramText[]): Promise<readonly VerdictText[]>
  /** Verifies, and answers an ARQC that has verified. Nothing else is ever answered. */
  answerCryptogram(
    request: CryptogramRequest,
    decide: DecideArpc,
  ): Promise<{ readonly verdict: CryptogramVerdict; readonly answer: ArpcAnswer | undefined }>
  /** Verifies a TC or AAC with what its request left behind. */
  verifyStoredRequest(request: StoredCryptogramRequest): Promise<CryptogramVerdict>
  /** ERR_NO_KEY where there is no set; ERR_PIN_BLOCK, whatever is wrong with a PIN; ERR_KEY_USAGE for another key than a PIN key. */
  buildScript(request: ScriptRequest): Promise<readonly BuiltScriptCommand[]>
  /**
   * Puts the MACs of many scripts of one shape into their records. @returns 1 for each record that has them, 0 for one that
   * must be built by itself, whether that succeeds or not
   */
  secureScripts(records: ScriptRecords): Promise<Uint8Array>
  /** Takes a PIN in and wraps it for the card. ERR_PIN_BLOCK, ERR_KEY_USAGE, ERR_NOT_FOUND */
  wrapPin(request: PinRequest): Promise<WrappedPin>
  /** 32 bytes that stand for a PAN, always the same. ERR_PAN */
  panHash(pan: string): Promise<Uint8Array>
  /** The ids of keys that cannot be used, because they do not unwrap. */
  unusableKeys(): Promise<readonly string[]>
  /** The issuer's keys or profile have changed: from here on, nothing that was kept of them is used. */
  forget(issuer: string): void
}
