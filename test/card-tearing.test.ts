/**
 * Anti-tear, B-10: the power goes at every programming of every command that changes the debit/credit card, and again while it recovers.
 * What is then in memory, object by object, is the state before the command, or after it; or, of a command that counts
 * before it compares, the state in between, in which nothing is gained. An answer that was seen means the state after.
 *
 * Each command is cut at every programming in every way (before, torn, after), and each of those recoveries once more; with
 * TEARING=all each recovery at every programming in every way.
 */
import { expect, it } from 'vitest'
import { concat, fromHex, toHex } from '../packages/apdu/src/index.js'
import { openDebitCreditCard } from '../packages/card/src/debit-credit-card.js'
import { CardMemory } from '../packages/card/src/memory.js'
import type { VirtualCard } from '../packages/card/src/virtual-card.js'
import type { SchemeName } from '../packages/keys/src/index.js'
import type { ScriptCommand } from '../packages/scripts/src/index.js'
import { damaged, difference, layTable, layTableFrom, objectsOf, PIN, type Table } from './support/debit-credit.js'

const KINDS = ['before', 'torn', 'after'] as const
const ALL = process.env['TEARING'] === 'all'
type State = Readonly<Record<string, string>>

interface Scenario {
  readonly scheme?: SchemeName
  readonly application?: Readonly<Record<string, unknown>>
  /** What the card went through before, in an earlier session. */
  readonly past?: (table: Table) => Promise<unknown>
  /** Sends what comes before the command, and gives the command. */
  readonly upTo: (table: Table) => Promise<Uint8Array>
  readonly status: string
  /** What a cut may leave beside the states before and after. */
  readonly between?: readonly State[]
}

const put: ScriptCommand = { type: 'put-data', tag: '9F54', value: fromHex('000000123456') }
const toVerify =
  (pin: string) =>
  async (table: Table): Promise<Uint8Array> => {
    await table.select()
    await table.getProcessingOptions()
    return fromHex(`0020008008${`24${pin}`.padEnd(16, 'F')}`)
  }
const MAC_COUNTED = [{ 'app/0/state/macFailures': '01' }]
const TRY_TAKEN = (left: string): State[] => [{ 'app/0/data/9F17': left }]

/** The last command that a step sends, taken back: the step is made on a card of the same memory. */
const last = async (
  table: Table,
  steps: (twin: Table) => Promise<unknown>,
  scheme: SchemeName,
): Promise<Uint8Array> => {
  const twin = layTableFrom(table.card.memory.save(), scheme)
  await steps(twin)
  for (const command of twin.sent.slice(0, -1)) await table.status(command)
  return twin.sent.at(-1) ?? concat()
}
const toIssuerAuthentication = async (table: Table): Promise<Awaited<ReturnType<Table['begin']>>> => {
  const first = await table.begin()
  await table.authenticateIssuer(table.answer(first))
  return first
}
const script =
  (command: ScriptCommand, change: (apdu: Uint8Array) => Uint8Array = (apdu) => apdu) =>
  async (table: Table): Promise<Uint8Array> => {
    const { first } = await table.online()
    return change(table.script(first, command)[0] ?? concat())
  }
const step =
  (steps: (twin: Table) => Promise<unknown>, scheme: SchemeName = 'pboc') =>
  (table: Table): Promise<Uint8Array> =>
    last(table, steps, scheme)
const secondGenerateAc = (scheme: SchemeName, kind: 'TC' | 'AAC', approve: boolean, csu?: string) =>
  step(async (twin) => {
    const first = await twin.begin()
    await twin.authenticateIssuer(twin.answer(first, approve, csu))
    await twin.end(kind)
  }, scheme)
const offline = async (table: Table): Promise<void> => {
  await table.online()
  for (let i = 0; i < 2; i++) await table.begin('TC')
}
const wrongPins = async (table: Table): Promise<void> => {
  await table.select()
  await table.getProcessingOptions()
  await table.verify('9999')
  await table.verify('9999')
}
const failedScript = async (table: Table): Promise<void> => {
  await table.online(put, { ...put, tag: '9F36' })
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'GET PROCESSING OPTIONS': {
    upTo: step(async (twin) => {
      await twin.select()
      await twin.getProcessingOptions()
    }),
    status: '9000',
  },
  'VERIFY, right, after wrong ones': {
    past: wrongPins,
    upTo: toVerify(PIN),
    status: '9000',
    between: TRY_TAKEN('00'),
  },
  'VERIFY, wrong': {
    upTo: toVerify('9999'),
    status: '63C2',
  },
  'VERIFY, wrong, the last try': {
    past: wrongPins,
    upTo: toVerify('9999'),
    status: '63C0',
  },
  'VERIFY, right at the last try, where the last wrong one blocks the application': {
    application: { ada: '0080' },
    past: wrongPins,
    upTo: toVerify(PIN),
    status: '9000',
    between: [{ 'app/0/data/9F17': '00', 'app/0/state/blocked': '02' }],
  },
  'first GENERATE AC, TC': { past: offline, upTo: step((twin) => twin.begin('TC')), status: '9000' },
  'first GENERATE AC, ARQC': { past: offline, upTo: step((twin) => twin.begin('ARQC')), status: '9000' },
  'first GENERATE AC, AAC after static data authentication failed': {
    upTo: step(async (twin) => {
      twin.values.set('95', fromHex('4000000000'))
      await twin.begin('AAC')
    }),
    status: '9000',
  },
  'second GENERATE AC, approved': {
    past: failedScript,
    upTo: secondGenerateAc('pboc', 'TC', true),
    status: '9000',
  },
  'second GENERATE AC, declined': { past: offline, upTo: secondGenerateAc('pboc', 'AAC', false), status: '9000' },
  'second GENERATE AC, issuer not reached': {
    past: offline,
    upTo: step(async (twin) => {
      await twin.begin()
      await twin.end('TC', '5933')
    }),
    status: '9000',
  },
  'second GENERATE AC with tag 91, M/Chip': {
    scheme: 'mastercard-cvn17',
    past: failedScript,
    upTo: secondGenerateAc('mastercard-cvn17', 'TC', true),
    status: '9000',
  },
  'second GENERATE AC with tag 91, CCD, that blocks card and application and changes the PIN try counter': {
    scheme: 'emv-ccd',
    past: failedScript,
    upTo: secondGenerateAc('emv-ccd', 'TC', true, '01F90000'),
    status: '9000',
  },
  'EXTERNAL AUTHENTICATE, right, after a wrong one': {
    past: async (table) => table.authenticateIssuer(damaged(table.answer(await table.begin()))),
    upTo: step(toIssuerAuthentication),
    status: '9000',
  },
  'EXTERNAL AUTHENTICATE, wrong': {
    upTo: step(async (twin) => {
      const first = await twin.begin()
      await twin.authenticateIssuer(damaged(twin.answer(first)))
    }),
    status: '6300',
  },
  'APPLICATION BLOCK': { upTo: script({ type: 'application-block' }), status: '9000', between: MAC_COUNTED },
  'APPLICATION UNBLOCK': {
    past: (table) => table.online({ type: 'application-block' }),
    upTo: async (table) => table.script(await table.begin(), { type: 'application-unblock' })[0] ?? concat(),
    status: '9000',
    between: MAC_COUNTED,
  },
  'CARD BLOCK': { upTo: script({ type: 'card-block' }), status: '9000', between: MAC_COUNTED },
  'PIN UNBLOCK': { past: wrongPins, upTo: script({ type: 'pin-unblock' }), status: '9000', between: MAC_COUNTED },
  'PIN CHANGE with the current PIN': {
    past: wrongPins,
    upTo: script({ type: 'pin-change-with-current', newPin: '56789', currentPin: PIN }),
    status: '9000',
    between: MAC_COUNTED,
  },
  'PIN CHANGE without': {
    past: wrongPins,
    upTo: script({ type: 'pin-change', newPin: '123456789012' }),
    status: '9000',
    between: MAC_COUNTED,
  },
  'PUT DATA': { upTo: script(put), status: '9000', between: MAC_COUNTED },
  'PUT DATA, refused': { upTo: script({ ...put, tag: '9F36' }), status: '6A80', between: MAC_COUNTED },
  'PUT DATA before the second GENERATE AC': {
    upTo: async (table) => table.script(await toIssuerAuthentication(table), put)[0] ?? concat(),
    status: '9000',
    between: MAC_COUNTED,
  },
  'UPDATE RECORD': {
    upTo: async (table) => {
      const { first } = await table.online()
      const record = table.card.memory.read('app/0/record/1/1')
      const value = Uint8Array.from(record, (byte, i) => (i < 8 ? byte : byte ^ 0xff))
      return table.script(first, { type: 'update-record', sfi: 1, record: 1, value })[0] ?? concat()
    },
    status: '9000',
    between: MAC_COUNTED,
  },
  'a script with a wrong MAC': { upTo: script(put, damaged), status: '6988', between: MAC_COUNTED },
  'a script with a wrong MAC, VIS': {
    scheme: 'visa-cvn18',
    upTo: script({ type: 'pin-change', newPin: '5678' }, damaged),
    status: '6988',
    between: MAC_COUNTED,
  },
}

it.each(Object.entries(SCENARIOS))(
  '%s',
  async (_, { scheme = 'pboc', application, past, upTo, status, between = [] }) => {
    const factory = layTable(scheme, application)
    await past?.(factory)
    const saved = factory.card.memory.save()
    const probe = layTableFrom(saved, scheme)
    const target = await upTo(probe)
    const setup = [...probe.sent]
    const before = probe.objects()
    const start = probe.card.memory.writes
    expect(await probe.status(target)).toBe(status)
    const writes = probe.card.memory.writes - start
    const after = probe.objects()
    expect(difference(before, after)).not.toEqual({})
    const allowed = [before, ...between.map((change) => ({ ...before, ...change })), after].map(canonical)

    const ready = async (): Promise<VirtualCard> => {
      const card = openDebitCreditCard(CardMemory.restore(saved))
      for (const command of setup) await card.exchange(command)
      return card
    }
    const reached = new Set<number>()
    let furthest = 0
    for (let write = 1; write <= writes; write++) {
      for (const at of KINDS) {
        const cut = async (): Promise<VirtualCard> => {
          const card = await ready()
          card.memory.arm({ write, at })
          await expect(card.exchange(target)).rejects.toMatchObject({ code: 'ERR_POWER' })
          return card
        }
        const card = await cut()
        // Another process finds the same as the card itself.
        const elsewhere = canonical(objectsOf(CardMemory.restore(card.memory.save())))
        const recovery = card.memory.writes
        card.powerUp()
        const programmings = card.memory.writes - recovery
        const found = canonical(card.memory)
        expect(elsewhere).toBe(found)
        const state = allowed.indexOf(found)
        if (state < 0) expect.fail(`${write} ${at}: ${JSON.stringify(difference(before, objectsOf(card.memory)))}`)
        reached.add(state)
        // A later cut never leaves an earlier state.
        expect(state).toBeGreaterThanOrEqual(furthest)
        furthest = state
        await recoverCut(cut, programmings, write, found)
      }
    }
    // All of them are met: the state before, each in between, and the one after with the answer lost.
    expect([...reached]).toEqual(allowed.map((_, i) => i))
    const card = await ready()
    card.memory.arm({ write: writes + 1, at: 'before' })
    expect(toHex(await card.exchange(target)).slice(-4)).toBe(status)
    expect(canonical(objectsOf(CardMemory.restore(card.memory.save())))).toBe(canonical(after))
  },
)

/** Cuts the recovery too: at one programming in one way that change from cut to cut, or at all of them in all ways. */
async function recoverCut(cut: () => Promise<VirtualCard>, count: number, turn: number, found: string): Promise<void> {
  const fuses = Array.from({ length: count }, (_, i) => KINDS.map((at) => ({ write: i + 1, at }))).flat()
  const chosen = ALL ? fuses : fuses.slice(turn % Math.max(1, fuses.length)).slice(0, 1)
  for (const fuse of chosen) {
    const card = await cut()
    card.memory.arm(fuse)
    expect(() => card.powerUp()).toThrow(expect.objectContaining({ code: 'ERR_POWER' }))
    expect(canonical(objectsOf(CardMemory.restore(card.memory.save())))).toBe(found)
    card.powerUp()
    expect(canonical(card.memory)).toBe(found)
  }
}

function canonical(state: State | CardMemory): string {
  return JSON.stringify(state instanceof CardMemory ? objectsOf(state) : state)
}

it('nothing is programmed by commands that only read', async () => {
  const table = layTable('pboc')
  const start = table.card.memory.writes
  await table.select()
  for (const command of ['00B2010C00', '80CA9F3600', '80CA9F1700', '0084000008', '00C0000000', '00F0000000', '']) {
    await table.status(command)
  }
  expect(table.card.memory.writes).toBe(start)
})
