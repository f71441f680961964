/** A virtual card in a file, signed by a test CA, for the tests of commands that read cards. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex } from '@issuerkit/apdu'
import { type CardMemory, loadCard, parseCardProfile, personaliseCard, saveCard } from '@issuerkit/card'
import { createTestCa, type TestCa } from '@issuerkit/oda'
import { createCardFile } from '@issuerkit/terminal'
import { caFileOf } from '../../src/cli/ca-files.js'
import { testFolder } from './folders.js'

export const PAN = '6217991234567890127'
export const ATR = '3B6800000073C84000009000'

let ca: TestCa | undefined

/** The CA of all these cards; its key is made at the first call. */
export function testCa(): TestCa {
  ca ??= createTestCa({ rid: fromHex('A000000333'), index: 0xf1, bits: 1152, exponent: 3, expiry: '20491231' })
  return ca
}

const made = new Map<string, string>()

/** A new card of some capabilities: a copy, since its keys take long to make. */
export function cardMemory(capabilities: object = { cda: false }): CardMemory {
  const kind = JSON.stringify(capabilities)
  const saved = made.get(kind) ?? saveCard(personalised(capabilities))
  made.set(kind, saved)
  return loadCard(saved)
}

function personalised(capabilities: object): CardMemory {
  const keys = { ac: '0123456789ABCDEFFEDCBA9876543210', mac: '1123456789ABCDEFFEDCBA9876543210' }
  const application = {
    aid: 'A000000333010101',
    label: 'PBOC DEBIT',
    scheme: 'pboc',
    pan: PAN,
    expiry: '20491231',
    keys: { master: { ...keys, enc: '2123456789ABCDEFFEDCBA9876543210' } },
    capabilities,
    certificates: { issuerBits: 1024, iccBits: 896, exponent: 3 },
  }
  return personaliseCard(parseCardProfile({ atr: ATR, applications: [application] }), testCa())
}

/** Files of one test. */
export interface CardFiles {
  readonly folder: string
  /** The virtual card. */
  readonly card: string
  readonly ca: string
  /** The options by which the card is genuine. */
  readonly options: readonly string[]
  write(name: string, text: string): string
}

/** A new virtual card in a folder of its own, and its CA beside it. */
export function cardFiles(capabilities?: object): CardFiles {
  const folder = testFolder()
  const write = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  }
  const ca = write('ca.json', JSON.stringify(caFileOf(testCa())))
  const card = join(folder, 'card.json')
  createCardFile(card, cardMemory(capabilities))
  return { folder, card, ca, options: ['--profile', 'test', '--date', '20261121', '--ca', ca], write }
}
