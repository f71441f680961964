import { describe, expect, it } from 'vitest'
import { expectCardIdentity } from '../src/index.js'
import { coded } from './support/errors.js'

const PAN = '6228000100001'

describe('expectCardIdentity', () => {
  it.each(['12345678', '123456789', '123456789012345678', '1234567890123456789', '00000000'])(
    'accepts the PAN %s',
    (pan) => expect(expectCardIdentity({ pan, panSequence: '00' })).toEqual({ pan, panSequence: '00' }),
  )

  it.each([
    ['7 digits', '1234567', '7 characters'],
    ['20 digits', '12345678901234567890', '20 characters'],
    ['nothing', '', '0 characters'],
    ['a hexadecimal letter', '123456789012345A', '16 characters, not all digits'],
    ['the filler F of tag 5A', '6228000100001F', '14 characters, not all digits'],
    ['a letter in front', 'A23456789012345', '15 characters, not all digits'],
    ['a space', '6228 000100001', '14 characters, not all digits'],
    ['a line feed at the end', '6228000100001\n', '14 characters, not all digits'],
    ['digits that are not ASCII', '٦٢٢٨٠٠٠١٠٠٠٠١', '13 characters, not all digits'],
    ['a number', 6228000100001 as unknown as string, 'number'],
    ['no PAN', undefined as unknown as string, 'undefined'],
  ])('refuses %s', (_, pan, got) =>
    expect(() => expectCardIdentity({ pan, panSequence: '00' })).toThrow(coded('ERR_PAN', { label: 'pan', got })),
  )

  it.each([
    ['one digit', '1', '1 characters'],
    ['three digits', '001', '3 characters'],
    ['nothing', '', '0 characters'],
    ['a letter at the end', '0A', '2 characters, not all digits'],
    ['a letter in front', 'A0', '2 characters, not all digits'],
    ['a number', 1 as unknown as string, 'number'],
    ['a number of two digits', 12 as unknown as string, 'number'],
  ])('refuses as sequence number %s', (_, panSequence, got) =>
    expect(() => expectCardIdentity({ pan: PAN, panSequence })).toThrow(
      coded('ERR_PAN_SEQUENCE', { label: 'panSequence', got }),
    ),
  )

  it('says nothing of the PAN in its errors', () =>
    expect(() => expectCardIdentity({ pan: '123456789012345A', panSequence: '00' })).not.toThrow(/123456/))

  it('gives nothing but the two', () => {
    const card = { pan: PAN, panSequence: '01', pin: '1234' }
    expect(Object.keys(expectCardIdentity(card))).toEqual(['pan', 'panSequence'])
  })
})
