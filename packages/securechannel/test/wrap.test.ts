import { type Command, fromHex, toHex } from '@issuerkit/apdu'
import { TdesKey } from '@issuerkit/keys'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PROFILES, type Profile, unwrapResponse, wrapCommand } from '../src/index.js'
import { cardAnswer, enciphered, referenceMac } from './support/answer.js'
import { coded, oneBitChanges } from './support/coded.js'
import { load, PROTECTED, REFERENCE } from './support/reference.js'

const MAC_KEY = fromHex(REFERENCE.keyAgreement.gp.keys['mac'] ?? '')
const ENC_KEY = fromHex(REFERENCE.keyAgreement.gp.keys['enc'] ?? '')
const mac = TdesKey.create('session', 'MAC', MAC_KEY)
const enc = TdesKey.create('session', 'ENC', ENC_KEY)
const COUNTER = fromHex('00000000000000FF')
const MAC = { key: mac, counter: COUNTER }
const REFUSED = coded('ERR_SECURE_MESSAGING', { label: 'answer' })
const { gp } = PROFILES

const keysOf = (level: string, counter: string | undefined) => ({
  mac: level.includes('mac') ? { key: mac, counter: fromHex(counter ?? '') } : undefined,
  enc: level.includes('enc') ? enc : undefined,
})
const commandOf = ({ cla, ins, p1, p2, data, le }: (typeof PROTECTED)[0]['plain']): Command => {
  const byte = (text: string): number => Number.parseInt(text, 16)
  const header = { cla: byte(cla), ins: byte(ins), p1: byte(p1), p2: byte(p2) }
  return { ...header, data: fromHex(data), ...(le === null ? {} : { le: le || 256 }) }
}

describe('the published exchanges of the channel', () => {
  it('are all there', () => expect(PROTECTED).toHaveLength(16))

  it.each(PROTECTED)('$name, header $headerCla: command', ({ plain, commandLevel, command, headerCla }) => {
    const wrapped = wrapCommand(commandOf(plain), keysOf(commandLevel, command.counter), { ...gp, headerCla })
    expect(toHex(wrapped)).toBe(command.apdu)
  })

  it.each(PROTECTED)('$name, header $headerCla: answer', ({ responseLevel, responsePlain, response }) => {
    const keys = keysOf(responseLevel, response.counter ?? '0000000000000000')
    const answer = unwrapResponse(fromHex(response.response), keys, gp)
    expect(toHex(answer.data)).toBe(responsePlain)
    expect(answer.status).toBe(response.response.slice(-4))
    expect(answer.authentic).toBe(response.counter !== undefined)
  })

  it.each(PROTECTED.filter(({ response }) => response.counter !== undefined))(
    '$name, header $headerCla: no other answer that differs in a bit',
    ({ responseLevel, response }) => {
      for (const changed of oneBitChanges(fromHex(response.response))) {
        expect(() => unwrapResponse(changed, keysOf(responseLevel, response.counter), gp)).toThrow(REFUSED)
      }
    },
  )

  it.each(PROTECTED.filter(({ command }) => command.macWithoutExtraPaddingBlock !== undefined))(
    '$name, header $headerCla: alone, without a block of padding',
    ({ plain, commandLevel, command, headerCla }) => {
      const rules: Profile = { ...gp, headerCla, headerAlone: 'bare' }
      const wrapped = toHex(wrapCommand(commandOf(plain), keysOf(commandLevel, command.counter), rules))
      expect(wrapped.slice(14, -2)).toBe(command.macWithoutExtraPaddingBlock)
    },
  )
})

interface Icao {
  readonly bac: { ksEnc: string; ksMac: string }
  readonly secureMessaging: readonly {
    name: string
    plain: { cla: number; ins: number; p1: number; p2: number; data: string; le: number | null }
    command: { icv: string; apdu: string }
    responsePlain: string
    response: { icv: string; response: string }
  }[]
}

describe('the published exchanges of a travel document', () => {
  const { bac, secureMessaging } = load<Icao>('sm-icao')
  const key = TdesKey.create('session', 'MAC', fromHex(bac.ksMac))
  const keys = (icv: string) => ({
    mac: { key, counter: fromHex(icv) },
    enc: TdesKey.create('session', 'ENC', fromHex(bac.ksEnc)),
  })
  const rules: Profile = { ...gp, headerCla: 'protected', errorResponses: 'protected' }

  it.each(secureMessaging)('$name', ({ plain: { le, data, ...header }, command, responsePlain, response }) => {
    const sent = { ...header, data: fromHex(data), ...(le === null ? {} : { le }) }
    expect(toHex(wrapCommand(sent, keys(command.icv), rules))).toBe(command.apdu)
    const answer = unwrapResponse(fromHex(response.response), keys(response.icv), rules)
    expect([toHex(answer.data), answer.status, answer.authentic]).toEqual([responsePlain, '9000', true])
  })
})

describe('a command', () => {
  const command = { cla: 0x80, ins: 0xe2, p1: 0, p2: 0 }

  it('goes unchanged without keys, and without data to encipher', () => {
    const sent = { ...command, data: fromHex('01'), le: 256 }
    expect(toHex(wrapCommand(sent, {}, gp))).toBe('80E20000010100')
    expect(toHex(wrapCommand(command, { enc }, gp))).toBe('80E20000')
    expect(toHex(wrapCommand({ ...command, data: new Uint8Array(0) }, { enc }, gp))).toBe('80E20000')
  })

  it.each([
    [0x00, '0C', 0x00],
    [0x80, '8C', 0x80],
    [0x83, '8F', 0x80],
    [0x13, '1F', 0x10],
    [0x40, '60', 0x40],
    [0x4f, '6F', 0x40],
  ])('of class %i is sent with class %s', (cla, sentCla, covered) => {
    const wrapped = wrapCommand({ ...command, cla }, { mac: MAC }, gp)
    const expected = referenceMac(MAC_KEY, COUNTER, Uint8Array.of(covered, 0xe2, 0, 0, 0x80, 0, 0, 0))
    expect(toHex(wrapped)).toBe(`${sentCla}E200000A8E08${toHex(expected)}00`)
    expect(toHex(wrapCommand({ ...command, cla, data: fromHex('01') }, { enc }, gp)).slice(0, 2)).toBe(
      cla < 0x40 || cla >= 0x80 ? toHex(Uint8Array.of(cla | 0x08)) : sentCla,
    )
  })

  it.each([0x04, 0x08, 0x0c, 0x8c, 0x60])('of the protected class %i is refused', (cla) => {
    expect(() => wrapCommand({ ...command, cla }, { mac: MAC }, gp)).toThrow(coded('ERR_COMMAND', { label: 'cla' }))
  })

  it('that is malformed is refused', () => {
    expect(() => wrapCommand({ ...command, ins: 0x61 }, { mac: MAC }, gp)).toThrow(coded('ERR_COMMAND'))
  })

  it.each([
    [256, '970100', '00'],
    [257, '97020101', '0000'],
    [65536, '97020000', '0000'],
  ])('with Le %i carries it', (le, object, end) => {
    const wrapped = toHex(wrapCommand({ ...command, le }, { mac: MAC }, gp))
    expect(wrapped).toContain(object)
    expect(wrapped.endsWith(end)).toBe(true)
    expect(wrapped.slice(8, 10) === '00').toBe(end === '0000')
  })

  it.each([
    [242, 'FF', 2],
    [243, '000100', 4],
  ])('with %i bytes is as long as that needs', (length, lc, end) => {
    const wrapped = toHex(wrapCommand({ ...command, data: new Uint8Array(length) }, { mac: MAC }, gp))
    expect(wrapped.slice(8, 8 + lc.length)).toBe(lc)
    expect(wrapped.slice(-end)).toBe('0'.repeat(end))
  })
})

describe('an answer', () => {
  const keys = { mac: { key: MAC_KEY, counter: COUNTER }, enc: ENC_KEY }
  const own = { mac: MAC, enc }
  const unwrap = (bytes: Uint8Array, profile: Profile = gp) => unwrapResponse(bytes, own, profile)

  it('of any length comes out as it went in', () => {
    const levels = fc.constantFrom(
      [keys, own] as const,
      [{ mac: keys.mac }, { mac: MAC }] as const,
      [{ enc: ENC_KEY }, { enc }] as const,
    )
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 100 }),
        fc.constantFrom('9000', '6283', '63C1'),
        levels,
        (data, status, level) => {
          const [card, host] = level
          const answer = unwrapResponse(cardAnswer(data, status, card), host, gp)
          expect(answer).toEqual({ data, status, authentic: 'mac' in host })
        },
      ),
      { numRuns: 60 },
    )
  })

  it.each(['9000', '6100', '6281', '63C0', '9F10'])('of status %s without protection is refused', (status) => {
    expect(() => unwrap(fromHex(status))).toThrow(REFUSED)
  })

  it.each(['6400', '6982', '6A80', '6FFF'])('of status %s may come bare, and proves nothing', (status) => {
    expect(unwrap(fromHex(status))).toEqual({ data: new Uint8Array(0), status, authentic: false })
  })

  it('that refuses is protected, too, where the profile says so', () => {
    const rules: Profile = { ...gp, errorResponses: 'protected' }
    expect(() => unwrap(fromHex('6A80'), rules)).toThrow(REFUSED)
    expect(unwrap(cardAnswer(new Uint8Array(0), '6A80', keys), rules)).toMatchObject({
      status: '6A80',
      authentic: true,
    })
  })

  it('without keys is taken as it is', () => {
    const answer = { data: fromHex('0102'), status: '9000', authentic: false }
    expect(unwrapResponse(fromHex('01029000'), {}, gp)).toEqual(answer)
    expect(unwrapResponse(fromHex('01026A80'), {}, gp)).toEqual({ ...answer, status: '6A80' })
  })

  const data = fromHex('0102030405')
  const object87 = enciphered(Buffer.from('0102030405800000', 'hex'), ENC_KEY)
  it.each<[string, (objects: Buffer) => Buffer]>([
    ['an object behind the status', (objects) => Buffer.concat([objects, Buffer.from('970100', 'hex')])],
    ['an object in front', (objects) => Buffer.concat([Buffer.from('970100', 'hex'), objects])],
    ['the status twice', (objects) => Buffer.concat([objects, Buffer.from('99029000', 'hex')])],
    ['no status', (objects) => objects.subarray(0, -4)],
    ['another status', (objects) => Buffer.concat([objects.subarray(0, -4), Buffer.from('99029001', 'hex')])],
    ['a longer status', (objects) => Buffer.concat([objects.subarray(0, -4), Buffer.from('9903900000', 'hex')])],
    ['the data twice', (objects) => Buffer.concat([objects.subarray(0, -4), objects])],
    ['plain data where they are enciphered', () => Buffer.from('810101 99029000'.replace(' ', ''), 'hex')],
    ['the tag of no MAC', () => Buffer.from(`86${object87.toString('hex').slice(2)}99029000`, 'hex')],
    ['another padding indicator', () => Buffer.from(`8709${'02'}${object87.toString('hex').slice(6)}99029000`, 'hex')],
    ['no cipher text', () => Buffer.from('87010199029000', 'hex')],
    ['a cipher text of 7 bytes', () => Buffer.from(`8708${object87.toString('hex').slice(4, 20)}99029000`, 'hex')],
    ['an empty object', () => Buffer.from('870099029000', 'hex')],
    ['a malformed length', (objects) => Buffer.concat([Buffer.of(0x87, 0x85), objects])],
  ])('with %s is refused under a right MAC', (_, change) => {
    expect(() => unwrap(cardAnswer(data, '9000', keys, change))).toThrow(REFUSED)
  })

  it.each([
    ['no padding', '0102030405060708'],
    ['zeros alone', '0000000000000000'],
    ['a block of padding too many', '01020304050607088000000000000000' + '0000000000000000'],
    ['padding that begins otherwise', '0102030405400000'],
    ['nothing but padding', '8000000000000000'],
  ])('enciphered with %s is refused', (_, blocks) => {
    const change = (): Buffer =>
      Buffer.concat([enciphered(Buffer.from(blocks, 'hex'), ENC_KEY), Buffer.from('99029000', 'hex')])
    expect(() => unwrap(cardAnswer(data, '9000', keys, change))).toThrow(REFUSED)
  })

  it('may be padded by a whole block', () => {
    const change = (): Buffer =>
      Buffer.concat([
        enciphered(Buffer.from('01020304050607088000000000000000', 'hex'), ENC_KEY),
        Buffer.from('99029000', 'hex'),
      ])
    expect(toHex(unwrap(cardAnswer(data, '9000', keys, change)).data)).toBe('0102030405060708')
  })

  it('without a MAC holds nothing but the data', () => {
    const plain = cardAnswer(data, '9000', { enc: ENC_KEY })
    const more = Uint8Array.of(...plain.subarray(0, -2), 0x99, 0x02, 0x90, 0x00, 0x90, 0x00)
    expect(() => unwrapResponse(more, { enc }, gp)).toThrow(REFUSED)
    expect(unwrapResponse(fromHex('9000'), { enc }, gp)).toMatchObject({ status: '9000', authentic: false })
  })

  it('with an empty plain object is refused', () => {
    const change = (): Buffer => Buffer.from('810099029000', 'hex')
    const answer = cardAnswer(data, '9000', { mac: keys.mac }, change)
    expect(() => unwrapResponse(answer, { mac: MAC }, gp)).toThrow(REFUSED)
  })

  it.each([0, 1, 5, 14, 16])('cut to %i bytes is refused', (length) => {
    expect(() => unwrap(cardAnswer(data, '9000', keys).subarray(0, length))).toThrow(REFUSED)
  })

  it('of another counter is refused', () => {
    const later = cardAnswer(data, '9000', { ...keys, mac: { key: MAC_KEY, counter: fromHex('0000000000000100') } })
    expect(() => unwrap(later)).toThrow(REFUSED)
  })
})
