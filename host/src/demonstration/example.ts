/** The inputs of the demonstration: the recorded session with a card, and the worked PBOC example. */
import { readFileSync } from 'node:fs'
import { DEMO_ISSUER } from '../demo-issuer.js'

/** A file of the project's folder `vectors`. */
function vectorFile(name: string): string {
  return readFileSync(new URL(`../../../vectors/${name}`, import.meta.url), 'utf8')
}

/** The session with a real UnionPay debit card; its file names the source and what is left out. */
export function recordedSession(): string {
  return vectorFile('transcripts/unionpay-debit.txt')
}

/** A day on which the card was valid: it says 2012-11-21 to 2022-11-30 of itself. */
export const CARD_DATE = '20221101'

/**
 * The transaction of the worked example, tag by tag; DE55 puts them in the order of UnionPay's practice. The source gives
 * the CVR 03A04002 and not the rest of tag 9F10: DKI 01, CVN 01 and algorithm 01 stand around it here.
 */
export const TRANSACTION = {
  issuer: DEMO_ISSUER,
  pan: '6228000100001',
  panSequence: '01',
  emv: {
    '9F26': '5D016C91005E7CC2',
    '9F27': '80',
    '9F10': '07010103A0400201',
    '9F37': '1E78EEBC',
    '9F36': '0240',
    '95': '0080046000',
    '9A': '140701',
    '9C': '00',
    '9F02': '000000000001',
    '5F2A': '0156',
    '82': '7D00',
    '9F1A': '0156',
    '9F03': '000000000000',
  },
} as const

/** The example's issuer approves with the response code 01. */
export const DECISION = { arc: '3031' } as const

/** The script that answers it. */
export const SCRIPT = {
  issuer: DEMO_ISSUER,
  pan: TRANSACTION.pan,
  panSequence: TRANSACTION.panSequence,
  atc: TRANSACTION.emv['9F36'],
  arqc: TRANSACTION.emv['9F26'],
  template: '72',
  scriptId: '00000001',
  commands: [{ type: 'application-block' }],
} as const
