/**
 * From an intent to its command, with the keys of the transaction that will carry it. What cannot be built stops nobody: it
 * is told, and the answer goes without it.
 */
import { fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import type { CardIdentity, CheckedDiscretionaryData, CryptogramVerdict } from '@issuerkit/keys'
import type { BuiltScriptCommand } from '@issuerkit/scripts'
import { HostError } from '../errors.js'
import type { KeyService, ServiceCommand, WrappedPin } from '../keys/key-service.js'
import type { Unbuildable } from '../ledger/events.js'
import type { Intent } from '../ledger/intent.js'

/** The transaction that a script answers. */
export interface Transaction {
  readonly issuer: string
  readonly card: CardIdentity
  /** Its cryptogram verified in this call. */
  readonly verdict: CryptogramVerdict
}

/** Why there is no command; `gone` when there never will be. */
export interface CommandFault {
  readonly fault: Unbuildable
  readonly gone: boolean
}

export type Built = CommandFault | { readonly apdu: Uint8Array }

/** Builds the command of an intent. `pins` are those that are still kept, by name. */
export async function buildCommand(
  keys: KeyService,
  { issuer, card, verdict }: Transaction,
  intent: Intent,
  pins: ReadonlyMap<string, WrappedPin>,
): Promise<Built> {
  const command = commandOf(intent, pins, verdict.idd)
  if ('fault' in command) return command
  const { scheme, dki, tags } = verdict
  const transaction = { atc: tags.get('9F36') ?? new Uint8Array(0), arqc: tags.get('9F26') ?? new Uint8Array(0) }
  try {
    const [built] = await keys.buildScript({
      ...{ issuer, card, ...transaction, commands: [command] },
      ...(scheme === undefined ? {} : { scheme }),
      ...(dki === undefined ? {} : { dki }),
    })
    return { apdu: (built as BuiltScriptCommand).apdu }
  } catch (error) {
    return faultOf(error)
  }
}

function commandOf(
  intent: Intent,
  pins: ReadonlyMap<string, WrappedPin>,
  idd: CheckedDiscretionaryData | undefined,
): ServiceCommand | CommandFault {
  switch (intent.type) {
    case 'pin-change': {
      const newPin = pins.get(intent.newPin.wrapped)
      return newPin === undefined ? NEVER : { type: intent.type, newPin }
    }
    case 'pin-change-with-current': {
      const newPin = pins.get(intent.newPin.wrapped)
      const currentPin = pins.get(intent.currentPin.wrapped)
      return newPin === undefined || currentPin === undefined ? NEVER : { type: intent.type, newPin, currentPin }
    }
    case 'put-data':
      return { type: intent.type, tag: intent.tag, value: fromHex(intent.value) }
    case 'load': {
      const value = loaded(intent, idd)
      return value === undefined ? { fault: 'no-balance', gone: false } : { type: 'put-data', tag: intent.tag, value }
    }
    case 'update-record':
      return { type: intent.type, sfi: intent.sfi, record: intent.record, value: fromHex(intent.data) }
    default:
      return { type: intent.type }
  }
}

const NEVER = { fault: 'not-buildable', gone: true } as const

/** The discretionary data that hold the balance of tag 9F79, five bytes of BCD. [UPI-F55] */
const BALANCE = { id: 1, tag: '9F79' } as const
/** Digits of a balance on the card. */
const DIGITS = 12

/** The new balance: the card's own, which it reported under a MAC, and the amount; `undefined` where there is none. */
function loaded(
  { tag, amount }: Extract<Intent, { type: 'load' }>,
  idd: CheckedDiscretionaryData | undefined,
): Uint8Array | undefined {
  if (idd?.id !== BALANCE.id || idd.macVerdict !== 'valid' || tag !== BALANCE.tag) return undefined
  const before = toHex(idd.value)
  const after = /^[0-9]+$/.test(before) ? `${Number(before) + amount}` : ''
  return after === '' || after.length > DIGITS ? undefined : fromHex(after.padStart(DIGITS, '0'))
}

/** A missing key may come yet; a command that its builder refuses, or a PIN that is another's, stays as it is. */
function faultOf(error: unknown): CommandFault {
  const code = error instanceof IssuerkitError || error instanceof HostError ? error.code : undefined
  if (code === 'ERR_NO_KEY' || code === 'ERR_KEY') return { fault: 'no-key', gone: false }
  if (error instanceof IssuerkitError || code === 'ERR_KEY_UNWRAP') return NEVER
  throw error
}
