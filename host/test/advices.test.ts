/** Advices: in any order, any number of times, with and without a PAN; what they prove and what they do not. */
import { beforeAll, describe, expect, test } from 'vitest'
import { advising } from './support/advising.js'
import { useDatabase } from './support/database.js'
import { type Body, type Issuing, issuing, messageOf, type Transaction } from './support/issuing.js'

const { database } = useDatabase()
let bank: Issuing
beforeAll(async () => {
  bank = await issuing(database(), 'advices')
})

const { freshPan, delivered, advise } = advising(() => bank, '62200000')
const TC = { tags: { '9F27': '40' }, cvr: '600000' } as const

/** A cryptogram of the card's transaction, with the tags of a script-result notification alone. */
function notified(pan: string, transaction: Transaction, results?: string) {
  const { emv } = messageOf(pan, { ...TC, ...transaction, changed: { ...LEFT_OUT, ...(results && { DF31: results }) } })
  return emv
}
/** What usage 3 of field 55 does not carry. [UPI-F55] */
const LEFT_OUT = { '9F02': '', '9F03': '', '5F2A': '', '9C': '', '9F27': '', '84': '' }

describe('script results', () => {
  test('without a PAN the reference is enough, and no cryptogram is looked at', async () => {
    const { reference, identifier, first, entries } = await delivered()
    const answer = await advise({ reference, kind: 'script-result', scriptResults: `20${identifier}` })
    expect(answer).toEqual({
      matched: true,
      authorization: first['authorization'],
      card: first['card'],
      delivery: (first['answer'] as Body)['delivery'],
      verdict: null,
      scriptResults: [{ outcome: 'successful', commandNumber: 0, scriptIdentifier: identifier }],
      entries: [
        { entry: entries[0], state: 'confirmed', rank: 'terminal', type: 'put-data' },
        { entry: entries[1], state: 'confirmed', rank: 'terminal', type: 'pin-unblock' },
      ],
      flags: ['emv-absent'],
    })
  })

  test('with the PAN the TC is verified with what the request left behind', async () => {
    const { pan, reference, identifier } = await delivered()
    const emv = notified(pan, { atc: 1 }, `20${identifier}`)
    expect(await advise({ reference, pan, kind: 'script-result', emv })).toMatchObject({ matched: true, verdict: 'V' })
    const forged = emv.replace(/9F2608.{16}/, '9F26080123456789ABCDEF')
    expect(await advise({ reference, pan, kind: 'script-result', emv: forged })).toMatchObject({ verdict: 'I' })
    // The request's values stand for those that the notification lacks, not for those that it has.
    const changed = emv.replace('95050000048000', '95050000048001')
    expect(changed).not.toBe(emv)
    expect(await advise({ reference, pan, kind: 'script-result', emv: changed })).toMatchObject({ verdict: 'I' })
  })

  test.each([
    ['the second failed', '12', ['confirmed', 'failed']],
    ['nobody knows which failed', '10', ['unknown', 'unknown']],
    ['not performed', '00', ['pending', 'pending']],
  ])('%s', async (_, code, states) => {
    const { pan, reference, identifier, entries } = await delivered()
    const answer = await advise({ reference, kind: 'script-result', scriptResults: code + identifier })
    expect((answer['entries'] as Body[]).map(({ state }) => state)).toEqual(states)
    expect(await bank.states(pan, ...entries)).toEqual(states)
  })

  test('the same again changes nothing, and another word is told as a contradiction', async () => {
    const { pan, reference, identifier } = await delivered()
    const send = (code: string) => advise({ reference, kind: 'script-result', scriptResults: code + identifier })
    expect((await send('20'))['entries']).toHaveLength(2)
    expect(await send('20')).toMatchObject({ matched: true, entries: [] })
    await send('00')
    const { body } = await bank.host.get(`/v1/cards/${await bank.card(pan)}`)
    expect(body['entries']).toMatchObject([{ contradiction: true }, { contradiction: true }])
  })

  test.each([
    ['of another script', (_: string) => '2012345678'],
    ['five zeros: there was none', (_: string) => '0000000000'],
    ['none', (_: string) => ''],
  ])('%s moves nothing', async (_, results) => {
    const { pan, reference, identifier, entries } = await delivered()
    const answer = await advise({ reference, kind: 'script-result', scriptResults: results(identifier) })
    expect(answer).toMatchObject({ matched: true, entries: [] })
    expect(await bank.states(pan, ...entries)).toEqual(['sent', 'sent'])
  })

  test('of another transaction of the card moves nothing', async () => {
    const { pan, identifier, entries } = await delivered()
    await bank.authorize(messageOf(pan, { atc: 5 }), { entryMode: '071' })
    const reference = messageOf(pan, { atc: 5 }).reference
    expect(await advise({ reference, kind: 'script-result', scriptResults: `20${identifier}` })).toMatchObject({
      ...{ matched: true, delivery: null, entries: [] },
    })
    expect(await bank.states(pan, ...entries)).not.toContain('confirmed')
  })

  test('in DE55 that cannot be read are flagged; given by themselves they are refused', async () => {
    const { reference } = await delivered()
    expect(await advise({ reference, kind: 'script-result', emv: { DF31: '2001' } })).toMatchObject({
      ...{ matched: true, scriptResults: [], flags: ['script-results-unreadable'] },
    })
    for (const [scriptResults, code] of [
      ['2001', 'ERR_LENGTH'],
      ['3000000001', 'ERR_SCRIPT'],
    ]) {
      const { status, body } = await bank.post('/v1/advices', {
        ...{ issuer: bank.issuer, reference, kind: 'script-result', scriptResults },
      })
      expect([status < 500, body['code']]).toEqual([true, code])
    }
  })
})

describe('cryptograms', () => {
  test('a TC after the next request is no replay and moves nothing back', async () => {
    const { pan, reference, entries } = await delivered()
    await bank.authorize(messageOf(pan, { atc: 2, cvr: 'A00020' }))
    expect(await bank.states(pan, ...entries)).toEqual(['confirmed', 'confirmed'])
    for (const kind of ['script-result', 'cryptogram', 'clearing']) {
      const answer = await advise({ reference, pan, panSequence: '01', kind, emv: notified(pan, { atc: 1 }) })
      expect(answer).toMatchObject({ matched: true, verdict: 'V', entries: [] })
    }
  })

  test('an offline TC of a later transaction is evidence', async () => {
    const { pan, entries } = await delivered()
    const later = messageOf(pan, { atc: 2, tags: { '9F27': '40' }, cvr: '500020', reference: 'offline' })
    const answer = await bank.advise(later, { kind: 'clearing' })
    expect(answer).toMatchObject({ matched: false, authorization: null, verdict: 'V' })
    expect(answer['entries']).toEqual(
      entries.map((entry) => expect.objectContaining({ entry, state: 'confirmed', rank: 'card' })),
    )
  })

  test('one that does not verify is none', async () => {
    const { pan, entries } = await delivered()
    const forged = { atc: 2, tags: { '9F27': '40' }, cvr: '500020', changed: { '9F02': '000000000001' } }
    expect(await bank.advise(messageOf(pan, { ...forged, reference: 'forged' }), { kind: 'clearing' })).toMatchObject({
      ...{ verdict: 'I', entries: [] },
    })
    expect(await bank.states(pan, ...entries)).toEqual(['sent', 'sent'])
  })

  test.each([
    ['F', '9F2608E890'],
    ['U', messageOf('6220000099999998', { atc: 1, changed: { '9F02': '' } }).emv],
    ['K', messageOf('6220000099999998', { atc: 1, dki: '02' }).emv],
  ])('%s', async (verdict, emv) => {
    const answer = await advise({
      reference: 'unknown',
      pan: '6220000099999998',
      panSequence: '1',
      kind: 'clearing',
      emv,
    })
    expect(answer).toMatchObject({ verdict, matched: false, card: null, entries: [] })
  })

  test('a card that is not known is made when its cryptogram proves it, and its counter is taken', async () => {
    const pan = freshPan()
    const offline = messageOf(pan, { atc: 7, tags: { '9F27': '40' }, cvr: '500000', reference: 'offline-first' })
    const answer = await bank.advise(offline, { kind: 'clearing' })
    expect(answer).toMatchObject({ matched: false, verdict: 'V', card: await bank.card(pan) })
    const { body } = await bank.host.get(`/v1/cards/${answer['card']}`)
    expect(body['atc']).toEqual({ highest: 7, seen: 1 })
  })

  test('a contactless one neither delivers nor resets', async () => {
    const pan = freshPan()
    const tap = messageOf(pan, { atc: 3, tags: { '9F27': '40' }, cvr: '500000', reference: 'tap' })
    expect(await bank.advise(tap, { kind: 'clearing', entryMode: '071' })).toMatchObject({ verdict: 'V' })
    const row = await database()
      .selectFrom('card_ledger')
      .select('body')
      .where('card', '=', await bank.card(pan))
      .execute()
    // 6 × ATC + 2 for a TC + 1 for contactless: ledger/seen.ts.
    expect(row).toMatchObject([{ body: { seen: [21] } }])
  })
})

describe('reversals', () => {
  test('without an answer leave it unknown, and the next request decides', async () => {
    const { pan, reference, entries } = await delivered()
    const answer = await advise({ reference, kind: 'reversal', noAnswer: true })
    expect(answer['entries']).toMatchObject(entries.map((entry) => ({ entry, state: 'unknown' })))
    await bank.authorize(messageOf(pan, { atc: 2, cvr: 'A00020' }))
    expect(await bank.states(pan, ...entries)).toEqual(['confirmed', 'confirmed'])
  })

  test('do not undo what the card did, and say so', async () => {
    const { reference, identifier, entries, pan } = await delivered()
    const emv = { '95': '0000048000', '9F36': '0001', DF31: `20${identifier}` }
    expect(await advise({ reference, kind: 'reversal', emv })).toMatchObject({ matched: true, verdict: null })
    expect(await bank.states(pan, ...entries)).toEqual(['confirmed', 'confirmed'])
    const events = await database()
      .selectFrom('ledger_event')
      .select('type')
      .where('card', '=', await bank.card(pan))
      .execute()
    expect(events.map(({ type }) => type)).toContain('card-changed-though-reversed')
  })
})
