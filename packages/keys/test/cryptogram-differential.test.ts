/** Every scheme against the second issuer of support/issuer-reference.ts, from random keys, cards and transactions. */
import { concat, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ArpcDecision,
  answerApplicationCryptogram,
  createKey,
  generateApplicationCryptogram,
  SCHEMES,
  scheme,
} from '../src/index.js'
import { REFERENCE, type ReferenceScheme, referenceIssuer } from './support/issuer-reference.js'
import { bytesOf, bytesUpTo, cards, type Encipher, forgeDes, opensslDes } from './support/oracles.js'
import { field55, SCHEME_NAMES, transactions } from './support/transactions.js'

const ORDER = ['9F02', '9F03', '9F1A', '95', '5F2A', '9A', '9C', '9F37', '82', '9F36']
const none = new Uint8Array(0)

function dataOf({ tail }: ReferenceScheme, tags: ReadonlyMap<string, Uint8Array>, isMastercard: boolean): Uint8Array {
  const value = (tag: string): Uint8Array => tags.get(tag) ?? none
  const iad = value('9F10')
  const cvr = isMastercard ? iad.subarray(2, 8) : iad.subarray(3, 7)
  if (tail === 'tap') return concat(value('9F02'), value('9F37'), value('9F36'), iad.subarray(4, 5))
  const last = { CVR: cvr, 'CVR+COUNTERS': concat(cvr, iad.subarray(10, 18)), IAD: iad }[tail]
  return concat(...ORDER.map(value), last)
}

const withoutParity = (bytes: Uint8Array): string => toHex(bytes.map((byte) => byte & 0xfe))
const keys = bytesOf(16).filter((key) => withoutParity(key.subarray(0, 8)) !== withoutParity(key.subarray(8)))

it('has a second opinion on every scheme', () => {
  expect(Object.keys(REFERENCE)).toEqual(Object.keys(SCHEMES))
})

describe.each([
  ['OpenSSL', opensslDes, 170],
  ['node-forge', forgeDes, 30],
] as readonly (readonly [string, Encipher, number])[])('%s', (_, des, numRuns) => {
  const issuer = referenceIssuer(des)

  it.each(SCHEME_NAMES)('agrees on cryptogram and ARPC of %s', (name) => {
    const rule = REFERENCE[name] as ReferenceScheme
    const { algorithm, family } = scheme(name)
    const decisions: fc.Arbitrary<ArpcDecision> =
      rule.arpcMethod === 1
        ? fc.record({ arc: bytesOf(2) })
        : fc.record({ csu: bytesOf(4), proprietaryAuthenticationData: bytesUpTo(8) })
    const property = fc.property(keys, cards, transactions(name), decisions, (bytes, card, tags, decision) => {
      const imk = createKey(algorithm, 'issuer', 'AC', bytes)
      const icc = issuer.iccKey(rule, bytes, card.pan, card.panSequence)
      const key = issuer.sessionKey(rule, icc, tags.get('9F36') ?? none, tags.get('9F37') ?? none)
      const expected = issuer.mac(rule, key, dataOf(rule, tags, family === 'mastercard'))
      const made = generateApplicationCryptogram({ scheme: name, imk, card, tags })
      expect(toHex(made.cryptogram)).toBe(toHex(expected))

      const request = field55(new Map([['9F26', expected], ...tags]))
      const { verdict, answer } = answerApplicationCryptogram({ imk, card, field55: request, scheme: name }, decision)
      expect(verdict.code).toBe('V')
      const arpcKey = rule.arpcKey === 'icc' ? icc : key
      const arpc =
        'arc' in decision
          ? issuer.arpc1(rule, arpcKey, expected, decision.arc)
          : issuer.arpc2(arpcKey, expected, decision.csu, decision.proprietaryAuthenticationData ?? none)
      expect(toHex(answer?.arpc ?? none)).toBe(toHex(arpc))
    })
    fc.assert(property, { numRuns })
  })
})
