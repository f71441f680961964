/** The data that a cryptogram covers, gathered from the tags of a transaction. */
import { concat, IssuerkitError } from '@issuerkit/apdu'
import { expectTagLength, numericCode, type TagValues, type Tolerance } from './de55-tolerances.js'
import { parseIssuerApplicationData } from './issuer-application-data.js'
import { type CryptogramDataElement, type SchemeFamily, scheme } from './schemes.js'

/** Where a covered value came from: a tag of the message, a part given by itself, tag 9F10, the request, or nowhere. */
export type CryptogramPartSource = 'tag' | 'part' | '9F10' | 'original' | 'default'

/** One value that the cryptogram covers. */
export interface CryptogramPart {
  readonly element: CryptogramDataElement
  readonly value: Uint8Array
  readonly from: CryptogramPartSource
}

/** What a cryptogram covers. */
export interface CryptogramData {
  /** The values one after another, unpadded. */
  readonly data: Uint8Array
  readonly parts: readonly CryptogramPart[]
  readonly tolerances: readonly Tolerance[]
}

/** Where values come from beside the tags of the message. */
export interface CryptogramDataOptions {
  /** Other elements than the scheme's, such as those of the CDOL of a common core application. */
  readonly elements?: readonly CryptogramDataElement[]
  /**
   * The tags of the request that a later message belongs to: a script-result notification repeats only some of them. A
   * value is taken from here when the message lacks it; never 9F10, 9F26, 9F27 or the ATC, which are the message's own.
   */
  readonly original?: TagValues
}

/** What identifies a message; another message's values would verify another cryptogram. */
const OWN_TAGS: readonly string[] = ['9F10', '9F26', '9F27', '9F36']

/** Elements that are tag 9F10 or parts of it. */
const PARTS: readonly string[] = ['CVR', 'COUNTERS', 'IAD', 'IAD5']

/** [EMV-B3] Annex A: n 12 in 6 bytes. A transaction without cashback has no other amount, and some hosts leave it out. */
const NO_OTHER_AMOUNT = new Uint8Array(6)

/** Bytes of a CVR and of counters by the scheme's family, where they are given as parts. */
const CVR_LENGTHS: Readonly<Record<SchemeFamily, readonly number[]>> = {
  visa: [4],
  unionpay: [4],
  mastercard: [6],
  ccd: [5],
  interac: [],
}
const COUNTER_LENGTHS: readonly number[] = [8, 16]

/**
 * The data that a scheme's cryptogram covers, in order.
 *
 * CVR and counters are cut out of tag 9F10 by the layout of the scheme's family, unless they are given as the parts `CVR`
 * and `COUNTERS`. A missing 9F03 is zeros.
 * @param tags values by upper-case tag; tags that are not covered are ignored
 * @throws ERR_SCHEME for an unknown scheme, or a 9F10 without the layout of its family; ERR_TAG for a missing value;
 *   ERR_LENGTH for a value of another length than its tag has
 * @see [EMV-B2] 8.1.1, [VIS], [MCHIP], [UPI-F55]
 */
export function cryptogramData(
  schemeName: string,
  tags: TagValues,
  options: CryptogramDataOptions = {},
): CryptogramData {
  const elements = options.elements ?? scheme(schemeName).cryptogramData
  const tolerances: Tolerance[] = []
  const parts = elements.map((element): CryptogramPart => {
    const found = findElement(schemeName, element, tags, options.original)
    if (found === undefined) {
      throw new IssuerkitError('ERR_TAG', { label: elementLabel(element), expected: 'a value', got: 'none' })
    }
    const { value, changed } = numericCode(element, found.value)
    if (changed) tolerances.push({ name: 'numeric-code-digits', tag: element })
    if (found.from === 'original') tolerances.push({ name: 'from-original', tag: element })
    if (found.from === 'default') tolerances.push({ name: 'amount-other-absent', tag: element })
    return { element, value: expectTagLength(element, value), from: found.from }
  })
  return { data: concat(...parts.map((part) => part.value)), parts, tolerances }
}

/**
 * The elements that {@link cryptogramData} would need and does not find.
 * @throws ERR_SCHEME as there
 */
export function missingElements(
  schemeName: string,
  tags: TagValues,
  options: CryptogramDataOptions = {},
): CryptogramDataElement[] {
  const elements = options.elements ?? scheme(schemeName).cryptogramData
  return elements.filter((element) => findElement(schemeName, element, tags, options.original) === undefined)
}

interface Found {
  readonly value: Uint8Array
  readonly from: CryptogramPartSource
}

function findElement(
  schemeName: string,
  element: CryptogramDataElement,
  tags: TagValues,
  original: TagValues | undefined,
): Found | undefined {
  if (PARTS.includes(element)) return partOf9F10(schemeName, element, tags)
  const own = tags.get(element)
  if (own !== undefined) return { value: own, from: 'tag' }
  const earlier = OWN_TAGS.includes(element) ? undefined : original?.get(element)
  if (earlier !== undefined) return { value: earlier, from: 'original' }
  return element === '9F03' ? { value: NO_OTHER_AMOUNT, from: 'default' } : undefined
}

/** Tag 9F10 as a whole, or a part of it, which is taken from where it is given by itself, else cut out of the tag. */
function partOf9F10(schemeName: string, element: string, tags: TagValues): Found | undefined {
  const iad = tags.get('9F10')
  if (element === 'IAD') return iad === undefined ? undefined : { value: expectTagLength('9F10', iad), from: 'tag' }
  if (element === 'IAD5') {
    // Byte 5 of tag 9F10 is byte 2 of the CVR, which begins at byte 4 with its length.
    const cvr = partOf9F10(schemeName, 'CVR', tags)
    return cvr === undefined ? undefined : { value: cvr.value.subarray(1, 2), from: cvr.from }
  }
  const given = tags.get(element)
  if (given !== undefined) return { value: expectPartLength(schemeName, element, given), from: 'part' }
  const parsed = iad === undefined ? undefined : parseIssuerApplicationData(iad, { scheme: schemeName })
  const value = element === 'CVR' ? parsed?.cvr : parsed?.counters
  return value === undefined ? undefined : { value, from: '9F10' }
}

function expectPartLength(schemeName: string, part: string, value: Uint8Array): Uint8Array {
  const lengths = part === 'COUNTERS' ? COUNTER_LENGTHS : CVR_LENGTHS[scheme(schemeName).family]
  if (!lengths.includes(value.length)) {
    const expected = `${lengths.join(' or ')} bytes`
    throw new IssuerkitError('ERR_LENGTH', { label: part, expected, got: `${value.length} bytes` })
  }
  return value
}

const LABELS: Readonly<Record<string, string>> = { CVR: 'CVR', COUNTERS: 'COUNTERS', IAD: 'tag 9F10', IAD5: 'tag 9F10' }

function elementLabel(element: CryptogramDataElement): string {
  return LABELS[element] ?? `tag ${element}`
}
