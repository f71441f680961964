import { describe, expect, it } from 'vitest'
import { processingRestrictions } from '../src/processing-restrictions.js'
import { stateOf, tvrOf } from './scripted-card.js'

const TERMINAL = { '9F09': '0030', '9A': '261121', '9C': '00', '9F1A': '0156', '9F35': '22' }
const CARD = { '5F24': '271231' }

function tvr(card: Record<string, string>, terminal: Record<string, string> = {}): string {
  const { state } = stateOf({ ...TERMINAL, ...terminal }, { ...CARD, ...card })
  processingRestrictions(state)
  expect(state.phase).toBe('processing-restrictions')
  return tvrOf(state)
}

const NOTHING = '0000000000'
const VERSION = '0080000000'
const EXPIRED = '0040000000'
const NOT_YET = '0020000000'
const SERVICE = '0010000000'

describe('[EMV-B3] 10.4.1 application version', () => {
  it.each([
    ['the same', { '9F08': '0030' }, {}, NOTHING],
    ['another', { '9F08': '0020' }, {}, VERSION],
    ['none on the card', {}, {}, NOTHING],
  ])('%s', (_, card, terminal, expected) => expect(tvr(card, terminal)).toBe(expected))
  it('none at the terminal', () => {
    const { state } = stateOf({ '9A': '261121' }, { ...CARD, '9F08': '0030' })
    processingRestrictions(state)
    expect(tvrOf(state)).toBe(NOTHING)
  })
})

describe('[EMV-B3] 10.4.3 dates', () => {
  it.each([
    ['on its last day', { '5F24': '261121' }, NOTHING],
    ['the day after', { '5F24': '261120' }, EXPIRED],
    ['of the last century', { '5F24': '991231' }, EXPIRED],
    ['on its first day', { '5F25': '261121' }, NOTHING],
    ['the day before', { '5F25': '261122' }, NOT_YET],
    ['effective since the last century', { '5F25': '950101' }, NOTHING],
  ])('%s', (_, card, expected) => expect(tvr(card)).toBe(expected))
})

describe('[EMV-B3] 10.4.2 application usage control', () => {
  const DOMESTIC = { '5F28': '0156' }
  const ABROAD = { '5F28': '0840' }
  const ATM = { '9F35': '14', '9F40': '8000000000', '9C': '01' }
  it.each([
    ['all allowed', { '9F07': 'FFC0', ...DOMESTIC }, {}, NOTHING],
    ['not outside ATMs', { '9F07': 'FEC0', ...DOMESTIC }, {}, SERVICE],
    ['not at ATMs', { '9F07': 'FDC0', ...DOMESTIC }, ATM, SERVICE],
    ['at ATMs', { '9F07': '8200', ...DOMESTIC }, ATM, NOTHING],
    ['an unattended terminal of a bank that gives no cash is no ATM', { '9F07': '8200' }, { '9F35': '14' }, SERVICE],
    ['no cash at home', { '9F07': '7FC0', ...DOMESTIC }, { '9C': '01' }, SERVICE],
    ['no cash abroad', { '9F07': 'BFC0', ...ABROAD }, { '9C': '01' }, SERVICE],
    ['cash at home', { '9F07': '8100', ...DOMESTIC }, { '9C': '01' }, NOTHING],
    ['goods at home', { '9F07': '2100', ...DOMESTIC }, {}, NOTHING],
    ['services abroad', { '9F07': '0500', ...ABROAD }, {}, NOTHING],
    ['neither goods nor services abroad', { '9F07': 'EBC0', ...ABROAD }, {}, SERVICE],
    ['cashback at home', { '9F07': '2180', ...DOMESTIC }, { '9C': '09' }, NOTHING],
    ['cashback abroad alone', { '9F07': 'FF40', ...DOMESTIC }, { '9F03': '000000000001' }, SERVICE],
    ['another type of transaction', { '9F07': '0100', ...DOMESTIC }, { '9C': '20' }, NOTHING],
    ['no country of the issuer', { '9F07': '0100' }, {}, NOTHING],
  ])('%s', (_, card, terminal, expected) => expect(tvr(card, terminal)).toBe(expected))
  it('no country of the terminal', () => {
    const { state } = stateOf({ '9A': '261121' }, { ...CARD, '9F07': '0100', '5F28': '0156' })
    processingRestrictions(state)
    expect(tvrOf(state)).toBe(NOTHING)
  })
})
