/** Random inputs of the vector operation `script-command`. */
import fc from 'fast-check'
import { hasCurrentPinForm, type ReferenceInputs, SCHEME_NAMES, takesChaining } from './reference.js'

export const hexOf = (length: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((bytes) => Buffer.from(bytes).toString('hex').toUpperCase())

const digits = (least: number, most: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: least, maxLength: most })

export const COMMANDS: readonly string[] = [
  'application-block',
  'application-unblock',
  'card-block',
  'pin-unblock',
  'pin-change',
  'pin-change-with-current',
  'put-data',
  'update-record',
]

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })

const SCHEMES_WITH_CURRENT_PIN = SCHEME_NAMES.filter(hasCurrentPinForm)

/** A command of any scheme that has it; what makes no sense there is left out. */
export const inputsOf = (command: string): fc.Arbitrary<ReferenceInputs> =>
  fc
    .record({
      scheme: fc.constantFrom(...(command === 'pin-change-with-current' ? SCHEMES_WITH_CURRENT_PIN : SCHEME_NAMES)),
      command: fc.constant(command),
      imkAc: hexOf(16),
      imkMac: hexOf(16),
      imkEnc: hexOf(16),
      pan: digits(8, 19),
      panSequence: digits(2, 2),
      atc: hexOf(2),
      arqc: hexOf(8),
      macLength: fc.integer({ min: 4, max: 8 }),
      newPin: digits(4, 12),
      currentPin: digits(4, 12),
      pinBlockKey: maybe(fc.constantFrom('ac', 'enc')),
      parity: maybe(fc.constantFrom('odd', 'none')),
      tag: fc.constantFrom('9F58', '9F79', 'C3', 'DF61', '5A'),
      sfi: fc.integer({ min: 1, max: 30 }),
      record: fc.integer({ min: 1, max: 254 }),
      value: fc
        .uint8Array({ minLength: 1, maxLength: 40 })
        .map((bytes) => Buffer.from(bytes).toString('hex').toUpperCase()),
      chained: maybe(fc.integer({ min: 0, max: 300 })),
    })
    .map(({ currentPin, pinBlockKey, parity, chained, ...rest }): ReferenceInputs => {
      return {
        ...rest,
        ...(command === 'pin-change-with-current' ? { currentPin } : {}),
        ...(pinBlockKey === undefined ? {} : { pinBlockKey }),
        ...(parity === undefined ? {} : { parity }),
        ...(chained === undefined || !takesChaining(rest.scheme) ? {} : { chained }),
      }
    })

/** Any command of any scheme. */
export const arbitraryInputs: fc.Arbitrary<ReferenceInputs> = fc.oneof(...COMMANDS.map(inputsOf))
