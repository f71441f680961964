/**
 * A script session: what the commands of one issuer script have in common. Scheme, card, transaction and keys are checked
 * here, once, before any cryptography; the builders of this package take the session as their first argument.
 *
 * A session keeps the keys it was given and derives the others for the one computation that needs them (session-keys.ts),
 * so that it holds nothing that would have to be closed.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import {
  type CardIdentity,
  type DeriveOptions,
  expectArqc,
  expectAtc,
  expectCardIdentity,
  expectMacLength,
  type KeyPurpose,
  type Scheme,
  type SecretKey,
  type SessionKeyInput,
  scheme,
  scriptDiversificationValue,
} from '@issuerkit/keys'

/**
 * The keys of issuer scripts: `mac` for every command, `enc` for PIN CHANGE, `ac` where it stands in D1 of a PIN block.
 * All are issuer master keys, or all ICC master keys of one card.
 */
export interface ScriptKeys<L extends 'issuer' | 'icc'> {
  readonly mac: SecretKey<L, 'MAC'>
  readonly enc?: SecretKey<L, 'ENC'> | undefined
  readonly ac?: SecretKey<L, 'AC'> | undefined
}

/** Issuer master keys with the card that ICC master keys are derived for, or ICC master keys at once. */
export type ScriptKeySource =
  | {
      readonly keys: ScriptKeys<'issuer'>
      readonly card: CardIdentity
      /** Parity of the derived ICC master keys; the scheme's unless given. It shows in D1 and in Visa's session keys. */
      readonly parity?: 'odd' | 'none'
    }
  | { readonly keys: ScriptKeys<'icc'> }

/** The transaction that a script answers, and how its commands are secured. */
export interface ScriptOptions {
  /** A name of `SCHEMES`: `visa-cvn10`, `pboc` ... */
  readonly scheme: string
  /** ATC (tag 9F36), 2 bytes. May be absent only where neither session keys nor MAC take it in (`interac-cvn133`). */
  readonly atc?: Uint8Array
  /**
   * The cryptogram of the first GENERATE AC (tag 9F26), 8 bytes. `before-generate-ac`: there was none yet, and eight
   * zero bytes stand in its place, as PBOC cards take them.
   */
  readonly arqc: Uint8Array | 'before-generate-ac'
  /** Bytes of the MAC, 4 to 8; the scheme's unless given (PBOC 4, all others 8). */
  readonly macLength?: number | undefined
  /** The ICC master key that stands in D1 of a PIN block; the scheme's unless given. Sources differ on PBOC: AC or ENC. */
  readonly pinBlockKey?: 'ac' | 'enc'
  /**
   * n of the n-th chained command, counted from 0; 0 unless given. Only where the ARQC diversifies the session keys
   * (emv-common): ARQC + n stands in its place, in the diversification and in the MAC, as M/Chip cards count.
   */
  readonly chainedCommand?: number
}

/** Everything {@link openScript} needs. */
export type ScriptInput = ScriptOptions & ScriptKeySource

/** What a session keeps to itself. */
export interface SessionMaterial {
  readonly keys: ScriptKeys<'issuer'> | ScriptKeys<'icc'>
  /** Absent where ICC master keys were given. */
  readonly card: CardIdentity | undefined
  readonly derivation: DeriveOptions
}

/** A checked script session, made by {@link openScript}. It shows its settings and none of its keys. */
export class ScriptSession {
  readonly scheme: Scheme
  /** Absent only where the scheme needs none. */
  readonly atc: Uint8Array | undefined
  /** The cryptogram as the command takes it in: ARQC + n for the n-th chained command. */
  readonly arqc: Uint8Array
  readonly macLength: number
  readonly pinBlockKey: 'ac' | 'enc'
  readonly #input: ScriptInput
  readonly #material: SessionMaterial

  private constructor(input: ScriptInput) {
    this.scheme = scheme(input.scheme)
    this.atc = atcOf(this.scheme, input)
    const first = input.arqc === 'before-generate-ac' ? new Uint8Array(8) : new Uint8Array(expectArqc(input.arqc))
    this.arqc = chainedArqc(this.scheme, first, input.chainedCommand ?? 0)
    this.macLength = expectMacLength(input.macLength ?? this.scheme.macLength)
    this.pinBlockKey = input.pinBlockKey ?? this.scheme.pinBlock.key
    if (this.pinBlockKey !== 'ac' && this.pinBlockKey !== 'enc') {
      throw new IssuerkitError('ERR_OPTION', { label: 'pinBlockKey', expected: 'ac or enc' })
    }
    const card = 'card' in input ? expectCardIdentity(input.card) : undefined
    const { mac, enc, ac } = input.keys
    expectKey(mac, 'MAC', this.scheme, card)
    if (enc !== undefined) expectKey(enc, 'ENC', this.scheme, card)
    if (ac !== undefined) expectKey(ac, 'AC', this.scheme, card)
    const { option, parity } = this.scheme.iccKey
    const derivation = { option, parity: ('parity' in input ? input.parity : undefined) ?? parity }
    this.#material = { keys: input.keys, card, derivation }
    this.#input = { ...input, arqc: first, ...(this.atc && { atc: this.atc }) }
  }

  /** As {@link openScript}. */
  static open(input: ScriptInput): ScriptSession {
    return new ScriptSession(input)
  }

  /** The keys and how they are derived, for the builders of this package alone: they are not part of its interface. */
  static material(session: ScriptSession): SessionMaterial {
    return session.#material
  }

  /**
   * The same session for the n-th chained command, counted from 0.
   * @throws ERR_SCHEME when n is not 0 and the ARQC does not diversify the scheme's session keys; ERR_OPTION
   */
  chained(n: number): ScriptSession {
    return new ScriptSession({ ...this.#input, chainedCommand: n })
  }

  /** What diversifies the session keys of this command. */
  get diversification(): SessionKeyInput {
    const method = this.scheme.scriptSession
    // An ATC is missing only beside emv-common, see atcOf.
    return method === 'emv-common'
      ? { method, diversificationValue: this.arqc }
      : { method, atc: this.atc as Uint8Array }
  }
}

/**
 * A session for the commands of one script. Nothing is computed yet.
 * @throws ERR_SCHEME for an unknown scheme, or a chained command where the ARQC does not diversify session keys
 * @throws ERR_ATC, ERR_ARQC, ERR_MAC_LENGTH, ERR_PAN, ERR_PAN_SEQUENCE, ERR_OPTION
 * @throws ERR_KEY when a key is of another purpose or level, or of another algorithm than the scheme
 */
export function openScript(input: ScriptInput): ScriptSession {
  return ScriptSession.open(input)
}

/** A MAC over the header alone goes with session keys that the ARQC diversifies: nothing there takes the ATC in. */
function atcOf({ macPrefix }: Scheme, { atc }: ScriptOptions): Uint8Array | undefined {
  return atc === undefined && macPrefix === 'header' ? undefined : new Uint8Array(expectAtc(atc ?? new Uint8Array(0)))
}

function chainedArqc({ scriptSession }: Scheme, arqc: Uint8Array, n: number): Uint8Array {
  if (n !== 0 && scriptSession !== 'emv-common') {
    const expected = 'session keys that the ARQC diversifies (emv-common)'
    throw new IssuerkitError('ERR_SCHEME', { label: 'chained command', expected, got: scriptSession })
  }
  return scriptDiversificationValue(arqc, n)
}

/** The types say as much; a caller without them, or one that casts, is told as well. */
function expectKey(
  { algorithm, level, purpose }: SecretKey<'issuer' | 'icc', KeyPurpose>,
  expectedPurpose: KeyPurpose,
  scheme: Scheme,
  card: CardIdentity | undefined,
): void {
  const refuse = (expected: string, got: string): IssuerkitError =>
    new IssuerkitError('ERR_KEY', { label: `${expectedPurpose} key`, expected, got })
  if (purpose !== expectedPurpose) throw refuse(`the purpose ${expectedPurpose}`, purpose)
  if (algorithm !== scheme.algorithm) throw refuse(`a key for ${scheme.algorithm}`, algorithm)
  const levelFits = level === 'icc' || (level === 'issuer' && card !== undefined)
  if (!levelFits) throw refuse('an ICC master key, or an issuer master key and a card', level)
}
