/** What authorizations and advices work with: the keys, the cards' ledgers, and what was asked and answered before. */
import type { Database } from '../database.js'
import type { KeyService } from '../keys/key-service.js'
import { type AuthorizationStore, authorizationStore } from '../store/authorizations.js'
import { type CardStore, cardStore, type StoreContext } from '../store/card-store.js'

export interface Desk {
  readonly keys: KeyService
  readonly cards: CardStore
  readonly authorizations: AuthorizationStore
}

/** Who asks, and the id of the request, for the audit trail. */
export interface Caller {
  readonly subject: string
  readonly request: string
}

/** A desk on `database`, which may be a transaction. */
export function deskOf(context: StoreContext, database: Database = context.database): Desk {
  const { keys } = context
  return { keys, cards: cardStore(context, database), authorizations: authorizationStore(context, database) }
}
