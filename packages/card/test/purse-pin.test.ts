/** VERIFY, CHANGE PIN, RELOAD PIN, PIN UNBLOCK as [ETC] 4.1.3 to 4.1.6 tests them. */
import { fromHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPin } from '../src/purse-pin.js'
import {
  ADF1,
  ADF2,
  application,
  change,
  initialize,
  KEYS,
  PSE,
  type Purse,
  purse,
  purseMemory,
  purseOf,
  reloadPin,
  select,
  unblockPin,
  unblockPinPlain,
  underMac,
  verify,
} from './support/purse-shell.js'

const LOAD = `${initialize('0001')}10`
const blockPin = (card: Purse) => card.send(verify('9999'), verify('9999'), verify('9999'))

describe('a PIN', () => {
  it.each(['1234', '123F', '12345612345F', '123456123456', '0000'])('may be %s', (digits) =>
    expect(isPin(fromHex(digits))).toBe(true),
  )
  it.each(['', '12', '12345678901234', '12A4', '1F34', '12FF', 'A234', '123A', '1F', 'F123', '12F456'])(
    'may not be %s',
    (digits) => expect(isPin(fromHex(digits))).toBe(false),
  )
})

describe('VERIFY', () => {
  it('counts down, and blocks', async () => {
    const card = await purse()
    expect(await card.send(verify('4321'), verify('ABCD'), verify('12FF'), verify('1234'), verify('9999'))).toBe(
      '63C2 63C1 63C0 6983 6983',
    )
    expect(card.object('pin-tries')).toBe('00')
  })
  it('that is right sets the counter back', async () => {
    const card = await purse()
    const answers = await card.send(...['9999', '1234', '9999', '9999', '1234', '9999'].map(verify))
    expect(answers).toBe('63C2 9000 63C2 63C1 9000 63C2')
  })
  it('compares the length, too', async () => {
    const card = await purse({ adf1: { pin: '123F' } })
    expect(await card.send(verify('1230'), verify('123F12'), verify('123F'))).toBe('63C2 63C1 9000')
  })
  it('sets the PIN flag, and clears it when wrong', async () => {
    const card = await purse()
    expect((await card.send(LOAD, '805C000204')).split(' ')).toEqual(['6982', '6982'])
    expect(await card.send(verify('1234'), '805C000204')).toBe('9000 000027109000')
    expect(await card.send(LOAD)).toMatch(/9000$/)
    expect(await card.send(verify('9999'), LOAD, '805C000204')).toBe('63C2 6982 6982')
  })
  it('has nothing to compare with under the MF, or without a PIN', async () => {
    const card = purseOf(purseMemory({ applications: [{ ...application(ADF1, '3F01'), pin: undefined }] }))
    expect(await card.send(select(ADF1), verify('1234'), change('1234FF4321'), reloadPin('1234'))).toBe(
      `${(await card.send(select(ADF1))).slice(0)} 9403 9403 9403`,
    )
    expect(await card.secured(unblockPin('1234'))).toBe('9403')
    await card.send(select(PSE))
    expect(await card.send(verify('1234'), change('1234FF4321'), reloadPin('1234'))).toBe('9403 9403 9403')
  })
  it('says more tries than nine in one digit', async () => {
    const card = await purse({ pinTryLimit: 15 })
    expect(await card.send(verify('9999'))).toBe('63CE')
  })
  it('is judged as by a model', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 12 }), async (tries) => {
        const card = await purse()
        let left = 3
        for (const right of tries) {
          const expected = left === 0 ? '6983' : right ? '9000' : `63C${left - 1}`
          if (left > 0) left = right ? 3 : left - 1
          expect(await card.send(verify(right ? '1234' : '5678'))).toBe(expected)
        }
        expect(card.object('pin-tries')).toBe(`0${left}`)
      }),
      { numRuns: 25 },
    )
  })
})

describe('CHANGE PIN', () => {
  it('goes through the chain', async () => {
    const card = await purse()
    const chain = ['1234', '123456123456', '12345612345F', '123F', '1234']
    for (const [i, next] of chain.slice(1).entries()) {
      expect(await card.send(change(`${chain[i]}FF${next}`), verify(next))).toBe('9000 9000')
    }
  })
  it.each([
    '12FF654321',
    '12121212121212FF654321',
    '123456FF34',
    '123456FF34343434343434',
    '12FF34343434343434',
    '12121212121212FF34',
    '1234FF12A4',
    '1234FF1F34',
    '12A4FF4321',
    '12A4FF43B1',
    '12344321',
    '123400043210',
    'FF12341234',
    '12341234FF',
    '1234FF4321FF',
  ])('of %s is 6A80, and takes no try', async (data) => {
    const card = await purse()
    await card.send(verify('1234'))
    expect(await card.send(change(data))).toBe('6A80')
    expect([card.object('pin'), card.object('pin-tries')]).toEqual(['1234', '03'])
    expect(await card.send('805C000204')).toBe('000027109000')
  })
  it('counts wrong old PINs', async () => {
    const card = await purse()
    const wrong = change('9999FF4321')
    expect(await card.send(wrong, change('1234FF4321'), wrong, change('4321FF1234'))).toBe('63C2 9000 63C2 9000')
    expect(await card.send(wrong, wrong, wrong, change('1234FF4321'), wrong, change('12A4FF4321'))).toBe(
      '63C2 63C1 63C0 6983 6983 6983',
    )
    expect(card.object('pin')).toBe('1234')
  })
  it('leaves the PIN flag as it was, and clears it for a wrong old PIN', async () => {
    const card = await purse()
    expect(await card.send(change('1234FF4321'), LOAD)).toBe('9000 6982')
    await card.send(verify('4321'))
    expect(await card.send(change('4321FF1234'))).toBe('9000')
    expect(await card.send(LOAD)).toMatch(/9000$/)
    expect(await card.send(change('9999FF4321'), LOAD)).toBe('63C2 6982')
  })
})

describe('RELOAD PIN', () => {
  const chain = ['123456123456', '1234', '12345612345F', '123F', '1234']
  it('takes each PIN, blocked or not, in both applications', async () => {
    const card = await purse()
    for (const next of chain) {
      expect(await card.send(reloadPin(next), verify(next))).toBe('9000 9000')
      expect(await blockPin(card)).toBe('63C2 63C1 63C0')
      expect(await card.send(reloadPin(next), verify(next))).toBe('9000 9000')
    }
    await card.send(select(ADF2))
    expect(await card.send(reloadPin('1234'))).toBe('9000')
  })
  it('refuses what is no PIN, and counts nothing for it', async () => {
    const card = await purse()
    await card.send(reloadPin('4321', true))
    expect(await card.send(reloadPin('12A4'), reloadPin('1F34'))).toBe('6A80 6A80')
    expect(await card.send(reloadPin('12'), reloadPin('12345678901234'))).toBe('6700 6700')
    expect([card.object('pin'), card.object('errors/pin-reload')]).toEqual(['1234', '01'])
  })
  it('blocks the application at the third wrong MAC', async () => {
    const card = await purse()
    const bad = reloadPin('4321', true)
    expect(await card.send(bad, bad, bad, select(ADF1), reloadPin('4321'))).toBe('6988 6988 9303 9303 9303')
    expect([card.object('pin'), card.object('life')]).toEqual(['1234', '02'])
  })
  it('that is right sets both counters back', async () => {
    const card = await purse()
    const bad = reloadPin('4321', true)
    expect(await card.send(verify('9999'), bad, bad, reloadPin('1234'), verify('9999'), bad, bad, bad)).toBe(
      '63C2 6988 6988 9000 63C2 6988 6988 9303',
    )
  })
  it('says 9302 where the card does so', async () => {
    const card = await purse({ profile: 'fmcos' })
    const bad = reloadPin('4321', true)
    expect(await card.send(bad, bad, bad)).toBe('9302 9302 9303')
  })
  it('needs its key', async () => {
    const card = await purse({ adf1: { keys: [{ name: 'tac', index: '01', version: '01' }] } })
    expect(await card.send(reloadPin('1234'))).toBe('9403')
    await blockPin(card)
    expect(await card.secured(unblockPin('1234'))).toBe('9403')
  })
})

describe('PIN UNBLOCK', () => {
  it('gives the tries back', async () => {
    const card = await purse()
    await blockPin(card)
    expect(await card.secured(unblockPin('1234'))).toBe('9000')
    expect(await card.send('805C000204', verify('1234'))).toBe('6982 9000')
  })
  it.each(['12345612345F', '123456123456'])('knows a PIN of six bytes, %s', async (digits) => {
    const card = await purse({ adf1: { pin: digits } })
    await blockPin(card)
    expect(await card.secured(unblockPin(digits))).toBe('9000')
  })
  it('takes two blocks, too', async () => {
    const card = await purse()
    await blockPin(card)
    expect(await card.secured(unblockPinPlain(`021234${'80'.padEnd(26, '0')}`))).toBe('9000')
  })
  it('is for a blocked PIN alone', async () => {
    const card = await purse()
    expect(await card.secured(unblockPin('1234'))).toBe('6985')
    expect(card.object('errors/pin-unblock')).toBe('00')
  })
  it('needs a challenge', async () => {
    const card = await purse()
    await blockPin(card)
    expect(await card.send(unblockPin('1234')('00000000'))).toBe('6984')
  })
  it('refuses LD 00, and counts nothing for it', async () => {
    const card = await purse()
    await blockPin(card)
    await card.secured(unblockPin('9999'))
    expect(await card.secured(unblockPinPlain('00'))).toBe('6700')
    expect([card.object('errors/pin-unblock'), card.object('pin-tries')]).toEqual(['01', '00'])
  })
  it.each<[string, (challenge: string) => string]>([
    ['MACs', unblockPin('1234', true)],
    ['PINs', unblockPin('9999')],
    ['paddings', unblockPinPlain('0212348000000001')],
    ['lengths', unblockPinPlain('0812348000000000')],
  ])('blocks the application at the third of wrong %s', async (_, wrong) => {
    const card = await purse()
    await blockPin(card)
    for (const status of ['6988', '6988', '9303']) expect(await card.secured(wrong)).toBe(status)
    expect(await card.send(select(ADF1))).toBe('9303')
    expect(card.object('pin-tries')).toBe('00')
  })
  it('has one counter for MAC and PIN, which it clears', async () => {
    const card = await purse()
    await blockPin(card)
    const run = async (...steps: ((challenge: string) => string)[]) => {
      const answers: string[] = []
      for (const step of steps) answers.push(await card.secured(step))
      return answers.join(' ')
    }
    expect(await run(unblockPin('1234', true), unblockPin('9999'), unblockPin('1234'))).toBe('6988 6988 9000')
    expect(await blockPin(card)).toBe('63C2 63C1 63C0')
    expect(await run(unblockPin('9999'), unblockPin('1234', true), unblockPin('9999'))).toBe('6988 6988 9303')
  })
  it('sets a new PIN where the card does so', async () => {
    const card = await purse({ switches: { unblockPin: 'replace' } })
    await blockPin(card)
    expect(await card.secured(unblockPin('12A4'))).toBe('6A80')
    expect(await card.secured(unblockPin('567F'))).toBe('9000')
    expect(await card.send(verify('567F'))).toBe('9000')
    expect(card.object('errors/pin-unblock')).toBe('00')
  })
  it('does not take the maintenance key', async () => {
    const card = await purse()
    await blockPin(card)
    const data = '0000000000000000'
    expect(await card.secured(underMac({ header: '84240000', data, secret: KEYS.maintenance }))).toBe('6988')
  })
})
