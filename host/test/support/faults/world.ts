/**
 * Cards, terminals and officers, as they are: what they do to the service from a seed, and what they are told. A card goes
 * from one transaction to the next; everything else about it happens at the same time. Whoever is not told asks again, at any
 * node, perhaps much later.
 */
import { randomFrom } from '../ledger-world.js'
import type { Recorded } from './history.js'
import type { Call, Request } from './model.js'
import type { Asked, Node, Told } from './node.js'
import {
  type Authorized,
  advise,
  askOnce,
  authorize,
  cancel,
  carried,
  good,
  openCard,
  queue,
  read,
} from './requests.js'

type Random = () => number

const TAGS = ['9F58', '9F59', '9F5C', '9F54']

export interface WorldOptions {
  readonly nodes: () => readonly Node[]
  readonly now: () => number
  readonly moment: () => number
  /** Waits before asking again. */
  readonly pause: () => Promise<unknown>
}

interface Transaction extends Request {
  readonly asked: Asked
  readonly ids: readonly string[]
  readonly identifier: string
  readonly ran: boolean
  readonly atc: number
}

/** Something to wait for. */
function signal(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** A card and all that was done with it. */
export class WorldCard {
  readonly pan: string
  readonly history: Recorded[] = []
  /** By reference, every answer that was given. */
  readonly answers = new Map<string, Set<string>>()
  readonly #world: WorldOptions
  readonly #name: string
  readonly #random: Random
  readonly #entries: string[] = []
  readonly #transactions: Transaction[] = []
  readonly #late: Promise<void>[] = []
  #next = signal()
  #card = ''
  #atc = 100
  #counter = 0
  #notCompleted = false
  #count = 0

  constructor(world: WorldOptions, pan: string, name: string, seed: number) {
    this.#world = world
    this.pan = pan
    this.#name = name
    this.#random = randomFrom(seed)
  }

  get handle(): string {
    return this.#card
  }

  async open(): Promise<void> {
    const { told } = await this.#ask(openCard(this.pan, `${this.#name}-open`), this.#fork())
    this.#card = good<{ card: string }>(told).card
  }

  /** Some things at once. Resolves when they are told, but for those that wait for the next batch. */
  async batch(): Promise<void> {
    this.#wake()
    const all: Promise<void>[] = []
    if (this.#random() < 0.6) all.push(this.#transact(this.#fork()))
    for (let i = Math.floor(this.#random() * 4); i > 0; i--) all.push(this.#something(this.#fork()))
    await Promise.all(all)
  }

  /** Nobody waits any more. */
  async end(): Promise<void> {
    while (this.#late.length > 0) {
      this.#wake()
      await this.#late.pop()
    }
    await this.#read(this.#fork())
  }

  /** Each call has its own: what one does hangs on nobody else's haste. */
  #fork(): Random {
    return randomFrom(Math.floor(this.#random() * 2 ** 32))
  }

  #wake(): void {
    this.#next.resolve()
    this.#next = signal()
  }

  #something(random: Random): Promise<void> {
    const pick = random()
    if (pick < 0.4) return this.#queue(random)
    if (pick < 0.55) return this.#cancel(random)
    if (pick < 0.7) return this.#advise(random)
    if (pick < 0.85) return this.#repeat(random)
    return this.#read(random)
  }

  async #transact(random: Random): Promise<void> {
    this.#atc += 1
    const [atc, counter, notCompleted] = [this.#atc, this.#counter, this.#notCompleted]
    const reference = `${this.#name}-${atc}`
    const request = { reference, now: this.#world.now(), counter, notCompleted }
    const asked = authorize(this.pan, reference, { atc, counter, notCompleted })
    const isTwice = random() < 0.3
    const [first] = await Promise.all([
      this.#authorize(request, asked, this.#fork()),
      ...(isTwice ? [this.#authorize(request, asked, this.#fork())] : []),
    ])
    const ids = carried(first)
    // What the network loses the card never sees; what it sees it may not live to run.
    const [isLost, ran] = [random() < 0.3, ids.length > 0 && random() < 0.8]
    this.#notCompleted = isLost
    if (!isLost) this.#counter = ran ? ids.length : 0
    const identifier = first.answer?.scripts[0]?.identifier ?? ''
    this.#transactions.push({ ...request, asked, ids, identifier, atc, ran: ran && !isLost })
  }

  async #authorize(request: Request, asked: Asked, random: Random): Promise<Authorized> {
    const { told, from } = await this.#ask(asked, random)
    const body = good<Authorized>(told)
    if (body.verdict !== 'V' || body.answer === null) throw new Error(told.text)
    const answers = this.answers.get(request.reference) ?? new Set()
    this.answers.set(request.reference, answers.add(JSON.stringify(body.answer)))
    this.#record({ type: 'authorize', ...request, told: carried(body) }, from)
    return body
  }

  async #repeat(random: Random): Promise<void> {
    const one = oneOf(this.#transactions, random)
    if (one !== undefined) await this.#authorize(one, one.asked, random)
  }

  async #advise(random: Random): Promise<void> {
    const ran = this.#transactions.filter((one) => one.ran)
    const one = oneOf(ran, random)
    if (one === undefined) return
    const { reference, atc, identifier } = one
    const { told, from, isFirst } = await this.#ask(advise(this.pan, reference, atc, identifier), random)
    const { matched, entries } = good<{ matched: boolean; entries: { entry: string }[] }>(told)
    const moved = isFirst ? entries.map(({ entry }) => entry) : 'matched'
    this.#record({ type: 'advise', reference, told: matched ? moved : 'unmatched' }, from)
  }

  async #queue(random: Random): Promise<void> {
    const tag = oneOf(TAGS, random) ?? ''
    const asked = queue(this.#card, tag, this.#key())
    await this.#orLater(asked, random, (told, from) => {
      const { entry, superseded } = good<{ entry: { entry: string }; superseded: string[] }>(told)
      this.#entries.push(entry.entry)
      this.#record({ type: 'queue', target: tag, told: { entry: entry.entry, superseded } }, from)
    })
  }

  async #cancel(random: Random): Promise<void> {
    const entry = oneOf(this.#entries, random)
    if (entry === undefined) return
    await this.#orLater(cancel(this.#card, entry, this.#key()), random, ({ status }, from) =>
      this.#record({ type: 'cancel', entry, told: status === 200 ? 'cancelled' : 'refused' }, from),
    )
  }

  async #read(random: Random): Promise<void> {
    const { told, from } = await this.#ask(read(this.#card), random)
    const { entries } = good<{ entries: { entry: string; state: string; rank: string | null }[] }>(told)
    const states = entries.map(({ entry, state, rank }) => [entry, state === 'confirmed' ? `${state} ${rank}` : state])
    this.#record({ type: 'read', told: Object.fromEntries(states) }, from)
  }

  /** Asks once; whoever is not told may let it rest until the next batch. */
  async #orLater(asked: Asked, random: Random, take: (told: Told, from: number) => void): Promise<void> {
    const from = this.#world.moment()
    const told = await askOnce(this.#node(random), asked)
    if (told !== undefined) return take(told, from)
    const again = async () => take((await this.#ask(asked, random)).told, from)
    if (random() < 0.5) return again()
    this.#late.push(this.#next.promise.then(again))
  }

  async #ask(
    asked: Asked,
    random: Random,
  ): Promise<{ readonly told: Told; readonly from: number; readonly isFirst: boolean }> {
    const from = this.#world.moment()
    for (let attempt = 1; attempt <= 300; attempt++) {
      const told = await askOnce(this.#node(random), asked)
      if (told !== undefined) return { told, from, isFirst: attempt === 1 }
      await this.#world.pause()
    }
    throw new Error(`nobody answers ${asked.url}`)
  }

  #record(call: Call, from: number): void {
    this.history.push({ ...call, from, to: this.#world.moment() })
  }

  #key(): string {
    this.#count += 1
    return `${this.#name}-${this.#count}`
  }

  #node(random: Random): Node {
    const node = oneOf(this.#world.nodes(), random)
    if (node === undefined) throw new Error('no node')
    return node
  }
}

function oneOf<T>(list: readonly T[], random: Random): T | undefined {
  return list[Math.floor(random() * list.length)]
}
