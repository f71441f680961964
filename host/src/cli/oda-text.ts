/** Verdicts for people: a line a stage, or a line a card. */
import type { BatchResult, VerdictText } from '@issuerkit/oda'

/** What of a long value is shown unless it is asked for in full: the first bytes. */
const SHOWN = 16

/** A verdict with a line for each stage: what was recovered, or which rule does not hold and where that stands. */
export function verdictLines(title: string, { ok, method, stages, tvr, tsi }: VerdictText, full: boolean): string {
  const lines = stages.flatMap(({ stage, section, fault, recovered }) => {
    const verdict = fault === undefined ? `ok  ${section}` : `NOT OK  ${faultText(fault)}`
    const fields = Object.entries(recovered).map(([name, value]) => `    ${name} ${full ? value : shorten(value)}`)
    return [`  ${stage}: ${verdict}`, ...fields]
  })
  return `${[`${title}: ${method} ${ok ? 'ok' : 'NOT OK'}`, ...lines, `  TVR ${tvr}  TSI ${tsi}`].join('\n')}\n`
}

/** The result of a line of a batch, in a line; every stage below it where there are any. */
export function resultLine(result: BatchResult): string {
  const title = `line ${result.line}${result.id === undefined ? '' : ` (${printable(result.id)})`}`
  if ('error' in result) {
    const { code, label, expected, got } = result.error
    const what = [label, expected && `expected ${expected}`, got && `got ${got}`].filter((part) => part !== undefined)
    return `${title}: ${code}: ${printable(what.join(', '))}\n`
  }
  const { ok, method, stage, fault, stages, recovered, tvr, tsi } = result
  if (stages !== undefined && recovered !== undefined) {
    return verdictLines(title, { ok, method, stages, recovered, tvr, tsi }, true)
  }
  return `${title}: ${method} ${fault === undefined ? 'ok' : `NOT OK  ${stage}: ${faultText(fault)}`}\n`
}

function faultText({ reason, sentence, citation }: NonNullable<VerdictText['fault']>): string {
  return `${reason}: ${sentence} ${citation}`
}

function shorten(hex: string): string {
  return hex.length <= 2 * SHOWN + 8 ? hex : `${hex.slice(0, 2 * SHOWN)}… (${hex.length / 2} bytes)`
}

/** Text from a file must not steer a terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?')
}
