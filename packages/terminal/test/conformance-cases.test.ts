/** The cases of the conformance test: all there, and passed by cards of either profile that are as they should be. */
import { etcPurseProfile, PURSE_PROFILES, type PurseProfile, parsePurseProfile } from '@issuerkit/card'
import { describe, expect, test } from 'vitest'
import type { CardUnderTest, ConformanceCase } from '../src/conformance/case.js'
import { CONFORMANCE_CASES } from '../src/conformance/cases.js'
import { isWithin } from '../src/conformance/chapters.js'
import type { ConformanceReport } from '../src/conformance/report.js'
import { type ConformanceOptions, runConformance } from '../src/conformance/runner.js'
import { virtualPurse } from '../src/conformance/virtual-purse.js'
import { createSeededRandom } from '../src/random-seed.js'
import { CONFORMANCE_IDS } from './support/conformance-ids.js'

/** Chapters 3 and 4.1; the others have tests of their own. */
const CASES: readonly ConformanceCase[] = CONFORMANCE_CASES.filter(({ id }) =>
  ['3', '4.1'].some((chapter) => isWithin(id, chapter)),
)

/** Without those that need 1,250 commands. */
const QUICK = CASES.filter(({ id }) => !/^4\.1\.7-1[cd]$/.test(id))

/** A card whose random numbers come again. */
function card(profile: PurseProfile): CardUnderTest {
  return virtualPurse(profile, { random: createSeededRandom(1).bytes })
}

/** A card as a reader has it: neither copies nor a memory to look into. */
function inReader(profile: PurseProfile): CardUnderTest {
  const { connection, profile: expected } = card(profile)
  return { connection, profile: expected }
}

/** What did not pass: id, verdict and reason. */
async function notPassed(card: CardUnderTest, options: ConformanceOptions = {}): Promise<string[]> {
  return linesOf(await runConformance(card, QUICK, options))
}

function linesOf({ cases }: ConformanceReport): string[] {
  return cases
    .filter(({ verdict }) => verdict !== 'passed')
    .map(({ id, verdict, reason }) => `${id} ${verdict}: ${reason}`)
}

const needsT0 = (id: string): string => `${id} skipped: the card does not have what the case needs: T=0`
const T0_CASES = ['4.1.11-1', '4.1.11-3', '4.1.11-4'].map(needsT0)

describe('the list', () => {
  test('is the one of the specification: every id once', () => {
    expect(CONFORMANCE_CASES.map(({ id }) => id).sort()).toEqual([...CONFORMANCE_IDS].sort())
    expect(new Set(CONFORMANCE_IDS).size).toBe(240)
  })

  test('has 105 cases from the text, each case with a title', () => {
    expect(CONFORMANCE_CASES.filter(({ source }) => source === 'seed')).toHaveLength(105)
    for (const { title } of CONFORMANCE_CASES) expect(title).toMatch(/^\S.*\S$/)
  })
})

describe('cards that pass', () => {
  test('of the test specification', async () => {
    expect(linesOf(await runConformance(card(etcPurseProfile()), CASES))).toEqual([])
  })

  test('of the other profile, on T=1', async () => {
    const profile = { ...etcPurseProfile(), profile: 'fmcos', protocol: 'T=1', atr: '3BE000008131204535' } as const
    const { fmcos } = PURSE_PROFILES
    expect(await notPassed(card({ ...profile, switches: fmcos }))).toEqual(T0_CASES)
    // A card on T=1 may refuse Le 00 as well.
    const switches = { ...fmcos, readAll: '6CXX' } as const
    expect(await notPassed(card({ ...profile, switches }), { only: ['4.1.1-3'] })).toEqual([])
  })

  test('in a reader, in one life: what kills it left out', async () => {
    const destructive = CASES.filter(({ destructive }) => destructive).map(
      ({ id }) => `${id} skipped: it kills the card, which has no copies`,
    )
    expect(destructive).toHaveLength(17)
    expect(await notPassed(inReader(etcPurseProfile()))).toEqual(destructive)
  })

  test('in a reader, and killed there', async () => {
    const options = { only: ['4.1.8-7'], includeDestructive: true }
    expect(await notPassed(inReader(etcPurseProfile()), options)).toEqual([])
  })

  test('whose PIN is the wrong one of other cards, whose e-purse needs none, without grey lock and long file', async () => {
    const own = (pin: string): PurseProfile => {
      const applications = [1, 2].map((adf) => ({
        name: `A0000000038698070${adf}`,
        fid: `3F0${adf}`,
        pin,
        keys: etcPurseProfile()
          .applications[0]?.keys.filter(({ name }) => name !== 'grey')
          .map(({ value, ...key }) => ({ ...key, value: Buffer.from(value.expose()).toString('hex') })),
        files: { binary: { 15: '00'.repeat(30), 16: '11'.repeat(39) }, cyclic: { 18: { length: 23, records: 10 } } },
      }))
      return parsePurseProfile({ applications, switches: { balanceNeedsPin: false } })
    }
    const skipped = '4.1.1-1a skipped: the card does not have what the case needs: long-file'
    expect(await notPassed(card(own('9999')))).toEqual([skipped])
    expect(await notPassed(card(own('4321')), { only: ['4.1.3', '4.1.4'] })).toEqual([])
  })
})

describe('profiles that do not describe enough', () => {
  test.each([
    ['a file', '3.2-3', { binaries: {} }, /^3\.2-3 failed: ERR_CARD: .*a file 16/],
    ['a key', '3.3-6', { keys: [] }, /^3\.3-6 failed: ERR_CARD: .*a key unload of index 1/],
  ])('%s', async (_name, id, lack, expected) => {
    const whole = card(etcPurseProfile())
    const [first, second] = whole.profile.applications
    const profile = { ...whole.profile, applications: [{ ...first, ...lack }, second] as const }
    const { connection } = whole
    expect(
      await notPassed(
        { connection, profile: { ...profile, applications: [profile.applications[0], second] } },
        { only: [id] },
      ),
    ).toEqual([expect.stringMatching(expected)])
  })
})

describe('cards that fail', () => {
  /** A card whose answers go through a function: a fault that is made. */
  function broken(change: (command: string, answer: string) => string): CardUnderTest {
    const wrap = (one: CardUnderTest): CardUnderTest => ({
      ...one,
      connection: {
        ...one.connection,
        atr: one.connection.atr,
        transmit: async (command) => {
          const answer = await one.connection.transmit(command)
          return Buffer.from(change(hex(command), hex(answer)), 'hex')
        },
      },
      clone: async () => wrap(card(etcPurseProfile())),
    })
    return wrap(card(etcPurseProfile()))
  }
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()
  test('a challenge that is always the same', async () => {
    const change = (command: string, answer: string): string =>
      command.startsWith('0084') ? `00000000${answer.slice(8)}` : answer
    const report = await runConformance(broken(change), CASES, { only: ['4.1.7-1a', '4.1.7-1b', '4.1.7-1c'] })
    expect(linesOf(report).map((line) => line.split(' ', 1)[0])).toEqual(['4.1.7-1c'])
  })

  test('a transaction whose random number is always the same', async () => {
    const change = (command: string, answer: string): string =>
      command.startsWith('00C00000') && answer.length === 34
        ? `${answer.slice(0, 22)}01020304${answer.slice(30)}`
        : answer
    const report = await runConformance(broken(change), CASES, { only: ['4.1.7-1d'] })
    expect(linesOf(report)).toEqual([
      expect.stringMatching(/^4\.1\.7-1d failed: FIPS 140-2: expected passed, got monobit/),
    ])
    // Every command that was sent is in the report: 625 times INITIALIZE and GET RESPONSE, and the selection.
    expect(report.cases[0]?.steps.filter(({ command }) => command !== '')).toHaveLength(2 * 625 + 2)
  })

  test.each([
    ['DIR record', '00B2010C', '3.2-1'],
    ['GET BALANCE', '805C0002', '4.1.3-9'],
    ['VERIFY', '0020', '3.3-1'],
    ['SELECT', '00A404', '4.1.12-1b'],
    ['CHANGE PIN', '805E01', '4.1.4-1'],
    ['RELOAD PIN', '805E00', '4.1.5-1a'],
    ['PIN UNBLOCK', '8424', '4.1.6-1'],
    ['APPLICATION BLOCK', '841E', '4.1.8-1'],
    ['APPLICATION UNBLOCK', '8418', '4.1.9-1'],
    ['CARD BLOCK', '8416', '4.1.10-1'],
  ])('a wrong status word of %s', async (_name, start, id) => {
    const change = (command: string, answer: string): string => (command.startsWith(start) ? '6F11' : answer)
    const { failed, cases } = await runConformance(broken(change), CASES, { only: [id] })
    expect(failed).toBe(1)
    expect(cases[0]?.reason).toMatch(/got 6F11/)
  })
})
