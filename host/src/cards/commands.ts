/**
 * Commands as people ask for them, and the intents that the ledger keeps. What could never be built or sent is refused here,
 * when it is asked for, and not weeks later when the card comes.
 */
import { fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { scheme, TdesKey } from '@issuerkit/keys'
import { openScript, putData, updateRecord } from '@issuerkit/scripts'
import type { CardRules } from '../keys/issuer-profile.js'
import type { Intent } from '../ledger/intent.js'
import { isTooLarge } from '../ledger/plan.js'
import type { LedgerPolicy } from '../ledger/policy.js'

/** Commands that say everything by their name. */
export const PLAIN_COMMANDS = ['application-block', 'application-unblock', 'card-block', 'pin-unblock'] as const

/** An enciphered PIN block, or in dev mode the PIN itself. */
export type PinText = string | { readonly key: string; readonly format: 0 | 3 | 4; readonly block: string }

/** A command without a PIN; bytes are hexadecimal text. */
export type DataCommand =
  | { readonly type: (typeof PLAIN_COMMANDS)[number] }
  | { readonly type: 'put-data'; readonly tag: string; readonly value: string }
  | { readonly type: 'update-record'; readonly sfi: number; readonly record: number; readonly value: string }
  | { readonly type: 'load'; readonly tag: '9F79' | 'DF79'; readonly amount: number }

/** A command that brings PINs. */
export type PinCommand =
  | { readonly type: 'pin-change'; readonly newPin: PinText }
  | { readonly type: 'pin-change-with-current'; readonly newPin: PinText; readonly currentPin: PinText }

export type CommandText = DataCommand | PinCommand

/** The largest amount that a balance can hold, and so that can be added to one: 5 bytes of BCD. [PBOC] 13 */
export const MOST_LOADED = 9_999_999_999

/** The shortest MAC there is: what is too long beside it is too long for every scheme. */
const MAC_LENGTH = 4

/** The commands are only looked at here. A key that everybody knows serves. */
const NO_KEY = TdesKey.create('icc', 'MAC', fromHex('0123456789ABCDEFFEDCBA9876543210'))
const DRY = openScript({
  scheme: 'pboc',
  keys: { mac: NO_KEY },
  atc: new Uint8Array(2),
  arqc: 'before-generate-ac',
  macLength: MAC_LENGTH,
})

/**
 * The intent of a command without a PIN.
 * @throws ERR_HEX, ERR_TAG for a tag that is none or too long for PUT DATA; ERR_SCRIPT for a file, a record, an amount or a
 *   length out of range
 */
export function intentOf(command: DataCommand): Intent {
  switch (command.type) {
    case 'put-data': {
      const tag = command.tag.toUpperCase()
      const value = fromHex(command.value, 'value')
      putData(DRY, { tag, value })
      return { type: 'put-data', tag, value: toHex(value) }
    }
    case 'update-record': {
      const { sfi, record } = command
      const value = fromHex(command.value, 'value')
      updateRecord(DRY, { sfi, record, value })
      return { type: 'update-record', sfi, record, data: toHex(value) }
    }
    case 'load': {
      const { tag, amount } = command
      if (tag !== '9F79' && tag !== 'DF79') throw refused('tag', '9F79 or DF79')
      if (!Number.isSafeInteger(amount) || amount < 1 || amount > MOST_LOADED) {
        throw refused('amount', `1 to ${MOST_LOADED}`)
      }
      return { type: 'load', tag, amount }
    }
    default:
      if (!PLAIN_COMMANDS.includes(command.type)) throw refused('command', 'a command of issuer scripts')
      return { type: command.type }
  }
}

function refused(label: string, expected: string): IssuerkitError {
  return new IssuerkitError('ERR_SCRIPT', { label, expected })
}

/**
 * That there is an answer, of one of the schemes that the card may be of, which can carry the intent.
 * @throws ERR_SCRIPT when it is too large for every answer; ERR_SCHEME when no scheme has such a command
 */
export function expectDeliverable(intent: Intent, policy: LedgerPolicy, rules: readonly Required<CardRules>[]): void {
  if (isTooLarge(intent, MAC_LENGTH, policy)) {
    const bytes = Math.min(policy.scriptBytes, policy.fieldBytes)
    throw new IssuerkitError('ERR_SCRIPT', { label: intent.type, expected: `a script of at most ${bytes} bytes` })
  }
  const schemes = rules.flatMap((one) => one.schemes).map(scheme)
  // An ISO 9564 block has no place for the current PIN; a balance is known of PBOC cards alone.
  const isPossible =
    intent.type === 'pin-change-with-current'
      ? schemes.some(({ pinBlock }) => pinBlock.withCurrent === 'vis')
      : intent.type !== 'load' || schemes.some(({ family }) => family === 'unionpay')
  if (isPossible) return
  throw new IssuerkitError('ERR_SCHEME', { label: intent.type, expected: 'a scheme that has this command' })
}
