/**
 * The GENERATE AC of the published UnionPay card session (vectors/transcripts). Its keys are unknown; its bytes tell what
 * the card said. The article prints the response two bytes short: its length says 30, and 28 stand there. The two are the
 * length and identifier of the discretionary data.
 */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { parseIssuerApplicationData, verifyApplicationCryptogram } from '../src/index.js'
import { CARD, issuerKey } from './support/transactions.js'

const COMMAND = '00000000000900000000000001560000800000015610041000B84FBA07'
const PRINTED = '07010103A020000100000000007B168F91'
const WHOLE = '07010103A02000010A0100000000007B168F91'

/** The values of CDOL1: 9F02 9F03 9F1A 95 5F2A 9A 9C 9F37, as the terminal sent them. */
const tags = new Map(
  Object.entries({
    '9F02': COMMAND.slice(0, 12),
    '9F03': COMMAND.slice(12, 24),
    '9F1A': COMMAND.slice(24, 28),
    '95': COMMAND.slice(28, 38),
    '5F2A': COMMAND.slice(38, 42),
    '9A': COMMAND.slice(42, 48),
    '9C': COMMAND.slice(48, 50),
    '9F37': COMMAND.slice(50, 58),
    '82': '7C00',
    '9F27': '80',
    '9F36': '0012',
    '9F26': 'E70CB84C238601F2',
    '9F10': WHOLE,
  }).map(([tag, hex]) => [tag, fromHex(hex)]),
)

describe('the published GENERATE AC', () => {
  it('is an ARQC of CVN 01 under key 1, of a card that counted too many offline transactions', () => {
    const verdict = verifyApplicationCryptogram({ imk: issuerKey('pboc'), card: CARD, tags })
    expect(verdict).toMatchObject({ code: 'I', scheme: 'pboc', dki: 1, type: 'ARQC', atc: 0x12 })
    expect(verdict.cvr?.set.map(({ name }) => name)).toEqual(['velocityExceeded'])
    expect(verdict.tvr?.set.map(({ name }) => name)).toEqual(['cardholderVerificationFailed'])
    expect(verdict.parts.map(({ value }) => toHex(value)).join('')).toBe(
      '00000000000900000000000001560000800000 0156 100410 00 B84FBA07 7C00 0012 03A02000'.replaceAll(' ', ''),
    )
  })

  it('has discretionary data only with the two bytes that the article lost', () => {
    const whole = parseIssuerApplicationData(fromHex(WHOLE))
    expect(whole.idd).toMatchObject({ id: 1, value: fromHex('0000000000'), mac: fromHex('7B168F91') })
    const printed = parseIssuerApplicationData(fromHex(PRINTED))
    expect(printed).toMatchObject({ scheme: 'pboc', dki: 1, idd: undefined })
    expect(toHex(printed.discretionary)).toBe('00000000007B168F91')
  })
})
