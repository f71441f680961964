/** Issuer authentication: EXTERNAL AUTHENTICATE, and tag 91 with the second GENERATE AC. [EMV-B3] 10.9 */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import type { ApplicationContext } from '../src/debit-credit-model.js'
import { externalAuthenticate } from '../src/external-authenticate.js'
import {
  application,
  authenticate,
  CDOL1,
  generate,
  issuerData,
  type TestApplication,
  withAda,
  wrong,
} from './support/application.js'

describe('EXTERNAL AUTHENTICATE', () => {
  const started = (card: TestApplication = {}): ApplicationContext => {
    const context = application(card)
    generate(context, 'ARQC')
    return context
  }
  it('9000 for the right ARPC', () => {
    const context = started({ state: { issuerAuthenticationFailed: 1 } })
    expect(authenticate(context, issuerData(context, '3030'))).toBe('9000')
    expect(context.transaction.issuerAuthentication).toBe('succeeded')
    expect(context.memory.state('issuerAuthenticationFailed')).toBe(0)
    expect(generate(context, 'TC')).toMatchObject({ kind: 'TC', cvr: '600800' })
  })
  it('6300 for a wrong one', () => {
    const context = started()
    expect(authenticate(context, wrong(issuerData(context, '3030')))).toBe('6300')
    expect(context.transaction.issuerAuthentication).toBe('failed')
    expect(context.memory.state('issuerAuthenticationFailed')).toBe(1)
    expect(generate(context, 'TC')).toMatchObject({ kind: 'TC', cvr: '680000' })
  })
  it.each(['3030', ''])('a second one is refused and counts as failed (the first answered with %s)', (arc) => {
    const context = started()
    const data = issuerData(context, '3030')
    expect(authenticate(context, arc === '' ? wrong(data) : data)).toBe(arc === '' ? '6300' : '9000')
    expect(authenticate(context, data)).toBe('6985')
    expect(context.transaction.issuerAuthentication).toBe('failed')
    expect(context.memory.state('issuerAuthenticationFailed')).toBe(1)
    expect(generate(context, 'TC').cvr).toBe('680000')
  })
  it('a second one takes the card status update back', () => {
    const context = started({ scheme: 'visa-cvn18' })
    const data = issuerData(context, '00C00000')
    expect(authenticate(context, data)).toBe('9000')
    expect(authenticate(context, data)).toBe('6985')
    generate(context, 'TC')
    expect(context.transaction.csu).toBeUndefined()
  })
  it.each<[string, number, number, string | undefined, string]>([
    ['P1', 1, 0, '00'.repeat(10), '6A86'],
    ['P2', 0, 1, '00'.repeat(10), '6A86'],
    ['no data', 0, 0, undefined, '6700'],
    ['9 bytes', 0, 0, '00'.repeat(9), '6700'],
    ['11 bytes', 0, 0, '00'.repeat(11), '6700'],
  ])('refuses %s, which is no attempt', (_, p1, p2, data, status) => {
    const context = started()
    const command = { cla: 0, ins: 0x82, p1, p2, ...(data === undefined ? {} : { data: fromHex(data) }) }
    expect(externalAuthenticate(context, command).status).toBe(status)
    expect(context.transaction.issuerAuthentication).toBe('none')
    expect(authenticate(context, issuerData(context, '3030'))).toBe('9000')
  })
  it.each([7, 17])('refuses %i bytes of method 2', (length) => {
    expect(authenticate(started({ scheme: 'visa-cvn18' }), '00'.repeat(length))).toBe('6700')
  })
  it('needs an ARQC', () => {
    expect(authenticate(application(), '00'.repeat(10))).toBe('6985')
  })
  it('needs the bit of the AIP', () => {
    const context = started({ config: { aip: '7800' } })
    expect(authenticate(context, issuerData(context, '3030'))).toBe('6985')
    expect(context.transaction.issuerAuthentication).toBe('none')
  })
  it('goes after the AAC of a blocked application [PBOC-SCRIPT] 11', () => {
    const context = application({ state: { blocked: 1 } })
    expect(generate(context, 'TC').kind).toBe('AAC')
    expect(authenticate(context, issuerData(context, '3030'))).toBe('9000')
  })
})

describe('issuer authentication with the second GENERATE AC', () => {
  const inline = (
    scheme: 'mastercard-cvn20' | 'emv-ccd' | 'interac-cvn133',
    entry: string,
    more: TestApplication = {},
  ) => {
    const context = application({ ...more, scheme, config: { cdol2: `${entry}8A02${CDOL1}`, aip: '7800' } })
    generate(context, 'ARQC')
    return context
  }
  it('succeeds', () => {
    const context = inline('mastercard-cvn20', '910A')
    expect(generate(context, 'TC', { '91': issuerData(context, '3030') }).kind).toBe('TC')
    expect(context.transaction.issuerAuthentication).toBe('succeeded')
  })
  it('fails', () => {
    const context = inline('mastercard-cvn20', '910A', withAda('4000'))
    const answer = generate(context, 'TC', { '91': wrong(issuerData(context, '3030')) })
    // CVR byte 2 bit 5 performed, byte 5 bit 3 failed.
    expect(answer).toMatchObject({ kind: 'AAC', iad: expect.stringMatching(/^0114201000200400/) })
    expect(context.memory.state('issuerAuthenticationFailed')).toBe(1)
  })
  it('was not performed where the terminal filled in zeros', () => {
    const context = inline('mastercard-cvn20', '910A')
    expect(generate(context, 'TC').kind).toBe('TC')
    expect(context.transaction.issuerAuthentication).toBe('none')
    expect(context.memory.state('issuerAuthenticationFailed')).toBe(0)
  })
  it('is left out when the terminal was unable to go online', () => {
    const context = inline('mastercard-cvn20', '910A')
    generate(context, 'TC', { '91': issuerData(context, '3030'), '8A': '5933' })
    expect(context.transaction.issuerAuthentication).toBe('none')
  })
  it('is left out after EXTERNAL AUTHENTICATE', () => {
    const context = application({ config: { cdol2: `910A8A02${CDOL1}` } })
    generate(context, 'ARQC')
    expect(authenticate(context, issuerData(context, '3030'))).toBe('9000')
    generate(context, 'TC', { '91': wrong(issuerData(context, '3030')) })
    expect(context.transaction.issuerAuthentication).toBe('succeeded')
  })
  it('fails for a CDOL2 with too little room', () => {
    const context = inline('mastercard-cvn20', '9108')
    generate(context, 'TC', { '91': issuerData(context, '3030') })
    expect(context.transaction.issuerAuthentication).toBe('failed')
  })
  it('fails for a CDOL2 with hardly any room, method 2', () => {
    const context = inline('emv-ccd', '9104')
    generate(context, 'TC', { '91': issuerData(context, '00820000') })
    expect(context.transaction.issuerAuthentication).toBe('failed')
  })
  it.each([
    ['8 bytes', '9108', '00820000', ''],
    ['16 bytes, filled with zeros', '9110', '00820000', ''],
    ['16 bytes, proprietary data', '9110', '80820000', '0102030405060708'],
    ['16 bytes, proprietary data of zeros', '9110', '80820000', '0000000000000000'],
    ['16 bytes, proprietary data without the bit', '9110', '00820000', '0102030405060708'],
  ])('method 2 in %s', (_, entry, csu, proprietary) => {
    const context = inline('emv-ccd', entry)
    expect(generate(context, 'TC', { '91': issuerData(context, csu, proprietary) }).kind).toBe('TC')
    expect(context.transaction.issuerAuthentication).toBe('succeeded')
    expect(toHex(context.transaction.csu ?? new Uint8Array(0))).toBe(csu)
  })
})
