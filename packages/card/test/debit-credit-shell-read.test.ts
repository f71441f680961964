/** The commands that read, against [EMV-B3] 6.5.6, 6.5.7, 6.5.8 and 6.5.11. */
import { toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { GPO, SELECT, shell } from './support/shell.js'

const PSE = '00A404000E315041592E5359532E4444463031'

describe('GET PROCESSING OPTIONS', () => {
  it.each([
    ['another P1', '80A801000B8309000000000009000156', '6A86'],
    ['another P2', '80A800010B8309000000000009000156', '6A86'],
    ['another class', '00A800000B8309000000000009000156', '6E00'],
    ['no data', '80A80000', '6A80'],
    ['another tag', '80A800000B8409000000000009000156', '6A80'],
    ['no TLV', '80A80000028309', '6A80'],
    ['a byte more behind', '80A800000C830900000000000900015600', '6A80'],
    ['a value one byte short', '80A800000A83080000000000090001', '6A80'],
    ['a value one byte long', '80A800000C830A00000000000900015600', '6A80'],
    ['an empty value', '80A80000028300', '6A80'],
  ])('refuses %s, and may be repeated', async (_, command, status) => {
    const { send, object } = shell()
    expect(await send(SELECT, command)).toBe(status)
    expect(object('app/0/data/9F36')).toBe('0000')
    expect(await send(GPO)).toMatch(/9000$/)
    expect(object('app/0/data/9F36')).toBe('0001')
  })
  it('takes an empty tag 83 where there is no PDOL', async () => {
    const { send } = shell({ config: { pdol: '' } })
    expect(await send(SELECT, GPO)).toBe('6A80')
    expect(await send('80A80000028300')).toMatch(/9000$/)
  })
  it('ends with the last ATC, for good', async () => {
    const { send, object } = shell({ objects: { 'app/0/data/9F36': 'FFFE' } })
    expect(await send(SELECT, GPO)).toMatch(/9000$/)
    for (let i = 0; i < 3; i++) expect(await send(SELECT, GPO)).toBe('6985')
    expect(object('app/0/data/9F36')).toBe('FFFF')
  })
  it('does without a PIN try counter', async () => {
    const { send } = shell({ objects: { 'app/0/pin': undefined, 'app/0/data/9F17': undefined } })
    expect(await send(SELECT, GPO)).toMatch(/9000$/)
  })
})

describe('READ RECORD', () => {
  it.each([
    ['00B2012400', '70089F1401009F2301009000'],
    ['00B2061400', '70059F080200209000'],
    // Records 1 and 3 to 6: there is none between them.
    ['00B2021400', '6A83'],
    ['00B2071400', '6A83'],
    ['00B2FF1400', '6A83'],
    ['00B2012C00', '6A82'],
    ['00B201F400', '6A82'],
    ['00B2001400', '6A86'],
    // SFI 0 and 31, and other ways to name a record.
    ['00B2010400', '6A86'],
    ['00B201FC00', '6A86'],
    ['00B2011000', '6A86'],
    ['00B2011500', '6A86'],
    ['00B201120000', '6700'],
    ['00B20114010000', '6700'],
    ['80B2011400', '6E00'],
  ])('%s: %s', async (command, answer) => {
    const { send } = shell()
    expect(await send(SELECT, command)).toBe(answer)
    expect(await send(GPO)).toMatch(/9000$/)
    expect(await send(command)).toBe(answer)
  })
  it('gives every record of the AFL and no other', async () => {
    const { send } = shell()
    await send(SELECT)
    const found: string[] = []
    for (let sfi = 1; sfi <= 30; sfi++) {
      for (let number = 1; number <= 8; number++) {
        const answer = await send(`00B2${toHex(Uint8Array.of(number, (sfi << 3) | 4))}00`)
        if (answer.endsWith('9000')) found.push(`${sfi}/${number}`)
      }
    }
    expect(found).toEqual(['1/1', '2/1', '2/3', '2/4', '2/5', '2/6', '3/1', '4/1'])
  })
  it('reads the directory by SFI 1 alone', async () => {
    const { send } = shell()
    expect(await send(PSE, '00B2020C00')).toBe('6A83')
    expect(await send('00B2011400')).toBe('6A82')
    expect(await send('00B2000C00')).toBe('6A86')
  })
})

describe('GET DATA', () => {
  it.each([
    ['80CA9F3600', '9F360200009000'],
    ['80CA9F1300', '9F130200009000'],
    ['80CA9F1700', '9F1701039000'],
    // A data object that the card has and does not give, one that it has not, and a tag of one byte.
    ['80CA9F5400', '6A88'],
    ['80CA9F7F00', '6A88'],
    ['80CA005A00', '6A88'],
    ['80CA000000', '6A88'],
    ['80CA9F36010000', '6700'],
    ['00CA9F3600', '6E00'],
  ])('%s: %s', async (command, answer) => {
    expect(await shell().send(SELECT, command)).toBe(answer)
  })
  it('gives a tag of one byte', async () => {
    const { send } = shell({ config: { getData: ['5A'] }, objects: { 'app/0/data/5A': '6200000000000005' } })
    expect(await send(SELECT, '80CA005A00')).toBe('5A0862000000000000059000')
    expect(await send('80CA9F3600')).toBe('6A88')
  })
  it('does not find a data object that was never made', async () => {
    expect(await shell({ config: { getData: ['9F4F'] } }).send(SELECT, '80CA9F4F00')).toBe('6A88')
  })
  it('never gives the PIN or a key, whatever the tag', async () => {
    const { send } = shell()
    await send(SELECT)
    const given: string[] = []
    for (let p1 = 0; p1 < 256; p1++) {
      for (const p2 of [0x00, 0x13, 0x17, 0x36, 0x52, 0x58, 0x59, 0xff]) {
        const answer = await send(`80CA${toHex(Uint8Array.of(p1, p2))}00`)
        if (answer !== '6A88') given.push(answer.slice(0, 4))
      }
    }
    expect(given).toEqual(['9F13', '9F17', '9F36', '9F52', '9F58', '9F59'])
  })
})

describe('GET CHALLENGE', () => {
  it.each([
    ['0084000000', '01020304050607089000'],
    ['0084000008', '01020304050607089000'],
    ['0084010008', '6A86'],
    ['0084000108', '6A86'],
    ['0084000001AA08', '6700'],
    ['8084000008', '6E00'],
  ])('%s: %s', async (command, answer) => {
    expect(await shell().send(SELECT, command)).toBe(answer)
  })
})
