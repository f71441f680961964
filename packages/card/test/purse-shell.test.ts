/** The order of checks, what ends a transaction, authentication, and power that goes. */
import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openPurseCard } from '../src/purse-card.js'
import {
  ADF1,
  block,
  change,
  clone,
  desCbc,
  encipher,
  initialize,
  KEYS,
  type Purse,
  purse,
  purseMemory,
  purseOf,
  reloadPin,
  retailMac,
  select,
  unblockPin,
  updateBinary,
  verify,
  WRONG_DEBIT,
} from './support/purse-shell.js'

const PURCHASE = initialize('0102')

describe('a transaction', () => {
  it.each([
    ['GET BALANCE', '805C000204'],
    ['GET BALANCE refused', '805C000304'],
    ['GET TRANSACTION PROVE', '805A0006020000'],
    ['GET RESPONSE', '00C0000005'],
  ])('outlives %s', async (_, command) => {
    const card = await purse()
    await card.send(PURCHASE, command)
    expect(await card.send(WRONG_DEBIT)).toBe('9302')
  })
  it.each([
    ['VERIFY', verify('1234')],
    ['GET CHALLENGE', '0084000004'],
    ['READ BINARY', '00B0950001'],
    ['SELECT', select(ADF1)],
    ['SELECT of nothing', select('A000000003')],
    ['an unknown instruction', '00FE0000'],
    ['another class', '80B0950001'],
    ['other parameters', '00B0A00001'],
    ['its own command with wrong parameters', '80540200'],
    ['its own command with a wrong length', '80540100'],
    ['another command of transactions', `80520000${'0B'}${'00'.repeat(11)}`],
  ])('ends with %s', async (_, command) => {
    const card = await purse()
    await card.send(PURCHASE, command)
    expect(await card.send(WRONG_DEBIT)).toBe('6901')
  })
  it('ends with a reset', async () => {
    const card = await purse()
    await card.send(PURCHASE)
    card.card.powerUp()
    expect((await card.send(select(ADF1), WRONG_DEBIT)).slice(-4)).toBe('6901')
  })
  it('outlives VERIFY where the card does so, unless it is refused', async () => {
    const card = await purse({ switches: { verifyEndsTransaction: false } })
    await card.send(PURCHASE, verify('1234'))
    expect(await card.send(WRONG_DEBIT)).toBe('9302')
    await card.send(PURCHASE, '0020000000')
    expect(await card.send(WRONG_DEBIT)).toBe('6901')
  })
})

describe('EXTERNAL AUTHENTICATE', () => {
  const right = (challenge: string) => `0082000108${encipher(KEYS.external, challenge.padEnd(16, '0'))}`
  const wrong = () => `0082000108${'00'.repeat(8)}`
  it('of a challenge of 4 or 8 bytes', async () => {
    const card = await purse()
    expect(await card.secured(right)).toBe('9000')
    const long = (await card.send('0084000008')).slice(0, 16)
    expect(await card.send(right(long))).toBe('9000')
  })
  it('counts down, and clears', async () => {
    const card = await purse()
    expect([await card.secured(wrong), await card.secured(wrong), await card.secured(right)]).toEqual([
      '63C2',
      '63C1',
      '9000',
    ])
    const answers: string[] = []
    for (let i = 0; i < 3; i++) answers.push(await card.secured(wrong))
    expect([...answers, await card.secured(right)]).toEqual(['63C2', '63C1', '63C0', '6983'])
    expect(card.object('life')).toBe('00')
  })
  it('needs a challenge and a key', async () => {
    const card = await purse()
    expect(await card.send(wrong(), `0082000208${'00'.repeat(8)}`)).toBe('6984 9403')
  })
})

describe('INTERNAL AUTHENTICATE', () => {
  const DATA = '0123456789ABCDEF'
  it.each([
    ['enciphers', `0088000108${DATA}`, encipher(KEYS.internal, DATA)],
    ['pads', '0088000103AABBCC', encipher(KEYS.internal, 'AABBCC8000000000')],
    ['deciphers', `0088010108${encipher(KEYS.internal, DATA)}`, DATA],
    ['forms a MAC', `0088020108${DATA}`, desCbc(KEYS.internal, DATA).slice(0, 8)],
    ['forms a MAC of padded data', '0088020103AABBCC', retailMac(KEYS.internal, 'AABBCC', '0000000000000000')],
  ])('%s', async (_, command, expected) => expect(await (await purse()).send(command)).toBe(`${expected}9000`))
  it.each([
    ['008801010711223344556677', '6700'],
    [`0088000208${DATA}`, '6A88'],
    [`0088030108${DATA}`, '6A86'],
  ])('%s is refused with %s', async (command, status) => expect(await (await purse()).send(command)).toBe(status))
})

describe('power that goes', () => {
  /** Runs a command with the power cut at each of its writes, and looks at what is left. */
  async function tear(prepare: (card: Purse) => Promise<string>, look: (before: Purse, after: Purse) => void) {
    const before = await purse()
    const start = clone(before.memory)
    let cuts = 0
    for (let write = 1; ; write++) {
      for (const at of ['before', 'torn', 'after'] as const) {
        const card = purseOf(clone(start))
        await card.send(select(ADF1))
        const command = await prepare(card)
        const unharmed = purseOf(clone(card.memory))
        card.memory.arm({ write, at })
        const lost = await card.send(command).then(
          () => false,
          () => true,
        )
        card.memory.arm(undefined)
        if (!lost) {
          expect(cuts).toBeGreaterThan(5)
          return
        }
        cuts++
        card.card.powerUp()
        look(unharmed, card)
      }
    }
  }
  const count = (card: Purse, name: string): number => Number.parseInt(card.object(name), 16)

  it('never gives a PIN try', () =>
    tear(
      async (card) => {
        await card.send(verify('9999'))
        return verify('9999')
      },
      (before, after) => expect([1, 2]).toContain(count(after, 'pin-tries') + 0 * count(before, 'pin-tries')),
    ))
  it('changes a PIN and its counter together', () =>
    tear(
      async () => change('1234FF4321'),
      (_, after) => {
        const state = [after.object('pin'), after.object('pin-tries')].join(' ')
        expect(['1234 03', '1234 02', '4321 03']).toContain(state)
      },
    ))
  it('reloads a PIN and its counters together', () =>
    tear(
      async (card) => {
        await card.send(verify('9999'))
        return reloadPin('4321')
      },
      (_, after) => {
        const state = ['pin', 'pin-tries', 'errors/pin-reload'].map(after.object).join(' ')
        expect(['1234 02 00', '1234 02 01', '4321 03 00']).toContain(state)
      },
    ))
  it('unblocks a PIN as a whole', () =>
    tear(
      async (card) => {
        await card.send(verify('9999'), verify('9999'), verify('9999'))
        return unblockPin('1234')((await card.send('0084000004')).slice(0, 8))
      },
      (_, after) => {
        const state = ['pin-tries', 'errors/pin-unblock'].map(after.object).join(' ')
        expect(['00 00', '00 01', '03 00']).toContain(state)
      },
    ))
  it('updates a file as a whole', () =>
    tear(
      async (card) => updateBinary('9500', 'A5'.repeat(30))((await card.send('0084000004')).slice(0, 8)),
      (before, after) => {
        const state = [after.object('binary/15'), after.object('errors/maintenance')].join(' ')
        const old = before.object('binary/15')
        expect([`${old} 00`, `${old} 01`, `${'A5'.repeat(30)} 00`]).toContain(state)
      },
    ))
  it('keeps a wrong MAC, and blocks with the last one', () =>
    tear(
      async (card) => {
        for (let i = 0; i < 2; i++) await card.secured(block('00', true))
        return block('00', true)((await card.send('0084000004')).slice(0, 8))
      },
      (_, after) => {
        const state = ['life', 'errors/maintenance'].map(after.object).join(' ')
        expect(['00 02', '02 03']).toContain(state)
      },
    ))
  it('forgets the session', async () => {
    const card = await purse()
    await card.send(verify('1234'))
    card.memory.arm({ write: 1, at: 'before' })
    await expect(card.send(verify('1234'))).rejects.toThrow(expect.objectContaining({ code: 'ERR_POWER' }))
    card.card.powerUp()
    expect((await card.send(select(ADF1), '805C000204')).slice(-4)).toBe('6982')
  })
})

describe('the card', () => {
  it('draws its random numbers from the platform unless told', async () => {
    const card = openPurseCard(purseMemory())
    const draw = async (): Promise<string> => toHex(await card.exchange(fromHex('0084000008')))
    expect(new Set([await draw(), await draw(), await draw()]).size).toBe(3)
  })
  it('answers whatever comes', async () => {
    const card = await purse()
    const instruction = fc.constantFrom(0x20, 0x50, 0x52, 0x54, 0x58, 0x5a, 0x5c, 0x5e, 0x7a, 0x7c, 0x7e, 0x82, 0x84)
    const others = fc.constantFrom(0x88, 0xa4, 0xb0, 0xb2, 0xc0, 0xca, 0xd6, 0xdc)
    const cla = fc.constantFrom(0x00, 0x04, 0x80, 0xe0)
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(cla, fc.oneof(instruction, others), fc.nat(9), fc.nat(255)),
        fc.uint8Array({ maxLength: 40 }),
        async (header, data) => {
          const body = data.length === 0 ? [] : [data.length, ...data]
          const answer = await card.card.exchange(Uint8Array.of(...header, ...body))
          expect(toHex(answer.subarray(-2))).toMatch(/^[69]/)
        },
      ),
      { numRuns: 400 },
    )
  })
})
