/** Why does the card refuse this ARPC? The same search as for cryptograms, from the issuer's answer. */
import { IssuerkitError } from '@issuerkit/apdu'
import { type ArpcDecision, generateArpc } from './arpc.js'
import { constantTimeEqual } from './compare.js'
import type { TagValues } from './de55-tolerances.js'
import {
  type Candidate,
  type ChangeKind,
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
import { scheme, schemeName } from './schemes.js'

/** What {@link diagnoseArpc} takes. */
export interface DiagnoseArpcInput extends DiagnoseContext {
  /** A name of `SCHEMES`. */
  readonly scheme: string
  /** Of the transaction: 9F26 (the ARQC), 9F36 and, for mastercard-skd, 9F37. */
  readonly tags: TagValues
  /** The ARPC that somebody computed, 8 or 4 bytes. */
  readonly arpc: Uint8Array
  /** What it should be over. */
  readonly decision: ArpcDecision
}

interface Recipe {
  readonly keys: KeyRecipe
  readonly arpcKey: 'icc' | 'session'
  readonly decision: ArpcDecision
}

/**
 * Tries the usual mistakes one at a time on an ARPC that does not verify: the form of the ARC (characters, BCD, EBCDIC),
 * method 1 or 2, ICC key or session key, and all that {@link diagnoseCryptogram} tries with keys.
 * @throws ERR_OPTION unless `testKeys` is true; ERR_SCHEME; ERR_ARQC; ERR_ARC, ERR_LENGTH for the decision; ERR_ATC,
 *   ERR_LENGTH when the scheme's own computation lacks a value; ERR_KEY; ERR_PAN, ERR_PAN_SEQUENCE
 */
export function diagnoseArpc(input: DiagnoseArpcInput): Diagnosis {
  expectTestKeys(input)
  const name = schemeName(input.scheme)
  expectAlgorithm(name, input)
  const arqc = expectArqc(input.tags.get('9F26') ?? new Uint8Array(0))
  if (input.arpc.length !== 8 && input.arpc.length !== 4) {
    const got = `${input.arpc.length} bytes`
    throw new IssuerkitError('ERR_LENGTH', { label: 'arpc', expected: '8 or 4 bytes', got })
  }
  const base: Recipe = {
    keys: schemeRecipe(name, input.card),
    arpcKey: scheme(name).arpc.key,
    decision: input.decision,
  }
  const verifies = ({ keys, arpcKey, decision }: Recipe): boolean => {
    const { iccKey, key } = recipeKeys(keys, input, input.tags)
    return constantTimeEqual(generateArpc(arpcKey === 'icc' ? iccKey : key, arqc, decision), input.arpc)
  }
  return search(verifies(base), changesOf(base, input), verifies)
}

function changesOf(base: Recipe, input: DiagnoseContext): Candidate<Recipe>[] {
  const decided = (kind: ChangeKind, from: string, to: string, decision: ArpcDecision): Candidate<Recipe> => ({
    change: { kind, from, to },
    recipe: { ...base, decision },
  })
  const { decision } = base
  const other = base.arpcKey === 'icc' ? 'session' : 'icc'
  return [
    ...('arc' in decision
      ? [
          ...arcForms(decision.arc).map(({ form, arc }) => decided('arc-form', 'as given', form, { arc })),
          decided('arpc-method', 'method 1', 'method 2, CSU = ARC and zeros', {
            csu: Uint8Array.of(...decision.arc, 0, 0),
          }),
        ]
      : [
          decided('arpc-method', 'method 2', 'method 1, ARC = first two bytes of the CSU', {
            arc: decision.csu.subarray(0, 2),
          }),
        ]),
    { change: { kind: 'arpc-key', from: base.arpcKey, to: other }, recipe: { ...base, arpcKey: other } },
    ...keyChanges(base.keys, input).map(({ change, recipe }) => ({ change, recipe: { ...base, keys: recipe } })),
  ]
}

/** The forms in which people write a response code of two decimal digits, each as the two bytes that then go in. */
const FORMS: Readonly<Record<string, (tens: number, units: number) => readonly [number, number]>> = {
  'two ASCII characters': (tens, units) => [0x30 + tens, 0x30 + units],
  'BCD, left': (tens, units) => [(tens << 4) | units, 0],
  'BCD, right': (tens, units) => [0, (tens << 4) | units],
  'one digit a byte': (tens, units) => [tens, units],
  'two EBCDIC characters': (tens, units) => [0xf0 + tens, 0xf0 + units],
}

/** The other forms of a response code, for whichever digits its own bytes may stand for. */
function arcForms(arc: Uint8Array): { form: string; arc: Uint8Array }[] {
  const forms: { form: string; arc: Uint8Array }[] = []
  for (const code of Array.from({ length: 100 }, (_, i) => i)) {
    const written = Object.entries(FORMS).map(([form, write]) => {
      return { form, arc: Uint8Array.from(write(Math.floor(code / 10), code % 10)) }
    })
    if (written.some((row) => sameCode(row.arc, arc))) forms.push(...written.filter((row) => !sameCode(row.arc, arc)))
  }
  return forms
}

function sameCode(a: Uint8Array, b: Uint8Array): boolean {
  return a[0] === b[0] && a[1] === b[1]
}
