/** Challenges and blocking as [ETC] 4.1.7 to 4.1.10 tests them. */
import { describe, expect, it } from 'vitest'
import {
  ADF1,
  ADF2,
  block,
  blockCard,
  change,
  initialize,
  PSE,
  type Purse,
  purse,
  purseMemory,
  purseOf,
  reloadPin,
  select,
  unblock,
  updateBinary,
  verify,
  WRONG_DEBIT,
} from './support/purse-shell.js'

const ZERO = '00000000'
const write = updateBinary('9500', 'AA')
const temporary = async (overrides = {}): Promise<Purse> => {
  const card = await purse(overrides)
  expect(await card.secured(block('00'))).toBe('9000')
  return card
}
const permanent = async (overrides = {}): Promise<Purse> => {
  const card = await purse(overrides)
  expect(await card.secured(block('01'))).toBe('9000')
  return card
}
const OTHERS = [
  '00B095001E',
  '00B201C417',
  write(ZERO),
  verify('1234'),
  change('1234FF4321'),
  reloadPin('1234'),
  '842400000C000000000000000000000000',
  '805C000204',
  initialize('0001'),
  initialize('0102'),
  WRONG_DEBIT,
  '805A0001020000',
  '80DC01CC01AA',
  `0082000108${'00'.repeat(8)}`,
  `0088000108${'00'.repeat(8)}`,
  `E07A080107${'00'.repeat(7)}`,
]

describe('a challenge', () => {
  it('is given everywhere', async () => {
    const card = purseOf(purseMemory())
    for (const name of [PSE, ADF1, ADF2]) {
      await card.send(select(name))
      expect(await card.send('0084000004', '0084000008')).toMatch(/^.{8}9000 .{16}9000$/)
    }
  })
  it.each([
    ['UPDATE BINARY', write],
    ['APPLICATION BLOCK', block('00')],
    ['APPLICATION BLOCK for good', block('01')],
    ['CARD BLOCK', blockCard()],
  ])('is for the next command alone: %s', async (_, build) => {
    const card = await purse()
    for (const between of [verify('1234'), '00B09D0001', '00FE0000', '80A40000', '0020010002', '0084000004']) {
      const challenge = (await card.send('0084000004')).slice(0, 8)
      await card.send(between)
      // A new challenge is another one.
      expect(await card.send(build(challenge))).toBe(between === '0084000004' ? '6988' : '6984')
    }
    expect(await card.send(build(ZERO))).toBe('6984')
  })
  it('is spent by a command that a blocked application refuses', async () => {
    const card = await temporary()
    const challenge = (await card.send('0084000004')).slice(0, 8)
    expect(await card.send(verify('1234'), unblock()(challenge))).toBe('6985 6984')
    expect(await card.secured(unblock())).toBe('9000')
  })
  it('goes once', async () => {
    const card = await purse()
    const once = async (first: (challenge: string) => string, second: (challenge: string) => string) => {
      const challenge = (await card.send('0084000004')).slice(0, 8)
      return card.send(first(challenge), second(challenge))
    }
    expect(await once(write, write)).toBe('9000 6984')
    expect(await once(block('00'), unblock())).toBe('9000 6984')
    expect(await once(block('01'), blockCard())).toBe('9000 6984')
  })
  it('is gone after SELECT and reset', async () => {
    const card = await purse()
    const challenge = (await card.send('0084000004')).slice(0, 8)
    expect((await card.send(select(ADF1), write(challenge))).slice(-4)).toBe('6984')
    const other = (await card.send('0084000004')).slice(0, 8)
    card.card.powerUp()
    expect((await card.send(select(ADF1), write(other))).slice(-4)).toBe('6984')
  })
})

describe('blocked for a time', () => {
  it('the FCI comes by GET RESPONSE', async () => {
    const card = await temporary({ protocol: 'T=0' })
    const fci = Buffer.from(card.memory.read('adf/0/fci')).toString('hex').toUpperCase()
    expect(await card.send(select(ADF1), '00C0000030', '00C0000030')).toBe(`6A81 ${fci}9000 6F00`)
    expect(await card.send(select(ADF2))).toBe('6130')
  })
  it('again is 9000, and for good too', async () => {
    const card = await temporary()
    expect(await card.secured(block('00'))).toBe('9000')
    expect(await card.secured(block('01'))).toBe('9000')
    expect(await card.send(select(ADF1))).toBe('9303')
  })
  it('refuses what is not meant for it', async () => {
    const card = await temporary()
    for (const command of OTHERS) expect(await card.send(command), command).toBe('6985')
    card.card.powerUp()
    expect(await card.send(select(ADF1), verify('1234'), '0084000004')).toMatch(/^6A81 6985 .{8}9000$/)
    expect(await card.send('00FE0000', '80B0950001')).toBe('6D00 6E00')
    expect(await card.secured(unblock())).toBe('9000')
    expect((await card.send(select(ADF1))).slice(-4)).toBe('9000')
    expect(await card.send(verify('1234'))).toBe('9000')
  })
  it('can end in CARD BLOCK', async () => {
    const card = await temporary()
    expect(await card.secured(blockCard())).toBe('9000')
    expect(await card.send('0084000004')).toBe('6A81')
  })
  it('at the third wrong MAC is for good', async () => {
    const card = await temporary()
    for (const status of ['6988', '6988', '9303']) expect(await card.secured(unblock(true))).toBe(status)
    expect(card.object('life')).toBe('02')
  })
})

describe('APPLICATION BLOCK and UNBLOCK', () => {
  it.each([
    ['for a time', block('00', true)],
    ['for good', block('01', true)],
  ])('%s blocks for good at the third wrong MAC', async (_, bad) => {
    const card = await purse()
    for (const status of ['6988', '6988', '9303']) expect(await card.secured(bad)).toBe(status)
    expect(await card.send(select(ADF1))).toBe('9303')
  })
  it('right at the last try is no more than it says', async () => {
    const card = await purse()
    await card.secured(write)
    for (const bad of [true, true]) await card.secured(block('00', bad))
    expect(await card.secured(block('00'))).toBe('9000')
    expect([card.object('life'), card.object('errors/maintenance')]).toEqual(['01', '00'])
  })
  it('need a challenge, and one to unblock something blocked', async () => {
    const card = await purse()
    expect(await card.send(block('00')(ZERO), block('01')(ZERO), blockCard()(ZERO))).toBe('6984 6984 6984')
    expect(await card.secured(unblock())).toBe('6985')
    await card.secured(block('00'))
    expect(await card.send(unblock()(ZERO))).toBe('6984')
  })
  it('count anew after a right MAC', async () => {
    const card = await temporary()
    const run = async (...steps: ((challenge: string) => string)[]) => {
      const answers: string[] = []
      for (const step of steps) answers.push(await card.secured(step))
      return answers.join(' ')
    }
    const bad = unblock(true)
    expect(await run(bad, bad, unblock(), block('00'), bad, bad, bad)).toBe('6988 6988 9000 9000 6988 6988 9303')
    expect(await card.send(select(ADF1))).toBe('9303')
  })
  it('are each application for itself', async () => {
    const card = await permanent()
    expect((await card.send(select(ADF2), '00B0950001')).slice(-6)).toBe('119000')
  })
})

describe('blocked for good', () => {
  it('refuses all but GET CHALLENGE and CARD BLOCK, GET RESPONSE too', async () => {
    const card = await permanent()
    expect(await card.send(select(ADF1), '00C0000030')).toBe('9303 9303')
    for (const command of OTHERS) expect(await card.send(command), command).toBe('9303')
    expect(await card.secured(unblock())).toBe('9303')
    expect(await card.secured(block('00'))).toBe('9303')
    expect(await card.secured(blockCard(true))).toBe('6988')
    expect(await card.secured(blockCard())).toBe('9000')
    expect(await card.send(select(ADF2))).toBe('6A81')
  })
})

describe('CARD BLOCK', () => {
  it('answers 6A81 to everything, for good', async () => {
    const card = await purse()
    expect(await card.secured(blockCard())).toBe('9000')
    const all = [...OTHERS, select(PSE), select(ADF1), '0084000004', '00C0000001', '00FE0000', '80B0950001']
    expect(new Set((await card.send(...all)).split(' '))).toEqual(new Set(['6A81']))
    card.card.powerUp()
    expect(new Set((await card.send(...all)).split(' '))).toEqual(new Set(['6A81']))
    expect(purseOf(card.memory).card.powered).toBe(true)
  })
  it('with a wrong MAC is 6988 however often, and counted nowhere', async () => {
    const card = await purse()
    for (let i = 0; i < 10; i++) expect(await card.secured(blockCard(true))).toBe('6988')
    expect(await card.secured(updateBinary('9500', 'AA', true))).toBe('6988')
    expect(card.object('errors/maintenance')).toBe('01')
    expect((await card.send(select(ADF1))).slice(-4)).toBe('9000')
  })
  it('without its key is 9403', async () => {
    const card = await purse({ adf1: { keys: [] } })
    expect(await card.secured(blockCard())).toBe('9403')
  })
})
