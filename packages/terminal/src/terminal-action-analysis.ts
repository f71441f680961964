/**
 * Terminal action analysis: the rules of acquirer (TAC) and issuer (IAC) over the TVR.
 *
 * | rules | a bit in common with the TVR | applied |
 * |---|---|---|
 * | denial | decline: AAC | always, first |
 * | online | go online: ARQC | by a terminal that can |
 * | default | decline: AAC | when it cannot, or the link is down |
 * | none | approve: TC | |
 *
 * @see [EMV-B3] 10.7
 */
import { numeric, type TransactionState } from './transaction-state.js'

/** The kinds of application cryptogram. */
export type CryptogramKind = 'AAC' | 'TC' | 'ARQC'

/** Terminal action codes, 5 bytes each; an absent one asks for nothing. */
export interface TerminalActionCodes {
  readonly denial?: Uint8Array
  readonly online?: Uint8Array
  readonly default?: Uint8Array
}

/** What the analysis came to, and which rules decided. */
export interface ActionAnalysis {
  readonly requested: CryptogramKind
  readonly rule: 'denial' | 'online' | 'default' | 'online-only' | 'none'
}

const NOTHING = new Uint8Array(5)
const EVERYTHING = new Uint8Array(5).fill(0xff)

/** What the terminal asks the card for in the first GENERATE AC. */
export function terminalActionAnalysis(state: TransactionState, codes: TerminalActionCodes): ActionAnalysis {
  state.phase = 'terminal-action-analysis'
  const kind = connection(state)
  if (hits(state, codes.denial, '9F0E', NOTHING)) return { requested: 'AAC', rule: 'denial' }
  if (kind === 'offline-only') return defaultActionAnalysis(state, codes)
  // [EMV-B3] 10.7: a terminal that is online only need not look at its rules to go online.
  if (kind === 'online-only') return { requested: 'ARQC', rule: 'online-only' }
  return hits(state, codes.online, '9F0F', EVERYTHING)
    ? { requested: 'ARQC', rule: 'online' }
    : { requested: 'TC', rule: 'none' }
}

/** What it asks for when the transaction should have gone online and could not. */
export function defaultActionAnalysis(state: TransactionState, codes: TerminalActionCodes): ActionAnalysis {
  return hits(state, codes.default, '9F0D', EVERYTHING)
    ? { requested: 'AAC', rule: 'default' }
    : { requested: 'TC', rule: 'none' }
}

function hits(
  { bits, card }: TransactionState,
  tac: Uint8Array = NOTHING,
  iacTag: '9F0D' | '9F0E' | '9F0F',
  absent: Uint8Array,
): boolean {
  // [EMV-B3] 10.7: a card without denial rules denies nothing; without the others every bit counts.
  const iac = card.get(iacTag) ?? absent
  return bits.tvr().some((byte, i) => (byte & ((tac[i] ?? 0) | (iac[i] ?? 0))) !== 0)
}

/** [EMV-B4] A1: the last digit of the terminal type (9F35); a terminal that does not say can do both. */
function connection({ terminal }: TransactionState): 'online-only' | 'both' | 'offline-only' {
  const digit = numeric(terminal.get('9F35')) % 10
  if (digit === 1 || digit === 4) return 'online-only'
  return digit === 3 || digit === 6 ? 'offline-only' : 'both'
}
