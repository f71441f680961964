/**
 * Issuers with their unwrapped keys, for the length of a use. With a time to keep, an issuer's keys stay unwrapped so long,
 * so that a request needs no query; a key that another node retires is then used for that much longer here.
 */
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import type { MasterKey } from '../wrap.js'
import { type CompleteProfile, completeProfile, type IssuerProfile } from './issuer-profile.js'
import { openKeySets, type StoredKeySet } from './stored-keys.js'

/** An issuer with its unwrapped keys. */
export interface OpenIssuer {
  readonly profile: CompleteProfile
  readonly keySets: readonly StoredKeySet[]
}

/** The door to issuers and their keys. */
export interface IssuerOpener {
  /** Runs `use` with an issuer; it must be done with the keys when it returns. ERR_NOT_FOUND, ERR_KEY_UNWRAP */
  with<T>(issuer: string, use: (open: OpenIssuer) => T): Promise<T>
  /** Lets go of an issuer, so that the next use reads it anew. */
  forget(issuer: string): void
}

interface Entry {
  readonly open: Promise<OpenIssuer>
  readonly until: number
  /** From then on a use has it read anew, beside its work. */
  renewAt: number
  users: number
  replaced: boolean
}

/** The most issuers that are kept open. */
const MOST = 256
/** The part of its time after which an issuer in use is read anew. */
const RENEW_AFTER = 0.75

/** Opens issuers of `database`, and keeps each open for `keepMilliseconds`. */
export function issuerOpener(database: Database, masterKey: MasterKey, keepMilliseconds: number): IssuerOpener {
  const entries = new Map<string, Entry>()
  const release = (entry: Entry) => {
    if (!entry.replaced || entry.users > 0) return
    void entry.open.then(({ keySets }) => {
      for (const { ac, mac, enc } of keySets) for (const key of [ac, mac, enc]) key?.destroy()
    }, ignore)
  }
  const drop = (issuer: string, entry: Entry) => {
    if (entries.get(issuer) === entry) entries.delete(issuer)
    entry.replaced = true
    release(entry)
  }
  const openEntry = (issuer: string): Entry => {
    const now = performance.now()
    return {
      open: openIssuer(database, masterKey, issuer),
      until: now + keepMilliseconds,
      renewAt: now + RENEW_AFTER * keepMilliseconds,
      users: 0,
      replaced: keepMilliseconds <= 0,
    }
  }
  /** Reads an issuer that is in use before its time is over: nobody waits then. What fails is left for the next to find. */
  const renew = (issuer: string, old: Entry) => {
    old.renewAt = Number.POSITIVE_INFINITY
    const next = openEntry(issuer)
    next.open.then(() => {
      if (entries.get(issuer) !== old) return drop(issuer, next)
      drop(issuer, old)
      entries.set(issuer, next)
    }, ignore)
  }
  const find = (issuer: string): Entry => {
    const there = entries.get(issuer)
    const now = performance.now()
    if (there !== undefined && now < there.until) {
      if (now >= there.renewAt) renew(issuer, there)
      return there
    }
    if (there !== undefined) drop(issuer, there)
    for (const [name, oldest] of entries.size < MOST ? [] : [...entries].slice(0, 1)) drop(name, oldest)
    const entry = openEntry(issuer)
    if (!entry.replaced) entries.set(issuer, entry)
    return entry
  }
  return {
    async with(issuer, use) {
      const entry = find(issuer)
      entry.users++
      try {
        return use(await entry.open)
      } catch (error) {
        // What could not be opened is tried again by the next.
        await entry.open.catch(() => drop(issuer, entry))
        throw error
      } finally {
        entry.users--
        release(entry)
      }
    },
    forget(issuer) {
      const entry = entries.get(issuer)
      if (entry !== undefined) drop(issuer, entry)
    },
  }
}

const ignore = () => {}

async function openIssuer(database: Database, masterKey: MasterKey, id: string): Promise<OpenIssuer> {
  return { profile: await readProfile(database, id), keySets: await openKeySets(database, masterKey, id) }
}

/** An issuer's profile, complete. ERR_NOT_FOUND */
export async function readProfile(database: Database, id: string): Promise<CompleteProfile> {
  const issuer = await database.selectFrom('issuer').select('profile').where('id', '=', id).executeTakeFirst()
  if (issuer === undefined) throw new HostError('ERR_NOT_FOUND', 'There is no such issuer.')
  return completeProfile(issuer.profile as IssuerProfile)
}
