/** What a recorded session holds for the methods that sign the exchange itself: DDA, CDA and fDDA. */
import {
  type CardReading,
  findTlv,
  foldTranscript,
  parseCommand,
  parseDol,
  parseOneTlv,
  parseResponse,
  parseTlv,
  type TranscriptEntry,
} from '@issuerkit/apdu'
import type { DynamicInput } from './authenticate.js'
import { fddaTerminalData, fddaVariant, signatureOfInternalAuthenticate } from './dynamic-data.js'
import type { OdaMethod } from './methods.js'
import { attempt } from './stage.js'

type Tags = ReadonlyMap<string, Uint8Array>

/**
 * What terminal and card exchanged for a method: INTERNAL AUTHENTICATE for DDA, GENERATE AC for CDA, GET PROCESSING
 * OPTIONS for fDDA. Parts that the session does not hold are absent.
 * @param tags the card's data objects, of records and of the answer to GET PROCESSING OPTIONS
 */
export function dynamicInputOf(method: OdaMethod, reading: CardReading, tags: Tags): DynamicInput {
  if (method === 'dda') return internalAuthenticate(reading)
  if (method === 'cda') return generateAc(reading, tags)
  return method === 'fdda' ? processingOptions(reading, tags) : {}
}

interface Step {
  readonly p1: number
  /** The data of the command. */
  readonly sent: Uint8Array
  /** The data of the answer. */
  readonly received: Uint8Array
}

/** The successful commands of one class and instruction after GET PROCESSING OPTIONS, in their order. */
function steps(reading: CardReading, cla: number, ins: number): Step[] {
  return reading.others.flatMap(({ command, response }) => {
    const sent = attempt(() => parseCommand(command))
    const received = attempt(() => parseResponse(response))
    if (sent?.cla !== cla || sent.ins !== ins || received?.status !== '9000') return []
    return [{ p1: sent.p1, sent: sent.data ?? new Uint8Array(0), received: received.data }]
  })
}

/** [EMV-B3] 6.5.9: 00880000. */
function internalAuthenticate(reading: CardReading): DynamicInput {
  const [step] = steps(reading, 0x00, 0x88)
  if (step === undefined) return {}
  return { terminalData: step.sent, signedDynamicApplicationData: signatureOfInternalAuthenticate(step.received) }
}

/** [EMV-B3] 6.5.5.2: bit 5 of P1 asks for a CDA signature. */
const CDA_REQUESTED = 0x10

/** [EMV-B3] 6.5.5: 80AE. The last answer that was asked to be signed counts. */
function generateAc(reading: CardReading, tags: Tags): DynamicInput {
  const [first, second] = steps(reading, 0x80, 0xae)
  if (first === undefined) return {}
  const { pdolData } = reading
  const number1 = valueIn(tags.get('8C'), first.sent, '9F37')
  if (second !== undefined && (second.p1 & CDA_REQUESTED) !== 0) {
    const unpredictableNumber = valueIn(tags.get('8D'), second.sent, '9F37') ?? number1
    return { unpredictableNumber, pdolData, cdol1Data: first.sent, cdol2Data: second.sent, response: second.received }
  }
  if ((first.p1 & CDA_REQUESTED) === 0) return {}
  return { unpredictableNumber: number1, pdolData, cdol1Data: first.sent, response: first.received }
}

function processingOptions({ fci, pdolData }: CardReading, tags: Tags): DynamicInput {
  const pdol = attempt(() => findTlv(parseTlv(fci ?? new Uint8Array(0)), '6F', 'A5', '9F38')?.value)
  // The terminal's values are those that it sent: a card that could give them itself would choose what it signs.
  const sent = ['9F37', '9F02', '5F2A', '9F66'].map((tag) => [tag, valueIn(pdol, pdolData, tag)] as const)
  const values = new Map([...sent, ['9F69', tags.get('9F69')] as const])
  return {
    terminalData: fddaTerminalData(fddaVariant(values), values),
    signedDynamicApplicationData: tags.get('9F4B'),
  }
}

/** The value that data built by a data object list holds for a tag. */
function valueIn(dol: Uint8Array | undefined, data: Uint8Array | undefined, tag: string): Uint8Array | undefined {
  const entries = dol && attempt(() => parseDol(dol))
  if (entries === undefined || data === undefined) return undefined
  let offset = 0
  for (const entry of entries) {
    const end = offset + entry.length
    if (entry.tag === tag) return end <= data.length ? data.subarray(offset, end) : undefined
    offset = end
  }
  return undefined
}

/**
 * The data objects that the card gave beside AIP and AFL in its answer to GET PROCESSING OPTIONS, as contactless cards
 * do; empty where the answer is of format 80, or there is none.
 */
export function processingOptionsObjects(entries: readonly TranscriptEntry[]): Map<string, Uint8Array> {
  const objects = new Map<string, Uint8Array>()
  // [EMV-B3] 6.5.8: 80A8.
  const answers = foldTranscript(entries)
    .filter(({ command }) => command[0] === 0x80 && command[1] === 0xa8)
    .map(({ response }) => attempt(() => parseResponse(response)))
  const data = answers.find((answer) => answer?.status === '9000')?.data
  const template = data && attempt(() => parseOneTlv(data, '77'))
  for (const { tag, value } of template?.children ?? []) objects.set(tag, value)
  return objects
}
