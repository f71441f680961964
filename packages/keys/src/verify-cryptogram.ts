/**
 * Verifying an application cryptogram as an authorization host does: from the message to a verdict.
 *
 * What a network sent wrong is a verdict (F, U, I ...), never an exception; what the caller does wrong (a PAN with
 * letters, an unknown scheme, two key sets of one DKI) throws.
 */
import { toHex } from '@issuerkit/apdu'
import { type CardIdentity, expectCardIdentity } from './card-identity.js'
import { verifyCryptogram } from './cryptogram.js'
import { type CryptogramData, type CryptogramDataOptions, cryptogramData, missingElements } from './cryptogram-data.js'
import type { EmvData } from './cryptogram-generate.js'
import { type CryptogramKeys, withCryptogramKeys } from './cryptogram-key.js'
import { expectTagLength, type TagValues } from './de55-tolerances.js'
import type { IadHint } from './issuer-application-data.js'
import { type Scheme, type SchemeName, scheme, schemeName } from './schemes.js'
import { type AtcKnowledge, type CryptogramType, judgeAtc } from './verify-atc.js'
import { checkDiscretionaryData, chooseKeySet, type KeyChoice } from './verify-keys.js'
import { atcNumber, attempt, type Message, readMessage } from './verify-message.js'
import { expectResultPolicy, policyHits, type ResultPolicy } from './verify-policy.js'
import { type CryptogramVerdict, reported, type VerdictCode, verdictOf } from './verify-verdict.js'

/** What {@link verifyApplicationCryptogram} takes. The hint's scheme, family and AID say what is known of the card. */
export type VerifyCryptogramInput = EmvData &
  KeyChoice &
  IadHint &
  CryptogramDataOptions & {
    readonly card: CardIdentity
    /** Overrides the derivation key index of tag 9F10. */
    readonly dki?: number
    /** The kind of cryptogram that the message must carry, ARQC unless given. */
    readonly expectedType?: CryptogramType
    /** What is known of the card's counters; nothing is asked of them without. */
    readonly atc?: AtcKnowledge
    readonly policy?: ResultPolicy
  }

/**
 * The verdict on the application cryptogram of a message.
 *
 * The scheme is the explicit choice, else the one that tag 9F10 names; the key set is that of its DKI and algorithm. The
 * cryptogram is compared in constant time.
 * @throws ERR_PAN, ERR_PAN_SEQUENCE; ERR_SCHEME for an unknown name of a scheme; ERR_OPTION for a name in the policy that is
 *   no flag, or a DKI that is none; ERR_KEY for key sets that contradict each other; ERR_KEY_DESTROYED
 * @see [EMV-B2] 8.1, [UPI-F55]
 */
export function verifyApplicationCryptogram(input: VerifyCryptogramInput): CryptogramVerdict {
  return examineCryptogram(input, () => undefined).verdict
}

/**
 * The verdict, and what `whenValid` makes of it with the keys of the transaction, which are zeroed afterwards. It is called
 * only for a cryptogram that has verified. Inside this package only.
 */
export function examineCryptogram<T>(
  input: VerifyCryptogramInput,
  whenValid: (keys: CryptogramKeys, verdict: CryptogramVerdict, row: Scheme, cryptogram: Uint8Array) => T,
): { readonly verdict: CryptogramVerdict; readonly result?: T } {
  const card = expectCardIdentity(input.card)
  const policy = expectResultPolicy(input.policy ?? {})
  const prepared = prepare(input)
  if ('verdict' in prepared) return prepared
  const { message, name, row, covered, cryptogram, atc, known } = prepared
  const set = chooseKeySet(input, known.dki, row.algorithm)
  if (set === undefined) return { verdict: verdictOf('K', known) }
  return withCryptogramKeys(name, { imk: set.ac, card }, message.tags, (keys) => {
    if (!verifyCryptogram(keys.key, covered.data, cryptogram, row.cryptogramPadding)) {
      return { verdict: verdictOf('I', { ...known, cryptogramValid: false }) }
    }
    const hits = policyHits(policy, message)
    const findings: VerdictCode[] = [
      ...judgeAtc(atcNumber(atc), known.type, input.atc ?? {}),
      ...(isOfType(message, input.expectedType ?? 'ARQC') ? [] : (['G'] as const)),
      ...(hits.length === 0 ? [] : (['T'] as const)),
    ]
    const { iad } = message
    const idd = iad?.idd === undefined ? undefined : checkDiscretionaryData(iad.idd, set, row, card, atc)
    const proven = provenBy(covered)
    const valid = { ...known, cryptogramValid: true, proven, findings, policyHits: hits, idd }
    const verdict = verdictOf(findings[0] ?? 'V', valid)
    return { verdict, result: whenValid(keys, verdict, row, cryptogram) }
  })
}

/** All that can be known without a key. */
interface Prepared {
  readonly message: Message
  readonly name: SchemeName
  readonly row: Scheme
  readonly covered: CryptogramData
  readonly cryptogram: Uint8Array
  readonly atc: Uint8Array
  readonly known: Partial<CryptogramVerdict>
}

/** From the input to what the keys are needed for, or to the verdict when it does not come to that. */
function prepare(input: VerifyCryptogramInput): Prepared | { readonly verdict: CryptogramVerdict } {
  const chosen = input.scheme === undefined ? undefined : schemeName(input.scheme)
  const read = attempt(() => readMessage(input, input))
  if ('error' in read) return { verdict: verdictOf('F', { detail: read.error.message }) }
  const message = read.value
  const { tags, iad, iadError } = message
  const name = chosen ?? iad?.scheme
  const said = { ...reported(message), scheme: name, dki: input.dki ?? iad?.dki }
  if (name === undefined) {
    // An unknown layout is a fault of the message only when it is known whose card it is.
    const code = iadError !== undefined && message.isFamilyKnown ? 'F' : 'U'
    const detail = iadError?.message ?? (iad === undefined ? undefined : `no scheme has CVN ${hexByte(iad.cvn)}`)
    return { verdict: verdictOf(code, { ...said, detail, missing: tags.has('9F10') ? [] : ['9F10'] }) }
  }
  const row = scheme(name)
  const { algorithm, cryptogramPadding: padding } = row
  const gathered = attempt(() => gather(name, row, tags, input))
  if ('error' in gathered) return { verdict: verdictOf('F', { ...said, algorithm, detail: gathered.error.message }) }
  if ('missing' in gathered.value) {
    const { missing } = gathered.value
    return { verdict: verdictOf('U', { ...said, algorithm, missing, detail: `${missing.join(', ')} missing` }) }
  }
  const { covered } = gathered.value
  const tolerances = [...message.tolerances, ...covered.tolerances]
  const known = { ...said, algorithm, padding, parts: covered.parts, tolerances }
  return { ...gathered.value, message, name, row, known }
}

type Gathered =
  | { readonly missing: readonly string[] }
  | { readonly covered: CryptogramData; readonly cryptogram: Uint8Array; readonly atc: Uint8Array }

/** The tags that hold the parts of 9F10 which have names of their own. */
const TAG_OF_PART: Readonly<Record<string, string>> = { CVR: '9F10', COUNTERS: '9F10', IAD: '9F10', IAD5: '9F10' }

/** What the computation needs, each value of the length that its tag has. @throws ERR_LENGTH, ERR_SCHEME */
function gather(name: SchemeName, row: Scheme, tags: TagValues, options: CryptogramDataOptions): Gathered {
  const missing = new Set<string>()
  const needs = (tag: string): Uint8Array => {
    const value = tags.get(tag)
    if (value !== undefined) return expectTagLength(tag, value)
    missing.add(tag)
    return new Uint8Array(0)
  }
  const cryptogram = needs('9F26')
  const atc = needs('9F36')
  if (row.cryptogramSession === 'mastercard-skd') needs('9F37')
  for (const element of missingElements(name, tags, options)) missing.add(TAG_OF_PART[element] ?? element)
  if (missing.size > 0) return { missing: [...missing] }
  return { covered: cryptogramData(name, tags, options), cryptogram, atc }
}

/** Whether all that is said of the kind of cryptogram agrees with what is expected. */
function isOfType({ cidType, cvrType }: Message, expected: CryptogramType): boolean {
  // The cryptogram covers the CVR and not tag 9F27, which is the terminal's word: a TC must not pass as an ARQC because
  // 9F27 says so, and a message that calls itself a TC is none to answer.
  return (cvrType ?? expected) === expected && (cidType ?? expected) === expected
}

/** What a valid cryptogram proves: contactless schemes cover one byte of the CVR, and no TVR. */
function provenBy({ parts }: CryptogramData): { cvr: boolean; tvr: boolean } {
  const covers = (...elements: string[]): boolean => parts.some(({ element }) => elements.includes(element))
  return { cvr: covers('CVR', 'IAD'), tvr: covers('95') }
}

function hexByte(byte: number): string {
  return toHex(Uint8Array.of(byte))
}
