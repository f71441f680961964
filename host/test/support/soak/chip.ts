/**
 * A virtual card of the soak run, and a watch at its door: each script command that reaches the card, what it answers, and
 * what the card holds afterwards. This is the truth that the ledger is judged by; nothing of it comes from the host.
 */
import { type Exchange, parseResponse, toHex } from '@issuerkit/apdu'
import { openDebitCreditCard, parseCardProfile, personaliseCard, type VirtualCard } from '@issuerkit/card'
import type { SeededRandom } from '@issuerkit/terminal'
import { type CardKind, keyOf } from './kinds.js'

/** Where and what the card holds; values in hexadecimal, the PIN in digits. */
export type Holdings = Readonly<Record<string, string>>

/** What became of a script command at the card. */
export interface Executed {
  /** The status that the card answered. */
  readonly status: string
  readonly before: Holdings
  readonly after: Holdings
}

export interface Chip {
  readonly kind: CardKind
  readonly pan: string
  readonly panSequence: string
  readonly card: VirtualCard
  /** The card behind its door. */
  readonly exchange: Exchange
  /** By the command's bytes in hexadecimal: each time that it reached the card. */
  readonly door: Map<string, readonly Executed[]>
  /** What it was personalised with. */
  readonly first: Holdings
  now(): Holdings
}

/** Instructions of script commands. [PBOC-SCRIPT] 5 */
const SCRIPT_COMMANDS = /^(?:84(?:1E|18|16|24)|04(?:DA|DC))/

/** What commands may change, by the ledger's name for it, and where the card keeps it. */
const PLACES: Readonly<Record<string, string>> = {
  'data/9F58': 'app/0/data/9F58',
  'data/9F59': 'app/0/data/9F59',
  'data/9F54': 'app/0/data/9F54',
  'data/9F79': 'app/0/data/9F79',
  'record/4/1': 'app/0/record/4/1',
  'record/9/1': 'app/0/record/9/1',
  pin: 'app/0/pin',
  application: 'app/0/state/blocked',
  card: 'blocked',
}

/** A new card. PIN 1234; with its risk rules it approves small amounts offline, sometimes. */
export function newChip(kind: CardKind, pan: string, panSequence: string, random: SeededRandom): Chip {
  const profile = parseCardProfile({
    protocol: kind.protocol,
    switches: kind.switches,
    pse: false,
    ppse: false,
    applications: [
      {
        ...{ aid: kind.aid, label: 'SOAK', scheme: kind.scheme, dki: 1, pan, panSequence },
        ...{ effective: '20200101', expiry: '20491231', pin: '1234' },
        limits: { '9F58': '03', '9F59': '06', '9F54': '000000900000', '9F14': '05', '9F23': '09' },
        data: { '9F79': '000000001000' },
        records: [{ sfi: 9, record: 1, data: `70${'0C'}DF0109${'00'.repeat(9)}`, listed: false }],
        // Online above the floor limit and by the velocity rules alone; approved where the issuer cannot be reached.
        iac: { default: '0000000000', denial: '0010000000', online: '000000F800' },
        keys: {
          master: { ac: keyOf(kind.issuer, 'AC'), mac: keyOf(kind.issuer, 'MAC'), enc: keyOf(kind.issuer, 'ENC') },
        },
      },
    ],
  })
  const card = openDebitCreditCard(personaliseCard(profile), { random: (length) => random.bytes(length) })
  const door = new Map<string, readonly Executed[]>()
  const now = (): Holdings => holdings(card)
  const exchange: Exchange = async (command) => {
    const bytes = toHex(command)
    if (!SCRIPT_COMMANDS.test(bytes)) return card.exchange(command)
    const before = now()
    const answer = await card.exchange(command)
    const times = door.get(bytes) ?? []
    door.set(bytes, [...times, { status: parseResponse(answer).status, before, after: now() }])
    return answer
  }
  return { kind, pan, panSequence, card, exchange, door, first: now(), now }
}

function holdings({ memory }: VirtualCard): Holdings {
  return Object.fromEntries(
    Object.entries(PLACES).map(([target, place]) => {
      const value = memory.read(place)
      return [target, target === 'pin' ? new TextDecoder().decode(value) : toHex(value)]
    }),
  )
}

/** Whether the card executed a command, by its bytes. */
export function isExecuted({ door }: Chip, command: string): boolean {
  return (door.get(command) ?? []).some(({ status }) => status === '9000')
}
