import { fromHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { defaultActionAnalysis, terminalActionAnalysis } from '../src/terminal-action-analysis.js'
import { stateOf } from './scripted-card.js'

const ZERO = '0000000000'
const IAC = { '9F0D': ZERO, '9F0E': ZERO, '9F0F': ZERO }

function analyse(bit: string | undefined, card: Record<string, string>, codes: Record<string, string>, type = '22') {
  const { state } = stateOf({ '9F35': type }, card)
  if (bit !== undefined) state.bits.setTvr(bit)
  const given = Object.fromEntries(Object.entries(codes).map(([name, value]) => [name, fromHex(value)]))
  const { requested, rule } = terminalActionAnalysis(state, given)
  const otherwise = defaultActionAnalysis(state, given)
  return [requested, rule, otherwise.requested]
}

/** newCard is 0008000000. [EMV-B3] C5 */
const NEW_CARD = '0008000000'

describe('[EMV-B3] 10.7', () => {
  it.each([
    ['no bit', undefined, IAC, {}, '22', ['TC', 'none', 'TC']],
    ['a bit in no rule', 'newCard', IAC, {}, '22', ['TC', 'none', 'TC']],
    ['IAC denial', 'newCard', { ...IAC, '9F0E': NEW_CARD }, {}, '22', ['AAC', 'denial', 'TC']],
    ['TAC denial', 'newCard', IAC, { denial: NEW_CARD }, '22', ['AAC', 'denial', 'TC']],
    [
      'denial before online',
      'newCard',
      { ...IAC, '9F0F': NEW_CARD },
      { denial: NEW_CARD },
      '22',
      ['AAC', 'denial', 'TC'],
    ],
    ['IAC online', 'newCard', { ...IAC, '9F0F': NEW_CARD }, {}, '22', ['ARQC', 'online', 'TC']],
    ['TAC online', 'newCard', IAC, { online: NEW_CARD }, '22', ['ARQC', 'online', 'TC']],
    ['IAC default', 'newCard', { ...IAC, '9F0D': NEW_CARD }, {}, '22', ['TC', 'none', 'AAC']],
    ['TAC default', 'newCard', IAC, { default: NEW_CARD }, '22', ['TC', 'none', 'AAC']],
    ['another bit', 'newCard', { ...IAC, '9F0F': 'FFF7FFFFFF' }, {}, '22', ['TC', 'none', 'TC']],
    ['no rules of the card: every bit goes online', 'newCard', {}, {}, '22', ['ARQC', 'online', 'AAC']],
    ['no rules of the card and no bit', undefined, {}, {}, '22', ['TC', 'none', 'TC']],
    ['online only', undefined, IAC, {}, '21', ['ARQC', 'online-only', 'TC']],
    ['online only, unattended', undefined, IAC, {}, '24', ['ARQC', 'online-only', 'TC']],
    ['online only and denial', 'newCard', { ...IAC, '9F0E': NEW_CARD }, {}, '21', ['AAC', 'denial', 'TC']],
    ['offline only', 'newCard', { ...IAC, '9F0F': NEW_CARD }, {}, '23', ['TC', 'none', 'TC']],
    [
      'offline only, unattended, by default',
      'newCard',
      { ...IAC, '9F0D': NEW_CARD },
      {},
      '26',
      ['AAC', 'default', 'AAC'],
    ],
    [
      'rules of the terminal cut short',
      'scriptFailedAfterFinalAc',
      IAC,
      { denial: 'FFFFFFFF' },
      '22',
      ['TC', 'none', 'TC'],
    ],
    ['rules cut short', 'scriptFailedAfterFinalAc', { ...IAC, '9F0E': 'FFFFFFFF' }, {}, '22', ['TC', 'none', 'TC']],
  ])('%s', (_, bit, card, codes, type, expected) => expect(analyse(bit, card, codes, type)).toEqual(expected))

  it('a terminal that does not say what it is can do both', () => {
    const { state } = stateOf({}, IAC)
    expect(terminalActionAnalysis(state, {})).toEqual({ requested: 'TC', rule: 'none' })
    expect(state.phase).toBe('terminal-action-analysis')
  })
})
