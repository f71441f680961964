/** The parts that bodies and answers of several routes share. Bytes are hexadecimal text, digits are decimal text. */
import type { SchemeFamily } from '@issuerkit/keys'
import { type Static, Type } from 'typebox'

/** Hexadecimal text of at least `least` and at most `most` bytes. Lower case is taken too; answers are upper case. */
export function Hex(least: number, most: number, description: string) {
  const pattern = '^(?:[0-9A-Fa-f]{2})*$'
  return Type.String({ minLength: 2 * least, maxLength: 2 * most, pattern, description })
}

/** One of the texts given. */
export function Choice<const T extends string>(texts: readonly T[], description?: string) {
  return Type.Union(
    texts.map((text) => Type.Literal(text)),
    description === undefined ? {} : { description },
  )
}

/** The families of schemes. */
export const FAMILIES = ['visa', 'mastercard', 'interac', 'ccd', 'unionpay'] as const satisfies readonly SchemeFamily[]

/** An id, in a body, a query or an address. */
export const ID = Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9._-]*$', description: 'An id.' })
export const IdParams = Type.Object({ id: ID }, { additionalProperties: false })

/** PAN and sequence number: their digits are judged by the domain, so that each has an error code of its own. */
export const CARD = {
  issuer: Type.String({
    minLength: 1,
    maxLength: 64,
    pattern: '^[A-Za-z0-9._-]*$',
    description: 'The issuer whose keys are used.',
  }),
  pan: Type.String({ maxLength: 32, description: '8 to 19 decimal digits.' }),
  panSequence: Type.String({ maxLength: 8, description: 'Two decimal digits; 00 where the card has none.' }),
}

/** DE55 as hexadecimal text, or an object from tag to value. */
export const EMV = Type.Union(
  [
    Hex(1, 512, 'DE55, with or without its length in front.'),
    Type.Object(
      {},
      {
        additionalProperties: Type.String({ maxLength: 1024, pattern: '^(?:[0-9A-Fa-f]{2})*$' }),
        propertyNames: { pattern: '^(?:[0-9A-F]{2}){1,3}$' },
        maxProperties: 128,
        description: 'Values by tag.',
      },
    ),
  ],
  { description: 'The data of the chip.' },
)

export type Emv = Static<typeof EMV>

export const EXPLAIN = Type.Object(
  { explain: Type.Optional(Type.Boolean({ description: 'Add what was computed, value by value. Never a key.' })) },
  { additionalProperties: false },
)

export const SCHEME = Type.Optional(
  Type.String({ maxLength: 32, description: 'Overrides the scheme of the issuer and of tag 9F10.' }),
)
