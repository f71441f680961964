/** A card that was read, for output: as an object that JSON takes, and as indented text. */
import { type AflEntry, type CardRecord, type ErrorCode, toHex } from '@issuerkit/apdu'
import { type VerdictText, verdictText } from '@issuerkit/oda'
import type { Candidate } from './application-selection.js'
import type { Finding } from './findings.js'
import type { AuthenticationOutcome } from './offline-authentication.js'
import { recordObjects } from './read-application.js'
import type { ApplicationTree, CardTree, SelectionMethod } from './read-card.js'
import {
  createShow,
  printable,
  type ShownObject,
  type ShowObject,
  type ShowOptions,
  showBytes,
  showTlv,
} from './shown-objects.js'

/** A way of looking for applications, for output. */
export interface ShownSearch {
  readonly method: SelectionMethod
  readonly status: string
  readonly candidates: readonly (Omit<Candidate, 'aid'> & { readonly aid: string })[]
  readonly findings: readonly Finding[]
}

/** A record for output. Bytes that are no data objects are shown as their number alone, unless unmasked. */
export interface ShownRecord {
  readonly record: number
  readonly length: number
  readonly objects?: readonly ShownObject[]
  readonly bytes?: string
}

/** An application for output; what was not read is absent. */
export interface ShownApplication {
  readonly aid?: string
  readonly label?: string
  readonly status: string
  readonly fci?: readonly ShownObject[]
  /** The values sent for the PDOL. */
  readonly pdolData?: string
  readonly aip?: { readonly value: string; readonly functions: readonly string[] }
  readonly afl?: readonly AflEntry[]
  /** What the answer to GET PROCESSING OPTIONS holds beside them. */
  readonly options?: readonly ShownObject[]
  readonly records?: readonly (ShownRecord & { readonly sfi: number })[]
  readonly data?: readonly ShownObject[]
  readonly log?: readonly ShownRecord[]
  readonly authentication?: { readonly outcome: AuthenticationOutcome; readonly verdict: VerdictText }
  readonly findings: readonly Finding[]
}

/** A card for output. */
export interface ShownCard {
  readonly cardBlocked: boolean
  readonly ended?: { readonly code: ErrorCode; readonly message: string }
  readonly searches: readonly ShownSearch[]
  readonly applications: readonly ShownApplication[]
}

/** [EMV-B3] Annex C1: byte 1 of the AIP. Bits 8 and 2 are not EMV's of this edition. */
const AIP_FUNCTIONS: readonly (readonly [number, string])[] = [
  [0x40, 'SDA'],
  [0x20, 'DDA'],
  [0x10, 'cardholder verification'],
  [0x08, 'terminal risk management'],
  [0x04, 'issuer authentication'],
  [0x01, 'CDA'],
]

/** The card as an object that JSON takes. PAN, track data and the holder's personal data are masked unless asked for. */
export function showCard(tree: CardTree, options: ShowOptions = {}): ShownCard {
  const { cardBlocked, ended } = tree
  return {
    cardBlocked,
    ...(ended === undefined ? {} : { ended: { code: ended.code, message: ended.message } }),
    searches: tree.searches.map(({ method, status, candidates, findings }) => ({
      method,
      status,
      candidates: candidates.map((candidate) => showCandidate(candidate, options)),
      findings,
    })),
    applications: tree.applications.map((application) => showApplication(application, options)),
  }
}

function showCandidate(candidate: Candidate, { unmasked = false }: ShowOptions): ShownSearch['candidates'][number] {
  const { aid, label, preferredName } = candidate
  // Which application's PAN could stand in a label is not known here: no row of digits as long as one is shown.
  const shown = (text: string): string => printable(unmasked ? text : text.replaceAll(/\d{8,}/g, '*'))
  return {
    ...candidate,
    aid: toHex(aid),
    ...(label === undefined ? {} : { label: shown(label) }),
    ...(preferredName === undefined ? {} : { preferredName: shown(preferredName) }),
  }
}

function showApplication(application: ApplicationTree, options: ShowOptions): ShownApplication {
  const { selected, candidate, initiated, reading, authentication, data } = application
  const show = createShow(new Map([...selected.objects, ...(reading?.data ?? [])]), options)
  const aid = selected.aid ?? candidate?.aid
  const fci = selected.fci && showBytes(selected.fci, show)
  const label = show('50', selected.objects.get('50') ?? new Uint8Array(0)).text || undefined
  const given = data === undefined ? undefined : [...data.data].map(([tag, value]) => show(tag, value))
  const log = data?.log.map((record) => ({
    ...showRaw(record, options),
    objects: record.fields.map(({ tag, value }) => show(tag, value)),
  }))
  return {
    ...(aid === undefined ? {} : { aid: toHex(aid) }),
    ...(label === undefined ? {} : { label }),
    status: selected.status,
    ...(fci === undefined ? {} : { fci }),
    ...(initiated?.ok === true ? showOptions(initiated, show) : {}),
    ...(reading === undefined
      ? {}
      : { records: reading.records.map((record) => ({ sfi: record.sfi, ...showRecord(record, show, options) })) }),
    ...(given === undefined || given.length === 0 ? {} : { data: given }),
    ...(log === undefined || log.length === 0 ? {} : { log }),
    ...(authentication === undefined
      ? {}
      : { authentication: { outcome: authentication.outcome, verdict: verdictText(authentication.verdict) } }),
    findings: [selected, initiated, reading, authentication, data].flatMap((part) => part?.findings ?? []),
  }
}

function showOptions(
  { aip, afl, pdolData, objects }: Extract<ApplicationTree['initiated'], { readonly ok: true }>,
  show: ShowObject,
): Pick<ShownApplication, 'pdolData' | 'aip' | 'afl' | 'options'> {
  const [byte1 = 0] = aip
  const functions = AIP_FUNCTIONS.filter(([bit]) => (byte1 & bit) !== 0).map(([, name]) => name)
  const beside = [...objects].filter(([tag]) => tag !== '82' && tag !== '94')
  return {
    pdolData: toHex(pdolData),
    aip: { value: toHex(aip), functions },
    afl,
    ...(beside.length === 0 ? {} : { options: beside.map(([tag, value]) => show(tag, value)) }),
  }
}

function showRecord(record: CardRecord, show: ShowObject, options: ShowOptions): ShownRecord {
  const list = recordObjects(record)
  return list === undefined ? showRaw(record, options) : { ...shape(record), objects: showTlv(list, show) }
}

function showRaw(record: Pick<CardRecord, 'record' | 'data'>, { unmasked = false }: ShowOptions): ShownRecord {
  return { ...shape(record), ...(unmasked ? { bytes: toHex(record.data) } : {}) }
}

function shape({ record, data }: Pick<CardRecord, 'record' | 'data'>): Pick<ShownRecord, 'record' | 'length'> {
  return { record, length: data.length }
}
