/** Whatever a card sends, the answer is a verdict. */
import { type CardReading, IssuerkitError, type TranscriptEntry } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  authenticate,
  authenticateReading,
  authenticateTranscript,
  caKeyFromTlv,
  type OdaInput,
  type OdaMethod,
  type OdaVerdict,
  verdictText,
} from '../src/index.js'
import { DATE, inputWith, TAGS } from './card.js'
import { ICC, ISSUER, signDynamic } from './forge.js'
import { readingOf, storeOf } from './reading-of.js'

const METHODS: readonly OdaMethod[] = ['sda', 'dda', 'cda', 'fdda', 'icc-key', 'pin-key']
const method = fc.constantFrom(...METHODS)
const bytes = (maxLength = 300): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength })
/** Random bytes of the lengths at which the checks let them pass furthest. */
const block = fc.oneof(
  bytes(),
  fc.uint8Array({ minLength: ISSUER.n.length / 2, maxLength: ISSUER.n.length / 2 }),
  fc.uint8Array({ minLength: ICC.n.length / 2, maxLength: ICC.n.length / 2 }),
)
const tagName = fc.constantFrom(...Object.keys(TAGS))

function expectVerdict(verdict: OdaVerdict): void {
  expect([verdict.tvr.length, verdict.tsi.length, verdict.ok === (verdict.fault === undefined)]).toEqual([5, 2, true])
  expect(JSON.parse(JSON.stringify(verdictText(verdict)))).toMatchObject({ ok: verdict.ok })
}

describe('garbage', () => {
  it('in any tag is a verdict', () => {
    const signature = signDynamic('02ABCD', '11223344')
    const good = Uint8Array.from(Buffer.from(signature, 'hex'))
    fc.assert(
      fc.property(method, tagName, block, (name, tag, value) => {
        const input = inputWith(name, {}, { dynamic: { terminalData: good, signedDynamicApplicationData: good } })
        expectVerdict(authenticate({ ...input, tags: new Map(input.tags).set(tag, value) }))
      }),
      { numRuns: 300 },
    )
  })

  it('in static data and in the exchange is a verdict', () => {
    const dynamic = fc.record(
      {
        terminalData: bytes(),
        signedDynamicApplicationData: block,
        unpredictableNumber: bytes(8),
        pdolData: bytes(),
        cdol1Data: bytes(),
        cdol2Data: bytes(),
        response: fc.oneof(
          bytes(),
          block.map((value) => Uint8Array.of(0x77, 0x82, 1, 0, 0x9f, 0x27, 1, 0x80, ...value)),
        ),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(method, bytes(), dynamic, (name, staticData, exchange) => {
        const input: OdaInput = inputWith(name, {}, { dynamic: exchange })
        expectVerdict(authenticate(input))
        expectVerdict(authenticate({ ...input, staticData }))
      }),
      { numRuns: 300 },
    )
  })

  it('in records, AIP, AID and commands is a verdict', () => {
    const entry: fc.Arbitrary<TranscriptEntry> = fc.record({
      command: fc.oneof(
        bytes(40),
        bytes(40).map((data) => Uint8Array.of(0x80, 0xae, 0x90, 0, data.length, ...data)),
        bytes(40).map((data) => Uint8Array.of(0, 0x88, 0, 0, data.length, ...data)),
      ),
      response: bytes(200).map((data) => Uint8Array.of(...data, 0x90, 0)),
    })
    const damage = fc.record({
      at: fc.nat(20),
      data: bytes(),
      aip: fc.uint8Array({ minLength: 2, maxLength: 2 }),
      aid: bytes(16),
      fci: bytes(60),
      pdolData: bytes(60),
      others: fc.array(entry, { maxLength: 4 }),
    })
    fc.assert(
      fc.property(fc.option(method, { nil: undefined }), damage, (name, { at, data, ...more }) => {
        const good = readingOf()
        const records = good.records.map((record, i) => (i === at ? { ...record, data } : record))
        const reading: CardReading = { ...good, ...more, records, aid: at % 2 === 0 ? more.aid : (good.aid ?? data) }
        const chosen = name === undefined ? {} : { method: name }
        expectVerdict(authenticateReading(reading, { store: storeOf(), transactionDate: DATE, ...chosen }))
      }),
      { numRuns: 300 },
    )
  })

  it('in a transcript or a CA key is a coded error at most', () => {
    const coded = (run: () => unknown): void => {
      try {
        run()
      } catch (error) {
        expect(error).toBeInstanceOf(IssuerkitError)
      }
    }
    const start = Uint8Array.of(0x80, 0xa8, 0, 0, 0)
    fc.assert(
      fc.property(bytes(), bytes(), (answer, other) => {
        const entries = [{ command: start, response: Uint8Array.of(...answer, 0x90, 0) }]
        coded(() => authenticateTranscript(entries, { store: storeOf(), transactionDate: DATE }))
        coded(() => caKeyFromTlv(other))
      }),
      { numRuns: 300 },
    )
  })
})
