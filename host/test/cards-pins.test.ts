/** PINs that are queued: only as blocks of the card's PAN, kept wrapped, and erased when nobody needs them any more. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { WrappedPin } from '../src/keys/key-service.js'
import { passTime } from '../src/store/ticker.js'
import { type CardWorld, cardWorld, everything, freshPan, keptPins, pinBlock } from './support/cards.js'
import { useDatabase } from './support/database.js'
import { marked } from './support/importing.js'
import { componentsOf } from './support/keys.js'

const { database } = useDatabase()
let world: CardWorld
let strict: CardWorld
beforeAll(async () => {
  world = await cardWorld(database())
  strict = await cardWorld(database(), { devMode: false })
})

const PIN = '918273645546'
const block = (pan: string, pin = PIN) => ({ key: world.pinKey, format: 0, block: pinBlock(pin, pan) })
const change = (newPin: unknown) => ({ type: 'pin-change', newPin })
const changed = async (more: object = {}) => {
  const pan = freshPan()
  const card = await world.card(pan)
  return { card, pan, entry: await world.queued(card, change(block(pan)), { pan, ...more }) }
}

describe('a new PIN', () => {
  test('comes as a block, is kept wrapped, and reaches the command that it is for', async () => {
    const { card, pan, entry } = await changed()
    const [kept] = await world.store.pins([`${entry}.new`])
    if (kept === undefined) throw new Error('no PIN is kept')
    for (const usage of ['AC', 'MAC', 'ENC']) {
      const key = { issuer: 'bank', usage, algorithm: 'tdes', dki: 1, components: componentsOf(marked()) }
      expect((await world.host.post('/v1/keys', key)).status).toBe(201)
    }
    const build = async (newPin: string | WrappedPin, owner = pan) => {
      const commands = [{ type: 'pin-change', newPin }] as const
      const card = { pan: owner, panSequence: '01' }
      const [atc, arqc] = [Uint8Array.of(0, 1), new Uint8Array(8)]
      return (await world.context.keys.buildScript({ issuer: 'bank', card, atc, arqc, commands }))[0]?.apdu
    }
    expect(await build(kept)).toEqual(await build(PIN))
    expect(await build(kept)).not.toEqual(await build('4711'))
    // It is good for nothing else.
    for (const stolen of [build({ ...kept, id: 'other.new' }), build(kept, freshPan())]) {
      await expect(stolen).rejects.toMatchObject({ code: 'ERR_KEY_UNWRAP' })
    }
    expect((await world.host.get(`/v1/cards/${card}/scripts/${entry}`)).body['command']).toEqual({ type: 'pin-change' })
  })

  test('does not tell its length by the length of what is kept', async () => {
    const pan = freshPan()
    const entry = await world.queued(await world.card(pan), change(block(pan, '4711')), { pan })
    const [short] = await world.store.pins([`${entry}.new`])
    const [long] = await world.store.pins([`${(await changed()).entry}.new`])
    expect(short?.wrapped.length).toBe(long?.wrapped.length)
  })

  test('comes with the current one where the command takes both', async () => {
    const pan = freshPan()
    const card = await world.card(pan)
    const command = { type: 'pin-change-with-current', newPin: block(pan), currentPin: block(pan, '4711') }
    const entry = await world.queued(card, command, { pan })
    expect((await world.store.pins([`${entry}.new`, `${entry}.current`])).length).toBe(2)
    const shown = (await world.host.get(`/v1/cards/${card}/scripts/${entry}`)).body['command']
    expect(shown).toEqual({ type: 'pin-change-with-current' })
  })

  test('that is wrong in whatever way gets one answer', async () => {
    const pan = freshPan()
    const card = await world.card(pan)
    const wrong = [
      { ...block(pan), block: pinBlock(PIN, '6228111155555555') },
      { ...block(pan), format: 3 },
      { ...block(pan), block: pinBlock(PIN, pan, '0123456789ABCDEF1032547698BADCFE') },
      { ...block(pan), block: `${pinBlock(PIN, pan)}00` },
      { ...block(pan), block: '' },
      { ...block(pan), block: 'ABC' },
      { ...block(pan), block: 'PIN' },
      { ...block(pan), block: pinBlock('123', pan) },
    ]
    const answers = []
    for (const newPin of wrong) {
      const { status, body } = await world.queue(card, change(newPin), { pan })
      const { requestId: _, ...rest } = body
      answers.push(JSON.stringify([status, rest]))
    }
    expect(new Set(answers).size).toBe(1)
    expect(JSON.parse(answers[0] ?? '')).toMatchObject([400, { code: 'ERR_PIN_BLOCK' }])
    expect(await keptPins(database())).not.toContain(`${card}.new`)
  })

  test.each([
    ['without its PAN', (pan: string) => [change(block(pan)), {}], 'ERR_SCRIPT_OPTION'],
    [
      'with the PAN of another card',
      (pan: string) => [change(block(pan)), { pan: '6228111144444444' }],
      'ERR_PAN_MISMATCH',
    ],
    ['under another key', (pan: string) => [change({ ...block(pan), key: 'none' }), { pan }], 'ERR_NOT_FOUND'],
    ['of three digits', (pan: string) => [change('123'), { pan }], 'ERR_PIN'],
    ['of letters', (pan: string) => [change('12AB'), { pan }], 'ERR_PIN'],
    ['of a format that is none', (pan: string) => [change({ ...block(pan), format: 2 }), { pan }], 'ERR_BODY'],
    ['with something beside it', (pan: string) => [change({ ...block(pan), pin: '1' }), { pan }], 'ERR_BODY'],
    ['as a number', (pan: string) => [change(4711), { pan }], 'ERR_BODY'],
  ] as const)('%s is refused', async (_, request, code) => {
    const pan = freshPan()
    const card = await world.card(pan)
    const [command, more] = request(pan) as [object, object]
    expect((await world.queue(card, command, more)).body['code']).toBe(code)
    expect((await world.store.byHandle(card)).ledger.entries).toEqual([])
  })

  test('in clear is for dev mode only', async () => {
    const pan = freshPan()
    const card = await world.card(pan)
    const answer = await strict.queue(card, change('4711'), { pan })
    expect([answer.status, answer.body['code']]).toEqual([403, 'ERR_DEV_MODE'])
    const current = { type: 'pin-change-with-current', newPin: block(pan), currentPin: '4711' }
    expect((await strict.queue(card, current, { pan })).body['code']).toBe('ERR_DEV_MODE')
    expect((await world.queue(card, change('4711'), { pan })).status).toBe(201)
  })

  test('is not guessed: ten wrong blocks, and the card is closed to whoever sent them', async () => {
    const pan = freshPan()
    const card = await world.card(pan)
    const wrong = change({ ...block(pan), block: '00'.repeat(8) })
    const codes = []
    for (let n = 0; n < 12; n++) codes.push((await world.queue(card, wrong, { pan })).body['code'])
    expect(codes).toEqual([...Array(10).fill('ERR_PIN_BLOCK'), 'ERR_TOO_MANY_REQUESTS', 'ERR_TOO_MANY_REQUESTS'])
    // The PAN is guessed no more either, and another card is none of its business.
    expect((await world.queue(card, { type: 'pin-unblock' }, { pan: freshPan() })).status).toBe(429)
    expect((await changed()).entry).toMatch(/./)
  })

  test('neither is a PAN', async () => {
    const card = await world.card()
    const codes = []
    for (let n = 0; n < 11; n++) {
      codes.push((await world.queue(card, { type: 'pin-unblock' }, { pan: `62281112000000${10 + n}` })).body['code'])
    }
    expect(codes).toEqual([...Array(10).fill('ERR_PAN_MISMATCH'), 'ERR_TOO_MANY_REQUESTS'])
  })
})

describe('the PIN is erased when its entry', () => {
  const erasedBy = async (end: (card: string, entry: string, pan: string) => Promise<unknown>, more: object = {}) => {
    const { card, pan, entry } = await changed(more)
    expect(await keptPins(database())).toContain(`${entry}.new`)
    await end(card, entry, pan)
    return { erased: !(await keptPins(database())).includes(`${entry}.new`), state: await world.told(entry) }
  }
  test('is cancelled', async () => {
    const { erased } = await erasedBy((card, entry) =>
      world.host.post(`/v1/cards/${card}/scripts/${entry}/cancel`, { reason: 'r' }),
    )
    expect(erased).toBe(true)
  })
  test('gives way to a newer one', async () => {
    const { erased, state } = await erasedBy((card, _, pan) => world.queued(card, change(block(pan, '4711')), { pan }))
    expect([erased, state.at(-1)]).toEqual([true, 'superseded'])
  })
  test('expires', async () => {
    const expiry = '2090-01-01T00:00:00Z'
    const { erased, state } = await erasedBy(() => passTime(world.context, Date.parse(expiry)), { expiry })
    expect([erased, state.at(-1)]).toEqual([true, 'expired'])
  })
  test('is confirmed', async () => {
    const { erased, state } = await erasedBy(async (card) => {
      await world.deliver(card, 10)
      await world.read(card, 11, 1)
    })
    expect([erased, state.at(-1)]).toEqual([true, 'applied'])
  })
  test('is withdrawn because the card is re-issued', async () => {
    const { erased, state } = await erasedBy((card) =>
      world.host.post(`/v1/cards/${card}/reissue`, { waiting: 'cancel', reason: 'r' }),
    )
    expect([erased, state.at(-1)]).toEqual([true, 'cancelled'])
  })
  test('but not while the card may still ask for it', async () => {
    const { erased } = await erasedBy((card) => world.deliver(card, 10))
    expect(erased).toBe(false)
  })
})

test('neither PIN nor PAN stands anywhere', async () => {
  const pan = '9195919591959195'
  const card = await world.card(pan)
  await world.queued(card, change(block(pan)), { pan })
  await world.queued(card, change(PIN), { pan })
  await world.queue(card, change(`${PIN}${PIN}`), { pan })
  await world.queue(card, change(block(pan)), { pan: `${pan}X` })
  for (const path of ['', '/history', '/scripts/none']) await world.host.get(`/v1/cards/${card}${path}`)
  await world.host.post(`/v1/cards/${card}/reissue`, { waiting: 'move', to: { panSequence: '02' }, reason: 'r' })
  await world.host.get('/v1/events')
  const rows = await everything(database())
  const seen = [...world.host.seen, ...strict.host.seen].join('\n')
  expect(rows).toContain(`card:${card}`)
  expect(seen).toContain(card)
  for (const secret of [pan, PIN]) {
    const forms = [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64').slice(0, 15)]
    for (const form of forms) {
      expect(rows.includes(form), `${form} in a table`).toBe(false)
      expect(seen.includes(form), `${form} in an answer or the log`).toBe(false)
    }
  }
})
