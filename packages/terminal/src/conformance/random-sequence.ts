/** A sequence of random commands under way: each is sent, and its answer judged by the model of the purse. [ETC] 6 */
import { IssuerkitError, toHex } from '@issuerkit/apdu'
import type { PurseTransactionKind } from '../purse-messages.js'
import { wrongPin } from './case-helpers.js'
import { compositeFile, otherRecord } from './composite.js'
import {
  copyModel,
  forget,
  modelBalance,
  modelCache,
  modelComplete,
  modelDrop,
  modelInitialize,
  modelProof,
  modelRecord,
  modelVerify,
  type PurseModel,
  sameCompletion,
} from './purse-model.js'
import {
  begunOf,
  complete,
  initialize,
  LOG,
  login,
  NO_KEY,
  newestRecord,
  proofPattern,
  readLog,
  sentOf,
  viewPurses,
} from './purse-transaction.js'
import type { CompleteAction, PurseAction } from './random-actions.js'
import type { Step } from './step.js'
import type { PurseTester } from './tester.js'

const SECONDS = 86_400

/** The model of a card as it is now, seen from outside; it is in ADF1, its PIN verified. */
export async function startModel(t: PurseTester): Promise<PurseModel> {
  await login(t)
  const purses = await viewPurses(t)
  const log = (await readLog(t)).map((record) => new RegExp(`^${record}$`))
  const records = new Map<number, string>()
  const { sfi, records: writable } = compositeFile(t)
  for (const record of writable) {
    const type = record[0] as number
    records.set(type, toHex((await t.expect(t.readRecordById(sfi, type), '9000')).data))
  }
  return {
    profile: t.profile,
    purses,
    log,
    proofs: new Map(),
    proven: undefined,
    records,
    pinVerified: true,
    triesLeft: t.profile.pinTries,
    pending: undefined,
    cache: new Map(),
  }
}

/** A sequence under way: the terminal, the model, and what is counted. */
export class RandomSequence {
  readonly #t: PurseTester
  #model: PurseModel
  #count = 0
  transactions = 0
  cuts = 0

  constructor(t: PurseTester, model: PurseModel) {
    this.#t = t
    this.#model = model
  }

  get model(): PurseModel {
    return this.#model
  }

  /** Sends what the action says, and judges the answer. @throws CaseFailed; whatever a broken card makes the host throw */
  async perform(action: PurseAction): Promise<void> {
    const t = this.#t
    const model = this.#model
    this.#count += 1
    t.time = timeOf(this.#count)
    switch (action.do) {
      case 'initialize':
        return await this.#initialize(action)
      case 'complete':
        return await this.#complete(action)
      case 'cache':
        return await this.#cache(action.record, action.by)
      case 'verify':
        await t.expect(t.verify(action.good ? t.profile.pin : wrongPin(t)), modelVerify(model, action.good))
        return
      case 'reload':
        modelDrop(model)
        model.triesLeft = t.profile.pinTries
        await t.expect(t.reloadPin(t.profile.pin), '9000')
        return
      case 'reset':
        return await this.#reset()
      case 'log':
        return await this.expectLog()
      case 'balance':
        return await this.#expectBalance(action.purse)
      case 'prove': {
        const serial = Math.max(0, (model.proofs.get(action.type)?.serial ?? 0) + action.above)
        await t.expect(t.prove(action.type, serial), modelProof(model, action.type, serial))
        return
      }
    }
  }

  /** The log and the records of composite purchase, all of them. @throws CaseFailed */
  async expectLog(): Promise<void> {
    const t = this.#t
    modelDrop(this.#model)
    const log = await readLog(t)
    t.equal('records of the log', log.length, this.#model.log.length)
    for (const [i, pattern] of this.#model.log.entries()) {
      t.equal(`record ${i + 1} of the log`, pattern.test(log[i] as string) ? 'as told' : (log[i] as string), 'as told')
    }
    const { sfi } = compositeFile(t)
    for (const [type, data] of this.#model.records) {
      await t.expect(t.readRecordById(sfi, type), { status: '9000', data })
    }
  }

  async #reset(): Promise<void> {
    forget(this.#model)
    await this.#t.reset()
    await this.#t.expect(this.#t.selectName('ADF1'), '9000')
  }

  async #initialize(plan: Extract<PurseAction, { do: 'initialize' }>): Promise<void> {
    const t = this.#t
    const status = modelInitialize(this.#model, plan, plan.key !== NO_KEY)
    await t.expect(initialize(t, plan), status)
    if (status !== '9000') return
    const { balance, online, offline, limit } = this.#model.purses[plan.purse]
    const { answer } = begunOf(t)
    const isOnline = answer.mac1 !== undefined
    if (isOnline) t.expectMac1()
    t.equal('balance in the answer', answer.balance, balance)
    t.equal('serial in the answer', answer.serial, isOnline ? online : offline)
    if (answer.limit !== undefined) t.equal('limit in the answer', answer.limit, limit)
  }

  async #cache(index: number, by: number): Promise<void> {
    const t = this.#t
    const { sfi, records } = compositeFile(t)
    const record = otherRecord(records[index % records.length] as Uint8Array, by)
    const type = record[0] as number
    await t.expect(t.updateCapp(sfi, type, record), modelCache(this.#model, type, toHex(record)))
  }

  async #complete(action: CompleteAction): Promise<void> {
    const t = this.#t
    const begun = t.initialized?.kind
    const kind: PurseTransactionKind =
      action.kind === undefined || (begun !== undefined && sameCompletion(begun, action.kind))
        ? (begun ?? 'load')
        : action.kind
    const before = copyModel(this.#model)
    const status = modelComplete(this.#model, kind, action.limit, action.mac === 'good')
    const step = await this.#sent(action, kind)
    if (step === undefined) return await this.#afterCut(before, status)
    await t.expect(step, status)
    if (status !== '9000') return
    t.expectCompletion(step)
    this.#record(before, proofPattern(t, step))
    await t.expect(t.readRecord(LOG, 1), { status: '9000', data: this.#model.log[0] as RegExp })
    for (const purse of ['ed', 'ep'] as const) await this.#expectBalance(purse)
  }

  /** The command's answer, or nothing when it cut the power. */
  async #sent({ limit, mac, cut }: CompleteAction, kind: PurseTransactionKind): Promise<Step | undefined> {
    const { memory } = this.#t.card
    if (cut === undefined || memory === undefined) return await complete(this.#t, { kind, amount: limit }, { mac })
    memory.arm(cut)
    try {
      return await complete(this.#t, { kind, amount: limit }, { mac })
    } catch (error) {
      if (!(error instanceof IssuerkitError && error.code === 'ERR_POWER')) throw error
      return undefined
    } finally {
      memory.arm(undefined)
    }
  }

  /** Counts the transaction of the last completion in the model, whose serial was that of the model before. */
  #record(before: PurseModel, proof: RegExp): void {
    const t = this.#t
    const { type, answer, purse } = sentOf(t)
    const limits = [0, before.purses[purse].limit, this.#model.purses[purse].limit]
    modelRecord(this.#model, type, newestRecord(t, limits), { serial: answer.serial, data: proof })
    this.transactions += 1
  }

  /**
   * The power was cut: GET TRANSACTION PROVE says whether the transaction has happened, and everything else has to agree
   * with it.
   */
  async #afterCut(before: PurseModel, status: string): Promise<void> {
    const t = this.#t
    this.cuts += 1
    await t.reset()
    await t.expect(t.selectName('ADF1'), '9000')
    const { type, answer } = sentOf(t)
    const proof = await t.expect(t.prove(type, answer.serial), /^(9000|9406)$/)
    if (status === '9000' && proof.status === '9000') this.#record(before, new RegExp(`^${toHex(proof.data)}$`))
    else this.#model = before
    forget(this.#model)
    if (this.#model.triesLeft > 0) await t.expect(t.verify(t.profile.pin), modelVerify(this.#model, true))
    for (const purse of ['ed', 'ep'] as const) await this.#expectBalance(purse)
    await this.expectLog()
  }

  async #expectBalance(purse: 'ed' | 'ep'): Promise<void> {
    const status = modelBalance(this.#model, purse)
    const data = this.#model.purses[purse].balance.toString(16).toUpperCase().padStart(8, '0')
    await this.#t.expect(this.#t.balance(purse), status === '9000' ? { status, data } : status)
  }
}

/** HHMMSS of a number of seconds, so that records of the log can be told apart. */
function timeOf(count: number): string {
  const seconds = count % SECONDS
  return [seconds / 3600, (seconds / 60) % 60, seconds % 60]
    .map((part) => String(Math.floor(part)).padStart(2, '0'))
    .join('')
}
