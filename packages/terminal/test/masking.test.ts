import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMasker, maskTpdu } from '../src/masking.js'
import { hex, text } from './readers-support.js'

const READ = '00B2010C00'
/** The masked data of an answer, without its status. */
const answer = (command: string, response: string): string => {
  const line = maskTpdu({ command: hex(command), response: hex(response) }).split('\n')[1] ?? ''
  expect(line.startsWith('< ')).toBe(true)
  return line.slice(2, -4)
}
const command = (bytes: string): string => maskTpdu({ command: hex(bytes) }).slice(2)

describe('data objects of the holder', () => {
  it.each([
    ['a PAN of 16 digits', '5A086228480012345678', '5A08622848******5678'],
    ['a PAN of 19 digits', '5A0A6228480012345678901F', '5A0A622848*********8901*'],
    ['a PAN of 13 digits', '5A076228480012345F', '5A07622848***2345*'],
    ['a PAN of 12 digits', '5A06622848001234', '5A06********1234'],
    ['a PAN of 8 digits', '5A0462284800', '5A04****4800'],
    ['a PAN that is none', '5A086228480012A45678', '5A08****************'],
    ['a PAN of 20 digits', '5A0A62284800123456789012', '5A0A********************'],
    ['track 2', '57116228480012345678D30122010000012345', '5711622848******5678******************'],
    ['track 2 with nothing behind the separator', '57096228480012345678DF', '5709622848******5678**'],
    ['track 2 without a separator', '57086228480012345678', '5708****************'],
    ['track 2 of another kind', '9F6B096228480012345678D3', '9F6B09622848******5678**'],
    ['an amount in 9F6B', '9F6B06000000100000', '9F6B06************'],
    ['track 1', '5603423632', '5603******'],
    ['a name', '5F2003414243', '5F2003******'],
    ['a longer name', '9F0B03414243', '9F0B03******'],
    ['an identity number', '9F6103414243', '9F6103******'],
    ['its type', '9F620101', '9F6201**'],
    ['track 1 discretionary data', '9F1F023132', '9F1F02****'],
    ['track 2 discretionary data', '9F20023132', '9F2002****'],
    ['an account number', '5F53024142', '5F5302****'],
    ['PIN data', '9908AABBCCDDEEFF0011', '9908****************'],
    ['an empty name', '5F2000', '5F2000'],
  ])('%s', (_, object, masked) => {
    expect(answer(READ, `${object}9000`)).toBe(masked)
    const length = (object.length / 2).toString(16).padStart(2, '0').toUpperCase()
    expect(answer(READ, `70${length}${object}9000`)).toBe(`70${length}${masked}`)
    expect(answer(READ, `7081${length}${object}820200009000`)).toBe(`7081${length}${masked}82020000`)
  })

  it("stay visible when they are not the holder's", () => {
    const fields = '5F24033012315F280201569F0702FF00'
    expect(answer(READ, `7010${fields}9000`)).toBe(`7010${fields}`)
  })
  it.each([
    ['SELECT', '00A40400', '6F0E8407A0000003330101A5035001AA'],
    ['GET PROCESSING OPTIONS', '80A8000002830000', '800E7C00080101001001030018010200'],
    ['GENERATE AC', '80AE800000', '770C9F2701809F3602000182021C00'],
    ['GET DATA', '80CA9F3600', '9F36020001'],
    ['GET CHALLENGE', '0084000008', '5A06622848001234'],
  ])('an answer to %s is shown', (_, asked, data) => expect(answer(asked, `${data}9000`)).toBe(data))

  it.each([
    ['a cut PAN', '5A0862284800', '5A08********'],
    ["a cut object that is not the holder's", '9F46105A0862284800', '9F4610************'],
    ['a cut length', '9F46825A', '********'],
    ['a cut tag', '9F', '**'],
    ['a tag that does not end', '9F8182', '******'],
    ['an indefinite length', '70805A04622848000000', '********************'],
    ['a length of four bytes', '5A840000000462284800', '********************'],
    ['bytes behind it', '820200005A0862', '820200005A08**'],
  ])('%s, in an answer that is over: everything from there on is hidden', (_, data, masked) => {
    expect(answer(READ, `${data}9000`)).toBe(masked)
  })
  it('padding between data objects is skipped', () => {
    expect(answer(READ, '0000820200005A04622848009000')).toBe('0000820200005A04****4800')
  })
  it('a template with a wrong length hides what it holds all the same', () => {
    expect(answer(READ, '70035A0862284800123456789000')).toBe('70035A08622848******5678')
    expect(answer(READ, '70505A0862284800123456789000')).toBe('70505A08622848******5678')
  })
  it.each([
    ['a record of SFI 11', '00B2015C00', '5F240330123182020000'],
    ['an answer to VERIFY', '0020008000', '8202'],
    ['an answer to a command that nobody knows', '8050000000', '82020000'],
    ['GET RESPONSE without what came before', '00C0000004', '82020000'],
  ])('%s is hidden as a whole', (_, asked, data) => expect(answer(asked, `${data}9000`)).toBe('*'.repeat(data.length)))

  it.each(['', '90', '9000', '6A83'])('an answer without data: %s', (response) => {
    expect(maskTpdu({ command: hex(READ), response: hex(response) })).toBe(`> ${READ}\n< ${response}`)
  })
})

describe('commands', () => {
  it.each([
    ['SELECT', '00A4040007A0000003330101', '00A4040007A0000003330101'],
    ['SELECT with Le', '00A4040007A000000333010100', '00A4040007A000000333010100'],
    ['READ RECORD', READ, READ],
    ['EXTERNAL AUTHENTICATE', '008200000AAABBCCDD112233443030', '008200000AAABBCCDD112233443030'],
    ['APPLICATION BLOCK', '841E000004AABBCCDD', '841E000004AABBCCDD'],
    ['VERIFY', '0020008008241234FFFFFFFFFF', '0020008008****************'],
    ['VERIFY in a chain, secured', '1C20008003241234', '1C20008003******'],
    ['VERIFY with Le', '002000800224120F', '0020008002****0F'],
    ['VERIFY, extended', '00200080000002241200 00', '00200080000002****0000'],
    ['PIN CHANGE', '8424000204AABBCCDD', '8424000204********'],
    ['PUT KEY', '80D8000002AABB', '80D8000002****'],
    ['STORE DATA', '80E2000002AABB', '80E2000002****'],
    ['a command that nobody knows', '8050000002AABB', '8050000002****'],
    ['PUT DATA of a limit', '04DA9F580503AABBCCDD', '04DA9F580503AABBCCDD'],
    ['PUT DATA of an identity number', '04DA9F6106414200112233', '04DA9F6106************'],
    ['PUT DATA of a PAN', '04DA005A086228480012345678', '04DA005A08622848******5678'],
    ['PUT DATA of a PAN with a MAC', '04DA005A0C6228480012345678AABBCCDD', '04DA005A0C************************'],
    [
      'PUT DATA of a PAN and a MAC without letters',
      '04DA005A0C622848001234567811223344',
      '04DA005A0C************************',
    ],
    ['UPDATE RECORD', '04DC010C0A5A06622848001234AABB', '04DC010C0A5A06********1234****'],
    ['a malformed VERIFY', '0020008008241234', '00200080********'],
    ['a command cut short', '0020', '0020'],
    ['no command', '', ''],
  ])('%s', (_, bytes, masked) => expect(command(bytes.replace(' ', ''))).toBe(masked))
})

describe('an answer in pieces', () => {
  it('is masked as one', () => {
    const mask = createMasker()
    expect(mask({ command: hex(READ), response: hex('700A5A0862286102') })).toBe(`> ${READ}\n< 700A5A08****6102`)
    expect(mask({ command: hex('00C0000004'), response: hex('480012346102') })).toBe('> 00C0000004\n< ********6102')
    expect(mask({ command: hex('00C0000002'), response: hex('56789000') })).toBe('> 00C0000002\n< 56789000')
    expect(mask({ command: hex('0020008002'), response: hex('9000') })).toBe('> 0020008002\n< 9000')
    expect(mask({ command: hex('00C0000002'), response: hex('56789000') })).toBe('> 00C0000002\n< ****9000')
  })
  it("shows what is not the holder's before its end has come", () => {
    const mask = createMasker()
    expect(mask({ command: hex(READ), response: hex('9F4604AABB6102') })).toBe(`> ${READ}\n< 9F4604AABB6102`)
    expect(mask({ command: hex('00C0000002'), response: hex('CCDD9000') })).toBe('> 00C0000002\n< CCDD9000')
  })
  it('of more than 4096 bytes is hidden from there on', () => {
    const mask = createMasker()
    const piece = (data: string): string =>
      mask({ command: hex('00C0000000'), response: hex(`${data}6100`) })
        .split('\n')[1]
        ?.slice(2, -4) ?? ''
    mask({ command: hex('00B2010C00'), response: hex('9F4682102C6100') })
    const pieces = Array.from({ length: 16 }, () => piece('AA'.repeat(255)))
    expect(pieces).toEqual(Array(16).fill('AA'.repeat(255)))
    expect(piece('AA'.repeat(12))).toBe('*'.repeat(24))
    expect(piece('AA')).toBe('**')
  })
  it('is not confused by a command whose buffer changes', () => {
    const mask = createMasker()
    const buffer = hex('0020008002')
    mask({ command: buffer, response: hex('6102') })
    buffer.set(hex('00A4'))
    expect(mask({ command: hex('00C0000002'), response: hex('12349000') })).toBe('> 00C0000002\n< ****9000')
  })
})

const digits = (min: number, max: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: min, maxLength: max }).map((list) => list.join(''))
const evenHex = (value: string, pad: string): string => (value.length % 2 === 0 ? value : value + pad)
const tlv = (tag: string, value: string): string => {
  const length = value.length / 2
  return tag + (length < 128 ? '' : '81') + length.toString(16).padStart(2, '0') + value
}
/** The data digits of the trace's answers, in order. */
const shown = (lines: readonly string[]): string =>
  lines.map((line) => (line.split('\n')[1] ?? '').slice(2, -4)).join('')

describe('whatever the digits and wherever an answer is cut', () => {
  const object = fc.oneof(
    digits(8, 19).map((pan) => ({ pan, coded: pan, bytes: tlv('5A', evenHex(pan, 'F')) })),
    fc
      .tuple(digits(8, 19), digits(7, 17))
      .map(([pan, rest]) => ({ pan, coded: pan, bytes: tlv('57', evenHex(`${pan}D${rest}`, 'F')) })),
    digits(8, 19).map((pan) => {
      const coded = text(Buffer.from(pan))
      return { pan, coded, bytes: tlv('56', coded) }
    }),
  )
  const filler = fc.uint8Array({ maxLength: 100 }).map((value) => tlv('9F46', text(value)))
  const record = fc.tuple(filler, object, filler).map(([before, { pan, coded, bytes }, after]) => {
    const body = tlv('70', before + bytes + after)
    // The value stands behind one byte of tag and one of length.
    return { pan, coded, body, place: body.length - after.length - bytes.length + 4 }
  })

  it('no trace has the middle of a PAN at its place', () => {
    fc.assert(
      fc.property(
        record,
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
        ({ pan, coded, body, place }, sizes) => {
          const data = hex(body)
          const mask = createMasker()
          const lines: string[] = []
          for (let at = 0, i = 0; at < data.length; i++) {
            const end = at + (sizes[i % sizes.length] ?? 1)
            const status = end < data.length ? '6110' : '9000'
            const asked = at === 0 ? READ : '00C0000010'
            lines.push(mask({ command: hex(asked), response: Buffer.concat([data.subarray(at, end), hex(status)]) }))
            at = end
          }
          const trace = shown(lines)
          expect(trace.length).toBe(body.length)
          const head = pan.length >= 13 ? 6 : 0
          expect(body.slice(place, place + coded.length)).toBe(coded)
          const [from, to] = pan === coded ? [place + head, place + pan.length - 4] : [place, place + coded.length]
          expect(trace.slice(from, to)).toBe('*'.repeat(to - from))
        },
      ),
    )
  })

  it('no trace of a VERIFY or a PIN CHANGE has anything of its data', () => {
    const classes = fc.constantFrom('00', '04', '0C', '10', '80', '84', '94')
    fc.assert(
      fc.property(
        classes,
        fc.constantFrom('20', '24', '2C', 'D8'),
        fc.uint8Array({ minLength: 1, maxLength: 255 }),
        (cla, ins, data) => {
          const bytes = hex(`${cla}${ins}0080${data.length.toString(16).padStart(2, '0')}${text(data)}`)
          expect(maskTpdu({ command: bytes }).slice(12)).toBe('*'.repeat(2 * data.length))
        },
      ),
    )
  })

  it('every TPDU is masked, whatever its bytes, and keeps its length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 60 }), (bytes, response) => {
        const lines = maskTpdu({ command: bytes, response }).split('\n')
        expect(lines.map((line) => line.length)).toEqual([2 + 2 * bytes.length, 2 + 2 * response.length])
      }),
    )
  })
})
