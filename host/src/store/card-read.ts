/** Reading cards, by handle or by what a message calls them. */
import { CompiledQuery } from 'kysely'
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import { ledgerPolicy } from '../keys/issuer-profile.js'
import type { KeyService } from '../keys/key-service.js'
import { type CardLedger, emptyLedger } from '../ledger/model.js'
import type { CardLedgerTable } from '../tables.js'
import type { CardName, StoredCard } from './card-change.js'
import type { ReadCard } from './card-write.js'

type Row = Omit<CardLedgerTable, 'body'> & { readonly body: CardLedger }

/** Gives the rows of a PAN and PSN: one for each application. */
export type FindRows = (key: CardKey) => Promise<readonly Row[]>

/** What a PAN and PSN of an issuer are found by. */
export interface CardKey {
  readonly issuer: string
  readonly panHash: Uint8Array
  readonly panSequence: string
}

const COLUMNS = 'card, issuer, pan_hash, masked_pan, pan_sequence, application, version, due_at, stopped, body'
const BY_KEY = `select asked.place, ${COLUMNS.replaceAll(/\w+/g, 'card_ledger.$&')} from card_ledger
  join unnest($1::text[], $2::bytea[], $3::text[]) with ordinality as asked (issuer, pan_hash, pan_sequence, place)
  using (issuer, pan_hash, pan_sequence)`

/** The rows of several keys, in the order of the keys. */
export async function findRows(database: Database, keys: readonly CardKey[]): Promise<readonly Row[][]> {
  const parameters = [
    keys.map(({ issuer }) => issuer),
    keys.map(({ panHash }) => panHash),
    keys.map(({ panSequence }) => panSequence),
  ]
  const { rows } = await database.executeQuery<Row & { readonly place: string }>(CompiledQuery.raw(BY_KEY, parameters))
  const found: Row[][] = keys.map(() => [])
  for (const row of rows) found[Number(row.place) - 1]?.push(row)
  return found
}

/** ERR_NOT_FOUND */
export async function readByHandle(keys: KeyService, database: Database, handle: string): Promise<ReadCard> {
  const query = CompiledQuery.raw(`select ${COLUMNS} from card_ledger where card = $1`, [handle])
  const [row] = (await database.executeQuery<Row>(query)).rows
  if (row === undefined) throw new HostError('ERR_NOT_FOUND')
  return readRow(row, ledgerPolicy(await keys.profile(row.issuer)))
}

/**
 * A message that names no application means the card's only one. The first message that names one tells what the application
 * is called that messages without a name have made. ERR_PAN, ERR_NOT_FOUND for the issuer
 */
export async function readByName(keys: KeyService, find: FindRows, asked: CardName): Promise<ReadCard> {
  const { issuer, pan, panSequence, application = '' } = asked
  const policy = ledgerPolicy(await keys.profile(issuer))
  const panHash = await keys.panHash(pan)
  const rows = await find({ issuer, panHash, panSequence })
  const [only] = rows.length === 1 ? rows : []
  const row = rows.find((one) => one.application === application)
  const relatives = rows.flatMap((one) => (one === row || one === only ? [] : [one.body]))
  if (row !== undefined) return readRow(row, policy, { relatives })
  if (only !== undefined && (application === '' || only.application === '')) {
    return readRow(only, policy, { application: application === '' ? only.application : application })
  }
  const handle = crypto.randomUUID()
  const maskedPan = `****${pan.slice(-4)}`
  const ledger = emptyLedger(handle, panSequence, 1)
  const name = { issuer, panHash, maskedPan, panSequence, application }
  const card = { handle, ...name, policy, ledger, relatives: rows.map(({ body }) => body), stopped: null }
  return { card, version: undefined, due: undefined, application }
}

function readRow(
  row: Row,
  policy: StoredCard['policy'],
  { application = row.application, relatives = [] }: Partial<Pick<StoredCard, 'application' | 'relatives'>> = {},
): ReadCard {
  const { card: handle, issuer, pan_hash: panHash, masked_pan: maskedPan, pan_sequence: panSequence, stopped } = row
  const named = { handle, issuer, panHash, maskedPan, panSequence, application }
  const card = { ...named, policy, ledger: row.body, relatives, stopped }
  return { card, version: row.version, due: row.due_at?.getTime(), application: row.application }
}
