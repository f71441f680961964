/**
 * An issuer for another thread. Its keys lie in memory that both threads share: no message holds them, and whoever made the
 * copy zeroes it, even after a thread that died.
 */
import { createKey, type SecretKey } from '@issuerkit/keys'
import type { OpenIssuer } from '../keys/open-issuer.js'
import type { StoredKeySet } from '../keys/stored-keys.js'

/** A key set of the copy. What enciphers script data has no part in verifying, and stays where it is. */
interface KeySetCopy extends Omit<StoredKeySet, 'ac' | 'mac' | 'enc'> {
  readonly ac: Uint8Array
  readonly mac?: Uint8Array
}

/** What verifying takes of an issuer. */
export interface IssuerCopy {
  readonly profile: OpenIssuer['profile']
  readonly keySets: readonly KeySetCopy[]
}

/** A copy of an issuer; {@link wipeIssuer} is to follow. */
export function copyIssuer({ profile, keySets }: OpenIssuer): IssuerCopy {
  return {
    profile: { ...profile, caKeys: [] },
    keySets: keySets.map(({ ac, mac, enc: _, ...set }) => ({
      ...set,
      ac: shared(ac.expose()),
      ...(mac === undefined ? {} : { mac: shared(mac.expose()) }),
    })),
  }
}

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}

/** Zeroes the keys of a copy, on every thread. */
export function wipeIssuer({ keySets }: IssuerCopy): void {
  for (const { ac, mac } of keySets) {
    ac.fill(0)
    mac?.fill(0)
  }
}

/** Runs `use` with the copied issuer; its keys are destroyed when it returns. */
export function withIssuer<T>({ profile, keySets }: IssuerCopy, use: (issuer: OpenIssuer) => T): T {
  const opened: SecretKey<'issuer', 'AC' | 'MAC'>[] = []
  const open = <P extends 'AC' | 'MAC'>(algorithm: StoredKeySet['algorithm'], purpose: P, bytes: Uint8Array) => {
    const key = createKey(algorithm, 'issuer', purpose, bytes) as SecretKey<'issuer', P>
    opened.push(key)
    return key
  }
  try {
    const sets = keySets.map(({ ac, mac, ...set }) => ({
      ...set,
      ac: open(set.algorithm, 'AC', ac),
      ...(mac === undefined ? {} : { mac: open(set.algorithm, 'MAC', mac) }),
    }))
    return use({ profile, keySets: sets })
  } finally {
    for (const key of opened) key.destroy()
  }
}
