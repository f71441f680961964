/** PIN changes through POST /v1/scripts: from PIN blocks, once for a card and ATC. */
import { createCipheriv } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { forgetPinChanges } from '../src/keys/pin-change-guard.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { componentsOf, type KeyHost, keyHost, masterBytes } from './support/keys.js'

const { database } = useDatabase()
let dev: KeyHost
let strict: KeyHost

const PIN_KEY = '7C8A3B5D19E26F408D02B1C4A6F3957E'
const OTHER_KEY = '58D3A17C94B0E62F6B1D80F5C2397A4E'

beforeAll(async () => {
  const master = new MasterKey(masterBytes)
  await loadDemoIssuer(database(), master)
  dev = await keyHost(database())
  strict = await keyHost(database(), { devMode: false })
  for (const id of ['visa', 'interac']) {
    const scheme = id === 'visa' ? 'visa-cvn10' : 'interac-cvn133'
    expect((await dev.post('/v1/issuers', { id, family: id, scheme })).status).toBe(201)
  }
  await importKeys('visa', KEYS)
})

/** The issuer master keys of pyemv's tests. */
const KEYS = {
  AC: '0123456789ABCDEFFEDCBA9876543210',
  MAC: 'FEDCBA98765432100123456789ABCDEF',
  ENC: '89ABCDEF0123456776543210FEDCBA98',
}
const ids = new Map<string, string>()

async function importKeys(issuer: string, keys: Readonly<Record<string, string>>) {
  for (const [usage, hex] of [...Object.entries(keys), ['PIN', PIN_KEY]]) {
    const dki = usage === 'PIN' ? {} : { dki: 1 }
    const key = { issuer, usage, algorithm: 'tdes', components: componentsOf(`${hex}`), ...dki }
    const { status, body } = await dev.post('/v1/keys', key)
    expect([usage, status]).toEqual([usage, 201])
    ids.set(`${issuer} ${usage}`, `${body['id']}`)
  }
}

/** An ISO 9564-1 format 0 block, made by hand and enciphered by OpenSSL. */
function block(pin: string, pan: string, key = PIN_KEY): string {
  const digits = Buffer.from(`0${pin.length.toString(16)}${pin}`.padEnd(16, 'F'), 'hex')
  const account = Buffer.from(`0000${pan.slice(-13, -1).padStart(12, '0')}`, 'hex')
  const plain = digits.map((byte, n) => byte ^ (account[n] ?? 0))
  const cipher = createCipheriv('des-ede', Buffer.from(key, 'hex'), null).setAutoPadding(false)
  return cipher.update(plain).toString('hex').toUpperCase()
}

/** knovichikhin/pyemv@cf6b82d7, tests/test_cvn_hsm.py, test_visa_cvn10: both PIN changes. */
const PYEMV = {
  pan: '1234567890123456',
  change: '8424000218BB221AF527377A2811D2B6EBC396A9391A965A5CB2CE62DA',
  withCurrent: '84240001182EE025E554BCD87E11D2B6EBC396A939C4A8393B57DD2F3F',
}
const VISA = { issuer: 'visa', pan: PYEMV.pan, panSequence: '00', arqc: '29CCA15AE665FA2E', template: '72' }
const pinOf = (pin: string, pan = PYEMV.pan, key = PIN_KEY) => ({
  key: ids.get('visa PIN') ?? '',
  format: 0,
  block: block(pin, pan, key),
})
let nextAtc = 0x4000
/** A request that is of no ATC and ARQC of another test. */
const fresh = () => {
  const atc = (nextAtc++).toString(16).padStart(4, '0').toUpperCase()
  return { ...VISA, atc, arqc: `00000000AAAA${atc}` }
}
const change = (newPin: unknown, request: object = fresh()) => ({
  ...request,
  commands: [{ type: 'pin-change', newPin }],
})

const clear = async () => {
  await database().deleteFrom('pin_change_guard').execute()
}

describe('the known commands', () => {
  test.each<[string, () => unknown, () => unknown]>([
    ['from a PIN block', () => pinOf('9999'), () => pinOf('8888')],
    ['from digits in dev mode', () => '9999', () => '8888'],
  ])('%s', async (_, newPin, currentPin) => {
    await clear()
    const request = { ...VISA, atc: '001C' }
    const { body } = await dev.post('/v1/scripts', change(newPin(), request))
    expect(body['commands']).toEqual([{ type: 'pin-change', apdu: PYEMV.change }])
    await clear()
    const commands = [{ type: 'pin-change-with-current', newPin: newPin(), currentPin: currentPin() }]
    const second = await dev.post('/v1/scripts', { ...request, commands })
    expect(second.body['commands']).toEqual([{ type: 'pin-change-with-current', apdu: PYEMV.withCurrent }])
  })

  test('outside dev mode too, from a PIN block', async () => {
    await clear()
    const { body } = await strict.post('/v1/scripts', change(pinOf('9999'), { ...VISA, atc: '001C' }))
    expect(body['commands']).toEqual([{ type: 'pin-change', apdu: PYEMV.change }])
  })
})

describe('a PIN is refused', () => {
  test.each<[string, () => unknown, number, string]>([
    ['in clear outside dev mode', () => '9999', 403, 'ERR_DEV_MODE'],
    ['in a block of another PAN', () => pinOf('9999', '1234567890123464'), 400, 'ERR_PIN_BLOCK'],
    ['in a block under another key', () => pinOf('9999', PYEMV.pan, OTHER_KEY), 400, 'ERR_PIN_BLOCK'],
    [
      'in a block that is too long for its format',
      () => ({ ...pinOf('9'), block: '00'.repeat(16) }),
      400,
      'ERR_PIN_BLOCK',
    ],
    ['under a MAC key', () => ({ ...pinOf('9999'), key: ids.get('visa MAC') }), 422, 'ERR_KEY_USAGE'],
    ['under no key', () => ({ ...pinOf('9999'), key: 'none' }), 404, 'ERR_NOT_FOUND'],
    ['under a TDES key in format 4', () => ({ ...pinOf('9999'), format: 4, block: '00'.repeat(16) }), 400, 'ERR_KEY'],
    ['in format 1', () => ({ ...pinOf('9999'), format: 1 }), 400, 'ERR_BODY'],
    ['in half a block', () => ({ ...pinOf('9999'), block: '00112233' }), 400, 'ERR_BODY'],
    ['with a field too many', () => ({ ...pinOf('9999'), pan: PYEMV.pan }), 400, 'ERR_BODY'],
    ['of three digits', () => '123', 400, 'ERR_BODY'],
    ['of thirteen digits', () => '1234567890123', 400, 'ERR_BODY'],
    ['of letters', () => '12a4', 400, 'ERR_BODY'],
    ['that is missing', () => undefined, 400, 'ERR_BODY'],
  ])('%s', async (_, pin, status, code) => {
    const request = fresh()
    const answer = await strict.post('/v1/scripts', change(pin(), request))
    expect([answer.status, answer.body['code']]).toEqual([status, code])
    expect(answer.text).not.toMatch(/9999|1234567890123/)
    // What was refused has not used up the card's one change.
    const { status: then } = await strict.post('/v1/scripts', change(pinOf('9999'), request))
    expect(then).toBe(200)
  })

  test('in clear as the current one, outside dev mode', async () => {
    const commands = [{ type: 'pin-change-with-current', newPin: pinOf('9999'), currentPin: '8888' }]
    expect(await strict.post('/v1/scripts', { ...fresh(), commands })).toMatchObject({ body: { code: 'ERR_DEV_MODE' } })
  })
})

describe('one PIN change for a card and ATC', () => {
  const REPEATED = { status: 409, body: { code: 'ERR_PIN_CHANGE_REPEATED' } }

  // The published attack needs 4,918 tries for the PIN 4917: whose block it finds is on its way to the card.
  test('stops the dictionary of the PIN 4917 at its second call', async () => {
    const request = fresh()
    const blockOf = (body: Record<string, unknown>) => JSON.stringify(body['commands']).slice(0, -3)
    const delivered = blockOf((await dev.post('/v1/scripts', change(pinOf('4917'), request))).body)
    const tried: number[] = []
    for (let guess = 0; guess < 4_918; guess++) {
      const { status, body, text } = await dev.post('/v1/scripts', change(String(guess).padStart(4, '0'), request))
      tried.push(status)
      expect(text).not.toContain('apdu')
      if (status !== 200) break
      expect(blockOf(body)).not.toBe(delivered)
    }
    expect(tried).toEqual([409])
  })

  test.each<[string, object]>([
    ['with another PIN', {}],
    ['with another ARQC', { arqc: '1111111111111111' }],
    ['with another ATC, where the ARQC makes the keys', { atc: '0001' }],
    ['with an ARQC in lower case, and another ATC', { atc: '0002', arqc: '00000000aaaa' }],
    ['with a zero in front of the PAN, of 16 digits in all', { pan: '0123456789012', panSequence: '34' }],
    ['with more digits in front of the PAN', { pan: `999${PYEMV.pan}` }],
    ['from another template', { template: '71' }],
    ['from another node', {}],
  ])('is refused a second time %s', async (name, other) => {
    const request = fresh()
    const first = 'panSequence' in other ? { ...request, pan: '123456789012', panSequence: '34' } : request
    expect((await dev.post('/v1/scripts', change('1234', first))).status).toBe(200)
    const arqc = 'arqc' in other ? `${other.arqc}`.padEnd(16, request.atc.toLowerCase()) : request.arqc
    const second = await (name.includes('node') ? strict : dev).post(
      '/v1/scripts',
      change(name.includes('node') ? pinOf('4321') : '4321', { ...request, ...other, arqc }),
    )
    expect(second).toMatchObject(REPEATED)
  })

  test('is refused when two stand in one script', async () => {
    const commands = ['1234', '4321'].map((newPin) => ({ type: 'pin-change', newPin }))
    expect(await dev.post('/v1/scripts', { ...fresh(), commands })).toMatchObject(REPEATED)
  })

  test('of two at once, one is built', async () => {
    const request = fresh()
    const answers = await Promise.all(
      ['1111', '2222', '3333', '4444'].map((pin) => dev.post('/v1/scripts', change(pin, request))),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
  })

  test('is built for another ATC, and for another card', async () => {
    const request = fresh()
    const { pan: _, ...rest } = request
    expect((await dev.post('/v1/scripts', change('1234', request))).status).toBe(200)
    expect((await dev.post('/v1/scripts', change('1234', fresh()))).status).toBe(200)
    expect((await dev.post('/v1/scripts', change('1234', { ...rest, pan: '1234567890123464' }))).status).toBe(200)
  })

  test('is answered with the same bytes to the same Idempotency-Key, and with nothing to another', async () => {
    const request = change(pinOf('9999'))
    const ask = (key: string, payload: object = request) =>
      strict.send({ method: 'POST', url: '/v1/scripts', payload, headers: { 'idempotency-key': key } })
    const first = await ask('a')
    expect(first.status).toBe(200)
    expect((await ask('a')).text).toBe(first.text)
    expect(await ask('b')).toMatchObject(REPEATED)
    expect(await ask('a', change(pinOf('1111'), request))).toMatchObject({ body: { code: 'ERR_IDEMPOTENCY_KEY' } })
    expect((await ask('a')).text).toBe(first.text)
  })

  test('leaves other commands for the card alone', async () => {
    const request = fresh()
    expect((await dev.post('/v1/scripts', change('1234', request))).status).toBe(200)
    const others = { ...request, commands: [{ type: 'pin-unblock' }, { type: 'card-block' }] }
    expect((await dev.post('/v1/scripts', others)).status).toBe(200)
  })

  test('is remembered for thirty days, by hashes alone', async () => {
    const request = fresh()
    await clear()
    expect((await dev.post('/v1/scripts', change('1234', request))).status).toBe(200)
    const rows = await database().selectFrom('pin_change_guard').selectAll().execute()
    expect(rows.map(({ place }) => place.length)).toEqual([32, 32])
    const day = 86_400_000
    expect(await forgetPinChanges(database(), 30, new Date(Date.now() + 29.9 * day))).toBe(0)
    expect(await dev.post('/v1/scripts', change('1234', request))).toMatchObject(REPEATED)
    expect(await forgetPinChanges(database(), undefined, new Date(Date.now() + 30.1 * day))).toBe(2)
    expect((await dev.post('/v1/scripts', change('1234', request))).status).toBe(200)
  })
})

test('an explanation shows neither the PIN nor the key in D1', async () => {
  await clear()
  const send = (host: KeyHost, newPin: unknown) =>
    host.send({ method: 'POST', url: '/v1/scripts?explain=true', payload: change(newPin, { ...VISA, atc: '001C' }) })
  for (const [host, pin] of [
    [dev, '9999'],
    [strict, pinOf('9999')],
  ] as const) {
    await clear()
    const { status, text, body } = await send(host, pin)
    expect([status, (body['explain'] as unknown[]).length]).toEqual([200, 1])
    // D2 is 04 9999 FF..; D1 has the right half of the left half of the card's key.
    expect(text).not.toMatch(/049999FF/i)
    const shown = (body['explain'] as Record<string, unknown>[])[0] ?? {}
    for (const name of ['d1', 'd2', 'd3', 'd', 'pinBlock', 'plain'])
      expect(`${name} ${shown[name]}`).not.toMatch(/ [0-9A-F]{16}/)
  }
  expect(dev.seen.join()).not.toMatch(/"newPin":"9999"|049999FF/)
})
