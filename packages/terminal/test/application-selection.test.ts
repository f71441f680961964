/** Directories, lists of AIDs, and SELECT of one application. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, test } from 'vitest'
import {
  byPriority,
  DEFAULT_AIDS,
  type FoundApplications,
  selectByList,
  selectDirectory,
  selectProximityDirectory,
} from '../src/application-selection.js'
import { selectApplication } from '../src/select-application.js'
import { cardOf, PPSE, PSE, tlv } from './reading-support.js'

const AID = 'A000000333010101'
const CREDIT = 'A000000333010102'
const DIRECTORY_FCI = `${tlv('6F', tlv('84', '315041592E5359532E4444463031'), tlv('A5', tlv('88', '01')))}9000`
const entry = (...objects: string[]): string => tlv('61', ...objects)
const fci = (name: string, ...objects: string[]): string => tlv('6F', tlv('84', name), tlv('A5', ...objects))

const names = ({ candidates }: FoundApplications): string[] => candidates.map(({ aid }) => toHex(aid))
const codes = ({ findings }: Pick<FoundApplications, 'findings'>): string[] => findings.map(({ code }) => code)

describe('the payment system environment', () => {
  test('names its applications, record by record, up to 6A83', async () => {
    const { exchange, commands } = cardOf({
      [PSE]: DIRECTORY_FCI,
      '00B2010C': `${tlv('70', entry(tlv('4F', AID), tlv('50', '504F'), tlv('9F12', '5051'), tlv('87', '82')))}9000`,
      '00B2020C': `${tlv('70', entry(tlv('4F', CREDIT)), entry(tlv('4F', 'A0000000031010'), tlv('87', '10')))}9000`,
      '00B2030C': '6A83',
    })
    const found = await selectDirectory(exchange)
    expect(found).toMatchObject({ status: '9000', cardBlocked: false, findings: [], blocked: [] })
    expect(found.candidates).toEqual([
      { aid: fromHex(AID), label: 'PO', preferredName: 'PQ', priority: 2, needsConfirmation: true },
      { aid: fromHex(CREDIT), needsConfirmation: false },
      // Bits 7 to 5 of the indicator are for future use.
      { aid: fromHex('A0000000031010'), needsConfirmation: false },
    ])
    expect(commands).toEqual([PSE, '00B2010C00', '00B2020C00', '00B2030C00'])
  })

  test.each([
    ['6A82', false],
    ['6283', false],
    ['6A81', true],
    ['6D00', false],
  ])('answered with %s has nothing to read', async (status, cardBlocked) => {
    const { exchange, commands } = cardOf({ [PSE]: status })
    expect(await selectDirectory(exchange)).toEqual({ status, candidates: [], blocked: [], cardBlocked, findings: [] })
    expect(commands).toEqual([PSE])
  })

  test('that is blocked keeps its FCI', async () => {
    const { exchange } = cardOf({ [PSE]: '6F00 6283' })
    expect(await selectDirectory(exchange)).toMatchObject({ status: '6283', fci: fromHex('6F00'), candidates: [] })
  })

  test.each([
    ['no template 6F', '7000', 'FCI_MALFORMED'],
    ['half a template', '6F05', 'FCI_MALFORMED'],
    ['no SFI', fci('315041592E'), 'DIRECTORY_MALFORMED'],
    ['an SFI of two bytes', fci('315041592E', tlv('88', '0001')), 'DIRECTORY_MALFORMED'],
    ['SFI 0', fci('315041592E', tlv('88', '00')), 'DIRECTORY_MALFORMED'],
    ['SFI 11', fci('315041592E', tlv('88', '0B')), 'DIRECTORY_MALFORMED'],
  ])('with %s is a finding', async (_name, answer, code) => {
    const { exchange, commands } = cardOf({ [PSE]: `${answer}9000` })
    const found = await selectDirectory(exchange)
    expect([codes(found), names(found)]).toEqual([[code], []])
    expect(found.fci).toEqual(fromHex(answer))
    expect(commands).toEqual([PSE])
  })

  test('goes on after a record that is none, and stops at a status that is not of its end', async () => {
    const { exchange, commands } = cardOf({
      [PSE]: DIRECTORY_FCI,
      '00B2010C': '61009000',
      '00B2020C': `${tlv('70', tlv('50', '41'), entry(tlv('4F', AID)))}9000`,
      '00B2030C': '6982',
    })
    const found = await selectDirectory(exchange)
    expect(names(found)).toEqual([AID])
    expect(found.findings).toMatchObject([
      { code: 'DIRECTORY_MALFORMED', about: 'record 1' },
      { code: 'DIRECTORY_STATUS', about: 'record 3: 6982', citation: '[EMV-B1] 12.3.2' },
    ])
    expect(commands).toHaveLength(4)
  })

  test('with entries that are none still names the others', async () => {
    const { exchange } = cardOf({
      [PSE]: DIRECTORY_FCI,
      '00B2010C': `${tlv(
        '70',
        entry(tlv('9D', 'A00000033301')),
        entry(tlv('50', '41')),
        entry(tlv('4F', 'A0000003')),
        entry(tlv('4F', '00'.repeat(17))),
        '6100',
        entry(tlv('4F', AID)),
        entry(tlv('4F', AID), tlv('50', '42')),
      )}9000`,
      '00B2020C': '6A83',
    })
    const found = await selectDirectory(exchange)
    expect(names(found)).toEqual([AID])
    expect(codes(found)).toEqual([
      'DIRECTORY_DDF',
      'DIRECTORY_MALFORMED',
      'DIRECTORY_MALFORMED',
      'DIRECTORY_MALFORMED',
      'DIRECTORY_MALFORMED',
      'DIRECTORY_REPEATED',
    ])
  })

  test('without end is read up to record 255, and 32 applications of it', async () => {
    const { exchange, commands } = cardOf({
      [PSE]: DIRECTORY_FCI,
      '00B2': (command) => `${tlv('70', entry(tlv('4F', `A0000003${toHex(command.subarray(2, 3))}`)))}9000`,
    })
    const found = await selectDirectory(exchange)
    expect(commands).toHaveLength(256)
    expect(names(found)).toHaveLength(32)
    expect(codes(found)).toEqual(['DIRECTORY_ENDLESS', 'TOO_MANY_APPLICATIONS'])
  })
})

describe('the proximity payment system environment', () => {
  test('names its applications in its FCI', async () => {
    const issuer = tlv('BF0C', entry(tlv('4F', AID), tlv('87', '01')), tlv('5F2D', '656E'))
    const { exchange, commands } = cardOf({ [PPSE]: `${fci('325041592E', issuer)}9000` })
    const found = await selectProximityDirectory(exchange)
    expect(found.candidates).toEqual([{ aid: fromHex(AID), priority: 1, needsConfirmation: false }])
    expect(commands).toEqual([PPSE])
  })

  test.each([
    ['no BF0C', `${fci('325041592E')}9000`, ['DIRECTORY_MALFORMED']],
    ['no FCI', '9000', ['FCI_MALFORMED']],
    ['no directory', '6A82', []],
  ])('with %s names none', async (_name, answer, expected) => {
    const found = await selectProximityDirectory(cardOf({ [PPSE]: answer }).exchange)
    expect([names(found), codes(found)]).toEqual([[], expected])
  })
})

describe('a list of AIDs', () => {
  const list = [fromHex('A0000003330101'), fromHex('A0000000031010')]

  test('asks again with P2 = 02 while the card has longer names', async () => {
    const { exchange, commands } = cardOf({
      '00A4040007A0000003330101': `${fci(AID, tlv('50', '44'), tlv('87', '02'))}9000`,
      '00A4040207A0000003330101': (command) =>
        commands.filter((sent) => sent === toHex(command)).length === 1
          ? `${fci(CREDIT, tlv('87', '01'))}9000`
          : '6A82',
    })
    const found = await selectByList(exchange, list)
    expect(found).toMatchObject({ status: '9000', cardBlocked: false, findings: [], blocked: [] })
    expect(found.candidates).toEqual([
      { aid: fromHex(AID), label: 'D', priority: 2, needsConfirmation: false },
      { aid: fromHex(CREDIT), priority: 1, needsConfirmation: false },
    ])
    expect(commands).toEqual([
      '00A4040007A000000333010100',
      '00A4040207A000000333010100',
      '00A4040207A000000333010100',
      '00A4040007A000000003101000',
    ])
    expect(names({ ...found, candidates: byPriority(found.candidates) })).toEqual([CREDIT, AID])
  })

  test('does not ask for another of a name that it has in full', async () => {
    const { exchange, commands } = cardOf({ [`00A4040008${AID}`]: `${fci(AID)}9000` })
    await selectByList(exchange, [fromHex(AID)])
    expect(commands).toHaveLength(1)
  })

  test('keeps blocked applications from the candidates', async () => {
    const { exchange } = cardOf({
      '00A4040007A0000003330101': `${fci(AID)}6283`,
      '00A4040207A0000003330101': '6A82',
      '00A4040007A0000000031010': `${fci('A0000000031010')}9000`,
    })
    const found = await selectByList(exchange, list)
    expect(names(found)).toEqual(['A0000000031010'])
    expect(found.blocked).toMatchObject([{ status: '6283', aid: fromHex(AID) }])
    expect(found.status).toBe('6283')
  })

  test('ends at 6A81: the card is blocked', async () => {
    const { exchange, commands } = cardOf({ '00A404': '6A81' })
    expect(await selectByList(exchange)).toMatchObject({ status: '6A81', cardBlocked: true, candidates: [] })
    expect(commands).toHaveLength(1)
  })

  test('does not end at 6A81 to a next one', async () => {
    const { exchange, commands } = cardOf({
      '00A4040007A0000003330101': `${fci(AID)}9000`,
      '00A4040207A0000003330101': '6A81',
    })
    expect(names(await selectByList(exchange, list))).toEqual([AID])
    expect(commands).toHaveLength(3)
  })

  test('takes an application once, whatever leads to it', async () => {
    const { exchange, commands } = cardOf({ '00A404': `${fci(AID)}9000` })
    const found = await selectByList(exchange, [fromHex('A0000003330101'), fromHex('A000000333')])
    expect(names(found)).toEqual([AID])
    // The card ignores P2: the second answer repeats the name, and ends the asking.
    expect(commands.map((command) => command.slice(4, 8))).toEqual(['0400', '0402', '0400', '0402'])
  })

  test('is done with a card that has a next one for ever', async () => {
    let count = 0
    const { exchange, commands } = cardOf({
      '00A404': () => `${fci(`A0000003330101${(count++).toString(16).padStart(4, '0')}`)}9000`,
    })
    const found = await selectByList(exchange, [fromHex('A000000333'), fromHex('A000000333'), fromHex('A000000333')])
    expect(codes(found)).toEqual(['SELECT_ENDLESS', 'SELECT_ENDLESS', 'TOO_MANY_APPLICATIONS'])
    expect(names(found)).toHaveLength(32)
    expect(commands).toHaveLength(33)
  })

  test('leaves out what answers with another name, or none', async () => {
    const { exchange } = cardOf({
      '00A4040007A0000003330101': `${fci('A0000000031010')}9000`,
      '00A4040007A0000000031010': '9000',
    })
    const found = await selectByList(exchange, list)
    expect([names(found), codes(found)]).toEqual([[], ['FCI_DF_NAME', 'FCI_MALFORMED']])
  })

  test('is by default of UnionPay, Visa, Mastercard and Interac, among others', () => {
    const aids = DEFAULT_AIDS.map((aid) => toHex(aid))
    expect(aids.filter((aid) => aid.startsWith('A00000033301010'))).toHaveLength(4)
    expect(aids).toEqual(expect.arrayContaining(['A0000000031010', 'A0000000041010', 'A0000002771010']))
  })
})

describe('one application', () => {
  test('tells what its FCI holds', async () => {
    const objects = [tlv('9F38', '9F3704'), tlv('BF0C', tlv('9F4D', '0B0A')), tlv('50', '41'), tlv('50', '42')]
    const { exchange } = cardOf({ '00A404': `${fci(AID, ...objects)}9000` })
    const selected = await selectApplication(exchange, fromHex(AID))
    expect(selected).toMatchObject({ status: '9000', aid: fromHex(AID), pdol: fromHex('9F3704'), findings: [] })
    expect(selected.objects.get('9F4D')).toEqual(fromHex('0B0A'))
    expect(selected.objects.get('50')).toEqual(fromHex('41'))
  })

  test('takes an empty PDOL for none', async () => {
    const { exchange } = cardOf({ '00A404': `${fci(AID, '9F3800')}9000` })
    expect(await selectApplication(exchange, fromHex(AID))).not.toHaveProperty('pdol')
  })

  test.each([
    ['another name', fci('A000000333010200')],
    ['a name that is cut short', fci('A00000033301')],
    ['a name of 17 bytes', fci(`${AID}${'00'.repeat(9)}`)],
    ['no name', tlv('6F', tlv('A5', tlv('50', '41')))],
  ])('with %s is a finding', async (_name, answer) => {
    const selected = await selectApplication(cardOf({ '00A404': `${answer}9000` }).exchange, fromHex(AID))
    expect(codes(selected)).toEqual(['FCI_DF_NAME'])
    expect(selected).not.toHaveProperty('aid')
  })

  test.each([4, 17])('is not asked for by %i bytes', async (length) => {
    const { exchange, commands } = cardOf({})
    await expect(selectApplication(exchange, new Uint8Array(length))).rejects.toMatchObject({ code: 'ERR_LENGTH' })
    expect(commands).toEqual([])
  })

  test('that is blocked gives its FCI behind the warning on T=0', async () => {
    const { exchange, commands } = cardOf({ '00A404': '6283', '00C0000000': `${fci(AID)}9000` })
    expect(await selectApplication(exchange, fromHex(AID))).toMatchObject({
      status: '6283',
      aid: fromHex(AID),
      findings: [],
    })
    expect(commands.at(-1)).toBe('00C0000000')
  })

  test('that is blocked may keep its FCI', async () => {
    const { exchange } = cardOf({ '00A404': '6283', '00C0': '6D00' })
    const selected = await selectApplication(exchange, fromHex(AID))
    expect(selected).toEqual({ status: '6283', aid: fromHex(AID), objects: new Map(), findings: [] })
  })

  test('that is not there tells the status alone', async () => {
    const selected = await selectApplication(cardOf({}).exchange, fromHex(AID), 'next')
    expect(selected).toEqual({ status: '6A82', objects: new Map(), findings: [] })
  })
})
