/** The records of a case as steps of its report: one for each TPDU, so that the page shows all that passed. */
import { toHex } from '@issuerkit/apdu'
import type { ReportStep } from './report.js'
import type { CaseRecord } from './step.js'

/** Each TPDU of a step is a line; the last one carries what was expected of the whole. */
export function reportSteps(records: readonly CaseRecord[]): readonly ReportStep[] {
  return records.flatMap(({ step, label, expected = '', got = '', passed = true }) => {
    if (step === undefined) return [{ action: label ?? '', command: '', answer: got, expected, ok: passed }]
    return step.tpdus.map(({ command, response }, i) => {
      const last = i + 1 === step.tpdus.length
      const line = {
        action: i === 0 ? step.name : `${step.name}, continued`,
        command: toHex(command),
        answer: toHex(response),
      }
      return { ...line, expected: last ? expected : '', ok: last ? passed : true }
    })
  })
}
