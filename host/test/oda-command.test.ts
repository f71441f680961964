/** `issuerkit oda`: recorded sessions and batches, as a person and as a program sees them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, toHex } from '@issuerkit/apdu'
import { caKeysToCsv, caKeyToText, caKeyToTlv, publishedCaKeys } from '@issuerkit/oda'
import { describe, expect, test } from 'vitest'
import { testFolder } from './support/folders.js'
import { run } from './support/run.js'

const CARD = join(import.meta.dirname, '..', '..', 'vectors', 'transcripts', 'unionpay-debit.txt')
const TRANSCRIPT = readFileSync(CARD, 'utf8')
const GOOD = ['--date', '20221101', '--method', 'sda']
const CA_KEY = publishedCaKeys().store.find('live', fromHex('A000000333'), 3)
if (CA_KEY === undefined) throw new Error('the CA key of the card is not there')

function fileOf(text: string): string {
  const file = join(testFolder(), 'file')
  writeFileSync(file, text)
  return file
}

describe('a recorded session', () => {
  test('that holds is shown stage by stage', async () => {
    const { code, out, err } = await run(['oda', ...GOOD, CARD])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const lines = out.split('\n')
    expect(lines[0]).toBe(`${CARD}: sda ok`)
    expect(lines).toContain('  ca-key: ok  [EMV-B2] 5.2')
    expect(lines).toContain('    caKeyChecksum 87F0CD7C0E86F38F89A66F8C47071A8B88586F26')
    expect(lines).toContain('  static-data: ok  [EMV-B2] 5.4')
    expect(out).toMatch(/\n {4}issuerModulus [0-9A-F]{32}… \(\d+ bytes\)\n/)
    expect(lines.slice(-2)).toEqual(['  TVR 0200000000  TSI 8000', ''])
  })

  test('explained is shown in full', async () => {
    expect((await run(['oda', ...GOOD, '--explain', CARD])).out).toMatch(/\n {4}issuerModulus [0-9A-F]{200,}\n/)
  })

  test('is judged by what its records prove', async () => {
    const { code, out } = await run(['oda', '--date', '20221101', '--method', 'records', '--json', CARD])
    expect(code).toBe(0)
    const verdicts = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(verdicts).toMatchObject([
      { file: CARD, ok: true, method: 'sda', tvr: '0200000000' },
      { file: CARD, ok: true, method: 'icc-key' },
    ])
  })

  test.each([
    ['after the end of its CA key', ['--date', '20300101'], /ca-key: NOT OK {2}CA_KEY_EXPIRED: .*\. \[EMV-B2\] /],
    ['after its own end', ['--date', '20300101', '--allow-expired-ca-key'], /NOT OK {2}ISSUER_CERT_EXPIRED: /],
    ['among test keys', ['--profile', 'test'], /ca-key: NOT OK {2}CA_KEY_UNKNOWN: /],
    ['by the method of a terminal', ['--date', '20221101'], /dynamic-data: NOT OK {2}\w+_MISSING: /],
  ])('%s is not ok', async (_name, args, expected) => {
    const { code, out } = await run(['oda', ...args, CARD])
    expect({ code, out }).toEqual({ code: 1, out: expect.stringMatching(expected) })
  })

  test('is judged as of today, unless a day is given', async () => {
    const json = await run(['oda', '--json', '--method', 'sda', CARD])
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, fault: { reason: 'CA_KEY_EXPIRED' } })
  })

  test.each([
    ['that is none', () => fileOf('hello'), /: ERR_TRANSCRIPT: line 1/],
    ['that is not there', () => '/no/such/file', /: cannot be read \(ENOENT\)\n$/],
    ['that is a folder', () => testFolder(), /: cannot be read \(EISDIR\)\n$/],
  ])('%s is wrong use, and the others still run', async (_name, file, expected) => {
    const { code, out, err } = await run(['oda', ...GOOD, file(), CARD])
    expect({ code, out, err }).toEqual({
      code: 2,
      out: expect.stringContaining('sda ok'),
      err: expect.stringMatching(expected),
    })
  })
})

describe('a batch', () => {
  const good = JSON.stringify({ id: 'a', transcript: TRANSCRIPT })
  const bad = JSON.stringify({ id: 'b\u001b[2J', transcript: TRANSCRIPT.replace('5F340100', '5F340101') })

  test('on standard input is a line a card', async () => {
    const { code, out } = await run(['oda', ...GOOD, '-'], `${good}\n${bad}\n`)
    expect(code).toBe(1)
    expect(out.split('\n')).toEqual([
      'line 1 (a): sda ok',
      expect.stringMatching(/^line 2 \(b\?\[2J\): sda NOT OK {2}static-data: SSAD_HASH: .*\. \[EMV-B2\] 5\.4 step \d$/),
      '',
    ])
  })

  test('in a file is JSON for programs', async () => {
    const { code, out } = await run(['oda', ...GOOD, '--batch', '--json', fileOf(good)])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual({ line: 1, id: 'a', ok: true, method: 'sda', tvr: '0200000000', tsi: '8000' })
  })

  test('explained has every stage', async () => {
    const args = ['oda', ...GOOD, '--explain', '--batch', fileOf(good)]
    expect((await run(args)).out).toMatch(/^line 1 \(a\): sda ok\n {2}ca-key: ok/)
    expect(JSON.parse((await run([...args, '--json'])).out)).toHaveProperty('stages')
  })

  test('chooses the method of a terminal for a session', async () => {
    const { out } = await run(['oda', '--date', '20221101', '-'], good)
    expect(out).toMatch(/^line 1 \(a\): dda NOT OK {2}dynamic-data: /)
  })

  test.each([
    [
      'a bad line',
      `${good}\n{}\n`,
      'line 2: ERR_BATCH: line, expected one of the fields transcript, records, caKey, rid\n',
    ],
    ['a key twice', '{"id":"a","id":"b"}', 'line 1: ERR_BATCH: line, expected The request body has a key twice'],
    [
      'half a byte',
      '{"rid":"A","tags":{},"method":"sda"}',
      'ERR_HEX: rid, expected an even number of digits, got 1 dig',
    ],
  ])('with %s is wrong use', async (_name, text, expected) => {
    const { code, out } = await run(['oda', ...GOOD, '-'], text)
    expect({ code, out }).toEqual({ code: 2, out: expect.stringContaining(expected) })
  })

  test.each([
    [['--method', 'records', '-'], /ERR_OPTION: --method records/],
    [['--batch', '/no/such/file'], /cannot be read \(ENOENT\)/],
    [['--date', 'today', CARD], /ERR_DATE/],
    [['--method', 'xda', CARD], /Allowed choices are/],
    [[], /missing required argument/],
    [['--ca-keys', '/no/such/file', CARD], /ERR_USAGE: .*ENOENT/],
  ])('%j is wrong use', async (args, expected) => {
    expect(await run(['oda', ...args])).toMatchObject({ code: 2, err: expect.stringMatching(expected) })
  })
})

describe('CA keys', () => {
  const json = JSON.stringify([caKeyToText(CA_KEY)])
  const tlv = toHex(caKeyToTlv(CA_KEY))
  const { expiry: _, ...noExpiry } = CA_KEY

  test.each([
    ['JSON', json],
    ['CSV', caKeysToCsv([CA_KEY])],
    ['TLV', `${tlv}\n\n`],
    ['TLV without an expiry', toHex(caKeyToTlv(noExpiry))],
  ])('in %s vouch', async (_name, text) => {
    const { code, err } = await run(['oda', ...GOOD, '--profile', 'test', '--ca-keys', fileOf(text), CARD])
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })

  test('that are refused are told, and the others vouch', async () => {
    const { code, err } = await run([
      'oda',
      ...GOOD,
      '--ca-keys',
      fileOf(`${tlv}\n00\n${tlv.replace('9F06', '9F07')}`),
      CARD,
    ])
    expect(code).toBe(0)
    expect(err).toMatch(/: key 2 is left out: ERR_TAG.*\n.*: key 3 is left out: ERR_CA_KEY: tag 9F07/)
  })

  test.each([
    ['none', '', /holds no CA key/],
    ['an empty list', '[]', /holds no CA key/],
    ['a list that is none', '[', /ERR_CA_KEY/],
    ['another table', 'pan,pin\n1,2', /ERR_CA_KEY: line 1: pan/],
    ['another key alone', caKeysToCsv([{ ...CA_KEY, index: 9, checksum: new Uint8Array(20) }]), /checksum/],
  ])('in a file with %s are wrong use', async (_name, text, expected) => {
    expect(await run(['oda', ...GOOD, '--ca-keys', fileOf(text), CARD])).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(expected),
    })
  })
})
