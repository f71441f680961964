/** GET /v1/events: what happened to the commands of all cards, for readers who come again. */
import type { Routes } from '../context.js'
import { readEvents } from '../store/events.js'
import { PAGE } from './card-schemas.js'

const DESCRIPTION = [
  'Events come in an order that never changes, and none comes before one that was shown. Ask with the `next` of the page before,',
  'again and again; an empty page means that nothing has happened since. Act on an event first and keep its cursor then: after',
  'a crash some come a second time, and none is lost.',
].join(' ')

/** Adds the route of events. */
export const eventRoutes: Routes = (app, { database }) => {
  app.get(
    '/v1/events',
    {
      config: { scope: 'issue:scripts' },
      schema: { summary: 'What happened to commands', description: DESCRIPTION, tags: ['cards'], querystring: PAGE },
    },
    async ({ query: { after, limit = 100 } }) => {
      const { events, next } = await readEvents(database, after, limit)
      return { events: events.map(({ time, ...event }) => ({ ...event, time: time.toISOString() })), next }
    },
  )
}
