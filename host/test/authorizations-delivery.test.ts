/** What an answer carries of the card's ledger, and what becomes of it: conditions, templates, PINs, loads, what cannot be built. */
import { beforeAll, describe, expect, test } from 'vitest'
import { DEMO_ISSUER, loadDemoIssuer } from '../src/demo-issuer.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { type Body, commandsOf, type Issuing, issuing, messageOf } from './support/issuing.js'
import { masterBytes } from './support/keys.js'

const { database } = useDatabase()
let bank: Issuing
beforeAll(async () => {
  bank = await issuing(database(), 'deliveries')
})

/** The published cryptogram of the demo issuer's card. */
const PUBLISHED = {
  issuer: DEMO_ISSUER,
  pan: '6228000100001',
  emv: {
    ...{ '82': '7D00', '95': '0080046000', '9A': '140701', '9C': '00', '5F2A': '0156', '9F02': '000000000001' },
    ...{ '9F03': '000000000000', '9F10': '07010103A0400201', '9F1A': '0156', '9F26': '5D016C91005E7CC2' },
    ...{ '9F27': '80', '9F36': '0240', '9F37': '1E78EEBC' },
  },
} as const
let cards = 0
const freshPan = (): string => `62180000${String(cards++).padStart(8, '0')}`
const limit = (tag: string, value = '05') => ({ type: 'put-data', tag, value })
const withheldOf = (body: Body) => (body['answer'] as { withheld: { entry: string; reason: string }[] }).withheld
const DECLINE = { decision: { approved: '3531', declined: '3531' } }
const declined = { decision: { approved: { arc: '3531', approved: false } } }

describe('which commands go', () => {
  test('those for a declined answer go with one, and the others wait', async () => {
    const pan = freshPan()
    const block = await bank.queue(pan, { type: 'application-block' }, { condition: 'declined' })
    const raise = await bank.queue(pan, limit('9F58'), { condition: 'approved' })
    const any = await bank.queue(pan, limit('9F59'))
    const body = await bank.authorize(messageOf(pan, { atc: 1 }), declined)
    expect(body['entries']).toMatchObject([
      { entry: block, state: 'sent', type: 'application-block' },
      { entry: any, state: 'sent' },
    ])
    expect(withheldOf(body)).toEqual([{ entry: raise, reason: 'condition' }])
    expect(commandsOf(body)[0]).toMatch(/^841E000004/)
    expect((body['answer'] as Body)['emv']).toMatch(/^910A.{16}353172/)
  })

  test('one delivery at a time: the next authorization is answered without', async () => {
    const pan = freshPan()
    await bank.queue(pan, limit('9F58'))
    const first = await bank.authorize(messageOf(pan, { atc: 1 }))
    const later = await bank.queue(pan, limit('9F59'))
    const second = await bank.authorize(messageOf(pan, { atc: 2 }))
    expect(commandsOf(first)).toHaveLength(1)
    expect(second).toMatchObject({ verdict: 'V', answer: { scripts: [], approved: true } })
    expect(withheldOf(second)).toContainEqual({ entry: later, reason: 'delivery-in-flight' })
  })

  test('automatic ones first; what has no room waits in order', async () => {
    const pan = freshPan()
    const record = { type: 'update-record', sfi: 2, record: 1, value: `7030${'00'.repeat(48)}` }
    const one = await bank.queue(pan, record)
    const two = await bank.queue(pan, { ...record, record: 2 })
    const small = await bank.queue(pan, limit('9F58'))
    const block = await bank.queue(pan, { type: 'application-block' }, { origin: 'automatic' })
    const body = await bank.authorize(messageOf(pan, { atc: 1 }))
    expect(body['entries']).toMatchObject([
      { entry: one, state: 'sent' },
      { entry: block, state: 'sent' },
    ])
    expect(commandsOf(body).map((apdu) => apdu.slice(0, 4))).toEqual(['841E', '04DC'])
    expect(withheldOf(body)).toEqual([two, small].map((entry) => ({ entry, reason: 'no-room' })))
    expect(`${(body['answer'] as Body)['emv']}`.length / 2 - 12).toBeLessThanOrEqual(128)
  })

  test.each([
    ['not-verified', { changed: { '9F26': '0123456789ABCDEF' } }, {}],
    ['not-verified', { dki: '02' }, {}],
    ['not-an-arqc', { tags: { '9F27': '40' }, cvr: '900000' }, {}],
    ['not-an-arqc', { tags: { '9F27': '40' } }, {}],
    ['no-chip-contact', {}, { entryMode: '071' }],
    ['no-chip-contact', {}, { entryMode: '9110' }],
    ['no-chip-contact', {}, { entryMode: '801' }],
    ['contactless-cryptogram', { cvn: '17' }, {}],
  ])('%s %#', async (reason, transaction, more) => {
    const pan = freshPan()
    const entry = await bank.queue(pan, limit('9F58'))
    const body = await bank.authorize(messageOf(pan, { atc: 1, ...transaction }), more)
    expect(commandsOf(body)).toEqual([])
    expect(withheldOf(body)).toEqual([{ entry, reason }])
  })

  test('an AAC of a blocked card is answered with the unblocking and no ARPC, where the profile says so', async () => {
    const own = await issuing(database(), 'unblocking', { profile: { delivery: { scriptsAfterAac: true } } })
    const pan = freshPan()
    const unblock = await own.queue(pan, { type: 'application-unblock' })
    const other = await own.queue(pan, limit('9F58'))
    const aac = messageOf(pan, { atc: 1, cvr: '800000', tags: { '9F27': '00' } })
    const body = await own.authorize(aac, { decision: { approved: '3030', G: '3035' } })
    expect(body).toMatchObject({ verdict: 'G', type: 'AAC', answer: { arc: '3035', issuerAuthenticationData: null } })
    expect(body['entries']).toMatchObject([{ entry: unblock, state: 'sent' }])
    expect(withheldOf(body)).toEqual([{ entry: other, reason: 'needs-unblocking-device' }])
    expect((body['answer'] as Body)['emv']).toMatch(/^72.*84180000/)
  })
})

describe('what the next transaction tells', () => {
  test('not performed, it goes again; performed, it is over', async () => {
    const pan = freshPan()
    const entry = await bank.queue(pan, limit('9F58'))
    const first = await bank.authorize(messageOf(pan, { atc: 1 }))
    const identifier = (first['answer'] as { scripts: [{ identifier: string }] }).scripts[0].identifier
    const advice = { kind: 'script-result', emv: undefined, scriptResults: `00${identifier}` }
    expect(await bank.advise({ ...messageOf(pan, { atc: 1 }) }, advice)).toMatchObject({
      ...{ matched: true, verdict: null, entries: [{ entry, state: 'pending', rank: 'terminal' }] },
    })
    // The counter says the same, and the last online transaction was not completed.
    const again = await bank.authorize(messageOf(pan, { atc: 2, cvr: 'A08000' }), { reference: 'again' })
    const later = await passed(again, pan, 3)
    expect(commandsOf(later)).toHaveLength(1)
    const last = await bank.authorize(messageOf(pan, { atc: 4, cvr: 'A00010' }))
    expect(last['entries']).toEqual([{ entry, state: 'confirmed', rank: 'card', type: 'put-data' }])
  })

  /** The answer after those still on their way can have arrived. */
  async function passed(body: Body, pan: string, atc: number): Promise<Body> {
    if (commandsOf(body).length > 0) return body
    const handle = await bank.card(pan)
    const row = await database()
      .selectFrom('card_ledger')
      .select('body')
      .where('card', '=', handle)
      .executeTakeFirstOrThrow()
    const text = JSON.stringify(row.body).replaceAll(
      /"time":(\d{13})/g,
      (_, time: string) => `"time":${Number(time) - 61_000}`,
    )
    await database().updateTable('card_ledger').set({ body: text }).where('card', '=', handle).execute()
    return bank.authorize(messageOf(pan, { atc, cvr: 'A08000' }))
  }
})

describe('PIN changes', () => {
  /**
   * The published ARQC of the demo issuer's card; the command is computed with OpenSSL and pyemv's primitives from the PBOC
   * rules: vectors/script-command.json, pboc-calc-pin-change-p202-D1fromENC.
   */
  test('are enciphered for the transaction, and the PIN is erased when the card has it', async () => {
    await loadDemoIssuer(database(), new MasterKey(masterBytes))
    const { issuer, pan, emv } = PUBLISHED
    const demo = await issuing(database(), issuer, 'there')
    const entry = await demo.queue(pan, { type: 'pin-change', newPin: '654321' }, { pan })
    const kept = async () => {
      const rows = await database().selectFrom('queued_pin').selectAll().execute()
      return rows.filter(({ id }) => id.startsWith(entry)).length
    }
    expect(await kept()).toBe(1)
    const body = await demo.authorize({ pan, reference: 'published', emv })
    expect(body).toMatchObject({ verdict: 'V', entries: [{ entry, state: 'sent' }] })
    expect(commandsOf(body)).toEqual(['8424000214BDEFF65EC62B57C2C48BAFEFD63D7B4E243421ED'])
    expect(await kept()).toBe(1)
    // Whoever saw the block go to the card gets no other for the same transaction to compare it with.
    const guess = { issuer, pan, panSequence: '01', atc: emv['9F36'], arqc: emv['9F26'], template: '72' }
    const commands = [{ type: 'pin-change', newPin: '123456' }]
    const guessed = await demo.post('/v1/scripts', { ...guess, commands })
    expect([guessed.status, guessed.body['code']]).toEqual([409, 'ERR_PIN_CHANGE_REPEATED'])
    const { scripts } = body['answer'] as { scripts: [{ identifier: string }] }
    await demo.post('/v1/advices', {
      ...{ issuer, reference: 'published', kind: 'script-result', scriptResults: `20${scripts[0].identifier}` },
    })
    expect(await demo.states(pan, entry)).toEqual(['confirmed'])
    expect(await kept()).toBe(0)
  })

  test('of which the PIN is gone are taken out, and the rest goes', async () => {
    const pan = freshPan()
    const change = await bank.queue(pan, { type: 'pin-change', newPin: '1234' }, { pan })
    const other = await bank.queue(pan, limit('9F58'))
    await database().deleteFrom('queued_pin').where('id', 'like', `${change}%`).execute()
    const body = await bank.authorize(messageOf(pan, { atc: 1 }))
    expect(body).toMatchObject({ verdict: 'V', answer: { approved: true } })
    expect(body['entries']).toMatchObject([
      { entry: change, state: 'cancelled' },
      { entry: other, state: 'sent' },
    ])
    const trail = await database().selectFrom('audit_entry').select('entry').execute()
    const own = trail.map((row) => JSON.parse(row.entry) as Body).filter((one) => JSON.stringify(one).includes(change))
    expect(own).toContainEqual(
      expect.objectContaining({
        action: 'card.cancel',
        outcome: 'failed',
        detail: expect.objectContaining({ entry: change }),
      }),
    )
  })

  test('that were wrapped for another card are taken out', async () => {
    const [pan, victim] = [freshPan(), freshPan()]
    const change = await bank.queue(pan, { type: 'pin-change', newPin: '1234' }, { pan })
    const other = await bank.queue(victim, { type: 'pin-change', newPin: '9999' }, { pan: victim })
    const row = await database()
      .selectFrom('queued_pin')
      .selectAll()
      .where('id', 'like', `${other}%`)
      .executeTakeFirstOrThrow()
    await database().updateTable('queued_pin').set({ wrapped: row.wrapped }).where('id', 'like', `${change}%`).execute()
    const body = await bank.authorize(messageOf(pan, { atc: 1 }))
    expect(body).toMatchObject({
      verdict: 'V',
      answer: { scripts: [] },
      entries: [{ entry: change, state: 'cancelled' }],
    })
  })
})

describe('loads', () => {
  const load = { type: 'load', tag: '9F79', amount: 12_345 }
  test('are added to the balance that the card reports under its MAC', async () => {
    const pan = freshPan()
    await bank.queue(pan, load)
    const body = await bank.authorize(messageOf(pan, { atc: 1, balance: '0000005000' }))
    // 50.00 and 123.45
    expect(commandsOf(body)[0]).toMatch(/^04DA9F790A000000017345/)
  })

  test.each([
    ['a balance under a wrong MAC', { tags: { '9F10': '07010103A00000010A010000005000DEADBEEF' } }],
    ['no balance', { tags: { '9F10': '07010103A0000001' } }],
    ['something else in its place', { tags: { '9F10': '07010103A00000010A020000005000F2DE37D9' } }],
    ['a balance that is no number', { balance: '00000050FF' }],
  ])('wait with %s, and nothing else does', async (_, transaction) => {
    const pan = freshPan()
    const entry = await bank.queue(pan, load)
    const other = await bank.queue(pan, limit('9F58'))
    const body = await bank.authorize(messageOf(pan, { atc: 1, ...transaction }))
    expect(body).toMatchObject({ verdict: 'V', entries: [{ entry: other, state: 'sent' }] })
    expect(withheldOf(body)).toEqual([{ entry, reason: 'no-balance' }])
    expect(await bank.states(pan, entry)).toEqual(['pending'])
  })

  test('of the second currency wait: nothing reports that balance', async () => {
    const pan = freshPan()
    const entry = await bank.queue(pan, { ...load, tag: 'DF79' })
    expect(withheldOf(await bank.authorize(messageOf(pan, { atc: 1 })))).toEqual([{ entry, reason: 'no-balance' }])
  })
})

test('without a key of its set a command waits, and the cryptogram is answered all the same', async () => {
  const pan = freshPan()
  const change = await bank.queue(pan, { type: 'pin-change', newPin: '1234' }, { pan })
  const retire = async (usage: string, retired_at: Date | null) => {
    const rows = database().updateTable('issuer_key').set({ retired_at }).where('issuer', '=', bank.issuer)
    await rows.where('usage', '=', usage).execute()
    bank.host.service.forget(bank.issuer)
  }
  await retire('ENC', new Date())
  const body = await bank.authorize(messageOf(pan, { atc: 1 }))
  expect(body).toMatchObject({ verdict: 'V', answer: { scripts: [], arc: '3030' } })
  expect(withheldOf(body)).toEqual([{ entry: change, reason: 'no-key' }])
  await retire('MAC', new Date())
  const none = await bank.authorize(messageOf(pan, { atc: 2 }))
  expect(withheldOf(none)).toEqual([{ entry: change, reason: 'no-key' }])
  for (const usage of ['MAC', 'ENC']) await retire(usage, null)
  expect(commandsOf(await bank.authorize(messageOf(pan, { atc: 3 })))).toHaveLength(1)
})

test('a delivery is in the audit trail with who asked', async () => {
  const pan = freshPan()
  await bank.queue(pan, limit('9F58'))
  const { card, authorization, answer } = await bank.authorize(messageOf(pan, { atc: 1 }), DECLINE)
  const trail = await database().selectFrom('audit_entry').select('entry').execute()
  const own = trail.map((row) => JSON.parse(row.entry) as Body).filter(({ object }) => object === `card:${card}`)
  expect(own).toContainEqual(
    expect.objectContaining({
      ...{ action: 'authorization.answer', outcome: 'ok', subject: expect.stringMatching(/./) },
      detail: { authorization, delivery: (answer as Body)['delivery'] },
    }),
  )
})
