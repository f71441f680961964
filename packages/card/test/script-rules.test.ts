/** The rules of seed 002, sections 1 to 6, on the card's side. The issuer here is OpenSSL and the test's own hands. */
import { fromHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  ALL,
  ATC,
  BLOCK,
  CARD_BLOCK,
  COMMANDS,
  counters,
  effects,
  first,
  online,
  prefixedEcb,
  scriptCard,
  secured,
  UNBLOCK,
  visBlock,
  wrong,
} from './support/script-issuer.js'
import { TEST_KEYS } from './support/test-card.js'

describe('[PBOC-SCRIPT] 1, card data', () => {
  it('keeps the counter at 15, or begins anew, as the switch says', () => {
    const card = scriptCard()
    const wraps = scriptCard({ switches: { scriptCounterOverflow: 'wrap' } })
    for (let n = 1; n <= 17; n++) {
      card.send(secured(BLOCK))
      wraps.send(secured(BLOCK))
      expect(card.state('scriptCounter')).toBe(Math.min(n, 15))
      expect(wraps.state('scriptCounter')).toBe(n % 16)
    }
  })
})

describe('[PBOC-SCRIPT] 2, 4, templates 71 and 72: the card tells them apart by the second GENERATE AC alone', () => {
  it.each(ALL)('%s of template 71 runs and is not counted', (_, command) => {
    const card = scriptCard({ transaction: first('ARQC') })
    const before = effects(card.memory)
    if (command === COMMANDS['APPLICATION UNBLOCK']) card.memory.writeNumber('app/0/state/blocked', 1)
    expect(card.send(command)).toBe('9000')
    expect(counters(card)).toEqual([0, 0, 0])
    if (![COMMANDS['APPLICATION UNBLOCK'], COMMANDS['PIN UNBLOCK']].includes(command as never))
      expect(effects(card.memory)).not.toBe(before)
  })
  it('a wrong MAC of template 71 ends scripts, sets no indicator, and is a wrong MAC all the same', () => {
    const card = scriptCard({ transaction: first('ARQC') })
    expect(card.send(wrong(secured(BLOCK)))).toBe('6988')
    expect(counters(card)).toEqual([0, 0, 1])
    expect(card.send(secured(BLOCK))).toBe('6985')
    // Those of template 72 in the same transaction are refused, and counted.
    card.context.transaction.generateAcs = 2
    expect(card.send(secured(BLOCK))).toBe('6985')
    expect(counters(card)).toEqual([1, 1, 1])
  })
  it('a failing command of template 71 sets no indicator', () => {
    const card = scriptCard({ transaction: first('ARQC') })
    expect(card.send(secured('04DA9F59', '0007'))).toBe('6700')
    expect(counters(card)).toEqual([0, 0, 0])
  })
})

describe('[PBOC-SCRIPT] 3, keys', () => {
  it.each(['ac', 'enc'] as const)('a MAC under the %s key is wrong', (name) => {
    const card = scriptCard()
    expect(card.send(secured(BLOCK, '', { macKey: TEST_KEYS[name] }))).toBe('6988')
    expect(card.state('blocked')).toBe(0)
  })
  it.each(['ac', 'mac'] as const)('PIN data under the %s key are none', (name) => {
    const card = scriptCard()
    const data = prefixedEcb(visBlock('654321'), { encKey: TEST_KEYS[name] })
    expect(card.send(secured('84240002', data))).toBe('6A80')
    expect([card.read('pin'), ...counters(card)]).toEqual(['31323334', 1, 1, 0])
  })
  it('the MAC covers header, ATC and cryptogram: without them it is wrong', () => {
    for (const prefix of ['', ATC, '00005D016C91005E7CC2', `${ATC}0000000000000000`])
      expect(scriptCard().send(secured(BLOCK, '', { prefix }))).toBe('6988')
  })
  it('the session key comes from the ATC: one of another ATC is wrong even over the right data', () => {
    const forged = secured(BLOCK, '', { atc: '0241', prefix: `${ATC}5D016C91005E7CC2` })
    expect(scriptCard().send(forged)).toBe('6988')
  })
})

describe('[PBOC-SCRIPT] 5, commands', () => {
  it.each([
    ['block', BLOCK, 'blocked', [0, 1, 2], 1],
    ['unblock', UNBLOCK, 'blocked', [0, 1, 2], 0],
  ] as const)('application %s succeeds in every state', (_, header, name, states, after) => {
    for (const state of states) {
      const card = scriptCard({ objects: { 'app/0/state/blocked': `0${state}` } })
      expect(card.send(secured(header))).toBe('9000')
      expect(card.state(name)).toBe(after)
    }
  })
  it('card block lasts: a second one succeeds, unblocking the application does not undo it', () => {
    const card = scriptCard()
    for (const header of [CARD_BLOCK, CARD_BLOCK, UNBLOCK]) expect(card.send(secured(header))).toBe('9000')
    expect(card.memory.readNumber('blocked')).toBe(1)
    expect(card.state('blocked')).toBe(0)
  })
  it('every other command works on the selected application alone', () => {
    for (const [name, command] of ALL) {
      const card = scriptCard()
      card.send(command)
      expect(card.memory.readNumber('blocked')).toBe(name === 'CARD BLOCK' ? 1 : 0)
    }
  })
  it.each([BLOCK, UNBLOCK, CARD_BLOCK])('%s takes no P1 and P2, and a MAC alone', (header) => {
    for (const p1p2 of ['0001', '0100', 'FFFF', '8000']) {
      const card = scriptCard()
      const before = effects(card.memory)
      expect(card.send(secured(header.slice(0, 4) + p1p2))).toBe('6A86')
      expect(effects(card.memory)).toBe(before)
    }
    for (const body of ['00', '00000000', '80']) {
      const card = scriptCard()
      const before = effects(card.memory)
      expect(card.send(secured(header, body))).toBe('6700')
      expect([effects(card.memory), ...counters(card)]).toEqual([before, 1, 1, 0])
    }
  })
  it('an instruction of no script command is not the engine’s', () => {
    for (const ins of ['B2', 'A4', '20', '82', 'AE', 'D6', 'DB']) {
      const card = scriptCard()
      expect(card.send(`84${ins}000004AABBCCDD`)).toBeUndefined()
      expect(counters(card)).toEqual([0, 0, 0])
    }
  })
})

describe('[PBOC-SCRIPT] 6, processing', () => {
  it.each(ALL)('%s is counted, leaves the indicator, and does what it says', (_, command) => {
    const card = scriptCard()
    expect(card.send(command)).toBe('9000')
    expect(counters(card)).toEqual([1, 0, 0])
    expect(card.context.transaction.scriptCommands).toBe(1)
  })
  it.each(ALL)('%s with a wrong MAC: 6988, indicator, no effect, later ones 6985', (_, command) => {
    const card = scriptCard()
    const before = effects(card.memory)
    expect(card.send(wrong(command))).toBe('6988')
    expect(counters(card)).toEqual([1, 1, 1])
    expect(card.send(command)).toBe('6985')
    expect(effects(card.memory)).toBe(before)
    expect(counters(card)).toEqual([2, 1, 1])
    expect(card.context.transaction).toMatchObject({ scriptsClosed: true, scriptCommands: 0 })
  })
  it.each([
    ['APPLICATION UNBLOCK', '6985'],
    ['PIN UNBLOCK', '6A88'],
    ['PIN CHANGE with current', '6A88'],
    ['PIN CHANGE without current', '6A88'],
    ['PUT DATA', '6A88'],
    ['UPDATE RECORD', '6A82'],
  ] as const)('%s with a right MAC that fails sets the indicator', (name, status) => {
    const objects = { 'app/0/pin': undefined, 'app/0/data/9F59': undefined, 'app/0/record/4/1': undefined }
    const card = scriptCard({ objects, switches: { unblockNeedsIssuerAuth: true } })
    const before = effects(card.memory)
    expect(card.send(COMMANDS[name])).toBe(status)
    expect([effects(card.memory), ...counters(card)]).toEqual([before, 1, 1, 0])
    // The MAC was right, so that the session stays open.
    expect(card.send(secured(BLOCK))).toBe('9000')
    expect(card.context.transaction.scriptCommands).toBe(2)
  })
  it('the indicator stays set through commands that succeed', () => {
    const card = scriptCard()
    expect(card.send(secured('04DA9F58', '0102'))).toBe('6700')
    expect(card.send(secured('04DA9F58', '01'))).toBe('9000')
    expect(counters(card)).toEqual([2, 1, 0])
  })
  it.each(['6E00', '6987'] as const)('a class without secure messaging: %s', (missingMac) => {
    for (const [name, command] of ALL) {
      const plain = command.with(0, (command[0] as number) & 0xf0)
      const card = scriptCard({ switches: { missingMac } })
      const before = effects(card.memory)
      expect(card.send(plain), name).toBe(missingMac)
      expect(effects(card.memory)).toBe(before)
      // Needed but missing sets the indicator, unless the card takes it for no script command at all; no MAC, no count.
      expect(counters(card)).toEqual([0, missingMac === '6987' ? 1 : 0, 0])
      const early = scriptCard({ switches: { missingMac }, transaction: first('ARQC') })
      expect(early.send(plain)).toBe(missingMac)
      expect(counters(early)).toEqual([0, 0, 0])
    }
  })
  it.each([0x08, 0x0c])('a class of the other formats of secure messaging, %i', (bits) => {
    for (const [name, command] of ALL) {
      const card = scriptCard({ switches: { missingMac: '6987' } })
      expect(card.send(command.with(0, ((command[0] as number) & 0xf0) | bits)), name).toBe('6987')
      expect(counters(card)).toEqual([0, 1, 0])
    }
  })
  it('another class is no script command: 6E00 without a trace', () => {
    for (const [name, command] of ALL)
      for (const bits of [0x80, 0x40, 0x20, 0x10, 0xc0]) {
        const card = scriptCard({ switches: { missingMac: '6987' } })
        expect(card.send(command.with(0, (command[0] as number) ^ bits)), name).toBe('6E00')
        expect(counters(card)).toEqual([0, 0, 0])
      }
  })
  it('another logical channel: 6881, since the MAC does not cover it', () => {
    for (const channel of [1, 2, 3]) {
      const card = scriptCard()
      const before = effects(card.memory)
      expect(card.send(secured(BLOCK).with(0, 0x84 | channel))).toBe('6881')
      expect([effects(card.memory), ...counters(card)]).toEqual([before, 0, 0, 0])
    }
  })
  it.each([
    ['6E00', '6700'],
    ['6987', '6987'],
  ] as const)('data too short for a MAC: with %s it is %s, and not counted', (missingMac, status) => {
    for (const command of [
      '841E0000',
      '841E000001AA',
      '841E000003AABBCC',
      '84240002',
      '04DA9F5903AABBCC',
      '04DC0124',
    ]) {
      const card = scriptCard({ switches: { missingMac } })
      expect(card.send(command), command).toBe(status)
      expect(counters(card)).toEqual([0, 1, 0])
    }
  })
  it('the checks go one after another, the MAC after all that need no key', () => {
    const badMac = wrong(secured('841E0001', '00'))
    const card = scriptCard({ switches: { missingMac: '6987' }, transaction: { scriptsClosed: true } })
    const open = scriptCard()
    expect(card.send(badMac.with(0, 0x01))).toBe('6E00')
    expect(card.send(badMac.with(0, 0x81))).toBe('6881')
    expect(card.send(badMac.with(0, 0x80))).toBe('6987')
    expect(card.send(badMac)).toBe('6985')
    expect(open.send(badMac)).toBe('6A86')
    expect(open.send('841E000101AA')).toBe('6A86')
    expect(open.send(badMac.with(3, 0))).toBe('6700')
    // None of them was a comparison.
    expect([card.state('macFailures'), open.state('macFailures')]).toEqual([0, 0])
    expect(open.send(wrong(secured('04DAFFFF', '00')))).toBe('6988')
    expect(open.state('macFailures')).toBe(1)
  })
  it('a data field beyond 255 bytes has no Lc that a MAC could cover', () => {
    const card = scriptCard()
    expect(card.send(`04DC0124000100${'AA'.repeat(256)}`)).toBe('6700')
    expect(counters(card)).toEqual([1, 1, 0])
  })
  it('a script of another transaction is refused: ATC and cryptogram have changed', () => {
    const card = scriptCard()
    expect(card.send(secured(BLOCK))).toBe('9000')
    // The same again in the same transaction is the issuer's own command still.
    expect(card.send(secured(BLOCK))).toBe('9000')
    card.memory.write('app/0/data/9F36', fromHex('0241'))
    Object.assign(card.context.transaction, online(), { cryptogram: fromHex('1122334455667788') })
    expect(card.send(secured(BLOCK))).toBe('6988')
  })
})
