/**
 * What the issuer wants of a card: an intent, never a MACed command, because the command's keys are those of the
 * transaction that will carry it. It is built when the answer is.
 */
import { type RetryRule, retryRule } from '@issuerkit/scripts'

/** Names a PIN that is kept enciphered somewhere else. The ledger never holds one in any form. */
export interface WrappedPin {
  readonly wrapped: string
}

/** An intent as plain data; values in upper-case hexadecimal. */
export type Intent =
  | { readonly type: 'application-block' | 'application-unblock' | 'card-block' | 'pin-unblock' }
  | { readonly type: 'pin-change'; readonly newPin: WrappedPin }
  | { readonly type: 'pin-change-with-current'; readonly newPin: WrappedPin; readonly currentPin: WrappedPin }
  | { readonly type: 'put-data'; readonly tag: string; readonly value: string }
  /** Adds to an electronic cash balance. The PUT DATA is made from the balance that the card reports. [PBOC] 13 */
  | { readonly type: 'load'; readonly tag: '9F79' | 'DF79'; readonly amount: number }
  | { readonly type: 'update-record'; readonly sfi: number; readonly record: number; readonly data: string }

/** What the intent changes on the card. Of the commands for one target, one answer carries at most one. */
export function targetOf(intent: Intent): string {
  switch (intent.type) {
    // Each of them undoes the other.
    case 'application-block':
    case 'application-unblock':
      return 'application'
    case 'card-block':
      return 'card'
    case 'pin-unblock':
      return 'pin-tries'
    case 'pin-change':
    case 'pin-change-with-current':
      return 'pin'
    case 'put-data':
    case 'load':
      return `data/${intent.tag}`
    case 'update-record':
      return `record/${intent.sfi}/${intent.record}`
  }
}

/** Whether a newer intent for the same target makes this one pointless. Amounts that are added do not replace each other. */
export function isReplaceable(intent: Intent): boolean {
  return intent.type !== 'load'
}

/** Whether a command may be sent again after an unknown outcome. */
export function retryOf(intent: Intent): RetryRule['again'] {
  if (intent.type === 'load') return retryRule({ type: 'put-data', tag: intent.tag }).again
  return retryRule(intent).again
}

/** Bytes of the longest data field that a scheme makes of an enciphered PIN: length, block and padding in blocks of 16. */
const PIN_DATA = 16
/** A balance is six bytes of BCD. [PBOC] 13 */
const BALANCE = 6

/**
 * Bytes of the command as tag 86 in a template: never fewer than it will take.
 * @param macLength 4 to 8
 * @param trailer 1 where commands are sent with Le 00, else 0
 */
export function commandBytes(intent: Intent, macLength: number, trailer: number): number {
  return tlvBytes(5 + dataBytes(intent) + macLength + trailer)
}

/** Bytes of a data object with a tag of one byte. */
export function tlvBytes(length: number): number {
  return (length < 0x80 ? 2 : 3) + length
}

function dataBytes(intent: Intent): number {
  switch (intent.type) {
    case 'pin-change':
    case 'pin-change-with-current':
      return PIN_DATA
    case 'put-data':
      return intent.value.length / 2
    case 'load':
      return BALANCE
    case 'update-record':
      return intent.data.length / 2
    default:
      return 0
  }
}
