/**
 * Secure messaging of issuer scripts: a command with its MAC.
 *
 * ```
 * APDU       CLA INS P1 P2 Lc ‖ data ‖ MAC          Lc counts data and MAC
 * MAC input  CLA INS P1 P2 Lc ‖ ATC ‖ ARQC ‖ data   ATC and ARQC are MACed, not sent
 * ```
 *
 * Data that must stay secret are enciphered first; the MAC covers them as they are sent.
 * @see [PBOC-SCRIPT] 6, [EMV-B2] 9.2
 */
import { concat, IssuerkitError } from '@issuerkit/apdu'
import { mac, pad } from '@issuerkit/keys'
import { ScriptSession } from './script-session.js'
import { withSessionKey } from './session-keys.js'

/** The commands of issuer scripts by name. `pin-change-with-current` is P2 = 01, `pin-change` P2 = 02. */
export type ScriptCommandName =
  | 'application-block'
  | 'application-unblock'
  | 'card-block'
  | 'pin-unblock'
  | 'pin-change'
  | 'pin-change-with-current'
  | 'put-data'
  | 'update-record'

/** A secured command and every value on the way to it. */
export interface SecuredCommand {
  readonly type: ScriptCommandName
  /** CLA INS P1 P2 Lc. */
  readonly header: Uint8Array
  /** What stands between header and MAC, enciphered where the command enciphers; empty where the MAC stands alone. */
  readonly data: Uint8Array
  /** What the MAC covers, unpadded. */
  readonly macInput: Uint8Array
  /** The same with padding method 2, as the MAC algorithm takes it: whole blocks of 8 bytes, of 16 for SM4. */
  readonly macInputPadded: Uint8Array
  readonly mac: Uint8Array
  /** The command as it is sent: header ‖ data ‖ MAC, without Le. */
  readonly apdu: Uint8Array
}

/** CLA INS P1 P2. */
export type CommandHeader = readonly [cla: number, ins: number, p1: number, p2: number]

/**
 * A command with its MAC.
 * @param data what the data field holds before the MAC, enciphered where the command enciphers
 * @throws ERR_SCRIPT when data and MAC do not fit Lc, before any cryptography; ERR_KEY_DESTROYED
 * @see [PBOC-SCRIPT] 6 (the MAC covers all data of the command, its header too)
 */
export function secureCommand(
  session: ScriptSession,
  type: ScriptCommandName,
  [cla, ins, p1, p2]: CommandHeader,
  data: Uint8Array = new Uint8Array(0),
): SecuredCommand {
  const { scheme, atc, arqc, macLength: length } = session
  // [ISO7816-4] 5.1: Lc is one byte in the short form, the only one that issuer scripts use.
  if (data.length + length > 255) {
    const expected = `at most ${255 - length} bytes beside the MAC`
    throw new IssuerkitError('ERR_SCRIPT', { label: `${type} data`, expected, got: `${data.length} bytes` })
  }
  const header = Uint8Array.of(cla, ins, p1, p2, data.length + length)
  // An ATC is missing only where the MAC covers the header alone.
  const prefix = scheme.macPrefix === 'header' ? [header] : [header, atc as Uint8Array, arqc]
  const macInput = concat(...prefix, data)
  const macKey = ScriptSession.material(session).keys.mac
  const macBytes = withSessionKey(session, macKey, (key) => mac(key, macInput, { length }))
  return {
    type,
    header,
    data,
    macInput,
    macInputPadded: pad(macInput, 2, scheme.algorithm === 'sm4' ? 16 : 8),
    mac: macBytes,
    apdu: concat(header, data, macBytes),
  }
}
