/** POST /v1/scripts: the commands of an issuer script, and the template that carries them. */
import type { Routes } from '../context.js'
import { HostError } from '../errors.js'
import { answerOnce } from '../idempotency.js'
import { guardPinChange } from '../keys/pin-change-guard.js'
import { toJson } from './json.js'
import { EXPLAIN } from './schemas.js'
import {
  type AnsweredScript,
  answerScript,
  hasClearPin,
  pinChangesOf,
  SCRIPT_BODY,
  type ScriptBody,
} from './script-body.js'

const DESCRIPTION = [
  'A script that changes the PIN is built once for a card and ATC: send an `Idempotency-Key`, and a repeated request gets the',
  'same bytes; any other one is refused with ERR_PIN_CHANGE_REPEATED. Its block is the same whenever it is built, so whoever',
  'may choose the PIN could else find out which PIN a block on its way to the card holds.',
].join(' ')

/** Adds the routes of scripts. */
export const scriptRoutes: Routes = (app, context) => {
  const { keys, devMode } = context
  app.post(
    '/v1/scripts',
    {
      config: {
        scope: 'issue:scripts',
        keyUse: 'script-build',
        // Nothing but a PIN block can be guessed here.
        countFailures: (body) => pinChangesOf(body as ScriptBody).length > 0,
      },
      schema: {
        summary: 'Build an issuer script',
        description: DESCRIPTION,
        tags: ['scripts'],
        body: SCRIPT_BODY,
        querystring: EXPLAIN,
      },
    },
    async (request, reply) => {
      const { body, query } = request
      const explain = ({ built }: AnsweredScript) => (query.explain === true ? { explain: toJson(built) } : {})
      const changes = pinChangesOf(body)
      if (changes.length === 0) {
        const script = await answerScript(keys, body)
        return { ...script.answer, ...explain(script) }
      }
      if (hasClearPin(body) && !devMode) throw new HostError('ERR_DEV_MODE')
      if (changes.length > 1) throw new HostError('ERR_PIN_CHANGE_REPEATED')
      // Built before the transaction, which would else keep a connection waiting for another one. What went wrong is told
      // only to a request that is not a repeated one.
      const outcome = await answerScript(keys, body).catch((error: unknown) => ({ error }))
      return answerOnce(context, request, reply, async (transaction) => {
        if ('error' in outcome) throw outcome.error
        await guardPinChange(transaction, keys, body)
        return { status: 200, body: { ...outcome.answer, ...explain(outcome) } }
      })
    },
  )
}
