/**
 * Secure messaging of issuer scripts from the card's side: is the MAC right, and what was enciphered.
 *
 * ```
 * command     CLA INS P1 P2 Lc | body | MAC      Lc counts both
 * MAC input   CLA INS P1 P2 Lc | ATC | AC of the first GENERATE AC | body        (Interac: without ATC and AC)
 * ```
 *
 * Method, prefix, MAC length and padding stand in the row of the scheme. The host enciphers first, so that the MAC covers
 * what travels.
 * @see [PBOC-SCRIPT] 3 (keys), 6 (MAC, encipherment); [EMV-B2] 9.2, 9.3; [VIS], [MCHIP]
 */
import { type Command, concat } from '@issuerkit/apdu'
import {
  constantTimeEqual,
  createKey,
  decipherBlocks,
  deriveSessionKey,
  mac,
  type SecretKey,
  type SessionKeyInput,
  scheme,
  scriptDiversificationValue,
} from '@issuerkit/keys'
import type { ApplicationContext, CardKeyName } from './debit-credit-model.js'

/** A command with its data field taken apart. */
export interface ScriptMessage {
  readonly command: Command
  /** Lc. */
  readonly length: number
  /** The data field before the MAC: a value, a record, enciphered PIN data, or nothing. */
  readonly body: Uint8Array
  readonly mac: Uint8Array
}

const KEY_NAMES = { MAC: 'mac', ENC: 'enc' } as const satisfies Record<string, CardKeyName>

/** The command taken apart; `undefined` when its data field is shorter than a MAC. */
export function scriptMessage(context: ApplicationContext, command: Command): ScriptMessage | undefined {
  const { data = new Uint8Array(0) } = command
  const { length } = data
  const end = length - macLength(context)
  if (end < 0) return undefined
  return { command, length, body: data.subarray(0, end), mac: data.subarray(end) }
}

/** Bytes of a script's MAC: 4 with PBOC, 8 with the others, unless the card is set otherwise. [EMV-B2] 9.2.1 */
function macLength({ config, switches }: ApplicationContext): number {
  return switches.macLength ?? scheme(config.scheme).macLength
}

/**
 * Whether the MAC is the one that this transaction asks for. A command of another transaction has another ATC, another
 * cryptogram and another session key, so that it cannot come twice. [PBOC-SCRIPT] 6, [PBOC] 7
 * @param message at most 255 bytes of data
 */
export function verifyScriptMac(context: ApplicationContext, message: ScriptMessage): boolean {
  const { config, memory } = context
  const { cla, ins, p1, p2 } = message.command
  const header = Uint8Array.of(cla, ins, p1, p2, message.length)
  const prefixed = scheme(config.scheme).macPrefix === 'header-atc-arqc'
  const prefix = prefixed ? concat(memory.read('data/9F36'), chainedCryptogram(context)) : new Uint8Array(0)
  return withSessionKey(context, 'MAC', (key) => {
    const expected = mac(key, concat(header, prefix, message.body), { length: message.mac.length })
    return constantTimeEqual(expected, message.mac)
  })
}

/** How long data of this length are once padded and enciphered, by the scheme's rule. [VIS], [MCHIP], [PBOC] 7 */
export function encipheredLength({ config }: ApplicationContext, length: number): number {
  const { algorithm, encipherment } = scheme(config.scheme)
  const block = algorithm === 'sm4' ? 16 : 8
  const added = { 'length-prefix': 2, always: 1, 'when-needed': 0 }[encipherment.padding]
  return Math.ceil((length + added) / block) * block
}

/**
 * Deciphers data of a known length and checks what was put around them: a length byte in front, 80 00.. behind.
 * @param enciphered as long as {@link encipheredLength} says
 * @returns `undefined` when the length byte or the padding is wrong
 */
export function decipherScriptData(
  context: ApplicationContext,
  enciphered: Uint8Array,
  length: number,
): Uint8Array | undefined {
  const { mode, padding } = scheme(context.config.scheme).encipherment
  const plain = withSessionKey(context, 'ENC', (key) => decipherBlocks(key, enciphered, { mode }))
  const start = padding === 'length-prefix' ? 1 : 0
  const prefixed = start === 0 || plain[0] === length
  const padded = plain.subarray(start + length).every((byte, i) => byte === (i === 0 ? 0x80 : 0))
  const data = prefixed && padded ? plain.slice(start, start + length) : undefined
  plain.fill(0)
  return data
}

function withSessionKey<P extends keyof typeof KEY_NAMES, T>(
  context: ApplicationContext,
  purpose: P,
  use: (key: SecretKey<'session', P>) => T,
): T {
  const { config, memory } = context
  const bytes = memory.read(`key/${KEY_NAMES[purpose]}`)
  const { algorithm } = scheme(config.scheme)
  const master: SecretKey<'icc', P> = createKey(algorithm, 'icc', purpose, bytes, { allowEqualHalves: true })
  bytes.fill(0)
  let session: SecretKey<'session', P> | undefined
  try {
    session = deriveSessionKey(master, sessionInput(context))
    return use(session)
  } finally {
    master.destroy()
    session?.destroy()
  }
}

/** What the session key is diversified by: the cryptogram, plus n in the n-th command of a chain; or the ATC. */
function sessionInput(context: ApplicationContext): SessionKeyInput {
  const method = scheme(context.config.scheme).scriptSession
  if (method !== 'emv-common') return { method, atc: context.memory.read('data/9F36') }
  return { method, diversificationValue: chainedCryptogram(context) }
}

/** The cryptogram of the first GENERATE AC, plus n for the n-th command of a chain: key and MAC take the same. [MCHIP] */
function chainedCryptogram({ config, switches, transaction }: ApplicationContext): Uint8Array {
  const isChained = switches.chainedScripts && scheme(config.scheme).scriptSession === 'emv-common'
  return scriptDiversificationValue(transaction.cryptogram, isChained ? transaction.scriptCommands : 0)
}
