/** A card in a file: its memory as JSON text. It holds the card's keys and PIN in the clear, as a card's cells do. */
import { IssuerkitError } from '@issuerkit/apdu'
import { applicationConfig, cardConfig } from './debit-credit-config.js'
import { ApplicationMemory } from './debit-credit-model.js'
import { CardMemory, type SavedMemory } from './memory.js'
import { choice, hex, list, object, text, whole } from './profile-fields.js'
import { purseConfig } from './purse-config.js'

const FORMAT = 'issuerkit-card/1'

/** What a card is. */
export type CardKind = 'debit-credit' | 'e-purse'

const WARNING = 'Test keys, worthless by design. Never use them with real cards.'

/** No memory is larger: 64 KiB of cells in hexadecimal, the names beside them. */
const MOST_CHARACTERS = 400_000
const MOST_OBJECTS = 4_000
const MOST_BYTES = 65_536

const SAVED = object({
  format: text(/^issuerkit-card\/1$/, FORMAT),
  kind: choice('debit-credit', 'e-purse'),
  warning: text(/^.{0,200}$/, 'text'),
  objects: list(
    (value, path) => {
      const [name, capacity] = list((part) => part, 2, 2)(value, path)
      return [
        text(/^[A-Za-z0-9/-]{1,60}$/, 'a name')(name, `${path}[0]`),
        whole(0, MOST_BYTES)(capacity, `${path}[1]`),
      ] as const
    },
    1,
    MOST_OBJECTS,
  ),
  cells: hex(1, MOST_BYTES),
})

/** What the card of a memory is: the MF of an e-purse has a name of its own. */
export function cardKind(memory: CardMemory): CardKind {
  return memory.has('mf/fci') ? 'e-purse' : 'debit-credit'
}

/** The card as text, ended by a newline. Keep it as a key: readable by its owner alone. */
export function saveCard(memory: CardMemory): string {
  return `${JSON.stringify({ format: FORMAT, kind: cardKind(memory), warning: WARNING, ...memory.save() })}\n`
}

/**
 * A card that {@link saveCard} gave, recovered if its power was cut.
 * @throws ERR_CARD when the text is too long, no JSON, or not such a card; ERR_HEX. What it holds is not repeated.
 */
export function loadCard(saved: string): CardMemory {
  const { kind, ...cells } = SAVED(parsed(saved), '(card)')
  const memory = CardMemory.restore(cells satisfies SavedMemory)
  if (kind === 'e-purse') {
    purseConfig(memory)
    return memory
  }
  for (let i = 0; i < cardConfig(memory).applications; i++) applicationConfig(new ApplicationMemory(memory, i), i)
  return memory
}

function parsed(saved: string): unknown {
  if (saved.length <= MOST_CHARACTERS) {
    try {
      return JSON.parse(saved)
    } catch {
      // The parser's message quotes the text.
    }
  }
  throw new IssuerkitError('ERR_CARD', {
    label: 'card',
    expected: `JSON of at most ${MOST_CHARACTERS} characters`,
    got: `${saved.length} characters`,
  })
}
