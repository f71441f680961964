/** A card written by hand: what it answers to a command that begins so. */
import { concat, type Exchange, encodeTlv, fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { createTransactionState, type TransactionState } from '../src/transaction-state.js'
import { createResultBits } from '../src/tvr.js'

/** By the first bytes of the command in hexadecimal, the longest first; several answers are given in turn, the last stays. */
export type Answers = Readonly<Record<string, string | readonly string[]>>

export interface ScriptedCard {
  readonly exchange: Exchange
  /** The commands in hexadecimal. */
  readonly sent: string[]
}

/** `none` in the place of an answer: it is lost. A command that nothing is written for is answered with 6D00. */
export function scriptedCard(answers: Answers): ScriptedCard {
  const sent: string[] = []
  const given = new Map<string, number>()
  const prefixes = Object.keys(answers).sort((a, b) => b.length - a.length)
  const exchange: Exchange = async (command) => {
    const text = toHex(command)
    sent.push(text)
    const prefix = prefixes.find((begin) => text.startsWith(begin))
    const list = prefix === undefined ? ['6D00'] : [answers[prefix] ?? []].flat()
    const turn = given.get(prefix ?? '') ?? 0
    given.set(prefix ?? '', turn + 1)
    const answer = list[Math.min(turn, list.length - 1)] ?? '6D00'
    if (answer === 'none') throw new IssuerkitError('ERR_EXCHANGE', { expected: 'an answer', got: 'none' })
    return fromHex(answer)
  }
  return { exchange, sent }
}

/** Values by tag from hexadecimal. */
export function tags(values: Readonly<Record<string, string>>): Map<string, Uint8Array> {
  return new Map(Object.entries(values).map(([tag, value]) => [tag, fromHex(value)]))
}

/** A state in the middle of a transaction. */
export function stateOf(
  terminal: Readonly<Record<string, string>>,
  card: Readonly<Record<string, string>> = {},
  answers: Answers = {},
): { state: TransactionState; sent: string[] } {
  const { exchange, sent } = scriptedCard(answers)
  const state = createTransactionState(exchange, tags(terminal), createResultBits())
  for (const [tag, value] of tags(card)) state.card.set(tag, value)
  return { state, sent }
}

/** TVR and TSI in hexadecimal. */
export const tvrOf = (state: TransactionState): string => toHex(state.bits.tvr())
export const tsiOf = (state: TransactionState): string => toHex(state.bits.tsi())

/** Data objects one after another. */
export function objects(values: Readonly<Record<string, string>>): Uint8Array {
  return concat(...Object.entries(values).map(([tag, value]) => encodeTlv(tag, fromHex(value))))
}

/** A template with its status. */
export function answered(template: string, values: Readonly<Record<string, string>>, status = '9000'): string {
  return toHex(encodeTlv(template, objects(values))) + status
}
