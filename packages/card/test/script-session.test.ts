/** The rules of seed 002, sections 7 to 11: what a transaction makes of scripts, and scripts of later transactions. */
import { describe, expect, it } from 'vitest'
import type { CardSwitches, Transaction } from '../src/debit-credit-model.js'
import {
  ALL,
  BLOCK,
  counters,
  effects,
  first,
  online,
  PIN_UNBLOCK,
  type ScriptCard,
  scriptCard,
  secured,
  UNBLOCK,
  wrong,
} from './support/script-issuer.js'

describe('[PBOC-SCRIPT] 7, before: no first GENERATE AC, no script', () => {
  it.each(ALL)('%s', (_, command) => {
    const card = scriptCard({ transaction: { generateAcs: 0, firstKind: undefined, cryptogram: new Uint8Array(0) } })
    const before = effects(card.memory)
    expect(card.send(command)).toBe('6985')
    expect([effects(card.memory), ...counters(card)]).toEqual([before, 0, 0, 0])
  })
})

describe('[PBOC-SCRIPT] 8, 9, what the next transaction tells', () => {
  it('counter and indicator of an earlier transaction go on: only the second GENERATE AC resets them', () => {
    const card = scriptCard({ objects: { 'app/0/state/scriptCounter': '03', 'app/0/state/scriptFailed': '01' } })
    expect(card.send(secured(BLOCK))).toBe('9000')
    expect(counters(card)).toEqual([4, 1, 0])
  })
  it('counts after a decline, too, and whatever becomes of a command that has a MAC', () => {
    const card = scriptCard({ transaction: { issuerAuthentication: 'failed' } })
    const sent = [
      [secured(BLOCK), '9000'],
      [secured('841E0001'), '6A86'],
      [secured(BLOCK, '00'), '6700'],
      [secured('04DA9F99', '00'), '6A80'],
      [wrong(secured(BLOCK)), '6988'],
      [secured(BLOCK), '6985'],
    ] as const
    sent.forEach(([command, status], i) => {
      expect(card.send(command)).toBe(status)
      expect(card.state('scriptCounter')).toBe(i + 1)
      expect(card.state('scriptFailed')).toBe(i === 0 ? 0 : 1)
    })
  })
})

describe('[PBOC-SCRIPT] 10, issuer authentication', () => {
  type Need = CardSwitches['scriptsNeedIssuerAuth']
  type Done = Transaction['issuerAuthentication']
  const rows: [Need, string, Done, string][] = [
    ['never', '7D00', 'none', '9000'],
    ['never', '7D00', 'failed', '9000'],
    ['ifPerformed', '7D00', 'none', '9000'],
    ['ifPerformed', '7D00', 'succeeded', '9000'],
    ['ifPerformed', '7D00', 'failed', '6985'],
    ['ifPerformed', '7900', 'failed', '6985'],
    ['ifAipSupports', '7D00', 'none', '6985'],
    ['ifAipSupports', '7D00', 'failed', '6985'],
    ['ifAipSupports', '7D00', 'succeeded', '9000'],
    ['ifAipSupports', '7900', 'none', '9000'],
    ['ifAipSupports', '7900', 'failed', '9000'],
  ]
  it.each(rows)('%s, AIP %s, %s: %s for all commands alike', (scriptsNeedIssuerAuth, aip, done, status) => {
    for (const [name, command] of ALL) {
      const transaction = { issuerAuthentication: done }
      const card = scriptCard({ switches: { scriptsNeedIssuerAuth }, config: { aip }, transaction })
      const before = effects(card.memory)
      expect(card.send(command), name).toBe(status)
      if (status === '6985') expect(effects(card.memory)).toBe(before)
      expect(counters(card)).toEqual([1, status === '9000' ? 0 : 1, 0])
    }
  })
})

describe('[PBOC-SCRIPT] 11, scripts of a transaction that was declined offline', () => {
  it.each(['TC', 'AAC'] as const)('%s of the first GENERATE AC ends the session', (kind) => {
    for (const [name, command] of ALL) {
      const card = scriptCard({ transaction: first(kind) })
      expect(card.send(command), name).toBe('6985')
      expect(counters(card)).toEqual([0, 0, 0])
    }
  })
  it('a blocked application takes scripts after its AAC, and goes on after it was unblocked', () => {
    const transaction = { ...first('AAC'), scriptsAfterAac: true }
    const card = scriptCard({ transaction, objects: { 'app/0/state/blocked': '01' } })
    for (const [name, command] of [['unblock', secured(UNBLOCK)] as const, ...ALL]) {
      expect(card.send(command), name).toBe('9000')
    }
    expect(counters(card)).toEqual([0, 0, 0])
  })
  it('so does one whose PIN try counter is 0, after the PIN was unblocked, too', () => {
    const transaction = { ...first('AAC'), scriptsAfterAac: true }
    const card = scriptCard({ transaction, objects: { 'app/0/data/9F17': '00' } })
    expect(card.send(secured(PIN_UNBLOCK))).toBe('9000')
    expect(card.read('data/9F17')).toBe('03')
    expect(card.send(secured('04DA9F58', '01'))).toBe('9000')
  })
  it('a TC ends it whatever is blocked, and a card without PIN has no PIN that is blocked', () => {
    const blocked = { 'app/0/state/blocked': '01', 'app/0/data/9F17': '00' }
    expect(
      scriptCard({ transaction: { ...first('TC'), scriptsAfterAac: true }, objects: blocked }).send(secured(UNBLOCK)),
    ).toBe('6985')
    const none = { 'app/0/data/9F17': undefined }
    expect(scriptCard({ transaction: first('AAC'), objects: none }).send(secured(UNBLOCK))).toBe('6985')
  })
  it.each(['none', 'failed', 'succeeded'] as const)('unblocking may need issuer authentication: %s', (done) => {
    const transaction = { ...first('AAC'), scriptsAfterAac: true, issuerAuthentication: done }
    const objects = { 'app/0/state/blocked': '01' }
    const card = scriptCard({ switches: { unblockNeedsIssuerAuth: true }, transaction, objects })
    expect(card.send(secured(UNBLOCK))).toBe(done === 'succeeded' ? '9000' : '6985')
    expect(card.state('blocked')).toBe(done === 'succeeded' ? 0 : 1)
    // The others do not.
    expect(card.send(secured(BLOCK))).toBe('9000')
  })
})

describe('wrong MACs one after another', () => {
  const next = (card: ScriptCard): unknown => Object.assign(card.context.transaction, online())
  it.each([1, 2, 3])('from the limit of %i on scripts are refused for good', (macFailureLimit) => {
    const card = scriptCard({ switches: { macFailureLimit } })
    for (let n = 1; n <= macFailureLimit; n++) {
      expect(card.send(wrong(secured(BLOCK)))).toBe('6988')
      expect(card.state('macFailures')).toBe(n)
      next(card)
    }
    for (const [, command] of ALL) expect(card.send(command)).toBe('6985')
    expect(counters(card)).toEqual([macFailureLimit + ALL.length, 1, macFailureLimit])
    expect(card.state('blocked')).toBe(0)
  })
  it('a right one before the limit begins the count anew', () => {
    const card = scriptCard({ switches: { macFailureLimit: 2 } })
    for (let round = 0; round < 3; round++) {
      expect(card.send(wrong(secured(BLOCK)))).toBe('6988')
      next(card)
      expect(card.send(secured(BLOCK))).toBe('9000')
      expect(card.state('macFailures')).toBe(0)
    }
  })
  it('without a limit the count stops at 255, and a right one passes', () => {
    const card = scriptCard({ objects: { 'app/0/state/macFailures': 'FE' } })
    for (const n of [255, 255]) {
      expect(card.send(wrong(secured(BLOCK)))).toBe('6988')
      expect(card.state('macFailures')).toBe(n)
      next(card)
    }
    expect(card.send(secured(BLOCK))).toBe('9000')
    expect(card.state('macFailures')).toBe(0)
  })
})
