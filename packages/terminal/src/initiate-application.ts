/** GET PROCESSING OPTIONS: the card learns what it asked for in its PDOL, the terminal learns AIP and AFL. */
import {
  type AflEntry,
  dolLength,
  type Exchange,
  encodeCommand,
  IssuerkitError,
  type ProcessingOptions,
  parseCommand,
  parseDol,
  parseOneTlv,
  parseProcessingOptions,
  parseResponse,
} from '@issuerkit/apdu'
import { attempt, attemptOrError } from './attempt.js'
import { type Finding, type FindingCode, finding } from './findings.js'
import { answerDol, commandTemplate } from './terminal-data.js'

/** What GET PROCESSING OPTIONS came to. */
export type InitiatedApplication = InitiatedProcessing | RefusedProcessing

/** The application is under way. */
export interface InitiatedProcessing extends ProcessingOptions {
  readonly ok: true
  readonly status: '9000'
  /** The values sent in tag 83, as the cryptogram and CDA need them. */
  readonly pdolData: Uint8Array
  /** 2 bytes. */
  readonly aip: Uint8Array
  readonly afl: AflEntry[]
  /** The data objects beside AIP and AFL, which contactless cards give: 57, 9F26, 9F36, 9F4B. */
  readonly objects: ReadonlyMap<string, Uint8Array>
  readonly findings: readonly Finding[]
}

/** It is not: the terminal takes the application out of its list and chooses another. [EMV-B3] 10.1 */
export interface RefusedProcessing {
  readonly ok: false
  /** Absent when the command was not sent. */
  readonly status?: string
  readonly findings: readonly Finding[]
}

/** Tag and length of template 83 take up to three bytes of the 255 of a data field. [EMV-B3] 6.5.8.3 */
const MAX_PDOL_DATA = 252

const NO_DATA = new Uint8Array(0)

/**
 * Starts the application selected last.
 * @param selected what SELECT told, for its PDOL; without one the command holds 8300
 * @param terminal the values for the PDOL
 * @param asSent what the card was in fact sent, where that differs from the command: a recording
 * @throws ERR_RESPONSE when the answer has no status; what the exchange rejects with
 * @see [EMV-B3] 6.5.8, 10.1
 */
export async function initiateApplication(
  exchange: Exchange,
  selected: { readonly pdol?: Uint8Array },
  terminal: ReadonlyMap<string, Uint8Array>,
  asSent: (command: Uint8Array) => Uint8Array | undefined = () => undefined,
): Promise<InitiatedApplication> {
  const { pdol = NO_DATA } = selected
  const entries = attempt(() => parseDol(pdol))
  if (entries === undefined) return refused('PDOL_MALFORMED')
  if (dolLength(entries) > MAX_PDOL_DATA) return refused('PDOL_TOO_LONG', `${dolLength(entries)} bytes`)
  const { data: values } = answerDol(pdol, terminal)
  const command = encodeCommand({ cla: 0x80, ins: 0xa8, p1: 0, p2: 0, data: commandTemplate(values), le: 256 })
  const { status, data } = parseResponse(await exchange(command))
  if (status !== '9000') return { ...refused('OPTIONS_STATUS', status), status }
  const parsed = attemptOrError(() => parseProcessingOptions(data))
  // The parser's messages hold tags, lengths and numbers of the AFL.
  if (parsed instanceof IssuerkitError) return { ...refused('OPTIONS_MALFORMED', parsed.message), status }
  const { aip, afl } = parsed
  const objects = new Map<string, Uint8Array>()
  for (const { tag, value } of parseOneTlv(data).children ?? []) objects.set(tag, value)
  const recorded = asSent(command)
  const pdolData = recorded === undefined ? values : recordedValues(recorded, values)
  return { ok: true, status, pdolData, aip, afl, objects, findings: afl.length === 0 ? [finding('AFL_EMPTY')] : [] }
}

function refused(code: FindingCode, about?: string): RefusedProcessing {
  return { ok: false, findings: [finding(code, about)] }
}

/** What tag 83 held in a recorded command; the values at hand where that is not what the PDOL asks for. */
function recordedValues(command: Uint8Array, values: Uint8Array): Uint8Array {
  const recorded = attempt(
    () => parseOneTlv(parseCommand(command).data ?? NO_DATA, '83', { nonMinimalLengths: true }).value,
  )
  return recorded?.length === values.length ? recorded : values
}
