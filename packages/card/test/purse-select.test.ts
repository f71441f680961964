/** SELECT and GET RESPONSE as [ETC] 3.2, 4.1.11, 4.1.12 test them. */
import { describe, expect, it } from 'vitest'
import { endTransaction, newPurseSession } from '../src/purse-select.js'
import { ADF1, ADF2, application, PSE, purse, purseMemory, purseOf, select, verify } from './support/purse-shell.js'

const FCI_MF = '6F15840E315041592E5359532E4444463031A503880101'.replace('880101', '880101')
const FILE_15 = '112233445566778801020000000000000000000120080101203012315566'
const fciOf = (name: string): string => `6F2E8409${name}A5219F0C1E${FILE_15}`

describe('SELECT by name', () => {
  it('gives the FCI of the MF and of the applications, from wherever', async () => {
    const card = purseOf(purseMemory())
    expect(await card.send(select(PSE), select(ADF1), select(ADF2), select(PSE), select(ADF2))).toBe(
      [FCI_MF, fciOf(ADF1), fciOf(ADF2), FCI_MF, fciOf(ADF2)].map((fci) => `${fci}9000`).join(' '),
    )
  })
  it('without file 0015 has an empty proprietary template', async () => {
    const files = { binary: { 16: '00' }, cyclic: { 18: { length: 23, records: 10 } } }
    const card = purseOf(purseMemory({ applications: [application(ADF1, '3F01', { files })] }))
    expect(await card.send(select(ADF1))).toBe(`6F108409${ADF1}A5039F0C009000`)
  })
  it.each([
    ['another name', select('A0000000038698070F'), '6A82'],
    ['the beginning of a name', select('A000000003'), '6A82'],
    ['a longer name', select(`${ADF1}00`), '6A82'],
    ['P1 01', '00A40100023F00', '6A86'],
    ['P2 01', `00A4040109${ADF1}`, '6A86'],
    ['the next one', `00A4040209${ADF1}`, '6A86'],
    ['nothing', '00A4040000', '6700'],
    ['four bytes', select('A0000000'), '6700'],
    ['seventeen bytes', select('A0'.repeat(17)), '6700'],
    ['the MF by identifier', '00A40000023F00', '6A86'],
    ['an application by identifier', '00A40000023F01', '6A86'],
    ['a file by identifier', '00A40000020015', '6A86'],
  ])('%s changes nothing', async (_, command, status) => {
    const card = await purse()
    await card.send(verify('1234'), '00B0950001')
    expect(await card.send(command, '805C000204', '00B0000001')).toBe(`${status} 000027109000 119000`)
  })
  it('forgets the PIN, the file, the challenge', async () => {
    const card = await purse()
    await card.send(verify('1234'), '00B0950001', '0084000004')
    await card.send(select(ADF1))
    expect(await card.send('841E00000400000000', '805C000204', '00B0000001')).toBe('6984 6982 6A82')
  })
})

describe('SELECT by identifier, where the card serves it', () => {
  it.each([
    ['3F00', `${FCI_MF}9000`],
    ['3F01', `${fciOf(ADF1)}9000`],
    ['3F02', `${fciOf(ADF2)}9000`],
    ['0015', '9000'],
    ['0018', '9000'],
    ['001D', '6A82'],
    ['1515', '6A82'],
    ['3F', '6700'],
    ['3F0000', '6700'],
  ])('%s is answered %s', async (identifier, expected) => {
    const card = await purse({ profile: 'fmcos', protocol: 'T=1' })
    expect(
      await card.send(`00A40000${identifier.length === 4 ? '02' : `0${identifier.length / 2}`}${identifier}`),
    ).toBe(expected)
  })
  it('makes a file current, and no other P1 P2 goes', async () => {
    const card = await purse({ switches: { selectByFid: 'serve' } })
    await card.send(verify('1234'))
    expect(await card.send('00A40000020015', '00B0000001', '805C000204')).toBe('9000 119000 000027109000')
    expect(await card.send('00A40001020015', '00A40200020015')).toBe('6A86 6A86')
  })
})

describe('GET RESPONSE on T=0', () => {
  it('gives the FCI, whole or in parts', async () => {
    const card = purseOf(purseMemory({ protocol: 'T=0' }))
    expect(await card.send(select(ADF1), '00C0000030')).toBe(`6130 ${fciOf(ADF1)}9000`)
    expect(await card.send(select(PSE), '00C0000005', '00C0000012')).toBe(
      `6117 ${FCI_MF.slice(0, 10)}6112 ${FCI_MF.slice(10)}9000`,
    )
  })
  it('with nothing to get is answered as the card does', async () => {
    const card = purseOf(purseMemory())
    await card.send(select(ADF1), '0084000004')
    expect(await card.send('00C0000005', '80C0000005', '00C0010005', '00C0000105')).toBe('6F00 6E00 6A86 6A86')
    expect(await (await purse({ profile: 'fmcos' })).send('00C0000005')).toBe('6985')
  })
  it('keeps what is there when its parameters are wrong', async () => {
    const card = purseOf(purseMemory({ protocol: 'T=0' }))
    expect(await card.send(select(ADF1), '80C0000030', '00C0010030', '00C0000000', '00C0000030')).toBe(
      `6130 6E00 6A86 6C30 ${fciOf(ADF1)}9000`,
    )
  })
})

describe('the end of a transaction', () => {
  it('zeroes its session key', () => {
    const sessionKey = new Uint8Array(8).fill(7)
    const session = newPurseSession()
    session.transaction = {
      ...{ state: 'load', purse: 'ed', amount: 1, keyIndex: 1, serial: 0, cache: new Map() },
      ...{ terminal: new Uint8Array(6), random: new Uint8Array(4), sessionKey },
    } as const
    endTransaction(session)
    expect([...sessionKey, session.transaction]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, undefined])
  })
})
