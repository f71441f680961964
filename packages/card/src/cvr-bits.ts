/** What the CVRs of all families have in common. */
import type { CardVerification } from './card-verification-results.js'

/** Bits 8 to 5 of the byte that tells both cryptograms; every family codes them so, in the byte's upper half. */
export function cryptogramKinds({ firstKind, secondKind }: CardVerification): number {
  const second = secondKind === undefined ? 0b10 : secondKind === 'TC' ? 0b01 : 0b00
  const first = { AAC: 0b00, TC: 0b01, ARQC: 0b10 }[firstKind]
  return (second << 6) | (first << 4)
}

/** A byte from its bits, bit 8 first; those not given are 0. */
export function bits(...set: readonly boolean[]): number {
  return set.reduce((byte, bit, i) => (bit ? byte | (0x80 >> i) : byte), 0)
}

/** Bits 4 to 1 of a byte, bit 4 first. */
export function lowBits(...set: readonly boolean[]): number {
  return bits(...set) >> 4
}

/** What four bits can tell of a counter: 15 for more. */
export function nibble(counter: number): number {
  return Math.min(counter, 15)
}

/** Families with one bit for it tell this transaction's once it is known, and the last one's before. */
export function issuerAuthenticationFailed(facts: CardVerification): boolean {
  const { issuerAuthentication, lastIssuerAuthenticationFailed } = facts
  return issuerAuthentication === 'none' ? lastIssuerAuthenticationFailed : issuerAuthentication === 'failed'
}
