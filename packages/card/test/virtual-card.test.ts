/** A virtual card as a reader sees it: T=0 and T=1, GET RESPONSE, and what is no command. */
import { encodeCommand, fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CardAnswer, VirtualCard } from '../src/virtual-card.js'
import { data, hex, make, send } from './support/frame.js'

describe('[EMV-B1] 9.3.1 T=0', () => {
  it('answers a command with data by 61XX, the data by GET RESPONSE', async () => {
    const card = make()
    expect(await send(card, '00A4040002AABB00')).toBe('6113')
    expect(await send(card, '00C0000013')).toBe(`${hex(0x13)}9000`)
    expect(await send(card, '00C0000013')).toBe('6D00')
  })
  it('does so without Le, too: the interface has no case 4', async () => {
    expect(await send(make(), '00A4040002AABB', '00C0000013')).toBe(`${hex(0x13)}9000`)
  })
  it('answers a command without data by 6CXX unless Le is the length', async () => {
    const card = make()
    expect(await send(card, '00B2010C00')).toBe('6C2A')
    expect(await send(card, '00B2010C29')).toBe('6C2A')
    expect(await send(card, '00B2010C2B')).toBe('6C2A')
    expect(await send(card, '00B2010C')).toBe('6C2A')
    expect(await send(card, '00C000002A')).toBe('6D00')
    expect(await send(card, '00B2010C2A')).toBe(`${hex(0x2a)}9000`)
  })
  it('says 00 for 256 bytes', async () => {
    const card = make()
    expect(await send(card, '00BA000001')).toBe('6C00')
    expect(await send(card, '00BA000000')).toBe(`${hex(256)}9000`)
    expect(await send(card, '00BA000001FF')).toBe('6100')
    expect(await send(card, '00C0000000')).toBe(`${hex(256)}9000`)
  })
  it('gives more than 256 bytes in parts', async () => {
    const card = make()
    expect(await send(card, '00BC000001FF')).toBe('6100')
    expect(await send(card, '00C0000000')).toBe(`${hex(256)}612C`)
    expect(await send(card, '00C000002C')).toBe(`${toHex(data(300).subarray(256))}9000`)
  })
  it.each([
    ['62XX', 'B4', '6283'],
    ['63XX', 'B6', '63C2'],
  ])('gives the warning %s first, the data by GET RESPONSE', async (_, ins, status) => {
    for (const command of [`00${ins}040001AA00`, `00${ins}000005`]) {
      const card = make()
      expect(await send(card, command)).toBe(status)
      expect(await send(card, '00C0000000')).toBe('6C05')
      expect(await send(card, '00C0000005')).toBe('00010203049000')
    }
  })
  it('answers cases 1 and 3 with the status alone', async () => {
    expect(await send(make(), '00D60000')).toBe('9000')
    expect(await send(make(), '00D6000001AA')).toBe('9000')
    expect(await send(make(), '00D8000001AA')).toBe('6985')
    expect(await send(make(), '00D6000001AA', '00C0000001')).toBe('6D00')
  })
  it.each([
    ['Le in two bytes', '00B2010C00002A'],
    ['Le 0000', '00B2010C000000'],
    ['Lc in three bytes', '00A40400000002AABB'],
    ['Lc and Le', '00A40400000002AABB0000'],
    ['256 bytes of data', `00A40400000100${hex(256)}`],
  ])('refuses the extended form: %s', async (_, command) => {
    expect(await send(make(), command)).toBe('6700')
  })
})

describe('T=1', () => {
  const card = (): VirtualCard => make({ protocol: 'T=1' })
  it('gives data at once, up to Le', async () => {
    expect(await send(card(), '00A4040002AABB00')).toBe(`${hex(0x13)}9000`)
    expect(await send(card(), '00A4040002AABB')).toBe(`${hex(0x13)}9000`)
    expect(await send(card(), '00B2010C00')).toBe(`${hex(0x2a)}9000`)
    expect(await send(card(), '00B2010C2A')).toBe(`${hex(0x2a)}9000`)
    expect(await send(card(), '00B2010C29')).toBe('6C2A')
    expect(await send(card(), '00A4040002AABB12')).toBe('6C13')
    expect(await send(card(), '00A4040002AABB00', '00C0000013')).toBe('6D00')
  })
  it('gives a warning with its data', async () => {
    expect(await send(card(), '00B4000001AA00')).toBe('00010203046283')
  })
  it('takes the extended form', async () => {
    expect(await send(card(), '00B2010C000000')).toBe(`${hex(0x2a)}9000`)
    expect(await send(card(), '00BC0000000000')).toBe(`${hex(300)}9000`)
    expect(await send(card(), '00BC000000')).toBe('6C00')
  })
  it('gives what comes later by GET RESPONSE, up to Le', async () => {
    const one = card()
    expect(await send(one, '00B8000001AA00')).toBe('6A81')
    expect(await send(one, '00C0000000')).toBe(`${hex(9)}9000`)
    expect(await send(one, '00C0000000')).toBe('6D00')
    expect(await send(one, '00B8000001AA00', '00C0000004')).toBe('000102036105')
    expect(await send(one, '00C000000000FF')).toBe('04050607089000')
  })
  it('keeps data for now and data for later apart', async () => {
    const one = card()
    expect(await send(one, '00BE000001AA00')).toBe(`${hex(4)}9000`)
    expect(await send(one, '00C0000000')).toBe(`${hex(7)}9000`)
  })
})

describe('GET RESPONSE', () => {
  it('gives parts, and says what is left', async () => {
    const card = make()
    expect(await send(card, '00A4040001AA00', '00C0000005')).toBe('0001020304610E')
    expect(await send(card, '00C0000001')).toBe('05610D')
    expect(await send(card, '00C000000E')).toBe('6C0D')
    expect(await send(card, '00C000000D')).toBe('060708090A0B0C0D0E0F1011129000')
  })
  it('gives the data behind a refusal', async () => {
    const card = make()
    expect(await send(card, '00B8040001AA00')).toBe('6A81')
    expect(await send(card, '00C0000009')).toBe(`${hex(9)}9000`)
  })
  it('with another length is told the right one, and may try again', async () => {
    const card = make()
    expect(await send(card, '00A4040001AA00', '00C0000014')).toBe('6C13')
    expect(await send(card, '00C00000')).toBe('6C13')
    expect(await send(card, '00C0000013')).toBe(`${hex(0x13)}9000`)
  })
  it.each([
    ['6E00', '80C0000013'],
    ['6A86', '00C0010013'],
    ['6A86', '00C0000113'],
    ['6700', '00C0000001AA'],
  ])('is refused with %s when it is %s, and what is pending stays', async (status, command) => {
    const card = make()
    expect(await send(card, '00A4040001AA00', command)).toBe(status)
    expect(await send(card, '00C0000013')).toBe(`${hex(0x13)}9000`)
  })
  it.each(['6D00', '6F00', '6985'])('with nothing pending is answered %s where the card does so', async (status) => {
    const card = make({ nothingPending: status })
    expect(await send(card, '00C0000013')).toBe(status)
    expect(await send(card, '80C0010013')).toBe(status)
  })
  it.each(['00D60000', '00FE0000', 'FFA40000', '0060000000', '00A4', '', '00B2010C00002A', '00A4040005AABB'])(
    'finds nothing after another command: %s',
    async (between) => {
      const card = make()
      expect(await send(card, '00A4040001AA00', between)).toMatch(/^6|^9000$/)
      expect(await send(card, '00C0000013')).toBe('6D00')
    },
  )
  it('is refused by what the card sees of it', async () => {
    const card = make({ refuseGetResponse: ({ cla, le }) => (cla === 0 && le === 0x13 ? undefined : '6D00') })
    expect(await send(card, '00A4040001AA00', '80C0000013')).toBe('6D00')
    expect(await send(card, '00C0000012')).toBe('6D00')
    expect(await send(card, '00C0000013')).toBe(`${hex(0x13)}9000`)
  })
  it('is refused where the card refuses it, pending or not', async () => {
    let refusal: string | undefined
    const card = make({ refuseGetResponse: () => refusal })
    await send(card, '00A4040001AA00')
    refusal = '6A81'
    expect(await send(card, '00C0000013')).toBe('6A81')
    refusal = undefined
    expect(await send(card, '00C0000013')).toBe(`${hex(0x13)}9000`)
    refusal = '6A81'
    expect(await send(card, '00C0000013')).toBe('6A81')
  })
})

describe('[ISO7816-4] 5.1 what is no command', () => {
  it.each([
    ['', '6700'],
    ['00', '6700'],
    ['00A404', '6700'],
    ['00A4040005AABB', '6700'],
    ['00A4040001AABBCC', '6700'],
    ['00A40400000000', '6700'],
    ['FFA4040001AA', '6E00'],
    ['0060000000', '6D00'],
    ['006F000000', '6D00'],
    ['0090000000', '6D00'],
    ['009F0000', '6D00'],
  ])('%s is answered %s, and never reaches the program', async (command, status) => {
    const process = (): CardAnswer => expect.fail('it was asked')
    expect(await send(make({ process }), command)).toBe(status)
  })
  it.each(['0050000000', '0070000000', '0080000000', '00A0000000'])('%s is one', async (command) => {
    expect(await send(make({ process: () => ({ status: '9400' }) }), command)).toBe('9400')
  })
  it('answers any bytes on either protocol, and nothing changes', async () => {
    const noise = fc.uint8Array({ maxLength: 12 })
    const near = fc.tuple(fc.constantFrom('00A4', '00B2', '00C0', '80C0', '00D6'), noise).map(([header, rest]) => {
      return Uint8Array.of(...fromHex(header), ...rest)
    })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('T=0', 'T=1'), fc.array(fc.oneof(noise, near)), async (protocol, commands) => {
        const card = make({ protocol })
        for (const command of commands) {
          if ([0xc8, 0xca, 0xcc].includes(command[1] ?? 0)) continue
          const answer = await card.exchange(command)
          expect(toHex(answer.subarray(-2))).toMatch(/^(?:6[1-9A-F]|9)/)
        }
        expect(card.memory.readNumber('count')).toBe(0)
      }),
      { numRuns: 200 },
    )
  })
  it('gives on T=0 the same data in any parts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 600 }),
        fc.array(fc.integer({ min: 1, max: 256 })),
        async (n, parts) => {
          const card = make({ process: () => ({ status: '9000', data: data(n) }) })
          let said = await send(card, '80AE800001AA00')
          let all = ''
          for (let i = 0; said.endsWith('9000') === false; i++) {
            const rest = Number.parseInt(said.slice(-2), 16) || 256
            expect(said.slice(-4)).toBe(`61${toHex(Uint8Array.of(Math.min(n - all.length / 2, 256)))}`)
            const le = Math.min(parts[i] ?? 256, rest)
            said = await send(card, toHex(encodeCommand({ cla: 0, ins: 0xc0, p1: 0, p2: 0, le })))
            all += said.slice(0, -4)
          }
          expect(all).toBe(hex(n))
        },
      ),
      { numRuns: 60 },
    )
  })
})
