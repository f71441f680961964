import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  type ArpcDecision,
  answerApplicationCryptogram,
  type CryptogramVerdict,
  type DecideArpc,
  generateApplicationCryptogram,
  type SchemeName,
  type VerifyCryptogramInput,
} from '../src/index.js'
import { coded } from './support/errors.js'
import { CARD, IADS, issuerKey, transaction } from './support/transactions.js'

const ARC = { arc: fromHex('3030') }
const CSU = { csu: fromHex('00820000') }

function request(name: SchemeName, before: Record<string, string> = {}): Map<string, Uint8Array> {
  const tags = transaction(name, before)
  const { cryptogram } = generateApplicationCryptogram({ scheme: name, imk: issuerKey(name), card: CARD, tags })
  return new Map([...tags, ['9F26', cryptogram]])
}

const answer = (
  name: SchemeName,
  decide: DecideArpc,
  more: Partial<VerifyCryptogramInput> & { tags?: Map<string, Uint8Array> } = {},
): ReturnType<typeof answerApplicationCryptogram> =>
  answerApplicationCryptogram(
    { imk: issuerKey(name), card: CARD, tags: request(name), ...more } as VerifyCryptogramInput,
    decide,
  )

describe('an answer', () => {
  it('is tag 91 of the published chain', () => {
    const { verdict, answer: given } = answer('pboc', ARC)
    expect(verdict.code).toBe('V')
    expect(given?.method).toBe(1)
    expect(toHex(given?.arpc ?? new Uint8Array(0))).toBe('136117F2E8DAA272')
    expect(toHex(given?.issuerAuthenticationData ?? new Uint8Array(0))).toBe('136117F2E8DAA2723030')
    expect(toHex(given?.tag91 ?? new Uint8Array(0))).toBe('910A136117F2E8DAA2723030')
  })

  it('is by method 2 where the scheme says so', () => {
    const { answer: given } = answer('visa-cvn18', { ...CSU, proprietaryAuthenticationData: fromHex('AABB') })
    expect(given?.method).toBe(2)
    expect(given?.arpc).toHaveLength(4)
    expect(toHex(given?.tag91 ?? new Uint8Array(0))).toMatch(/^910A[0-9A-F]{8}00820000AABB$/)
  })

  it('follows from the verdict', () => {
    const seen: string[] = []
    const decide = (verdict: CryptogramVerdict): ArpcDecision | undefined => {
      seen.push(verdict.code)
      return verdict.ok ? ARC : { arc: fromHex('3035') }
    }
    const policy = { tvr: ['onlinePinEntered'] }
    expect(toHex(answer('pboc', decide).answer?.tag91 ?? new Uint8Array(0))).toMatch(/3030$/)
    expect(toHex(answer('pboc', decide, { policy }).answer?.tag91 ?? new Uint8Array(0))).toMatch(/3035$/)
    expect(seen).toEqual(['V', 'T'])
  })

  it.each([
    ['T', { policy: { tvr: ['onlinePinEntered'] } }],
    ['E', { atc: { seen: [{ atc: 0x64, type: 'ARQC' as const }] } }],
    ['A', { atc: { window: { highest: 1, ahead: 1, behind: 1 } } }],
  ])('is given to a valid ARQC that is %s: the issuer decides', (code, more) => {
    const { verdict, answer: given } = answer('pboc', ARC, more)
    expect(verdict.code).toBe(code)
    expect(given).toBeDefined()
  })
})

describe('no answer', () => {
  const never = (): ArpcDecision => {
    throw new Error('asked')
  }

  it.each([
    ['I', { tags: new Map([...request('pboc'), ['9F26', new Uint8Array(8)]]) }],
    ['K', { imk: undefined, keySets: [] }],
    ['F', { tags: new Map([...request('pboc'), ['9F26', new Uint8Array(7)]]) }],
    ['U', { tags: new Map() }],
    ['G', { tags: request('pboc', { '9F10': IADS.pboc.replace('03A0', '0360') }) }],
    // A TC that was expected is still none to answer.
    [
      'G',
      {
        tags: request('pboc', { '9F10': IADS.pboc.replace('03A0', '0360'), '9F27': '40' }),
        expectedType: 'TC' as const,
      },
    ],
  ])('is given to %s, and nobody is asked', (code, more) => {
    const input = more as Partial<VerifyCryptogramInput> & { tags?: Map<string, Uint8Array> }
    const { verdict, answer: given } = answer('pboc', never, input)
    expect(verdict.code).toBe(code)
    expect(given).toBeUndefined()
  })

  it('is given when the decision is none', () => {
    expect(answer('pboc', () => undefined)).toMatchObject({ verdict: { code: 'V' }, answer: undefined })
  })

  it.each([
    ['pboc', CSU, 'an ARC'],
    ['visa-cvn18', ARC, 'a CSU'],
  ] as const)('is given to %s by the method of another scheme', (name, decision, expected) => {
    expect(() => answer(name, decision)).toThrow(coded('ERR_OPTION', { label: 'decision', expected }))
  })

  it('is given over an ARC, CSU or proprietary data of another length', () => {
    expect(() => answer('pboc', { arc: fromHex('30') })).toThrow(coded('ERR_ARC'))
    expect(() => answer('visa-cvn18', { csu: fromHex('00') })).toThrow(coded('ERR_LENGTH'))
    const proprietaryAuthenticationData = new Uint8Array(9)
    expect(() => answer('emv-ccd', { ...CSU, proprietaryAuthenticationData })).toThrow(coded('ERR_LENGTH'))
  })
})
