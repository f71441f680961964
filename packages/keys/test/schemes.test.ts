import { describe, expect, it } from 'vitest'
import { SCHEMES, type Scheme, scheme, schemeName } from '../src/index.js'
import { coded } from './support/errors.js'

/** Family, CVN, cipher | ICC key, AC session, AC padding | ARPC key and method | script session, MAC prefix and length | PIN blocks, D1 | encipherment */
const TABLE = `
visa-cvn10       visa 0a tdes       | A odd none 1            | icc 1     | visa-xor header-atc-arqc 8   | vis vis ac     | ecb length-prefix
visa-cvn18       visa 12 tdes       | B odd emv-common 2      | session 2 | visa-xor header-atc-arqc 8   | vis vis ac     | ecb length-prefix
visa-cvn22       visa 22 tdes       | B odd emv-common 2      | session 2 | emv-common header-atc-arqc 8 | iso-2 vis ac   | ecb length-prefix
interac-cvn133   interac 85 tdes    | A odd mastercard-skd 2  | session 1 | emv-common header 8          | iso-2 iso-2 ac | cbc when-needed
mastercard-cvn16 mastercard 10 tdes | A odd mastercard-skd 2  | icc 1     | emv-common header-atc-arqc 8 | iso-2 iso-2 ac | cbc when-needed
mastercard-cvn17 mastercard 11 tdes | A odd mastercard-skd 2  | icc 1     | emv-common header-atc-arqc 8 | iso-2 iso-2 ac | cbc when-needed
mastercard-cvn20 mastercard 14 tdes | A odd emv-common 2      | session 1 | emv-common header-atc-arqc 8 | iso-2 iso-2 ac | cbc when-needed
mastercard-cvn21 mastercard 15 tdes | A odd emv-common 2      | session 1 | emv-common header-atc-arqc 8 | iso-2 iso-2 ac | cbc when-needed
emv-ccd          ccd 5 tdes         | B odd emv-common 2      | session 2 | emv-common header-atc-arqc 8 | iso-2 iso-2 ac | cbc always
pboc             unionpay 1 tdes    | A none pboc 2           | session 1 | pboc header-atc-arqc 4       | vis vis enc    | ecb length-prefix
pboc-cvn17       unionpay 17 tdes   | A none pboc 2           | session 1 | pboc header-atc-arqc 4       | vis vis enc    | ecb length-prefix
pboc-sm4         unionpay 1 sm4     | A none pboc-sm4 2       | session 1 | pboc-sm4 header-atc-arqc 4   | vis vis enc    | ecb length-prefix
pboc-sm4-cvn17   unionpay 17 sm4    | A none pboc-sm4 2       | session 1 | pboc-sm4 header-atc-arqc 4   | vis vis enc    | ecb length-prefix`

const written = (name: string, row: Scheme): string =>
  [
    [name, row.family, row.cryptogramVersion.toString(16).replace(/^a$/, '0a'), row.algorithm],
    [row.iccKey.option, row.iccKey.parity, row.cryptogramSession, row.cryptogramPadding],
    [row.arpc.key, row.arpc.method],
    [row.scriptSession, row.macPrefix, row.macLength],
    [row.pinBlock.withoutCurrent, row.pinBlock.withCurrent, row.pinBlock.key],
    [row.encipherment.mode, row.encipherment.padding],
  ]
    .map((group) => group.join(' '))
    .join(' | ')

describe('the table of schemes', () => {
  it('is the one of the standards', () => {
    const rows = Object.entries(SCHEMES).map(([name, row]) => written(name, row))
    const expected = TABLE.trim()
      .split('\n')
      .map((line) => line.replaceAll(/ +/g, ' '))
    expect(rows).toEqual(expected)
  })

  it('covers what the data tests say', () => {
    const common = '9F02 9F03 9F1A 95 5F2A 9A 9C 9F37 82 9F36'
    const covered = Object.fromEntries(Object.entries(SCHEMES).map(([n, row]) => [n, row.cryptogramData.join(' ')]))
    expect(covered).toEqual({
      'visa-cvn10': `${common} CVR`,
      'visa-cvn18': `${common} IAD`,
      'visa-cvn22': `${common} IAD`,
      'interac-cvn133': `${common} IAD`,
      'mastercard-cvn16': `${common} CVR`,
      'mastercard-cvn17': `${common} CVR COUNTERS`,
      'mastercard-cvn20': `${common} CVR`,
      'mastercard-cvn21': `${common} CVR COUNTERS`,
      'emv-ccd': `${common} IAD`,
      pboc: `${common} CVR`,
      'pboc-cvn17': '9F02 9F37 9F36 IAD5',
      'pboc-sm4': `${common} CVR`,
      'pboc-sm4-cvn17': '9F02 9F37 9F36 IAD5',
    })
  })
})

describe('a name', () => {
  it('leads to its row', () => {
    expect(scheme('pboc')).toBe(SCHEMES.pboc)
    expect(schemeName('visa-cvn10')).toBe('visa-cvn10')
  })

  it.each(['', 'visa', 'PBOC', 'toString', '__proto__'])('is refused: %j', (name) => {
    expect(() => scheme(name)).toThrow(coded('ERR_SCHEME', { label: 'scheme' }))
    expect(() => schemeName(name)).toThrow(coded('ERR_SCHEME', { label: 'scheme' }))
  })
})
