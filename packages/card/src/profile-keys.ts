/** The keys of an application in a profile: the issuer's, from which the card's are derived, or the card's own. */
import { fromHex } from '@issuerkit/apdu'
import { createKey, deriveIccMasterKey, SCHEMES, type SchemeName, type SecretKey } from '@issuerkit/keys'
import type { CardKeyName } from './debit-credit-model.js'
import { hex, misfit, object, optional } from './profile-fields.js'

/** An application's three keys. They print as their check values. */
export type ProfileKeys =
  | { readonly kind: 'master'; readonly keys: KeysOf<'issuer'> }
  | { readonly kind: 'card'; readonly keys: KeysOf<'icc'> }

interface KeysOf<L extends 'issuer' | 'icc'> {
  readonly ac: SecretKey<L, 'AC'>
  readonly mac: SecretKey<L, 'MAC'>
  readonly enc: SecretKey<L, 'ENC'>
}

const THREE = object({ ac: hex(16), mac: hex(16), enc: hex(16) })
const KEYS = object({ master: optional(THREE), card: optional(THREE) })

/**
 * The keys, of the scheme's algorithm.
 * @throws ERR_CARD unless there are either master keys or card keys; ERR_HEX; ERR_KEY for equal halves
 */
export function parseKeys(value: unknown, path: string, scheme: SchemeName): ProfileKeys {
  const { master, card } = KEYS(value, path)
  if (master !== undefined && card === undefined)
    return { kind: 'master', keys: create('issuer', master, scheme, `${path}.master`) }
  if (card !== undefined && master === undefined)
    return { kind: 'card', keys: create('icc', card, scheme, `${path}.card`) }
  throw misfit(path, 'either master or card')
}

function create<L extends 'issuer' | 'icc'>(
  level: L,
  { ac, mac, enc }: Readonly<Record<CardKeyName, string>>,
  scheme: SchemeName,
  path: string,
): KeysOf<L> {
  const { algorithm } = SCHEMES[scheme]
  try {
    return {
      ac: createKey(algorithm, level, 'AC', fromHex(ac)),
      mac: createKey(algorithm, level, 'MAC', fromHex(mac)),
      enc: createKey(algorithm, level, 'ENC', fromHex(enc)),
    }
  } catch {
    throw misfit(path, 'keys of two different halves', 'ERR_KEY')
  }
}

/** What {@link cardKeys} needs of an application. */
export interface KeyedApplication {
  readonly scheme: SchemeName
  readonly pan: string
  readonly panSequence: string
  readonly keys: ProfileKeys
}

/** The ICC master keys as they go into memory: copies, 16 bytes each. [EMV-B2] A1.4, [PBOC] 7 */
export function cardKeys({ keys, scheme, pan, panSequence }: KeyedApplication): [CardKeyName, Uint8Array][] {
  const names = ['ac', 'mac', 'enc'] as const
  if (keys.kind === 'card') return names.map((name) => [name, keys.keys[name].expose().slice()])
  const { algorithm, iccKey } = SCHEMES[scheme]
  // An SM4 key has no parity, and its derivation is option A's twin.
  const options = algorithm === 'sm4' ? {} : iccKey
  return names.map((name) => {
    const derived = deriveIccMasterKey(keys.keys[name], { pan, panSequence }, options)
    try {
      return [name, derived.expose().slice()]
    } finally {
      derived.destroy()
    }
  })
}
