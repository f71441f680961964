/** Issuer and card, each from its own side of the standard, over every scheme. */
import { concat, parseTlv } from '@issuerkit/apdu'
import { SCHEMES, type SchemeName } from '@issuerkit/keys'
import type { ScriptCommand } from '@issuerkit/scripts'
import { describe, expect, it } from 'vitest'
import type { IssuerLink } from '../src/online.js'
import { issuerAndCard, lastVerdict, statuses } from './issuer-and-card-suite.js'
import { openRoom } from './issuer-card-support.js'

const NAMES = Object.keys(SCHEMES) as SchemeName[]

describe.each(NAMES)('%s', (name) => issuerAndCard(name, (options) => openRoom(name, options)))

describe('beside the schemes', () => {
  it('a request that does not say the kind of its cryptogram is no later replay', async () => {
    const room = openRoom('interac-cvn133')
    const silent: IssuerLink = ({ field55, ...rest }) => {
      const objects = parseTlv(field55).filter(({ tag }) => tag !== '9F27')
      return room.issuer.authorize({ ...rest, field55: concat(...objects.map(({ bytes }) => bytes)) })
    }
    expect((await room.run({ issuer: silent })).decision).toBe('approved')
    expect(lastVerdict(room)).toMatchObject({ code: 'V', type: undefined, atc: 1 })
    expect((await room.run()).decision).toBe('approved')
  })
  it('a card status update may decline what the ARC approves', async () => {
    const room = openRoom('visa-cvn18', { issuer: { decide: () => ({ arc: '00', csu: new Uint8Array(4) }) } })
    expect(await room.run()).toMatchObject({ decision: 'declined', second: { requested: 'TC', type: 'AAC' } })
  })
  it.each(['mastercard-cvn20', 'visa-cvn22'] as const)(
    '%s: commands that are chained, through 71 and 72',
    async (name) => {
      const room = openRoom(name, {
        card: { switches: { chainedScripts: true } },
        issuer: { scripts: { chaining: 'arqc-counts' } },
      })
      const limit = (value: number): ScriptCommand => ({ type: 'put-data', tag: '9F58', value: Uint8Array.of(value) })
      room.issuer.queue([limit(1)], { template: '71' })
      room.issuer.queue([limit(2), limit(3)])
      room.issuer.queue([limit(4)])
      expect(statuses(await room.run())).toEqual([['9000'], ['9000', '9000'], ['9000']])
      expect(await room.ask('80CA9F5800')).toBe('9F5801049000')
    },
  )

  it.each(['T=0', 'T=1'])('a blocked application that answers 6A81 is unblocked, over %s', async (protocol) => {
    const room = openRoom('pboc', { card: { protocol, switches: { selectBlocked: '6A81' } } })
    room.issuer.queue([{ type: 'application-block' }])
    expect(statuses(await room.run())).toEqual([['9000']])
    expect(await room.run()).toMatchObject({ end: { reason: 'card-status', status: '6A81' } })
    room.issuer.queue([{ type: 'application-unblock' }])
    expect(await room.run({ specialDevice: true })).toMatchObject({
      first: { type: 'AAC' },
      scripts: [{ outcome: 'successful' }],
    })
    expect((await room.run()).decision).toBe('approved')
  })
})
