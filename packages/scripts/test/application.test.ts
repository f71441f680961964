import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { applicationBlock, applicationUnblock, cardBlock, pinUnblock } from '../src/index.js'
import { sessionWith } from './support/session.js'

// The MAC session key of the published PBOC transaction, as OpenSSL derives it (reference.ts), ATC 0240.
describe.each([
  ['application-block', applicationBlock, '841E0000'],
  ['application-unblock', applicationUnblock, '84180000'],
  ['card-block', cardBlock, '84160000'],
  ['pin-unblock', pinUnblock, '84240000'],
] as const)('%s', (type, build, header) => {
  const command = build(sessionWith())

  it('names every value on the way', () => {
    expect(command.type).toBe(type)
    expect(toHex(command.header)).toBe(`${header}04`)
    expect(command.data).toEqual(new Uint8Array(0))
    expect(toHex(command.macInput)).toBe(`${header}0402405D016C91005E7CC2`)
    expect(toHex(command.macInputPadded)).toBe(`${header}0402405D016C91005E7CC280`)
    expect(toHex(command.apdu)).toBe(`${header}04${toHex(command.mac)}`)
  })

  it('counts a longer MAC in Lc, which changes the MAC', () => {
    const longer = build(sessionWith({ macLength: 8 }))
    expect(toHex(longer.header)).toBe(`${header}08`)
    expect(longer.mac).toHaveLength(8)
    expect(longer.mac.subarray(0, 4)).not.toEqual(command.mac)
  })

  it('depends on the transaction', () => {
    expect(build(sessionWith({ atc: fromHex('0241') })).mac).not.toEqual(command.mac)
    expect(build(sessionWith({ arqc: fromHex('5D016C91005E7CC3') })).mac).not.toEqual(command.mac)
  })
})
