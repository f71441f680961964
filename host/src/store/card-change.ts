/** One change of a card: what happens to its ledger, and what is written with it. */
import type { AuditRecord } from '../audit/entry.js'
import { HostError } from '../errors.js'
import type { WrappedPin } from '../keys/key-service.js'
import type { LedgerEvent, OutboxEvent, Outcome } from '../ledger/events.js'
import { violations } from '../ledger/invariants.js'
import type { CardLedger } from '../ledger/model.js'
import type { LedgerPolicy } from '../ledger/policy.js'
import { reduce } from '../ledger/reduce.js'
import type { AuthorizationRow } from './authorizations.js'

/** What a message calls a card. `panSequence` has two digits; `application` is the AID, where the message names one. */
export interface CardName {
  readonly issuer: string
  readonly pan: string
  readonly panSequence: string
  readonly application?: string
}

/** A card application and its ledger. */
export interface StoredCard {
  /** What the interface calls the card: a random name, `ledger.card`. */
  readonly handle: string
  readonly issuer: string
  readonly panHash: Uint8Array
  /** The last four digits: `****1234`. */
  readonly maskedPan: string
  readonly panSequence: string
  /** The AID; empty until a message has named one. */
  readonly application: string
  /** The issuer's. */
  readonly policy: LedgerPolicy
  readonly ledger: CardLedger
  /** Those of the other applications of the same PAN and PSN, where a message has named the card. */
  readonly relatives: readonly CardLedger[]
  /** Why nothing is done with the card until it is resumed. */
  readonly stopped: string | null
}

/** A ledger that contradicts itself after an event: the card is stopped, and the cause is told. */
export class LedgerFault extends HostError {
  readonly handle: string
  readonly violations: readonly string[]

  constructor(handle: string, found: readonly string[]) {
    super('ERR_LEDGER')
    this.handle = handle
    this.violations = found
  }
}

/** Collects what one change does; nothing has happened until the store has written it. */
export class CardChange {
  readonly card: StoredCard
  readonly outbox: OutboxEvent[] = []
  readonly pins: WrappedPin[] = []
  readonly authorizations: AuthorizationRow[] = []
  readonly records: AuditRecord[] = []
  readonly guards: Uint8Array[] = []
  #ledger: CardLedger

  constructor(card: StoredCard) {
    this.card = card
    this.#ledger = card.ledger
  }

  /** The ledger as of now. */
  get ledger(): CardLedger {
    return this.#ledger
  }

  /** Lets something happen. A refusal is an outcome and changes nothing. ERR_LEDGER when what comes of it contradicts itself. */
  apply(event: LedgerEvent): Outcome {
    const { ledger, outbox, outcome } = reduce(this.#ledger, event, this.card.policy)
    if (ledger !== this.#ledger) this.#take(ledger)
    this.outbox.push(...outbox)
    return outcome
  }

  /** Puts another chip's ledger in the place of this one, which goes to the archive. */
  replaceLedger(ledger: CardLedger): void {
    this.replaced = this.#ledger
    this.#take(ledger)
  }

  /** The ledger of the chip before. */
  replaced: CardLedger | undefined

  /** Keeps a PIN for an entry. It is erased when the entry ends. */
  keepPin(pin: WrappedPin): void {
    this.pins.push(pin)
  }

  /** Keeps an authorization, or what has changed of it. */
  keepAuthorization(row: AuthorizationRow): void {
    this.authorizations.push(row)
  }

  /** Remembers a PIN change by its places: nobody gets another one built for the same transaction. keys/pin-change-guard.ts */
  guardPinChange(places: readonly Uint8Array[]): void {
    this.guards.push(...places)
  }

  /** Adds to the audit trail. */
  audit(record: AuditRecord): void {
    this.records.push(record)
  }

  #take(ledger: CardLedger): void {
    const found = violations(ledger)
    if (found.length > 0) throw new LedgerFault(this.card.handle, found)
    this.#ledger = ledger
  }
}
