/**
 * The full chain of offline data authentication: issuer certificate (CA key of 1984 bits), ICC certificate and dynamic
 * signature (1408 bits each), through the public function, on one core.
 *
 * It is held against OpenSSL's own time for the three public operations alone: the CA's key object is kept, those of
 * issuer and card are new each time, as they are at a terminal. Cards follow one another; no cache of ours is so large
 * that a card's keys are still in it when its turn comes again.
 */
import { constants, createPublicKey, type KeyObject, publicEncrypt } from 'node:crypto'
import { authenticate } from '../packages/oda/src/index.js'
import { type BenchResult, type Contestant, type MeasureOptions, measure } from './measure.js'
import { type BenchCard, makeCards } from './oda-cards.js'

/** More than any cache of key objects holds, two keys a card. */
const CARDS = 160
const UNIT = 'chains/s'

/** Runs the benchmark. */
export function odaBench(options: MeasureOptions): BenchResult[] {
  return measure(([3, 65537] as const).flatMap(contestants), options)
}

function contestants(exponent: 3 | 65537): Contestant[] {
  const cards = makeCards(CARDS, exponent)
  const card = (i: number): BenchCard => cards[i % CARDS] as BenchCard
  const e = Buffer.from(exponent === 3 ? '03' : '010001', 'hex').toString('base64url')
  const importKey = (modulus: Uint8Array): KeyObject =>
    createPublicKey({ format: 'jwk', key: { kty: 'RSA', n: Buffer.from(modulus).toString('base64url'), e } })
  const operate = (key: KeyObject, block: Uint8Array): void => {
    const recovered = publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, block)
    if (recovered[0] !== 0x6a) throw new Error('OpenSSL recovers another block')
  }
  const kept = new Map<Uint8Array, KeyObject>()
  const keep = (modulus: Uint8Array): KeyObject => {
    const key = kept.get(modulus) ?? importKey(modulus)
    kept.set(modulus, key)
    return key
  }
  const chain = `chain, e = ${exponent}`
  const fresh = `OpenSSL, new keys, e = ${exponent}`
  return [
    {
      name: chain,
      unit: UNIT,
      against: fresh,
      work: (i) => {
        if (!authenticate(card(i).input).ok) throw new Error('a good chain is refused')
      },
    },
    {
      name: fresh,
      unit: UNIT,
      work: (i) => {
        for (const [at, { modulus, block }] of card(i).operations.entries()) {
          operate(at === 0 ? keep(modulus) : importKey(modulus), block)
        }
      },
    },
    {
      name: `OpenSSL, kept keys, e = ${exponent}`,
      unit: UNIT,
      work: (i) => {
        for (const { modulus, block } of card(i).operations) operate(keep(modulus), block)
      },
    },
  ]
}
