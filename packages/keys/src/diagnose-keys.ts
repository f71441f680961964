/** The part of a diagnosis that concerns keys: how a transaction's keys are derived, and the usual mistakes in it. */
import { IssuerkitError } from '@issuerkit/apdu'
import { type CardIdentity, expectCardIdentity } from './card-identity.js'
import { type CryptogramKeys, type CryptogramSessionMethod, cryptogramSessionKey } from './cryptogram-key.js'
import type { TagValues } from './de55-tolerances.js'
import { deriveIccMasterKey } from './derive.js'
import { createKey, type SecretKey } from './key.js'
import type { KeySet } from './key-set.js'
import { type Parity, withOddParity } from './parity.js'
import { type SchemeName, scheme } from './schemes.js'
import { attempt } from './verify-message.js'

/** What a diagnosis may find changed. */
export type ChangeKind =
  | 'padding'
  | 'covered-data'
  | 'pan-sequence'
  | 'parity'
  | 'option'
  | 'session-method'
  | 'key'
  | 'arpc-key'
  | 'arpc-method'
  | 'arc-form'

/** One single change: what the scheme says, and what was tried instead. */
export interface Change {
  readonly kind: ChangeKind
  readonly from: string
  readonly to: string
}

/** What was found. */
export interface Diagnosis {
  /** Whether it verifies as it stands; nothing is changed then. */
  readonly verifies: boolean
  /** The change with which it verifies; the first of them in the order of `tried`, if several do. */
  readonly change: Change | undefined
  /** All changes with which it verifies. Several can mean the same: options A and B agree for a PAN of 16 digits. */
  readonly changes: readonly Change[]
  /** All changes that were tried. */
  readonly tried: readonly Change[]
}

/** The keys of a test card. */
export type DiagnoseKeys = Pick<KeySet, 'ac' | 'mac' | 'enc'>

/** What every diagnosis needs. */
export interface DiagnoseContext {
  /**
   * Says that the keys are test keys. A diagnosis computes with keys for what they are not meant for, and tells which of
   * a hundred guesses is right: nothing to do with the keys of cards in the field.
   */
  readonly testKeys: true
  readonly keys: DiagnoseKeys
  readonly card: CardIdentity
}

/** How the keys of a transaction come about. */
export interface KeyRecipe {
  readonly use: 'ac' | 'mac' | 'enc'
  readonly option: 'A' | 'B' | 'C'
  readonly parity: Parity
  readonly method: SessionChoice
  readonly panSequence: string
}

/** A session-key method by its name here: the tree has one for each shape that cards use. */
type SessionChoice = Exclude<CryptogramSessionMethod, 'emv2000-tree'> | 'emv2000-tree 4/8' | 'emv2000-tree 2/16'

const METHODS = {
  tdes: ['none', 'emv-common', 'mastercard-skd', 'visa-xor', 'pboc', 'emv2000-tree 4/8', 'emv2000-tree 2/16'],
  aes: ['none', 'emv-aes'],
  sm4: ['none', 'pboc-sm4'],
} as const satisfies Record<string, readonly SessionChoice[]>

const OPTIONS = { tdes: ['A', 'B'], aes: ['C'], sm4: ['A'] } as const

/** [EMV-B2] of 2000: the tree of branch factor and height. */
const TREES = { 'emv2000-tree 4/8': { branch: 4, height: 8 }, 'emv2000-tree 2/16': { branch: 2, height: 16 } } as const

/**
 * That the keys may be used for a diagnosis.
 * @throws ERR_OPTION when `testKeys` is not true; ERR_PAN, ERR_PAN_SEQUENCE
 */
export function expectTestKeys({ testKeys, card }: DiagnoseContext): void {
  if (testKeys !== true) {
    throw new IssuerkitError('ERR_OPTION', { label: 'testKeys', expected: 'true: only test keys are diagnosed' })
  }
  expectCardIdentity(card)
}

/**
 * That the keys are of the scheme's cipher.
 * @throws ERR_KEY
 */
export function expectAlgorithm(name: SchemeName, { keys }: DiagnoseContext): void {
  const { algorithm } = scheme(name)
  if (keys.ac.algorithm !== algorithm) {
    throw new IssuerkitError('ERR_KEY', { label: name, expected: `a key of ${algorithm}`, got: keys.ac.algorithm })
  }
}

/** How the scheme derives its keys for this card. */
export function schemeRecipe(name: SchemeName, { panSequence }: CardIdentity): KeyRecipe {
  const { iccKey, cryptogramSession } = scheme(name)
  return { use: 'ac', ...iccKey, method: cryptogramSession, panSequence }
}

/** The usual mistakes in deriving keys, each as a recipe with one thing changed. */
export function keyChanges(base: KeyRecipe, { keys }: DiagnoseContext): Candidate<KeyRecipe>[] {
  const { algorithm } = keys.ac
  const found: Candidate<KeyRecipe>[] = []
  const vary = <F extends keyof KeyRecipe>(kind: ChangeKind, field: F, values: readonly KeyRecipe[F][]): void => {
    for (const to of values) {
      if (to !== base[field]) found.push({ change: { kind, from: base[field], to }, recipe: { ...base, [field]: to } })
    }
  }
  vary('pan-sequence', 'panSequence', SEQUENCES)
  vary('parity', 'parity', ['odd', 'none'])
  vary('option', 'option', OPTIONS[algorithm])
  vary('session-method', 'method', METHODS[algorithm])
  vary(
    'key',
    'use',
    (['mac', 'enc'] as const).filter((use) => keys[use] !== undefined),
  )
  return found
}

const SEQUENCES: readonly string[] = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'))

/**
 * The keys of a recipe.
 * @throws ERR_ATC, ERR_LENGTH when the session-key method needs what the tags do not have
 */
export function recipeKeys(recipe: KeyRecipe, { keys, card }: DiagnoseContext, tags: TagValues): CryptogramKeys {
  const source = keys[recipe.use] as SecretKey<'issuer', 'AC' | 'MAC' | 'ENC'>
  // The one place where a key serves a purpose that it is not for.
  const imk = createKey(source.algorithm, 'issuer', 'AC', source.expose(), { allowEqualHalves: true })
  const identity = { pan: card.pan, panSequence: recipe.panSequence }
  const derived = deriveIccMasterKey(imk, identity, { option: recipe.option, parity: 'none' })
  // Parity is put right here for every cipher: doing it to an AES or SM4 key is one of the mistakes.
  const bytes = recipe.parity === 'odd' ? withOddParity(derived.expose()) : derived.expose()
  const iccKey = createKey(source.algorithm, 'icc', 'AC', bytes, { allowEqualHalves: true })
  const atc = tags.get('9F36') ?? new Uint8Array(0)
  const unpredictableNumber = tags.get('9F37') ?? new Uint8Array(0)
  const tree = recipe.method in TREES ? TREES[recipe.method as keyof typeof TREES] : undefined
  const method = tree === undefined ? (recipe.method as CryptogramSessionMethod) : 'emv2000-tree'
  const values = { atc, unpredictableNumber, ...tree, iv: new Uint8Array(16) }
  return { iccKey, key: cryptogramSessionKey(iccKey, method, values) }
}

/** A single change and the recipe with it. */
export interface Candidate<R> {
  readonly change: Change
  readonly recipe: R
}

/** Tries the changes in turn, leaving out those that cannot be computed from what the message has. */
export function search<R>(
  asItStands: boolean,
  candidates: readonly Candidate<R>[],
  verifies: (recipe: R) => boolean,
): Diagnosis {
  if (asItStands) return { verifies: true, change: undefined, changes: [], tried: [] }
  const tried: Change[] = []
  const changes: Change[] = []
  for (const { change, recipe } of candidates) {
    const result = attempt(() => verifies(recipe))
    if ('error' in result) continue
    tried.push(change)
    if (result.value) changes.push(change)
  }
  return { verifies: false, change: changes[0], changes, tried }
}
