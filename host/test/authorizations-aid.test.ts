/** No cryptogram covers the AID: a message that comes again under another is a replay, not another application's. */
import { beforeAll, describe, expect, test } from 'vitest'
import { useDatabase } from './support/database.js'
import { type Issuing, issuing, messageOf } from './support/issuing.js'

const { database } = useDatabase()
let bank: Issuing
beforeAll(async () => {
  bank = await issuing(database(), 'applications')
})

const AID = 'A000000333010101'
const OTHER = 'A000000333010102'
let cards = 0
const freshPan = (): string => `62170000${String(cards++).padStart(8, '0')}`
const under = (pan: string, atc: number, aid: string, reference: string) =>
  messageOf(pan, { atc, reference, tags: { '84': AID }, changed: { '84': aid } })

describe('a message under another AID', () => {
  test('is a replay, and carries nothing', async () => {
    const pan = freshPan()
    expect(await bank.authorize(under(pan, 5, AID, 'first'))).toMatchObject({ verdict: 'V' })
    await bank.post('/v1/cards', { issuer: bank.issuer, pan, panSequence: '01', application: OTHER })
    const again = await bank.authorize(under(pan, 5, OTHER, 'second'))
    expect(again).toMatchObject({ verdict: 'E', findings: ['E'], answer: { delivery: null, scripts: [] } })
  })

  test('is one still when the ledger has long forgotten the first', async () => {
    const pan = freshPan()
    await bank.authorize(under(pan, 1, AID, 'old'))
    for (let atc = 2; atc < 20; atc++) await bank.authorize(under(pan, atc, AID, `between ${atc}`.replace(' ', '-')))
    expect(await bank.authorize(under(pan, 1, OTHER, 'late'))).toMatchObject({ verdict: 'E' })
  })

  test('is none when the other application has made a cryptogram of its own at the same counter', async () => {
    const pan = freshPan()
    await bank.authorize(under(pan, 5, AID, 'one'))
    const own = messageOf(pan, { atc: 5, reference: 'two', tags: { '9F37': '99999999' }, changed: { '84': OTHER } })
    expect(await bank.authorize(own)).toMatchObject({ verdict: 'V', findings: [] })
  })
})
