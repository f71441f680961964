/** Why does this cryptogram not verify? For test rooms: the single change to the scheme's rules with which it does. */
import { concat } from '@issuerkit/apdu'
import { constantTimeEqual } from './compare.js'
import { generateCryptogram } from './cryptogram.js'
import { cryptogramData } from './cryptogram-data.js'
import { type EmvData, readEmvData, recogniseScheme } from './cryptogram-generate.js'
import type { TagValues } from './de55-tolerances.js'
import {
  type Candidate,
  type DiagnoseContext,
  type Diagnosis,
  expectAlgorithm,
  expectTestKeys,
  type KeyRecipe,
  keyChanges,
  recipeKeys,
  schemeRecipe,
  search,
} from './diagnose-keys.js'
import { expectArqc } from './expect.js'
import type { PaddingMethod } from './padding.js'
import {
  COMMON,
  CONTACTLESS,
  type CryptogramDataElement,
  type SchemeFamily,
  type SchemeName,
  scheme,
  schemeName,
} from './schemes.js'

/** What {@link diagnoseCryptogram} takes. */
export type DiagnoseCryptogramInput = DiagnoseContext &
  EmvData & {
    /** A name of `SCHEMES`; without it tag 9F10 says the scheme. */
    readonly scheme?: string
  }

/** All that a cryptogram depends on. */
interface Recipe {
  readonly keys: KeyRecipe
  readonly padding: PaddingMethod
  readonly covered: Covered
}

/** What may be covered by mistake, by name. [EMV-B2] 8.1.1, [VIS], [MCHIP], [UPI-F55] */
const COVERED = {
  'CVR last': [...COMMON, 'CVR'],
  'whole 9F10 last': [...COMMON, 'IAD'],
  'CVR and counters last': [...COMMON, 'CVR', 'COUNTERS'],
  'nothing of 9F10': COMMON,
  'contactless: 9F02 9F37 9F36 and byte 5 of 9F10': CONTACTLESS,
} as const satisfies Readonly<Record<string, readonly CryptogramDataElement[]>>

/** The CVR of Visa and UnionPay begins with its length, which is covered; leaving it out is a mistake of its own. */
const CVR_WITHOUT_LENGTH = 'CVR without its length byte last'

/** The name of what is covered. */
type Covered = keyof typeof COVERED | typeof CVR_WITHOUT_LENGTH

const HAS_CVR_LENGTH: readonly SchemeFamily[] = ['visa', 'unionpay']

/**
 * Tries the usual mistakes one at a time on a cryptogram (tag 9F26) that does not verify: padding method, data covered,
 * PAN sequence number, parity, derivation option, session-key method, MAC or ENC key in place of the AC key.
 * A mistake that the message has no values for is not tried.
 * @throws ERR_OPTION unless `testKeys` is true; ERR_SCHEME; ERR_TAG, ERR_LENGTH when the scheme's own computation lacks a
 *   value; ERR_ARQC; ERR_KEY when the keys are not of the scheme's algorithm; ERR_PAN, ERR_PAN_SEQUENCE; ERR_TLV
 */
export function diagnoseCryptogram(input: DiagnoseCryptogramInput): Diagnosis {
  expectTestKeys(input)
  const { tags } = readEmvData(input)
  const name = input.scheme === undefined ? recogniseScheme(tags) : schemeName(input.scheme)
  const cryptogram = expectArqc(tags.get('9F26') ?? new Uint8Array(0))
  const row = scheme(name)
  expectAlgorithm(name, input)
  const covered = nameOf(row.cryptogramData)
  const base: Recipe = { keys: schemeRecipe(name, input.card), padding: row.cryptogramPadding, covered }
  const verifies = (recipe: Recipe): boolean => {
    const { key } = recipeKeys(recipe.keys, input, tags)
    const computed = generateCryptogram(key, coveredData(name, recipe.covered, tags), recipe.padding)
    return constantTimeEqual(computed, cryptogram)
  }
  return search(verifies(base), changesOf(base, input, row.family), verifies)
}

function changesOf(base: Recipe, input: DiagnoseContext, family: SchemeFamily): Candidate<Recipe>[] {
  const padding = base.padding === 1 ? 2 : 1
  const names: Covered[] = [
    ...(Object.keys(COVERED) as (keyof typeof COVERED)[]),
    ...(HAS_CVR_LENGTH.includes(family) ? ([CVR_WITHOUT_LENGTH] as const) : []),
  ]
  return [
    {
      change: { kind: 'padding', from: `method ${base.padding}`, to: `method ${padding}` },
      recipe: { ...base, padding },
    },
    ...names
      .filter((covered) => covered !== base.covered)
      .map(
        (covered): Candidate<Recipe> => ({
          change: { kind: 'covered-data', from: base.covered, to: covered },
          recipe: { ...base, covered },
        }),
      ),
    ...keyChanges(base.keys, input).map(({ change, recipe }) => ({ change, recipe: { ...base, keys: recipe } })),
  ]
}

function coveredData(name: SchemeName, covered: Covered, tags: TagValues): Uint8Array {
  if (covered !== CVR_WITHOUT_LENGTH) return cryptogramData(name, tags, { elements: COVERED[covered] }).data
  const { parts } = cryptogramData(name, tags, { elements: [...COMMON, 'CVR'] })
  return concat(...parts.map(({ element, value }) => (element === 'CVR' ? value.subarray(1) : value)))
}

/** What a scheme covers, by name; every scheme's data are in the table. */
function nameOf(elements: readonly CryptogramDataElement[]): Covered {
  const rows = Object.entries(COVERED) as [Covered, readonly CryptogramDataElement[]][]
  return (rows.find(([, row]) => row.join() === elements.join()) as [Covered, unknown])[0]
}
