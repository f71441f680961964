/**
 * Issuer scripts, the rules of [PBOC-SCRIPT] 1 to 5 one by one: the issuer is packages/scripts, the card packages/card.
 * PIN and data follow in issuer-scripts-data.test.ts, sections 6 to 11 in issuer-scripts-processing.test.ts.
 */
import { describe, expect, it } from 'vitest'
import { concat, fromHex, toHex } from '../packages/apdu/src/index.js'
import {
  buildScriptTemplate,
  decodeScriptResults,
  encodeScriptResults,
  parseScripts,
  type ScriptCommand,
} from '../packages/scripts/src/index.js'
import { layTable, layTableFrom, layTableOf, PIN, profile, type Table } from './support/debit-credit.js'
import { macByHand } from './support/pboc-by-hand.js'

const BLOCK = { type: 'application-block' } as const
const UNBLOCK = { type: 'application-unblock' } as const
const CARD_BLOCK = { type: 'card-block' } as const
const PIN_UNBLOCK = { type: 'pin-unblock' } as const
const put = (tag: string, value: string): ScriptCommand => ({ type: 'put-data', tag, value: fromHex(value) })
const pboc = (application = {}, card = {}): Table => layTable('pboc', application, card)
/** A card whose application was blocked in an earlier transaction. */
const blocked = async (card = {}): Promise<Table> => {
  const table = pboc({}, card)
  expect((await table.online(BLOCK)).statuses).toEqual(['9000'])
  return table
}

describe('[PBOC-SCRIPT] 1 card data', () => {
  it('1 counter and failure indicator are 0 on a new card', async () => {
    const table = pboc()
    const { flags, values } = table.cvr(await table.begin())
    expect(values['scriptCounter']).toBe(0)
    expect(flags).not.toContain('scriptFailed')
  })
  it('1 counter and failure indicator outlive power and process', async () => {
    const table = pboc()
    await table.online(PIN_UNBLOCK, put('9F36', '0000'))
    table.card.powerDown()
    const later = layTableFrom(JSON.parse(JSON.stringify(table.card.memory.save())), 'pboc')
    const { flags, values } = later.cvr(await later.begin())
    expect(values['scriptCounter']).toBe(2)
    expect(flags).toContain('scriptFailed')
  })
})

describe('[PBOC-SCRIPT] 2, 4 the answer of the issuer and what the terminal reports', () => {
  it('4 template 72 with identifier 9F18 and commands 86 carries what the card executes', async () => {
    const table = pboc()
    const { first } = await table.online()
    const commands = table.script(first, put('9F59', '0B'), put('9F58', '06'))
    const template = buildScriptTemplate({ template: '72', scriptIdentifier: fromHex('00000001'), commands })
    expect(toHex(template.subarray(0, 9))).toMatch(/^72..9F180400000001$/)
    const [script] = parseScripts(template)
    expect([script?.template, toHex(script?.scriptIdentifier ?? concat())]).toEqual(['72', '00000001'])
    for (const { apdu } of script?.commands ?? []) expect(await table.status(apdu)).toBe('9000')
    expect([await table.getData('9F59'), await table.getData('9F58')]).toEqual(['0B', '06'])
  })
  it.each(['9F5B', 'DF31'] as const)('2 (B-12) the terminal reports in %s: none, one script, several', (tag) => {
    const result = (outcome: 'failed' | 'successful' | 'not-performed', commandNumber: number, id: string) => ({
      outcome,
      commandNumber,
      scriptIdentifier: fromHex(id),
    })
    const several = [
      result('successful', 0, '00000001'),
      result('failed', 3, '00000002'),
      result('failed', 15, '00000000'),
    ]
    const hex = '2000000001' + '1300000002' + '1F00000000'
    expect(toHex(encodeScriptResults(several, tag))).toBe(hex)
    expect(decodeScriptResults(fromHex(hex), tag)).toEqual(several)
    expect(toHex(encodeScriptResults(several.slice(0, 1), tag))).toBe('2000000001')
    expect(toHex(encodeScriptResults([], tag))).toBe(tag === 'DF31' ? '0000000000' : '')
  })
})

describe('[PBOC-SCRIPT] 3 keys', () => {
  const otherKey = fromHex('0123456789ABCDEF0011223344556677')
  it('3 the MAC is that of the MAC key and the ATC, computed by OpenSSL alone', async () => {
    const table = pboc()
    const { first } = await table.online()
    const udk = table.card.memory.read('app/0/key/mac')
    const header = fromHex('04DA9F5905')
    const mac = macByHand(udk, first.atc, concat(header, first.atc, first.ac, fromHex('07')))
    expect(await table.status(concat(header, fromHex('07'), mac))).toBe('9000')
    expect(await table.getData('9F59')).toBe('07')
  })
  it('3 a MAC under the enciphering key, or under that of another card, is refused', async () => {
    for (const name of ['enc', 'ac', undefined]) {
      const table = pboc()
      const { first } = await table.online()
      const udk = name === undefined ? otherKey : table.card.memory.read(`app/0/key/${name}`)
      const header = fromHex('841E000004')
      expect(await table.status(concat(header, macByHand(udk, first.atc, concat(header, first.atc, first.ac))))).toBe(
        '6988',
      )
      expect((await table.select()).status).toBe('9000')
    }
  })
  it('3 a PIN that was enciphered under another key does not become the PIN', async () => {
    const table = pboc()
    const { first } = await table.online()
    const header = fromHex('8424000214')
    const data = new Uint8Array(16).fill(0x5a)
    const mac = macByHand(table.card.memory.read('app/0/key/mac'), first.atc, concat(header, first.atc, first.ac, data))
    expect(await table.status(concat(header, data, mac))).toBe('6A80')
    expect(await table.verify(PIN)).toBe('9000')
  })
})

describe('[PBOC-SCRIPT] 5 commands act on the selected application', () => {
  const two = (): Table => {
    const json = profile('pboc')
    const [first] = json.applications
    return layTableOf({ ...json, applications: [first, { ...first, aid: 'A000000333010102' }] }, 'pboc')
  }
  const OTHER = '00A4040008A00000033301010200'
  it('5 APPLICATION BLOCK blocks that one alone', async () => {
    const table = two()
    await table.online(BLOCK)
    expect(await table.status(OTHER)).toBe('9000')
    expect((await table.select()).status).toBe('6283')
  })
  it('5 CARD BLOCK blocks them all, and the directories', async () => {
    const table = two()
    await table.online(CARD_BLOCK)
    const pse = '00A404000E315041592E5359532E444446303100'
    const ppse = '00A404000E325041592E5359532E444446303100'
    const [partial, next, file] = ['00A4040005A00000033300', '00A4040205A00000033300', '00A40000023F0000']
    for (const select of [OTHER, pse, ppse, partial, next, file]) expect(await table.status(select)).toBe('6A81')
    expect((await table.select()).status).toBe('6A81')
  })
})

describe('[PBOC-SCRIPT] 5 the data fields', () => {
  it('5 the MAC alone is the data of APPLICATION BLOCK and UNBLOCK, CARD BLOCK and PIN UNBLOCK, and no answer has data', async () => {
    const table = pboc()
    const { first } = await table.online()
    const commands = table.secure(first, [BLOCK, UNBLOCK, PIN_UNBLOCK, put('9F59', '07'), CARD_BLOCK])
    const headers = commands.map(({ apdu }) => toHex(apdu.subarray(0, 5)))
    expect(headers).toEqual(['841E000004', '8418000004', '8424000004', '04DA9F5905', '8416000004'])
    for (const { apdu } of commands) expect(await table.send(apdu)).toEqual({ data: concat(), status: '9000' })
  })
  it('5 another P1 P2 or Lc: 6A86, 6700, and the failure is told', async () => {
    for (const [command, status] of [
      ['841E010004AABBCCDD', '6A86'],
      ['8418000104AABBCCDD', '6A86'],
      ['8416800004AABBCCDD', '6A86'],
      ['8424010004AABBCCDD', '6A86'],
      ['8424000304AABBCCDD', '6A86'],
      ['841E000005AABBCCDDEE', '6700'],
      ['8418000003AABBCC', '6700'],
      ['8416000008AABBCCDDAABBCCDD', '6700'],
      ['842400000CAABBCCDDAABBCCDDAABBCCDD', '6700'],
      ['8424000204AABBCCDD', '6700'],
    ] as const) {
      const table = pboc()
      await table.online()
      expect(await table.status(command), command).toBe(status)
      expect(table.cvr(await table.begin()).flags).toContain('scriptFailed')
    }
  })
})

describe('[PBOC-SCRIPT] 5 APPLICATION BLOCK', () => {
  it('5 the application says that it is blocked when it is selected', async () => {
    const table = await blocked()
    const { status, data } = await table.select()
    expect([status, data[0]]).toEqual(['6283', 0x6f])
    const refusing = await blocked({ switches: { selectBlocked: '6A81' } })
    expect((await refusing.select()).status).toBe('6A81')
    const fci = await refusing.send('00C0000000')
    expect([fci.status, fci.data[0]]).toEqual(['9000', 0x6f])
  })
  it('5 its data can still be read', async () => {
    const table = await blocked()
    await table.select()
    expect((await table.getProcessingOptions()).status).toBe('9000')
    expect(await table.status('00B2010C00')).toBe('9000')
    expect(await table.getData('9F59')).toBe('0A')
  })
  it.each(['AAC', 'TC', 'ARQC'] as const)('5 it answers AAC when asked for %s', async (kind) => {
    const table = await blocked()
    const answer = await table.begin(kind)
    expect(answer.kind).toBe('AAC')
    expect(table.verifies(answer)).toBe(true)
  })
  it('5 blocked within a transaction, that transaction goes on to its end', async () => {
    const table = pboc()
    const first = await table.begin()
    await table.authenticateIssuer(table.answer(first))
    expect(await table.run(first, BLOCK)).toEqual(['9000'])
    const second = await table.end()
    expect(second.status).toBe('9000')
    expect(table.verifies(second)).toBe(true)
    expect(await table.run(first, put('9F59', '07'))).toEqual(['9000'])
    expect((await table.begin()).kind).toBe('AAC')
  })
  it('5 it may be asked for again: 9000', async () => {
    const table = await blocked()
    const aac = await table.begin()
    expect(await table.run(aac, BLOCK, BLOCK)).toEqual(['9000', '9000'])
  })
})

describe('[PBOC-SCRIPT] 5 APPLICATION UNBLOCK', () => {
  it('5 (B-5) follows the AAC of the first GENERATE AC: no issuer authentication, no second GENERATE AC', async () => {
    const table = await blocked()
    const aac = await table.begin()
    expect([aac.kind, table.verifies(aac)]).toEqual(['AAC', true])
    expect(await table.run(aac, UNBLOCK)).toEqual(['9000'])
    expect((await table.select()).status).toBe('9000')
    const { second } = await table.online()
    expect([second.kind, table.verifies(second)]).toEqual(['TC', true])
  })
  it('5 after it there is no cryptogram but an AAC in the same transaction', async () => {
    const table = await blocked()
    await table.run(await table.begin(), UNBLOCK)
    const second = await table.end()
    expect([second.status, second.kind]).toEqual(['6985', undefined])
  })
  it('5 an application that is not blocked says 9000, too', async () => {
    const table = pboc()
    expect((await table.online(UNBLOCK)).statuses).toEqual(['9000'])
    expect((await table.select()).status).toBe('9000')
  })
})

describe('[PBOC-SCRIPT] 5 CARD BLOCK', () => {
  it.each(['T=0', 'T=1'])('5 (B-6) within a transaction, that transaction goes on to its end: %s', async (protocol) => {
    const table = pboc({}, { protocol })
    const first = await table.begin()
    await table.authenticateIssuer(table.answer(first))
    expect(await table.run(first, CARD_BLOCK)).toEqual(['9000'])
    const second = await table.end()
    expect([second.status, table.verifies(second)]).toEqual(['9000', true])
    expect((await table.select()).status).toBe('6A81')
  })
  it('5 then every command is answered 6A81, before and after a reset', async () => {
    const table = pboc()
    const { first } = await table.online(CARD_BLOCK)
    await table.select()
    const commands = ['80A8000002830000', '00B2010C00', '80CA9F3600', '0084000000', '00C0000000', '0020008000']
    for (const reset of [false, true]) {
      if (reset) table.card.powerUp()
      for (const command of commands) expect(await table.status(command), command).toBe('6A81')
      expect((await table.select()).status).toBe('6A81')
      expect(await table.run(first, UNBLOCK, BLOCK, PIN_UNBLOCK)).toEqual(['6A81', '6A81', '6A81'])
    }
  })
  it('5 no script of the same transaction takes it back', async () => {
    const table = pboc()
    expect((await table.online(CARD_BLOCK, UNBLOCK)).statuses[0]).toBe('9000')
    expect((await table.select()).status).toBe('6A81')
    expect((await layTableFrom(table.card.memory.save(), 'pboc').select()).status).toBe('6A81')
  })
})
