/** What a card tells whoever holds its file: counters, limits, states and check values of keys, never a secret. */
import { findTlv, parseTlv, toHex } from '@issuerkit/apdu'
import { createKey, type KeyPurpose, SCHEMES, type SchemeName } from '@issuerkit/keys'
import { rsaKey } from './card-json.js'
import { applicationConfig, cardConfig } from './debit-credit-config.js'
import { ApplicationMemory, type CardKeyName, type CardSwitches, STATE, type StateName } from './debit-credit-model.js'
import type { CardMemory } from './memory.js'

/** A card in words and numbers. */
export interface CardDescription {
  readonly protocol: 'T=0' | 'T=1'
  /** Hexadecimal. */
  readonly atr: string
  /** Whether CARD BLOCK was executed. */
  readonly blocked: boolean
  readonly switches: CardSwitches
  readonly applications: readonly ApplicationDescription[]
}

/** An application of a {@link CardDescription}; hexadecimal unless said otherwise. */
export interface ApplicationDescription {
  readonly aid: string
  readonly label: string
  readonly scheme: SchemeName
  readonly dki: number
  /** The first six and the last four digits, `*` between them. */
  readonly pan: string
  readonly panSequence: string
  readonly aip: string
  readonly afl: string
  readonly atc: number
  readonly lastOnlineAtc: number
  /** Absent for an application without offline PIN. */
  readonly pin?: { readonly triesLeft: number; readonly tryLimit: number }
  readonly blocked: 'no' | 'by the issuer' | 'by its PIN'
  /** Indicators and counters by name. */
  readonly state: Readonly<Record<StateName, number>>
  /** Limits and other data objects by tag, the counters left out. */
  readonly data: Readonly<Record<string, string>>
  /** The key check values of the ICC master keys, 3 bytes. */
  readonly keys: Readonly<Record<CardKeyName, string>>
  /** Bits of the private keys; 0 for none. */
  readonly rsa: { readonly icc: number; readonly pin: number }
}

const COUNTERS: readonly string[] = ['9F36', '9F13', '9F17']
const BLOCKED = ['no', 'by the issuer', 'by its PIN'] as const
const PURPOSE = { ac: 'AC', mac: 'MAC', enc: 'ENC' } as const satisfies Record<CardKeyName, KeyPurpose>

/** The card of a memory. @throws ERR_CARD when the memory is not that of a debit/credit card */
export function describeCard(memory: CardMemory): CardDescription {
  const { protocol, atr, switches, applications } = cardConfig(memory)
  return {
    protocol,
    atr,
    blocked: memory.readNumber('blocked') !== 0,
    switches,
    applications: Array.from({ length: applications }, (_, i) =>
      describeApplication(new ApplicationMemory(memory, i), i),
    ),
  }
}

function describeApplication(memory: ApplicationMemory, index: number): ApplicationDescription {
  const { aid, scheme, dki, pan, panSequence, aip, afl } = applicationConfig(memory, index)
  const label = findTlv(parseTlv(memory.read('fci')), '6F', 'A5', '50')
  const data = memory.names.filter((name) => name.startsWith('data/')).map((name) => name.slice(5))
  const names = Object.keys(STATE) as StateName[]
  return {
    aid,
    label: String.fromCharCode(...(label?.value ?? [])),
    scheme,
    dki,
    pan: maskPan(pan),
    panSequence,
    aip,
    afl,
    atc: memory.readNumber('data/9F36'),
    lastOnlineAtc: memory.has('data/9F13') ? memory.readNumber('data/9F13') : 0,
    ...(memory.has('pin')
      ? { pin: { triesLeft: memory.readNumber('data/9F17'), tryLimit: memory.readNumber('pin-try-limit') } }
      : {}),
    blocked: BLOCKED[memory.state('blocked')] ?? 'by the issuer',
    state: Object.fromEntries(names.map((name) => [name, memory.state(name)])) as Record<StateName, number>,
    data: Object.fromEntries(
      data.filter((tag) => !COUNTERS.includes(tag)).map((tag) => [tag, toHex(memory.read(`data/${tag}`))]),
    ),
    keys: { ac: kcvOf(memory, scheme, 'ac'), mac: kcvOf(memory, scheme, 'mac'), enc: kcvOf(memory, scheme, 'enc') },
    rsa: { icc: bitsOf(memory, 'rsa/icc'), pin: bitsOf(memory, 'rsa/pin') },
  }
}

/** The first six and the last four digits of a PAN; of a shorter one than 13 digits the last four alone. */
export function maskPan(pan: string): string {
  const shown = pan.length < 13 ? 0 : 6
  return `${pan.slice(0, shown)}${'*'.repeat(pan.length - shown - 4)}${pan.slice(-4)}`
}

function kcvOf(memory: ApplicationMemory, scheme: SchemeName, name: CardKeyName): string {
  const bytes = memory.read(`key/${name}`)
  const key = createKey(SCHEMES[scheme].algorithm, 'icc', PURPOSE[name], bytes, { allowEqualHalves: true })
  try {
    return key.kcv
  } finally {
    key.destroy()
    bytes.fill(0)
  }
}

function bitsOf(memory: ApplicationMemory, name: 'rsa/icc' | 'rsa/pin'): number {
  const key = rsaKey(memory, name)
  key?.destroy()
  return 8 * (key?.publicKey.modulus.length ?? 0)
}
