/**
 * PIN CHANGE/UNBLOCK: the PIN try counter goes back to its limit, and with P2 01 or 02 there is a new PIN.
 *
 * | block | holds, 8 bytes |
 * |---|---|
 * | D1 | 00000000 and the bytes 5 to 8 of the ICC master key (ENC or AC, as the scheme says) |
 * | D2 | 0N, the N digits of the new PIN, filled with F |
 * | D3 | D1 XOR D2 |
 * | D4 | the digits of the current PIN, filled with 0 |
 * | D | P2=01: D3 XOR D4; P2=02: D3 |
 *
 * The host goes downwards, the card upwards from D to D2. Schemes that send an ISO-2 block have 2N in place of 0N, and no
 * XOR.
 *
 * P2=01 is no check of the current PIN: nothing in D confirms D4. When the host took another PIN for the current one, D2
 * comes out wrong, and its form betrays it unless both begin with the same two digits and all sums are digits again. Of
 * wrong PINs of four digits about one in 200 passes, and sets a PIN that nobody knows.
 * @see [PBOC-SCRIPT] 5 (PIN change/unblock), [VIS], [MCHIP], [ISO9564-1] 9.3.3 (format 2)
 */
import { xor } from '@issuerkit/apdu'
import { scheme } from '@issuerkit/keys'
import type { ApplicationContext } from './debit-credit-model.js'
import { decipherScriptData, encipheredLength, type ScriptMessage } from './script-message.js'

/** A PIN block of any format. */
const BLOCK = 8
/** P2. */
const UNBLOCK = 0
const WITH_CURRENT = 1
/** Digits of a PIN. [PBOC-SCRIPT] 5, [ISO9564-1] 8.1 */
const FEWEST = 4
const MOST = 12

/** Bytes of the data field before the MAC: none with P2=00, enciphered PIN data otherwise. */
export function pinChangeLength(context: ApplicationContext, p2: number): number {
  return p2 === UNBLOCK ? 0 : encipheredLength(context, BLOCK)
}

/**
 * Executes it, whatever state the application is in.
 * @returns 9000; 6A88 when the card has no PIN; 6A80 when no PIN comes out of the enciphered data
 */
export function changePin(context: ApplicationContext, { command: { p2 }, body }: ScriptMessage): string {
  const { memory } = context
  if (!['pin', 'pin-try-limit', 'data/9F17'].every((name) => memory.has(name))) return '6A88'
  if (p2 !== UNBLOCK) {
    const digits = newPin(context, body, p2 === WITH_CURRENT)
    if (digits === undefined) return '6A80'
    memory.write('pin', digits)
    digits.fill(0)
  }
  memory.write('data/9F17', memory.read('pin-try-limit'))
  return '9000'
}

/** The new PIN as ASCII digits. */
function newPin(context: ApplicationContext, enciphered: Uint8Array, withCurrent: boolean): Uint8Array | undefined {
  const block = decipherScriptData(context, enciphered, BLOCK)
  if (block === undefined) return undefined
  const { pinBlock } = scheme(context.config.scheme)
  const format = withCurrent ? pinBlock.withCurrent : pinBlock.withoutCurrent
  if (format === 'iso-2') return pinOf(block, 2)
  const d3 = withCurrent ? xor(block, d4(context)) : block
  return pinOf(xor(d3, d1(context)), 0)
}

function d1({ config, switches, memory }: ApplicationContext): Uint8Array {
  const name = switches.pinBlockKey ?? scheme(config.scheme).pinBlock.key
  const iccKey = memory.read(`key/${name}`)
  const block = iccKey.slice(0, BLOCK).fill(0, 0, BLOCK / 2)
  iccKey.fill(0)
  return block
}

function d4({ memory }: ApplicationContext): Uint8Array {
  const current = memory.read('pin')
  const block = new Uint8Array(BLOCK)
  for (const [i, digit] of current.entries()) {
    block[i >> 1] = (block[i >> 1] as number) | ((digit & 0x0f) << (i % 2 === 0 ? 4 : 0))
  }
  current.fill(0)
  return block
}

/** The PIN in a block of control nibble, length, digits and filler F; `undefined` when it is none. */
function pinOf(block: Uint8Array, control: 0 | 2): Uint8Array | undefined {
  const nibbles = Uint8Array.from([...block].flatMap((byte) => [byte >> 4, byte & 0x0f]))
  block.fill(0)
  const [first, length = 0] = nibbles
  const digits = nibbles.subarray(2, 2 + length)
  const sound =
    first === control &&
    length >= FEWEST &&
    length <= MOST &&
    digits.every((digit) => digit <= 9) &&
    nibbles.subarray(2 + length).every((filler) => filler === 0x0f)
  const pin = sound ? digits.map((digit) => 0x30 + digit) : undefined
  nibbles.fill(0)
  return pin
}
