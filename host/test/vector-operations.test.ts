import { createCipheriv } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { runVectorFile } from '../src/vectors/run.js'

const run = (operation: string, inputs: object, outcome: object) =>
  runVectorFile(
    JSON.stringify({
      format: 'issuerkit-vectors/1',
      operation,
      cases: [{ id: 'x', source: 'test', inputs, ...outcome }],
    }),
  )
const first = (name: string): Record<string, unknown> => {
  const file = new URL(`../../vectors/${name}.json`, import.meta.url)
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: { inputs: Record<string, unknown> }[] }
  return cases[0]?.inputs ?? {}
}
const PASSED = { passed: 1, failed: 0 }

describe('PIN blocks', () => {
  test('of the card with the current PIN: 041234FF76543210 XOR 8888000000000000', () => {
    const inputs = {
      format: 'vis',
      pin: '1234',
      currentPin: '8888',
      diversifiedKey: '0123456789ABCDEFFEDCBA9876543210',
    }
    expect(run('pin-block', inputs, { expect: { block: '8C9A34FF76543210' } })).toMatchObject(PASSED)
  })

  test('of format 1 refuse a PIN of 3 digits, and are random otherwise', () => {
    expect(run('pin-block', { format: 'iso-1', pin: '123' }, { error: 'ERR_PIN' })).toMatchObject(PASSED)
    const { failures } = run('pin-block', { format: 'iso-1', pin: '123456789012' }, { expect: { block: '00' } })
    expect(failures[0]?.got).toMatch(/^1C123456789012[0-9A-F]{2}$/)
  })
})

describe('script commands', () => {
  const inputs = {
    ...first('script-command'),
    newPin: undefined,
    command: 'update-record',
    sfi: 2,
    record: 1,
    value: '70',
  }
  test('UPDATE RECORD with the MAC length of the scheme', () => {
    const { failures } = run('script-command', { ...inputs, macLength: undefined }, { expect: { apdu: '00' } })
    expect(failures[0]?.got).toMatch(/^04DC01140970[0-9A-F]{16}$/)
  })

  test('of a file that does not exist', () => {
    expect(run('script-command', { ...inputs, sfi: 31 }, { error: 'ERR_SCRIPT' })).toMatchObject(PASSED)
  })
})

test('offline data authentication without date and static data is negative', () => {
  const inputs = first('offline-data-authentication')
  const without = { ...inputs, staticData: undefined, transactionDate: undefined }
  expect(
    run('offline-data-authentication', without, { expect: { ok: false, stage: 'issuer-certificate' } }),
  ).toMatchObject(PASSED)
})

test('the check value of an AES key is the CMAC of a zero block', () => {
  const key = Buffer.from('2B7E151628AED2A6ABF7158809CF4F3C', 'hex')
  const aes = (block: Buffer) => createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(block)
  // SP 800-38B: the subkey is the zero block enciphered, doubled in the field; the message is zero.
  const doubled = (BigInt(`0x${aes(Buffer.alloc(16)).toString('hex')}`) << 1n) ^ 0n
  const reduced = doubled >> 128n === 0n ? doubled : (doubled & ((1n << 128n) - 1n)) ^ 0x87n
  const kcv = aes(Buffer.from(reduced.toString(16).padStart(32, '0'), 'hex'))
    .toString('hex')
    .slice(0, 10)
  expect(run('key-check-value', { algorithm: 'aes', key: key.toString('hex') }, { expect: { kcv } })).toMatchObject(
    PASSED,
  )
})

test('a cryptogram without padding said has that of its scheme, and one from the ICC key needs no method values', () => {
  const sessionKey = '29B33180E567CE38EA4CBC9D753B0E61'
  const inputs = { sessionKey, data: '0123456789ABCDEF0123456789ABCDEF' }
  expect(run('application-cryptogram', inputs, { expect: { cryptogram: 'FA624250B008B59A' } })).toMatchObject(PASSED)
})
