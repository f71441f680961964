/**
 * Which command goes in which state of the debit/credit card, as data.
 *
 * | state | |
 * |---|---|
 * | none | nothing is selected: after reset, and after a SELECT that found nothing |
 * | directory | PSE or PPSE is selected |
 * | selected | an application is selected, its transaction has not begun |
 * | started | GET PROCESSING OPTIONS was answered |
 * | online | the first GENERATE AC was answered with an ARQC: the second is to come |
 * | closed | it was answered with a TC or an AAC: there is no second |
 * | completed | the second GENERATE AC was answered |
 *
 * A blocked card is not here: it answers 6A81 to everything. What a command does in a state that it goes in is its own
 * affair: scripts and EXTERNAL AUTHENTICATE have conditions that the table does not know.
 * @see [EMV-B3] 6.3, 6.5, [EMV-B1] 11
 */
import type { Transaction } from './debit-credit-model.js'

/** A state of the card. */
export type CardState = 'none' | 'directory' | 'selected' | 'started' | 'online' | 'closed' | 'completed'

/** A command that the card knows. Those of issuer scripts go together. */
export type CardCommand =
  | 'select'
  | 'read-record'
  | 'get-data'
  | 'get-challenge'
  | 'get-processing-options'
  | 'verify'
  | 'internal-authenticate'
  | 'external-authenticate'
  | 'generate-ac'
  | 'script'

/** The states in the order of the table's columns. */
export const CARD_STATES: readonly CardState[] = [
  'none',
  'directory',
  'selected',
  'started',
  'online',
  'closed',
  'completed',
]

/** A row: the state columns say `run`, or the status that refuses. */
export interface CardRow {
  readonly ins: readonly number[]
  /** The class byte; the script engine looks at its commands' classes itself. */
  readonly cla: number | undefined
  readonly cells: readonly ('run' | '6985')[]
}

const R = 'run'
const X = '6985'

// biome-ignore format: a table
export const CARD_TABLE: Readonly<Record<CardCommand, CardRow>> = {
  //                                                                            none dir. sel. start. online closed completed
  'select':                 { ins: [0xa4], cla: 0x00,                   cells: [R,   R,   R,   R,     R,     R,     R] },
  // Before GET PROCESSING OPTIONS, too: tools that look for records go by file and number, not by the AFL.
  'read-record':            { ins: [0xb2], cla: 0x00,                   cells: [X,   R,   R,   R,     R,     R,     R] },
  'get-data':               { ins: [0xca], cla: 0x80,                   cells: [X,   X,   R,   R,     R,     R,     R] },
  'get-challenge':          { ins: [0x84], cla: 0x00,                   cells: [X,   X,   R,   R,     R,     R,     R] },
  'get-processing-options': { ins: [0xa8], cla: 0x80,                   cells: [X,   X,   R,   X,     X,     X,     X] },
  // No rule ends them at the first GENERATE AC, and a PIN that a script has changed can be tried at once.
  'verify':                 { ins: [0x20], cla: 0x00,                   cells: [X,   X,   X,   R,     R,     R,     R] },
  'internal-authenticate':  { ins: [0x88], cla: 0x00,                   cells: [X,   X,   X,   R,     R,     R,     R] },
  // After an AAC, too: APPLICATION UNBLOCK may need it. [PBOC-SCRIPT] 11
  'external-authenticate':  { ins: [0x82], cla: 0x00,                   cells: [X,   X,   X,   X,     R,     R,     X] },
  'generate-ac':            { ins: [0xae], cla: 0x80,                   cells: [X,   X,   X,   R,     R,     X,     X] },
  'script':                 { ins: [0x16, 0x18, 0x1e, 0x24, 0xda, 0xdc], cla: undefined, cells: [X, X, R, R,  R,     R,     R] },
}

/** The state of an application by its transaction. */
export function transactionState({ started, generateAcs, firstKind }: Transaction): CardState {
  if (!started) return 'selected'
  if (generateAcs === 0) return 'started'
  if (generateAcs === 2) return 'completed'
  return firstKind === 'ARQC' ? 'online' : 'closed'
}

/** The command of an instruction and class, or the status that refuses it: 6D00, 6E00. [EMV-B3] 6.3.5 */
export function cardCommandOf(cla: number, ins: number): CardCommand | '6D00' | '6E00' {
  for (const [name, row] of Object.entries(CARD_TABLE) as [CardCommand, CardRow][]) {
    if (row.ins.includes(ins)) return row.cla === undefined || row.cla === cla ? name : '6E00'
  }
  return '6D00'
}

/** Whether a command goes in a state. */
export function goesIn(command: CardCommand, state: CardState): boolean {
  return CARD_TABLE[command].cells[CARD_STATES.indexOf(state)] === R
}
