/** One transaction of an account: at a good terminal or a bad one, with contacts or without, answered or not. */
import { concat, encodeTlv, fromHex, parseTlv, withGetResponse } from '@issuerkit/apdu'
import {
  createTerminalData,
  type Misbehaviour,
  misbehave,
  randomMisbehaviour,
  runTransaction,
  type TransactionAdvice,
  type TransactionResult,
} from '@issuerkit/terminal'
import { forward, resultsOf, reverse, upload } from './advices.js'
import { hostLink, randomWay, type Way } from './link.js'
import { type Account, chance, chipOf, count, type World } from './world.js'

/** What kind of transaction it is. */
interface Plan {
  readonly name: string
  readonly misbehaviour: readonly Misbehaviour[]
  readonly way: Partial<Way>
  readonly amount: string
}

const HIGH = '000000020000'
const LOW = '000000005000'
/** Above it a terminal goes online; 9F1B is binary. */
const FLOOR_LIMIT = '00002710'

/** A card out of reach before the second GENERATE AC, as one that was held to a reader. */
const TAP: readonly Misbehaviour[] = [{ kind: 'remove-card', place: { at: 'second-generate-ac' } }]

/** A random transaction. */
export async function transact(world: World, account: Account): Promise<void> {
  const { chip } = chipOf(account)
  await perform(world, account, planned(account, chip.now()['application'] !== '00'))
}

/** A transaction in which nothing goes wrong. */
export async function transactWell(world: World, account: Account): Promise<void> {
  const way = { approved: true, halves: 1 } as const
  await perform(world, account, { name: 'good', misbehaviour: [], way, amount: HIGH })
}

/** By the hundredth below which it is. */
const FATES = [
  [69, 'lost'],
  [72, 'late'],
  [74, 'unreachable'],
  [76, 'spoilt'],
] as const

function planned(account: Account, isBlocked: boolean): Plan {
  const { random } = account
  const good = { name: 'good', misbehaviour: [], way: {}, amount: HIGH }
  const roll = random.below(100)
  if (roll < 45 || isBlocked) return good
  if (roll < 53) return { ...good, name: 'contactless', misbehaviour: TAP, way: { entryMode: '071' } }
  if (roll < 65) return { ...good, name: 'offline', amount: LOW }
  for (const [below, fate] of FATES) if (roll < below) return { ...good, name: fate, way: { fate } }
  return { ...good, name: 'misbehaving', misbehaviour: randomMisbehaviour(random.next()) }
}

async function perform(world: World, account: Account, plan: Plan): Promise<void> {
  const { random, kind } = account
  const { chip } = chipOf(account)
  account.turns += 1
  const isBlocked = chip.now()['application'] !== '00'
  const earlier = chance(account, 0.05) ? account.lastResults : []
  const way = randomWay(account, { ...plan.way, earlier, ...(isBlocked ? { approved: false } : {}) })
  const { reference } = way
  const host = hostLink(world, account, way)
  const terminal = misbehave(plan.misbehaviour, random.next())
  const tell = async (advice: TransactionAdvice): Promise<void> => {
    account.lastResults = resultsOf(advice.field55)
    await forward(world, account, { reference, atc: atcOf(advice.field55) }, advice)
  }
  chip.card.powerUp()
  const result = await runTransaction(terminal.exchange(withGetResponse(chip.exchange)), {
    terminal: createTerminalData(terminalValues(plan), { unpredictableNumber: random.bytes(4) }),
    aid: fromHex(kind.aid),
    pins: [chance(account, 0.9) ? `${chip.now()['pin']}` : '0000'],
    specialDevice: isBlocked,
    issuer: terminal.issuer(host.link),
    report: terminal.report(tell),
  })
  count(world, `transactions ${plan.name}`)
  count(world, `ended ${result.decision}`)
  for (const applied of terminal.truth().applied) count(world, `terminal ${applied}`)
  account.mail.push({ due: account.turns + random.below(4), send: terminal.release })
  const again = host.again()
  if (again !== undefined && chance(account, 0.15))
    account.mail.push({ due: account.turns + random.below(3), send: again })
  await conclude(world, account, reference, result)
}

/** What the network tells beside the terminal's own report. */
async function conclude(world: World, account: Account, reference: string, result: TransactionResult): Promise<void> {
  const field55 = objects(result.values)
  const about = { reference, atc: atcOf(field55) }
  const last = result.second ?? result.first
  if (result.response === 'unable-to-go-online') {
    if (chance(account, 0.6)) await reverse(world, account, about)
    if (last?.type === 'TC' && chance(account, 0.5)) await upload(world, account, about, field55)
  } else if (result.response === undefined && last?.type === 'TC') {
    count(world, 'offline TC')
    await upload(world, account, about, field55)
  }
}

function terminalValues({ amount }: Plan): [string, Uint8Array][] {
  return [
    ['9F02', fromHex(amount)],
    ['9F1B', fromHex(FLOOR_LIMIT)],
    ['9A', fromHex('261121')],
  ]
}

/** What an upload of the last cryptogram consists of. */
const UPLOADED = '9F26 9F27 9F10 9F37 9F36 95 9A 9C 9F02 5F2A 82 9F1A 9F03 9F33 9F34 84'.split(' ')

function objects(values: ReadonlyMap<string, Uint8Array>): Uint8Array {
  return concat(
    ...UPLOADED.flatMap((tag) => {
      const value = values.get(tag)
      return value === undefined || value.length === 0 ? [] : [encodeTlv(tag, value)]
    }),
  )
}

function atcOf(field55: Uint8Array): number {
  const counter = parseTlv(field55).find(({ tag }) => tag === '9F36')?.value ?? new Uint8Array()
  return counter.reduce((sum, byte) => 256 * sum + byte, 0)
}
