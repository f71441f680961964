import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { Secret } from '../src/index.js'
import { coded } from './support/errors.js'

describe('Secret', () => {
  it('copies its bytes and gives them by expose() alone', () => {
    const bytes = fromHex('041234FFFFFFFFFF')
    const secret = Secret.of(bytes, 'pin block')
    bytes.fill(0)
    expect(toHex(secret.expose())).toBe('041234FFFFFFFFFF')
    expect(secret.expose()).toBe(secret.expose())
    expect([secret.label, secret.length]).toEqual(['pin block', 8])
  })

  it('copies a Buffer, too, of which slices share the bytes', () => {
    const bytes = Buffer.from('041234FFFFFFFFFF', 'hex')
    const secret = Secret.of(bytes, 'pin block')
    bytes.fill(0)
    expect(toHex(secret.expose())).toBe('041234FFFFFFFFFF')
    secret.destroy()
    expect(bytes).toEqual(Buffer.alloc(8))
  })

  it('is zeroed when destroyed, and is of no use afterwards', () => {
    const secret = Secret.of(fromHex('041234FFFFFFFFFF'), 'pin block')
    const bytes = secret.expose()
    secret.destroy()
    expect(toHex(bytes)).toBe('0000000000000000')
    expect(() => secret.expose()).toThrow(coded('ERR_KEY_DESTROYED', { label: 'pin block' }))
    expect(String(secret)).toBe('Secret(pin block, 8 bytes)')
    expect(() => secret.destroy()).not.toThrow()
  })

  it('may be empty', () => expect(Secret.of(new Uint8Array(0), 'd4').length).toBe(0))

  it('refuses a text, which would be taken for its digits', () =>
    expect(() => Secret.of('1234' as unknown as Uint8Array, 'pin')).toThrow(coded('ERR_LENGTH', { label: 'pin' })))
})
