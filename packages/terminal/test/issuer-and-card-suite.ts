/** Issuer and card of one scheme, each from its own side of the standard: what has to hold over any wire between them. */
import { parseTlv, requireTlv, toHex } from '@issuerkit/apdu'
import { hasFlag, SCHEMES, type SchemeName } from '@issuerkit/keys'
import type { ScriptCommand } from '@issuerkit/scripts'
import { expect, it } from 'vitest'
import type { IssuerLink, OnlineResponse } from '../src/online.js'
import type { TransactionResult } from '../src/transaction-model.js'
import type { Room, RoomOptions } from './issuer-card-support.js'

/** What each cryptogram covers of DE55 beside tag 9F10. [EMV-B2] 8.1.1 table 26; a tap has time for less. */
const COVERED = ['9F26', '9F02', '9F03', '9F1A', '95', '5F2A', '9A', '9C', '9F37', '82', '9F36']
const COVERED_CONTACTLESS = ['9F26', '9F02', '9F37', '9F36']

/** Status words of the script commands, script by script. */
export const statuses = ({ scripts }: TransactionResult): string[][] =>
  scripts.map(({ commands }) => commands.map(({ status }) => status))

export const lastVerdict = ({ issuer }: Room) => issuer.authorizations().at(-1)?.verdict

/** A link that lets the answer through after a change. */
const changing =
  ({ issuer }: Room, change: (response: OnlineResponse) => OnlineResponse): IssuerLink =>
  async (request) =>
    change(await issuer.authorize(request))

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice()
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7))
  return copy
}

const PIN_CHANGE: ScriptCommand = { type: 'pin-change', newPin: '98765' }

/** The tests of a scheme. @param open lays out a room with a card of that scheme */
export function issuerAndCard(name: SchemeName, open: (options?: RoomOptions) => Room): void {
  it('ARQC verifies, the card takes the ARPC, the TC verifies, the next CVR holds nothing against it', async () => {
    const room = open()
    const result = await room.run()
    expect(result).toMatchObject({ decision: 'approved', first: { type: 'ARQC' }, second: { type: 'TC' } })
    expect(result.end).toBeUndefined()
    expect(lastVerdict(room)).toMatchObject({ code: 'V', scheme: name, atc: 1, type: 'ARQC' })
    expect(result.externalAuthenticate).toBe(/visa|pboc/.test(name) ? '9000' : undefined)
    expect(room.issuer.authorizations()[0]?.advices).toMatchObject([{ verdict: { code: 'V', type: 'TC', atc: 1 } }])
    await room.run()
    const { cvr } = lastVerdict(room) ?? {}
    for (const flag of [
      'lastIssuerAuthenticationFailed',
      'issuerAuthenticationFailed',
      'scriptFailed',
      'issuerAuthenticationNotPerformed',
    ]) {
      expect(cvr === undefined ? false : hasFlag(cvr, flag), flag).toBe(false)
    }
  })

  it('the issuer declines: the card gives an AAC, which verifies', async () => {
    const room = open({ issuer: { decide: () => ({ arc: '51' }) } })
    expect(await room.run()).toMatchObject({ decision: 'declined', second: { requested: 'AAC', type: 'AAC' } })
    expect(room.issuer.authorizations()[0]?.advices).toMatchObject([{ verdict: { code: 'V', type: 'AAC' } }])
  })

  it('PIN CHANGE: the old PIN is refused, the new one accepted', async () => {
    const room = open()
    room.issuer.queue([PIN_CHANGE])
    expect(statuses(await room.run())).toEqual([['9000']])
    const old = await room.run({ pins: ['1234'] })
    expect(old.steps.find(({ header }) => header === '00200080')?.status).toBe('63C2')
    const fresh = await room.run({ pins: ['98765'] })
    expect(fresh.steps.find(({ header }) => header === '00200080')?.status).toBe('9000')
    expect(toHex(fresh.cardholderVerification?.cvmResults ?? new Uint8Array())).toBe('410302')
  })

  it('PIN UNBLOCK: a PIN that was tried too often can be tried again', async () => {
    const room = open()
    for (const status of ['63C2', '63C1', '63C0']) expect(await room.ask('0020008008240000FFFFFFFFFF')).toBe(status)
    room.issuer.queue([{ type: 'pin-unblock' }])
    const result = await room.run()
    expect(statuses(result)).toEqual([['9000']])
    expect(toHex(result.tvr).slice(4, 6)).toMatch(/^[2-9A-F]/)
    expect(await room.ask('80CA9F1700')).toBe('9F1701039000')
    expect(await room.ask('0020008008241234FFFFFFFFFF')).toBe('9000')
  })

  it('PUT DATA and UPDATE RECORD can be read back', async () => {
    const room = open()
    const record = Uint8Array.of(0x70, 8, 0x9f, 0x14, 1, 6, 0x9f, 0x23, 1, 9)
    room.issuer.queue([
      { type: 'put-data', tag: '9F58', value: Uint8Array.of(7) },
      { type: 'update-record', sfi: 4, record: 1, value: record },
    ])
    expect(statuses(await room.run())).toEqual([['9000', '9000']])
    expect(await room.ask('80CA9F5800')).toBe('9F5801079000')
    expect(await room.ask('00B2012400')).toBe('70089F1401069F2301099000')
  })

  it('APPLICATION BLOCK: AAC, scripts for a special device alone, APPLICATION UNBLOCK', async () => {
    const room = open()
    room.issuer.queue([{ type: 'application-block' }])
    expect(await room.run()).toMatchObject({ decision: 'approved', scripts: [{ outcome: 'successful' }] })
    const refused = await room.run()
    expect(refused).toMatchObject({ decision: 'terminated', end: { reason: 'application-blocked', status: '6283' } })
    room.issuer.queue([{ type: 'application-unblock' }])
    const special = await room.run({ specialDevice: true })
    expect(special).toMatchObject({
      decision: 'declined',
      first: { type: 'AAC' },
      scripts: [{ outcome: 'successful' }],
    })
    expect(special.second).toBeUndefined()
    expect(lastVerdict(room)).toMatchObject({ code: 'V', type: 'AAC' })
    expect(await room.run()).toMatchObject({ decision: 'approved', second: { type: 'TC' } })
  })

  it('CARD BLOCK: 6A81 from then on, the directory included', async () => {
    const room = open()
    room.issuer.queue([{ type: 'card-block' }])
    expect(statuses(await room.run())).toEqual([['9000']])
    for (const options of [{}, { specialDevice: true }]) {
      expect(await room.run(options)).toMatchObject({ end: { reason: 'card-status', status: '6A81' } })
    }
    const directory = Uint8Array.from([0, 0xa4, 4, 0, 14, ...new TextEncoder().encode('1PAY.SYS.DDF01'), 0])
    expect(toHex(await room.first(directory))).toBe('6A81')
  })

  it('a script of 71 runs before the second GENERATE AC', async () => {
    const room = open()
    room.issuer.queue([{ type: 'put-data', tag: '9F58', value: Uint8Array.of(7) }], { template: '71' })
    const result = await room.run()
    expect(result.steps.map(({ header }) => header).slice(-2)).toEqual(['04DA9F58', '80AE4000'])
    expect(statuses(result)).toEqual([['9000']])
    expect(await room.ask('80CA9F5800')).toBe('9F5801079000')
  })

  it('a replayed script is refused with 6988, and the card says so in the next CVR', async () => {
    const room = open()
    room.issuer.queue([PIN_CHANGE])
    const first = await room.run()
    const { scripts } = first.response as OnlineResponse
    const replayed = await room.run({
      pins: ['98765'],
      issuer: changing(room, (response) => (scripts === undefined ? response : { ...response, scripts })),
    })
    expect(statuses(replayed)).toEqual([['6988']])
    expect(toHex(replayed.scriptResults.DF31)).toBe('1100000001')
    expect(toHex(replayed.tvr).slice(8)).toBe('10')
    await room.run({ pins: ['98765'] })
    const { cvr } = lastVerdict(room) ?? {}
    if (cvr !== undefined) expect(hasFlag(cvr, 'scriptFailed')).toBe(true)
  })

  it('one wrong bit in the request is refused, wherever the cryptogram covers it', async () => {
    const room = open()
    const { request } = await room.run()
    if (request === undefined) throw new Error('no request')
    const covered = name.endsWith('cvn17') && name.startsWith('pboc') ? COVERED_CONTACTLESS : COVERED
    for (const [i, tag] of covered.entries()) {
      const object = requireTlv(parseTlv(request.field55), tag)
      const at = object.offset + object.bytes.length - object.value.length
      const field55 = flipped(request.field55, 8 * at + (i % 8))
      const { arc, ...answered } = await room.issuer.authorize({ ...request, field55 })
      expect(toHex(arc), tag).toBe('3035')
      expect(answered, tag).toEqual({})
      expect(lastVerdict(room)?.code, tag).toMatch(/[IFU]/)
    }
    const other = { ...request, pan: '6200000000000013' }
    expect(await room.issuer.authorize(other)).toEqual({ arc: Uint8Array.of(0x30, 0x35) })
  })

  it('one wrong bit in the answer of the issuer: not authenticated, and no TC', async () => {
    // ADA byte 1 bit 7: decline when issuer authentication failed. [PBOC] 5
    const room = open({ application: { ada: '4000' } })
    const bits = [0, 13, 31, 8 * 7, 8 * 4 + 2]
    for (const bit of bits) {
      const result = await room.run({
        issuer: changing(room, ({ issuerAuthenticationData, ...rest }) => ({
          ...rest,
          issuerAuthenticationData: flipped(issuerAuthenticationData as Uint8Array, bit),
        })),
      })
      expect(result.externalAuthenticate ?? '6300', `bit ${bit}`).toBe('6300')
      expect(result.second?.type, `bit ${bit}`).toBe('AAC')
    }
  })

  it('one wrong bit in a script: nothing is changed', async () => {
    const room = open()
    for (const byte of [0, 1, 3, 4, 5, 12, 20, -1]) {
      room.issuer.queue([PIN_CHANGE])
      const result = await room.run({
        issuer: changing(room, ({ scripts = [], ...rest }) => ({
          ...rest,
          scripts: scripts.map((bytes) => {
            const apdu = bytes.length - (bytes[10] as number)
            return flipped(bytes, 8 * (byte < 0 ? bytes.length - 1 : apdu + byte) + 1)
          }),
        })),
      })
      expect(result.scripts[0]?.outcome, `byte ${byte}`).not.toBe('successful')
      expect(await room.ask('0020008008241234FFFFFFFFFF'), `byte ${byte}`).toBe('9000')
    }
  })

  if (SCHEMES[name].pinBlock.withCurrent === 'vis') {
    it('PIN CHANGE takes the current PIN in', async () => {
      const room = open()
      room.issuer.queue([{ type: 'pin-change-with-current', newPin: '98765', currentPin: '1234' }])
      expect(statuses(await room.run())).toEqual([['9000']])
      expect(await room.ask('0020008008241234FFFFFFFFFF')).toBe('63C2')
      expect(await room.ask('00200080082598765FFFFFFFFF')).toBe('9000')
    })
  }
}
