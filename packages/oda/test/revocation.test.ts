import { fromHex, type IssuerkitError } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { authenticate, createRevocationList, isRevoked } from '../src/index.js'
import { inputWith } from './card.js'

const ENTRY = fromHex('A000000333030000A1')

describe('the revocation list', () => {
  it('fails the card whose issuer certificate it names', () => {
    const verdict = authenticate(inputWith('sda', {}, { revoked: createRevocationList([ENTRY]) }))
    expect(verdict).toMatchObject({ stage: 'issuer-certificate', fault: { reason: 'ISSUER_CERT_REVOKED' } })
    expect(verdict.recovered.issuerCertificateSerial).toEqual(fromHex('0000A1'))
  })

  it.each([...Array(9).keys()])('names another certificate when byte %i differs', (i) => {
    const other = ENTRY.slice()
    other[i] = (other[i] as number) ^ 0x10
    expect(authenticate(inputWith('sda', {}, { revoked: createRevocationList([other]) })).ok).toBe(true)
  })

  it('is asked by RID, index and serial number', () => {
    const list = createRevocationList([ENTRY, fromHex('A00000000392ABCDEF'), ENTRY])
    expect(list.size).toBe(2)
    expect(isRevoked(list, { rid: fromHex('A000000003'), index: 0x92 }, fromHex('ABCDEF'))).toBe(true)
    expect(isRevoked(list, { rid: fromHex('A000000003'), index: 0x93 }, fromHex('ABCDEF'))).toBe(false)
  })

  it.each([8, 10, 0])('takes no entry of %i bytes', (length) => {
    expect(() => createRevocationList([ENTRY, new Uint8Array(length)])).toThrow(
      expect.objectContaining({ code: 'ERR_LENGTH', label: 'revocation list entry 2' }) as IssuerkitError,
    )
  })
})
