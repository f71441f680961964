/**
 * A good chain of DDA and of CDA with one byte changed: it is refused, or the change is in what no signature covers.
 *
 * The inputs of ICC certificate and signatures are set to each of the 255 other values at every byte; those of the issuer
 * certificate are in one-byte-changes, on a real card. The whole chain is tried with each bit of every byte and all of them.
 */
import { toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  authenticate,
  type CombinedDataInput,
  type DynamicDataInput,
  type OdaInput,
  verifyCombinedData,
  verifyDynamicData,
  verifyIccCertificate,
} from '../src/index.js'
import { issuedCard } from './issued-card.js'

const TIMEOUT = 60_000
const EVERY_VALUE = (byte: number): number[] => [...Array(256).keys()].filter((value) => value !== byte)
const EVERY_BIT = (byte: number): number[] => [1, 2, 4, 8, 16, 32, 64, 128, 255].map((bits) => byte ^ bits)

/** No offset: every change is refused. */
const NONE: readonly number[] = []

/** The offsets at which some other value is accepted. */
function accepted(
  bytes: Uint8Array,
  values: (byte: number) => number[],
  accepts: (changed: Uint8Array) => boolean,
): number[] {
  const changed = bytes.slice()
  return [...bytes.entries()].flatMap(([i, byte]) => {
    const found = values(byte).some((value) => {
      changed[i] = value
      return accepts(changed)
    })
    changed[i] = byte
    return found ? [i] : []
  })
}

const dda = issuedCard('dda')
const cda = issuedCard('cda')
const { recovered } = authenticate(dda)

function keyOf(owner: 'issuer' | 'icc'): { modulus: Uint8Array; exponent: Uint8Array } {
  const { [`${owner}Modulus` as const]: modulus, [`${owner}Exponent` as const]: exponent } = recovered
  if (modulus === undefined || exponent === undefined) throw new Error(`the ${owner} key of the card is not recovered`)
  return { modulus, exponent }
}

const bytesOf = (value: Uint8Array | undefined): Uint8Array => value ?? new Uint8Array(0)
const tag = (name: string): Uint8Array => bytesOf(dda.tags.get(name))

describe('every value of every byte that the ICC certificate is judged by', () => {
  const good = {
    signer: keyOf('issuer'),
    certificate: tag('9F46'),
    remainder: tag('9F48'),
    exponent: tag('9F47'),
    pan: toHex(tag('5A')),
    transactionDate: '20261121',
    staticData: { ok: true, bytes: bytesOf(dda.staticData) } as const,
  }
  const accepts = (change: Partial<typeof good>): boolean => verifyIccCertificate({ ...good, ...change }).ok

  it('is good before', () => expect(accepts({})).toBe(true))

  it.each(['certificate', 'remainder', 'exponent'] as const)(
    '%s: all are refused',
    (name) => {
      expect(accepted(good[name], EVERY_VALUE, (changed) => accepts({ [name]: changed }))).toEqual(NONE)
    },
    TIMEOUT,
  )

  it('static data: all are refused', () => {
    const judge = (bytes: Uint8Array): boolean => accepts({ staticData: { ok: true, bytes } })
    expect(accepted(good.staticData.bytes, EVERY_VALUE, judge)).toEqual(NONE)
  }, 60_000)

  it('PAN: every digit is bound', () => {
    const judge = (changed: Uint8Array): boolean => accepts({ pan: changed.join('') })
    const others = (digit: number): number[] => [...Array(10).keys()].filter((value) => value !== digit)
    expect(accepted(Uint8Array.from(good.pan, Number), others, judge)).toEqual(NONE)
  })
})

describe('every value of every byte that a signature is judged by', () => {
  const { terminalData, signedDynamicApplicationData } = dda.dynamic ?? {}
  const dynamic: DynamicDataInput = {
    iccKey: keyOf('icc'),
    signature: bytesOf(signedDynamicApplicationData),
    terminalData: bytesOf(terminalData),
    format: 'emv',
  }
  const { unpredictableNumber, pdolData, cdol1Data, cdol2Data, response } = cda.dynamic ?? {}
  const combined = {
    iccKey: keyOf('icc'),
    unpredictableNumber: bytesOf(unpredictableNumber),
    pdolData: bytesOf(pdolData),
    cdol1Data: bytesOf(cdol1Data),
    cdol2Data: bytesOf(cdol2Data),
    response: bytesOf(response),
  } satisfies CombinedDataInput

  it('is good before', () => {
    expect([verifyDynamicData(dynamic).ok, verifyCombinedData(combined).ok]).toEqual([true, true])
  })

  it.each(['signature', 'terminalData'] as const)(
    'DDA, %s: all are refused',
    (name) => {
      const judge = (changed: Uint8Array): boolean => verifyDynamicData({ ...dynamic, [name]: changed }).ok
      expect(accepted(dynamic[name], EVERY_VALUE, judge)).toEqual(NONE)
    },
    TIMEOUT,
  )

  it.each(['unpredictableNumber', 'pdolData', 'cdol1Data', 'cdol2Data', 'response'] as const)(
    'CDA, %s: all are refused',
    (name) => {
      const judge = (changed: Uint8Array): boolean => verifyCombinedData({ ...combined, [name]: changed }).ok
      expect(accepted(combined[name], EVERY_VALUE, judge)).toEqual(NONE)
    },
    TIMEOUT,
  )
})

describe.each([dda, cda])('every bit of every byte of a chain of $method', (good) => {
  const holds = (change: Partial<OdaInput>): boolean => authenticate({ ...good, ...change }).ok

  it('is good before', () => expect(holds({})).toBe(true))

  it.each([...good.tags].map(([name, value]) => ({ name, value })))(
    'tag $name',
    ({ name, value }) => {
      const judge = (changed: Uint8Array): boolean => holds({ tags: new Map(good.tags).set(name, changed) })
      // 9F49 is 9F37049F0206, and nothing signs it: DDA asks it for a tag 9F37 alone, CDA for nothing.
      const free = { dda: [2, 3, 4, 5], cda: [0, 1, 2, 3, 4, 5] }[good.method as 'dda' | 'cda']
      expect(accepted(value, EVERY_BIT, judge)).toEqual(name === '9F49' ? free : NONE)
    },
    TIMEOUT,
  )

  it('the exchange', () => {
    for (const [name, value] of Object.entries(good.dynamic ?? {}) as [string, Uint8Array][]) {
      const judge = (changed: Uint8Array): boolean => holds({ dynamic: { ...good.dynamic, [name]: changed } })
      expect([name, accepted(value, EVERY_BIT, judge)]).toEqual([name, NONE])
    }
  }, 60_000)
})
