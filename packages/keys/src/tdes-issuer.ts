/**
 * What an issuer's host does with TDES for one card, on flat arrays: ICC master key, session key, the MAC of a script
 * command, a PIN change. The functions of `derive`, `session` and `mac` do the same with keys and objects; these are for
 * bulk work, and what the batch engine is measured against.
 *
 * A derived key is two enciphered blocks. They stay in the permuted domain, where the next key schedule takes them up:
 * from the issuer master key to the MAC no key is written out as bytes. Its parity bits are not made odd on the way, as
 * no schedule looks at them.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import { encryptBlocks, expectWithin, macAlgorithm3Into } from './tdes.js'
import { loadBlock, permute, readWord, runRoundsOnTwo, STATE, storeBlock, wipe } from './tdes-rounds.js'
import { expectTriple, TdesSchedule } from './tdes-schedule.js'

/** What a card's keys are derived by: places in arrays, so that one object serves record after record. */
export interface FlatCard {
  /** Y, 8 bytes from `yAt`: the rightmost 16 digits of PAN and sequence number. [EMV-B2] A1.4.1 */
  readonly y: Uint8Array
  readonly yAt: number
  /** emv-common: R with its third byte F0, then 0F. pboc: R, then R with its last two bytes inverted. */
  readonly method: 'emv-common' | 'pboc'
  /** R, 8 bytes from `rAt`: of a script the application cryptogram for emv-common, 00.. ‖ ATC for pboc. */
  readonly r: Uint8Array
  readonly rAt: number
}

// The key in between, first the ICC master key, then the session key. Whoever uses it leaves it zeroed.
const derived = new TdesSchedule()

/**
 * The ICC master key of option A: 16 bytes with odd parity into `output` from `outputAt`.
 * @throws ERR_LENGTH when a place reaches beyond its array; ERR_KEY when a schedule is of single DES; ERR_KEY_DESTROYED
 * @see [EMV-B2] A1.4.1
 */
export function deriveIccMasterKeyInto(
  imk: TdesSchedule,
  card: Pick<FlatCard, 'y' | 'yAt'>,
  output: Uint8Array,
  outputAt: number,
): void {
  expectWithin(output, outputAt, 16)
  iccStates(imk, card)
  storeKey(output, outputAt, true)
}

/**
 * The session key: 16 bytes into `output` from `outputAt`, with odd parity for emv-common and as it comes for pboc.
 * @throws ERR_LENGTH when a place reaches beyond its array; ERR_KEY when a schedule is of single DES; ERR_KEY_DESTROYED
 * @see [EMV-B2] A1.3.1, [PBOC] 7 (process key)
 */
export function deriveSessionKeyInto(
  iccMasterKey: TdesSchedule,
  card: Pick<FlatCard, 'method' | 'r' | 'rAt'>,
  output: Uint8Array,
  outputAt: number,
): void {
  expectWithin(output, outputAt, 16)
  sessionStates(iccMasterKey, card)
  storeKey(output, outputAt, card.method === 'emv-common')
}

/**
 * The MAC of a script command, from the issuer master key: ICC master key by option A, session key, algorithm 3 with
 * padding method 2 over `length` bytes of `message` from `at`. 8 bytes, of which a command may carry fewer.
 * @throws ERR_LENGTH when a place reaches beyond its array; ERR_KEY when a schedule is of single DES; ERR_KEY_DESTROYED
 * @see [EMV-B2] 9.2.1
 */
export function scriptMacInto(
  imk: TdesSchedule,
  card: FlatCard,
  message: Uint8Array,
  at: number,
  length: number,
  output: Uint8Array,
  outputAt: number,
): void {
  try {
    loadSessionKey(imk, card)
    macAlgorithm3Into(derived, message, at, length, output, outputAt)
  } finally {
    derived.destroy()
  }
}

/**
 * A PIN change: the 16 bytes of padded PIN data at `pinAt` in `message` are enciphered where they stand (ECB), and the
 * whole message gets its MAC, each under a session key of its own.
 * @param message `length` bytes from `at`: what the MAC is over, the PIN data among them
 * @param output 8 bytes from `outputAt` take the MAC
 * @throws ERR_LENGTH when a place reaches beyond its array; ERR_KEY when a schedule is of single DES; ERR_KEY_DESTROYED
 * @see [EMV-B2] 9.2.1, 9.3.1
 */
export function pinChangeInto(
  imkEnc: TdesSchedule,
  imkMac: TdesSchedule,
  card: FlatCard,
  message: Uint8Array,
  at: number,
  length: number,
  pinAt: number,
  output: Uint8Array,
  outputAt: number,
): void {
  // All is checked before the PIN data are enciphered where they stand: a second call would encipher them again.
  expectTriple(imkMac, 'issuer master key')
  expectWithin(message, at, length)
  expectWithin(output, outputAt, 8)
  if (!(pinAt >= at && pinAt + 16 <= at + length)) {
    const expected = '16 bytes within the message'
    throw new IssuerkitError('ERR_LENGTH', { label: 'PIN data', expected, got: `bytes from ${pinAt}` })
  }
  try {
    loadSessionKey(imkEnc, card)
    encryptBlocks(derived, message, pinAt, message, pinAt, 16)
  } finally {
    derived.destroy()
  }
  scriptMacInto(imkMac, card, message, at, length, output, outputAt)
}

/** The card's session key, from the issuer master key, into the schedule. */
function loadSessionKey(imk: TdesSchedule, card: FlatCard): void {
  iccStates(imk, card)
  sessionStates(derived.loadStates(), card)
  derived.loadStates()
}

/** Y and NOT Y, enciphered, in the two states. IP of NOT Y is NOT IP of Y. */
function iccStates(imk: TdesSchedule, { y, yAt }: Pick<FlatCard, 'y' | 'yAt'>): void {
  expectTriple(imk, 'issuer master key')
  expectWithin(y, yAt, 8)
  loadBlock(y, yAt, 0)
  STATE[2] = ~(STATE[0] as number)
  STATE[3] = ~(STATE[1] as number)
  runRoundsOnTwo(imk.words, 0, 3)
}

/** The two forms of R, enciphered, in the two states. */
function sessionStates(iccMasterKey: TdesSchedule, { method, r, rAt }: Pick<FlatCard, 'method' | 'r' | 'rAt'>): void {
  expectTriple(iccMasterKey, 'ICC master key')
  expectWithin(r, rAt, 8)
  const high = readWord(r, rAt)
  const low = readWord(r, rAt + 4)
  if (method === 'emv-common') {
    permute((high & 0xffff00ff) | 0xf000, low, 0)
    permute((high & 0xffff00ff) | 0x0f00, low, 2)
  } else {
    permute(high, low, 0)
    permute(high, low ^ 0xffff, 2)
  }
  runRoundsOnTwo(iccMasterKey.words, 0, 3)
}

/** The two states as the bytes of a key. */
function storeKey(output: Uint8Array, at: number, oddParity: boolean): void {
  storeBlock(0, output, at)
  storeBlock(2, output, at + 8)
  wipe()
  if (!oddParity) return
  for (let i = at; i < at + 16; i++) {
    const byte = output[i] as number
    // 0x9669 has bit n set where n has an even number of ones: then the lowest bit of the byte changes.
    output[i] = byte ^ ((0x9669 >>> ((byte ^ (byte >>> 4)) & 15)) & 1)
  }
}
