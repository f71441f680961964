/** The first half: what is said of a request, which decision it gets, and that the same message is answered once. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { parseField55 } from '@issuerkit/keys'
import { beforeAll, describe, expect, test } from 'vitest'
import { useDatabase } from './support/database.js'
import { type Body, commandsOf, field55, type Issuing, issuing, messageOf } from './support/issuing.js'

const { database } = useDatabase()
let bank: Issuing
beforeAll(async () => {
  bank = await issuing(database(), 'verdicts', { profile: { evidence: { refuse: { tvr: ['newCard'] } } } })
})

let cards = 0
/** A card that no other test has. */
const freshPan = (): string => `62170000${String(cards++).padStart(8, '0')}`
const LIMIT = { type: 'put-data', tag: '9F58', value: '05' }
const table = { approved: '3030', declined: '3035', E: '3934', A: '3935', G: '3036' }
const answerOf = (body: Body) => body['answer'] as Body

describe('verdict and decision', () => {
  test.each([
    ['V', {}, '3030', true],
    ['I', { changed: { '9F26': '0123456789ABCDEF' } }, '3035', false],
    ['I', { changed: { '9F02': '000000010001' } }, '3035', false],
    ['T', { tags: { '95': '0008048000' } }, '3035', false],
    ['G', { tags: { '9F27': '40' }, cvr: '900000' }, '3036', false],
    ['G', { tags: { '9F27': '40' } }, '3036', false],
    ['K', { dki: '02' }, '3035', false],
    ['F', { changed: { '9F36': '000001' } }, '3035', false],
    ['F', { changed: { '9F10': '07010103A000' } }, '3035', false],
    ['U', { changed: { '9F37': '' } }, '3035', false],
    ['U', { changed: { '9F10': '' } }, '3035', false],
  ] as const)('%s %#', async (verdict, transaction, arc, approved) => {
    const pan = freshPan()
    const entry = await bank.queue(pan, LIMIT)
    const body = await bank.authorize(messageOf(pan, { atc: 1, ...transaction }), { decision: table })
    expect(body).toMatchObject({ verdict, repeat: false, answer: { arc, approved } })
    const { emv, issuerAuthenticationData, scripts } = answerOf(body)
    // An ARQC that verified is answered, whatever else speaks against it; a TC and anything unproven are not.
    const isAnswered = verdict === 'V' || verdict === 'T'
    expect(`${emv}`.startsWith('910A')).toBe(isAnswered)
    expect(issuerAuthenticationData === null).toBe(!isAnswered)
    expect(`${emv}`.slice(-4) === arc || scripts !== undefined).toBe(true)
    expect(await bank.states(pan, entry)).toEqual([isAnswered ? 'sent' : 'pending'])
  })

  test('DE55 that is none is F, and is not an error', async () => {
    const message = { pan: freshPan(), reference: 'r', emv: '9F2608E890' }
    const body = await bank.authorize(message)
    expect(body).toMatchObject({ verdict: 'F', atc: null, scheme: null, answer: { arc: '3035', emv: '' } })
    expect(await bank.authorize(message)).toMatchObject({ authorization: body['authorization'], repeat: true })
    expect(await bank.authorize({ ...message, emv: '9F2608E891' })).toMatchObject({ repeat: false })
  })

  test('values by tag say the same as DE55', async () => {
    const pan = freshPan()
    const { emv, reference } = messageOf(pan, { atc: 1 })
    const values = [...parseField55(fromHex(emv)).tags].map(([tag, value]) => [tag, toHex(value)])
    const request = { issuer: bank.issuer, reference, pan, panSequence: '01', decision: table }
    const { body } = await bank.post('/v1/authorizations', { ...request, emv: Object.fromEntries(values) })
    expect(body).toMatchObject({ verdict: 'V', repeat: false })
    expect((await bank.post('/v1/authorizations', { ...request, emv })).body).toEqual({ ...body, repeat: true })
  })

  test('the same counter in another message is a replay, a counter far ahead is out of range', async () => {
    const pan = freshPan()
    await bank.authorize(messageOf(pan, { atc: 5 }))
    const entry = await bank.queue(pan, LIMIT)
    const replay = await bank.authorize(messageOf(pan, { atc: 5, reference: 'other' }), { decision: table })
    expect(replay).toMatchObject({ verdict: 'E', findings: ['E'], answer: { arc: '3934', approved: false } })
    const jump = await bank.authorize(messageOf(pan, { atc: 1006 }), { decision: table })
    expect(jump).toMatchObject({ verdict: 'A', findings: ['A'], answer: { arc: '3935', scripts: [] } })
    const back = await bank.authorize(messageOf(pan, { atc: 4 }), { decision: table })
    expect(back).toMatchObject({ verdict: 'V', answer: { withheld: [{ entry, reason: 'late' }] } })
    // Both at once: the first finding is the verdict.
    expect(await bank.authorize(messageOf(pan, { atc: 1006, reference: 'again' }))).toMatchObject({
      ...{ verdict: 'E', findings: ['E', 'A'] },
    })
    expect(await bank.states(pan, entry)).toEqual(['pending'])
  })

  test('a TC of the same transaction is no replay of its ARQC', async () => {
    const pan = freshPan()
    await bank.authorize(messageOf(pan, { atc: 5 }))
    const tc = messageOf(pan, { atc: 5, cvr: '600000', tags: { '9F27': '40' }, reference: 'tc' })
    expect(await bank.authorize(tc)).toMatchObject({ verdict: 'G', findings: ['G'], type: 'TC' })
  })

  test('what the table and the code say of approval', async () => {
    const approves = async (transaction: object, decision: object) =>
      answerOf(await bank.authorize(messageOf(freshPan(), { atc: 1, ...transaction }), { decision }))['approved']
    const T = { tags: { '95': '0008048000' } }
    expect(await approves({}, { approved: '3031' })).toBe(true)
    expect(await approves({}, { approved: { arc: '3030', approved: false } })).toBe(false)
    expect(await approves(T, { approved: '3030', T: '3030' })).toBe(true)
    expect(await approves(T, { approved: '3030', T: '3131' })).toBe(true)
    expect(await approves(T, { approved: '3030', T: '3531' })).toBe(false)
    expect(await approves(T, { approved: '3030', T: { arc: '3038', approved: true } })).toBe(true)
    expect(await approves(T, { approved: '3030', declined: '3030' })).toBe(false)
    expect(await approves({}, { approved: '3030', V: '3531' })).toBe(false)
  })

  test('without a decision there is a verdict and no answer', async () => {
    const body = await bank.authorize(messageOf(freshPan(), { atc: 1 }), { decision: undefined })
    expect(body).toMatchObject({ verdict: 'V', answer: null })
  })

  test('tag 8A carries the code when the request or the profile asks for it', async () => {
    const emvOf = async (more: object, of = bank) =>
      `${answerOf(await of.authorize(messageOf(freshPan(), { atc: 1 }), more))['emv']}`
    expect(await emvOf({})).toMatch(/^910A.{16}3030$/)
    expect(await emvOf({ tag8A: true })).toMatch(/^910A.{16}30308A023030$/)
    const { body } = await bank.post('/v1/authorizations', {
      ...{ issuer: bank.issuer, reference: 'x', pan: freshPan(), decision: { approved: '3030' }, tag8A: true },
    })
    expect(answerOf(body)['emv']).toBe('8A023035')
  })
})

describe('what a message may lack', () => {
  test('no DE55: nothing is judged, and nothing is delivered', async () => {
    const pan = freshPan()
    const entry = await bank.queue(pan, LIMIT)
    const request = { issuer: bank.issuer, reference: 'magstripe', pan, decision: table }
    const { body } = await bank.post('/v1/authorizations', request)
    expect(body).toMatchObject({
      ...{ verdict: 'U', atc: null, flags: ['pan-sequence-absent', 'emv-absent'] },
      answer: { arc: '3035', emv: '', scripts: [], delivery: null },
    })
    expect((await bank.post('/v1/authorizations', request)).body).toEqual({ ...body, repeat: true })
    expect(await bank.states(pan, entry)).toEqual(['pending'])
    // References come around again: after a day it is another transaction.
    const yesterday = new Date(Date.now() - 25 * 3_600_000)
    const row = database().updateTable('authorization_request').set({ created_at: yesterday })
    await row.where('id', '=', `${body['authorization']}`).execute()
    expect((await bank.post('/v1/authorizations', request)).body).toMatchObject({ verdict: 'U', repeat: false })
  })

  test('stand-in: recorded with its counter, never answered', async () => {
    const pan = freshPan()
    const entry = await bank.queue(pan, LIMIT)
    const partial = messageOf(pan, { atc: 3, changed: { '9F02': '', '9F37': '' } })
    const body = await bank.authorize(partial, { standIn: { verdict: 'V' } })
    expect(body).toMatchObject({ verdict: 'V', atc: 3, flags: ['stand-in'], missing: ['9F02', '9F37'], answer: null })
    expect(await bank.authorize(messageOf(pan, { atc: 4, changed: { '9F02': '' } }), { standIn: {} })).toMatchObject({
      ...{ verdict: 'U', answer: null },
    })
    // What verifies is told as it is, and what is wrong is the network's to judge.
    expect(await bank.authorize(messageOf(pan, { atc: 5 }), { standIn: { verdict: 'I' } })).toMatchObject({
      verdict: 'V',
    })
    const wrong = messageOf(pan, { atc: 6, changed: { '9F02': '000000000001' } })
    expect(await bank.authorize(wrong, { standIn: { verdict: 'V' } })).toMatchObject({ verdict: 'V', answer: null })
    expect(await bank.states(pan, entry)).toEqual(['pending'])
    // The counter was taken.
    expect(await bank.authorize(messageOf(pan, { atc: 3, reference: 'later' }))).toMatchObject({ verdict: 'E' })
  })

  test('a script result that cannot be read is left aside and flagged', async () => {
    const odd = messageOf(freshPan(), { atc: 1, changed: { DF31: '200102' } })
    expect(await bank.authorize(odd)).toMatchObject({
      ...{ verdict: 'V', scriptResults: [], flags: ['script-results-unreadable'] },
    })
    const outcome = messageOf(freshPan(), { atc: 1, changed: { '9F5B': '3000000001' } })
    expect(await bank.authorize(outcome)).toMatchObject({ verdict: 'V', flags: ['script-results-unreadable'] })
  })

  test('sequence numbers of one to three digits are one card', async () => {
    const pan = freshPan()
    const handles = new Set<unknown>()
    for (const [i, panSequence] of ['1', '01', '001', '101'].entries()) {
      const body = await bank.authorize(messageOf(pan, { atc: 1 + i }), { panSequence })
      expect(body).toMatchObject({ verdict: 'V', flags: [] })
      handles.add(body['card'])
    }
    expect(handles.size).toBe(1)
  })

  test('an unknown tag, and a length in front, are tolerated and named', async () => {
    const { emv, ...message } = messageOf(freshPan(), { atc: 1, changed: { DF55: '0001' } })
    const length = (emv.length / 2).toString(16).padStart(2, '0')
    expect(await bank.authorize({ ...message, emv: length + emv })).toMatchObject({
      verdict: 'V',
      tolerances: [
        { name: 'length-prefix', detail: 'one byte' },
        { name: 'unknown-tag', tag: 'DF55' },
      ],
    })
  })

  test('another application is another card, with counters of its own', async () => {
    const pan = freshPan()
    const one = await bank.authorize(messageOf(pan, { atc: 9 }))
    const tags = { '84': 'A000000333010102', '9F37': '00000002' }
    const two = await bank.authorize(messageOf(pan, { atc: 9, tags, reference: 'two' }))
    expect(two).toMatchObject({ verdict: 'V' })
    expect(two['card']).not.toBe(one['card'])
    const named = messageOf(pan, { atc: 9, changed: { '84': '' }, reference: 'three' })
    expect(await bank.authorize(named, { application: 'a000000333010101' })).toMatchObject({
      ...{ verdict: 'E', card: one['card'] },
    })
  })
})

test('no PAN, no cryptogram key and no command of an answer is logged or stored in clear', async () => {
  const pan = freshPan()
  await bank.queue(pan, LIMIT)
  const track = field55({
    '57': `${pan}D4912201000000000F`,
    '5A': pan,
    '5F20': toHex(new TextEncoder().encode('SMITH')),
  })
  const { emv, ...message } = messageOf(pan, { atc: 1 })
  const before = bank.host.seen.length
  const body = await bank.authorize({ ...message, emv: emv + track })
  const [apdu = ''] = commandsOf(body)
  expect(apdu).toMatch(/^04DA9F5805/)
  const logged = bank.host.seen.slice(before).filter((text) => !text.includes('"authorization"'))
  const rows = await Promise.all([
    database().selectFrom('authorization_request').selectAll().execute(),
    database().selectFrom('card_ledger').selectAll().execute(),
    database().selectFrom('audit_entry').selectAll().execute(),
    database().selectFrom('ledger_event').selectAll().execute(),
  ])
  const stored = JSON.stringify(rows.flat(), (_, value: unknown) =>
    Buffer.isBuffer(value) ? `${value.toString('latin1')} ${value.toString('hex')}` : value,
  )
  for (const secret of [pan, apdu, toHex(new TextEncoder().encode('SMITH')), 'SMITH']) {
    expect(logged.some((text) => text.toUpperCase().includes(secret))).toBe(false)
    expect(stored.toUpperCase().includes(secret)).toBe(false)
  }
})
