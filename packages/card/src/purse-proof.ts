/**
 * GET TRANSACTION PROVE: what a transaction was confirmed with, for a terminal that has lost the answer.
 *
 * The card keeps one proof for each type of transaction, until the next one of that type: a purchase and the load behind it
 * are both proven, of two purchases only the second.
 *
 * | type | MAC | TAC |
 * |---|---|---|
 * | 01, 02 load; 07 overdraft limit | MAC2 of the command, the card having made none | TAC |
 * | 03 unload | MAC3 | 00000000: an unload has none |
 * | 04, 05, 06, 09 cash, purchase | MAC2 | TAC |
 * | 91, 92 grey lock | MAC2 | GTAC |
 * | 93, 94 its debit | GMAC of the command | TAC |
 * | 95, 96 its release by the issuer | MAC3 | 00000000 |
 * @see [PBOC] 2 (GET TRANSACTION PROVE), [ETC] 4.2.7, [FMCOS] 8.13
 */
import { type Command, concat, toHex } from '@issuerkit/apdu'
import { bytesOf, numberOf } from './purse-fields.js'
import type { AdfMemory, PurseContext } from './purse-model.js'
import type { CardAnswer } from './virtual-card.js'

/** What stands in a proof where the transaction has none. */
export const NO_TAC = new Uint8Array(4)
const SERIAL = 2
const NOTHING = new Uint8Array(0)

/** A proof: of the serial before it went up. */
export interface TransactionProof {
  readonly type: number
  readonly serial: number
  /** 4 bytes each. */
  readonly mac: Uint8Array
  readonly tac: Uint8Array
}

/** Keeps a proof, in place of the last one of its type. */
export function keepProof(memory: AdfMemory, { type, serial, mac, tac }: TransactionProof): void {
  memory.write(proofObject(type), concat(bytesOf(serial, SERIAL), mac, tac))
}

/** GET TRANSACTION PROVE: MAC (4) ‖ TAC (4); 9406 when the last transaction of the type has another serial, or there is none. */
export function getTransactionProve({ memory }: PurseContext, { p2, data = NOTHING }: Command): CardAnswer {
  const name = proofObject(p2)
  const proof = memory.has(name) ? memory.read(name) : NOTHING
  if (proof.length === 0 || numberOf(proof.subarray(0, SERIAL)) !== numberOf(data)) return { status: '9406' }
  return { status: '9000', data: proof.slice(SERIAL) }
}

function proofObject(type: number): string {
  return `proof/${toHex(Uint8Array.of(type))}`
}
