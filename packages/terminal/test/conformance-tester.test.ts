import { describe, expect, it } from 'vitest'
import type { CardUnderTest } from '../src/conformance/case.js'
import { CaseFailed, type CaseRecord, type Step } from '../src/conformance/step.js'
import { PurseTester } from '../src/conformance/tester.js'
import { type Line, PROFILE, scriptedCard } from './conformance-support.js'
import { bytes, hex, retailMac } from './purse-oracle.js'

const FCI = '6F0A8408A000000003869807'
const DAMK = bytes('8888888888888888999999999999990A')
const code = (expected: string) => expect.objectContaining({ code: expected })

/** One action of a tester whose card is told these commands. */
async function act(lines: readonly Line[], action: (t: PurseTester) => Promise<unknown>): Promise<PurseTester> {
  const card = scriptedCard(lines)
  const tester = new PurseTester(card)
  await action(tester)
  expect(card.sent).toHaveLength(lines.length)
  return tester
}

describe('each action sends one command', () => {
  it.each<[command: string, action: (t: PurseTester) => Promise<Step>]>([
    ['00A404000E315041592E5359532E4444463031', (t) => t.selectName('PSE')],
    ['00A4040009A00000000386980701', (t) => t.selectName('ADF1')],
    ['00A4040009A00000000386980702', (t) => t.selectName('ADF2')],
    ['00A4040005A000000003', (t) => t.selectName('A000000003')],
    ['00A40000023F00', (t) => t.selectFid('3F00')],
    ['00C0000005', (t) => t.getResponse(5)],
    ['00C0000000', (t) => t.getResponse(256)],
    ['00B095001E', (t) => t.readBinary(0x15, 0, 0x1e)],
    ['00B07FFF01', (t) => t.readBinaryCurrent(0x7fff, 1)],
    ['00B201C400', (t) => t.readRecord(0x18, 1)],
    ['00B2AAC800', (t) => t.readRecordById(0x19, 0xaa)],
    ['0084000004', (t) => t.challenge()],
    ['0084000008', (t) => t.challenge(8)],
    ['00200000021234', (t) => t.verify('1234')],
    ['805E0100051234FF4321', (t) => t.changePin('1234', '4321')],
    ['805E01000412344321', (t) => t.changePinRaw('12344321')],
    ['805E000006123499C96D0C', (t) => t.reloadPin('1234')],
    ['805E000006123499C96D0D', (t) => t.reloadPin('1234', { mac: 'bad' })],
    [`0088010108${'00'.repeat(9)}`, (t) => t.internalAuthenticate(1, 1, '0000000000000000')],
    ['008200010474B00000', (t) => t.externalAuthenticate(1, '74B00000')],
    ['805C000104', (t) => t.balance('ed')],
    ['80DCAAC803AA2900', (t) => t.updateCapp(0x19, 0xaa, 'AA2900')],
    ['80DC02CC03AA2900', (t) => t.updateCappByNumber(0x19, 2, bytes('AA2900'))],
    ['805A000602000908', (t) => t.prove(6, 9)],
    ['FFFF', (t) => t.raw('FFFF')],
  ])('%s', async (command, action) => {
    await act([[command, '6A86']], async (t) =>
      expect(await action(t)).toMatchObject({ status: '6A86', name: expect.any(String) }),
    )
  })
})

describe('secure messaging with the challenge of the card', () => {
  const given: Line = ['0084000004', 'DEADBEEF9000']
  it.each<[command: string, action: (t: PurseTester) => Promise<Step>]>([
    ['841E000004EFDBCAA1', (t) => t.applicationBlock('temporary')],
    ['841E000004EFDBCAA0', (t) => t.applicationBlock('temporary', { mac: 'bad' })],
    ['841E000104B93B823A', (t) => t.applicationBlock('permanent')],
    ['8418000004E3809B93', (t) => t.applicationUnblock()],
    ['8418000004E3809B92', (t) => t.applicationUnblock({ mac: 'bad' })],
    ['8416000004ED620BC7', (t) => t.cardBlock()],
    ['8416000004ED620BC6', (t) => t.cardBlock({ mac: 'bad' })],
    ['04D695000E0123456789ABCDEF0011EF357EAD', (t) => t.updateBinary(0x15, 0, '0123456789ABCDEF0011')],
    ['04D695000E0123456789ABCDEF0011EF357EAC', (t) => t.updateBinary(0x15, 0, '0123456789ABCDEF0011', { mac: 'bad' })],
    ['842400000C1BDAC9E7E6B79F3E273A3CE1', (t) => t.unblockPin('1234')],
    ['842400000C1BDAC9E7E6B79F3E273A3CE0', (t) => t.unblockPin('1234', { mac: 'bad' })],
    ['842400000CF3CBBBF2C196D3307921C4E8', (t) => t.unblockPinPlain('00')],
  ])('%s', async (command, action) => {
    await act([given, [command, '9000']], async (t) => {
      await t.challenge()
      await t.expect(action(t), '9000')
    })
  })

  it('without one, the initial value is zero, whatever the card gave before', async () => {
    const mac = hex(retailMac(DAMK, new Uint8Array(8), bytes('8416000004')))
    await act([given, [`8416000004${mac}`, '6984']], async (t) => {
      await t.challenge()
      await t.expect(t.cardBlock({ challenge: 'none' }), '6984')
    })
  })
  it('before the first challenge, too', async () => {
    const mac = hex(retailMac(DAMK, new Uint8Array(8), bytes('8416000004')))
    await act([[`8416000004${mac}`, '6984']], (t) => t.expect(t.cardBlock(), '6984'))
  })
  it('with one of the caller', async () => {
    await act([['8416000004ED620BC7', '9000']], (t) => t.expect(t.cardBlock({ challenge: 'DEADBEEF' }), '9000'))
  })
  it('a challenge that was refused leaves the last one in use, as do resets', async () => {
    await act([given, ['0084000004', '6A81'], ['8416000004ED620BC7', '9000']], async (t) => {
      await t.challenge()
      await t.expect(t.challenge(), '6A81')
      await t.reset()
      await t.expect(t.cardBlock(), '9000')
    })
  })
  it('with the keys of the application that is selected', async () => {
    const mac = hex(
      retailMac(bytes('0123456789ABCDEFFEDCBA9876543210'), bytes('DEADBEEF00000000'), bytes('8416000004')),
    )
    await act([['*', '9000'], given, [`8416000004${mac}`, '9000']], async (t) => {
      await t.selectName('ADF2')
      await t.challenge()
      await t.expect(t.cardBlock(), '9000')
    })
  })
  it('UPDATE RECORD', async () => {
    const message = '04DC02CC07AABBCC'
    const mac = hex(retailMac(DAMK, bytes('DEADBEEF00000000'), bytes(message)))
    await act([given, [`${message}${mac}`, '9000']], async (t) => {
      await t.challenge()
      await t.expect(t.updateRecord(0x19, 2, 'AABBCC'), '9000')
    })
  })
  it('EXTERNAL AUTHENTICATE of the key itself', async () => {
    const lines: Line[] = [
      ['0084000004', 'BB83BFF39000'],
      ['008200000874B0047DD681D96C', '9000'],
    ]
    await act(lines, async (t) => {
      await t.challenge()
      await t.expect(t.externalAuthenticate(0), '9000')
    })
  })
})

describe('T=0', () => {
  it('61XX is followed, and the pieces joined', async () => {
    const lines: Line[] = [
      ['00A4040009A00000000386980701', '610C'],
      ['00C000000C', `${FCI.slice(0, 10)}6107`],
      ['00C0000007', `${FCI.slice(10)}9000`],
    ]
    await act(lines, async (t) => {
      const step = await t.expect(t.selectName('ADF1'), { status: '9000', data: FCI })
      expect(step.tpdus.map(({ command, response }) => [hex(command), hex(response)])).toEqual(lines)
      expect(hex(step.response)).toBe(`${FCI.slice(10)}9000`)
    })
  })
  it('raw commands and GET RESPONSE are not followed', async () => {
    await act([['00A4040009A00000000386980701', '610C']], (t) =>
      t.expect(t.raw('00A4040009A00000000386980701'), '610C'),
    )
    await act([['00C0000005', '0102030405610A']], (t) => t.expect(t.getResponse(5), { status: '610A', length: 5 }))
  })
  it('6CXX is followed for records only', async () => {
    const lines: Line[] = [
      ['00B201C400', '6C02'],
      ['00B201C402', 'AABB9000'],
    ]
    await act(lines, (t) => t.expect(t.readRecord(0x18, 1), { status: '9000', data: 'AABB' }))
    await act([['00B0950000', '6C1E']], (t) => t.expect(t.readBinary(0x15, 0, 0), '6C1E'))
  })
  it('a card that asks for GET RESPONSE for ever is left at some time', async () => {
    const lines: Line[] = Array.from({ length: 256 }, () => ['*', '6101'])
    const card = scriptedCard([...lines, ['*', '9000']])
    expect((await new PurseTester(card).selectName('PSE')).status).toBe('6101')
    expect(card.sent).toHaveLength(256)
  })
})

describe('the card under test', () => {
  it('is reset cold, unless told otherwise', async () => {
    const kinds: string[] = []
    const card = scriptedCard([])
    const connection = { ...card.connection, reset: async (kind: string) => bytes(kinds.push(kind) > 0 ? '3B00' : '') }
    const tester = new PurseTester({ ...card, connection })
    expect(hex(await tester.reset())).toBe('3B00')
    await tester.reset('warm')
    expect(kinds).toEqual(['cold', 'warm'])
    expect(tester.records).toEqual([{ label: 'cold reset' }, { label: 'warm reset' }])
  })
  it('has copies, whose steps go into the same protocol', async () => {
    const copy: CardUnderTest = scriptedCard([['*', '6A81']])
    const records: CaseRecord[] = []
    const tester = new PurseTester({ ...scriptedCard([]), clone: async () => copy }, records)
    const other = await tester.fresh()
    expect(other).toBeInstanceOf(PurseTester)
    expect(other.card).toBe(copy)
    await other.challenge()
    expect(records).toMatchObject([{ step: { status: '6A81' } }])
  })
  it('or has none', async () => {
    await expect(new PurseTester(scriptedCard([])).fresh()).rejects.toThrow(code('ERR_CARD'))
  })
  it('lacks a key: the profile is to blame, not the card', async () => {
    const tester = new PurseTester(scriptedCard([['*', '9000']]))
    expect(() => tester.key('load', 2)).toThrow(code('ERR_CARD'))
    await tester.selectName('ADF2')
    expect(() => tester.key('load')).toThrow(code('ERR_CARD'))
    expect(hex(tester.key('maintenance').expose())).toBe('0123456789ABCDEFFEDCBA9876543210')
  })
})

describe('blockPin', () => {
  it('uses up all tries', async () => {
    await act(
      [
        ['00200000029999', '63C2'],
        ['00200000029999', '63C1'],
        ['00200000029999', '63C0'],
      ],
      (t) => t.blockPin(),
    )
  })
  it('never with the right PIN', async () => {
    const card = scriptedCard([['00200000028888', '63C0']], { ...PROFILE, pin: '9999', pinTries: 1 })
    await new PurseTester(card).blockPin()
    expect(card.sent).toEqual(['00200000028888'])
  })
  it('fails where the count is another', async () => {
    await expect(new PurseTester(scriptedCard([['*', '63C1']])).blockPin()).rejects.toThrow(CaseFailed)
  })
})

describe('restore', () => {
  const adf1 = 'A00000000386980701'
  const select = (status: string): Line => [`00A4040009${adf1}`, status]
  const reload: Line = ['805E000006123499C96D0C', '9000']
  const adf2: Line = ['00A4040009A00000000386980702', '9000']

  it('reloads the PIN, and leaves files that are as they should be', async () => {
    const lines: Line[] = [select('9000'), reload, ['00B0950002', '00119000'], ['00B0960001', '229000'], adf2]
    await act(lines, (t) => t.restore())
  })
  it('releases an application and rewrites a file', async () => {
    const message = '04D69500060011'
    const mac = hex(retailMac(DAMK, bytes('0102030400000000'), bytes(message)))
    const lines: Line[] = [
      select('6A81'),
      ['0084000004', 'DEADBEEF9000'],
      ['8418000004E3809B93', '9000'],
      select('9000'),
      reload,
      ['00B0950002', '00129000'],
      ['0084000004', '010203049000'],
      [`${message}${mac}`, '9000'],
      ['00B0960001', '6982'],
      adf2,
    ]
    await act(lines, (t) => t.restore())
  })
  it('fails where the card does not let it', async () => {
    const card = scriptedCard([select('9000'), ['*', '6988']])
    await expect(new PurseTester(card).restore()).rejects.toThrow(CaseFailed)
  })
  it('takes a long file piece by piece, as far as a short file identifier reaches', async () => {
    const [first, second] = PROFILE.applications
    const binaries = { '1A': '00'.repeat(300) }
    const card = scriptedCard(
      [
        ['*', '9000'],
        ['*', '9000'],
        ['00B09A0080', `${'00'.repeat(128)}9000`],
        ['00B09A8080', `${'00'.repeat(128)}9000`],
        adf2,
      ],
      { ...PROFILE, applications: [{ ...first, binaries }, second] },
    )
    await new PurseTester(card).restore()
    expect(card.sent).toHaveLength(5)
  })
})
