import { createDecipheriv } from 'node:crypto'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { type KeyRow, MasterKey, randomHex } from '../src/wrap.js'

const row: KeyRow = { id: 'k1', issuer: 'bank', usage: 'E0', algorithm: 'T' }
const key = Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex')
const masterBytes = Buffer.alloc(32, 7)
const master = new MasterKey(masterBytes)

test('a wrapped key unwraps under the same master key and row', () => {
  const wrapped = master.wrap(row, key)
  expect(wrapped.length).toBe(1 + 12 + key.length + 16)
  expect(master.unwrap({ ...row }, wrapped)).toEqual(Uint8Array.from(key))
  expect(Buffer.from(master.wrap(row, key)).equals(wrapped)).toBe(false)
})

test('it is AES-256-GCM with the row as additional data', () => {
  const wrapped = Buffer.from(master.wrap(row, key))
  const decipher = createDecipheriv('aes-256-gcm', masterBytes, wrapped.subarray(1, 13))
  decipher.setAAD(Buffer.from('["issuerkit-key-1","k1","E0","T","bank"]')).setAuthTag(wrapped.subarray(-16))
  expect(Buffer.concat([decipher.update(wrapped.subarray(13, -16)), decipher.final()])).toEqual(key)
})

test.each([
  ['id', { id: 'k2' }],
  ['issuer', { issuer: 'other' }],
  ['usage', { usage: 'E1' }],
  ['algorithm', { algorithm: 'A' }],
  ['split of the fields', { usage: 'E', algorithm: '0T' }],
])('another %s does not unwrap, and the error names the row', (_field, change) => {
  const wrapped = master.wrap(row, key)
  const other = { ...row, ...change }
  expect(() => master.unwrap(other, wrapped)).toThrow(
    expect.objectContaining({ code: 'ERR_KEY_UNWRAP', message: `the stored key ${other.id} does not unwrap` }),
  )
})

test('neither does any changed byte, any shorter text, or another master key', () => {
  const wrapped = master.wrap(row, key)
  for (let index = 0; index < wrapped.length; index++) {
    const changed = wrapped.map((byte, at) => (at === index ? byte ^ 1 : byte))
    expect(() => master.unwrap(row, changed)).toThrow('k1')
    expect(() => master.unwrap(row, wrapped.subarray(0, index))).toThrow('k1')
  }
  expect(() => new MasterKey(new Uint8Array(32)).unwrap(row, wrapped)).toThrow('k1')
})

test('a master key is 32 bytes and shows none of them', () => {
  for (const length of [0, 16, 31, 33]) {
    expect(() => new MasterKey(new Uint8Array(length))).toThrow(expect.objectContaining({ code: 'ERR_MASTER_KEY' }))
  }
  expect(`${inspect(master, { depth: 9, showHidden: true })}${JSON.stringify(master)}`).not.toMatch(/07|7, 7/)
})

test('random text has the length asked for and does not repeat', () => {
  expect(randomHex(32)).toMatch(/^[0-9A-F]{64}$/)
  expect(randomHex(32)).not.toBe(randomHex(32))
})
