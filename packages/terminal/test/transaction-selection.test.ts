/** Which application a transaction is about, and what it asks its data. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { CaKeyStore } from '@issuerkit/oda'
import { describe, expect, it } from 'vitest'
import { runTransaction } from '../src/transaction.js'
import { answered, objects, scriptedCard, tags } from './scripted-card.js'
import { AID, APPROVE, ac, CARD, FCI, generateAcs, OPTIONS, run, TERMINAL } from './transaction-support.js'

describe('application selection', () => {
  const PSE = answered('6F', { '84': '315041592E5359532E4444463031', A5: toHex(objects({ '88': '01' })) })
  it('by the directory, in the order of its priorities', async () => {
    const two = answered('70', {
      '61': toHex(objects({ '4F': 'A000000333010102', '50': '41', '87': '02' })),
    })
    const answers = {
      '00A404000E': PSE,
      '00B2010C00': [two, CARD['00B2'] as string],
      '00B2020C00': '6A83',
      '00A4040008A000000333010102': FCI('A000000333010102'),
    }
    const { exchange, sent } = scriptedCard({ ...CARD, ...answers })
    const result = await runTransaction(exchange, { terminal: tags(TERMINAL) })
    expect(sent).toContain('00A4040008A00000033301010200')
    expect(result.decision).toBe('approved')
  })
  it('by the list where there is no directory', async () => {
    const { exchange, sent } = scriptedCard({ ...CARD, '00A4': '6A82', [`00A4040008${AID}`]: FCI() })
    const result = await runTransaction(exchange, {
      terminal: tags(TERMINAL),
      aids: [fromHex('A000000333010103'), fromHex(AID)],
    })
    expect(result.decision).toBe('approved')
    expect(sent[0]).toBe('00A404000E315041592E5359532E444446303100')
  })
  it('a blocked application of the list is the only one', async () => {
    const answers = { ...CARD, '00A404000E': '6A82', '00A4': FCI().replace(/9000$/, '6283') }
    const options = { terminal: tags(TERMINAL), aids: [fromHex(AID)] }
    const end = { reason: 'application-blocked', status: '6283' }
    expect(await runTransaction(scriptedCard(answers).exchange, options)).toMatchObject({ end })
    const special = await runTransaction(scriptedCard({ ...answers, '80AE': ac('00') }).exchange, {
      ...options,
      specialDevice: true,
    })
    expect(special).toMatchObject({ decision: 'declined' })
  })
  it('a blocked application of the directory gives way to the next one', async () => {
    const directory = toHex(
      fromHex(
        answered('70', { '61': toHex(objects({ '4F': 'A000000333010102', '87': '01' })) }).slice(4, -4) +
          answered('70', { '61': toHex(objects({ '4F': AID, '87': '02' })) }).slice(4, -4),
      ),
    )
    const record = `70${(directory.length / 2).toString(16).padStart(2, '0')}${directory}9000`
    const answers = {
      ...CARD,
      '00A404000E': PSE,
      '00B2010C00': [record, CARD['00B2'] as string],
      '00B2020C00': '6A83',
      '00A4040008A000000333010102': FCI('A000000333010102').replace(/9000$/, '6283'),
    }
    const { exchange } = scriptedCard(answers)
    expect(await runTransaction(exchange, { terminal: tags(TERMINAL) })).toMatchObject({ decision: 'approved' })
  })
  it('no application in common', async () => {
    const { exchange } = scriptedCard({ '00A4': '6A82' })
    const result = await runTransaction(exchange, { terminal: tags(TERMINAL) })
    expect(result).toMatchObject({ decision: 'terminated', end: { reason: 'no-application' } })
    expect(result.end?.status).toBeUndefined()
  })
  it('a card that is blocked says so', async () => {
    const { exchange } = scriptedCard({ '00A4': '6A81' })
    const result = await runTransaction(exchange, { terminal: tags(TERMINAL) })
    expect(result).toMatchObject({ end: { reason: 'card-status', status: '6A81' } })
  })
  it.each([
    ['no FCI', '9000'],
    ['another name', FCI('A000000333')],
    ['another template', '70009000'],
  ])('%s', async (_, fci) => {
    expect(await run({ '00A4': fci })).toMatchObject({ end: { reason: 'card-data', phase: 'application-selection' } })
  })
  it('refuses an AID of another length', async () => {
    await expect(run({}, APPROVE, { aid: fromHex('A0000003') })).rejects.toThrow('ERR_LENGTH')
  })
})

describe('offline data authentication without keys that vouch', () => {
  it('fails by the method that card and terminal have in common', async () => {
    const authentication = { store: new CaKeyStore() }
    const sda = await run({ '80A8': OPTIONS('5C00') }, APPROVE, { authentication })
    expect(sda.authentication?.outcome).toBe('failed')
    expect(toHex(sda.tvr).slice(0, 2)).toBe('62')
    const none = await run({}, APPROVE, { authentication })
    expect(none.authentication?.outcome).toBe('no-method')
    expect(toHex(none.tvr).slice(0, 2)).toBe('80')
  })
  it('CDA: its certificates are not there', async () => {
    const cda = await run({ '80A8': OPTIONS('1D00') }, APPROVE, { authentication: { store: new CaKeyStore() } })
    expect(toHex(cda.tvr).slice(0, 2)).toBe('24')
    expect(generateAcs(cda)[0]?.slice(0, 6)).toBe('80AE80')
  })
  it('refuses terminal capabilities of another length', async () => {
    const options = { authentication: { store: new CaKeyStore() }, terminal: tags({ ...TERMINAL, '9F33': 'E0' }) }
    await expect(run({}, APPROVE, options)).rejects.toThrow('ERR_LENGTH')
  })
})
