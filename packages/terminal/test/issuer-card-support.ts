/** A card, its issuer and a terminal of one scheme. */
import { type Exchange, fromHex, toHex, withGetResponse } from '@issuerkit/apdu'
import { openDebitCreditCard, parseCardProfile, personaliseCard, type VirtualCard } from '@issuerkit/card'
import { createKey, SCHEMES, type SchemeName } from '@issuerkit/keys'
import type { TestCa } from '@issuerkit/oda'
import { createIssuer } from '../src/issuer.js'
import type { Issuer, IssuerOptions } from '../src/issuer-model.js'
import { createTerminalData } from '../src/terminal-data.js'
import { runTransaction } from '../src/transaction.js'
import type { TransactionOptions, TransactionResult } from '../src/transaction-model.js'

const MASTER = {
  ac: '0123456789ABCDEFFEDCBA9876543210',
  mac: '404142434445464748494A4B4C4D4E4F',
  enc: '505152535455565758595A5B5C5D5E5F',
} as const

const AIDS = {
  visa: 'A0000000031010',
  mastercard: 'A0000000041010',
  interac: 'A0000002771010',
  ccd: 'A0000000041010',
  unionpay: 'A000000333010101',
} as const

export const CARD = { pan: '6200000000000005', panSequence: '01' } as const

export interface Room {
  readonly card: VirtualCard
  readonly issuer: Issuer
  readonly aid: Uint8Array
  /** A command in a session of its own: reset, SELECT, GET PROCESSING OPTIONS before it. Data and status in hexadecimal. */
  readonly ask: (command: string) => Promise<string>
  /** A command right after a reset. */
  readonly first: (command: Uint8Array) => Promise<Uint8Array>
  /** A reset of the card, then a transaction. */
  readonly run: (
    options?: Partial<TransactionOptions>,
    between?: (card: Exchange) => Exchange,
  ) => Promise<TransactionResult>
}

export interface RoomOptions {
  /** Signs the card's certificates. */
  readonly ca?: TestCa
  readonly application?: Readonly<Record<string, unknown>>
  readonly card?: Readonly<Record<string, unknown>>
  readonly issuer?: Partial<IssuerOptions>
}

/** What lies between terminal and card: a reset, and from then on commands, GET RESPONSE folded into them. */
export type Wire = (card: VirtualCard) => () => Promise<Exchange>

const IN_PROCESS: Wire = (card) => async () => {
  card.powerUp()
  return withGetResponse(card.exchange)
}

/** A room with a card of the scheme, personalised with the issuer's keys, PIN 1234. */
export function openRoom(name: SchemeName, options: RoomOptions = {}, wire: Wire = IN_PROCESS): Room {
  const { family, algorithm } = SCHEMES[name]
  const profile = parseCardProfile({
    ...options.card,
    applications: [
      {
        aid: AIDS[family],
        label: 'TEST',
        scheme: name,
        dki: 1,
        ...CARD,
        effective: '20200101',
        expiry: '20491231',
        pin: '1234',
        limits: { '9F58': '03', '9F59': '05', '9F14': '02', '9F23': '04' },
        keys: { master: MASTER },
        ...options.application,
      },
    ],
  })
  const card = openDebitCreditCard(personaliseCard(profile, options.ca ?? []))
  const issuer = createIssuer({
    scheme: name,
    keySets: [
      {
        dki: 1,
        algorithm,
        ac: createKey(algorithm, 'issuer', 'AC', fromHex(MASTER.ac)),
        mac: createKey(algorithm, 'issuer', 'MAC', fromHex(MASTER.mac)),
        enc: createKey(algorithm, 'issuer', 'ENC', fromHex(MASTER.enc)),
      },
    ],
    ...options.issuer,
  })
  const aid = fromHex(AIDS[family])
  const reset = wire(card)
  const run: Room['run'] = async (given = {}, between = (exchange) => exchange) => {
    card.powerUp()
    return runTransaction(between(withGetResponse(card.exchange)), {
      terminal: createTerminalData([
        ['9F02', fromHex('000000010000')],
        ['9A', fromHex('261121')],
      ]),
      aid,
      pins: ['1234'],
      issuer: issuer.authorize,
      report: (advice) => void issuer.advice(advice),
      ...given,
    })
  }
  const ask = async (command: string): Promise<string> => {
    const exchange = await reset()
    const pdol = family === 'unionpay' ? '8309000000000000000156' : '8300'
    const start = [`00A40400${length(AIDS[family])}${AIDS[family]}00`, `80A80000${length(pdol)}${pdol}00`]
    for (const before of start) await exchange(fromHex(before))
    return toHex(await exchange(fromHex(command)))
  }
  const first = async (command: Uint8Array): Promise<Uint8Array> => (await reset())(command)
  return { card, issuer, aid, ask, first, run }
}

function length(hex: string): string {
  return toHex(Uint8Array.of(hex.length / 2))
}
