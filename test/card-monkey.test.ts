/**
 * Any commands in any order, right and wrong ones, with the power cut anywhere: what no card may do, whatever it is sent.
 * The ATC never goes back, no try comes back but by the PIN or the issuer, a blocked card stays blocked, keys stay keys.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromHex, toHex } from '../packages/apdu/src/index.js'
import type { ScriptCommand } from '../packages/scripts/src/index.js'
import { type Cryptogram, damaged, layTable, layTableFrom, PIN, type Table } from './support/debit-credit.js'

const FIRST = ['AAC', 'TC', 'ARQC'] as const
const SCRIPTS: readonly ScriptCommand[] = [
  { type: 'application-block' },
  { type: 'application-unblock' },
  { type: 'card-block' },
  { type: 'pin-unblock' },
  { type: 'pin-change', newPin: '5678' },
  { type: 'put-data', tag: '9F59', value: fromHex('07') },
  { type: 'update-record', sfi: 4, record: 1, value: fromHex('70089F1401079F23010C') },
]

type Action =
  | { readonly do: 'select' | 'gpo' | 'reset' }
  | { readonly do: 'first'; readonly kind: (typeof FIRST)[number] }
  | { readonly do: 'issuer'; readonly right: boolean }
  | { readonly do: 'second'; readonly kind: 'TC' | 'AAC'; readonly arc: string }
  | { readonly do: 'verify'; readonly pin: string }
  | { readonly do: 'script'; readonly command: number; readonly right: boolean }
  | { readonly do: 'noise'; readonly bytes: Uint8Array }

const often: Action[] = [{ do: 'select' }, { do: 'gpo' }, { do: 'first', kind: 'ARQC' }, { do: 'issuer', right: true }]
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.constantFrom(...often, { do: 'second', kind: 'TC', arc: '3030' } as const, { do: 'reset' } as const),
  fc.record({ do: fc.constant('first' as const), kind: fc.constantFrom(...FIRST) }),
  fc.record({ do: fc.constant('issuer' as const), right: fc.boolean() }),
  fc.record({
    do: fc.constant('second' as const),
    kind: fc.constantFrom('TC' as const, 'AAC' as const),
    arc: fc.constantFrom('3030', '3035', '5933', '5A33'),
  }),
  fc.record({ do: fc.constant('verify' as const), pin: fc.constantFrom(PIN, '5678', '9999') }),
  fc.record({ do: fc.constant('script' as const), command: fc.nat(SCRIPTS.length - 1), right: fc.boolean() }),
  fc
    .tuple(fc.constantFrom('00', '80', '84', '04'), fc.uint8Array({ minLength: 3, maxLength: 20 }))
    .map(([cla, rest]) => ({ do: 'noise' as const, bytes: Uint8Array.of(...fromHex(cla), ...rest) })),
)
/** Usual transactions in between, so that what comes late is reached, too. */
const actions = fc
  .array(fc.oneof(fc.array(action, { minLength: 1, maxLength: 3 }), fc.constant(often)), {
    minLength: 3,
    maxLength: 12,
  })
  .map((lists) => lists.flat())
const cut = fc.record({
  at: fc.nat(30),
  write: fc.integer({ min: 1, max: 12 }),
  kind: fc.constantFrom('before' as const, 'torn' as const, 'after' as const),
})

it.each(['pboc', 'visa-cvn18', 'mastercard-cvn20', 'emv-ccd'] as const)('%s', async (scheme) => {
  const { card, objects } = layTable(scheme)
  const saved = card.memory.save()
  const keys = Object.entries(objects()).filter(([name]) => /key|config|fci|pin-try-limit/.test(name))
  await fc.assert(
    fc.asyncProperty(actions, fc.option(cut), async (list, fuse) => {
      const table = layTableFrom(saved, scheme)
      let cryptogram: Pick<Cryptogram, 'atc' | 'ac'> = { atc: new Uint8Array(2), ac: new Uint8Array(8) }
      let state = stateOf(table)
      for (const [i, step] of list.entries()) {
        if (fuse?.at === i) table.card.memory.arm({ write: fuse.write, at: fuse.kind })
        const said = await perform(table, step, cryptogram, (given) => {
          cryptogram = given
        })
        expect(said).toMatch(/^(?:6[1-9A-F]|9)[0-9A-F]{2,3}$|^lost$/)
        if (said === 'lost') {
          table.card.memory.arm(undefined)
          table.card.powerUp()
        }
        const next = stateOf(table)
        judge(state, next, step, said)
        state = next
      }
      expect(Object.entries(table.objects()).filter(([name]) => keys.some(([key]) => key === name))).toEqual(keys)
    }),
    { numRuns: 25 },
  )
})

interface State {
  readonly atc: number
  readonly tries: number
  readonly cardBlocked: boolean
  readonly pin: string
  readonly limit: string
  readonly blocked: string
}

function stateOf({ card: { memory } }: Table): State {
  return {
    atc: memory.readNumber('app/0/data/9F36'),
    tries: memory.readNumber('app/0/data/9F17'),
    cardBlocked: memory.readNumber('blocked') === 1,
    pin: toHex(memory.read('app/0/pin')),
    limit: toHex(memory.read('app/0/data/9F59')),
    blocked: toHex(memory.read('app/0/state/blocked')),
  }
}

function judge(before: State, after: State, step: Action, said: string): void {
  const taken = said === '9000' || said === 'lost'
  const by = (type: ScriptCommand['type']): boolean =>
    taken && step.do === 'script' && step.right && SCRIPTS[step.command]?.type === type
  const name = step.do
  expect(after.atc - before.atc).toBe(name === 'gpo' && after.atc !== before.atc ? 1 : 0)
  if (name === 'gpo' && said === '9000') expect(after.atc).toBe(before.atc + 1)
  if (after.tries > before.tries) {
    expect((name === 'verify' && taken) || by('pin-unblock') || by('pin-change')).toBe(true)
  }
  if (before.cardBlocked) expect(after.cardBlocked).toBe(true)
  if (after.cardBlocked !== before.cardBlocked) expect(by('card-block')).toBe(true)
  if (after.pin !== before.pin) expect(by('pin-change')).toBe(true)
  if (after.limit !== before.limit) expect(by('put-data')).toBe(true)
  if (after.blocked !== before.blocked) {
    expect(by('application-block') || by('application-unblock') || name === 'verify').toBe(true)
  }
}

async function perform(
  table: Table,
  step: Action,
  cryptogram: Pick<Cryptogram, 'atc' | 'ac'>,
  keep: (given: Cryptogram) => void,
): Promise<string> {
  try {
    switch (step.do) {
      case 'select':
        return (await table.select()).status
      case 'gpo':
        return (await table.getProcessingOptions()).status
      case 'reset':
        table.card.powerUp()
        return '9000'
      case 'first': {
        const given = await table.generateAc(step.kind, 'cdol1')
        if (given.kind !== undefined) {
          expect(table.verifies(given)).toBe(true)
          keep(given)
        }
        return given.status
      }
      case 'issuer':
        return await authenticate(table, cryptogram, step.right)
      case 'second':
        return (await table.end(step.kind, step.arc)).status
      case 'verify':
        return await table.verify(step.pin)
      case 'script': {
        const [apdu] = table.script(cryptogram, SCRIPTS[step.command] as ScriptCommand)
        return await table.status(step.right ? (apdu as Uint8Array) : damaged(apdu))
      }
      case 'noise':
        return await table.status(step.bytes)
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_POWER' })
    return 'lost'
  }
}

/** The issuer's answer to the last ARQC; to anything else a made-up one. */
async function authenticate(table: Table, cryptogram: object, right: boolean): Promise<string> {
  const isOnline = 'kind' in cryptogram && cryptogram.kind === 'ARQC'
  const data = isOnline ? table.answer(cryptogram as Parameters<Table['answer']>[0]) : fromHex('00112233445566778899')
  return table.authenticateIssuer(right ? data : damaged(data))
}
