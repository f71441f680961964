/** Conformance cases: READ BINARY and UPDATE BINARY. [ETC] 4.1.1, 4.1.2 */
import type { ConformanceCase } from './case.js'
import { challenge, contentOf, enter, expectContent, expectLocked, seedCase, turnedOver } from './case-helpers.js'
import type { PurseTester } from './tester.js'

/** The application data and the cardholder data; the log of transactions, which is no binary file; one that is not there. */
const FILE_15 = 0x15
const FILE_16 = 0x16
const LOG = 0x18
const NOT_THERE = 0x1d

/** UPDATE BINARY of one byte of file 0015 with a wrong MAC. */
async function wrongMac(t: PurseTester, status: string): Promise<void> {
  await challenge(t)
  await t.expect(t.updateBinary(FILE_15, 0, '5A', { mac: 'bad' }), status)
}

export const CASES_4_1_FILES: readonly ConformanceCase[] = [
  seedCase(
    '4.1.1-1a',
    'More than 255 bytes left: 255 are read at once',
    async (t) => {
      const sfi = t.profile.longFile as string
      await enter(t)
      const data = contentOf(t, sfi).slice(0, 255)
      await t.expect(t.readBinary(Number.parseInt(sfi, 16), 0, 255), { status: '9000', data, length: 255 })
    },
    { needs: ['long-file'] },
  ),
  seedCase('4.1.1-1b', 'Fewer than 255 bytes left: all of them are read', async (t) => {
    await enter(t)
    await expectContent(t, FILE_15, contentOf(t, '15').slice(10), 10)
  }),
  seedCase('4.1.1-2', 'An offset outside of the file', async (t) => {
    await enter(t)
    await t.expect(t.readBinary(FILE_15, contentOf(t, '15').length, 1), '6B00')
    await t.expect(t.readBinary(FILE_15, 0xff, 1), '6B00')
    await t.expect(t.readBinary(FILE_15, 0, 1), '9000')
    await t.expect(t.readBinaryCurrent(0x7fff, 1), '6B00')
  }),
  seedCase('4.1.1-3', 'Le 00', async (t) => {
    await enter(t)
    await expectAll(t)
  }),
  seedCase('4.1.1-4', 'READ BINARY of a record file', async (t) => {
    await enter(t)
    await t.expect(t.readBinary(LOG, 0, 1), '6981')
  }),
  seedCase('4.1.1-5', 'READ BINARY of a file that is not there', async (t) => {
    await enter(t)
    await t.expect(t.readBinary(NOT_THERE, 0, 1), '6A82')
  }),
  seedCase('4.1.1-6', 'READ BINARY of the current file where there is none', async (t) => {
    await enter(t)
    await t.expect(t.readBinaryCurrent(0, 1), '6A82')
  }),
  seedCase('4.1.2-1', 'A whole file is written with a MAC', async (t) => {
    const full = turnedOver(contentOf(t, '15'))
    await enter(t)
    await challenge(t)
    await t.expect(t.updateBinary(FILE_15, 0, full), '9000')
    await expectContent(t, FILE_15, full)
  }),
  seedCase('4.1.2-2', 'A part of a file is written at its offset, and nothing else', async (t) => {
    const before = contentOf(t, '15')
    const written = turnedOver(before.slice(20))
    await enter(t)
    await challenge(t)
    await t.expect(t.updateBinary(FILE_15, 20, written), '9000')
    await expectContent(t, FILE_15, written, 20)
    await expectContent(t, FILE_15, before.slice(0, 20))
  }),
  seedCase('4.1.2-3', 'UPDATE BINARY at an offset outside of the file', async (t) => {
    await enter(t)
    await challenge(t)
    await t.expect(t.updateBinary(FILE_15, contentOf(t, '15').length, '5A'), '6B00')
  }),
  seedCase('4.1.2-4', 'UPDATE BINARY across the end of the file', async (t) => {
    const before = contentOf(t, '15')
    await enter(t)
    await challenge(t)
    await t.expect(t.updateBinary(FILE_15, before.length - 1, '5A5A'), '6700')
    await expectContent(t, FILE_15, before)
  }),
  seedCase('4.1.2-5', 'UPDATE BINARY of a record file', async (t) => {
    await enter(t)
    await challenge(t)
    await t.expect(t.updateBinary(LOG, 0, '5A'), '6981')
  }),
  seedCase('4.1.2-6', 'UPDATE BINARY without a challenge', async (t) => {
    await enter(t)
    await t.expect(t.updateBinary(FILE_15, 0, contentOf(t, '15'), { challenge: 'none' }), '6984')
  }),
  seedCase(
    '4.1.2-7',
    'The third wrong MAC in a row blocks the application for good',
    async (t) => {
      await enter(t)
      await wrongMac(t, '6988')
      await wrongMac(t, '6988')
      await wrongMac(t, '9303')
      await expectLocked(t)
    },
    { destructive: true },
  ),
  seedCase(
    '4.1.2-8',
    'A good MAC makes the count of wrong ones begin anew',
    async (t) => {
      await enter(t)
      await wrongMac(t, '6988')
      await challenge(t)
      await t.expect(t.updateBinary(FILE_15, 0, contentOf(t, '15')), '9000')
      await wrongMac(t, '6988')
      await wrongMac(t, '6988')
      await wrongMac(t, '9303')
      await expectLocked(t)
    },
    { destructive: true },
  ),
]

/**
 * Le 00 of both files: 6CXX with the length of the file, or on cards that serve it all of the file. On T=0 no card can:
 * P3 00 stands for 256 bytes. [EMV-B1] 9.2.2
 */
export async function expectAll(t: PurseTester): Promise<void> {
  const refused = t.profile.behaviour.readAll === '6CXX' || t.card.connection.protocol === 'T=0'
  for (const [name, sfi] of [
    ['15', FILE_15],
    ['16', FILE_16],
  ] as const) {
    const data = contentOf(t, name)
    const length = data.length.toString(16).toUpperCase().padStart(2, '0')
    const expected = refused ? `6C${length}` : { status: '9000', data: data }
    await t.expect(t.readBinary(sfi, 0, 0), expected)
  }
}
