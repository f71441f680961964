/**
 * What the host knows of an issuer besides its keys: which cards are its own, whose scheme they are of, and how it wants
 * counters, evidence and deliveries to be handled. Stored as it was given; what was left out is filled in when it is read.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import { expectResultPolicy, type ResultPolicy, SCHEMES, type SchemeFamily, scheme, schemeName } from '@issuerkit/keys'
import { type CaKeyText, caKeyFromText } from '@issuerkit/oda'
import { HostError } from '../errors.js'
import { type CounterRule, DEFAULT_POLICY, type LedgerPolicy } from '../ledger/policy.js'

/** Whose cards: the layout of tag 9F10, the schemes that are accepted, and the set that their keys are of. */
export interface CardRules {
  /** Whose layout tag 9F10 has. */
  readonly family: SchemeFamily
  /** The scheme of issuer scripts. */
  readonly scheme: string
  /** The schemes of cryptograms; all of the family unless given. */
  readonly schemes?: readonly string[]
  /** `default` unless given. */
  readonly keySet?: string
}

/** PANs whose first digits are from `from` to `to`, both included and as long as each other. What is left out is the issuer's. */
export interface BinRange extends Partial<CardRules> {
  readonly from: string
  readonly to: string
}

/** How the application transaction counter is judged. */
export interface AtcPolicy {
  /** How many pairs of ATC and kind of cryptogram are remembered of a card. */
  readonly seen: number
  /** How far a card may be ahead of the highest counter seen. */
  readonly ahead: number
  /** How late an ARQC may come, and a TC or AAC. */
  readonly behindOnline: number
  readonly behindOffline: number
}

/** What is believed, and when. */
export interface EvidencePolicy {
  /** After how many days without a word the commands of a delivery are unknown. */
  readonly unknownAfterDays: number
  /** The cards refuse scripts without issuer authentication. */
  readonly requiresIssuerAuthentication: boolean
  /** How a family's cards count script commands, where it is not as the family does. */
  readonly counters: Partial<Readonly<Record<SchemeFamily, CounterRule>>>
  /** Bits of CVR and TVR that turn a valid cryptogram into the advice T. */
  readonly refuse: ResultPolicy
}

/** How scripts are delivered. */
export interface DeliveryPolicy {
  readonly templates: readonly ('71' | '72')[]
  readonly maxScripts: number
  readonly maxCommands: number
  /** Bytes of all templates, and of field 55. */
  readonly scriptBytes: number
  readonly fieldBytes: number
  /** Whether commands end with Le. */
  readonly le: 'absent' | '00'
  /** Whether the answer carries the response code in tag 8A too. */
  readonly tag8A: boolean
  readonly answerTimeoutSeconds: number
  readonly maxAttempts: number
  readonly lifetimeDays: number
  readonly pinUnblockResends: number
  readonly scriptsAfterAac: boolean
}

/** A profile as it is given and stored. */
export interface IssuerProfile extends CardRules {
  readonly binRanges?: readonly BinRange[]
  readonly atc?: Partial<AtcPolicy>
  readonly evidence?: Partial<EvidencePolicy>
  readonly delivery?: Partial<DeliveryPolicy>
  /** CA keys of the issuer's own, beside the published ones. */
  readonly caKeys?: readonly CaKeyText[]
}

/** A profile with everything filled in. */
export interface CompleteProfile extends Required<CardRules> {
  readonly binRanges: readonly (BinRange & Required<CardRules>)[]
  readonly atc: AtcPolicy
  readonly evidence: EvidencePolicy
  readonly delivery: DeliveryPolicy
  readonly caKeys: readonly CaKeyText[]
}

const DAY = 86_400_000

/** The schemes of a family. */
export function schemesOf(family: SchemeFamily): string[] {
  return Object.entries(SCHEMES).flatMap(([name, row]) => (row.family === family ? [name] : []))
}

/** The profile with its defaults: those of the ledger where it has any. */
export function completeProfile(profile: IssuerProfile): CompleteProfile {
  const own = completeRules(profile)
  const { templates, maxScripts, maxCommands, scriptBytes, fieldBytes, trailer, maxAttempts } = DEFAULT_POLICY
  const { pinUnblockResends, scriptsAfterAac, answerTimeout, lifetime, unknownAfter, counters } = DEFAULT_POLICY
  const { family, scheme: name, schemes, keySet } = own
  // Written out, not spread: see openKeySet.
  return {
    family,
    scheme: name,
    schemes,
    keySet,
    binRanges: (profile.binRanges ?? []).map((range) => ({ ...range, ...rulesOfRange(own, range) })),
    atc: { ...DEFAULT_POLICY.atc, ...profile.atc },
    evidence: {
      unknownAfterDays: unknownAfter / DAY,
      requiresIssuerAuthentication: DEFAULT_POLICY.requiresIssuerAuthentication,
      counters,
      refuse: {},
      ...profile.evidence,
    },
    delivery: {
      ...{ templates, maxScripts, maxCommands, scriptBytes, fieldBytes, maxAttempts, pinUnblockResends },
      ...{ scriptsAfterAac, le: trailer === 0 ? 'absent' : '00', tag8A: false },
      answerTimeoutSeconds: answerTimeout / 1000,
      lifetimeDays: lifetime / DAY,
      ...profile.delivery,
    },
    caKeys: profile.caKeys ?? [],
  }
}

function completeRules({ family, scheme: name, schemes, keySet = 'default' }: CardRules): Required<CardRules> {
  return { family, scheme: name, schemes: schemes ?? schemesOf(family), keySet }
}

/** A range of another family shares nothing with its issuer but the key set's name. */
function rulesOfRange(own: Required<CardRules>, range: BinRange): Required<CardRules> {
  const { family = own.family, scheme: name = own.scheme, keySet = own.keySet } = range
  const schemes = range.schemes ?? (family === own.family ? own.schemes : schemesOf(family))
  return { family, scheme: name, schemes, keySet }
}

/** What holds for a PAN: its BIN range, or the issuer as a whole where it names none; `undefined` for no card of the issuer. */
export function rulesFor(profile: CompleteProfile, pan: string): Required<CardRules> | undefined {
  if (profile.binRanges.length === 0) return profile
  return profile.binRanges.find(({ from, to }) => {
    const bin = pan.slice(0, from.length)
    return bin.length === from.length && bin >= from && bin <= to
  })
}

/** What the ledger takes of the profile. */
export function ledgerPolicy({ atc, evidence, delivery }: CompleteProfile): LedgerPolicy {
  const { answerTimeoutSeconds, lifetimeDays, le, tag8A: _, ...limits } = delivery
  return {
    ...DEFAULT_POLICY,
    ...limits,
    trailer: le === '00' ? 1 : 0,
    answerTimeout: 1000 * answerTimeoutSeconds,
    lifetime: DAY * lifetimeDays,
    unknownAfter: DAY * evidence.unknownAfterDays,
    requiresIssuerAuthentication: evidence.requiresIssuerAuthentication,
    counters: evidence.counters,
    atc,
  }
}

/**
 * A profile that agrees with itself; its fields are of their types and within their limits already.
 * @throws ERR_SCHEME for an unknown scheme; ERR_ISSUER_PROFILE for a scheme of another family, BIN ranges that are turned
 *   round, of two lengths or overlap, scripts that do not fit the field; ERR_OPTION for a CVR or TVR bit that is none;
 *   ERR_CA_KEY, ERR_HEX, ERR_DATE for a CA key
 */
export function expectIssuerProfile(profile: IssuerProfile): CompleteProfile {
  const complete = completeProfile(profile)
  for (const rules of [complete, ...complete.binRanges]) expectRules(rules)
  expectRanges(complete.binRanges)
  expectResultPolicy(complete.evidence.refuse)
  const { scriptBytes, fieldBytes } = complete.delivery
  if (scriptBytes > fieldBytes) refuse('The scripts of an answer do not fit its field.')
  const names = complete.caKeys.map((key) => {
    caKeyFromText(key)
    return `${key.rid}/${key.index}`.toUpperCase()
  })
  if (new Set(names).size < names.length) refuse('Two CA keys have the same RID and index.')
  return complete
}

function expectRules({ family, scheme: name, schemes }: Required<CardRules>): void {
  if (schemesOf(family).length === 0) {
    throw new IssuerkitError('ERR_SCHEME', { label: 'family', expected: 'a family of schemes' })
  }
  for (const each of [name, ...schemes].map(schemeName)) {
    if (scheme(each).family !== family) refuse(`The scheme ${each} is not of the family ${family}.`)
  }
  if (!schemes.includes(name)) refuse(`The scheme of scripts, ${name}, is not among the schemes.`)
}

function expectRanges(ranges: readonly BinRange[]): void {
  for (const [i, { from, to }] of ranges.entries()) {
    if (from.length !== to.length || from > to) refuse(`The BIN range ${from} to ${to} is none.`)
    const other = ranges.slice(0, i).find((earlier) => overlap(earlier, { from, to }))
    if (other !== undefined) refuse(`The BIN ranges ${other.from} to ${other.to} and ${from} to ${to} overlap.`)
  }
}

/** Ranges of different lengths overlap when the digits that both have do. */
function overlap(a: BinRange, b: BinRange): boolean {
  const digits = Math.min(a.from.length, b.from.length)
  const cut = (text: string) => text.slice(0, digits)
  return cut(a.from) <= cut(b.to) && cut(b.from) <= cut(a.to)
}

function refuse(why: string): never {
  throw new HostError('ERR_ISSUER_PROFILE', why)
}
