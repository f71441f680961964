/**
 * The tables as the code sees them. The migrations make them; a change here goes with a new migration.
 */
import type { Generated, JSONColumnType } from 'kysely'

export interface IssuerTable {
  id: string
  profile: JSONColumnType<object>
  created_at: Generated<Date>
}

/** A key set's key, wrapped; `dki` names the set, `kcv` is what may be shown of it. */
export interface IssuerKeyTable {
  id: string
  issuer: string
  usage: string
  algorithm: string
  dki: string
  kcv: string
  wrapped: Uint8Array
  created_at: Generated<Date>
  retired_at: Date | null
}

export interface Tables {
  issuer: IssuerTable
  issuer_key: IssuerKeyTable
}
