/**
 * All migrations, in the order of their names. A migration that was released is never changed.
 */
import type { Migration } from 'kysely'
import * as issuersAndKeys from './0001-issuers-and-keys.js'

export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-issuers-and-keys': issuersAndKeys,
}
