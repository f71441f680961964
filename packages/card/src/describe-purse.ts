/**
 * What an e-purse card tells whoever holds its file: balances, counters, states and check values of keys, never a
 * secret.
 */
import { createKey } from '@issuerkit/keys'
import type { CardMemory } from './memory.js'
import { ERROR_COUNTERS, purseConfig } from './purse-config.js'
import { LIFE } from './purse-messaging.js'
import { AdfMemory, type PURSE, type PurseName, type PurseSwitches } from './purse-model.js'

/** A card in words and numbers. */
export interface PurseDescription {
  readonly profile: string
  readonly protocol: 'T=0' | 'T=1'
  /** Hexadecimal. */
  readonly atr: string
  /** Whether CARD BLOCK was executed. */
  readonly blocked: boolean
  readonly switches: PurseSwitches
  readonly applications: readonly PurseApplicationDescription[]
}

/** An application of a {@link PurseDescription}. */
export interface PurseApplicationDescription {
  /** Hexadecimal. */
  readonly name: string
  readonly fid: string
  readonly life: 'in use' | 'blocked for a time' | 'blocked for good'
  /** Absent for an application without PIN. */
  readonly pin?: { readonly triesLeft: number; readonly tryLimit: number }
  /** Wrong MACs and cryptograms one after another, by the name of their key. */
  readonly errors: Readonly<Record<string, number>>
  readonly ed: Readonly<Record<keyof typeof PURSE, number>>
  readonly ep: Readonly<Record<keyof typeof PURSE, number>>
  /** Whether a purchase waits for its release. */
  readonly greyLocked: boolean
  /** By name and index; version and algorithm identifier in hexadecimal, the key check value of 3 bytes. */
  readonly keys: Readonly<
    Record<string, { readonly version: string; readonly algorithm: string; readonly kcv: string }>
  >
}

const LIVES = { [LIFE.inUse]: 'in use', [LIFE.blockedForATime]: 'blocked for a time' } as const

/** The card of a memory. @throws ERR_CARD when the memory is not that of an e-purse card; ERR_HEX */
export function describePurse(memory: CardMemory): PurseDescription {
  const { profile, protocol, atr, switches, adfs, pinTryLimit } = purseConfig(memory)
  return {
    profile,
    protocol,
    atr,
    blocked: memory.readNumber('blocked') !== 0,
    switches,
    applications: adfs.map(({ name, fid }, i) => {
      const adf = new AdfMemory(memory, i)
      const prefix = `adf/${i}/key/`
      const keys = memory.names.filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length))
      return {
        name,
        fid,
        life: LIVES[adf.readNumber('life') as keyof typeof LIVES] ?? 'blocked for good',
        ...(adf.has('pin') ? { pin: { triesLeft: adf.readNumber('pin-tries'), tryLimit: pinTryLimit } } : {}),
        errors: Object.fromEntries(ERROR_COUNTERS.map((counter) => [counter, adf.readNumber(`errors/${counter}`)])),
        ed: describeOne(adf, 'ed'),
        ep: describeOne(adf, 'ep'),
        greyLocked: adf.read('grey').length > 0,
        keys: Object.fromEntries(keys.map((key) => [key, describeKey(adf.read(`key/${key}`))])),
      }
    }),
  }
}

function describeOne(adf: AdfMemory, purse: PurseName): Record<keyof typeof PURSE, number> {
  const number = (name: keyof typeof PURSE): number => adf.readNumber(`${purse}/${name}`)
  return {
    balance: number('balance'),
    onlineSerial: number('onlineSerial'),
    offlineSerial: number('offlineSerial'),
    limit: number('limit'),
  }
}

function describeKey(stored: Uint8Array): { version: string; algorithm: string; kcv: string } {
  const [version = 0, algorithm = 0] = stored
  const key = createKey('tdes', 'icc', 'MAC', stored.subarray(2), { allowEqualHalves: true })
  stored.fill(0)
  const digits = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0')
  try {
    return { version: digits(version), algorithm: digits(algorithm), kcv: key.kcv }
  } finally {
    key.destroy()
  }
}
