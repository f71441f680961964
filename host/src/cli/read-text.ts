/** A card that was read, and the list of readers, for people and for programs. */
import { toHex } from '@issuerkit/apdu'
import { type CardTree, type ReaderInfo, type ShowOptions, showCard, treeText } from '@issuerkit/terminal'

/** Where a card was. */
export interface CardSource {
  /** The reader's name, or the file. */
  readonly name: string
  /** The answer to reset; absent for a recording. */
  readonly atr?: Uint8Array
}

/** The card as text: where it was, and its tree. */
export function cardLines({ name, atr }: CardSource, tree: CardTree, options: ShowOptions): string {
  const reset = atr === undefined ? '' : `answer to reset: ${toHex(atr)}\n`
  return `${printable(name)}\n${reset}${treeText(tree, options)}`
}

/** The card as an object that JSON takes. */
export function cardObject({ name, atr }: CardSource, tree: CardTree, options: ShowOptions): object {
  return { source: name, ...(atr === undefined ? {} : { atr: toHex(atr) }), ...showCard(tree, options) }
}

/** A line a reader, or a JSON object a line. */
export function readerLines(readers: readonly ReaderInfo[], json: boolean): string {
  if (json) {
    return readers
      .map(({ name, atr }) => `${JSON.stringify({ name, ...(atr === undefined ? {} : { atr: toHex(atr) }) })}\n`)
      .join('')
  }
  if (readers.length === 0) return 'no readers\n'
  return readers
    .map(
      ({ name, atr }) =>
        `${printable(name)}: ${atr === undefined ? 'no card' : `card, answer to reset ${toHex(atr)}`}\n`,
    )
    .join('')
}

/**
 * Whether the card could be read, and no application of it has a negative verdict. No method in common with the terminal
 * is none: such a card is for online use.
 */
export function isGood({ ended, cardBlocked, applications }: CardTree): boolean {
  if (ended !== undefined || cardBlocked || !applications.some(({ reading }) => reading !== undefined)) return false
  return applications.every(({ authentication }) => authentication?.outcome !== 'failed')
}

/** The name of a reader or a file must not steer a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?')
}
