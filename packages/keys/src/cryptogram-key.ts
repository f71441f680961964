/** The key of a cryptogram: from the issuer master key or the card's own, by method or by scheme. */
import { IssuerkitError } from '@issuerkit/apdu'
import type { CardIdentity } from './card-identity.js'
import type { CryptogramKey } from './cryptogram.js'
import type { TagValues } from './de55-tolerances.js'
import { type DeriveOptions, deriveIccMasterKey } from './derive.js'
import type { SecretKey } from './key.js'
import { scheme } from './schemes.js'
import { deriveSessionKey, type SessionKeyInput } from './session.js'

/** How the session key of a cryptogram is derived; `none`: the ICC master key itself is its key. */
export type CryptogramSessionMethod = 'none' | SessionKeyInput['method']

/** What the methods diversify by. Each takes what it needs; see {@link SessionKeyInput}. */
export interface CryptogramSessionValues {
  /** 2 bytes. */
  readonly atc?: Uint8Array
  /** 4 bytes. */
  readonly unpredictableNumber?: Uint8Array
  /** R: 8 bytes for emv-common, 16 for emv-aes, instead of the ATC. */
  readonly diversificationValue?: Uint8Array
  readonly branch?: number
  readonly height?: number
  /** 16 bytes. */
  readonly iv?: Uint8Array
}

/**
 * The key of a cryptogram from the ICC master key.
 *
 * | method | R |
 * |---|---|
 * | none | the ICC master key itself is returned |
 * | emv-common, emv-aes | `diversificationValue`, else ATC ‖ 00.. |
 * | mastercard-skd | ATC ‖ 0000 ‖ unpredictable number |
 * | pboc, pboc-sm4, visa-xor, emv2000-tree | the ATC |
 * @throws ERR_ATC, ERR_LENGTH when what the method needs is missing or has another length; ERR_KEY when the method is for
 *   keys of another algorithm; ERR_OPTION; ERR_KEY_DESTROYED
 * @see [EMV-B2] A1.3, 8.1.2
 */
export function cryptogramSessionKey(
  iccKey: SecretKey<'icc', 'AC'>,
  method: CryptogramSessionMethod,
  values: CryptogramSessionValues = {},
): CryptogramKey {
  if (method === 'none') return iccKey
  const { diversificationValue, ...others } = values
  const byValue = diversificationValue !== undefined && (method === 'emv-common' || method === 'emv-aes')
  // What is missing has no bytes, and deriveSessionKey says so.
  const input = byValue ? { method, diversificationValue } : { atc: new Uint8Array(0), ...others, method }
  return deriveSessionKey(iccKey, input as SessionKeyInput)
}

/** The issuer master key with the card, or the card's own ICC master key. */
export type CryptogramKeySource =
  | { readonly imk: SecretKey<'issuer', 'AC'>; readonly card: CardIdentity }
  | { readonly iccKey: SecretKey<'icc', 'AC'> }

/**
 * The key of a cryptogram by derivation option and session-key method, for callers that know both by themselves.
 * The ICC master key in between is zeroed unless it is itself the key.
 * @throws as {@link deriveIccMasterKey} and {@link cryptogramSessionKey}
 */
export function deriveCryptogramKey(
  source: CryptogramKeySource,
  method: CryptogramSessionMethod,
  values: CryptogramSessionValues = {},
  options: DeriveOptions = {},
): CryptogramKey {
  if ('iccKey' in source) return cryptogramSessionKey(source.iccKey, method, values)
  const iccKey = deriveIccMasterKey(source.imk, source.card, options)
  let key: CryptogramKey | undefined
  try {
    key = cryptogramSessionKey(iccKey, method, values)
    return key
  } finally {
    if (key !== iccKey) iccKey.destroy()
  }
}

/** Both keys of a transaction under a scheme. */
export interface CryptogramKeys {
  readonly iccKey: SecretKey<'icc', 'AC'>
  /** The session key, or the ICC master key for a scheme without session keys. */
  readonly key: CryptogramKey
}

/**
 * Runs `use` with the keys of a transaction under a scheme, and zeroes those that were derived for it.
 * @param tags of them 9F36 and, for mastercard-skd, 9F37
 * @throws ERR_SCHEME; ERR_KEY when the key is not of the scheme's algorithm; ERR_PAN, ERR_PAN_SEQUENCE; ERR_ATC,
 *   ERR_LENGTH; ERR_KEY_DESTROYED
 */
export function withCryptogramKeys<T>(
  schemeName: string,
  source: CryptogramKeySource,
  tags: TagValues,
  use: (keys: CryptogramKeys) => T,
): T {
  const { algorithm, iccKey: derivation, cryptogramSession } = scheme(schemeName)
  const given = 'iccKey' in source ? source.iccKey : source.imk
  if (given.algorithm !== algorithm) {
    throw new IssuerkitError('ERR_KEY', { label: schemeName, expected: `a key of ${algorithm}`, got: given.algorithm })
  }
  const iccKey = 'iccKey' in source ? source.iccKey : deriveIccMasterKey(source.imk, source.card, derivation)
  try {
    const key = cryptogramSessionKey(iccKey, cryptogramSession, sessionValues(tags))
    try {
      return use({ iccKey, key })
    } finally {
      if (key !== iccKey) key.destroy()
    }
  } finally {
    if (!('iccKey' in source)) iccKey.destroy()
  }
}

function sessionValues(tags: TagValues): CryptogramSessionValues {
  const atc = tags.get('9F36')
  const unpredictableNumber = tags.get('9F37')
  return {
    ...(atc === undefined ? {} : { atc }),
    ...(unpredictableNumber === undefined ? {} : { unpredictableNumber }),
  }
}
