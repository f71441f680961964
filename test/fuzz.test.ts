/** The fuzzer in small: the corpus replayed, 10^5 inputs a target, and proof that the fuzzer finds what it is there for. */
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
const INPUTS = { fast: 100_000, slow: 10_000 }

describe.each(TARGETS)('target $name', (target) => {
  const corpus = readCorpus(target.name)
  it('has a corpus, of which it takes at least one input and every one in its stride', () => {
    const judged = [...corpus].map(([file, input]) => ({ file, ...judge(target, input) }))
    expect(judged.filter(({ fault }) => fault !== undefined)).toEqual([])
    expect(judged.filter(({ accepted }) => accepted)).not.toEqual([])
  })

  it('answers every input with a value or a coded error', () => {
    const inputs = target.slow === true ? INPUTS.slow : INPUTS.fast
    const { failure } = fuzz(target, { seed: SEED, inputs, corpus: [...corpus.values()] })
    const replay = failure && {
      reason: failure.reason,
      again: `npm run fuzz -- --target ${target.name} --seed ${SEED} --inputs ${failure.number}`,
      replay: `npm run fuzz -- --target ${target.name} --replay ${toHex(shrink(target, failure.input))}`,
    }
    expect(replay).toBeUndefined()
  })
})
