import { createCipheriv, createHmac, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseField55, TdesKey } from '@issuerkit/keys'
import { type PinChangeCommand, parsePinBlock } from '@issuerkit/scripts'
import { beforeAll, describe, expect, test } from 'vitest'
import { hostSecret } from '../src/keys/host-secrets.js'
import type { PinSource } from '../src/keys/key-service.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import { storeIssuerKey, storeKey } from '../src/keys/stored-keys.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { masterBytes } from './support/keys.js'

const db = useDatabase()
const master = new MasterKey(masterBytes)
const service = (keepMilliseconds = 0) => localKeyService(db.database(), master, { keepMilliseconds })
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))

const CHAIN = JSON.parse(
  readFileSync(new URL('../../vectors/unionpay-field55-chain.json', import.meta.url), 'utf8'),
) as Record<string, string>
const of = (name: string) => bytes(`${CHAIN[name]}`)
const CARD = { pan: `${CHAIN['pan']}`, panSequence: `${CHAIN['psn']}` }
const PIN_KEY = '3F419E1CB7079442AA37474C2EFBF8B8'
const keyIds: Record<string, string> = {}

beforeAll(async () => {
  await db
    .database()
    .insertInto('issuer')
    .values({ id: 'chain', profile: JSON.stringify({ family: 'unionpay', scheme: 'pboc' }) })
    .execute()
  for (const [usage, name] of [
    ['AC', 'imkAc'],
    ['MAC', 'imkMac'],
    ['ENC', 'imkEnc'],
  ] as const) {
    const key = TdesKey.create('issuer', usage, of(name))
    await storeIssuerKey(db.database(), master, { id: `chain-${usage}`, issuer: 'chain', dki: 1, key })
  }
  keyIds['pin'] = randomUUID()
  const pin = TdesKey.create('zone', 'PIN', bytes(PIN_KEY))
  await storeKey(db.database(), master, { id: keyIds['pin'], issuer: 'chain' }, pin)
})

describe('a TC with what its request left', () => {
  const stored = parseField55(of('request')).tags
  const advice = (change: object = {}) =>
    service().verifyStoredRequest({
      ...{ issuer: 'chain', card: CARD, stored, expectedType: 'TC', emv: { field55: of('scriptResult0620') } },
      ...change,
    })

  test('verifies, though its message has no amount', async () => {
    const verdict = await advice()
    expect(verdict).toMatchObject({ code: 'V', type: 'TC', atc: 0x64, scheme: 'pboc', dki: 1 })
    expect(verdict.tags.get('DF31')).toEqual(bytes('2000000A01'))
    const alone = await service().verifyCryptogram({
      ...{ issuer: 'chain', card: CARD, emv: { field55: of('scriptResult0620') }, expectedType: 'TC' },
    })
    expect(alone).toMatchObject({ code: 'U', missing: expect.arrayContaining(['9F02', '9C']) })
  })

  test.each([
    ['another amount was stored', { stored: new Map([...stored, ['9F02', bytes('000000010001')]]) }, 'I'],
    ['an ARQC is expected', { expectedType: 'ARQC' }, 'G'],
    ['it was seen before', { atc: { seen: [{ atc: 0x64, type: 'TC' }] } }, 'E'],
    ['its ARQC was seen before', { atc: { seen: [{ atc: 0x64, type: 'ARQC' }] } }, 'V'],
    ['it comes out of the window', { atc: { window: { highest: 0x66, ahead: 9, behind: 1 } } }, 'A'],
    ['another index is given', { dki: 2 }, 'K'],
    ['its DE55 is cut short', { emv: { field55: bytes('9F2608E890') } }, 'F'],
    ["it has no cryptogram: the request's is not taken", { emv: { tags: new Map([['9F36', bytes('0064')]]) } }, 'U'],
  ])('when %s', async (_, change, code) => {
    expect((await advice(change)).code).toBe(code)
  })

  test('the whole chain verifies, and its answer is the published one', async () => {
    const { verdict, answer } = await service().answerCryptogram(
      { issuer: 'chain', card: CARD, emv: { field55: of('request') } },
      (found) => (found.ok ? { arc: bytes('3030') } : undefined),
    )
    expect(verdict.code).toBe('V')
    expect(
      Buffer.from(answer?.tag91 ?? [])
        .toString('hex')
        .toUpperCase(),
    ).toBe(`${CHAIN['response']}`.slice(0, 24))
    for (const name of ['nextRequestOk', 'nextRequestScriptFailed', 'contactlessCvn17']) {
      const found = await service().verifyCryptogram({ issuer: 'chain', card: CARD, emv: { field55: of(name) } })
      expect([name, found.code]).toEqual([name, 'V'])
    }
  })

  test('who decides on nothing gets no answer', async () => {
    const request = { issuer: 'chain', card: CARD, emv: { field55: of('request') } }
    expect((await service().answerCryptogram(request, () => undefined)).answer).toBeUndefined()
  })
})

describe('a PIN', () => {
  const pinChange = (newPin: PinSource, card = CARD) =>
    service().buildScript({
      issuer: 'chain',
      card,
      atc: bytes('0064'),
      arqc: bytes('E89051379F080D14'),
      commands: [{ type: 'pin-change', newPin }],
    })
  const apdu = async (newPin: PinSource) => Buffer.from((await pinChange(newPin))[0]?.apdu ?? []).toString('hex')
  /** A PIN block of format 0, by hand, under the PIN key by OpenSSL. */
  const block = (pin = '1234', pan = CARD.pan, key = PIN_KEY) => {
    const field = Buffer.from(`0${pin.length}${pin}`.padEnd(16, 'F'), 'hex')
    const panField = Buffer.from(`0000${pan.slice(-13, -1)}`, 'hex')
    const clear = Buffer.from(field.map((byte, i) => byte ^ (panField[i] ?? 0)))
    const cipher = createCipheriv('des-ede', Buffer.from(key, 'hex'), null).setAutoPadding(false)
    return Uint8Array.from(cipher.update(clear))
  }
  const enciphered = (given = block()) => ({ key: `${keyIds['pin']}`, format: 0, block: given }) as const
  const wrap = (pin: Exclude<PinSource, { wrapped: Uint8Array }>, id = 'entry-1') =>
    service().wrapPin({ issuer: 'chain', pan: CARD.pan, id, pin })

  test('comes in as a block, waits wrapped, and goes into the same command as the clear one', async () => {
    const clear = await apdu('1234')
    expect(clear).toMatch(/^84240002/)
    expect(await apdu(enciphered())).toBe(clear)
    const wrapped = await wrap(enciphered())
    expect(await apdu(wrapped)).toBe(clear)
    expect(await apdu(await wrap('1234'))).toBe(clear)
    expect(await apdu('4321')).not.toBe(clear)
    const [command] = (await pinChange(wrapped)) as [PinChangeCommand]
    // D2 of the VIS block is 0N ‖ digits ‖ F.., which is format 2 but for its control value.
    const d2 = Uint8Array.from(command.d2?.expose() ?? [])
    d2[0] = (d2[0] ?? 0) | 0x20
    expect(new TextDecoder().decode(parsePinBlock(2, d2).expose())).toBe('1234')
  })

  test('with the current one, each from its own place', async () => {
    const newPin = await wrap(enciphered())
    const build = (currentPin: PinSource) =>
      service().buildScript({
        ...{ issuer: 'chain', card: CARD, atc: bytes('0064'), arqc: bytes('E89051379F080D14') },
        commands: [{ type: 'application-block' }, { type: 'pin-change-with-current', newPin, currentPin }],
      })
    const [[block1, a], [, b]] = [await build('9876'), await build(await wrap('9876', 'entry-2'))]
    expect(block1?.type).toBe('application-block')
    expect(a?.apdu).toEqual(b?.apdu)
  })

  test('wrapped tells nothing: not its digits, and not their number', async () => {
    const [short, long, again] = [await wrap('1234'), await wrap('123456789012'), await wrap('1234')]
    expect(short.wrapped.length).toBe(long.wrapped.length)
    expect(Buffer.from(short.wrapped).equals(again.wrapped)).toBe(false)
    for (const { wrapped } of [short, long]) expect(Buffer.from(wrapped).toString('latin1')).not.toContain('1234')
  })

  test('wrapped for one entry and PAN is good for no other', async () => {
    const wrapped = await wrap('1234')
    await expect(apdu({ ...wrapped, id: 'entry-2' })).rejects.toMatchObject({ code: 'ERR_KEY_UNWRAP' })
    const other = { ...CARD, pan: '6200000000000013' }
    await expect(pinChange(wrapped, other)).rejects.toMatchObject({ code: 'ERR_KEY_UNWRAP' })
    const changed = wrapped.wrapped.map((byte, i) => (i === 20 ? byte ^ 1 : byte))
    await expect(apdu({ ...wrapped, wrapped: changed })).rejects.toMatchObject({ code: 'ERR_KEY_UNWRAP' })
  })

  test.each([
    ['another PAN', block('1234', '6200000000001234')],
    ['another key', block('1234', CARD.pan, 'F039121BEC83D26B169BDCD5B22AAF8F')],
    ['three digits', block('123')],
    ['a letter', block('12A4')],
    ['7 bytes', block().subarray(1)],
    ['16 bytes', Uint8Array.from([...block(), ...block()])],
    ['nothing', new Uint8Array(0)],
  ])('in a block of %s is one and the same error', async (_, given) => {
    for (const run of [wrap, apdu]) {
      const error = (await run(enciphered(given)).catch((reason: unknown) => reason)) as Error & {
        code: string
        label?: string
        got?: string
      }
      expect([error.code, error.message, error.label, error.got]).toEqual([
        'ERR_PIN_BLOCK',
        expect.stringMatching(/^ERR_PIN_BLOCK/),
        undefined,
        undefined,
      ])
    }
  })

  test.each([
    ['a clear PIN of three digits', () => wrap('123'), 'ERR_PIN'],
    ['a PAN that is none', () => service().wrapPin({ issuer: 'chain', pan: '62x', id: 'e', pin: '1234' }), 'ERR_PAN'],
    ['a key that is none', () => wrap({ ...enciphered(), key: 'nobody' }), 'ERR_NOT_FOUND'],
    ['a key of another use', () => wrap({ ...enciphered(), key: 'chain-ENC' }), 'ERR_KEY_USAGE'],
    ['a format for AES', () => wrap({ ...enciphered(), format: 4 }), 'ERR_KEY'],
  ])('%s is refused', async (_, run, code) => {
    await expect(run()).rejects.toMatchObject({ code })
  })
})

describe('the hash of a PAN', () => {
  test('is HMAC-SHA-256 under a secret of the host, the same on every node', async () => {
    const secret = await hostSecret(db.database(), master, 'pan-hash')
    const expected = createHmac('sha256', secret).update('6200000000000005').digest()
    for (const node of [service(), service()]) {
      expect(Buffer.from(await node.panHash('6200000000000005'))).toEqual(expected)
    }
    expect(Buffer.from(await service().panHash('6200000000000013'))).not.toEqual(expected)
  })

  test.each(['', '6200', '62000000000000050000', '620000000000000A'])('is of a PAN, not of "%s"', async (pan) => {
    await expect(service().panHash(pan)).rejects.toMatchObject({ code: 'ERR_PAN' })
  })

  test('is refused under another master key, and asked for again', async () => {
    const other = localKeyService(db.database(), new MasterKey(new Uint8Array(32)))
    await expect(other.panHash(CARD.pan)).rejects.toMatchObject({ code: 'ERR_KEY_UNWRAP' })
    await expect(other.panHash(CARD.pan)).rejects.toMatchObject({ code: 'ERR_KEY_UNWRAP' })
  })
})
