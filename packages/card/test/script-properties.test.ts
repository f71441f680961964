/** Script commands of any bytes, in any order, and with the power cut at any write. */
import { type Command, fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CardMemory } from '../src/memory.js'
import { PowerLoss } from '../src/memory-cells.js'
import { scriptCommand } from '../src/script-engine.js'
import {
  ARQC,
  ATC,
  cardOf,
  cbc,
  effects,
  online,
  prefixedEcb,
  type ScriptCard,
  scriptCard,
  secured,
  visBlock,
  wrong,
} from './support/script-issuer.js'

const RIGHT = {
  block: secured('841E0000'),
  cardBlock: secured('84160000'),
  unblockPin: secured('84240000'),
  pin: secured('84240002', prefixedEcb(visBlock('654321'))),
  limit: secured('04DA9F59', '07'),
  record: secured('04DC0124', '70089F1401039F230105'),
  failing: secured('04DA9F59', '0007'),
} as const
type Name = keyof typeof RIGHT
const NAMES = Object.keys(RIGHT) as Name[]
const STATUSES = ['9000', '6700', '6881', '6985', '6987', '6988', '6A80', '6A82', '6A83', '6A86', '6A88', '6E00']

describe('any command', () => {
  const byte = fc.integer({ min: 0, max: 255 })
  const command = fc.record(
    {
      cla: fc.oneof(fc.constantFrom(0x84, 0x04), byte),
      ins: fc.oneof(fc.constantFrom(0x1e, 0x18, 0x16, 0x24, 0xda, 0xdc), byte),
      p1: fc.oneof(fc.constantFrom(0, 1, 0x9f), byte),
      p2: fc.oneof(fc.constantFrom(0, 1, 2, 0x59, 0x24), byte),
      data: fc.uint8Array({ maxLength: 300 }),
      le: fc.integer({ min: 1, max: 256 }),
    },
    { requiredKeys: ['cla', 'ins', 'p1', 'p2'] },
  )
  it('has an answer, and none that was not secured has an effect', () => {
    fc.assert(
      fc.property(
        fc.array(command, { minLength: 1, maxLength: 5 }),
        fc.constantFrom('6E00', '6987'),
        (sent, missingMac) => {
          const card = scriptCard({ switches: { missingMac: missingMac as '6E00' | '6987' } })
          const before = effects(card.memory)
          for (const one of sent) {
            const answer = scriptCommand(card.context, one as Command)
            card.memory.commit()
            if (answer !== undefined) expect(STATUSES).toContain(answer.status)
            expect(answer?.status).not.toBe('9000')
          }
          expect(effects(card.memory)).toBe(before)
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('any order of commands', () => {
  const step = fc.record({
    name: fc.constantFrom(...NAMES),
    form: fc.constantFrom('right', 'right', 'right', 'wrong', 'plain', 'short'),
    early: fc.boolean(),
    newTransaction: fc.boolean(),
  })
  it('counts, fails and closes by the rules', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const card = scriptCard({ switches: { missingMac: '6987', macFailureLimit: 3 } })
        // The rules of [PBOC-SCRIPT] 6 and 9 in a few lines.
        const model = { counter: 0, failed: 0, failures: 0, closed: false }
        for (const { name, form, early, newTransaction } of steps) {
          if (newTransaction) model.closed = false
          if (newTransaction) Object.assign(card.context.transaction, online())
          card.context.transaction.generateAcs = early ? 1 : 2
          const right = RIGHT[name]
          const bytes = {
            right,
            wrong: wrong(right),
            plain: right.with(0, (right[0] as number) & 0xf0),
            short: right.slice(0, 4),
          }[form]
          const refuses = model.closed || model.failures >= 3
          const expected = {
            plain: '6987',
            short: refuses ? '6985' : '6987',
            wrong: refuses ? '6985' : '6988',
            right: refuses ? '6985' : name === 'failing' ? '6700' : '9000',
          }[form]
          if (!refuses && form === 'wrong') model.closed = true
          if (!refuses && form === 'wrong') model.failures += 1
          if (!refuses && form === 'right') model.failures = 0
          if (!early && (form === 'wrong' || form === 'right')) model.counter = Math.min(model.counter + 1, 15)
          if (!early && expected !== '9000') model.failed = 1
          expect(card.send(bytes)).toBe(expected)
          const { counter, failed, failures, closed } = model
          expect({
            counter: card.state('scriptCounter'),
            failed: card.state('scriptFailed'),
            failures: card.state('macFailures'),
            closed: card.context.transaction.scriptsClosed,
          }).toEqual({ counter, failed, failures, closed })
        }
      }),
      { numRuns: 100 },
    )
  })
})

describe('power lost at any write', () => {
  const KINDS = ['before', 'torn', 'after'] as const
  const prepared = { 'app/0/data/9F17': '00', 'app/0/state/scriptCounter': '02', 'app/0/state/macFailures': '04' }
  const state = (memory: CardMemory): string => `${effects(memory)};${NUMBERS.map((name) => memory.readNumber(name))}`
  const NUMBERS = ['scriptCounter', 'scriptFailed', 'macFailures'].map((name) => `app/0/state/${name}`)
  const writesOf = (card: ScriptCard, command: Uint8Array): number => {
    const before = card.memory.writes
    card.send(command)
    return card.memory.writes - before
  }
  it.each(NAMES.flatMap((name) => [[name, RIGHT[name]] as const, [`${name}, wrong MAC`, wrong(RIGHT[name])] as const]))(
    '%s: the state before or after, a comparison always counted',
    (_, command) => {
      const whole = scriptCard({ objects: prepared })
      const before = state(whole.memory)
      const writes = writesOf(whole, command)
      const after = state(whole.memory)
      // The one thing that comes before the rest: a comparison under way is a wrong MAC until it has ended.
      const counted = before.replace(/4$/, '5')
      for (let write = 1; write <= writes; write++)
        for (const at of KINDS) {
          const { memory, context } = scriptCard({ objects: prepared })
          memory.arm({ write, at })
          expect(() => cardOf(memory, context).send(command)).toThrow(PowerLoss)
          const restored = CardMemory.restore(memory.save())
          const found = state(restored)
          expect([before, counted, after]).toContain(found)
          const { scriptsClosed, scriptCommands } = context.transaction
          if (scriptsClosed || scriptCommands > 0) expect(found).not.toBe(before)
        }
      expect(writes).toBeGreaterThan(4)
    },
  )
})

describe('keys of a chain', () => {
  const next = (n: number): string => toHex(fromHex(ARQC).with(7, 0xc2 + n))
  const options = { method: 'emv-common', macLength: 8 } as const
  const nth = (n: number) => ({ ...options, r: next(n), prefix: ATC + next(n) })
  it('each command has its own, the first the cryptogram itself; the MAC covers the same value', () => {
    const card = scriptCard({ config: { scheme: 'mastercard-cvn20' }, switches: { chainedScripts: true } })
    expect(card.send(secured('841E0000', '', options))).toBe('9000')
    expect(card.send(secured('84240002', cbc('247654FFFFFFFFFF', next(1)), nth(1)))).toBe('9000')
    expect(card.read('pin')).toBe('37363534')
    // One that fails with a right MAC has used its key.
    expect(card.send(secured('04DA9F59', '', nth(2)))).toBe('6700')
    expect(card.send(secured('04DA9F59', '03', nth(3)))).toBe('9000')
    expect(card.send(secured('04DA9F59', '04', nth(3)))).toBe('6988')
  })
  it('without the switch all have the first', () => {
    const card = scriptCard({ config: { scheme: 'mastercard-cvn20' } })
    for (let n = 0; n < 3; n++) expect(card.send(secured('841E0000', '', options))).toBe('9000')
    expect(card.send(secured('841E0000', '', { ...options, r: next(3) }))).toBe('6988')
  })
  it('keys by the ATC know no chain', () => {
    const card = scriptCard({ switches: { chainedScripts: true } })
    for (let n = 0; n < 3; n++) expect(card.send(secured('841E0000'))).toBe('9000')
  })
})

describe('MAC length', () => {
  it.each([4, 5, 6, 7, 8])('%i bytes where the card is set so', (macLength) => {
    for (const other of [4, 5, 6, 7, 8]) {
      const card = scriptCard({ switches: { macLength } })
      // What is too long for the MAC is a body that the command does not have; what is too short has none at all.
      expect(card.send(secured('841E0000', '', { macLength: other }))).toBe(other === macLength ? '9000' : '6700')
      const data = scriptCard({ switches: { macLength } })
      const status = data.send(secured('04DA9F59', '0203', { macLength: other }))
      // Without a fixed Lc the MAC itself decides, unless there are fewer bytes than it has.
      const short = 2 + other < macLength
      expect(status).toBe(short || other === macLength ? '6700' : '6988')
    }
  })
  it('Interac covers the header and the data alone', () => {
    const options = { method: 'emv-common', macLength: 8, prefix: '' } as const
    const card = scriptCard({ config: { scheme: 'interac-cvn133' } })
    expect(card.send(secured('04DA9F59', '03', options))).toBe('9000')
    expect(
      scriptCard({ config: { scheme: 'interac-cvn133' } }).send(secured('841E0000', '', { ...options, prefix: ARQC })),
    ).toBe('6988')
  })
})
