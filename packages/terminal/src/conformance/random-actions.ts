/** The commands of a random sequence, as data, and which one comes next: decided by the seed, and by what the model allows. */
import type { Fuse } from '@issuerkit/card'
import type { PurseName, PurseTransactionKind } from '../purse-messages.js'
import type { SeededRandom } from '../random-seed.js'
import type { PurseModel } from './purse-model.js'
import { NO_KEY, type PlannedTransaction } from './purse-transaction.js'

/** One command of a random sequence, or a few of which one depends on the other. */
export type PurseAction =
  | ({ readonly do: 'initialize' } & PlannedTransaction)
  | CompleteAction
  /** UPDATE CAPP DATA CACHE of the nth record, its data XORed with a byte. */
  | { readonly do: 'cache'; readonly record: number; readonly by: number }
  | { readonly do: 'verify'; readonly good: boolean }
  | { readonly do: 'reload' | 'reset' | 'log' }
  | { readonly do: 'balance'; readonly purse: PurseName }
  /** GET TRANSACTION PROVE of a type, its serial so many above that of the last one. */
  | { readonly do: 'prove'; readonly type: number; readonly above: number }

/** The second command of a transaction. */
export interface CompleteAction {
  readonly do: 'complete'
  /** Another command than the one that completes what is under way. */
  readonly kind?: PurseTransactionKind
  /** Of UPDATE OVERDRAW LIMIT. */
  readonly limit: number
  readonly mac: 'good' | 'bad'
  /** Where the power goes, on a card whose memory can be reached. */
  readonly cut?: Fuse
}

const KINDS = ['load', 'load', 'load', 'unload', 'purchase', 'purchase', 'cash', 'overdraft', 'capp'] as const
const PURSES = ['ed', 'ep'] as const
const TYPES = [1, 2, 3, 4, 5, 6, 7, 9] as const
const CUTS = ['before', 'torn', 'after'] as const
/** More programmings than a transaction takes. */
const WRITES = 16
const SMALL = 500
const HIGHEST_LIMIT = 2000

/** The next command. @param records how many records composite purchase may write; 0: the card has none */
export function nextAction(random: SeededRandom, model: PurseModel, records: number): PurseAction {
  const dice = random.below(100)
  if (model.pending !== undefined && dice < 92) return underWay(random, model, records, random.below(100))
  if (model.triesLeft < model.profile.pinTries && dice < 60) {
    return model.triesLeft === 0 ? { do: 'reload' } : { do: 'verify', good: true }
  }
  if (!model.pinVerified && dice < 80) return { do: 'verify', good: true }
  return anything(random, model, records, random.below(100))
}

/** What mostly follows INITIALIZE. */
function underWay(random: SeededRandom, model: PurseModel, records: number, dice: number): PurseAction {
  const { balance, limit: old } = model.purses.ed
  // Sometimes one more than can be taken back.
  const limit = dice % 10 === 0 && balance < old ? old - balance - 1 : random.below(HIGHEST_LIMIT)
  if (model.pending?.kind === 'capp' && records > 0 && dice < 40) {
    return { do: 'cache', record: random.below(records), by: 1 + random.below(255) }
  }
  if (dice < 80) return { do: 'complete', limit, mac: 'good' }
  if (dice < 85) {
    return { do: 'complete', limit, mac: 'good', cut: { write: 1 + random.below(WRITES), at: random.pick(CUTS) } }
  }
  if (dice < 93) return { do: 'complete', limit, mac: 'bad' }
  if (dice < 97) return { do: 'complete', kind: random.pick(KINDS), limit, mac: 'good' }
  return { do: 'balance', purse: random.pick(PURSES) }
}

function anything(random: SeededRandom, model: PurseModel, records: number, dice: number): PurseAction {
  if (dice < 78) return initialize(random, model, records)
  if (dice < 82) return { do: 'prove', type: random.pick(TYPES), above: random.pick([0, 0, 0, 1, -1]) }
  if (dice < 84) return { do: 'balance', purse: random.pick(PURSES) }
  if (dice < 86) return { do: 'log' }
  if (dice < 90) return { do: 'reset' }
  if (dice < 92) return { do: 'reload' }
  if (dice < 94) return { do: 'complete', limit: 0, mac: 'good' }
  if (dice < 95 && records > 0) return { do: 'cache', record: 0, by: 1 }
  return { do: 'verify', good: dice < 98 }
}

function initialize(random: SeededRandom, model: PurseModel, records: number): PurseAction {
  const kind = random.pick(records > 0 ? KINDS : KINDS.filter((one) => one !== 'capp'))
  const purse = { unload: 'ed', cash: 'ed', overdraft: 'ed', capp: 'ep' } as const
  const chosen = kind === 'load' || kind === 'purchase' ? random.pick(PURSES) : purse[kind]
  const { balance, limit } = model.purses[chosen]
  const most = kind === 'load' ? model.profile.maximumBalance - balance : balance - (kind === 'unload' ? limit : 0)
  const amounts = [
    1 + random.below(SMALL),
    1 + random.below(SMALL),
    1 + random.below(SMALL),
    1 + random.below(SMALL),
    0,
  ]
  // Everything that there is, and one more; to fill the purse to its brim is tried seldom.
  if (kind !== 'load' && random.below(10) === 0) amounts.push(Math.max(0, most), Math.max(0, most) + 1)
  if (kind === 'load' && random.below(20) === 0) amounts.push(most + 1)
  const key = random.below(20) === 0 ? NO_KEY : random.pick([1, 2])
  return { do: 'initialize', kind, purse: chosen, amount: kind === 'overdraft' ? 0 : random.pick(amounts), key }
}
