/** Terminals that misbehave: what they did in truth, what they believe, and what the issuer is made to believe. */
import { fromHex, parseTlv, toHex } from '@issuerkit/apdu'
import { decodeScriptResults } from '@issuerkit/scripts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { misbehave } from '../src/misbehaviour.js'
import { type CommandPlace, type GroundTruth, type Misbehaviour, randomMisbehaviour } from '../src/misbehaviour-plan.js'
import type { TransactionResult } from '../src/transaction-model.js'
import { openRoom, type Room } from './issuer-card-support.js'

interface Ran {
  readonly room: Room
  readonly result: TransactionResult
  readonly truth: GroundTruth
  readonly release: () => Promise<void>
}

const NEW_LIMIT = Uint8Array.of(9)
const put = (tag: string) => ({ type: 'put-data', tag, value: NEW_LIMIT }) as const

/** 9F58 in a script of 71; PIN UNBLOCK and 9F59 in one of 72; PIN UNBLOCK in another: as many of them as `queue` says. */
async function run(plan: readonly Misbehaviour[], seed = 1, queue = 3): Promise<Ran> {
  const room = openRoom('pboc')
  if (queue > 0) room.issuer.queue([put('9F58')], { template: '71', id: fromHex('00000071') })
  if (queue > 1) room.issuer.queue([{ type: 'pin-unblock' }, put('9F59')], { id: fromHex('00000072') })
  if (queue > 2) room.issuer.queue([{ type: 'pin-unblock' }], { id: fromHex('00000073') })
  const terminal = misbehave(plan, seed)
  const result = await room.run(
    { issuer: terminal.issuer(room.issuer.authorize), report: terminal.report((advice) => room.issuer.advice(advice)) },
    terminal.exchange,
  )
  return { room, result, truth: terminal.truth(), release: terminal.release }
}

const statuses = ({ scripts }: GroundTruth) => scripts.map(({ commands }) => commands.map(({ status }) => status))
const believed = ({ room }: Ran) =>
  room.issuer.authorizations()[0]?.advices[0]?.results?.scripts.map(({ commands }) => commands)
const limit = ({ room }: Ran, tag: string): Promise<string> => room.ask(`80CA${tag}00`)

describe('an honest terminal', () => {
  it('is what a plan of nothing leaves', async () => {
    const ran = await run([])
    expect(ran.truth).toMatchObject({ applied: [], requests: 1, reports: 1 })
    expect(statuses(ran.truth)).toEqual([['9000'], ['9000', '9000'], ['9000']])
    expect(
      ran.truth.scripts.map(
        ({ template, scriptIdentifier }) => `${template} ${toHex(scriptIdentifier ?? new Uint8Array())}`,
      ),
    ).toEqual(['71 00000071', '72 00000072', '72 00000073'])
    expect(ran.truth.scripts[1]?.commands[1]).toEqual({ header: '04DA9F59', status: '9000', answerLost: false })
    expect(believed(ran)).toEqual([['executed'], ['executed', 'executed'], ['executed']])
  })
  it('has nothing to misuse where there is no script', async () => {
    const ran = await run(
      [{ kind: 'run-commands' }, { kind: 'first-72-only' }, { kind: 'zero-identifier' }, { kind: 'report-falsely' }],
      1,
      0,
    )
    expect(ran.truth).toMatchObject({ applied: [], scripts: [] })
    expect(ran.result.decision).toBe('approved')
  })
})

describe('drop-answer', () => {
  it.each<[CommandPlace['at'], string, string]>([
    ['first-generate-ac', 'first-generate-ac', 'interrupted'],
    ['external-authenticate', 'external-authenticate', 'interrupted'],
    ['second-generate-ac', 'second-generate-ac', 'interrupted'],
  ])('%s', async (at, phase, decision) => {
    const place = { at } as CommandPlace
    const { result, truth, room } = await run([{ kind: 'drop-answer', place }])
    expect(result).toMatchObject({ decision, end: { reason: 'no-answer', phase, code: 'ERR_EXCHANGE' } })
    expect(truth.applied).toEqual(['drop-answer'])
    // The card has gone through it all the same: the ATC of the next transaction is the second.
    await room.run()
    expect(room.issuer.authorizations().at(-1)?.verdict).toMatchObject({ code: 'V', atc: 2 })
  })
  it('of a script command: it was executed, and nobody knows', async () => {
    const ran = await run([{ kind: 'drop-answer', place: { at: 'script', number: 3 } }])
    expect(statuses(ran.truth)).toEqual([['9000'], ['9000', '9000'], [undefined]])
    expect(ran.truth.scripts[1]?.commands[1]).toMatchObject({ answerLost: true })
    expect(ran.result).toMatchObject({ decision: 'approved', end: { phase: 'script-72' } })
    expect(believed(ran)).toEqual([['executed'], ['unknown', 'unknown'], ['not-executed']])
    expect(await limit(ran, '9F59')).toBe('9F5901099000')
  })
  it('of a command that never comes is no misbehaviour', async () => {
    const { truth } = await run([{ kind: 'drop-answer', place: { at: 'script', number: 9 } }])
    expect(truth.applied).toEqual([])
  })
})

describe('remove-card', () => {
  it('before a script command: it was not executed', async () => {
    const ran = await run([{ kind: 'remove-card', place: { at: 'script', number: 3 } }])
    expect(statuses(ran.truth)).toEqual([['9000'], ['9000', undefined], [undefined]])
    expect(ran.result).toMatchObject({ decision: 'approved', end: { reason: 'no-answer', code: 'ERR_READER' } })
    expect(await limit(ran, '9F59')).toBe('9F5901059000')
  })
  it('before the second GENERATE AC', async () => {
    const { result, truth, room } = await run([{ kind: 'remove-card', place: { at: 'second-generate-ac' } }])
    expect(result.decision).toBe('interrupted')
    expect(statuses(truth)).toEqual([['9000'], [undefined, undefined], [undefined]])
    await room.run()
    const verdict = room.issuer.authorizations().at(-1)?.verdict
    expect(verdict?.cvr?.set.map(({ name }) => name)).toContain('lastOnlineTransactionNotCompleted')
  })
})

describe('the answer of the issuer', () => {
  it('repeat-request: the issuer delivers once', async () => {
    const { truth, room } = await run([{ kind: 'repeat-request', times: 2 }])
    expect(truth).toMatchObject({ applied: ['repeat-request'], requests: 3 })
    expect(room.issuer.authorizations()).toMatchObject([{ requests: 3 }])
    expect(statuses(truth)).toEqual([['9000'], ['9000', '9000'], ['9000']])
  })
  it('repeat-request, as often as the seed says', async () => {
    const { truth } = await run([{ kind: 'repeat-request' }], 5)
    expect(truth.requests).toBeGreaterThan(1)
    expect(truth.requests).toBeLessThan(5)
  })
  it.each([
    [0, [[undefined], [undefined, undefined], [undefined]]],
    [1, [['9000'], [undefined, undefined], [undefined]]],
    [2, [['9000'], ['9000', undefined], [undefined]]],
    [4, [['9000'], ['9000', '9000'], ['9000']]],
  ])('run-commands: the first %s of four', async (count, expected) => {
    const ran = await run([{ kind: 'run-commands', count }])
    expect(ran.truth.applied).toEqual(['run-commands'])
    expect(statuses(ran.truth)).toEqual(expected)
    // The terminal says that all of what it ran succeeded, which reads as if all had.
    if (count === 2) expect(believed(ran)).toEqual([['executed'], ['executed', 'executed'], ['unknown']])
  })
  it('run-commands, fewer than all, as the seed says', async () => {
    const { truth } = await run([{ kind: 'run-commands' }], 3)
    expect(statuses(truth).flat()).toContain(undefined)
  })
  it('first-72-only: the first 72, or the first 71', async () => {
    const ran = await run([{ kind: 'first-72-only' }])
    expect(statuses(ran.truth)).toEqual([[undefined], ['9000', '9000'], [undefined]])
    expect(believed(ran)).toEqual([['unknown'], ['executed', 'executed'], ['unknown']])
    const room = openRoom('pboc')
    for (const id of ['00000001', '00000002']) room.issuer.queue([put('9F58')], { template: '71', id: fromHex(id) })
    const terminal = misbehave([{ kind: 'first-72-only' }], 1)
    await room.run({ issuer: terminal.issuer(room.issuer.authorize) }, terminal.exchange)
    expect(statuses(terminal.truth())).toEqual([['9000'], [undefined]])
    expect((await run([{ kind: 'first-72-only' }], 1, 1)).truth.applied).toEqual([])
  })
  it('zero-identifier: results that cannot be told apart', async () => {
    const ran = await run([{ kind: 'zero-identifier' }])
    expect(toHex(ran.result.scriptResults.DF31)).toBe('200000000020000000002000000000')
    expect(ran.room.issuer.authorizations()[0]?.advices[0]?.results?.scripts.map(({ evidence }) => evidence)).toEqual([
      'no-identifier',
      'no-identifier',
      'no-identifier',
    ])
    expect(statuses(ran.truth)).toEqual([['9000'], ['9000', '9000'], ['9000']])
  })
  it('no way to the issuer is left as it is', async () => {
    const terminal = misbehave([{ kind: 'repeat-request', times: 1 }], 1)
    const link = terminal.issuer(async () => 'unable-to-go-online')
    expect(await link({ pan: '', panSequence: '', kind: 'ARQC', field55: new Uint8Array() })).toBe(
      'unable-to-go-online',
    )
    expect(terminal.truth().requests).toBe(2)
  })
})

describe('the report', () => {
  it('late: after the next transaction', async () => {
    const ran = await run([{ kind: 'report-late' }])
    const { room, release } = ran
    expect(believed(ran)).toBeUndefined()
    expect(ran.truth).toMatchObject({ applied: ['report-late'], reports: 0 })
    await room.run()
    await release()
    await release()
    expect(believed(ran)).toEqual([['executed'], ['executed', 'executed'], ['executed']])
    expect(room.issuer.authorizations()[0]?.advices).toHaveLength(1)
  })
  it('twice: heard once', async () => {
    const { room, truth } = await run([{ kind: 'report-twice' }])
    expect(truth).toMatchObject({ applied: ['report-twice'], reports: 2 })
    expect(room.issuer.authorizations()[0]?.advices).toHaveLength(1)
  })
  it('falsely: success where nothing was run; the next CVR tells', async () => {
    const ran = await run([
      { kind: 'run-commands', count: 0 },
      { kind: 'report-falsely', as: 'successful' },
    ])
    expect(ran.truth.applied).toEqual(['run-commands', 'report-falsely'])
    expect(believed(ran)).toEqual([['executed'], ['executed', 'executed'], ['executed']])
    expect(statuses(ran.truth).flat()).toEqual([undefined, undefined, undefined, undefined])
    await ran.room.run()
    expect(ran.room.issuer.authorizations()[0]?.cardEvidence).toEqual({ scriptCounter: 0, scriptFailed: false })
    expect(await limit(ran, '9F59')).toBe('9F5901059000')
  })
  it('falsely: failure where all was run', async () => {
    const ran = await run([{ kind: 'report-falsely', as: 'failed' }])
    expect(believed(ran)).toEqual([['failed'], ['failed', 'not-executed'], ['failed']])
    expect(await limit(ran, '9F59')).toBe('9F5901099000')
  })
  it('falsely and without identifiers', async () => {
    const { room } = await run([{ kind: 'report-falsely', as: 'not-performed' }, { kind: 'zero-identifier' }])
    const tags = parseTlv(room.issuer.authorizations()[0]?.advices[0]?.advice.field55 ?? new Uint8Array())
    expect(toHex(tags.find(({ tag }) => tag === '9F5B')?.value ?? new Uint8Array())).toBe('0'.repeat(30))
  })
  it('falsely for a script that has no identifier', async () => {
    const room = openRoom('pboc')
    room.issuer.queue([put('9F58')], { id: 'none' })
    const terminal = misbehave([{ kind: 'report-falsely', as: 'failed' }], 1)
    const report = terminal.report((advice) => room.issuer.advice(advice))
    await room.run({ issuer: terminal.issuer(room.issuer.authorize), report }, terminal.exchange)
    expect(terminal.truth().scripts[0]?.scriptIdentifier).toBeUndefined()
    expect(room.issuer.authorizations()[0]?.advices[0]?.results?.scripts).toMatchObject([{ commands: ['failed'] }])
  })
})

describe('a seed', () => {
  it('decides what is left open, and decides it again', async () => {
    const open: Misbehaviour[] = [
      { kind: 'drop-answer' },
      { kind: 'remove-card' },
      { kind: 'report-falsely' },
      { kind: 'run-commands' },
    ]
    for (const seed of [1, 2, 3, 4]) {
      const [once, again] = [await run(open, seed), await run(open, seed)]
      expect(again.truth).toEqual(once.truth)
      expect(again.result.end).toEqual(once.result.end)
    }
  })
  it('makes a plan of one to three kinds', () => {
    const plans = Array.from({ length: 200 }, (_, seed) => randomMisbehaviour(seed))
    expect(new Set(plans.map((plan) => plan.length))).toEqual(new Set([1, 2, 3]))
    expect(new Set(plans.flatMap((plan) => plan.map(({ kind }) => kind))).size).toBe(9)
    for (const plan of plans) expect(new Set(plan.map(({ kind }) => kind)).size).toBe(plan.length)
    expect(randomMisbehaviour(17)).toEqual(randomMisbehaviour(17))
  })
  it('must be one', () => {
    expect(() => misbehave([], -1)).toThrow('ERR_OPTION')
    expect(() => randomMisbehaviour(0.5)).toThrow('ERR_OPTION')
  })
  it('whatever it decides, the truth is what the card did', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 0xffffffff }), async (seed) => {
        const ran = await run(randomMisbehaviour(seed), seed)
        await ran.release()
        const executed = (script: number, command: number): boolean =>
          ran.truth.scripts[script]?.commands[command]?.status === '9000'
        expect(await limit(ran, '9F58')).toBe(executed(0, 0) ? '9F5801099000' : '9F5801039000')
        expect(await limit(ran, '9F59')).toBe(executed(1, 1) ? '9F5901099000' : '9F5901059000')
        const own = decodeScriptResults(ran.result.scriptResults['9F5B'])
        expect(own).toHaveLength(ran.result.scripts.length)
      }),
      { numRuns: 25 },
    )
  })
})
