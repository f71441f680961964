/** `npm run fuzz -- --target T --seed S --inputs N`, and `--replay HEX` for what it found. */
import { parseArgs } from 'node:util'
import { fromHex, toHex } from '../packages/apdu/src/index.js'
import { readCorpus } from './corpus.js'
import { fuzz, judge, shrink, type Target } from './engine.js'
import { TARGETS } from './targets.js'

const USAGE = `usage: npm run fuzz -- [--target NAME|all] [--seed NUMBER] [--inputs NUMBER] [--replay HEX]
targets: ${TARGETS.map(({ name }) => name).join(', ')}`

class WrongUse extends Error {}

function wholeNumber(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const number = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) throw new WrongUse(`not a whole number: ${text}`)
  return number
}

function options() {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', default: 'all' },
      seed: { type: 'string' },
      inputs: { type: 'string' },
      replay: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const targets = values.target === 'all' ? TARGETS : TARGETS.filter(({ name }) => name === values.target)
  if (targets.length === 0) throw new WrongUse(`no target ${values.target}`)
  if (values.replay !== undefined && targets.length > 1) throw new WrongUse('--replay needs a --target')
  const seed = wholeNumber(values.seed, Math.floor(Math.random() * 0x1_0000_0000))
  return { targets, seed, inputs: wholeNumber(values.inputs, 100_000), replay: values.replay, help: values.help }
}

/** One run of a target, with its line or its failure printed. */
function run(target: Target, seed: number, inputs: number): boolean {
  const corpus = [...readCorpus(target.name).values()]
  const { accepted, kept, seconds, failure } = fuzz(target, { seed, inputs, corpus })
  const count = (n: number): string => Math.round(n).toLocaleString('en')
  if (failure === undefined) {
    console.log(
      `${target.name}: ${count(inputs)} inputs, ${count(inputs / seconds)}/s, ${count(accepted)} accepted,`,
      `${kept} kept, seed ${seed}`,
    )
    return true
  }
  const small = toHex(shrink(target, failure.input))
  console.log(`${target.name}: FAILED with seed ${seed}, input ${failure.number}: ${failure.reason}
  input:  ${toHex(failure.input)}
  shrunk: ${small}
  replay: npm run fuzz -- --target ${target.name} --replay ${small === '' ? "''" : small}
  again:  npm run fuzz -- --target ${target.name} --seed ${seed} --inputs ${failure.number}`)
  return false
}

function replay(target: Target, hex: string): boolean {
  const { accepted, shape, fault } = judge(target, fromHex(hex, '--replay'))
  const answer = fault === undefined ? `${accepted ? 'accepted' : 'refused'}: ${shape}` : `FAILED: ${fault}`
  console.log(`${target.name}: ${answer}`)
  return fault === undefined
}

try {
  const { targets, seed, inputs, replay: hex, help } = options()
  if (help) console.log(USAGE)
  else if (hex !== undefined) process.exitCode = targets.every((target) => replay(target, hex)) ? 0 : 1
  else process.exitCode = targets.map((target) => run(target, seed, inputs)).every(Boolean) ? 0 : 1
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`)
  process.exitCode = 2
}
