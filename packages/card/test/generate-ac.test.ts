/** GENERATE AC: what it refuses, and what may follow it. [EMV-B3] 6.5.5, 9 */
import { toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  application,
  authenticate,
  CDOL1,
  generate,
  issuerData,
  listData,
  send,
  states,
  type TestApplication,
  wrong,
} from './support/application.js'

describe('the first GENERATE AC refuses', () => {
  const data = listData(CDOL1)
  it.each<[string, number, number, Uint8Array, TestApplication, string]>([
    ['P1 C0', 0xc0, 0, data, {}, '6A86'],
    ['P1 20', 0x20, 0, data, {}, '6A86'],
    ['P1 81', 0x81, 0, data, {}, '6A86'],
    ['P1 D0', 0xd0, 0, data, {}, '6A86'],
    ['P2 01', 0x80, 1, data, {}, '6A86'],
    ['CDA that the AIP does not promise', 0x90, 0, data, { objects: { 'rsa/icc': '00' } }, '6A86'],
    ['CDA without a key', 0x90, 0, data, { config: { aip: '7D00' } }, '6A86'],
    ['before GET PROCESSING OPTIONS', 0x80, 0, data, { transaction: { started: false } }, '6985'],
    ['a byte too few', 0x80, 0, data.subarray(1), {}, '6700'],
    ['a byte too many', 0x80, 0, Uint8Array.of(...data, 0), {}, '6700'],
    ['no data', 0x80, 0, new Uint8Array(0), {}, '6700'],
  ])('%s', (_, p1, p2, bytes, card, status) => {
    const context = application(card)
    const before = states(context)
    expect(send(context, p1, bytes, p2)).toMatchObject({ status, data: '' })
    expect(context.transaction.generateAcs).toBe(0)
    expect(states(context)).toEqual(before)
  })

  it('a card without data in the command counts as no data', () => {
    const context = application({ scheme: 'pboc-cvn17', config: { cdol1: '' } })
    // An empty CDOL1 fits, and then the cryptogram has nothing to cover.
    expect(() => send(context, 0x80, new Uint8Array(0))).toThrow(expect.objectContaining({ code: 'ERR_CARD' }))
  })
})

describe('what follows the first GENERATE AC', () => {
  it.each(['TC', 'AAC'] as const)('nothing follows a %s', (kind) => {
    const context = application()
    expect(generate(context, kind).kind).toBe(kind)
    expect(generate(context, 'TC').status).toBe('6985')
    expect(generate(context, 'AAC').status).toBe('6985')
    expect(authenticate(context, issuerData(context, '3030'))).toBe('6985')
  })
  it('a second one that asks for an ARQC is refused, and may then ask for another', () => {
    const context = application()
    generate(context, 'ARQC')
    expect(generate(context, 'ARQC').status).toBe('6985')
    expect(generate(context, 'TC')).toMatchObject({ status: '9000', kind: 'TC' })
  })
  it('a second one with data of another length is refused', () => {
    const context = application()
    generate(context, 'ARQC')
    expect(send(context, 0x40, listData(CDOL1)).status).toBe('6700')
    expect(context.transaction.generateAcs).toBe(1)
  })
  it.each(['TC', 'AAC'] as const)('a third one is refused after a %s', (kind) => {
    const context = application()
    generate(context, 'ARQC')
    expect(generate(context, kind).kind).toBe(kind)
    expect(generate(context, 'TC').status).toBe('6985')
    expect(authenticate(context, issuerData(context, '3030'))).toBe('6985')
  })
  it('keeps cryptogram, kind and data of the first for what comes', () => {
    const context = application()
    const { cryptogram } = generate(context, 'ARQC')
    expect(toHex(context.transaction.cryptogram)).toBe(cryptogram)
    expect(toHex(context.transaction.cdol1Data)).toBe(toHex(listData(CDOL1)))
    expect(generate(context, 'TC').cryptogram).not.toBe(cryptogram)
    expect(toHex(context.transaction.cryptogram)).toBe(cryptogram)
  })
  it('both cryptograms are in the CVR of the second', () => {
    const context = application()
    expect(generate(context, 'ARQC').cvr).toBe('A00000')
    // Issuer authentication is promised, and was not done.
    expect(generate(context, 'TC').cvr).toBe('600400')
  })
})

describe('any order of commands', () => {
  const KINDS = ['AAC', 'ARQC', 'TC'] as const
  const step = fc.oneof(
    fc.constantFrom(...KINDS),
    fc.constantFrom('right', 'wrong', 'short'),
    fc.constantFrom('block', 'unblock'),
  )
  it('gives two cryptograms at most, none better than asked, and nothing after the end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), fc.constantFrom('3030', '5933'), (steps, arc) => {
        const context = application()
        const given: { asked: string; kind: string | undefined }[] = []
        for (const said of steps) {
          if (said === 'block' || said === 'unblock') context.memory.setState('blocked', said === 'block' ? 1 : 0)
          else if (said === 'right' || said === 'wrong' || said === 'short') {
            const data = context.transaction.generateAcs === 0 ? '00'.repeat(10) : issuerData(context, '3030')
            const sent = { right: data, wrong: wrong(data), short: data.slice(2) }[said]
            const earlier = context.transaction.issuerAuthentication
            const status = authenticate(context, sent)
            // Only the first one can be right, and only on a right ARPC.
            expect(status === '9000').toBe(
              said === 'right' && earlier === 'none' && context.transaction.issuerAuthentication === 'succeeded',
            )
          } else {
            const { status, kind } = generate(context, said, { '8A': arc })
            if (status === '9000') given.push({ asked: said, kind })
            else expect(status).toBe('6985')
          }
        }
        expect(given.length).toBe(context.transaction.generateAcs)
        expect(given.length).toBeLessThanOrEqual(2)
        for (const { asked, kind } of given) {
          expect(KINDS.indexOf(kind as 'TC')).toBeLessThanOrEqual(KINDS.indexOf(asked as 'TC'))
        }
        if (given.length === 2) {
          expect(given[0]?.kind).toBe('ARQC')
          expect(given[1]?.kind).not.toBe('ARQC')
        }
      }),
      { numRuns: 60 },
    )
  })
})
