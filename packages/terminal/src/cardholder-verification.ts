/**
 * Cardholder verification by the card's CVM list (8E):
 *
 * | bytes | |
 * |---|---|
 * | 4, 4 | amounts X and Y, binary, in the application's currency |
 * | 2 a rule | bit 7: go on when unsuccessful, bits 6 to 1: method; condition |
 *
 * @see [EMV-B3] 10.5 and C3, [EMV-B4] 6.3.4
 */
import { equalBytes } from '@issuerkit/apdu'
import { type PinEntry, verifyOfflinePin } from './offline-pin.js'
import { isCashback } from './processing-restrictions.js'
import { hasAipBit, numeric, type TransactionState, unsigned } from './transaction-state.js'

/** One rule of the list that was tried. */
export interface CvmAttempt {
  /** Byte 1 of the rule. */
  readonly code: number
  /** Byte 2 of the rule. */
  readonly condition: number
  readonly outcome: 'successful' | 'failed' | 'unknown' | 'not-supported' | 'not-recognised'
}

/** What cardholder verification came to. */
export interface CardholderVerification {
  /** Tag 9F34, 3 bytes. */
  readonly cvmResults: Uint8Array
  /** The rules whose condition was met, in their order. */
  readonly attempts: readonly CvmAttempt[]
  /** Whether a PIN goes to the issuer with the online request. */
  readonly onlinePin: boolean
}

/** Bits of the terminal capabilities (9F33), byte 2. [EMV-B4] A2 */
const CAPABILITY = { plaintextPin: 0x80, onlinePin: 0x40, signature: 0x20, encipheredPin: 0x10, noCvm: 0x08 } as const

/** CVM codes without bit 7: what of the terminal each needs. Fail CVM needs nothing. [EMV-B3] C3 */
const METHODS: Readonly<Record<number, number>> = {
  0: 0,
  1: CAPABILITY.plaintextPin,
  2: CAPABILITY.onlinePin,
  3: CAPABILITY.plaintextPin | CAPABILITY.signature,
  4: CAPABILITY.encipheredPin,
  5: CAPABILITY.encipheredPin | CAPABILITY.signature,
  30: CAPABILITY.signature,
  31: CAPABILITY.noCvm,
}

/** Result in byte 3 of the CVM results. [EMV-B4] A4 */
const RESULT = { unknown: 0, failed: 1, successful: 2 } as const

/**
 * Works through the list up to the first rule that decides. Sets the bits of TVR byte 3 and the TSI bit.
 * @throws ERR_PIN, ERR_KEY_DESTROYED for the PIN
 */
export async function cardholderVerification(
  state: TransactionState,
  entry: PinEntry,
): Promise<CardholderVerification> {
  state.phase = 'cardholder-verification'
  const { bits, card } = state
  // [EMV-B3] 10.5: byte 1 bit 5 of the AIP.
  const supported = hasAipBit(state, 0x10)
  const list = card.get('8E')
  // [EMV-B3] 7.5: the AIP announces what is not there.
  if (supported && list === undefined) bits.setTvr('iccDataMissing')
  if (!supported || list === undefined || list.length < 10) return notPerformed()
  const found = await applyRules(state, list, entry)
  const { attempts } = found
  bits.setTsi('cardholderVerificationPerformed')
  const decided = attempts.findLast(({ outcome }) => outcome in RESULT)
  if (decided === undefined || decided.outcome === 'failed') bits.setTvr('cardholderVerificationFailed')
  // [EMV-B4] 6.3.4.5: 3F 00 01 where no method was performed, the last one that was otherwise.
  const cvmResults =
    decided === undefined
      ? Uint8Array.of(0x3f, 0x00, RESULT.failed)
      : Uint8Array.of(decided.code, decided.condition, RESULT[decided.outcome as keyof typeof RESULT])
  state.computed.set('9F34', cvmResults)
  return { cvmResults, ...found }
}

function notPerformed(): CardholderVerification {
  return { cvmResults: Uint8Array.of(0x3f, 0x00, 0x00), attempts: [], onlinePin: false }
}

async function applyRules(
  state: TransactionState,
  list: Uint8Array,
  entry: PinEntry,
): Promise<Pick<CardholderVerification, 'attempts' | 'onlinePin'>> {
  const attempts: CvmAttempt[] = []
  for (let at = 8; at + 1 < list.length; at += 2) {
    const [code, condition] = [list[at] as number, list[at + 1] as number]
    if (!isConditionMet(state, code & 0x3f, condition, list)) continue
    const outcome = await perform(state, code & 0x3f, entry)
    attempts.push({ code, condition, outcome })
    const done = outcome === 'successful' || outcome === 'unknown'
    if (done) return { attempts, onlinePin: (code & 0x3f) === 2 }
    // [EMV-B3] 10.5: bit 7 alone lets the next rule apply.
    if ((code & 0x40) === 0) break
  }
  return { attempts, onlinePin: false }
}

/** [EMV-B3] C3: a condition whose data is not there is not met. */
function isConditionMet(state: TransactionState, method: number, condition: number, list: Uint8Array): boolean {
  const { terminal } = state
  const cash = numeric(terminal.get('9C')) === 1
  const cashback = isCashback(terminal)
  const attended = numeric(terminal.get('9F35')) % 10 <= 3
  switch (condition) {
    case 0x00:
      return true
    case 0x01:
      return cash && !attended
    case 0x02:
      return !cash && !cashback
    case 0x03:
      return isSupported(state, method)
    case 0x04:
      return cash && attended
    case 0x05:
      return cashback
    case 0x06:
    case 0x07:
      return isAmountMet(state, unsigned(list.subarray(0, 4)), condition === 0x06)
    case 0x08:
    case 0x09:
      return isAmountMet(state, unsigned(list.subarray(4, 8)), condition === 0x08)
    default:
      return false
  }
}

/** Conditions 06 to 09: in the application's currency, and under or over the value. */
function isAmountMet({ terminal, card }: TransactionState, value: number, under: boolean): boolean {
  const [ours, theirs] = [terminal.get('5F2A'), card.get('9F42')]
  if (ours === undefined || theirs === undefined || !equalBytes(ours, theirs)) return false
  const amount = numeric(terminal.get('9F02'))
  return under ? amount < value : amount > value
}

function capabilities({ terminal }: TransactionState): number {
  return terminal.get('9F33')?.[1] ?? 0
}

function isSupported(state: TransactionState, method: number): boolean {
  const needed = METHODS[method]
  return needed !== undefined && (capabilities(state) & needed) === needed
}

async function perform(state: TransactionState, method: number, entry: PinEntry): Promise<CvmAttempt['outcome']> {
  const { bits } = state
  if (METHODS[method] === undefined) {
    bits.setTvr('cvmUnrecognised')
    return 'not-recognised'
  }
  if (!isSupported(state, method)) {
    const offline = capabilities(state) & (CAPABILITY.plaintextPin | CAPABILITY.encipheredPin)
    // [EMV-B3] 10.5.1 and 10.5.2: a PIN is required, and there is nowhere to enter it.
    const noPad = method === 2 || (method >= 1 && method <= 5 && offline === 0)
    if (noPad) bits.setTvr('pinPadMissing')
    return 'not-supported'
  }
  if (method === 0) return 'failed'
  if (method === 2) {
    if (entry.pins.length === 0) {
      bits.setTvr('pinNotEntered')
      return 'failed'
    }
    bits.setTvr('onlinePinEntered')
    return 'unknown'
  }
  if (method === 30) return 'unknown'
  if (method === 31) return 'successful'
  const accepted = await verifyOfflinePin(state, method <= 3 ? 'plaintext' : 'enciphered', entry)
  if (!accepted) return 'failed'
  // [EMV-B4] 6.3.4.5: the signature of a combination is not known yet.
  return method === 3 || method === 5 ? 'unknown' : 'successful'
}
