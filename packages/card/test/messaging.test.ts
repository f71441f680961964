/** Secure messaging: published exchanges, then everything that is not quite one. */
import { encodeCommand, fromHex, toHex } from '@issuerkit/apdu'
import { CHANNEL_PROFILES, type MessagingContext, unwrapCommand, wrapResponse } from '@issuerkit/card'
import { TdesKey } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import reference from '../../../vectors/scp10-reference-1024.json' with { type: 'json' }
import vectors from '../../../vectors/secure-messaging.json' with { type: 'json' }
import icao from '../../../vectors/sm-icao.json' with { type: 'json' }
import { retailMac, wrapped } from './support/host.js'

const LEVELS: Record<string, number> = { mac: 0x11, enc: 0x22, 'mac+enc': 0x33, none: 0 }

function context(mac: string, enc: string, counter: string, level: number, profile = {}): MessagingContext {
  const key = { key: TdesKey.create('session', 'MAC', fromHex(mac)), counter: { value: BigInt(`0x${counter}`) } }
  const cipher = TdesKey.create('session', 'ENC', fromHex(enc))
  const keys = { cmac: key, rmac: key, cenc: cipher, renc: cipher }
  return { level, keys, profile: { ...CHANNEL_PROFILES.gp, ...profile } }
}

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0')
const MAC = 'DD073A6F5BBDE3D530B935F873ECF66E'
const ENC = '4297DE925A11364F55058F2DD4C4148B'
const START = 'A9800645CED753BB'

describe.each(vectors.cases)('$id', ({ inputs, expect: expected }) => {
  const { macKey, encKey, headerCla, commandLevel, responseLevel, command } = inputs
  const counter = 'counter' in inputs ? (inputs.counter as string) : '0000000000000000'
  const ctx = (level: string): MessagingContext =>
    context(macKey, encKey, counter, LEVELS[level] as number, { headerCla })
  it('is unwrapped, and its answer wrapped with the next value of the counter', () => {
    const wanted = ctx(commandLevel)
    const plain = unwrapCommand(fromHex(expected.command), wanted)
    const le = command.le === null ? undefined : command.le || 256
    expect(plain).toEqual({
      cla: Number.parseInt(command.cla, 16),
      ins: Number.parseInt(command.ins, 16),
      p1: Number.parseInt(command.p1, 16),
      p2: Number.parseInt(command.p2, 16),
      ...(command.data !== '' && { data: fromHex(command.data) }),
      ...(le !== undefined && { le }),
    })
    const back = { ...wanted, level: LEVELS[responseLevel] as number }
    const response = { data: fromHex(inputs.responseData), status: inputs.responseStatus }
    expect(toHex(wrapResponse(response, back) as Uint8Array)).toBe(expected.response)
  })
})

describe.each(icao.secureMessaging)('ICAO 9303: $name', ({ plain, command, response, responsePlain }) => {
  it('passes through the same functions', () => {
    const { ksMac, ksEnc } = icao.bac
    const ctx = context(ksMac, ksEnc, command.icv, 0x33, { headerCla: 'protected' })
    const inner = unwrapCommand(fromHex(command.apdu), ctx)
    expect(inner && toHex(inner.data ?? new Uint8Array(0))).toBe(plain.data)
    expect(inner?.le ?? null).toBe(plain.le)
    const answer = wrapResponse({ data: fromHex(responsePlain), status: '9000' }, ctx)
    expect(answer && toHex(answer)).toBe(response.response)
  })
})

it('takes a MAC over the header alone without a block of padding, when the profile says so', () => {
  const cases = (reference.sets[0] as (typeof reference.sets)[0]).secureMessaging.cases
  const found = cases.filter((one) => 'macWithoutExtraPaddingBlock' in one.command)
  expect(found).toHaveLength(2)
  for (const { command, headerCla } of found) {
    const { counter, apdu, mac, macWithoutExtraPaddingBlock: other } = command as Record<string, string>
    const ctx = context(MAC, ENC, counter as string, 1, { headerCla, emptyBodyPadding: 'none' })
    expect(unwrapCommand(fromHex(apdu as string), ctx)).toBeUndefined()
    expect(unwrapCommand(fromHex((apdu as string).replace(mac as string, other as string)), ctx)).toBeDefined()
  }
})

describe('a command that is not exactly what the level wants', () => {
  const value = BigInt(`0x${START}`)
  const good = wrapped('80E20000', '0102', '10', MAC, value)
  const secret = wrapped('80E20000', '0102', '10', MAC, value, ENC)
  const sealed = (objects: string, header = '80E20000', cla = '8C'): string => {
    const mac = retailMac(MAC, value, `${header}80000000${objects}`)
    const data = `${objects}8E08${mac}`
    return `${cla}E20000${hex(data.length / 2)}${data}00`
  }
  const open = (text: string, level: number): string | undefined => {
    const ctx = context(MAC, ENC, START, level)
    const plain = unwrapCommand(fromHex(text), ctx)
    return plain && toHex(encodeCommand(plain))
  }
  it.each([
    ['C-MAC', good, 1],
    ['C-MAC and C-ENC', secret, 3],
  ])('but this one is: %s', (_, text, level) => expect(open(text, level)).toBe('80E2000002010210'))
  it('and so is one in the other coding of the class byte, whose MAC is over class 40', () => {
    expect(open(sealed('81020102', '40E20000', '63'), 1)).toBe('43E20000020102')
    expect(open(sealed('81020102', '40E20000', '73'), 1)).toBeUndefined()
    expect(open(sealed('81020102', '40E20000', '43'), 1)).toBeUndefined()
  })
  it('and one with a long Le', () => {
    expect(open(sealed('97020000'), 1)).toBe('80E20000000000')
    expect(open(sealed('97020101'), 1)).toBe('80E20000000101')
    expect(open(sealed('970100'), 1)).toBe('80E2000000')
  })
  it.each([
    ['at level 00', good, 0],
    ['C-MAC where C-ENC is wanted', good, 3],
    ['C-ENC where C-MAC alone is wanted', secret, 1],
    ['the class bits of C-ENC alone', `88${good.slice(2)}`, 1],
    ['proprietary class bits', `84${good.slice(2)}`, 1],
    ['no class bits', `80${good.slice(2)}`, 1],
    ['part of a chain', sealed('81020102', '90E20000', '9C'), 1],
    ['no Le outside', good.slice(0, -2), 1],
    ['another Le outside', `${good.slice(0, -2)}01`, 1],
    ['no MAC', '8CE200000481020102' + '00', 1],
    ['a MAC of seven bytes', '8CE200000D810201028E0701020304050607' + '00', 1],
    ['nothing at all', '8CE2000000', 1],
    ['no TLV', '8CE20000028E08' + '00', 1],
    ['Le before the data', sealed('97011081020102'), 1],
    ['the data twice', sealed('8102010281020102'), 1],
    ['an object of another level', sealed('96011081020102'), 1],
    ['empty data', sealed('8100'), 1],
    ['an Le of three bytes', sealed('9703000001'), 1],
    ['an empty Le', sealed('9700'), 1],
    [
      'something behind the MAC',
      `${sealed('81020102').slice(0, 8)}1281020102${sealed('81020102').slice(18, -2)}97011000`,
      1,
    ],
    ['a cipher without its 01', sealed('87090202030405060708FF'), 3],
    ['a cipher of part of a block', sealed('870801020304050607FF'), 3],
    ['a cipher of nothing', sealed('870101'), 3],
    ['an empty cipher object', sealed('8700'), 3],
    ['a cipher without padding', sealed('8709010000000000000000'), 3],
    ['C-ENC with no cipher', '88E200000396010000', 2],
    ['C-ENC with a MAC', `88${secret.slice(2)}`, 2],
  ])('is refused: %s', (_, text, level) => expect(open(text, level)).toBeUndefined())

  it('is refused for every bit that changes', () => {
    for (const [text, level] of [
      [good, 1],
      [secret, 3],
    ] as const) {
      const bytes = fromHex(text)
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        const changed = bytes.slice()
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
        let opened: unknown
        try {
          opened = unwrapCommand(changed, context(MAC, ENC, START, level))
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_COMMAND' })
        }
        // The logical channel is not under the MAC: the card has one alone, and looks at it before.
        if (bit !== 0 && bit !== 1) expect(opened, `bit ${bit}`).toBeUndefined()
      }
    }
  })
  it('leaves the counter; a right one moves it', () => {
    const ctx = context(MAC, ENC, START, 1)
    expect(unwrapCommand(fromHex(secret), ctx)).toBeUndefined()
    expect(ctx.keys.cmac?.counter.value).toBe(value)
    expect(unwrapCommand(fromHex(good), ctx)).toBeDefined()
    expect(ctx.keys.cmac?.counter.value).toBe(value + 1n)
    expect(unwrapCommand(fromHex(good), ctx)).toBeUndefined()
  })
})

describe('the counter', () => {
  it('carries into its next byte and ends before it comes round', () => {
    const last = (1n << 64n) - 2n
    const ctx = context(MAC, ENC, 'FFFFFFFFFFFFFFFE', 0x11)
    expect(unwrapCommand(fromHex(wrapped('00B00000', '', '01', MAC, last)), ctx)).toBeDefined()
    expect(unwrapCommand(fromHex(wrapped('00B00000', '', '01', MAC, last + 1n)), ctx)).toBeUndefined()
    expect(wrapResponse({ data: new Uint8Array(0), status: '9000' }, ctx)).toBeUndefined()
  })
})

describe('an answer', () => {
  const answer = (level: number, data: string, status: string, profile = {}): string => {
    const out = wrapResponse({ data: fromHex(data), status }, context(MAC, ENC, START, level, profile))
    return toHex(out as Uint8Array)
  }
  it.each([
    ['no level', 0, '0102', '9000', '01029000'],
    ['an error', 0x33, '', '6A80', '6A80'],
    ['an error with data', 0x33, '01', '6F00', '016F00'],
    ['R-ENC without data', 0x20, '', '9000', '9000'],
  ])('goes bare: %s', (_, level, data, status, expected) => expect(answer(level, data, status)).toBe(expected))
  it.each(['6283', '63C1', '6110', '9100'])('is protected with status %s', (status) => {
    const mac = retailMac(MAC, BigInt(`0x${START}`), `9902${status}`)
    expect(answer(0x10, '', status)).toBe(`9902${status}8E08${mac}${status}`)
  })
  it('has its data under R-MAC alone in 81', () => {
    const mac = retailMac(MAC, BigInt(`0x${START}`), '8101AA99029000')
    expect(answer(0x10, 'AA', '9000')).toBe(`8101AA990290008E08${mac}9000`)
  })
  it('protects errors too, when the profile says so', () => {
    const mac = retailMac(MAC, BigInt(`0x${START}`), '99026A80')
    expect(answer(0x10, '', '6A80', { errorResponses: 'protected' })).toBe(`99026A808E08${mac}6A80`)
  })
})
