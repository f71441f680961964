/** The answer to reset, as far as a profile has to fit it. @see [EMV-B1] 8.2, 8.3 */
import { fromHex } from '@issuerkit/apdu'

/**
 * The protocol that an answer to reset offers first; `undefined` when it is none: cut short, too long, a wrong check byte.
 *
 * ```
 * TS  T0 (bits 8-5: which of TA1..TD1 follow; 4-1: historical bytes)
 * TA1 TB1 TC1 TD1 (bits 8-5: which of TA2..TD2 follow; 4-1: the protocol)  ...  historical bytes  TCK unless T=0 alone
 * ```
 */
export function atrProtocol(atr: string): 'T=0' | 'T=1' | undefined {
  const bytes = fromHex(atr, 'atr')
  const [initial, format = 0] = bytes
  if (initial !== 0x3b && initial !== 0x3f) return undefined
  const protocols: number[] = []
  let at = 1
  for (let indicator: number | undefined = format; indicator !== undefined; ) {
    at += [0x10, 0x20, 0x40, 0x80].filter((bit) => ((indicator as number) & bit) !== 0).length
    const further: number | undefined = (indicator & 0x80) === 0 ? undefined : (bytes[at] ?? 0)
    if (further !== undefined) protocols.push(further & 0x0f)
    indicator = further
  }
  const [first = 0] = protocols
  const checked = protocols.some((protocol) => protocol !== 0)
  if (bytes.length !== at + 1 + (format & 0x0f) + (checked ? 1 : 0)) return undefined
  if (checked && bytes.subarray(1).reduce((sum, byte) => sum ^ byte, 0) !== 0) return undefined
  return first === 0 ? 'T=0' : first === 1 ? 'T=1' : undefined
}
