/** POST /v1/authorizations and its second half: verify a request, decide, answer it with scripts from the card's ledger. */
import type { VerdictCode } from '@issuerkit/keys'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { type AuthorizationInput, authorize } from '../authorizations/authorize.js'
import { type Desk, deskOf } from '../authorizations/desk.js'
import { respond } from '../authorizations/respond.js'
import type { RouteContext, Routes } from '../context.js'
import { answerOnce } from '../idempotency.js'
import { CARD, Choice, EMV, Hex, IdParams, SCHEME } from './schemas.js'

const closed = { additionalProperties: false } as const
const CODES = ['V', 'I', 'E', 'A', 'G', 'T', 'K', 'F', 'U'] as const satisfies readonly VerdictCode[]

/** The network's name of a transaction. */
export const REFERENCE = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: '^[A-Za-z0-9._:/-]*$',
  description: "The network's name of the transaction: DE7, 11, 32 and 33, or terminal, batch and trace.",
})
/** What else a message says of card and reading, each where the message has it. */
export const READING = {
  panSequence: Type.Optional(
    Type.String({ minLength: 1, maxLength: 3, pattern: '^[0-9]*$', description: 'DE23; 00 where there is none.' }),
  ),
  entryMode: Type.Optional(
    Type.String({
      minLength: 3,
      maxLength: 4,
      pattern: '^[0-9]*$',
      description: 'DE22; 05 and 95 are a contact chip.',
    }),
  ),
  application: Type.Optional(Hex(5, 16, 'AID; else tag 84, 9F06 or 4F names it.')),
  scheme: SCHEME,
  emv: Type.Optional(EMV),
}

const APPROVED = Type.Optional(Type.Boolean({ description: 'Whether this approves, where its code does not say so.' }))
const ARC = { arc: Hex(2, 2, 'DE39 as two ASCII bytes: 3030 for 00.') }
const CSU = {
  csu: Hex(4, 4, 'Card status update.'),
  proprietaryAuthenticationData: Type.Optional(Hex(0, 8, 'What the application understands.')),
}
const DECISION = Type.Union([
  Type.String({ maxLength: 8, pattern: '^(?:[0-9A-Fa-f]{4}){1,2}$', description: 'An ARC, or a CSU.' }),
  Type.Object({ ...ARC, approved: APPROVED }, closed),
  Type.Object({ ...CSU, approved: APPROVED }, closed),
])
const TAG_8A = Type.Optional(Type.Boolean({ description: 'The answer carries tag 8A; else as the profile says.' }))
const OWN = Object.fromEntries(CODES.map((code) => [code, Type.Optional(DECISION)]))
const BODY = Type.Object(
  {
    issuer: CARD.issuer,
    reference: REFERENCE,
    pan: CARD.pan,
    ...READING,
    standIn: Type.Optional(
      Type.Object({ verdict: Type.Optional(Choice(CODES)) }, { ...closed, description: 'The network decided.' }),
    ),
    decision: Type.Optional(
      Type.Object(
        { approved: DECISION, declined: Type.Optional(DECISION), ...OWN },
        { ...closed, description: 'From verdict to decision: what has no entry is `approved` for V, else `declined`.' },
      ),
    ),
    tag8A: TAG_8A,
  },
  closed,
)
const PAN = { pan: CARD.pan, approved: APPROVED, tag8A: TAG_8A }
const RESPONSE = Type.Union([Type.Object({ ...PAN, ...ARC }, closed), Type.Object({ ...PAN, ...CSU }, closed)])

const DESCRIPTION = [
  'The verdict on the cryptogram, what it proves of earlier scripts, and with a `decision` the answer at once. The same',
  'message again (reference, counter, cryptogram and what it covers) is answered with the same bytes.',
].join(' ')

/** Adds the routes of authorizations. */
export const authorizationRoutes: Routes = (app, context) => {
  const tags = ['authorizations']
  const inOneGo = once(context)
  app.post(
    '/v1/authorizations',
    {
      config: { scope: 'verify:cryptograms', keyUse: 'authorization', countFailures: true },
      schema: { summary: 'Verify an authorization request, and answer it', description: DESCRIPTION, tags, body: BODY },
    },
    (request, reply) =>
      inOneGo(request, reply, async (desk) => {
        const input = request.body as Static<typeof BODY> & AuthorizationInput
        const { body, judged } = await authorize(desk, callerOf(request), input)
        request.verdict = judged
        return body
      }),
  )
  app.post(
    '/v1/authorizations/:id/response',
    {
      config: { scope: 'verify:cryptograms', countFailures: true },
      schema: { summary: 'Answer an authorization that was asked before', tags, params: IdParams, body: RESPONSE },
    },
    (request, reply) => {
      context.audit.expectWritable()
      return inOneGo(request, reply, async (desk) => {
        const { pan, tag8A, ...decision } = request.body
        const caller = callerOf(request)
        const { issuer, body } = await respond(desk, caller, request.params.id, { pan, tag8A, decision })
        const { subject } = caller
        const detail = { use: 'authorization-response' }
        context.audit.note({ subject, action: 'key.use', object: `issuer:${issuer}`, outcome: 'ok', detail })
        return body
      })
    },
  )
}

/** Who asks, for the audit trail. */
export function callerOf({ caller, id: request }: FastifyRequest): { subject: string; request: string } {
  return { subject: caller?.subject ?? '', request }
}

/** Runs a request's work: in one transaction with its Idempotency-Key where it has one, else in statements of its own. */
export function once(context: RouteContext) {
  const own = deskOf(context)
  return async (request: FastifyRequest, reply: FastifyReply, work: (desk: Desk) => Promise<unknown>) => {
    if (request.headers['idempotency-key'] === undefined) return work(own)
    return answerOnce(context, request, reply, async (transaction) => ({
      status: 200,
      body: await work(deskOf(context, transaction)),
    }))
  }
}
