/**
 * VERIFY: the offline PIN, plain or enciphered.
 *
 * Everything that a wrong PIN changes is in memory before anything is compared, or even deciphered: taking the card out
 * never gains a try. What is compared is the whole block, so a block that is none is a wrong PIN, too, and takes a try:
 * otherwise the status would tell them apart.
 * @see [EMV-B3] 6.5.12, [EMV-B2] 7.2, [ISO9564-1] 9.3.3 (format 2)
 */
import type { Command } from '@issuerkit/apdu'
import { constantTimeEqual, type RsaPrivateKey } from '@issuerkit/keys'
import { rsaKey } from './card-json.js'
import type { ApplicationContext, ApplicationMemory } from './debit-credit-model.js'
import type { CardAnswer } from './virtual-card.js'

/** P2. [EMV-B3] table 24 */
const PLAIN = 0x80
const ENCIPHERED = 0x88
const PIN_BLOCK = 8
/** [EMV-B2] 7.2: the header of the enciphered block, and where its parts begin. */
const HEADER = 0x7f
const CHALLENGE_AT = 1 + PIN_BLOCK
const PADDING_AT = CHALLENGE_AT + 8
/** [VIS] application default action, byte 2 bit 8: PIN try limit exceeded in this transaction, block the application. */
const ADA_BLOCK_APPLICATION = 0x80
const BLOCKED_BY_PIN = 2

/**
 * VERIFY.
 *
 * | status | |
 * |---|---|
 * | 9000 | the PIN is right, its try counter is at its limit again |
 * | 63CX | it is wrong; X tries are left |
 * | 6983 | no try is left since this transaction |
 * | 6984 | no try was left when this transaction began |
 * | 6700 | plain: not 8 bytes; enciphered: not as long as the modulus |
 * | 6985 | enciphered: the command before was no GET CHALLENGE |
 * | 6A86 | another P1 P2, or enciphered without a key for it |
 * | 6A88 | the application has no PIN |
 */
export function verifyPin(context: ApplicationContext, { p1, p2, data }: Command): CardAnswer {
  if (p1 !== 0 || (p2 !== PLAIN && p2 !== ENCIPHERED)) return { status: '6A86' }
  if (!context.memory.has('pin')) return { status: '6A88' }
  const block = data ?? new Uint8Array(0)
  return p2 === PLAIN ? verifyPlain(context, block) : verifyEnciphered(context, block)
}

function verifyPlain(context: ApplicationContext, block: Uint8Array): CardAnswer {
  if (block.length !== PIN_BLOCK) return { status: '6700' }
  return tryPin(context, () => block.slice())
}

function verifyEnciphered(context: ApplicationContext, block: Uint8Array): CardAnswer {
  const key = rsaKey(context.memory, 'rsa/pin') ?? rsaKey(context.memory, 'rsa/icc')
  if (key === undefined) return { status: '6A86' }
  try {
    if (block.length !== key.publicKey.modulus.length) return { status: '6700' }
    const { challenge } = context.transaction
    if (challenge === undefined) return { status: '6985' }
    context.transaction.pinEnciphered = true
    return tryPin(context, () => decipher(key, block, challenge))
  } finally {
    key.destroy()
  }
}

/** One try with a PIN block, which `recover` gives, or nothing. */
function tryPin({ memory, transaction }: ApplicationContext, recover: () => Uint8Array | undefined): CardAnswer {
  const tries = memory.readNumber('data/9F17')
  if (tries === 0) return { status: transaction.pinBlockedBefore ? '6984' : '6983' }
  const blocked = memory.state('blocked')
  memory.writeNumber('data/9F17', tries - 1)
  if (tries === 1 && blocked === 0 && blocksApplication(memory)) memory.setState('blocked', BLOCKED_BY_PIN)
  memory.commit()
  const expected = referenceBlock(memory)
  const block = recover()
  const right = block !== undefined && constantTimeEqual(block, expected)
  expected.fill(0)
  block?.fill(0)
  if (!right) {
    transaction.pin = 'failed'
    return {
      status: `63C${Math.min(tries - 1, 0xf)
        .toString(16)
        .toUpperCase()}`,
    }
  }
  transaction.pin = 'succeeded'
  memory.writeNumber('data/9F17', memory.readNumber('pin-try-limit'))
  memory.setState('blocked', blocked)
  return { status: '9000' }
}

/** [EMV-B2] 7.2 steps 6 to 8; nothing where a check fails. */
function decipher(key: RsaPrivateKey, enciphered: Uint8Array, challenge: Uint8Array): Uint8Array | undefined {
  let plain: Uint8Array
  try {
    plain = key.operate(enciphered)
  } catch {
    // A number that is not below the modulus.
    return undefined
  }
  const sound = plain[0] === HEADER && constantTimeEqual(plain.subarray(CHALLENGE_AT, PADDING_AT), challenge)
  const block = plain.slice(1, CHALLENGE_AT)
  plain.fill(0)
  return sound ? block : undefined
}

/** The reference PIN as a block of format 2: 2L, the digits, F to the end. */
function referenceBlock(memory: ApplicationMemory): Uint8Array {
  const digits = memory.read('pin')
  const block = new Uint8Array(PIN_BLOCK).fill(0xff)
  block[0] = 0x20 | digits.length
  digits.forEach((digit, i) => {
    const at = 1 + (i >> 1)
    const nibble = digit & 0x0f
    block[at] = i % 2 === 0 ? (nibble << 4) | 0x0f : ((block[at] as number) & 0xf0) | nibble
  })
  digits.fill(0)
  return block
}

function blocksApplication(memory: ApplicationMemory): boolean {
  const [, second = 0] = memory.has('data/9F52') ? memory.read('data/9F52') : []
  return (second & ADA_BLOCK_APPLICATION) !== 0
}
