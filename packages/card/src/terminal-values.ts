/** What the terminal said in the transaction under way, by tag. */
import { fromHex, parseDol } from '@issuerkit/apdu'
import type { ApplicationConfig, Transaction } from './debit-credit-model.js'

/** Values by upper-case tag, as the data object lists of the card asked for them. */
export type TerminalValues = ReadonlyMap<string, Uint8Array>

/**
 * The values of PDOL, CDOL1 and, in the second GENERATE AC, CDOL2. What a later list asks for again counts as it came
 * there. Of a tag that a list has twice, the first.
 * @see [EMV-B3] 5.4
 */
export function terminalValues(
  config: Pick<ApplicationConfig, 'pdol' | 'cdol1' | 'cdol2'>,
  { pdolData }: Pick<Transaction, 'pdolData'>,
  cdol1Data: Uint8Array,
  cdol2Data?: Uint8Array,
): TerminalValues {
  return new Map([
    ...listValues(config.pdol, pdolData),
    ...listValues(config.cdol1, cdol1Data),
    ...(cdol2Data === undefined ? [] : listValues(config.cdol2, cdol2Data)),
  ])
}

function listValues(list: string, data: Uint8Array): [tag: string, value: Uint8Array][] {
  let offset = 0
  const values = parseDol(fromHex(list)).map(({ tag, length }): [string, Uint8Array] => {
    offset += length
    return [tag, data.subarray(offset - length, offset)]
  })
  return values.reverse()
}
