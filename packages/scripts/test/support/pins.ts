/** Bytes, PINs and errors for the tests of PIN blocks. */
import type { IssuerkitError } from '@issuerkit/apdu'
import { Secret } from '@issuerkit/keys'
import fc from 'fast-check'
import { expect } from 'vitest'

export const hexBytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
export const hexText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()
/** The digits of a PIN that was read: a secret holds them in ASCII. */
export const digitsOf = (pin: Secret): string => Buffer.from(pin.expose()).toString('ascii')
export const secretPin = (digits: string): Secret => Secret.of(new Uint8Array(Buffer.from(digits, 'ascii')), 'PIN')

/** A source of fill that gives these bytes, and the lengths that it was asked for. */
export function fixedRandom(text: string): { random: (length: number) => Uint8Array; asked: number[] } {
  const asked: number[] = []
  const random = (length: number): Uint8Array => {
    asked.push(length)
    return hexBytes(text)
  }
  return { random, asked }
}

export const pins = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 4, maxLength: 12 })
export const pans = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 8, maxLength: 19 })

/** The error that the call throws. */
export function thrown(call: () => unknown): IssuerkitError {
  try {
    call()
  } catch (error) {
    return error as IssuerkitError
  }
  throw new Error('nothing was thrown')
}

/** That the call throws the one error of PIN blocks, and that the error tells nothing at all. */
export function expectPinBlockError(call: () => unknown): void {
  const { name, code, message, label, expected, got, path, offset, cause } = thrown(call)
  expect({ name, code, message }).toEqual({ name: 'IssuerkitError', code: 'ERR_PIN_BLOCK', message: 'ERR_PIN_BLOCK' })
  expect([label, expected, got, path, offset, cause]).toEqual(Array(6).fill(undefined))
}
