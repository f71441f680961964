/** DDA, CDA and fDDA from what a session recorded. */
import { encodeTlv, fromHex, type TranscriptEntry, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { authenticateReading, authenticateTranscript, type OdaMethod, type OdaVerdict } from '../src/index.js'
import { dynamicInputOf, processingOptionsObjects } from '../src/session.js'
import { DATE } from './card.js'
import { iccCertificate, STATIC_DATA, sha1, signDynamic } from './forge.js'
import { readingOf, storeOf } from './reading-of.js'

const NUMBER = '11223344'
const entry = (command: string, response: string): TranscriptEntry => ({
  command: fromHex(command),
  response: fromHex(response),
})
const apdu = (header: string, data: string): string =>
  `${header}${(data.length / 2).toString(16).padStart(2, '0')}${data}00`

interface Session {
  readonly method: OdaMethod
  readonly others?: readonly TranscriptEntry[]
  readonly tags?: Readonly<Record<string, string>>
  readonly pdolData?: string
  readonly fci?: string
}

function judge({ method, others = [], tags = {}, pdolData, fci }: Session): OdaVerdict {
  const more = {
    others: [...others],
    ...(pdolData === undefined ? {} : { pdolData: fromHex(pdolData) }),
    ...(fci === undefined ? {} : { fci: fromHex(fci) }),
  }
  return authenticateReading(readingOf(tags, more), { store: storeOf(), transactionDate: DATE, method })
}
const outcome = ({ ok, fault }: OdaVerdict): unknown => (ok ? 'ok' : fault?.reason)

describe('DDA from a session', () => {
  const signature = signDynamic('02ABCD', NUMBER)
  const template = toHex(encodeTlv('77', encodeTlv('9F4B', fromHex(signature))))
  const asked = (response: string, header = '00880000'): TranscriptEntry => entry(apdu(header, NUMBER), response)

  it.each([`808180${signature}9000`, `${template}9000`])('is checked from both formats', (response) => {
    expect(outcome(judge({ method: 'dda', others: [asked(response)] }))).toBe('ok')
  })

  it('looks past other commands and failures', () => {
    const others = [
      entry('80CA9F1700', '9F1701039000'),
      entry('00', '9000'),
      entry(apdu('00880000', '55667788'), '6985'),
      asked('90'),
      asked(`${template}9000`),
      asked('9000'),
    ]
    expect(outcome(judge({ method: 'dda', others }))).toBe('ok')
  })

  it.each([
    [[], 'SDAD_MISSING'],
    [[asked('9000')], 'SDAD_MISSING'],
    [[asked(`${template}9000`, '80880000')], 'SDAD_MISSING'],
    [[asked(`${template}9000`, '00840000')], 'SDAD_MISSING'],
    [[asked(`${template}6283`)], 'SDAD_MISSING'],
    [[entry('0088000000', `${template}9000`)], 'SDAD_HASH'],
    [[entry('00880000', `${template}9000`)], 'SDAD_HASH'],
  ])('%#: %s', (others, reason) => {
    expect(outcome(judge({ method: 'dda', others }))).toBe(reason)
  })
})

describe('CDA from a session', () => {
  const CDOL1 = { '8C': '9F02069F3704' }
  const CDOL2 = { '8D': '8A029F3704' }
  const SENT1 = `000000000100${NUMBER}`
  const SENT2 = '303099887766'

  const answer = (sent: string, number: string): string => {
    const clear = '9F2701809F36020001'
    const data = `02ABCD80${'AC'.repeat(8)}${sha1(sent + clear)}`
    const content = `${clear}9F4B8180${signDynamic(data, number)}`
    return `7781${(content.length / 2).toString(16)}${content}9000`
  }
  const first = (header = '80AE9000', response = answer(SENT1, NUMBER)): TranscriptEntry =>
    entry(apdu(header, SENT1), response)
  const second = (header: string, response: string): TranscriptEntry => entry(apdu(header, SENT2), response)

  it('is checked from the first GENERATE AC', () => {
    expect(outcome(judge({ method: 'cda', others: [first()], tags: CDOL1 }))).toBe('ok')
    expect(outcome(judge({ method: 'cda', others: [first('80AE5000')], tags: CDOL1 }))).toBe('ok')
  })

  it('includes the PDOL data', () => {
    const others = [first('80AE9000', answer(`0156${SENT1}`, NUMBER))]
    expect(outcome(judge({ method: 'cda', others, tags: CDOL1, pdolData: '0156' }))).toBe('ok')
    expect(outcome(judge({ method: 'cda', others, tags: CDOL1 }))).toBe('CDA_TRANSACTION_DATA_HASH')
  })

  it('is checked from the second one, with both commands, where that was to be signed', () => {
    const others = [first('80AE8000', '9000'), second('80AE5000', answer(SENT1 + SENT2, '99887766'))]
    expect(outcome(judge({ method: 'cda', others, tags: { ...CDOL1, ...CDOL2 } }))).toBe('ok')
    const withPdol = [first('80AE8000', '9000'), second('80AE5000', answer(`AA${SENT1}${SENT2}`, '99887766'))]
    const session = { method: 'cda', others: withPdol, tags: { ...CDOL1, ...CDOL2 }, pdolData: 'AA' } as const
    expect(outcome(judge(session))).toBe('ok')
  })

  it('takes the number of the first command where CDOL2 asks for none', () => {
    const others = [first('80AE8000', '9000'), second('80AE5000', answer(SENT1 + SENT2, NUMBER))]
    expect(outcome(judge({ method: 'cda', others, tags: CDOL1 }))).toBe('ok')
    expect(outcome(judge({ method: 'cda', others, tags: { ...CDOL1, '8D': '8A02' } }))).toBe('ok')
  })

  it('is checked from the first one where the second was not to be signed', () => {
    const others = [first(), second('80AE4000', '9000')]
    expect(outcome(judge({ method: 'cda', others, tags: CDOL1 }))).toBe('ok')
  })

  it.each([
    [[], CDOL1, 'SDAD_MISSING'],
    [[first('80AE8000')], CDOL1, 'SDAD_MISSING'],
    [[first('00AE9000')], CDOL1, 'SDAD_MISSING'],
    [[first('80A89000')], CDOL1, 'SDAD_MISSING'],
    [[first()], {}, 'TERMINAL_DATA_MISSING'],
    [[first()], { '8C': '9F0206' }, 'TERMINAL_DATA_MISSING'],
    [[first()], { '8C': '9F' }, 'TERMINAL_DATA_MISSING'],
    [[first()], { '8C': '9F02079F3704' }, 'TERMINAL_DATA_MISSING'],
    [[first()], { '8C': '9F3704' }, 'SDAD_HASH'],
    [[first()], { '8C': '9F02069F3703' }, 'SDAD_HASH'],
  ] as const)('%#: %s', (others, tags, reason) => {
    expect(outcome(judge({ method: 'cda', others, tags }))).toBe(reason)
  })
})

describe('fDDA from a session', () => {
  const PDOL = '9F66049F02069F37045F2A02'
  const FCI = toHex(encodeTlv('6F', encodeTlv('A5', encodeTlv('9F38', fromHex(PDOL)))))
  const SELECTED = `${toHex(
    encodeTlv('6F', [encodeTlv('84', fromHex('A0000003330101')), encodeTlv('A5', encodeTlv('9F38', fromHex(PDOL)))]),
  )}9000`
  const DATA = `36000080000000000100${NUMBER}0156`
  const RELATED = '0177889900'
  const full = signDynamic('020012', `${NUMBER}0000000001000156${RELATED}`, { format: '95' })
  const bare = signDynamic('020012', NUMBER, { format: '95' })

  it('covers all where terminal and card agree on it', () => {
    const tags = { '9F4B': full, '9F69': RELATED }
    expect(outcome(judge({ method: 'fdda', tags, fci: FCI, pdolData: DATA }))).toBe('ok')
  })

  it('covers the number alone where one of them does not', () => {
    const tags = { '9F4B': bare }
    expect(outcome(judge({ method: 'fdda', tags, fci: FCI, pdolData: DATA }))).toBe('ok')
    const old = DATA.replace('36000080', '36000000')
    expect(outcome(judge({ method: 'fdda', tags: { ...tags, '9F69': RELATED }, fci: FCI, pdolData: old }))).toBe('ok')
  })

  it.each([
    [{ '9F4B': bare }, undefined, DATA, 'TERMINAL_DATA_MISSING'],
    [{ '9F4B': bare }, '6F', DATA, 'TERMINAL_DATA_MISSING'],
    [{ '9F4B': bare }, FCI, undefined, 'TERMINAL_DATA_MISSING'],
    [{ '9F4B': bare }, FCI, '360000', 'TERMINAL_DATA_MISSING'],
    [{ '9F69': RELATED }, FCI, DATA, 'SDAD_MISSING'],
    [{ '9F4B': bare, '9F69': RELATED }, FCI, DATA, 'SDAD_HASH'],
  ] as const)('%#', (tags, given, pdolData, reason) => {
    const more = { ...(given === undefined ? {} : { fci: given }), ...(pdolData === undefined ? {} : { pdolData }) }
    expect(outcome(judge({ method: 'fdda', tags, ...more }))).toBe(reason)
  })

  it('takes no value of the terminal from the card', () => {
    const tags = { '9F4B': bare, '9F37': NUMBER }
    expect(outcome(judge({ method: 'fdda', tags, fci: FCI, pdolData: '360000' }))).toBe('TERMINAL_DATA_MISSING')
    const asked = { '9F4B': full, '9F69': RELATED, '9F66': '36000080' }
    const silent = DATA.replace('36000080', '36000000')
    expect(outcome(judge({ method: 'fdda', tags: asked, fci: FCI, pdolData: silent }))).toBe('SDAD_HASH')
  })

  it('is checked from a transcript, whose answer to GET PROCESSING OPTIONS holds the signature', () => {
    const static_ = STATIC_DATA.slice(0, -4)
    const icc = iccCertificate({ staticData: `${static_}2000` })
    const reading = readingOf({ '9F46': icc.certificate, '9F4B': undefined, '9F69': RELATED })
    const records = reading.records.map(({ sfi, record, data }) =>
      entry(`00B2${toHex(Uint8Array.of(record, (sfi << 3) | 4))}00`, `${toHex(data)}9000`),
    )
    const last = toHex(Uint8Array.of(reading.records.length - 1))
    const options = encodeTlv('77', [
      encodeTlv('82', fromHex('2000')),
      encodeTlv('94', fromHex(`100101011801${last}00`)),
      encodeTlv('9F4B', fromHex(full)),
    ])
    const session = [
      entry('00A4040007A000000333010100', SELECTED),
      entry(apdu('80A80000', `83${toHex(Uint8Array.of(DATA.length / 2))}${DATA}`), `${toHex(options)}9000`),
      ...records,
    ]
    const verdict = authenticateTranscript(session, { store: storeOf(), transactionDate: DATE, method: 'fdda' })
    expect(outcome(verdict)).toBe('ok')
  })
})

describe('other methods', () => {
  it.each(['sda', 'icc-key', 'pin-key'] as const)('%s sign no exchange', (method) => {
    expect(dynamicInputOf(method, readingOf(), new Map())).toStrictEqual({})
  })
})

describe('the objects of GET PROCESSING OPTIONS', () => {
  const objects = (...entries: [string, string][]): unknown =>
    [...processingOptionsObjects(entries.map(([command, response]) => entry(command, response)))].map(
      ([tag, value]) => `${tag}=${toHex(value)}`,
    )

  it('are those of the first successful answer', () => {
    const command = '80A8000002830000'
    expect(objects([command, '77059F360200019000'])).toEqual(['9F36=0001'])
    expect(objects([command, '6985'], [command, '77059F360200019000'], [command, '77059F360200029000'])).toEqual([
      '9F36=0001',
    ])
  })

  it.each([
    [['80A8000002830000', '80062000100101009000']],
    [['80A8000002830000', '77059F36029000']],
    [['80A8000002830000', '90']],
    [['00A8000002830000', '77059F360200019000']],
    [['80A4000002830000', '77059F360200019000']],
  ] as [string, string][][])('are none in %s', (pair) => {
    expect(objects(pair)).toEqual([])
  })

  it('are none in an empty session', () => {
    expect(objects()).toEqual([])
  })
})
