/** The audit trail as it lies in the database, read in pages. */
import type { JWK } from 'jose'
import type { Database } from '../database.js'
import { HostError, systemCode } from '../errors.js'
import type { AuditLine } from './verify.js'

const PAGE = 1_000

/** All entries, chain after chain, in the order of each. */
export async function* storedEntries(database: Database): AsyncGenerator<Required<AuditLine>> {
  let [chain, seq] = [-1, '0']
  for (;;) {
    const rows = await database
      .selectFrom('audit_entry')
      .selectAll()
      .where(({ eb, refTuple, tuple }) => eb(refTuple('chain', 'seq'), '>', tuple(chain, seq)))
      .orderBy('chain')
      .orderBy('seq')
      .limit(PAGE)
      .execute()
    for (const row of rows) {
      const hash = Buffer.from(row.hash).toString('hex')
      yield { chain: row.chain, seq: Number(row.seq), entry: row.entry, hash, at: row.at.toISOString() }
    }
    const last = rows.at(-1)
    if (last === undefined) return
    chain = last.chain
    seq = last.seq
  }
}

/** Signed heads and the public keys that they name. ERR_DATABASE when the database has no audit trail. */
export async function storedHeads(database: Database): Promise<{ heads: string[]; keys: JWK[] }> {
  try {
    const heads = await database.selectFrom('audit_signed_head').select('jws').orderBy('id').execute()
    const keys = await database.selectFrom('audit_key').select('jwk').orderBy('kid').execute()
    return { heads: heads.map(({ jws }) => jws), keys: keys.map(({ jwk }) => jwk as JWK) }
  } catch (cause) {
    const reason = systemCode(cause) === '42P01' ? 'it has no audit trail' : 'it cannot be read'
    throw new HostError('ERR_DATABASE', `the audit trail of the database cannot be checked: ${reason}`, { cause })
  }
}
