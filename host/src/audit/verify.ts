/**
 * Checking an audit trail against itself and against heads: a changed, removed, inserted, reordered or cut-off entry is
 * found and named. Pure: entries come from a database or from a file.
 */
import { constantTimeEqual } from '@issuerkit/keys'
import { sha256 } from '../wrap.js'
import type { ChainHead } from './heads.js'

/** An entry as it is stored and exported. */
export interface AuditLine {
  readonly chain: number
  readonly seq: number
  readonly entry: string
  /** 32 bytes in hexadecimal. */
  readonly hash: string
  /** When the row says that it happened, where there is a row. */
  readonly at?: string
}

/**
 * | reason | what is so |
 * |---|---|
 * | changed | the entry, its place or its hash is not what was written |
 * | missing | entries before this one are not there |
 * | order | the entry stands behind a later one, or twice |
 * | head | the entry has another hash than a head says: the chain was written anew |
 * | cut-off | a head knows entries up to here, the chain ends before |
 */
export type FaultReason = 'changed' | 'missing' | 'order' | 'head' | 'cut-off'

export interface AuditFault {
  readonly chain: number
  readonly seq: number
  readonly reason: FaultReason
}

export interface AuditVerifier {
  /** The next entry; those of a chain come in their order. */
  take(line: AuditLine): void
  /** Everything that is wrong, and how many entries were taken. */
  end(): { readonly entries: number; readonly faults: readonly AuditFault[] }
}

interface Chain {
  seq: number
  hash: Uint8Array
}

/** Checks entries against `heads`, which the caller trusts: signed ones, and the ends that the database names. */
export function auditVerifier(heads: readonly ChainHead[]): AuditVerifier {
  const chains = new Map<number, Chain>()
  const wanted = new Map<string, ChainHead[]>()
  for (const head of heads) {
    const place = `${head.chain} ${head.seq}`
    wanted.set(place, [...(wanted.get(place) ?? []), head])
  }
  const faults: AuditFault[] = []
  let entries = 0
  return {
    take({ chain, seq, entry, hash, at }) {
      entries++
      const last = chains.get(chain) ?? { seq: 0, hash: new Uint8Array(32) }
      const fault = (reason: FaultReason) => faults.push({ chain, seq, reason })
      if (seq <= last.seq) {
        fault('order')
        return
      }
      const stated = bytesOf(hash)
      // After a gap the chain is taken up where it goes on, so that one removed entry is one fault.
      if (seq !== last.seq + 1) fault('missing')
      else if (!constantTimeEqual(hashOf(last.hash, chain, seq, entry), stated) || otherTime(entry, at))
        fault('changed')
      const known = wanted.get(`${chain} ${seq}`) ?? []
      if (known.some((head) => !constantTimeEqual(bytesOf(head.hash), stated))) fault('head')
      chains.set(chain, { seq, hash: stated })
    },
    end() {
      const ends = new Map<number, number>()
      for (const { chain, seq } of heads) ends.set(chain, Math.max(seq, ends.get(chain) ?? 0))
      for (const [chain, seq] of ends) {
        if (seq > (chains.get(chain)?.seq ?? 0)) faults.push({ chain, seq, reason: 'cut-off' })
      }
      return { entries, faults }
    },
  }
}

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))

/** The hash of an entry; see append.ts for the layout. */
export function hashOf(previous: Uint8Array, chain: number, seq: number, entry: string): Uint8Array {
  const place = Buffer.alloc(12)
  place.writeInt32BE(chain, 0)
  place.writeBigInt64BE(BigInt(seq), 4)
  return sha256(Buffer.concat([previous, place, Buffer.from(entry, 'utf8')]))
}

/** The column that the trail is searched by must tell what the entry tells. */
function otherTime(entry: string, at: string | undefined): boolean {
  return at !== undefined && !entry.startsWith(`{"at":${JSON.stringify(at)},`)
}
