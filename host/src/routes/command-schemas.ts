/** The commands of issuer scripts without a PIN, as bodies have them: built at once, or queued for a card. */
import { Type } from 'typebox'
import { PLAIN_COMMANDS } from '../cards/commands.js'
import { Choice, Hex } from './schemas.js'

const closed = { additionalProperties: false } as const

/** A command that is told by its type alone. */
export const PLAIN_COMMAND = Type.Object({ type: Choice(PLAIN_COMMANDS) }, closed)

export const PUT_DATA = Type.Object(
  {
    type: Type.Literal('put-data'),
    tag: Type.String({ maxLength: 8, description: 'The data object, one or two bytes.' }),
    value: Hex(1, 251, 'Its new value.'),
  },
  closed,
)

export const UPDATE_RECORD = Type.Object(
  {
    type: Type.Literal('update-record'),
    sfi: Type.Integer({ minimum: 1, maximum: 30 }),
    // [ISO7816-4] 7.3.1: FF is kept.
    record: Type.Integer({ minimum: 1, maximum: 254 }),
    value: Hex(1, 251, 'The new record.'),
  },
  closed,
)
