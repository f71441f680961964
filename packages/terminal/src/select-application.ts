/** SELECT of one application and what its FCI tells. @see [EMV-B1] 11.3, [EMV-B3] 6.5.8 */
import {
  type Exchange,
  encodeCommand,
  IssuerkitError,
  parseOneTlv,
  parseResponse,
  type Response,
  type Tlv,
} from '@issuerkit/apdu'
import { attempt } from './attempt.js'
import { type Finding, finding } from './findings.js'

/** An application as SELECT answered. */
export interface SelectedApplication {
  /** 9000; 6283 when it is blocked; any other: it is not selected. */
  readonly status: string
  /** The DF name (84): the card's whole name for what may have been asked for by its first bytes. */
  readonly aid?: Uint8Array
  /** The answer, which should be a template 6F, as it came; absent when there was none. */
  readonly fci?: Uint8Array
  /** The PDOL (9F38); absent when the card has none. */
  readonly pdol?: Uint8Array
  /** The primitive data objects of the FCI by tag, the first where one is repeated: 50, 87, 5F2D, 9F11, 9F12, 9F4D. */
  readonly objects: ReadonlyMap<string, Uint8Array>
  readonly findings: readonly Finding[]
}

/** [EMV-B1] 12.2.1: an AID has 5 to 16 bytes. */
const MIN_NAME = 5
const MAX_NAME = 16

/**
 * Selects an application by its name, or by the first bytes of it.
 * @param aid 5 to 16 bytes
 * @param occurrence `next`: the one after the application selected before, P2 = 02
 * @throws ERR_LENGTH for an AID of another length; ERR_RESPONSE when the answer has no status
 * @see [EMV-B1] 11.3.2
 */
export async function selectApplication(
  exchange: Exchange,
  aid: Uint8Array,
  occurrence: 'first' | 'next' = 'first',
): Promise<SelectedApplication> {
  if (aid.length < MIN_NAME || aid.length > MAX_NAME) {
    throw new IssuerkitError('ERR_LENGTH', { label: 'aid', expected: '5 to 16 bytes', got: `${aid.length} bytes` })
  }
  const p2 = occurrence === 'first' ? 0x00 : 0x02
  const command = encodeCommand({ cla: 0x00, ins: 0xa4, p1: 0x04, p2, data: aid, le: 256 })
  const { status, data } = await withWarning(exchange, parseResponse(await exchange(command)))
  const objects = new Map<string, Uint8Array>()
  if (status !== '9000' && status !== '6283') return { status, objects, findings: [] }
  // A card may keep the FCI of a blocked application to itself.
  if (status === '6283' && data.length === 0) return { status, aid, objects, findings: [] }
  const template = attempt(() => parseOneTlv(data, '6F', { nonMinimalLengths: true }))
  if (template === undefined) return { status, fci: data, objects, findings: [finding('FCI_MALFORMED')] }
  collect([template], objects)
  const name = objects.get('84')
  const pdol = objects.get('9F38')
  const matches = name !== undefined && name.length <= MAX_NAME && aid.every((byte, i) => byte === name[i])
  return {
    status,
    fci: data,
    ...(matches ? { aid: name } : {}),
    // A list of no entries asks for nothing, as no list does.
    ...(pdol === undefined || pdol.length === 0 ? {} : { pdol }),
    objects,
    findings: matches ? [] : [finding('FCI_DF_NAME')],
  }
}

/**
 * A card of T=0 gives a warning before its data, which then wait for GET RESPONSE.
 * @see [EMV-B1] 9.3.1
 */
async function withWarning(exchange: Exchange, answer: Response): Promise<Response> {
  if (answer.status !== '6283' || answer.data.length > 0) return answer
  const getResponse = encodeCommand({ cla: 0x00, ins: 0xc0, p1: 0, p2: 0, le: 256 })
  const { status, data } = parseResponse(await exchange(getResponse))
  return { status: answer.status, data: status === '9000' ? data : answer.data }
}

function collect(list: readonly Tlv[], objects: Map<string, Uint8Array>): void {
  for (const { tag, value, children } of list) {
    if (children !== undefined) collect(children, objects)
    else if (!objects.has(tag)) objects.set(tag, value)
  }
}
