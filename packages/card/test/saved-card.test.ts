/** A card in a file's text, and what is told of it. */
import { createCipheriv } from 'node:crypto'
import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeCard, maskPan } from '../src/describe-card.js'
import { CardMemory } from '../src/memory.js'
import { personaliseCard } from '../src/personalise.js'
import { parseCardProfile } from '../src/profile.js'
import { loadCard, saveCard } from '../src/saved-card.js'
import { handMadeCa } from './support/hand-made-ca.js'
import { MASTER, profileOf } from './support/profiles.js'

const profile = (change: Record<string, unknown> = {}) =>
  parseCardProfile(profileOf({ keys: { card: MASTER }, limits: { '9F58': '02' }, ...change }))
const newCard = (change: Record<string, unknown> = {}): CardMemory => personaliseCard(profile(change))
const saved = saveCard(newCard())
const parsed = JSON.parse(saved) as { objects: [string, number][]; cells: string } & Record<string, unknown>

describe('a saved card', () => {
  it('says what it is, and warns', () => {
    expect(saved.endsWith('}\n')).toBe(true)
    expect(parsed).toMatchObject({
      format: 'issuerkit-card/1',
      kind: 'debit-credit',
      warning: expect.stringContaining('Test keys'),
    })
  })

  it('is the card again, object by object', () => {
    const before = newCard()
    before.writeNumber('app/0/data/9F36', 0x1234)
    before.commit()
    before.writeNumber('app/0/data/9F36', 0x9999)
    const after = loadCard(saveCard(before))
    expect(after.names).toEqual(before.names)
    expect(toHex(after.read('app/0/data/9F36'))).toBe('1234')
    expect(saveCard(after)).toBe(saveCard(before))
  })

  it('cut off in a commit recovers when it is loaded', () => {
    const card = newCard()
    card.writeNumber('app/0/data/9F36', 7)
    card.writeNumber('app/0/state/blocked', 1)
    // The values are in the journal, and the first of them is torn on its way out of it.
    card.arm({ write: 3, at: 'torn' })
    expect(() => card.commit()).toThrow(expect.objectContaining({ name: 'PowerLoss' }))
    const after = loadCard(saveCard(card))
    expect([after.readNumber('app/0/data/9F36'), after.readNumber('app/0/state/blocked')]).toEqual([7, 1])
  })

  it.each<[string, string, string?]>([
    ['no JSON', saved.slice(1)],
    ['cut short', saved.slice(0, -3)],
    ['too long', `${saved}${' '.repeat(400_000)}`],
    ['a list', '[]'],
    ['null', 'null'],
    ['of another format', JSON.stringify({ ...parsed, format: 'issuerkit-card/2' })],
    ['of another kind', JSON.stringify({ ...parsed, kind: 'e-purse' })],
    ['without a warning', JSON.stringify({ ...parsed, warning: undefined })],
    ['with another field', JSON.stringify({ ...parsed, owner: 'me' })],
    ['without objects', JSON.stringify({ ...parsed, objects: [] })],
    ['with an object of three parts', JSON.stringify({ ...parsed, objects: [['config', 1, 2]] })],
    ['with a name that is none', JSON.stringify({ ...parsed, objects: [['../x', 1]] })],
    ['with a capacity below 0', JSON.stringify({ ...parsed, objects: [['config', -1]] })],
    ['with a capacity of text', JSON.stringify({ ...parsed, objects: [['config', '1']] })],
    ['with an object twice', JSON.stringify({ ...parsed, objects: [...parsed.objects, ['blocked', 1]] })],
    ['with an object too many', JSON.stringify({ ...parsed, objects: [...parsed.objects, ['x', 1]] })],
    ['with a cell less', JSON.stringify({ ...parsed, cells: parsed.cells.slice(2) })],
    ['with cells that are none', JSON.stringify({ ...parsed, cells: `${parsed.cells.slice(2)}GG` }), 'ERR_HEX'],
    ['without a config', saveCard(CardMemory.create([['blocked', { value: new Uint8Array(1) }]]))],
  ])('is refused %s', (_, text, code = 'ERR_CARD') =>
    expect(() => loadCard(text)).toThrow(expect.objectContaining({ name: 'IssuerkitError', code })),
  )

  it('is refused without an object of its application', () => {
    const objects = newCard()
      .names.filter((name) => name !== 'app/0/key/mac')
      .map((name) => [name, { value: newCard().read(name) }] as const)
    expect(() => loadCard(saveCard(CardMemory.create(objects)))).toThrow(expect.objectContaining({ code: 'ERR_CARD' }))
  })

  it('with changed bytes is a card or a coded error that repeats no key', () => {
    fc.assert(
      fc.property(fc.nat(parsed.cells.length - 1), fc.constantFrom('0', '7', 'F', 'x'), (at, digit) => {
        const cells = parsed.cells.slice(0, at) + digit + parsed.cells.slice(at + 1)
        try {
          loadCard(JSON.stringify({ ...parsed, cells }))
        } catch (error) {
          expect(error).toMatchObject({ name: 'IssuerkitError' })
          for (const key of Object.values(MASTER)) expect(String(error)).not.toContain(key.slice(0, 8))
        }
      }),
      { numRuns: 100 },
    )
  })
})

/** The first bytes of a zero block enciphered by OpenSSL. */
function kcv(key: string): string {
  const cipher = createCipheriv('des-ede', Buffer.from(key, 'hex'), null).setAutoPadding(false)
  return cipher.update(Buffer.alloc(8)).toString('hex').slice(0, 6).toUpperCase()
}

describe('what is told of a card', () => {
  it('is its states and counters, and check values of its keys', () => {
    expect(describeCard(newCard())).toMatchObject({
      protocol: 'T=0',
      atr: '3B6800000073C84000009000',
      blocked: false,
      switches: { selectBlocked: '6283' },
      applications: [
        {
          aid: 'A000000333010101',
          label: 'PBOC DEBIT',
          scheme: 'pboc',
          dki: 1,
          pan: '620000******0005',
          panSequence: '00',
          aip: '1C00',
          atc: 0,
          lastOnlineAtc: 0,
          pin: { triesLeft: 3, tryLimit: 3 },
          blocked: 'no',
          data: { '9F51': '0156', '9F52': '0000', '9F56': '00', '9F57': '0156', '9F58': '02' },
          keys: { ac: kcv(MASTER.ac), mac: kcv(MASTER.mac), enc: kcv(MASTER.enc) },
          rsa: { icc: 0, pin: 0 },
        },
      ],
    })
  })

  it('never is a key, a PIN or a whole PAN', () => {
    const ca = handMadeCa('A000000333')
    const certificates = { issuerBits: 768, iccBits: 640, pinKey: true }
    const card = personaliseCard(profile({ certificates, pin: '918273' }), ca)
    const told = JSON.stringify(describeCard(card))
    expect(describeCard(card).applications[0]?.rsa).toEqual({ icc: 640, pin: 640 })
    const privateParts = ['rsa/icc', 'rsa/pin'].map(
      (name) => JSON.parse(Buffer.from(card.read(`app/0/${name}`)).toString()) as { privateExponent: string },
    )
    const secrets = [...Object.values(MASTER), '918273', '6200000000000005', toHex(card.read('app/0/pin'))]
    for (const secret of [...secrets, ...privateParts.map(({ privateExponent }) => privateExponent)]) {
      expect(told).not.toContain(secret)
    }
  })

  it.each([
    [1, 'by the issuer'],
    [2, 'by its PIN'],
    [9, 'by the issuer'],
  ])('of an application blocked with %i is: %s', (state, blocked) => {
    const card = newCard()
    card.writeNumber('app/0/state/blocked', state)
    card.writeNumber('blocked', 1)
    card.writeNumber('app/0/data/9F17', 1)
    expect(describeCard(card)).toMatchObject({
      blocked: true,
      applications: [{ blocked, pin: { triesLeft: 1, tryLimit: 3 }, state: { blocked: state } }],
    })
  })

  it('of a card without PIN, label and last online ATC is nothing in their place', () => {
    const without = newCard({ pin: undefined })
    const objects = without.names
      .filter((name) => name !== 'app/0/data/9F13')
      .map((name) => [name, { value: name === 'app/0/fci' ? fromHex('6F00') : without.read(name) }] as const)
    const [told] = describeCard(CardMemory.create(objects)).applications
    expect(told).toMatchObject({ label: '', lastOnlineAtc: 0 })
    expect(told).not.toHaveProperty('pin')
  })

  it.each([
    ['62000000', '****0000'],
    ['620000000000', '********0000'],
    ['6200000000005', '620000***0005'],
    ['6200000000000000019', '620000*********0019'],
  ])('of PAN %s is %s', (pan, masked) => expect(maskPan(pan)).toBe(masked))
})
