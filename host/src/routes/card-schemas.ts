/** What the bodies of the routes of cards share. Commands are judged again by the domain: cards/commands.ts, cards/queue.ts. */
import { Type } from 'typebox'
import { MOST_LOADED } from '../cards/commands.js'
import { LONGEST_REASON } from '../cards/operation.js'
import { LARGEST_PRIORITY, MOST_ATTEMPTS } from '../cards/queue.js'
import { PLAIN_COMMAND, PUT_DATA, UPDATE_RECORD } from './command-schemas.js'
import { Choice, Hex, ID } from './schemas.js'

const closed = { additionalProperties: false } as const

/** A card in an address. */
export const CardParams = Type.Object({ card: ID }, closed)
/** An entry in an address. */
export const EntryParams = Type.Object({ card: ID, entry: ID }, closed)

/** Why somebody does something. */
export const REASON = Type.String({
  minLength: 1,
  maxLength: LONGEST_REASON,
  pattern: '^[^\\u0000-\\u001F\\u007F]*$',
  description: 'Why, in a line. It may be stored and shown: no PAN, no PIN, no 13 digits in a row.',
})

/** An AID. */
export const APPLICATION = Type.Optional(Hex(5, 16, "AID; without it the card's only application."))

/** A page of a list. */
export const PAGE = Type.Object(
  {
    after: Type.Optional(Type.String({ maxLength: 96, description: 'The `next` of the page before.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: '100 unless given.' })),
  },
  closed,
)

const PIN = Type.Union(
  [
    Type.Object(
      {
        key: ID,
        format: Type.Union([Type.Literal(0), Type.Literal(3), Type.Literal(4)]),
        block: Type.String({ maxLength: 64, description: 'The block as it comes, enciphered under the PIN key.' }),
      },
      closed,
    ),
    Type.String({ maxLength: 32, description: 'The PIN itself, in dev mode only.' }),
  ],
  { description: 'ISO 9564 block of format 0, 3 or 4 and the id of its key.' },
)

/** Commands without a PIN. */
const DATA_COMMANDS = [
  PLAIN_COMMAND,
  PUT_DATA,
  UPDATE_RECORD,
  Type.Object(
    {
      type: Type.Literal('load'),
      tag: Choice(['9F79', 'DF79'] as const, 'Balance of the first or the second currency.'),
      amount: Type.Integer({ minimum: 1, maximum: MOST_LOADED, description: 'What is added, in the smallest unit.' }),
    },
    closed,
  ),
] as const

/** A command that may be queued for a card. */
export const COMMAND = Type.Union([
  ...DATA_COMMANDS,
  Type.Object({ type: Type.Literal('pin-change'), newPin: PIN }, closed),
  Type.Object({ type: Type.Literal('pin-change-with-current'), newPin: PIN, currentPin: PIN }, closed),
])

const TIME = (description: string) =>
  Type.Optional(Type.String({ minLength: 17, maxLength: 29, pattern: '^[0-9TZ:.+-]*$', description }))

/** How a command is to be sent. */
export const QUEUE_OPTIONS = {
  reason: REASON,
  priority: Type.Optional(
    Type.Integer({ minimum: -LARGEST_PRIORITY, maximum: LARGEST_PRIORITY, description: 'Higher goes first; 0.' }),
  ),
  condition: Type.Optional(Choice(['approved', 'declined', 'any'] as const, 'Which answers may carry it; any.')),
  earliest: TIME('ISO 8601 with a zone; at once.'),
  expiry: TIME("ISO 8601 with a zone; the issuer's lifetime from now."),
  maxAttempts: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MOST_ATTEMPTS, description: "How often it is sent; the issuer's." }),
  ),
  template: Type.Optional(Choice(['71', '72'] as const, '72 unless given.')),
  origin: Type.Optional(
    Choice(['automatic', 'operator'] as const, 'Automatic ones, a block for instance, go before all others.'),
  ),
}
