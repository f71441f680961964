/** The bodies of campaigns, and their lines. */
import { Type } from 'typebox'
import { MOST_LINES } from '../campaigns/campaign.js'
import { APPLICATION, COMMAND, QUEUE_OPTIONS } from './card-schemas.js'
import { CARD, Choice, ID } from './schemas.js'

const closed = { additionalProperties: false } as const

/** Entries are called by it and the number of their line. Nothing in it may be taken for a PAN. */
const CAMPAIGN_ID = Type.String({
  minLength: 1,
  maxLength: 48,
  pattern: '^(?!.*[0-9]{13})[A-Za-z0-9._-]*$',
  description: 'What the campaign is to be called; a random id unless given.',
})

export const CampaignParams = Type.Object({ id: ID }, closed)

export const BODY = Type.Union([
  Type.Object(
    {
      id: Type.Optional(CAMPAIGN_ID),
      kind: Type.Literal('queue', { description: 'Queue a command for each card.' }),
      issuer: ID,
      command: COMMAND,
      ...QUEUE_OPTIONS,
    },
    closed,
  ),
  Type.Object(
    {
      id: Type.Optional(CAMPAIGN_ID),
      kind: Type.Literal('oda', { description: "Check each card's offline data." }),
      transactionDate: Type.Optional(
        Type.String({ pattern: '^[0-9]{8}$', description: 'YYYYMMDD, for lines that have none of their own.' }),
      ),
      profile: Type.Optional(Choice(['live', 'test'] as const)),
    },
    closed,
  ),
])

const LINE_PARTS = {
  id: Type.Optional(
    Type.String({
      maxLength: 64,
      pattern: '^(?!.*[0-9]{13})[^\\u0000-\\u001F\\u007F-\\u009F]*$',
      description: 'What the caller calls the line. It is stored: no PAN.',
    }),
  ),
  command: Type.Optional(COMMAND),
}

/** A line of a queue campaign. */
export const LINE = Type.Union([
  Type.Object({ ...LINE_PARTS, card: ID }, closed),
  Type.Object(
    { ...LINE_PARTS, pan: CARD.pan, panSequence: Type.Optional(CARD.panSequence), application: APPLICATION },
    closed,
  ),
])

/** A page of campaigns: the lines of each are counted. */
export const LIST_QUERY = Type.Object(
  {
    after: Type.Optional(Type.String({ maxLength: 64, description: 'The `next` of the page before.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: '20 unless given.' })),
  },
  closed,
)

export const LINES_QUERY = Type.Object(
  {
    from: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MOST_LINES, description: 'The number that the first line must get.' }),
    ),
  },
  closed,
)

export const RESULT_QUERY = Type.Object(
  {
    after: Type.Optional(Type.Integer({ minimum: 0, maximum: MOST_LINES, description: 'Lines behind this one.' })),
    state: Type.Optional(Choice(['waiting', 'done', 'failed', 'invalid'] as const, 'Lines in this state.')),
  },
  closed,
)
