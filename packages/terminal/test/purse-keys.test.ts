import { IssuerkitError } from '@issuerkit/apdu'
import { TdesKey } from '@issuerkit/keys'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createPurseKey,
  diversifyPurseKey,
  foldPurseKey,
  greySessionKey,
  isPurseMac,
  onlineSessionKey,
  purchaseSessionKey,
  purseMac,
  purseTac,
  wholeNumber,
  withKey,
} from '../src/purse-keys.js'
import {
  bytes,
  cbcMac,
  encipher,
  folded,
  hex,
  type SessionKeyInputs,
  type VectorCase,
  vectors,
} from './purse-oracle.js'

const KEY = '0123456789ABCDEFFEDCBA9876543210'
const code = (expected: string) => expect.objectContaining({ code: expected })
const session = (key: string): TdesKey<'zone', 'MAC'> =>
  TdesKey.create('zone', 'MAC', bytes(key), { allowSingleLength: true })

/** The result under the field's name, or the code of the error. */
function outcome(field: string, compute: () => Uint8Array): object {
  try {
    return { expect: { [field]: hex(compute()) } }
  } catch (error) {
    return { error: (error as IssuerkitError).code }
  }
}
const wanted = ({ expect: good, error }: VectorCase): object => (good === undefined ? { error } : { expect: good })

describe('published and derived numbers', () => {
  it.each(vectors('epurse-diversify'))('diversify: $id', (given) => {
    const { key, factors } = given.inputs as { key: string; factors: string[] }
    const got = outcome('key', () => diversifyPurseKey(createPurseKey(bytes(key)), factors.map(bytes)).expose())
    expect(got).toEqual(wanted(given))
  })

  it.each(vectors('epurse-session-key'))('session key: $id', (given) => {
    const { key, random, serial, terminalSerial } = given.inputs as unknown as SessionKeyInputs
    const got = outcome('key', () => {
      const card = createPurseKey(bytes(key))
      if (terminalSerial === undefined) return onlineSessionKey(card, bytes(random), serial).expose()
      return purchaseSessionKey(card, bytes(random), serial, terminalSerial).expose()
    })
    expect(got).toEqual(wanted(given))
  })

  it.each(vectors('epurse-mac'))('MAC: $id', (given) => {
    const { sessionKey, data } = given.inputs as Record<string, string>
    expect(hex(purseMac(session(sessionKey as string), bytes(data as string)))).toBe(given.expect?.['mac'])
  })

  it.each(vectors('epurse-tac'))('TAC: $id', (given) => {
    const { dtk, data } = given.inputs as Record<string, string>
    expect(hex(purseTac(createPurseKey(bytes(dtk as string)), bytes(data as string)))).toBe(given.expect?.['tac'])
  })

  it('has enough of each, the published ones among them', () => {
    expect(vectors('epurse-mac')).toHaveLength(10)
    expect(vectors('epurse-tac').map(({ id }) => id)).toEqual(['p2-tac', 'p3-tac', 'p4-tac'])
  })
})

describe('against OpenSSL, whatever the values', () => {
  const some = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

  it('diversifies in two halves, level by level', () => {
    fc.assert(
      fc.property(some(16), fc.array(some(8), { minLength: 1, maxLength: 3 }), (key, factors) => {
        let expected = Buffer.from(key)
        for (const factor of factors) {
          const other = factor.map((byte) => byte ^ 0xff)
          expected = Buffer.concat([encipher(expected, factor), encipher(expected, other)])
        }
        expect(hex(diversifyPurseKey(createPurseKey(key), factors).expose())).toBe(hex(expected))
      }),
      { numRuns: 25 },
    )
  })

  it('makes session keys of one block', () => {
    fc.assert(
      fc.property(some(16), some(4), fc.nat(0xffff), fc.nat(0xffff_ffff), (key, random, serial, terminal) => {
        const start = Buffer.concat([random, Buffer.of(serial >> 8, serial & 0xff)])
        const online = encipher(key, Buffer.concat([start, Buffer.of(0x80, 0)]))
        const offline = encipher(key, Buffer.concat([start, Buffer.of((terminal >> 8) & 0xff, terminal & 0xff)]))
        const card = createPurseKey(key)
        expect(hex(onlineSessionKey(card, random, serial).expose())).toBe(hex(online))
        expect(hex(purchaseSessionKey(card, random, serial, terminal).expose())).toBe(hex(offline))
      }),
      { numRuns: 25 },
    )
  })

  it('makes MAC and TAC of 4 bytes, of any data', () => {
    fc.assert(
      fc.property(some(8), some(16), fc.uint8Array({ maxLength: 40 }), (key, dtk, data) => {
        expect(hex(purseMac(session(hex(key)), data))).toBe(hex(cbcMac(key, data)))
        expect(hex(purseTac(createPurseKey(dtk), data))).toBe(hex(cbcMac(folded(dtk), data)))
      }),
      { numRuns: 25 },
    )
  })

  it('enciphers the random of the grey lock with single DES', () => {
    const [temporary, random] = ['0123456789ABCDEF', '11223344']
    const expected = encipher(bytes(temporary), bytes(`${random}80000000`))
    expect(hex(greySessionKey(session(temporary), bytes(random)).expose())).toBe(hex(expected))
  })
})

describe('keys of cards', () => {
  it('of 8 bytes are single DES: the key twice', () => {
    expect(hex(createPurseKey(bytes('0123456789ABCDEF')).expose())).toBe('0123456789ABCDEF0123456789ABCDEF')
  })
  it('do not lose the bytes that they were made of', () => {
    const given = bytes('0123456789ABCDEF')
    createPurseKey(given)
    expect(hex(given)).toBe('0123456789ABCDEF')
  })
  it('may have equal halves, as published cards do', () => {
    expect(hex(foldPurseKey(createPurseKey(bytes('34'.repeat(16)))).expose())).toBe('0000000000000000')
  })
  it('have the purpose that is asked for', () => {
    expect(createPurseKey(bytes(KEY)).purpose).toBe('MAC')
    expect(createPurseKey(bytes(KEY), 'PIN').purpose).toBe('PIN')
  })
  it.each([0, 7, 9, 15, 17, 24])('are not made of %i bytes', (length) => {
    expect(() => createPurseKey(new Uint8Array(length))).toThrow(code('ERR_KEY'))
  })
  it('leave the master key in use', () => {
    const master = createPurseKey(bytes(KEY))
    diversifyPurseKey(master, [bytes('1122334455667788')])
    expect(hex(master.expose())).toBe(KEY)
  })
  it('print neither themselves nor what is made from them', () => {
    const key = onlineSessionKey(createPurseKey(bytes(KEY)), bytes('11223344'), 0)
    expect(`${key}`).toBe('TdesKey(zone MAC, kcv withheld)')
  })
  it('are of no use when destroyed', () => {
    const key = createPurseKey(bytes(KEY))
    key.destroy()
    expect(() => onlineSessionKey(key, bytes('11223344'), 0)).toThrow(code('ERR_KEY_DESTROYED'))
    expect(() => purseTac(key, bytes('00'))).toThrow(code('ERR_KEY_DESTROYED'))
    expect(() => diversifyPurseKey(key, [new Uint8Array(8)])).toThrow(code('ERR_KEY_DESTROYED'))
  })
})

describe('what is refused', () => {
  const card = createPurseKey(bytes(KEY))
  it.each([0, 3, 5, 8])('a random of %i bytes', (length) => {
    expect(() => onlineSessionKey(card, new Uint8Array(length), 0)).toThrow(code('ERR_LENGTH'))
    expect(() => purchaseSessionKey(card, new Uint8Array(length), 0, 0)).toThrow(code('ERR_LENGTH'))
  })
  it.each([-1, 0x1_0000, 1.5, Number.NaN])('the serial %d', (serial) => {
    expect(() => onlineSessionKey(card, new Uint8Array(4), serial)).toThrow(code('ERR_OPTION'))
  })
  it.each([-1, 0x1_0000_0000, 0.5])("the terminal's serial %d", (serial) => {
    expect(() => purchaseSessionKey(card, new Uint8Array(4), 0, serial)).toThrow(code('ERR_OPTION'))
  })
  it.each([0, 3, 5])("a terminal's random of %i bytes", (length) => {
    expect(() => greySessionKey(session('0123456789ABCDEF'), new Uint8Array(length))).toThrow(code('ERR_LENGTH'))
  })
})

describe('helpers', () => {
  it('tell a wrong MAC, a short and a long one', () => {
    const key = session('9B1D924E05595603')
    const data = bytes('000000000000100001001122334455')
    expect(isPurseMac(key, data, bytes('2988AE5A'))).toBe(true)
    for (const wrong of ['2988AE5B', '2988AE', '2988AE5A00', ''])
      expect(isPurseMac(key, data, bytes(wrong))).toBe(false)
  })
  it('write whole numbers, highest byte first', () => {
    expect(hex(wholeNumber(0x01020304, 4, 'x'))).toBe('01020304')
    expect(hex(wholeNumber(0xffff_ffff, 4, 'x'))).toBe('FFFFFFFF')
    expect(hex(wholeNumber(5, 3, 'x'))).toBe('000005')
    expect(() => wholeNumber(0x100, 1, 'x')).toThrow(code('ERR_OPTION'))
  })
  it('destroy a key whatever happens', () => {
    const key = createPurseKey(bytes(KEY))
    expect(() =>
      withKey(key, () => {
        throw new IssuerkitError('ERR_OPTION')
      }),
    ).toThrow(code('ERR_OPTION'))
    expect(() => key.expose()).toThrow(code('ERR_KEY_DESTROYED'))
  })
})
