/**
 * Issuer scripts, the rules of [PBOC-SCRIPT] 6 to 9 one by one: what makes a card take a command, and what the issuer
 * learns of it in the next transaction. The issuer is packages/scripts, the card packages/card. Sections 10 and 11 are in
 * issuer-scripts-authentication.test.ts.
 */
import { describe, expect, it } from 'vitest'
import { concat, fromHex } from '../packages/apdu/src/index.js'
import type { ScriptCommand } from '../packages/scripts/src/index.js'
import { type Cryptogram, damaged, layTable, type Table } from './support/debit-credit.js'

const BLOCK = { type: 'application-block' } as const
const PIN_UNBLOCK = { type: 'pin-unblock' } as const
const put = (tag: string, value: string): ScriptCommand => ({ type: 'put-data', tag, value: fromHex(value) })
const GOOD = put('9F59', '07')
const pboc = (application = {}, card = {}): Table => layTable('pboc', application, card)
/** What the next transaction tells the issuer. */
const told = async (table: Table): Promise<{ counter: unknown; failed: boolean; cryptogram: Cryptogram }> => {
  const cryptogram = await table.begin()
  expect(table.verifies(cryptogram)).toBe(true)
  const { flags, values } = table.cvr(cryptogram)
  return { counter: values['scriptCounter'], failed: flags.includes('scriptFailed'), cryptogram }
}
/** A transaction up to where scripts of template 71 run. */
const answered = async (table: Table): Promise<Cryptogram> => {
  const first = await table.begin()
  expect(await table.authenticateIssuer(table.answer(first))).toBe('9000')
  return first
}

describe('[PBOC-SCRIPT] 6 processing', () => {
  it('6 a script may hold several commands', async () => {
    const table = pboc()
    const { statuses } = await table.online(GOOD, put('9F58', '06'), PIN_UNBLOCK, BLOCK)
    expect(statuses).toEqual(['9000', '9000', '9000', '9000'])
  })
  it('6 a command without secure messaging is not executed', async () => {
    for (const missingMac of ['6E00', '6987']) {
      const table = pboc({}, { switches: { missingMac } })
      await table.online()
      for (const command of ['801E0000', '80160000', '8018000000', '80240000', '00DA9F590107', '00DC010C0107']) {
        expect(await table.status(command), command).toBe(missingMac)
      }
      expect(await table.getData('9F59')).toBe('0A')
      expect((await table.select()).status).toBe('9000')
    }
  })
  it('6 a command before the second GENERATE AC is not refused', async () => {
    const table = pboc()
    expect(await table.run(await answered(table), GOOD)).toEqual(['9000'])
    expect(await table.getData('9F59')).toBe('07')
    expect((await table.end()).kind).toBe('TC')
  })
  it('6 no command before the first GENERATE AC: the MAC needs its cryptogram', async () => {
    const table = pboc()
    const { first } = await table.online()
    await table.select()
    expect(await table.run(first, GOOD)).toEqual(['6985'])
    await table.getProcessingOptions()
    expect(await table.run(first, GOOD)).toEqual(['6985'])
    const zeros = { atc: fromHex('0002'), ac: new Uint8Array(8) }
    expect(await table.status(table.script(zeros, GOOD)[0] ?? concat())).toBe('6985')
  })
  it('6 the MAC authenticates the issuer: no EXTERNAL AUTHENTICATE is needed', async () => {
    const table = pboc()
    const first = await table.begin()
    expect((await table.end()).status).toBe('9000')
    expect(await table.run(first, GOOD)).toEqual(['9000'])
  })
  it('6 the MAC covers the data as they are sent, enciphered', async () => {
    const table = pboc()
    const { first } = await table.online()
    const [change] = table.script(first, { type: 'pin-change', newPin: '5678' })
    const swapped = change?.slice() ?? concat()
    swapped.set(swapped.slice(5, 13), 13)
    expect(await table.status(swapped)).toBe('6988')
  })
  it('6 (B-2) a wrong MAC: 6988, counted, the indicator set, and 6985 for the rest of the session', async () => {
    const table = pboc()
    const { first } = await table.online()
    expect(await table.status(damaged(table.script(first, GOOD)[0]))).toBe('6988')
    expect(await table.run(first, GOOD, PIN_UNBLOCK)).toEqual(['6985', '6985'])
    expect(await table.getData('9F59')).toBe('0A')
    expect(await told(table)).toMatchObject({ counter: 3, failed: true })
  })
  it('6 the indicator is set when a right MAC is followed by a failure', async () => {
    const table = pboc()
    expect((await table.online(put('9F59', '0707'))).statuses).toEqual(['6700'])
    expect(await told(table)).toMatchObject({ counter: 1, failed: true })
  })
  it('6 the indicator is set when secure messaging is missing, on a card that tells it apart', async () => {
    const table = pboc({}, { switches: { missingMac: '6987' } })
    await table.online()
    expect(await table.status('00DA9F590107')).toBe('6987')
    expect(await table.status('841E0000')).toBe('6987')
    expect(await told(table)).toMatchObject({ failed: true })
  })
  it('6 the indicator is not set when a command fails that needs no secure messaging', async () => {
    const table = pboc()
    await table.online()
    expect(await table.verify('9999')).toBe('63C2')
    for (const command of ['80CA9F7F00', '00B2FF0C00', '0020008001', '80AE000000', '0082000000', '00F0000000']) {
      expect(await table.status(command), command).toMatch(/^6/)
    }
    expect(await told(table)).toMatchObject({ counter: 0, failed: false })
  })
})

describe('[PBOC-SCRIPT] 7, 8 before and after', () => {
  it('7 scripts follow the end of the transaction, approved or declined', async () => {
    for (const kind of ['TC', 'AAC'] as const) {
      const table = pboc()
      const first = await table.begin()
      await table.authenticateIssuer(table.answer(first, kind === 'TC'))
      expect((await table.end(kind)).kind).toBe(kind)
      expect(await table.run(first, GOOD)).toEqual(['9000'])
    }
  })
  it('7 an offline approval is the end: no script', async () => {
    const table = pboc({ limits: { '9F58': '05', '9F59': '0A' } })
    await table.online()
    const offline = await table.begin('TC')
    expect(offline.kind).toBe('TC')
    expect(await table.run(offline, GOOD)).toEqual(['6985'])
  })
  it('8 the next CVR has counter and indicator, and so have those after it until an online one is complete', async () => {
    const table = pboc()
    await table.online(GOOD, put('9F36', '0001'))
    for (let i = 0; i < 3; i++) expect(await told(table)).toMatchObject({ counter: 2, failed: true })
  })
  it.each([
    ['succeeded', true, {}],
    ['was optional and not performed', false, { issuerAuthenticationIndicator: '00' }],
    ['is not supported', false, { capabilities: { issuerAuthentication: false } }],
  ] as const)('8 (B-4) both are reset when issuer authentication %s', async (_, performed, application) => {
    for (const kind of ['TC', 'AAC'] as const) {
      const table = pboc(application)
      await table.online(GOOD, put('9F36', '0001'))
      const first = await table.begin()
      if (performed) await table.authenticateIssuer(table.answer(first, kind === 'TC'))
      const second = await table.end(kind)
      expect(second.status).toBe('9000')
      expect(await told(table)).toMatchObject({ counter: 0, failed: false })
    }
  })
  it.each([
    ['failed', true, {}],
    ['was mandatory and not performed', false, { issuerAuthenticationIndicator: '80' }],
  ] as const)('8 (B-4) neither is reset when issuer authentication %s', async (_, performed, application) => {
    for (const kind of ['TC', 'AAC'] as const) {
      const table = pboc(application)
      const { first, second } = await table.online()
      expect(second.kind).toBe('TC')
      expect(await table.run(first, GOOD, put('9F36', '0001'))).toEqual(['9000', '6A80'])
      const next = await table.begin()
      if (performed) expect(await table.authenticateIssuer(damaged(table.answer(next)))).toBe('6300')
      expect((await table.end(kind)).status).toBe('9000')
      expect(await told(table)).toMatchObject({ counter: 2, failed: true })
    }
  })
  it('8 they are reset in the second GENERATE AC, before the scripts that follow it', async () => {
    const table = pboc()
    await table.online(GOOD, GOOD, put('9F36', '0001'))
    await table.online(GOOD)
    expect(await told(table)).toMatchObject({ counter: 1, failed: false })
  })
  it('8 a transaction that did not come to its second GENERATE AC resets nothing', async () => {
    const table = pboc()
    await table.online(GOOD)
    await answered(table)
    table.card.powerUp()
    expect(await told(table)).toMatchObject({ counter: 1 })
  })
  it('8 the card goes online when the ADA says so of a failed script', async () => {
    for (const [ada, kind] of [
      ['0000', 'TC'],
      ['0008', 'ARQC'],
    ] as const) {
      const table = pboc({ ada })
      await table.online(put('9F36', '0001'))
      expect((await table.begin('TC')).kind).toBe(kind)
    }
  })
})

describe('[PBOC-SCRIPT] 9 the script counter', () => {
  it.each([
    ['saturate', [0, 1, 15, 16, 17], [0, 1, 15, 15, 15]],
    ['wrap', [0, 1, 15, 16, 17], [0, 1, 15, 0, 1]],
  ] as const)('9 (B-1) counts each command with a MAC: %s', async (scriptCounterOverflow, sent, shown) => {
    for (const [i, count] of sent.entries()) {
      const table = pboc({}, { switches: { scriptCounterOverflow } })
      const commands = Array.from({ length: count }, () => GOOD)
      expect((await table.online(...commands)).statuses).toEqual(commands.map(() => '9000'))
      expect((await told(table)).counter).toBe(shown[i])
    }
  })
  it('9 (B-3) does not count before the second GENERATE AC, and no failure there is told', async () => {
    const table = pboc()
    const first = await answered(table)
    expect(await table.run(first, GOOD, put('9F36', '0001'))).toEqual(['9000', '6A80'])
    await table.end()
    expect(await told(table)).toMatchObject({ counter: 0, failed: false })
  })
  it('9 (B-3) nor where no second GENERATE AC came, or none that resets', async () => {
    const torn = pboc()
    expect(await torn.run(await answered(torn), GOOD, put('9F36', '0001'))).toEqual(['9000', '6A80'])
    torn.card.powerUp()
    expect(await told(torn)).toMatchObject({ counter: 0, failed: false })

    const unblocked = pboc()
    await unblocked.online({ type: 'application-block' })
    expect(await unblocked.run(await unblocked.begin(), { type: 'application-unblock' }, GOOD)).toEqual([
      '9000',
      '9000',
    ])
    expect(await told(unblocked)).toMatchObject({ counter: 1, failed: false })

    const mandatory = pboc({ issuerAuthenticationIndicator: '80' })
    expect(await mandatory.run(await mandatory.begin(), GOOD)).toEqual(['9000'])
    await mandatory.end()
    expect(await told(mandatory)).toMatchObject({ counter: 0, failed: false })
  })
  it('9 counts in a transaction that was declined', async () => {
    const table = pboc()
    const first = await table.begin()
    await table.authenticateIssuer(table.answer(first, false))
    await table.end('AAC')
    await table.run(first, GOOD, GOOD)
    expect(await told(table)).toMatchObject({ counter: 2, failed: false })
  })
  it('9 counts a wrong MAC', async () => {
    const table = pboc()
    const { first } = await table.online(GOOD)
    await table.status(damaged(table.script(first, GOOD)[0]))
    expect(await told(table)).toMatchObject({ counter: 2, failed: true })
  })
  it('9 does not count what has no MAC', async () => {
    for (const missingMac of ['6E00', '6987']) {
      const table = pboc({}, { switches: { missingMac } })
      await table.online()
      await table.status('801E0000')
      await table.getData('9F36')
      expect((await told(table)).counter).toBe(0)
    }
  })
})
