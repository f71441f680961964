/** Power cut at every programming of a commit, and again during recovery: the state before or after, and no third. */
import { toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CardMemory } from '../src/memory.js'
import { type Fuse, PowerLoss } from '../src/memory-cells.js'

const KINDS = ['before', 'torn', 'after'] as const
type Change = readonly [name: string, value: Uint8Array]

const of = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill)
const factory = (): CardMemory =>
  CardMemory.create([
    ['counter', { value: of(1, 3) }],
    ['record', { value: of(40, 0x11), capacity: 60 }],
    ['untouched', { value: of(3, 0x77) }],
    ['pin', { value: of(4, 0x31), capacity: 12 }],
  ])
const stateOf = (memory: CardMemory): string => memory.names.map((name) => toHex(memory.read(name))).join('/')
/** What another process finds that gets the cells as they are now. */
const elsewhere = (memory: CardMemory): string => stateOf(CardMemory.restore(JSON.parse(JSON.stringify(memory.save()))))
const put = (memory: CardMemory, changes: readonly Change[]): void => {
  for (const [name, value] of changes) memory.write(name, value)
}
/** Whether the work came to its end. */
const survives = (work: () => void): boolean => {
  try {
    work()
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(PowerLoss)
    return false
  }
}

const NEW: readonly Change[] = [
  ['counter', of(1, 2)],
  ['record', of(55, 0x22)],
  ['pin', of(6, 0x39)],
]
// Journal: 3 changes of 6 bytes and their values, 80 in all: 3 programmings. Head 1, objects 1 + 2 + 1, head 1.
const JOURNALED = 3
const COMMIT = 9
const RECOVERY = 5

const before = stateOf(factory())
const after = before
  .split('/')
  .map((was, i) => [NEW[0], NEW[1], undefined, NEW[2]].map((c) => c && toHex(c[1]))[i] ?? was)

it('cuts a commit at every programming, and its recovery twice', () => {
  let cuts = 0
  for (let first = 1; first <= COMMIT; first++) {
    for (const at of KINDS) {
      const done = first > JOURNALED + 1 || (first === JOURNALED + 1 && at === 'after')
      const expected = done ? after.join('/') : before
      const cut = (): CardMemory => {
        const memory = factory()
        put(memory, NEW)
        memory.arm({ write: first, at })
        expect(survives(() => memory.commit())).toBe(false)
        return memory
      }
      const memory = cut()
      expect(elsewhere(memory), `another process, ${first} ${at}`).toBe(expected)
      memory.recover()
      expect(stateOf(memory), `${first} ${at}`).toBe(expected)
      for (const second of fuses()) {
        for (const third of [undefined, ...fuses()]) {
          const twice = cut()
          twice.arm(second)
          survives(() => twice.recover())
          if (third !== undefined) {
            twice.arm(third)
            survives(() => twice.recover())
          }
          twice.arm(undefined)
          twice.recover()
          if (stateOf(twice) !== expected) expect.fail(`${JSON.stringify([first, at, second, third])}`)
          cuts += 1
        }
      }
    }
  }
  // 9 places, 3 ways; 15 second cuts; none or 15 third cuts.
  expect(cuts).toBe(27 * 15 * 16)
})

function fuses(): Fuse[] {
  return Array.from({ length: RECOVERY }, (_, i) => KINDS.map((at) => ({ write: i + 1, at }))).flat()
}

it('takes as many programmings as this test thinks', () => {
  const memory = factory()
  const made = memory.writes
  put(memory, NEW)
  memory.commit()
  expect(memory.writes - made).toBe(COMMIT)
  const whole = factory()
  put(whole, NEW)
  whole.arm({ write: JOURNALED + 1, at: 'after' })
  survives(() => whole.commit())
  const cutAt = whole.writes
  whole.recover()
  expect(whole.writes - cutAt).toBe(RECOVERY)
})

it('is in the new state once a commit has returned, whatever is cut later', () => {
  for (const at of KINDS) {
    for (let write = 1; write <= COMMIT; write++) {
      const memory = factory()
      memory.write('counter', of(1, 2))
      memory.commit()
      put(memory, [['pin', of(6, 0x39)]])
      memory.arm({ write, at })
      survives(() => memory.commit())
      memory.arm(undefined)
      memory.recover()
      expect(toHex(memory.read('counter'))).toBe('02')
    }
  }
})

const names = ['counter', 'record', 'untouched', 'pin'] as const
const change = fc
  .constantFrom(...names)
  .chain((name) =>
    fc.tuple(fc.constant(name), fc.uint8Array({ maxLength: { counter: 1, record: 60, untouched: 3, pin: 12 }[name] })),
  )
const step = fc.record({
  changes: fc.array(change, { maxLength: 5 }),
  ends: fc.constantFrom('commit', 'rollback', 'restart'),
  cut: fc.option(fc.record({ write: fc.integer({ min: 1, max: 12 }), at: fc.constantFrom(...KINDS) })),
  cutsOfRecovery: fc.array(fc.record({ write: fc.integer({ min: 1, max: 6 }), at: fc.constantFrom(...KINDS) }), {
    maxLength: 3,
  }),
})

it('is at every moment the model: all of a commit or nothing of it', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
      let memory = factory()
      let model = new Map(names.map((name) => [name as string, toHex(memory.read(name))]))
      const modelled = (from: ReadonlyMap<string, string>): string => names.map((name) => from.get(name)).join('/')
      for (const { changes, ends, cut, cutsOfRecovery } of steps) {
        const next = new Map(model)
        for (const [name, value] of changes) {
          memory.write(name, value)
          next.set(name, toHex(value))
        }
        expect(stateOf(memory)).toBe(modelled(next))
        expect(elsewhere(memory)).toBe(modelled(model))
        if (ends === 'rollback') memory.rollback()
        if (ends === 'restart') memory = CardMemory.restore(memory.save())
        if (ends === 'commit') {
          memory.arm(cut ?? undefined)
          if (survives(() => memory.commit())) {
            model = next
          } else {
            const found = elsewhere(memory)
            expect([modelled(model), modelled(next)]).toContain(found)
            for (const fuse of cutsOfRecovery) {
              memory.arm(fuse)
              survives(() => memory.recover())
              expect(elsewhere(memory)).toBe(found)
            }
            memory.arm(undefined)
            memory.recover()
            if (found === modelled(next)) model = next
          }
          memory.arm(undefined)
        }
        expect(stateOf(memory)).toBe(modelled(model))
        expect(elsewhere(memory)).toBe(modelled(model))
      }
    }),
    { numRuns: 150 },
  )
})

it('restores any damaged cells to a memory or refuses them, with no other error', () => {
  const sound = factory()
  put(sound, NEW)
  sound.arm({ write: JOURNALED + 1, at: 'after' })
  survives(() => sound.commit())
  const { objects, cells } = sound.save()
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(cells.length / 2 - 1), fc.nat(255)), { maxLength: 6 }), (damage) => {
      let hex = cells
      for (const [at, byte] of damage) {
        hex = hex.slice(0, 2 * at) + byte.toString(16).padStart(2, '0') + hex.slice(2 * at + 2)
      }
      try {
        expect(CardMemory.restore({ objects, cells: hex }).names).toEqual(names)
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_CARD' })
      }
    }),
    { numRuns: 200 },
  )
})
