/** GET PROCESSING OPTIONS, the records of the AFL, GET DATA and the log. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, test } from 'vitest'
import { getDataCommand, readCardData } from '../src/card-data.js'
import { type InitiatedProcessing, initiateApplication } from '../src/initiate-application.js'
import { readApplication, recordObjects } from '../src/read-application.js'
import { createTerminalData } from '../src/terminal-data.js'
import { cardOf, tlv } from './reading-support.js'

const terminal = createTerminalData([['9F02', fromHex('000000000100')]])
const OPTIONS = '80068000080101009000'
const codes = ({ findings }: { findings: readonly { code: string }[] }): string[] => findings.map(({ code }) => code)

describe('GET PROCESSING OPTIONS', () => {
  test('sends the values of the PDOL', async () => {
    const { exchange, commands } = cardOf({ '80A8': OPTIONS })
    const initiated = await initiateApplication(exchange, { pdol: fromHex('9F7A019F02065F2A02') }, terminal)
    expect(commands).toEqual(['80A800000B830900000000000100015600'])
    expect(initiated).toEqual({
      ok: true,
      status: '9000',
      pdolData: fromHex('000000000001000156'),
      aip: fromHex('8000'),
      afl: [{ sfi: 1, first: 1, last: 1, signed: 0 }],
      objects: new Map(),
      findings: [],
    })
  })

  test('sends 8300 without a PDOL', async () => {
    const { exchange, commands } = cardOf({ '80A8': OPTIONS })
    expect(await initiateApplication(exchange, {}, terminal)).toMatchObject({ pdolData: new Uint8Array(0) })
    expect(commands).toEqual(['80A8000002830000'])
  })

  test('takes an answer in format 77 with what is beside AIP and AFL', async () => {
    const { exchange } = cardOf({
      '80A8': `${tlv('77', tlv('82', '2000'), tlv('94', '08010100'), tlv('9F36', '0007'))}9000`,
    })
    const initiated = (await initiateApplication(exchange, {}, terminal)) as InitiatedProcessing
    expect([initiated.ok, toHex(initiated.aip), initiated.afl.length]).toEqual([true, '2000', 1])
    expect(initiated.objects.get('9F36')).toEqual(fromHex('0007'))
  })

  test('without AFL leaves nothing to read', async () => {
    const { exchange } = cardOf({ '80A8': `${tlv('77', tlv('82', '2000'))}9000` })
    expect(codes(await initiateApplication(exchange, {}, terminal))).toEqual(['AFL_EMPTY'])
  })

  test.each([
    ['6985', { ok: false, status: '6985' }, 'OPTIONS_STATUS'],
    ['800180 9000', { ok: false, status: '9000' }, 'OPTIONS_MALFORMED'],
    ['8006800008000100 9000', { ok: false, status: '9000' }, 'OPTIONS_MALFORMED'],
    ['8006800009010100 9000', { ok: false, status: '9000' }, 'OPTIONS_MALFORMED'],
    ['8006800008010002 9000', { ok: false, status: '9000' }, 'OPTIONS_MALFORMED'],
    ['8006800008010102 9000', { ok: false, status: '9000' }, 'OPTIONS_MALFORMED'],
    ['80068000F8010100 9000', { ok: false, status: '9000' }, 'OPTIONS_MALFORMED'],
    ['80078000080101000 0 9000', { ok: false, status: '9000' }, 'OPTIONS_MALFORMED'],
    ['9000', { ok: false, status: '9000' }, 'OPTIONS_MALFORMED'],
    ['770A 82028000 8202800094 9000', { ok: false, status: '9000' }, 'OPTIONS_MALFORMED'],
  ])('answered with %s is refused', async (answer, expected, code) => {
    const initiated = await initiateApplication(cardOf({ '80A8': answer }).exchange, {}, terminal)
    expect(initiated).toMatchObject(expected)
    expect(codes(initiated)).toEqual([code])
  })

  test.each([
    ['9F', 'PDOL_MALFORMED'],
    ['9F37FF', 'PDOL_TOO_LONG'],
  ])('is not sent for the PDOL %s', async (pdol, code) => {
    const { exchange, commands } = cardOf({ '80A8': OPTIONS })
    const initiated = await initiateApplication(exchange, { pdol: fromHex(pdol) }, terminal)
    expect([codes(initiated), initiated.ok, initiated.status, commands]).toEqual([[code], false, undefined, []])
  })

  test('sends up to 252 values', async () => {
    const { exchange, commands } = cardOf({ '80A8': OPTIONS })
    await initiateApplication(exchange, { pdol: fromHex('9F37FC') }, terminal)
    expect(commands[0]?.slice(0, 16)).toBe('80A80000FF8381FC')
    expect(commands[0]).toHaveLength(2 * (4 + 1 + 255 + 1))
  })

  test.each([
    ['80A80000048302000700', '0007'],
    ['80A8000005838102000800', '0008'],
    ['80A8000003830207', '0156'],
    ['80A80000038301 0700'.replace(' ', ''), '0156'],
    ['80A8000000', '0156'],
    ['80A80000048402000700', '0156'],
  ])('of a recording %s has the values %s', async (recorded, values) => {
    const { exchange } = cardOf({ '80A8': OPTIONS })
    const sent = (): Uint8Array => fromHex(recorded)
    const initiated = await initiateApplication(exchange, { pdol: fromHex('5F2A02') }, terminal, sent)
    expect(initiated).toMatchObject({ pdolData: fromHex(values) })
  })
})

function initiated(afl: string, objects: Readonly<Record<string, string>> = {}): InitiatedProcessing {
  const bytes = fromHex(afl)
  const entries = Array.from({ length: bytes.length / 4 }, (_, i) => {
    const [file = 0, first = 0, last = 0, signed = 0] = bytes.subarray(4 * i)
    return { sfi: file >> 3, first, last, signed }
  })
  return {
    ok: true,
    status: '9000',
    aip: fromHex('8000'),
    afl: entries,
    pdolData: fromHex('0156'),
    objects: new Map(Object.entries(objects).map(([tag, value]) => [tag, fromHex(value)])),
    findings: [],
  }
}

const MANDATORY = [tlv('5A', '4761739001010010'), tlv('5F24', '491231'), tlv('8C', '9F0206'), tlv('8D', '8A02')]

describe('the records of an application', () => {
  test('are read in the order of the AFL', async () => {
    const { exchange, commands } = cardOf({
      '00B20114': `${tlv('70', ...MANDATORY)}9000`,
      '00B2020C': `${tlv('70', tlv('5F34', '01'))}9000`,
      '00B2030C': `${tlv('70', tlv('5F30', '0201'))}9000`,
    })
    const aid = fromHex('A0000000031010')
    const reading = await readApplication(
      exchange,
      { aid, fci: fromHex('6F00') },
      initiated('10010100 08020301'.replace(' ', '')),
    )
    expect(commands).toEqual(['00B2011400', '00B2020C00', '00B2030C00'])
    expect(reading.records.map(({ sfi, record }) => [sfi, record])).toEqual([
      [2, 1],
      [1, 2],
      [1, 3],
    ])
    expect(reading).toMatchObject({ aid, fci: fromHex('6F00'), pdolData: fromHex('0156'), findings: [], missing: [] })
    expect(toHex(reading.data.get('5F30') ?? new Uint8Array(0))).toBe('0201')
  })

  test('that are not given are findings, and the others are read', async () => {
    const { exchange } = cardOf({
      '00B2010C': '6A83',
      '00B2020C': `${tlv('70', ...MANDATORY)}9000`,
      '00B2030C': '6281',
    })
    const reading = await readApplication(exchange, {}, initiated('08010302'))
    expect(reading.missing).toEqual([
      { sfi: 1, record: 1, signed: true },
      { sfi: 1, record: 3, signed: false },
    ])
    expect(reading.findings).toMatchObject([
      { code: 'RECORD_STATUS', about: 'SFI 1 record 1: 6A83' },
      { code: 'RECORD_STATUS', about: 'SFI 1 record 3: 6281' },
    ])
    expect(reading).not.toHaveProperty('aid')
  })

  test.each(MANDATORY.map((_, i) => i))('without the mandatory object %i are a finding', async (i) => {
    const { exchange } = cardOf({ '00B2': `${tlv('70', ...MANDATORY.filter((_, j) => j !== i))}9000` })
    const { findings } = await readApplication(exchange, {}, initiated('08010100'))
    expect(findings).toMatchObject([{ code: 'TAG_MISSING', about: `tag ${['5A', '5F24', '8C', '8D'][i]}` }])
  })

  test('need no CDOL where the cryptogram came with the processing options', async () => {
    const { exchange } = cardOf({ '00B2': `${tlv('70', tlv('5F34', '00'))}9000` })
    const reading = await readApplication(exchange, {}, initiated('08010100', { '9F26': '00'.repeat(8), '5F34': '09' }))
    expect(reading.findings).toEqual([])
    // What stands in a record goes first.
    expect(reading.data.get('5F34')).toEqual(fromHex('00'))
  })

  test('that repeat a data object are a finding; the first counts', async () => {
    const { exchange } = cardOf({
      '00B2010C': `${tlv('70', ...MANDATORY)}9000`,
      '00B2020C': `${tlv('70', tlv('A5', tlv('5F24', '501231')), tlv('5F34', '00'))}9000`,
    })
    const reading = await readApplication(exchange, {}, initiated('08010200'))
    expect(reading.findings).toMatchObject([{ code: 'TAG_REPEATED', about: 'tag 5F24, SFI 1 record 2' }])
    expect(reading.data.get('5F24')).toEqual(fromHex('491231'))
  })

  test.each([tlv('77', tlv('5F34', '00')), `${tlv('70')}00`, '70', ''])('that are %s are a finding', async (record) => {
    const { exchange } = cardOf({ '00B2010C': `${tlv('70', ...MANDATORY)}9000`, '00B2020C': `${record}9000` })
    const reading = await readApplication(exchange, {}, initiated('08010200'))
    expect(reading.findings).toMatchObject([{ code: 'RECORD_MALFORMED', about: 'SFI 1 record 2' }])
    expect(reading.records).toHaveLength(2)
  })

  test('of SFI 11 may be anything', async () => {
    const { exchange } = cardOf({ '00B2010C': `${tlv('70', ...MANDATORY)}9000`, '00B2015C': 'FFFF9000' })
    const reading = await readApplication(exchange, {}, initiated('0801010058010100'))
    expect(reading.findings).toEqual([])
    expect(reading.records.map(recordObjects).map((list) => list?.length)).toEqual([4, undefined])
  })

  test('are asked for once', async () => {
    const { exchange, commands } = cardOf({ '00B2': `${tlv('70', ...MANDATORY)}9000` })
    const { findings } = await readApplication(exchange, {}, initiated('0801010008010100'))
    expect([commands.length, findings.map(({ code }) => code)]).toEqual([1, ['AFL_REPEATED']])
  })

  test('are read up to 512', async () => {
    const { exchange, commands } = cardOf({ '00B2': '6A83' })
    const reading = await readApplication(exchange, {}, initiated('0801FF001001FF001801FF00'))
    expect(commands).toHaveLength(512)
    expect(codes(reading).filter((code) => code === 'TOO_MANY_RECORDS')).toHaveLength(1)
  })
})

describe('GET DATA', () => {
  test('asks for the counters and the log format', async () => {
    const { exchange, commands } = cardOf({
      '80CA9F36': '9F36020007 9000',
      '80CA9F13': '6A88',
      '80CA9F17': '9F3601039000',
      '80CA9F4F': '9F4F03 9A0395 9000',
    })
    const { data, findings, log } = await readCardData(exchange)
    expect(commands).toEqual(['80CA9F3600', '80CA9F1300', '80CA9F1700', '80CA9F4F00'])
    expect(data).toEqual(
      new Map([
        ['9F36', fromHex('0007')],
        ['9F4F', fromHex('9A0395')],
      ]),
    )
    expect(findings).toMatchObject([{ code: 'GET_DATA_MALFORMED', about: 'tag 9F17' }])
    expect(log).toEqual([])
  })

  test('names one tag', () => expect(toHex(getDataCommand('9F4F'))).toBe('80CA9F4F00'))
})

describe('the log', () => {
  test('is read and told apart by the log format, up to the number of its records', async () => {
    const { exchange, commands } = cardOf({
      '80CA9F4F': '9F4F05 9A03 9F3602 9000',
      '80CA': '6A88',
      '00B2015C': '260101 0001 9000',
      '00B2025C': '260102 0002 EE 9000',
      '00B2035C': '2601 9000',
    })
    const { log, findings } = await readCardData(exchange, fromHex('0B03'))
    expect(log.map(({ record, fields }) => [record, fields.map(({ tag, value }) => `${tag} ${toHex(value)}`)])).toEqual(
      [
        [1, ['9A 260101', '9F36 0001']],
        [2, ['9A 260102', '9F36 0002']],
        [3, []],
      ],
    )
    expect(findings).toEqual([])
    expect(commands.filter((command) => command.startsWith('00B2'))).toHaveLength(3)
  })

  test('ends at the first record that is not there', async () => {
    const { exchange, commands } = cardOf({ '00B2015C': '01 9000', '00B2025C': '6A83' })
    const { log } = await readCardData(exchange, fromHex('0BFF'))
    expect(log).toEqual([{ record: 1, data: fromHex('01'), fields: [] }])
    expect(commands.filter((command) => command.startsWith('00B2'))).toHaveLength(2)
  })

  test.each(['0B', '0B0A00', '0A0A', '1F0A', ''])('is not read by the log entry %s', async (entry) => {
    const { exchange, commands } = cardOf({ '00B2': '009000' })
    const { findings, log } = await readCardData(exchange, fromHex(entry))
    expect([findings.map(({ about }) => about), log]).toEqual([['tag 9F4D'], []])
    expect(commands.some((command) => command.startsWith('00B2'))).toBe(false)
  })

  test('stays raw by a log format that is none', async () => {
    const { exchange } = cardOf({ '80CA9F4F': '9F4F019F 9000', '00B2015C': '01 9000' })
    const { findings, log } = await readCardData(exchange, fromHex('0B01'))
    expect([findings.map(({ about }) => about), log[0]?.fields]).toEqual([['tag 9F4F'], []])
  })
})
