/** PIN CHANGE/UNBLOCK: [PBOC-SCRIPT] 5, tables 2-24 and the steps under them. */
import { fromHex } from '@issuerkit/apdu'
import { TdesKey } from '@issuerkit/keys'
import { describe, expect, it, vi } from 'vitest'
import { cbc, ecb, prefixedEcb, type ScriptCard, scriptCard, secured, visBlock } from './support/script-issuer.js'
import { TEST_KEYS } from './support/test-card.js'

const ascii = (pin: string): string => [...pin].map((digit) => `3${digit}`).join('')
const pinObject = (pin: string) => ({ value: fromHex(ascii(pin)), capacity: 12 })
const change = (block: string, p2 = 2): Uint8Array => secured(`8424000${p2}`, prefixedEcb(block))
const blocked = (pin = '1234'): ScriptCard =>
  scriptCard({ objects: { 'app/0/pin': pinObject(pin), 'app/0/data/9F17': '00' } })
const outcome = (card: ScriptCard): string[] => [card.read('pin'), card.read('data/9F17')]
const PINS = ['0000', '12345', '999999', '12345678901', '123456789012']

describe('[PBOC-SCRIPT] 5, P2=00: the try counter goes back to its limit', () => {
  it.each(['01', '03', '0F'])('of %s; the PIN stays', (limit) => {
    const objects = { 'app/0/pin-try-limit': limit, 'app/0/data/9F17': '00' }
    const card = scriptCard({ objects })
    expect(card.send(secured('84240000'))).toBe('9000')
    expect(outcome(card)).toEqual([ascii('1234'), limit])
  })
  it.each(['app/0/pin', 'app/0/pin-try-limit', 'app/0/data/9F17'])('6A88 on a card without %s', (name) => {
    const card = scriptCard({ objects: { [name]: undefined } })
    expect(card.send(secured('84240000'))).toBe('6A88')
    expect(card.state('scriptFailed')).toBe(1)
  })
  it('leaves an application blocked that the PIN try limit has blocked', () => {
    const card = scriptCard({ objects: { 'app/0/state/blocked': '02', 'app/0/data/9F17': '00' } })
    expect(card.send(secured('84240000'))).toBe('9000')
    expect(card.state('blocked')).toBe(2)
  })
})

describe('[PBOC-SCRIPT] 5, P2=02: a new PIN without the current one', () => {
  it.each(PINS)('%s', (pin) => {
    const card = blocked('4321')
    expect(card.send(change(visBlock(pin)))).toBe('9000')
    expect(outcome(card)).toEqual([ascii(pin), '03'])
  })
})

describe('[PBOC-SCRIPT] 5, P2=01: a new PIN with the current one', () => {
  it.each(PINS.flatMap((pin) => PINS.map((current) => [current, pin])))('%s to %s', (current, pin) => {
    const card = blocked(current)
    expect(card.send(change(visBlock(pin, undefined, current), 1))).toBe('9000')
    expect(outcome(card)).toEqual([ascii(pin), '03'])
  })
  it.each(['4234', '1334', '0234', '12349', '123499', '999999999999', '0000'])(
    '%s is not the current PIN: 6A80',
    (other) => {
      const card = blocked()
      expect(card.send(change(visBlock('5678', undefined, other), 1))).toBe('6A80')
      expect(outcome(card)).toEqual([ascii('1234'), '00'])
      expect(card.state('scriptFailed')).toBe(1)
    },
  )
  it('nothing in the block confirms the current PIN: one that differs late may set a PIN that nobody knows', () => {
    const card = blocked('1234')
    // D4 is two digits ahead of D2: 5 for the fourth digit, 4, changes the second of the new PIN by one bit.
    expect(card.send(change(visBlock('5678', undefined, '1235'), 1))).toBe('9000')
    expect(card.read('pin')).toBe(ascii('5778'))
  })
  it('of those that begin with the same two digits, 63 pass so; of others none', () => {
    const card = blocked()
    const passes = (other: string): boolean => {
      card.memory.write('app/0/pin', fromHex(ascii('1234')))
      return card.send(change(visBlock('5678', undefined, other), 1)) === '9000'
    }
    const numbers = (step: number, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${i * step}`.padStart(step === 1 ? 2 : 4, '0'))
    // By hand: 5 XOR 3 XOR d, and 6 XOR 4 XOR d, are digits for d from 0 to 7.
    expect(numbers(1, 100).filter((end) => end !== '34' && passes(`12${end}`))).toHaveLength(8 * 8 - 1)
    expect(numbers(97, 103).filter((other) => !other.startsWith('12') && passes(other))).toEqual([])
  })
  it('a block made for the other P2 is none', () => {
    expect(blocked().send(change(visBlock('5678'), 1))).toBe('6A80')
    expect(blocked().send(change(visBlock('5678', undefined, '1234'), 2))).toBe('6A80')
  })
})

describe('what is no PIN block: 6A80', () => {
  const tail = BigInt(`0x${TEST_KEYS.enc.slice(8, 16)}`)
  const withD1 = (d2: string): string => (BigInt(`0x${d2}`) ^ tail).toString(16).padStart(16, '0')
  it.each([
    ['3 digits', '03123FFFFFFFFFFF'],
    ['13 digits', '0D1234567890123F'],
    ['no digits', '00FFFFFFFFFFFFFF'],
    ['15 for the length', '0F12345678901234'],
    ['a letter among the digits', '0412A4FFFFFFFFFF'],
    ['F among the digits', '06123FFFFFFFFFFF'],
    ['another filler', '041234FFFFFFFFF0'],
    ['another filler at once', '0412345FFFFFFFFF'],
    ['ISO-2 control nibble', '241234FFFFFFFFFF'],
    ['control nibble 8', '841234FFFFFFFFFF'],
  ])('%s', (_, d2) => {
    const card = blocked()
    expect(card.send(change(withD1(d2)))).toBe('6A80')
    expect([...outcome(card), card.state('scriptFailed')]).toEqual([ascii('1234'), '00', 1])
  })
  it('takes the same with nothing wrong', () => {
    const card = blocked()
    expect(card.send(change(withD1('047654FFFFFFFFFF')))).toBe('9000')
    expect(card.read('pin')).toBe(ascii('7654'))
  })
  it.each([
    ['D1 of the AC key', visBlock('5678', TEST_KEYS.ac.slice(8, 16))],
    ['the left bytes of the ENC key', visBlock('5678', TEST_KEYS.enc.slice(0, 8))],
    ['the right half of the ENC key', visBlock('5678', TEST_KEYS.enc.slice(24, 32))],
  ])('%s', (_, block) => expect(blocked().send(change(block))).toBe('6A80'))
  it('D1 of the AC key where the card is set so', () => {
    const card = scriptCard({ switches: { pinBlockKey: 'ac' } })
    expect(card.send(change(visBlock('5678', TEST_KEYS.ac.slice(8, 16))))).toBe('9000')
    expect(scriptCard({ switches: { pinBlockKey: 'ac' } }).send(change(visBlock('5678')))).toBe('6A80')
  })
})

describe('P1, P2 and Lc', () => {
  it.each(['84240003', '842400FF', '84240100', '84240102', '84248002'])('%s: 6A86', (header) => {
    const card = blocked()
    expect(card.send(secured(header, prefixedEcb(visBlock('5678'))))).toBe('6A86')
    expect(outcome(card)).toEqual([ascii('1234'), '00'])
  })
  it.each([
    ['84240000', 16],
    ['84240000', 1],
    ['84240001', 0],
    ['84240001', 8],
    ['84240002', 15],
    ['84240002', 17],
    ['84240002', 24],
  ])('%s with %i bytes before the MAC: 6700', (header, length) => {
    const card = blocked()
    expect(card.send(secured(header, new Uint8Array(length)))).toBe('6700')
    expect([...outcome(card), card.state('scriptFailed')]).toEqual([ascii('1234'), '00', 1])
  })
})

describe('schemes', () => {
  const iso2 = (pin: string): string => `2${pin.length.toString(16)}${pin}`.padEnd(16, 'F')
  const common = { method: 'emv-common', macLength: 8 } as const

  it('M/Chip: an ISO-2 block in CBC mode without padding, whatever P2 says of the current PIN', () => {
    for (const p2 of ['01', '02']) {
      const card = scriptCard({ config: { scheme: 'mastercard-cvn16' } })
      expect(card.send(secured(`842400${p2}`, cbc(iso2('86420')), common))).toBe('9000')
      expect(card.read('pin')).toBe(ascii('86420'))
    }
    for (const plain of [iso2('123'), '041234FFFFFFFFFF', '341234FFFFFFFFFF', '001234FFFFFFFFFF']) {
      const card = scriptCard({ config: { scheme: 'mastercard-cvn16' } })
      expect(card.send(secured('84240002', cbc(plain), common))).toBe('6A80')
      expect(card.read('pin')).toBe(ascii('1234'))
    }
    const padded = secured('84240002', cbc(`${iso2('86420')}8000000000000000`), common)
    expect(scriptCard({ config: { scheme: 'mastercard-cvn16' } }).send(padded)).toBe('6700')
  })
  it('CCD: the same with padding always', () => {
    const send = (plain: string): string | undefined =>
      scriptCard({ config: { scheme: 'emv-ccd' } }).send(secured('84240002', cbc(plain), common))
    expect(send(`${iso2('86420')}8000000000000000`)).toBe('9000')
    for (const padding of ['0000000000000000', '8000000000000001', '8080000000000000', '0180000000000000'])
      expect(send(iso2('86420') + padding), padding).toBe('6A80')
    expect(send(iso2('86420'))).toBe('6700')
  })
  it('Visa CVN 22: an ISO-2 block without, a VIS block with the current PIN', () => {
    const send = (p2: string, block: string): string | undefined => {
      const card = scriptCard({ config: { scheme: 'visa-cvn22' } })
      return card.send(secured(`842400${p2}`, prefixedEcb(block, common), common))
    }
    const vis = visBlock('86420', TEST_KEYS.ac.slice(8, 16), '1234')
    expect(send('02', iso2('86420'))).toBe('9000')
    expect(send('01', vis)).toBe('9000')
    expect(send('01', iso2('86420'))).toBe('6A80')
    expect(send('02', visBlock('86420', TEST_KEYS.ac.slice(8, 16)))).toBe('6A80')
  })
  it('PBOC: length byte, block and padding, each of them right', () => {
    const right = visBlock('5678')
    for (const plain of [
      `07${right}80000000000000`,
      `09${right}80000000000000`,
      `00${right}80000000000000`,
      `08${right}00000000000000`,
      `08${right}80000000000001`,
      `08${right}80008000000000`,
      `08${right}81000000000000`,
    ]) {
      const card = blocked()
      expect(card.send(secured('84240002', ecb(plain))), plain).toBe('6A80')
      expect(outcome(card)).toEqual([ascii('1234'), '00'])
    }
    expect(blocked().send(secured('84240002', ecb(`08${right}80000000000000`)))).toBe('9000')
  })
  it('SM4: one block, and a CBC-MAC', () => {
    const sm4 = { method: 'pboc-sm4' } as const
    const config = { scheme: 'pboc-sm4' } as const
    const card = scriptCard({ config })
    expect(card.send(secured('84240002', prefixedEcb(visBlock('5678'), sm4), sm4))).toBe('9000')
    expect(card.read('pin')).toBe(ascii('5678'))
    expect(card.send(secured('84240001', prefixedEcb(visBlock('999999', undefined, '5678'), sm4), sm4))).toBe('9000')
    expect(card.read('pin')).toBe(ascii('999999'))
    expect(card.send(secured('84240002', prefixedEcb(visBlock('5678')), sm4))).toBe('6A80')
    expect(scriptCard({ config }).send(secured('84240000'))).toBe('6988')
  })
})

describe('what is secret does not stay', () => {
  it.each([
    ['PIN CHANGE', change(visBlock('5678', undefined, '1234'), 1), '9000', 4],
    ['PIN CHANGE with another current PIN', change(visBlock('5678', undefined, '9999'), 1), '6A80', 4],
    ['a wrong MAC', change(visBlock('5678'), 1).fill(0, 21), '6988', 2],
  ] as const)('%s: keys destroyed, copies of keys and PIN zeroed', (_, command, status, keys) => {
    const card = blocked()
    const destroyed = vi.spyOn(TdesKey.prototype, 'destroy')
    const read = vi.spyOn(card.context.memory, 'read')
    try {
      expect(card.send(command)).toBe(status)
      expect(destroyed).toHaveBeenCalledTimes(keys)
      const copies = read.mock.results.filter((_, i) => /^(?:key|pin$)/.test(read.mock.calls[i]?.[0] ?? ''))
      expect(copies.length).toBeGreaterThanOrEqual(keys / 2)
      for (const { value } of copies) expect(Math.max(...(value as Uint8Array))).toBe(0)
    } finally {
      vi.restoreAllMocks()
    }
  })
  it('a key whose halves are equal, as published ones are, is one', () => {
    const key = '0123456789ABCDEF0123456789ABCDEF'
    const card = scriptCard({ objects: { 'app/0/key/mac': key } })
    expect(card.send(secured('84240000', '', { macKey: key }))).toBe('9000')
  })
})
