/**
 * The keys and message counters of a session.
 *
 * Key transport: as the templates carry them. Key agreement: SHA-1(host secret ^ card secret ‖ counter), 16 bytes of it.
 *
 * | counter | `gp`: the template | `feitian`: the key |
 * |---|---|---|
 * | 1 | first MAC | C-MAC |
 * | 2 | first ENC | R-MAC |
 * | 3 | second MAC | C-ENC |
 * | 4 | second ENC | R-ENC |
 * | 5 | first DEK | DEK |
 *
 * @see [GP] F.2.2, F.2.3 (table F-12), [SCP10] steps 125 to 127, 134'
 */
import { concat, expectLength, xor } from '@issuerkit/apdu'
import { sha1, TdesKey } from '@issuerkit/keys'
import { Counter } from './counter.js'
import type { Profile } from './profile.js'
import { type ControlReferenceTemplate, type KeyRole, type Payload, ROLES, rolesOf } from './templates.js'

/** A session key with what it is for in its type. */
export type MacKey = TdesKey<'session', 'MAC'>
export type EncKey = TdesKey<'session', 'ENC'>

/** The raw keys by their role, and the first counter of each MAC key. */
export interface KeyMaterial {
  readonly keys: ReadonlyMap<KeyRole, Uint8Array>
  readonly counters: ReadonlyMap<'CMAC' | 'RMAC', Counter>
}

/** The keys and counters that the templates of key transport carry. */
export function transportedKeys(profile: Profile, { templates }: Payload): KeyMaterial {
  const keys = new Map<KeyRole, Uint8Array>()
  const counters = new Map<'CMAC' | 'RMAC', Counter>()
  let first: Counter | undefined
  for (const template of templates) {
    const own = template.counter && new Counter(template.counter)
    first ??= own
    for (const role of rolesOf(template)) {
      keys.set(role, template.key as Uint8Array)
      const counter = profile.counters === 'shared' ? first : own
      if (counter !== undefined && isMacRole(role)) counters.set(role, counter)
    }
  }
  return { keys, counters }
}

/**
 * The keys and counters that both secrets give.
 * @param hostSecret 32 bytes, OES
 * @param cardSecret 32 bytes, CS
 * @throws ERR_LENGTH when a secret has another length
 */
export function agreedKeys(
  profile: Profile,
  { templates }: Payload,
  hostSecret: Uint8Array,
  cardSecret: Uint8Array,
): KeyMaterial {
  const secret = xor(expectLength(hostSecret, 32, 'host secret'), expectLength(cardSecret, 32, 'card secret'))
  const start = startCounter(profile, hostSecret, cardSecret)
  const shared = new Counter(start)
  const keys = new Map<KeyRole, Uint8Array>()
  const counters = new Map<'CMAC' | 'RMAC', Counter>()
  for (const template of templates) {
    const own = profile.counters === 'shared' ? shared : new Counter(start)
    for (const role of rolesOf(template)) {
      const number = profile.derivationOrder === 'byRole' ? ROLES.indexOf(role) + 1 : position(templates, template)
      keys.set(role, derive(secret, number, profile.derivationCounterBytes))
      if (isMacRole(role)) counters.set(role, own)
    }
  }
  secret.fill(0)
  return { keys, counters }
}

function isMacRole(role: KeyRole): role is 'CMAC' | 'RMAC' {
  return role === 'CMAC' || role === 'RMAC'
}

/** [GP] table F-12: the first template of a kind, and the one that follows it. */
const POSITIONS = { MAC: 1, ENC: 2, DEK: 5 } as const

function position(templates: readonly ControlReferenceTemplate[], template: ControlReferenceTemplate): number {
  const isFirst = templates.find(({ kind }) => kind === template.kind) === template
  return POSITIONS[template.kind] + (isFirst ? 0 : 2)
}

function derive(secret: Uint8Array, number: number, width: number): Uint8Array {
  const counter = new Uint8Array(width)
  counter[width - 1] = number
  const input = concat(secret, counter)
  const key = sha1(input).slice(0, 16)
  input.fill(0)
  return key
}

function startCounter({ startCounter }: Profile, host: Uint8Array, card: Uint8Array): Uint8Array {
  return startCounter === 'lastFourCardFirst'
    ? concat(card.subarray(28), host.subarray(28))
    : concat(host.subarray(0, 4), card.subarray(0, 4))
}

/** The keys of a session as keys, each of one purpose. Roles without a key are absent. */
export class SessionKeys {
  readonly cmac: MacKey | undefined
  readonly rmac: MacKey | undefined
  readonly cenc: EncKey | undefined
  readonly renc: EncKey | undefined
  readonly dek: TdesKey<'session', 'DEK'> | undefined

  /** The raw keys are copied, then zeroed. @throws ERR_KEY when one of them is single DES in disguise */
  constructor(keys: ReadonlyMap<KeyRole, Uint8Array>) {
    const create = <P extends 'MAC' | 'ENC' | 'DEK'>(role: KeyRole, purpose: P): TdesKey<'session', P> | undefined => {
      const bytes = keys.get(role)
      return bytes && TdesKey.create('session', purpose, bytes)
    }
    try {
      this.cmac = create('CMAC', 'MAC')
      this.rmac = create('RMAC', 'MAC')
      this.cenc = create('CENC', 'ENC')
      this.renc = create('RENC', 'ENC')
      this.dek = create('DEK', 'DEK')
    } finally {
      for (const bytes of keys.values()) bytes.fill(0)
    }
  }

  /** The keys that there are, by their role. */
  entries(): [KeyRole, MacKey | EncKey | TdesKey<'session', 'DEK'>][] {
    const all = { CMAC: this.cmac, RMAC: this.rmac, CENC: this.cenc, RENC: this.renc, DEK: this.dek }
    return ROLES.flatMap((role) => {
      const key = all[role]
      return key === undefined ? [] : [[role, key]]
    })
  }

  /** Zero every key. */
  destroy(): void {
    for (const [, key] of this.entries()) key.destroy()
  }
}
