/** The same message again, what is refused, and how many wrong cryptograms are looked at. */
import { beforeAll, describe, expect, test } from 'vitest'
import { useDatabase } from './support/database.js'
import { type Body, type CardMessage, commandsOf, type Issuing, issuing, messageOf } from './support/issuing.js'

const { database } = useDatabase()
let bank: Issuing
beforeAll(async () => {
  bank = await issuing(database(), 'repeats')
})

let cards = 0
/** A card that no other test has. */
const freshPan = (): string => `62160000${String(cards++).padStart(8, '0')}`
const LIMIT = { type: 'put-data', tag: '9F58', value: '05' }
const table = { approved: '3030', declined: '3035', E: '3934', A: '3935', G: '3036' }

describe('the same message again', () => {
  const asked = async (message: CardMessage, more: object = {}) => {
    const { text } = await bank.post('/v1/authorizations', {
      ...{ issuer: bank.issuer, panSequence: '001', entryMode: '051', decision: table, ...message, ...more },
    })
    return text
  }

  test('has the same bytes, and no second delivery, however often', async () => {
    const pan = freshPan()
    await bank.queue(pan, LIMIT)
    const message = messageOf(pan, { atc: 7 })
    const first = await asked(message)
    const { answer, authorization } = JSON.parse(first) as Body
    expect(commandsOf({ answer } as Body)).toHaveLength(1)
    await bank.queue(pan, { type: 'pin-unblock' })
    for (const more of [{}, {}, { decision: { approved: '3531' } }, { decision: undefined }]) {
      const again = JSON.parse(await asked(message, more)) as Body
      expect(again).toMatchObject({ authorization, repeat: true, verdict: 'V', findings: [], entries: [] })
      expect(JSON.stringify(again['answer'])).toBe(JSON.stringify(answer))
    }
    const { body } = await bank.host.get(`/v1/cards/${await bank.card(pan)}`)
    expect(body['deliveries']).toHaveLength(1)
    expect(body['authorizations']).toHaveLength(1)
  })

  test('after many others, it is found where it is kept', async () => {
    const pan = freshPan()
    const first = messageOf(pan, { atc: 1 })
    const wrong = messageOf(pan, { atc: 1, changed: { '9F26': '0123456789ABCDEF' }, reference: 'wrong' })
    const [one, two] = [JSON.parse(await asked(first)) as Body, JSON.parse(await asked(wrong)) as Body]
    for (let atc = 2; atc < 20; atc++) await asked(messageOf(pan, { atc }))
    expect(JSON.parse(await asked(first))).toMatchObject({ verdict: 'V', repeat: true, answer: one['answer'] })
    expect(JSON.parse(await asked(wrong))).toMatchObject({ verdict: 'I', repeat: true, answer: two['answer'] })
  })

  test('a message that differs in what a cryptogram covers is another one', async () => {
    const pan = freshPan()
    const message = { atc: 1, reference: 'same' }
    await asked(messageOf(pan, message))
    const changed = messageOf(pan, { ...message, changed: { '9F02': '000099990000' } })
    expect(JSON.parse(await asked(changed))).toMatchObject({ verdict: 'I', repeat: false, answer: { arc: '3035' } })
    // What none covers may differ.
    const other = messageOf(pan, { ...message, changed: { '9F33': 'E0E1C8' } })
    expect(JSON.parse(await asked(other))).toMatchObject({ verdict: 'V', repeat: true })
  })

  test('one whose answer is no longer kept is told so, rather than answered anew', async () => {
    const message = messageOf(freshPan(), { atc: 1 })
    const { authorization } = await bank.authorize(message)
    await database().deleteFrom('authorization_request').where('id', '=', `${authorization}`).execute()
    const { status, body } = await bank.post('/v1/authorizations', {
      ...{ issuer: bank.issuer, panSequence: '01', entryMode: '051', ...message },
    })
    expect([status, body['code']]).toEqual([404, 'ERR_NOT_FOUND'])
  })

  test('a replay stays a replay when it is repeated', async () => {
    const pan = freshPan()
    await asked(messageOf(pan, { atc: 1 }))
    const replay = messageOf(pan, { atc: 1, reference: 'second' })
    expect(JSON.parse(await asked(replay))).toMatchObject({ verdict: 'E', repeat: false })
    expect(JSON.parse(await asked(replay))).toMatchObject({ verdict: 'E', findings: ['E'], repeat: true })
  })

  test('an Idempotency-Key gives the whole body again', async () => {
    const message = messageOf(freshPan(), { atc: 1 })
    const body = { issuer: bank.issuer, ...message, panSequence: '01', decision: table }
    const send = (payload: object) => bank.post('/v1/authorizations', payload, { 'idempotency-key': 'k-1' })
    const [first, second] = [await send(body), await send(body)]
    expect(first).toMatchObject({ status: 200, body: { verdict: 'V', repeat: false } })
    expect(second.text).toBe(first.text)
    expect(await send({ ...body, reference: 'other' })).toMatchObject({ body: { code: 'ERR_IDEMPOTENCY_KEY' } })
  })
})

describe('refusals', () => {
  const message = messageOf('6217000000000001', { atc: 60_000 })
  const body = () => ({ issuer: bank.issuer, ...message, panSequence: '01', decision: table })
  test.each([
    ['an unknown issuer', { issuer: 'nobody' }, 404, 'ERR_NOT_FOUND'],
    ['a PAN with a letter', { pan: '621700000000000A' }, 400, 'ERR_PAN'],
    ['a sequence number of four digits', { panSequence: '0001' }, 400, 'ERR_BODY'],
    ['a reference with a blank', { reference: 'a b' }, 400, 'ERR_BODY'],
    ['no reference', { reference: undefined }, 400, 'ERR_BODY'],
    ['a decision without approval', { decision: { declined: '3035' } }, 400, 'ERR_BODY'],
    ['a decision for no verdict', { decision: { approved: '3030', X: '3035' } }, 400, 'ERR_BODY'],
    ['a code of one byte', { decision: { approved: '30' } }, 400, 'ERR_BODY'],
    ['a status update for a card without', { decision: { approved: '00800000' } }, 400, 'ERR_OPTION'],
    ['an unknown field', { key: '00' }, 400, 'ERR_BODY'],
    ['DE55 that is no text of bytes', { emv: '9F2' }, 400, 'ERR_BODY'],
    ['an unknown scheme', { scheme: 'pboc-9' }, 422, 'ERR_SCHEME'],
    ['a scheme of somebody else', { scheme: 'visa-cvn18' }, 422, 'ERR_SCHEME'],
  ])('%s', async (_, change, status, code) => {
    const answer = await bank.post('/v1/authorizations', { ...body(), ...change })
    expect([answer.status, answer.body['code']]).toEqual([status, code])
  })

  test('and after any of them the message is as new as before', async () => {
    expect(await bank.authorize(message)).toMatchObject({ verdict: 'V', repeat: false })
  })

  test('ten wrong cryptograms of a card, and nothing more is verified of it, however its sequence number is written', async () => {
    const pan = freshPan()
    const send = (atc: number, panSequence?: string) =>
      bank.post('/v1/authorizations', {
        ...{ issuer: bank.issuer, panSequence, ...messageOf(pan, { atc, changed: { '9F26': '0123456789ABCDEF' } }) },
      })
    for (let i = 1; i <= 10; i++) expect((await send(i, ['1', '01', '001'][i % 3])).body['verdict']).toBe('I')
    expect(await send(11, '01')).toMatchObject({ status: 429 })
    expect(await send(12, '1')).toMatchObject({ status: 429 })
    expect(await send(13, '02')).toMatchObject({ status: 200 })
  })
})
