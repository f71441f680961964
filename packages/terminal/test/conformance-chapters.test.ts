/** Cases of chapters 4.2, 4.3, 5 and 7: passed by cards of every policy, failed by cards with a fault. */
import { describe, expect, test } from 'vitest'
import { CASES_4_2 } from '../src/conformance/cases-4-2.js'
import { CASES_4_3 } from '../src/conformance/cases-4-3.js'
import { CASES_5 } from '../src/conformance/cases-5.js'
import { CASES_6 } from '../src/conformance/cases-6.js'
import { CASES_7 } from '../src/conformance/cases-7.js'
import { CASES_8 } from '../src/conformance/cases-8.js'
import { CONFORMANCE_IDS } from './support/conformance-ids.js'
import {
  type Change,
  cardWithFiles,
  etcCard,
  inReader,
  notPassed,
  withAnswers,
  withMemory,
} from './support/purse-cards.js'

const TRANSACTIONS = [...CASES_4_2, ...CASES_4_3]
const CASES = [...TRANSACTIONS, ...CASES_5, ...CASES_7]
/** Every pair of commands is for a few cards only. */
const QUICK = CASES.filter(({ id }) => id !== '5-1')

const CHAPTERS = /^(4\.[23]\.|[5-8])/

describe('the list', () => {
  test('has every id of these chapters once', () => {
    const ids = [...CASES, ...CASES_6, ...CASES_8].map(({ id }) => id)
    expect(ids.toSorted()).toEqual(CONFORMANCE_IDS.filter((id) => CHAPTERS.test(id)).toSorted())
  })

  test('calls no case of these chapters one from the text, and none destructive', () => {
    for (const { source, destructive } of [...CASES, ...CASES_6, ...CASES_8]) {
      expect({ source, destructive }).toEqual({ source: 'reconstructed', destructive: false })
    }
  })
})

/** Every switch the other way. */
const OTHER_WAY = {
  selectByFid: 'serve',
  nothingPending: '6985',
  readAll: 'serve',
  reloadMacStatus: '9302',
  pinFlagAfterTransaction: 'clear',
  verifyEndsTransaction: false,
  balanceNeedsPin: false,
  overflowStatus: '9401',
  zeroLoad: '6A80',
  cappWithoutUpdate: '6901',
  cappStateStatus: '6985',
  overdraftTac: 'direct',
} as const

describe('cards that pass', { timeout: 60_000 }, () => {
  test('of the test specification', async () => {
    expect(await notPassed(etcCard(), CASES)).toEqual([])
  })

  test('with every switch the other way', async () => {
    expect(await notPassed(etcCard({ switches: OTHER_WAY }), CASES)).toEqual([])
  })

  test('on T=1, where GET RESPONSE has nothing to give', async () => {
    const skipped = [1, 2, 3, 4].map((i) => `7.1.11-${i} skipped: the card does not have what the case needs: T=0`)
    expect(await notPassed(etcCard({ protocol: 'T=1' }), QUICK)).toEqual(skipped)
  })

  test('in a reader, all cases in one life', async () => {
    expect(await notPassed(inReader(etcCard()), QUICK)).toEqual([
      '4.2.1-9 skipped: the card does not have what the case needs: clone, fuse',
      '4.2.7-4 skipped: the card does not have what the case needs: clone',
    ])
  })

  test('without composite purchase', async () => {
    const card = cardWithFiles(({ records: _, ...files }) => files)
    const lines = await notPassed(card, QUICK)
    expect(lines).toHaveLength(CASES_4_3.length)
    for (const line of lines) expect(line).toMatch(/^4\.3\..* skipped: .*composite/)
    expect(await notPassed(card, CASES_5, ['5-1'])).toEqual([])
  })

  test('without a locked record, which is then made, or left', async () => {
    const card = cardWithFiles((files) => ({ ...files, records: { 19: files.records[19].slice(0, 2) } }))
    expect(await notPassed(card, CASES_4_3)).toEqual([])
    expect(await notPassed(inReader(card), CASES_4_3, ['4.3.2-5'])).toEqual([])
  })

  test('with one proof for all transactions', async () => {
    let last = ''
    const oneProof = withAnswers(etcCard(), (command, answer) => {
      if (/^805[248]/.test(command)) last = command.slice(0, 4)
      return command.startsWith('805A0006') && last === '8052' ? '9406' : answer
    })
    expect(await notPassed(oneProof, CASES_4_2, ['4.2.7-5'])).toEqual([])
  })

  test('without a grey lock', async () => {
    const card = etcCard()
    const [first, second] = card.profile.applications
    const keys = first.keys.filter(({ name }) => name !== 'grey')
    const profile = { ...card.profile, applications: [{ ...first, keys }, second] as const }
    expect(await notPassed({ connection: card.connection, profile }, CASES_4_3, ['4.3.1-4'])).toEqual([])
  })
})

/** A status for another, behind a command that begins so. */
const insteadOf =
  (status: string, given: string, start: string): Change =>
  (command, answer) =>
    command.startsWith(start) && answer.endsWith(status) ? answer.slice(0, -4) + given : answer

describe('cards that fail', { timeout: 60_000 }, () => {
  test.each<[fault: string, id: string, change: Change]>([
    ['a load without INITIALIZE', '4.2.1-5', insteadOf('6901', '9000', '8052')],
    ['a load without PIN refused with another status', '4.2.1-2', insteadOf('6982', '6985', '805000')],
    ['an unknown key that is taken for a wrong MAC', '4.2.1-3', insteadOf('9403', '9302', '805000')],
    ['a wrong MAC2 told as in secure messaging', '4.2.1-4', insteadOf('9302', '6988', '8052')],
    ['too much told as nothing', '4.2.4-4', insteadOf('9401', '9000', '8050')],
    ['a proof of what never was', '4.2.7-4', insteadOf('9406', '9000', '805A')],
    ['a proof that is gone', '4.2.7-2', (command, answer) => (command.startsWith('805A') ? '9406' : answer)],
    [
      'a balance that is one less',
      '4.2.1-1',
      (command, answer) => (command === '805C000104' ? lessOne(answer) : answer),
    ],
    ['a composite purchase of a locked record', '4.3.2-5', insteadOf('6985', '9000', '80DC')],
    ['a wrong P1 told as an unknown class', '7.1.3-2', insteadOf('6A86', '6E00', '0020')],
    ['an unknown instruction told as an unknown class', '7.0', insteadOf('6D00', '6E00', '80')],
    ['a class that is not looked at', '7.1.7-1', insteadOf('6E00', '9000', '4084')],
  ])('%s', async (_fault, id, change) => {
    expect(await notPassed(withAnswers(etcCard(), change), CASES, [id])).toEqual([
      expect.stringMatching(new RegExp(`^${id.replaceAll('.', '\\.')} failed: .*expected`)),
    ])
  })

  test.each<[fault: string, id: string, lost: RegExp]>([
    ['a load that is not in the log', '4.2.1-1', /cyclic\/18$/],
    ['a load whose serial stays', '4.2.1-8', /ep\/onlineSerial$/],
    ['an unload that takes nothing', '4.2.2-1', /ed\/balance$/],
    ['a purchase whose serial stays', '4.2.4-1', /ep\/offlineSerial$/],
    ['a limit that does not change', '4.2.5-1', /ed\/limit$/],
    ['a proof that is not kept', '4.2.7-1', /proof\//],
    ['records that are not written', '4.3.2-1', /record\/19\/2$/],
  ])('%s', async (_fault, id, lost) => {
    const card = withMemory(etcCard(), (memory) => {
      const write = memory.write.bind(memory)
      return { write: (name, value) => (lost.test(name) ? undefined : write(name, value)) }
    })
    expect(await notPassed(card, CASES, [id])).toEqual([expect.stringContaining(`${id} failed`)])
  })

  test('a command in the middle that does not end the transaction: the pair is named', async () => {
    // READ BINARY never reaches the card: what it would have ended goes on.
    const card = withAnswers(etcCard(), (_command, answer) => answer)
    const { transmit } = card.connection
    const connection = {
      ...card.connection,
      transmit: async (command: Uint8Array) =>
        command[1] === 0xb0 ? Uint8Array.of(0x11, 0x90, 0x00) : await transmit(command),
    }
    const broken = { ...card, connection }
    const lines = await notPassed({ connection: broken.connection, profile: card.profile }, CASES_5, ['5-1'])
    expect(lines).toEqual([expect.stringMatching(/^5-1 failed: CREDIT FOR LOAD: expected 6901, got 9000/)])
  })
})

/** Four bytes and 9000: one less in the last byte. */
function lessOne(answer: string): string {
  const balance = Number.parseInt(answer.slice(0, 8), 16) - 1
  return answer.length === 12 ? balance.toString(16).toUpperCase().padStart(8, '0') + answer.slice(8) : answer
}
