import type { Exchange } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  isProof,
  loadPurse,
  type PurseHostKeys,
  proveTransaction,
  purchase,
  purchaseComposite,
  runPurseTransaction,
  unloadPurse,
  updateOverdraftLimit,
  withdrawCash,
} from '../src/purse-host.js'
import { createPurseKey } from '../src/purse-keys.js'
import { bytes, hex, retailMac, transactionInputs, vectors } from './purse-oracle.js'

const code = (expected: string) => expect.objectContaining({ code: expected })

/** A card that knows what it will be told, and says what it was told to. */
function scripted(...entries: readonly (readonly [command: string, answer: string])[]): Exchange & { sent: string[] } {
  const sent: string[] = []
  const exchange = async (command: Uint8Array): Promise<Uint8Array> => {
    const [expected, answer] = entries[sent.length] ?? ['nothing more', '']
    sent.push(hex(command))
    expect(hex(command)).toBe(expected)
    return bytes(answer)
  }
  return Object.assign(exchange, { sent })
}

/** A derived transaction: what the host is asked for, and both exchanges as they must be. */
function derived(id: string) {
  const found = vectors('epurse-transaction').find((entry) => entry.id === id)
  const inputs = transactionInputs(id)
  const { kind, purse, key, dtk, amount, terminal, initialized, answer, date, time, terminalSerial } = inputs
  const completion = { date, time, ...(terminalSerial === undefined ? {} : { terminalSerial }) }
  return {
    kind,
    request: { purse, keyIndex: 1, amount, terminal: bytes(terminal) },
    keys: { transaction: createPurseKey(bytes(key)), dtk: createPurseKey(bytes(dtk)) } satisfies PurseHostKeys,
    completion,
    initialized,
    command: found?.expect?.['command'] as string,
    answer,
  }
}

/** INITIALIZE of the derived transactions. */
const INITIALIZE: Readonly<Record<string, string>> = {
  'd2-load-ep': '805000020B01000003E811223344556610',
  'd3-load-ed': '805000010B01000003E811223344556610',
  'd4-unload': '805005010B010000006411223344556610',
  'd5-overdraw': '80500401070111223344556613',
  'd6-purchase-ep': '805001020B01000000321122334455660F',
  'd7-purchase-ed': '805001010B01000000321122334455660F',
  'd8-cash': '805002010B01000000321122334455660F',
  'd9-capp': '805003020B01000000321122334455660F',
}
const RUN = {
  'd2-load-ep': loadPurse,
  'd3-load-ed': loadPurse,
  'd4-unload': unloadPurse,
  'd5-overdraw': updateOverdraftLimit,
  'd6-purchase-ep': purchase,
  'd7-purchase-ed': purchase,
  'd8-cash': withdrawCash,
  'd9-capp': purchaseComposite,
} as const
const BALANCE: Readonly<Record<string, number>> = {
  'd2-load-ep': 1100,
  'd3-load-ed': 1100,
  'd4-unload': 1000,
  'd5-overdraw': 2000,
  'd6-purchase-ep': 950,
  'd7-purchase-ed': 950,
  'd8-cash': 950,
  'd9-capp': 950,
}
const IDS = Object.keys(RUN) as (keyof typeof RUN)[]

async function carryOut(id: keyof typeof RUN, first: string, ...more: readonly (readonly [string, string])[]) {
  const { request, keys, completion } = derived(id)
  const card = scripted([INITIALIZE[id] as string, first], ...more)
  return { verdict: await RUN[id](card, keys, request, completion), sent: card.sent }
}

describe('a transaction', () => {
  it.each(IDS)('%s to its end', async (id) => {
    const { initialized, command, answer, kind } = derived(id)
    const { verdict } = await carryOut(id, `${initialized}9000`, [command, `${answer}9000`])
    expect(verdict).toMatchObject({ ok: true, balance: BALANCE[id], answer: bytes(answer), transaction: { kind } })
  })

  it.each(IDS)('%s that the card refuses to begin', async (id) => {
    const { verdict, sent } = await carryOut(id, '9401')
    expect(verdict).toMatchObject({ ok: false, stage: 'initialize', status: '9401', citation: '[PBOC] 2' })
    expect(sent).toHaveLength(1)
  })

  it.each(IDS)('%s whose INITIALIZE is answered with another length', async (id) => {
    const { initialized } = derived(id)
    for (const wrong of ['', initialized.slice(2), `${initialized}00`]) {
      const { verdict, sent } = await carryOut(id, `${wrong}9000`)
      expect(verdict).toMatchObject({ ok: false, stage: 'initialize', status: '9000' })
      expect(sent).toHaveLength(1)
    }
  })

  it.each(['d2-load-ep', 'd3-load-ed', 'd4-unload', 'd5-overdraw'] as const)(
    '%s with a wrong MAC1 goes no further',
    async (id) => {
      const { initialized } = derived(id)
      const { verdict, sent } = await carryOut(id, `${initialized.slice(0, -8)}000000009000`)
      expect(verdict).toMatchObject({ ok: false, stage: 'mac1', status: '9000', transaction: { keyIndex: 1 } })
      expect(sent).toHaveLength(1)
    },
  )

  it.each(IDS)('%s that the card refuses to complete', async (id) => {
    const { initialized, command } = derived(id)
    const { verdict } = await carryOut(id, `${initialized}9000`, [command, '9302'])
    expect(verdict).toMatchObject({ ok: false, stage: 'complete', status: '9302' })
  })

  it.each(IDS)('%s with a wrong answer is told apart from one that was refused', async (id) => {
    const { initialized, command, answer } = derived(id)
    const turned = `${answer.startsWith('0') ? '1' : '0'}${answer.slice(1)}`
    for (const wrong of [turned, answer.slice(2), '']) {
      const { verdict } = await carryOut(id, `${initialized}9000`, [command, `${wrong}9000`])
      expect(verdict).toMatchObject({ ok: false, stage: 'answer', status: '9000' })
    }
  })

  it('leaves the keys with the caller', async () => {
    const { keys, request, completion, initialized, command, answer } = derived('d2-load-ep')
    const card = scripted([INITIALIZE['d2-load-ep'] as string, `${initialized}9000`], [command, `${answer}9000`])
    await loadPurse(card, keys, request, completion)
    expect(hex(keys.transaction.expose())).toBe('22222222222222222222222222222201')
    expect(keys.dtk.expose()).toHaveLength(16)
  })

  it('passes on what the exchange throws', async () => {
    const { keys, request, completion } = derived('d2-load-ep')
    const broken: Exchange = () => Promise.reject(new TypeError('gone'))
    await expect(loadPurse(broken, keys, request, completion)).rejects.toThrow(TypeError)
  })

  it("refuses the caller's mistakes by code", async () => {
    const { keys, request, completion, initialized } = derived('d2-load-ep')
    const card = () => scripted([INITIALIZE['d2-load-ep'] as string, `${initialized}9000`])
    await expect(loadPurse(card(), keys, { ...request, amount: -1 }, completion)).rejects.toThrow(code('ERR_OPTION'))
    const day = { ...completion, date: '20240230' }
    await expect(loadPurse(card(), keys, request, day)).rejects.toThrow(code('ERR_DATE'))
    await expect(loadPurse(card(), keys, { ...request, terminal: new Uint8Array(5) }, completion)).rejects.toThrow(
      code('ERR_LENGTH'),
    )
  })
})

describe('the TAC of the overdraft by DTK itself', () => {
  it('is right for such a card, and wrong for every other', async () => {
    const { kind, keys, request, completion, initialized, command } = derived('d5-overdraw')
    const data = bytes('000007D000070003E80711223344556620240131101112')
    const tac = hex(retailMac(bytes('5555555555555555AAAAAAAAAAAAAA01'), new Uint8Array(8), data))
    const card = () => scripted([INITIALIZE['d5-overdraw'] as string, `${initialized}9000`], [command, `${tac}9000`])
    const direct = await runPurseTransaction(card(), keys, { ...request, kind }, completion, { tac: 'direct' })
    expect(direct).toMatchObject({ ok: true })
    const folded = await runPurseTransaction(card(), keys, { ...request, kind }, completion)
    expect(folded).toMatchObject({ ok: false, stage: 'answer' })
  })
})

describe('a composite purchase', () => {
  const record = { sfi: 0x19, identifier: 0xaa, data: bytes('AA2900') }
  const update = '80DCAAC803AA2900'

  it('has its records written before the debit', async () => {
    const { keys, request, completion, initialized, command, answer } = derived('d9-capp')
    const card = scripted(
      [INITIALIZE['d9-capp'] as string, `${initialized}9000`],
      [update, '9000'],
      [update, '9000'],
      [command, `${answer}9000`],
    )
    const verdict = await purchaseComposite(card, keys, request, completion, { records: [record, record] })
    expect(verdict).toMatchObject({ ok: true, balance: 950 })
    expect(card.sent).toHaveLength(4)
  })
  it('ends where the card refuses a record', async () => {
    const { keys, request, completion, initialized } = derived('d9-capp')
    const card = scripted([INITIALIZE['d9-capp'] as string, `${initialized}9000`], [update, '6A83'])
    const verdict = await purchaseComposite(card, keys, request, completion, { records: [record, record] })
    expect(verdict).toMatchObject({ ok: false, stage: 'update-cache', status: '6A83' })
    expect(card.sent).toHaveLength(2)
  })
})

describe('the proof', () => {
  const transaction = {
    kind: 'purchase',
    purse: 'ep',
    answer: { balance: 0, serial: 9, keyVersion: 1, algorithm: 0, random: new Uint8Array(4) },
  } as const
  const ask = '805A000602000908'

  it('of a transaction that was carried out: MAC and TAC', async () => {
    const proof = await proveTransaction(scripted([ask, '881B9355EB839D869000']), transaction)
    expect(proof).toEqual({ ok: true, mac: bytes('881B9355'), tac: bytes('EB839D86') })
    expect(isProof(proof, bytes('EB839D86881B9355'))).toBe(true)
    expect(isProof(proof, bytes('EB839D87881B9355'))).toBe(false)
    expect(isProof(proof, new Uint8Array(0))).toBe(false)
  })
  it('of one that was not: the status', async () => {
    const proof = await proveTransaction(scripted([ask, '9406']), transaction)
    expect(proof).toMatchObject({ ok: false, status: '9406', citation: '[PBOC] 2' })
    expect(isProof(proof, bytes('EB839D86'))).toBe(false)
  })
  it.each(['', '881B9355EB839D', '881B9355EB839D8600'])('with the data "%s" is none', async (data) => {
    expect(await proveTransaction(scripted([ask, `${data}9000`]), transaction)).toMatchObject({
      ok: false,
      status: '9000',
    })
  })
})
