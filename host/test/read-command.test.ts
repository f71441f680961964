/** `issuerkit read`: recordings and virtual cards' files, as a person and as a program sees them. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, parseTranscript, readingFromTranscript } from '@issuerkit/apdu'
import { caKeysToCsv, createTestCa } from '@issuerkit/oda'
import { describe, expect, test } from 'vitest'
import { caFileOf } from '../src/cli/ca-files.js'
import { run } from './support/run.js'
import { ATR, cardFiles, PAN, testCa } from './support/test-card.js'

const SEED = join(import.meta.dirname, '..', '..', 'vectors', 'transcripts', 'unionpay-debit.txt')

/** The options that read a new card of some capabilities. */
function of(capabilities: object): string[] {
  const { card, options } = cardFiles(capabilities)
  return ['--card', card, ...options]
}

describe('a recording', () => {
  const AT = ['--date', '20221101']

  test('is shown as a tree; what it lacks is told', async () => {
    const { code, out, err } = await run(['read', ...AT, '--replay', SEED])
    expect(err).toBe('')
    const lines = out.split('\n')
    expect(lines[0]).toBe(SEED)
    expect(lines).toContain('application A000000333010101 "PBOC DEBIT": 9000 (success)')
    expect(lines).toContain('    5A Application Primary Account Number (PAN): 621483******7436')
    // The recording holds no INTERNAL AUTHENTICATE: its card cannot sign.
    expect(lines).toContain('  offline data authentication, dda: NOT OK')
    expect(out).toContain('RECORD_STATUS (SFI 1 record 1: 6A83)')
    expect(code).toBe(1)
    expect(out).not.toContain('6214830100237436')
  })

  test('shows the PAN where it is asked to', async () => {
    expect((await run(['read', ...AT, '--unmasked', '--replay', SEED])).out).toContain('6214830100237436')
  })

  test('as JSON is one object', async () => {
    const { out } = await run(['read', ...AT, '--json', '--replay', SEED])
    expect(out.trim().split('\n')).toHaveLength(1)
    expect(JSON.parse(out)).toMatchObject({
      source: SEED,
      cardBlocked: false,
      applications: [{ aip: { value: '7C00' } }],
    })
    expect(JSON.parse(out)).not.toHaveProperty('atr')
    expect(out).not.toContain('6214830100237436')
  })

  test.each([
    ['that is not there', 'no such file', /cannot be used \(ENOENT\)/],
    ['that is none', import.meta.filename, /ERR_TRANSCRIPT: line 1/],
  ])('%s is wrong use', async (_name, file, message) => {
    const { code, err } = await run(['read', '--replay', file])
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(message) })
  })

  test('of nothing is nothing readable', async () => {
    const { write } = cardFiles()
    const { code, out } = await run(['read', '--replay', write('empty', '# nothing\n')])
    expect([code, out]).toEqual([1, expect.stringContaining('list of AIDs: 6A82')])
  })
})

describe('a virtual card', () => {
  test('is read from its file, which stays as it is', async () => {
    const { card: file, options } = cardFiles()
    const before = readFileSync(file, 'utf8')
    const { code, out, err } = await run(['read', '--card', file, ...options])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const lines = out.split('\n')
    expect(lines.slice(0, 3)).toEqual([
      file,
      `answer to reset: ${ATR}`,
      'payment system environment 1PAY.SYS.DDF01: 9000 (success)',
    ])
    expect(lines).toContain('  offline data authentication, dda: ok')
    expect(out).not.toContain(PAN)
    expect(readFileSync(file, 'utf8')).toBe(before)
  })

  test('of CDA or of no method is no bad card', async () => {
    const cda = await run(['read', ...of({})])
    expect([cda.code, cda.out]).toEqual([0, expect.stringContaining('CDA itself needs a GENERATE AC')])
    const none = await run(['read', '--json', ...of({ sda: false, dda: false, cda: false })])
    expect([none.code, JSON.parse(none.out)]).toMatchObject([
      0,
      { atr: ATR, applications: [{ authentication: { outcome: 'no-method' } }] },
    ])
  })

  test('is bad by keys that do not vouch for it, or on another day', async () => {
    const { card: file, ca: caFile } = cardFiles()
    expect((await run(['read', '--card', file])).out).toContain('CA_KEY_UNKNOWN')
    expect((await run(['read', '--card', file])).code).toBe(1)
    const late = ['--profile', 'test', '--date', '20500101', '--ca', caFile]
    expect((await run(['read', '--card', file, ...late])).out).toContain('CA_KEY_EXPIRED')
    expect((await run(['read', '--card', file, ...late, '--allow-expired-ca-key'])).out).toContain(
      'ISSUER_CERT_EXPIRED',
    )
  })

  test('is judged by a list of keys, and by several CAs', async () => {
    const { card: file, ca: caFile, options, write } = cardFiles()
    const list = write('keys.csv', caKeysToCsv([testCa().key]))
    expect((await run(['read', '--card', file, '--profile', 'test', '--date', '20261121', '--ca', list])).code).toBe(0)
    expect((await run(['read', '--card', file, ...options, '--ca', caFile])).code).toBe(0)
    const other = createTestCa({ rid: fromHex('A000000333'), index: 0xf1, bits: 1152, exponent: 3 })
    const second = write('other.json', JSON.stringify(caFileOf(other)))
    const both = await run(['read', '--card', file, ...options, '--ca', second])
    expect(both).toMatchObject({ code: 2, err: expect.stringContaining('ERR_CA_KEY') })
  })

  test('is written down, for its owner alone', async () => {
    const { card: file, folder, options } = cardFiles()
    const saved = join(folder, 'session.txt')
    expect((await run(['read', '--card', file, ...options, '--save', saved])).code).toBe(0)
    const reading = readingFromTranscript(parseTranscript(readFileSync(saved, 'utf8')))
    expect([reading.missing, reading.records.length > 3]).toEqual([[], true])
    expect(statSync(saved).mode & 0o777).toBe(0o600)
    // What was written down reads as the card did, signature and all.
    const again = await run(['read', '--replay', saved, ...options])
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('  offline data authentication, dda: ok')])
    const twice = await run(['read', '--card', file, ...options, '--save', saved])
    expect(twice).toMatchObject({ code: 2, out: '', err: expect.stringContaining('cannot be used (EEXIST)') })
  })

  test.each([
    ['that is not there', 'no such card'],
    ['that is none', SEED],
  ])('%s is wrong use', async (_name, file) => {
    expect(await run(['read', '--card', file])).toMatchObject({ code: 2, out: '' })
  })
})

describe('wrong use', () => {
  test.each([
    ['two sources', ['--card', 'a', '--replay', 'b']],
    ['a reader and a card', ['--reader', 'a', '--card', 'b']],
    ['a list of a card', ['--list', '--card', 'b']],
    ['a shared file', ['--shared', '--card', 'b']],
    ['a recording written down', ['--replay', 'a', '--save', 'b']],
    ['a list written down', ['--list', '--save', 'b']],
    ['an unknown profile', ['--profile', 'mine']],
    ['an argument', ['card']],
    ['no day', ['--replay', SEED, '--date', '20221131']],
    ['half a day', ['--replay', SEED, '--date', '202211']],
    ['no CA', ['--replay', SEED, '--ca', 'no such file']],
    ['a CA that is none', ['--replay', SEED, '--ca', join(import.meta.dirname, '..', 'package.json')]],
  ])('is %s', async (_name, args) => {
    const { code, out, err } = await run(['read', ...args])
    expect([code, out, err === '']).toEqual([2, '', false])
  })
})
