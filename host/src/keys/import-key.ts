/**
 * How keys come in: enciphered to the host's own key pair, in a key block under a key block protection key that came in
 * before, or, in dev mode, as clear components. Whatever the way, the same kinds of key are refused.
 */
import { fromHex, IssuerkitError } from '@issuerkit/apdu'
import {
  combineComponents,
  constantTimeEqual,
  createKey,
  isWeakDesKey,
  type KeyAlgorithm,
  type KeyBlockProtectionKey,
  type KeyBlockVersion,
  keyCheckValue,
  keyFromKeyBlock,
  type SchemeFamily,
  unwrapKeyBlock,
} from '@issuerkit/keys'
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import type { MasterKey } from '../wrap.js'
import { isTwoKey } from './fingerprint.js'
import { decipherJwe } from './import-jwe.js'
import { schemesOf } from './issuer-profile.js'
import {
  type AlsoInTransaction,
  ISSUER_KEY_USAGES,
  type IssuerKeyUsage,
  type KeyRecord,
  type KeyUsage,
} from './key-records.js'
import { readProfile } from './open-issuer.js'
import { type KeyPlace, openZoneKey, type StorableKey, storeKey } from './stored-keys.js'

/** How the value of a key comes. */
export type KeyMaterial =
  | { readonly jwe: string }
  | { readonly keyBlock: string; readonly kbpk: string }
  | { readonly components: readonly { readonly value: string; readonly kcv?: string }[] }

/** A key to be imported. */
export interface KeyImport {
  readonly issuer: string
  readonly usage: KeyUsage
  readonly algorithm: KeyAlgorithm
  /** Of an issuer master key: its index, and its family and set where they are not the issuer's own. */
  readonly dki?: number
  readonly family?: SchemeFamily
  readonly keySet?: string
  /** Of a KBPK: the one version of key blocks that it opens. */
  readonly blockVersion?: KeyBlockVersion
  /** The key check value that the key must have, 2 bytes or more of it. */
  readonly kcv?: string
  readonly material: KeyMaterial
}

interface ImportContext {
  readonly database: Database
  readonly masterKey: MasterKey
  readonly devMode: boolean
}

/**
 * Imports a key.
 * @param also done in the transaction that stores it
 * @returns what is told of it; never its value
 * @throws ERR_KEY for one that is zero, weak, of equal halves, of a wrong length, or one such component; ERR_KCV;
 *   ERR_KEY_IMPORT for a JWE; ERR_KEY_BLOCK for a key block; ERR_DEV_MODE for components elsewhere; ERR_KEY_USAGE for a KBPK
 *   that is none, or fields that do not go with the use; ERR_KEY_EXISTS, ERR_KEY_REUSE, ERR_NOT_FOUND; ERR_SCHEME
 */
export async function importKey(
  context: ImportContext,
  request: KeyImport,
  also: AlsoInTransaction,
): Promise<KeyRecord> {
  const place = await placeOf(context.database, request)
  const key = await receive(context, request)
  try {
    if (request.kcv !== undefined) expectKcv(key, request.kcv)
    return await storeKey(context.database, context.masterKey, place, key, also)
  } finally {
    key.destroy()
  }
}

/** Where the key belongs. What does not go with its use is refused, and not left out silently. */
async function placeOf(database: Database, request: KeyImport): Promise<KeyPlace> {
  const { issuer, usage, algorithm, dki, family, keySet, blockVersion } = request
  const profile = await readProfile(database, issuer)
  const id = crypto.randomUUID()
  if (isIssuerUsage(usage)) {
    if (dki === undefined || blockVersion !== undefined) refuse(`A key for ${usage} has a dki and no blockVersion.`)
    const chosen = family ?? profile.family
    if (schemesOf(chosen).length === 0) throw new IssuerkitError('ERR_SCHEME', { label: 'family' })
    return { id, issuer, dki, family: chosen, keySet: keySet ?? profile.keySet }
  }
  if (dki !== undefined || family !== undefined || keySet !== undefined) {
    refuse(`A key for ${usage} has no dki, family or keySet.`)
  }
  if (usage === 'PIN') {
    if (blockVersion !== undefined) refuse('A key for PIN has no blockVersion.')
    if (algorithm === 'sm4') refuse('PIN blocks are under TDES or AES.')
    return { id, issuer }
  }
  if (blockVersion === undefined) refuse('A KBPK is bound to one blockVersion.')
  if (algorithm !== (blockVersion === 'D' ? 'aes' : 'tdes')) refuse(`Version ${blockVersion} is not of ${algorithm}.`)
  return { id, issuer, blockVersion }
}

function receive(context: ImportContext, request: KeyImport): Promise<StorableKey> | StorableKey {
  const { material } = request
  if ('jwe' in material) return fromJwe(context, request, material.jwe)
  if ('keyBlock' in material) return fromKeyBlock(context, request, material)
  if (!context.devMode) throw new HostError('ERR_DEV_MODE', 'Clear components are for dev mode only.')
  const { usage, algorithm } = request
  const components = material.components.map(({ value, kcv: own }, i) => {
    const bytes = fromHex(value, `component ${i + 1}`)
    return own === undefined ? { bytes } : { bytes, kcv: own }
  })
  try {
    return combineComponents(levelOf(usage), usage as 'AC', algorithm as 'tdes', components) as StorableKey
  } finally {
    for (const { bytes } of components) bytes.fill(0)
  }
}

async function fromJwe({ database, masterKey }: ImportContext, request: KeyImport, jwe: string): Promise<StorableKey> {
  const { usage, algorithm } = request
  const { bytes, strength } = await decipherJwe(database, masterKey, jwe)
  try {
    const key = expectGood(createKey(algorithm as 'tdes', levelOf(usage), usage as 'AC', bytes) as StorableKey)
    return expectStrength(key, strength)
  } finally {
    bytes.fill(0)
  }
}

const BLOCK_USAGE = { AC: 'E0', ENC: 'E1', MAC: 'E2', PIN: 'P0', KBPK: 'K1' } as const

/** [X9.143] 5: the version is the one that the KBPK was imported for, whatever the block says. */
async function fromKeyBlock(
  { database, masterKey }: ImportContext,
  { issuer, usage, algorithm }: KeyImport,
  { keyBlock, kbpk: id }: { readonly keyBlock: string; readonly kbpk: string },
): Promise<StorableKey> {
  const { key: kbpk, blockVersion } = await openZoneKey(database, masterKey, { issuer, id, usage: 'KBPK' })
  try {
    const versions = [blockVersion as KeyBlockVersion]
    const unwrapped = unwrapKeyBlock(kbpk as KeyBlockProtectionKey, keyBlock, { versions })
    try {
      const key = expectGood(keyFromKeyBlock(unwrapped, BLOCK_USAGE[usage]) as StorableKey)
      if (key.algorithm !== algorithm) {
        key.destroy()
        throw new IssuerkitError('ERR_KEY_BLOCK', { label: 'algorithm', expected: algorithm, got: key.algorithm })
      }
      return expectStrength(key, strengthOf(kbpk as StorableKey))
    } finally {
      unwrapped.key.destroy()
    }
  } finally {
    kbpk.destroy()
  }
}

function isIssuerUsage(usage: KeyUsage): usage is IssuerKeyUsage {
  return ISSUER_KEY_USAGES.some((known) => known === usage)
}

function levelOf(usage: KeyUsage): 'issuer' | 'zone' {
  return isIssuerUsage(usage) ? 'issuer' : 'zone'
}

/** A key that is neither zero nor weak; equal halves are refused by its class. @throws ERR_KEY */
function expectGood(key: StorableKey): StorableKey {
  const bytes = key.expose()
  const isZero = bytes.every((byte) => byte === 0)
  if (!isZero && !(key.algorithm === 'tdes' && isWeakDesKey(bytes))) return key
  key.destroy()
  throw new IssuerkitError('ERR_KEY', { label: `${key.purpose} key`, expected: 'a key that is neither zero nor weak' })
}

/** A key never travels under a weaker one. [X9.143] 5 @throws ERR_KEY */
function expectStrength(key: StorableKey, protection: number): StorableKey {
  const needed = strengthOf(key)
  if (needed <= protection) return key
  key.destroy()
  const details = { expected: `protection of ${needed} bits`, got: `${protection} bits` }
  throw new IssuerkitError('ERR_KEY', { label: `${key.purpose} key`, ...details })
}

/** Two-key TDES 80 bits, three-key TDES 112, AES and SM4 their length. */
function strengthOf(key: StorableKey): number {
  const bytes = key.expose()
  if (key.algorithm !== 'tdes') return 8 * bytes.length
  return bytes.length === 16 || isTwoKey(bytes) ? 80 : 112
}

/** @throws ERR_KCV without the value that it would have to be; ERR_HEX */
function expectKcv(key: StorableKey, text: string): void {
  const given = fromHex(text, 'kcv')
  const longest = key.algorithm === 'aes' ? 5 : 3
  const label = `${key.purpose} key`
  if (given.length < 2 || given.length > longest) {
    throw new IssuerkitError('ERR_KCV', { label, expected: `2 to ${longest} bytes`, got: `${given.length} bytes` })
  }
  const own = fromHex(keyCheckValue(key, { length: given.length }), 'kcv')
  if (!constantTimeEqual(own, given)) throw new IssuerkitError('ERR_KCV', { label, got: 'another value' })
}

function refuse(why: string): never {
  throw new HostError('ERR_KEY_USAGE', why)
}
