import { describe, expect, it } from 'vitest'
import { type RiskOptions, terminalRiskManagement } from '../src/terminal-risk.js'
import { stateOf, tsiOf, tvrOf } from './scripted-card.js'

const TERMINAL = { '9F02': '000000010000', '9F1B': '00004E20' }
const CARD = { '82': '0800' }

async function risk(
  options: RiskOptions = {},
  card: Record<string, string> = CARD,
  terminal: Record<string, string> = TERMINAL,
  answers: Record<string, string> = {},
): Promise<string> {
  const { state } = stateOf(terminal, card, answers)
  await terminalRiskManagement(state, options)
  return `${tvrOf(state)} ${tsiOf(state)}`
}

describe('[EMV-B3] 10.6.1 floor limit', () => {
  it.each([
    ['below it', '000000019999', {}, '0000000000 0800'],
    ['the limit itself', '000000020000', {}, '0000008000 0800'],
    ['with what the log holds', '000000010000', { loggedAmount: 10000 }, '0000008000 0800'],
    ['below it with the log', '000000010000', { loggedAmount: 9999 }, '0000000000 0800'],
  ])('%s', async (_, amount, options, expected) => {
    expect(await risk(options, CARD, { ...TERMINAL, '9F02': amount })).toBe(expected)
  })
  it('a terminal without a limit goes over it always', async () => {
    expect(await risk({}, CARD, { '9F02': '000000000000' })).toBe('0000008000 0800')
  })
  it.each([['0000'], ['F7FF']])('an AIP of %s asks for none', async (aip) => {
    expect(await risk({}, { '82': aip }, { ...TERMINAL, '9F1B': '00000000' })).toBe('0000000000 0000')
  })
  it('and a card without AIP for none', async () => expect(await risk({}, {})).toBe('0000000000 0000'))
})

describe('the merchant and the exception file', () => {
  it('set their bits whatever the AIP says', async () => {
    expect(await risk({ forceOnline: true, onExceptionFile: true }, { '82': '0000' })).toBe('1000000800 0000')
  })
})

describe('[EMV-B3] 10.6.2 random selection', () => {
  const selection = (targetPercentage: number, maximumTargetPercentage: number, threshold: number, seed: number) => ({
    randomSelection: { targetPercentage, maximumTargetPercentage, threshold, seed },
  })
  const selectedShare = async (amount: string, low: number, high: number, threshold: number): Promise<number> => {
    let selected = 0
    for (let seed = 0; seed < 300; seed++) {
      const bits = await risk(selection(low, high, threshold, seed), CARD, { ...TERMINAL, '9F02': amount })
      if (bits.startsWith('0000001000')) selected += 1
    }
    return selected / 300
  }
  it('never of 0 per cent, always of 99', async () => {
    expect(await selectedShare('000000010000', 0, 0, 20000)).toBe(0)
    expect(await selectedShare('000000010000', 99, 99, 20000)).toBe(1)
  })
  it('about 30 of 99 below the threshold', async () => {
    expect(Math.abs((await selectedShare('000000000100', 30, 90, 10000)) - 30 / 99)).toBeLessThan(0.08)
  })
  it('halfway between threshold and floor limit halfway between the percentages', async () => {
    expect(Math.abs((await selectedShare('000000015000', 20, 80, 10000)) - 50 / 99)).toBeLessThan(0.08)
  })
  it('none over the floor limit, which goes online anyway', async () => {
    expect(await risk(selection(99, 99, 0, 1), CARD, { ...TERMINAL, '9F02': '000000020000' })).toBe('0000008000 0800')
  })
  it('the same seed selects the same', async () => {
    expect(await risk(selection(50, 50, 20000, 12))).toBe(await risk(selection(50, 50, 20000, 12)))
  })
  it('refuses a seed that is none', async () => {
    await expect(risk(selection(50, 50, 20000, -1))).rejects.toThrow('ERR_OPTION')
  })
})

describe('[EMV-B3] 10.6.3 velocity', () => {
  const LIMITS = { ...CARD, '9F14': '02', '9F23': '04' }
  const counters = (atc: string, last: string) => ({ '80CA9F36': `9F3602${atc}9000`, '80CA9F13': `9F1302${last}9000` })
  it.each([
    ['within both limits', counters('0007', '0005'), '0000000000 0800'],
    ['above the lower', counters('0008', '0005'), '0000004000 0800'],
    ['at the upper', counters('0009', '0005'), '0000004000 0800'],
    ['above both', counters('000A', '0005'), '0000006000 0800'],
    ['the counter has not moved', counters('0005', '0005'), '0000006000 0800'],
    ['a new card', counters('0001', '0000'), '0008000000 0800'],
    ['no ATC', { '80CA9F13': '9F130200059000' }, '2000006000 0800'],
    ['no last online ATC', { '80CA9F36': '9F360200059000' }, '2000006000 0800'],
    ['no ATC of a new card', { '80CA9F13': '9F130200009000' }, '2008006000 0800'],
    [
      'another data object than asked for',
      { ...counters('0007', '0005'), '80CA9F36': '9F350200079000' },
      '2000006000 0800',
    ],
    [
      "a length that is not the answer's",
      { ...counters('0007', '0005'), '80CA9F36': '9F360300079000' },
      '2000006000 0800',
    ],
    ['a status', { ...counters('0007', '0005'), '80CA9F36': '9F360200076A88' }, '2000006000 0800'],
  ])('%s', async (_, answers, expected) => expect(await risk({}, LIMITS, TERMINAL, answers)).toBe(expected))
  it('is not checked where the card has one limit only', async () => {
    expect(await risk({}, { ...CARD, '9F14': '02' })).toBe('0000000000 0800')
    expect(await risk({}, { ...CARD, '9F23': '02' })).toBe('0000000000 0800')
  })
})
