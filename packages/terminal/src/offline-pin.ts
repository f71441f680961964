/**
 * The PIN that the card verifies: plain, or enciphered under the card's own key.
 * @see [EMV-B3] 6.5.12 (VERIFY), 10.5.1; [EMV-B2] 7
 */
import { encodeCommand } from '@issuerkit/apdu'
import type { RsaPublicKey } from '@issuerkit/keys'
import { verifyEncipheredPinCommand } from '@issuerkit/oda'
import { isoPinBlock, type Pin } from '@issuerkit/scripts'
import { getData, send, type TransactionState } from './transaction-state.js'

/** What the holder does at the PIN pad, and the key for an enciphered PIN. */
export interface PinEntry {
  /** The PINs that the holder enters, one try after another; none: the holder goes on without. */
  readonly pins: readonly Pin[]
  /** The card's PIN encipherment key, or its ICC key; `undefined` when the chain of its certificate does not hold. */
  readonly key: () => RsaPublicKey | undefined
}

/** How many times the holder may try, whatever the card says. */
const MAX_TRIES = 15

/**
 * Lets the card verify the PIN, as often as the holder tries and the card allows.
 * @returns whether the card accepted it
 * @throws ERR_PIN when a PIN is not 4 to 12 decimal digits; ERR_KEY_DESTROYED
 */
export async function verifyOfflinePin(
  state: TransactionState,
  form: 'plaintext' | 'enciphered',
  { pins, key }: PinEntry,
): Promise<boolean> {
  const { bits } = state
  const counter = await getData(state, '9F17')
  if (counter?.[0] === 0) {
    bits.setTvr('pinTryLimitExceeded')
    return false
  }
  if (pins.length === 0) {
    bits.setTvr('pinNotEntered')
    return false
  }
  const verify = form === 'plaintext' ? verifyPlain : verifyEnciphered
  for (const pin of pins.slice(0, MAX_TRIES)) {
    const status = await verify(state, pin, key)
    if (status === '9000') return true
    // [EMV-B3] 10.5.1: 63C0 with this try, 6983 and 6984 with an earlier one.
    if (status === '63C0' || status === '6983' || status === '6984') bits.setTvr('pinTryLimitExceeded')
    if (status === undefined || !/^63C[1-9A-F]$/.test(status)) return false
  }
  return false
}

async function verifyPlain(state: TransactionState, pin: Pin): Promise<string> {
  const block = isoPinBlock(2, pin)
  try {
    const command = encodeCommand({ cla: 0x00, ins: 0x20, p1: 0x00, p2: 0x80, data: block.expose() })
    const { status } = await send(state, command)
    command.fill(0)
    return status
  } finally {
    block.destroy()
  }
}

/** The status of VERIFY; `undefined` where it does not come to that. [EMV-B2] 7.2 */
async function verifyEnciphered(
  state: TransactionState,
  pin: Pin,
  keyOf: PinEntry['key'],
): Promise<string | undefined> {
  const key = keyOf()
  if (key === undefined) return undefined
  const challenge = await send(state, { cla: 0x00, ins: 0x84, p1: 0, p2: 0, le: 256 })
  if (challenge.status !== '9000' || challenge.data.length !== 8) return undefined
  const block = isoPinBlock(2, pin)
  try {
    const input = { key, pinBlock: block.expose(), unpredictableNumber: challenge.data }
    return (await send(state, verifyEncipheredPinCommand(input))).status
  } finally {
    block.destroy()
  }
}
