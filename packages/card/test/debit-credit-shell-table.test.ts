/** Every command in every state: the status, and the state behind it, which any walk through the states confirms. */
import { toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CARD_STATES, CARD_TABLE, type CardState, cardCommandOf } from '../src/debit-credit-table.js'
import { GPO, SELECT, type Shell, shell } from './support/shell.js'

const LETTERS: Record<string, CardState> = {
  N: 'none',
  D: 'directory',
  S: 'selected',
  G: 'started',
  O: 'online',
  C: 'closed',
  E: 'completed',
}

const CDOL1 = `34${'00'.repeat(52)}`
const CDOL2 = `223030${'00'.repeat(32)}`

const COMMANDS: Record<string, string> = {
  directory: '00A404000E315041592E5359532E4444463031',
  select: SELECT,
  nothing: '00A4040008A000000333010199',
  malformed: '00A40000',
  record: '00B2010C00',
  'no record': '00B201EC00',
  data: '80CA9F3600',
  challenge: '0084000008',
  gpo: GPO,
  verify: '0020008008241234FFFFFFFFFF',
  internal: '0088000004A1B2C3D400',
  external: `008200000A${'00'.repeat(8)}3030`,
  arqc: `80AE8000${CDOL1}`,
  aac: `80AE0000${CDOL1}`,
  second: `80AE0000${CDOL2}`,
  script: '841E00000400000000',
  unknown: '00100000',
  class: '80A40400',
}

// Each cell: the status, then the state behind it by its letter (above).
// biome-ignore format: a table
const EXPECTED: Record<string, string> = {
  //           none  directory selected started online closed completed
  directory:   '9000D 9000D    9000D    9000D   9000D  9000D  9000D',
  select:      '9000S 9000S    9000S    9000S   9000S  9000S  9000S',
  nothing:     '6A82N 6A82N    6A82N    6A82N   6A82N  6A82N  6A82N',
  malformed:   '6A86N 6A86D    6A86S    6A86G   6A86O  6A86C  6A86E',
  record:      '6985N 9000D    9000S    9000G   9000O  9000C  9000E',
  'no record': '6985N 6A82D    6A82S    6A82G   6A82O  6A82C  6A82E',
  data:        '6985N 6985D    9000S    9000G   9000O  9000C  9000E',
  challenge:   '6985N 6985D    9000S    9000G   9000O  9000C  9000E',
  gpo:         '6985N 6985D    9000G    6985G   6985O  6985C  6985E',
  verify:      '6985N 6985D    6985S    9000G   9000O  9000C  9000E',
  internal:    '6985N 6985D    6985S    9000G   9000O  9000C  9000E',
  external:    '6985N 6985D    6985S    6985G   6300O  6985C  6985E',
  arqc:        '6985N 6985D    6985S    9000O   6985O  6985C  6985E',
  aac:         '6985N 6985D    6985S    9000C   6700O  6985C  6985E',
  second:      '6985N 6985D    6985S    6700G   9000E  6985C  6985E',
  script:      '6985N 6985D    6985S    6985G   6988O  6985C  6988E',
  unknown:     '6D00N 6D00D    6D00S    6D00G   6D00O  6D00C  6D00E',
  class:       '6E00N 6E00D    6E00S    6E00G   6E00O  6E00C  6E00E',
}

/** How to get there from a reset. */
const WAYS: Record<CardState, readonly string[]> = {
  none: [],
  directory: ['directory'],
  selected: ['select'],
  started: ['select', 'gpo'],
  online: ['select', 'gpo', 'arqc'],
  closed: ['select', 'gpo', 'aac'],
  completed: ['select', 'gpo', 'arqc', 'second'],
}

const cells = (command: string): string[] => (EXPECTED[command] as string).split(/ +/)

function cell(command: string, state: CardState): { status: string; next: CardState } {
  const text = cells(command)[CARD_STATES.indexOf(state)] as string
  return { status: text.slice(0, 4), next: LETTERS[text.slice(4)] as CardState }
}

async function status(card: Shell, command: string): Promise<string> {
  return (await card.send(COMMANDS[command] as string)).slice(-4)
}

describe('a command in a state', () => {
  it('is in the table for all of them', () => {
    expect(CARD_STATES).toEqual(Object.values(LETTERS))
    expect(Object.keys(EXPECTED)).toEqual(Object.keys(COMMANDS))
    for (const command of Object.keys(COMMANDS)) expect(cells(command)).toHaveLength(CARD_STATES.length)
  })

  describe.each(CARD_STATES)('%s', (state) => {
    it.each(Object.keys(COMMANDS))('%s', async (command) => {
      const card = shell()
      for (const step of WAYS[state]) expect(await status(card, step)).toBe('9000')
      expect(await status(card, command)).toBe(cell(command, state).status)
    })
  })

  it('leads where the table says, on any walk', async () => {
    // These remember more than the state: a second time they are refused without being looked at.
    const repeated: Record<string, string> = { external: '6985', script: '6985' }
    const step = fc.constantFrom(...Object.keys(COMMANDS))
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (walk) => {
        const card = shell()
        let state: CardState = 'none'
        // Walks begin in a transaction: most of what is at random would never get there.
        for (const command of ['select', 'gpo', ...walk]) {
          const expected = cell(command, state)
          expect([expected.status, repeated[command]]).toContain(await status(card, command))
          state = expected.next
        }
      }),
      { numRuns: 60 },
    )
  })

  it.each(CARD_STATES)('may be any bytes in state %s: the card answers, and goes on', async (state) => {
    const ins = fc.oneof(fc.constantFrom(...Object.values(CARD_TABLE).flatMap((row) => row.ins)), fc.nat(255))
    const header = fc.tuple(fc.constantFrom(0x00, 0x80, 0x84, 0x04, 0x8c), ins, fc.nat(255), fc.nat(255))
    const body = fc.oneof(
      fc.constant(new Uint8Array(0)),
      fc.uint8Array({ minLength: 1, maxLength: 64 }).map((data) => Uint8Array.of(data.length, ...data)),
      fc.uint8Array({ maxLength: 140 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(header, body), { minLength: 1, maxLength: 8 }), async (commands) => {
        const card = shell()
        for (const step of WAYS[state]) await status(card, step)
        for (const [head, rest] of commands) {
          expect(await card.send(toHex(Uint8Array.of(...head, ...rest)))).toMatch(/(?:9000|6[2-9A-E][0-9A-F]{2})$/)
        }
        // Nothing of it was right by accident: no MAC, no PIN, no name.
        expect(await status(card, 'select')).toBe('9000')
      }),
      { numRuns: 25 },
    )
  })

  it('is known by its instruction and class', () => {
    const known: string[] = []
    for (let ins = 0; ins < 256; ins++) {
      for (const cla of [0x00, 0x80, 0x84, 0x01, 0xfe]) {
        const name = cardCommandOf(cla, ins)
        if (name !== '6D00' && name !== '6E00' && name !== 'script')
          known.push(`${toHex(Uint8Array.of(cla, ins))} ${name}`)
      }
    }
    // [EMV-B3] table 4
    expect(known).toEqual([
      '0020 verify',
      '0082 external-authenticate',
      '0084 get-challenge',
      '0088 internal-authenticate',
      '00A4 select',
      '80A8 get-processing-options',
      '80AE generate-ac',
      '00B2 read-record',
      '80CA get-data',
    ])
  })

  it('goes to the script engine by every instruction of its own, and by no other', async () => {
    const card = shell()
    await card.send(SELECT)
    const scripts: number[] = []
    for (let ins = 0; ins < 256; ins++) {
      // 6X and 9X are no instructions at all; GET RESPONSE is the transport's.
      if (ins >> 4 === 6 || ins >> 4 === 9 || ins === 0xc0) continue
      // No class of any of them: the engine answers 6E00, and so does the table for the rest of what it knows.
      const answer = await card.send(toHex(Uint8Array.of(0xfc, ins, 0, 0)))
      if (answer === '6E00' && cardCommandOf(0xfc, ins) !== '6E00') scripts.push(ins)
    }
    expect(scripts).toEqual([0x16, 0x18, 0x1e, 0x24, 0xda, 0xdc])
    expect([...CARD_TABLE.script.ins].sort((a, b) => a - b)).toEqual(scripts)
  })
})
