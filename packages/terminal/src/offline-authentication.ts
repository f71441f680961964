/** Offline data authentication of an application under way, with the card's part in it: INTERNAL AUTHENTICATE. */
import {
  dolLength,
  type Exchange,
  encodeCommand,
  expectLength,
  parseCommand,
  parseDol,
  parseResponse,
} from '@issuerkit/apdu'
import { randomBytes } from '@issuerkit/keys'
import {
  authenticateReading,
  DEFAULT_DDOL,
  type DynamicInput,
  type OdaMethod,
  type OdaVerdict,
  type ReadingOptions,
  selectMethod,
  signatureOfInternalAuthenticate,
} from '@issuerkit/oda'
import { attempt } from './attempt.js'
import { type Finding, finding } from './findings.js'
import type { ApplicationReading } from './read-application.js'
import { answerDol, transactionDateOf } from './terminal-data.js'

/** Whose keys vouch, and what the method depends on. */
export interface AuthenticationOptions
  extends Pick<ReadingOptions, 'store' | 'profile' | 'transactionDate' | 'revoked' | 'allowExpiredCaKey'> {
  /** The number for INTERNAL AUTHENTICATE, 4 bytes. Default: random, and another than that of the transaction. */
  readonly unpredictableNumber?: () => Uint8Array
  /** What the card was in fact sent, where that differs from the command: a recording. */
  readonly asSent?: (command: Uint8Array) => Uint8Array | undefined
}

/**
 * What came of it.
 *
 * | outcome | |
 * |---|---|
 * | `authenticated` | the method that card and terminal have in common holds |
 * | `failed` | it does not |
 * | `cda-needs-generate-ac` | the certificates hold; CDA itself signs an answer of GENERATE AC, which a reading does not ask for |
 * | `no-method` | there is no method in common |
 */
export type AuthenticationOutcome = 'authenticated' | 'failed' | 'cda-needs-generate-ac' | 'no-method'

/** The outcome with the verdict that it rests on. */
export interface OfflineAuthentication {
  readonly outcome: AuthenticationOutcome
  /** For `cda-needs-generate-ac` that of `icc-key`: of all that the records prove. */
  readonly verdict: OdaVerdict
  readonly findings: readonly Finding[]
}

/** A data field holds 255 bytes. */
const MAX_DDOL_DATA = 255

/**
 * Authenticates an application by the method that its AIP (82) and the terminal's capabilities (9F33) have in common;
 * by fDDA where the card signed its answer to GET PROCESSING OPTIONS. For DDA the card is asked to sign once its
 * certificates hold; the exchange is added to the reading's `others`.
 *
 * Whatever the card says, the answer is a verdict.
 * @param terminal its values, 9F33 and 9A among them; the date is that of the options where they give one
 * @throws ERR_LENGTH when 9F33 is not 3 bytes or the unpredictable number not 4; ERR_DATE; ERR_RESPONSE when the answer
 * has no status; what the exchange rejects with
 * @see [EMV-B3] 10.3, [EMV-B2] 5, 6
 */
export async function authenticateApplication(
  exchange: Exchange,
  reading: ApplicationReading,
  terminal: ReadonlyMap<string, Uint8Array>,
  options: AuthenticationOptions,
): Promise<OfflineAuthentication> {
  const capabilities = terminal.get('9F33') ?? new Uint8Array(0)
  const { unpredictableNumber: _, asSent: __, ...given } = options
  const common: ReadingOptions = {
    transactionDate: transactionDateOf(terminal),
    ...given,
    tags: reading.objects,
    terminalCapabilities: capabilities,
  }
  const judge = (method: OdaMethod, dynamic?: DynamicInput): OdaVerdict =>
    authenticateReading(reading, { ...common, method, ...(dynamic === undefined ? {} : { dynamic }) })

  const method = signedProcessingOptions(reading) ? 'fdda' : selectMethod(reading.aip, capabilities)
  if (method === 'none' || method === 'xda') {
    return { outcome: 'no-method', verdict: authenticateReading(reading, common), findings: [] }
  }
  if (method === 'cda') {
    const verdict = judge('icc-key')
    return { outcome: verdict.ok ? 'cda-needs-generate-ac' : 'failed', verdict, findings: [] }
  }
  if (method !== 'dda') return settled(judge(method))
  // Without a key of the card that holds there is nothing to check a signature with: the card is not asked.
  if (!judge('icc-key').ok) return settled(judge('dda', {}))
  const { dynamic, findings } = await internalAuthenticate(exchange, reading, terminal, options)
  return settled(judge('dda', dynamic), findings)
}

/** fDDA: cryptogram and signature stand in the answer to GET PROCESSING OPTIONS or behind it in a record. [PBOC] 12 */
function signedProcessingOptions({ objects, data }: ApplicationReading): boolean {
  return objects.has('9F26') && data.has('9F4B')
}

function settled(verdict: OdaVerdict, findings: readonly Finding[] = []): OfflineAuthentication {
  return { outcome: verdict.ok ? 'authenticated' : 'failed', verdict, findings }
}

/**
 * Lets the card sign the values of its DDOL, or those of the terminal's, with an unpredictable number of its own.
 * @see [EMV-B3] 6.5.9, [EMV-B2] 6.5.1
 */
async function internalAuthenticate(
  exchange: Exchange,
  reading: ApplicationReading,
  terminal: ReadonlyMap<string, Uint8Array>,
  { unpredictableNumber = () => randomBytes(4), asSent }: AuthenticationOptions,
): Promise<{ dynamic: DynamicInput; findings: Finding[] }> {
  const ddol = reading.data.get('9F49') ?? DEFAULT_DDOL
  const entries = attempt(() => parseDol(ddol))
  // [EMV-B2] 6.5.1: DDA fails without asking where the list has no unpredictable number; the verdict says which.
  if (entries?.some(({ tag }) => tag === '9F37') !== true) return { dynamic: {}, findings: [] }
  if (dolLength(entries) > MAX_DDOL_DATA) {
    return { dynamic: {}, findings: [finding('DDOL_TOO_LONG', `${dolLength(entries)} bytes`)] }
  }
  const number = expectLength(unpredictableNumber(), 4, 'unpredictable number')
  const { data: terminalData } = answerDol(ddol, new Map([...terminal, ['9F37', number]]))
  const command = encodeCommand({ cla: 0x00, ins: 0x88, p1: 0, p2: 0, data: terminalData, le: 256 })
  const response = await exchange(command)
  const { status, data } = parseResponse(response)
  const sent = asSent?.(command) ?? command
  reading.others.push({ command: sent, response })
  if (status !== '9000') return { dynamic: {}, findings: [finding('INTERNAL_AUTHENTICATE_STATUS', status)] }
  const signature = signatureOfInternalAuthenticate(data)
  const findings = signature === undefined ? [finding('INTERNAL_AUTHENTICATE_MALFORMED')] : []
  const signed = attempt(() => parseCommand(sent).data) ?? terminalData
  return { dynamic: { terminalData: signed, signedDynamicApplicationData: signature }, findings }
}
