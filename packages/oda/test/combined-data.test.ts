/** CDA, each rule broken one at a time. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { authenticate, type DynamicInput, type OdaVerdict } from '../src/index.js'
import { inputWith } from './card.js'
import { sha1, signDynamic } from './forge.js'

const NUMBER = 'B84FBA07'
const PDOL = '000156'
const CDOL1 = '0000000009000156'
const CDOL2 = '3030AABBCCDD'
const CRYPTOGRAM = '12E70CB84C238601'
/** The data objects of the answer before and behind the signature. */
const BEFORE = '9F2701809F36020012'
const BEHIND = '9F100706010A03A02000'

interface Made {
  readonly cid?: string
  readonly clearCid?: string
  readonly before?: string
  readonly sent?: string
  readonly dynamicData?: string
  readonly options?: Parameters<typeof signDynamic>[2]
}

function signature({ cid = '80', before = BEFORE, sent = PDOL + CDOL1, dynamicData, options }: Made = {}): string {
  const data = dynamicData ?? `03AABBCC${cid}${CRYPTOGRAM}${sha1(sent + before + BEHIND)}`
  return signDynamic(data, NUMBER, options)
}

function template(tag: string, content: string): string {
  return `${tag}81${(content.length / 2).toString(16).padStart(2, '0')}${content}`
}

function response(made: Made = {}): string {
  return template('77', `${made.before ?? BEFORE}9F4B8180${signature(made)}${BEHIND}`)
}

function judge(answer: string, changes: Partial<Record<keyof DynamicInput, string | undefined>> = {}): OdaVerdict {
  const all = { unpredictableNumber: NUMBER, pdolData: PDOL, cdol1Data: CDOL1, response: answer, ...changes }
  const given = Object.entries(all).flatMap(([name, hex]) => (hex === undefined ? [] : [[name, fromHex(hex)]]))
  return authenticate(inputWith('cda', {}, { dynamic: Object.fromEntries(given) }))
}

const broken = (reason: string, kind = 'failed'): object => ({
  ok: false,
  stage: 'dynamic-data',
  fault: { reason, kind },
})

describe('combined data authentication', () => {
  it('gives cryptogram, CID and ICC dynamic number', () => {
    expect(judge(response())).toMatchObject({
      ok: true,
      recovered: {
        applicationCryptogram: fromHex(CRYPTOGRAM),
        cid: fromHex('80'),
        iccDynamicNumber: fromHex('AABBCC'),
        transactionDataHashCode: fromHex(sha1(PDOL + CDOL1 + BEFORE + BEHIND)),
      },
    })
  })

  it('takes the data objects of the answer in any order', () => {
    expect(judge(response({ before: '9F360200129F270180' })).ok).toBe(true)
  })

  it('takes the answer with its status', () => {
    expect(judge(`${response()}9000`).ok).toBe(true)
  })

  it('covers the second GENERATE AC with both commands', () => {
    const answer = response({ sent: PDOL + CDOL1 + CDOL2, cid: '40', before: '9F2701409F36020012' })
    expect(judge(answer, { cdol2Data: CDOL2 }).ok).toBe(true)
    expect(judge(answer)).toMatchObject(broken('CDA_TRANSACTION_DATA_HASH'))
    expect(judge(response(), { cdol2Data: CDOL2 })).toMatchObject(broken('CDA_TRANSACTION_DATA_HASH'))
  })

  it('takes a card without PDOL', () => {
    const answer = response({ sent: CDOL1 })
    expect(judge(answer, { pdolData: undefined }).ok).toBe(true)
    expect(judge(answer, { pdolData: '' }).ok).toBe(true)
  })

  it('hashes the answer as it came, lengths included', () => {
    expect(judge(response({ before: '9F278101809F36020012' })).ok).toBe(true)
    const longer = template('77', response().slice(6).replace(BEFORE, '9F278101809F36020012'))
    expect(judge(longer)).toMatchObject(broken('CDA_TRANSACTION_DATA_HASH'))
  })

  it.each([
    ['pdolData', '000157'],
    ['cdol1Data', '0000000009000157'],
    ['pdolData', undefined],
  ] as const)('CDA_TRANSACTION_DATA_HASH: %s is %s', (name, hex) => {
    const recovered = { applicationCryptogram: fromHex(CRYPTOGRAM) }
    expect(judge(response(), { [name]: hex })).toMatchObject({ ...broken('CDA_TRANSACTION_DATA_HASH'), recovered })
  })

  it('SDAD_HASH: another unpredictable number', () => {
    const verdict = judge(response(), { unpredictableNumber: 'B84FBA08' })
    expect(verdict).toMatchObject({ ...broken('SDAD_HASH'), recovered: { applicationCryptogram: fromHex(CRYPTOGRAM) } })
  })

  it('CDA_CID: before anything is hashed', () => {
    const verdict = judge(response({ cid: '40', options: { hash: '00'.repeat(20) } }))
    expect(verdict).toMatchObject({ ...broken('CDA_CID'), recovered: { cid: fromHex('40') } })
  })

  it.each([
    '',
    '01AA80',
    `03AABBCC80${CRYPTOGRAM}${'00'.repeat(19)}`,
    `03AABBCC80${CRYPTOGRAM}${'00'.repeat(21)}`,
    `09AABBCCDDEEFF00112280${CRYPTOGRAM}${'00'.repeat(20)}`,
  ])('CDA_DYNAMIC_DATA: %s', (dynamicData) => {
    expect(judge(response({ dynamicData }))).toMatchObject(broken('CDA_DYNAMIC_DATA'))
  })

  it('SDAD_PADDING, SDAD_FORMAT, SDAD_LENGTH', () => {
    const recovered = { applicationCryptogram: fromHex(CRYPTOGRAM) }
    expect(judge(response({ options: { padding: 'BC' } }))).toMatchObject({ ...broken('SDAD_PADDING'), recovered })
    expect(judge(response({ options: { format: '95' } }))).toMatchObject(broken('SDAD_FORMAT'))
    const short = template('77', `${BEFORE}9F4B00${BEHIND}`)
    expect(judge(short)).toMatchObject(broken('SDAD_LENGTH'))
  })

  it.each([
    ['', 'nothing'],
    ['7000', 'another template'],
    ['9F270180', 'no template'],
    [`${response()}6283`, 'another status'],
    [`${response()}90009000`, 'a status twice'],
    [`${response()}90`, 'half a status'],
    [`${response()}5000`, 'another object'],
    [response().slice(0, -2), 'cut short'],
    [template('77', `${BEFORE}${BEFORE}`), 'objects twice'],
  ])('CDA_RESPONSE: %s (%s)', (answer) => {
    expect(judge(answer)).toMatchObject(broken('CDA_RESPONSE'))
  })

  it.each(['77059F36020012', '77039F2700', '77059F27028080', '8000'])('CDA_CID_MISSING: %s', (answer) => {
    expect(judge(answer)).toMatchObject(broken('CDA_CID_MISSING'))
  })

  it.each(['77049F270180', '77049F270140', '77049F2701C0', '800B80000112E70CB84C238601', '77049F2701809000'])(
    'SDAD_MISSING: %s should be signed',
    (answer) => {
      expect(judge(answer)).toMatchObject(broken('SDAD_MISSING', 'missing'))
    },
  )

  it.each(['77049F270100', '77049F270108', '800B00000112E70CB84C238601'])('CDA_NOT_SIGNED: %s declines', (answer) => {
    const verdict = judge(answer)
    expect(verdict).toMatchObject(broken('CDA_NOT_SIGNED', 'not-done'))
    expect([toHex(verdict.tvr), toHex(verdict.tsi)]).toEqual(['8000000000', '0000'])
  })

  it.each([
    ['response', 'SDAD_MISSING'],
    ['unpredictableNumber', 'TERMINAL_DATA_MISSING'],
    ['cdol1Data', 'TERMINAL_DATA_MISSING'],
  ] as const)('without %s: %s', (name, reason) => {
    expect(judge(response(), { [name]: undefined })).toMatchObject(broken(reason, 'missing'))
  })

  it('without anything: SDAD_MISSING', () => {
    expect(authenticate(inputWith('cda'))).toMatchObject(broken('SDAD_MISSING', 'missing'))
  })
})
