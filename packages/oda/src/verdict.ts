/** The verdict on a card: a line for each stage, and what a terminal would report of it. */
import { toHex } from '@issuerkit/apdu'
import {
  type ChosenMethod,
  METHODS,
  type OdaMethod,
  TSI_PERFORMED,
  TVR_ICC_DATA_MISSING,
  TVR_NOT_PERFORMED,
  TVR_XDA_FAILED,
  TVR_XDA_SELECTED,
} from './methods.js'
import { REASONS, type ReasonCode, type ReasonKind } from './reasons.js'
import { fail, type Recovered, type StageName, type StageResult } from './stage.js'

/** The rule that does not hold. */
export interface Fault {
  readonly reason: ReasonCode
  /** `failed`, or why nothing could be checked. */
  readonly kind: ReasonKind
  readonly citation: string
  readonly sentence: string
}

/** One stage: what it brought to light, and which rule does not hold. */
export interface StageLine {
  readonly stage: StageName
  readonly ok: boolean
  /** The section that the stage follows. */
  readonly section: string
  /** Absent when the stage holds. */
  readonly fault?: Fault
  readonly recovered: Recovered
}

/** The verdict. It is negative as soon as one stage does not hold; later stages are then not run. */
export interface OdaVerdict {
  readonly ok: boolean
  readonly method: OdaMethod | ChosenMethod
  /** The stage that does not hold; absent when all do. */
  readonly stage?: StageName
  /** The rule of that stage that does not hold; absent when all do. */
  readonly fault?: Fault
  readonly stages: readonly StageLine[]
  /** The fields recovered by all stages together. */
  readonly recovered: Recovered
  /** Terminal verification results (95), 5 bytes, as far as offline data authentication sets them. */
  readonly tvr: Uint8Array
  /** Transaction status information (9B), 2 bytes, as far as offline data authentication sets it. */
  readonly tsi: Uint8Array
}

/** A stage with its name. */
export interface NamedResult {
  readonly stage: StageName
  readonly result: StageResult<unknown>
}

const SECTIONS: Readonly<Record<StageName, string>> = {
  method: '[EMV-B3] 10.3',
  records: '[EMV-B3] 10.2',
  'ca-key': '[EMV-B2] 5.2',
  'issuer-certificate': '[EMV-B2] 5.3',
  'icc-certificate': '[EMV-B2] 6.4',
  'pin-certificate': '[EMV-B2] 7.1',
  'static-data': '[EMV-B2] 5.4',
  'dynamic-data': '[EMV-B2] 6.5, 6.6',
}

/** The verdict of a method that was run. `dataMissing`: a mandatory tag of the method is not there. */
export function verdict(method: OdaMethod, results: readonly NamedResult[], dataMissing: boolean): OdaVerdict {
  const summary = summarise(results)
  const { selected, failed, performed } = METHODS[method]
  const notDone = summary.fault?.kind === 'not-done'
  const outcome = summary.ok ? 0 : notDone ? TVR_NOT_PERFORMED : failed
  return {
    method,
    ...summary,
    tvr: Uint8Array.of(selected | outcome | (dataMissing ? TVR_ICC_DATA_MISSING : 0), 0, 0, 0, 0),
    tsi: Uint8Array.of(performed && !notDone ? TSI_PERFORMED : 0, 0),
  }
}

/** The verdict where nothing is run: no method in common, or XDA, which this toolkit does not have. [EMV-B3] 10.3 */
export function verdictWithoutMethod(method: 'none' | 'xda'): OdaVerdict {
  const none = method === 'none'
  const summary = summarise([{ stage: 'method', result: fail(none ? 'METHOD_NONE' : 'METHOD_XDA') }])
  return {
    method,
    ...summary,
    tvr: none ? Uint8Array.of(TVR_NOT_PERFORMED, 0, 0, 0, 0) : Uint8Array.of(TVR_XDA_SELECTED, 0, 0, TVR_XDA_FAILED, 0),
    tsi: new Uint8Array(2),
  }
}

function summarise(
  results: readonly NamedResult[],
): Pick<OdaVerdict, 'ok' | 'stage' | 'fault' | 'stages' | 'recovered'> {
  const stages = results.map(({ stage, result }): StageLine => {
    const line = { stage, ok: result.ok, section: SECTIONS[stage], recovered: result.recovered }
    return result.ok ? line : { ...line, fault: { reason: result.reason, ...REASONS[result.reason] } }
  })
  const recovered = Object.assign({}, ...stages.map((line) => line.recovered)) as Recovered
  const broken = stages.find((line) => line.fault !== undefined)
  if (broken?.fault === undefined) return { ok: true, stages, recovered }
  return { ok: false, stage: broken.stage, fault: broken.fault, stages, recovered }
}

/** A verdict with its bytes as upper-case hexadecimal text, as JSON takes it. */
export type VerdictText = Omit<OdaVerdict, 'stages' | 'recovered' | 'tvr' | 'tsi'> & {
  readonly stages: readonly (Omit<StageLine, 'recovered'> & { readonly recovered: Readonly<Record<string, string>> })[]
  readonly recovered: Readonly<Record<string, string>>
  readonly tvr: string
  readonly tsi: string
}

/** The verdict for output: bytes become upper-case hexadecimal text. */
export function verdictText(given: OdaVerdict): VerdictText {
  const stages = given.stages.map((line) => ({ ...line, recovered: fieldsText(line.recovered) }))
  return { ...given, stages, recovered: fieldsText(given.recovered), tvr: toHex(given.tvr), tsi: toHex(given.tsi) }
}

function fieldsText(fields: Recovered): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, bytes]) => [name, toHex(bytes)]))
}
