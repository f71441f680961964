/** The fuzzer in small: the corpus replayed, 10^5 inputs a target (a fifth without TESTS=all), and proof that the fuzzer finds what it is there for. */
import { describe, expect, it } from 'vitest'
import { parseInput, readCorpus } from '../fuzz/corpus.js'
import { fuzz, judge, shrink, type Target } from '../fuzz/engine.js'
import { MAX_INPUT, MUTATIONS, mutate } from '../fuzz/mutate.js'
import { Random } from '../fuzz/random.js'
import { TARGETS } from '../fuzz/targets.js'
import { IssuerkitError, toHex } from '../packages/apdu/src/index.js'
import { projectFiles } from './support/tree.js'

/** The same inputs in every run; `npm run fuzz` takes another seed each time. Every failure names it. */
const SEED = 1
const INPUTS = process.env['TESTS'] === 'all' ? 100_000 : 20_000

describe.each(TARGETS)('target $name', (target) => {
  const corpus = readCorpus(target.name)
  it('has a corpus, of which it takes at least one input and every one in its stride', () => {
    const judged = [...corpus].map(([file, input]) => ({ file, ...judge(target, input) }))
    expect(judged.filter(({ fault }) => fault !== undefined)).toEqual([])
    expect(judged.filter(({ accepted }) => accepted)).not.toEqual([])
  })

  it('answers every input with a value or a coded error', () => {
    const { inputs = INPUTS } = target
    const { failure } = fuzz(target, { seed: SEED, inputs, corpus: [...corpus.values()] })
    const replay = failure && {
      reason: failure.reason,
      again: `npm run fuzz -- --target ${target.name} --seed ${SEED} --inputs ${failure.number}`,
      replay: `npm run fuzz -- --target ${target.name} --replay ${toHex(shrink(target, failure.input))}`,
    }
    expect(replay).toBeUndefined()
  })
})

describe('the fuzzer', () => {
  const corpus = [Uint8Array.of(0x70, 0x03, 0x5a, 0x01, 0x62), Uint8Array.of(0x9f, 0x10, 0x00)]
  const options = { seed: 7, inputs: 20_000, corpus }
  /** A parser that forgets to check a length below a tag, as parsers do. */
  const planted: Target = {
    name: 'planted',
    run(input) {
      if (input[0] !== 0x70) throw new IssuerkitError('ERR_TAG')
      if (input[1] === 0x81 && (input[2] as number) > input.length) throw new RangeError('offset is out of bounds')
    },
  }

  it('finds a planted bug, and the same one again from the same seed', () => {
    const { failure } = fuzz(planted, options)
    expect(failure?.reason).toBe('RangeError: offset is out of bounds')
    expect(failure?.number).toBeGreaterThan(0)
    expect(fuzz(planted, options).failure).toEqual(failure)
    expect(fuzz(planted, { ...options, inputs: failure?.number ?? 0 }).failure).toEqual(failure)
  })

  it('shrinks it to the bytes that matter', () => {
    const { failure } = fuzz(planted, options)
    const small = shrink(planted, failure?.input ?? new Uint8Array(0))
    expect(toHex(small)).toMatch(/^7081(0[4-9A-F]|[1-9A-F][0-9A-F])$/)
    expect(judge(planted, small).fault).toBe(failure?.reason)
  })

  it('leaves an input without a fault as it is', () => {
    expect(shrink(planted, corpus[0] as Uint8Array)).toEqual(corpus[0])
  })

  it.each([
    ['an error of another class', new TypeError('x'), 'TypeError: x'],
    [
      'a code that is not of the set',
      Object.assign(new IssuerkitError('ERR_TLV'), { code: 'ERR_NEW' }),
      /^IssuerkitError: /,
    ],
    ['something that is no error', 'text', 'thrown: text'],
  ])('calls %s a failure', (_, thrown, reason) => {
    const target = { name: 'throws', run: () => raise(thrown) }
    expect(judge(target, new Uint8Array(0)).fault).toMatch(reason)
  })

  it('calls a coded error an answer', () => {
    const judgement = judge({ name: 'coded', run: () => raise(new IssuerkitError('ERR_TLV')) }, new Uint8Array(0))
    expect(judgement).toMatchObject({ accepted: false, shape: expect.stringContaining('ERR_TLV') })
    expect(judgement.fault).toBeUndefined()
  })

  it('calls an input slow only when it is slow each time', () => {
    const busy = (milliseconds: number): void => {
      const start = performance.now()
      while (performance.now() - start < milliseconds);
    }
    let calls = 0
    expect(judge({ name: 'slow', run: () => busy(4) }, new Uint8Array(0), 2).fault).toBe('takes more than 2 ms')
    expect(
      judge({ name: 'once', run: () => (calls++ === 0 ? busy(4) : 0) }, new Uint8Array(0), 2).fault,
    ).toBeUndefined()
  })

  it('finds a bug in the corpus before any mutation', () => {
    const bad = Uint8Array.of(0x70, 0x81, 0xff)
    expect(fuzz(planted, { ...options, corpus: [...corpus, bad] }).failure).toMatchObject({ number: 0, input: bad })
  })

  it('says how many inputs were accepted', () => {
    const { accepted, inputs, kept } = fuzz({ name: 'all', run: () => 1 }, { ...options, inputs: 100 })
    expect({ accepted, inputs, kept }).toEqual({ accepted: 100, inputs: 100, kept: 0 })
  })
})

describe('the mutator', () => {
  const tlv = Uint8Array.of(0x70, 0x06, 0x5a, 0x01, 0x62, 0x9f, 0x10, 0x00)
  it.each(Object.entries(MUTATIONS))(
    '%s gives another input most of the time and leaves its own alone',
    (_, mutation) => {
      const random = new Random(3)
      const before = toHex(tlv)
      const results = Array.from({ length: 200 }, () => toHex(mutation(tlv, random, Uint8Array.of(1, 2, 3))))
      expect(results.filter((hex) => hex !== before).length).toBeGreaterThan(50)
      expect(toHex(tlv)).toBe(before)
    },
  )

  it('takes inputs of any shape and keeps to the greatest length', () => {
    const random = new Random(4)
    const corpus = [new Uint8Array(0), tlv, new Uint8Array(MAX_INPUT), new Uint8Array(MAX_INPUT).fill(0x7f)]
    for (let i = 0; i < 5000; i++) expect(mutate(corpus, random).length).toBeLessThanOrEqual(MAX_INPUT)
  })

  it('repeats its numbers from a seed, and not from another seed or stream', () => {
    const ten = (seed: number, stream?: string): string => toHex(new Random(seed, stream).bytes(10))
    expect(ten(1, 'a')).toBe(ten(1, 'a'))
    expect(new Set([ten(1, 'a'), ten(2, 'a'), ten(1, 'b'), ten(1), ten(2 ** 32 + 1)]).size).toBe(5)
  })
})

describe('the corpus', () => {
  it('has a folder for each target and no other', () => {
    const folders = [...projectFiles(/^fuzz\/corpus\//).keys()].map((path) => path.split('/')[2])
    expect([...new Set(folders)].sort()).toEqual(TARGETS.map(({ name }) => name).sort())
  })
  it('is files of a comment and hexadecimal digits', () => {
    expect(parseInput('# an input\n70 03\n5A0162\n', 'x.hex')).toEqual(Uint8Array.of(0x70, 3, 0x5a, 1, 0x62))
    expect(() => parseInput('7003', 'x.hex')).toThrow('x.hex: the first line must say')
    expect(() => parseInput('# a\n70 3', 'x.hex')).toThrow('ERR_HEX')
  })
})

function raise(thrown: unknown): never {
  throw thrown
}
