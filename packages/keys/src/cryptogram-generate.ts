/** Application cryptograms by scheme, from tags or straight from DE55. */
import { IssuerkitError } from '@issuerkit/apdu'
import { generateCryptogram } from './cryptogram.js'
import { type CryptogramDataOptions, type CryptogramPart, cryptogramData } from './cryptogram-data.js'
import { type CryptogramKeySource, withCryptogramKeys } from './cryptogram-key.js'
import { parseField55 } from './de55.js'
import type { TagValues, Tolerance } from './de55-tolerances.js'
import { type IadHint, parseIssuerApplicationData } from './issuer-application-data.js'
import type { PaddingMethod } from './padding.js'
import { type SchemeName, scheme, schemeName } from './schemes.js'

/** The data of a transaction: values by tag, or DE55 as it came. */
export type EmvData = { readonly tags: TagValues } | { readonly field55: Uint8Array }

/** What {@link generateApplicationCryptogram} takes. */
export type GenerateCryptogramInput = CryptogramKeySource &
  EmvData &
  CryptogramDataOptions & {
    /** A name of `SCHEMES`. Without it tag 9F10 says the scheme, by AID (tag 84, 9F06, 4F) or byte pattern. */
    readonly scheme?: string
  }

/** A cryptogram, and all that it was computed from but the keys. */
export interface GeneratedCryptogram {
  /** 8 bytes. */
  readonly cryptogram: Uint8Array
  readonly scheme: SchemeName
  /** What was MACed, tag by tag, and in one piece without the padding. */
  readonly parts: readonly CryptogramPart[]
  readonly data: Uint8Array
  readonly padding: PaddingMethod
  readonly tolerances: readonly Tolerance[]
}

/**
 * The application cryptogram of a transaction, as the card computes it.
 * @throws ERR_SCHEME when the scheme is unknown or tag 9F10 does not say it; ERR_TAG for a missing value; ERR_LENGTH,
 *   ERR_ATC; ERR_KEY when the key is not of the scheme's algorithm; ERR_PAN, ERR_PAN_SEQUENCE; ERR_TLV for DE55;
 *   ERR_KEY_DESTROYED
 * @see [EMV-B2] 8.1
 */
export function generateApplicationCryptogram(input: GenerateCryptogramInput): GeneratedCryptogram {
  const { tags, tolerances: read } = readEmvData(input)
  const name = input.scheme === undefined ? recogniseScheme(tags) : schemeName(input.scheme)
  const { data, parts, tolerances } = cryptogramData(name, tags, input)
  const { cryptogramPadding: padding } = scheme(name)
  const cryptogram = withCryptogramKeys(name, input, tags, ({ key }) => generateCryptogram(key, data, padding))
  return { cryptogram, scheme: name, parts, data, padding, tolerances: [...read, ...tolerances] }
}

/** The tags of the data, with what had to be tolerated to read them. @throws ERR_TLV, ERR_TAG for DE55 */
export function readEmvData(input: EmvData): { readonly tags: TagValues; readonly tolerances: readonly Tolerance[] } {
  return 'tags' in input ? { tags: input.tags, tolerances: [] } : parseField55(input.field55)
}

/** The AID among the tags of a message: DF name of the card, AID of the terminal, AID of the card. */
export function aidOf(tags: TagValues): Uint8Array | undefined {
  return tags.get('84') ?? tags.get('9F06') ?? tags.get('4F')
}

/** A hint with the AID of the message in it, unless it has one. */
export function hintWithAid(hint: IadHint, tags: TagValues): IadHint {
  const aid = hint.aid ?? aidOf(tags)
  return aid === undefined ? hint : { ...hint, aid }
}

/** The scheme that tag 9F10 names. @throws ERR_SCHEME when it names none */
export function recogniseScheme(tags: TagValues): SchemeName {
  const iad = tags.get('9F10')
  const name = iad === undefined ? undefined : parseIssuerApplicationData(iad, hintWithAid({}, tags)).scheme
  if (name === undefined) {
    throw new IssuerkitError('ERR_SCHEME', { label: 'tag 9F10', expected: 'the CVN of a known scheme', got: 'none' })
  }
  return name
}
