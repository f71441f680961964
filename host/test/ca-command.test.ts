/** `issuerkit ca`: what it makes is what `issuerkit oda` checks. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { keptFolder, testFolder } from './support/folders.js'
import { run } from './support/run.js'

const PAN = '6214830100237436123'
const NEW = ['ca', 'new', '--rid', 'A000000333', '--index', 'F1']
const SMALL = ['--bits', '1024', '--exponent', '3']
const ISSUE = ['--pan', PAN, '--expiry', '20491231', '--issuer-bits', '960', '--icc-bits', '832']

interface Made {
  readonly ca: string
  readonly card: string
  readonly out: string
}

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

async function make(exponent: string, ...more: string[]): Promise<Made> {
  const folder = keptFolder()
  folders.push(folder)
  const [ca, card] = [join(folder, 'ca.json'), join(folder, 'card.json')]
  const made = [
    await run([...NEW, ...SMALL.with(3, exponent), '--expiry', '20491231', '--out', ca]),
    await run(['ca', 'issue', '--ca', ca, ...ISSUE, '--exponent', exponent, ...more, '--out', card]),
  ]
  expect(made.map(({ code, err }) => ({ code, err }))).toEqual([0, 0].map((code) => ({ code, err: '' })))
  return { ca, card, out: made.map(({ out }) => out).join('') }
}

const made = await make('3')
const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>

function temporary(text: string): string {
  const file = join(testFolder(), 'file')
  writeFileSync(file, text)
  return file
}

/** A line for each thing that can be checked of a card without asking it. */
function linesOf(card: string, change: Record<string, unknown> = {}): string {
  const { rid, tags, staticData } = read(card)
  const line = (method: string) => JSON.stringify({ id: method, rid, method, tags: { ...tags, ...change }, staticData })
  return ['sda', 'icc-key', 'pin-key'].map(line).join('\n')
}

async function keysIn(format: string, ca = made.ca): Promise<string> {
  const { code, out } = await run(['ca', 'export', '--ca', ca, '--format', format])
  expect(code).toBe(0)
  return temporary(out)
}

const check = async (keys: string, lines: string) =>
  run(['oda', '--date', '20261121', '--profile', 'test', '--ca-keys', keys, '-'], lines)

describe('a test card', () => {
  test.each(['json', 'csv', 'tlv'])('holds with the CA key exported as %s', async (format) => {
    expect(await check(await keysIn(format), linesOf(made.card))).toEqual({
      code: 0,
      out: 'line 1 (sda): sda ok\nline 2 (icc-key): icc-key ok\nline 3 (pin-key): pin-key ok\n',
      err: '',
    })
  })

  test('holds with the exponent 65537 and short keys, too', async () => {
    const { ca, card } = await make('65537', '--issuer-bits', '640', '--icc-bits', '512')
    expect(read(card)['tags']).not.toHaveProperty('92')
    expect((await check(await keysIn('json', ca), linesOf(card))).code).toBe(0)
  })

  test('with another PAN does not', async () => {
    const { out } = await check(await keysIn('csv'), linesOf(made.card, { '5A': '6214830100237437123F' }))
    expect(out).toContain('ICC_CERT_PAN')
    expect(out).toContain('PIN_CERT_PAN')
  })

  test('ends with its month', async () => {
    const { out } = await run(
      ['oda', '--date', '20500101', '--ca-keys', await keysIn('csv'), '--allow-expired-ca-key', '-'],
      linesOf(made.card),
    )
    expect(out.match(/ISSUER_CERT_EXPIRED/g)).toHaveLength(3)
  })

  test('of another CA with the same name does not hold', async () => {
    const other = join(testFolder(), 'ca.json')
    await run([...NEW, ...SMALL, '--out', other])
    const { code, out } = await check(await keysIn('tlv', other), linesOf(made.card))
    expect(code).toBe(1)
    expect(out.match(/NOT OK {2}issuer-certificate/g)).toHaveLength(3)
  })
})

describe('private keys', () => {
  const secrets = (): string[] => {
    const keys = [read(made.ca)['privateKey'], ...Object.values(read(made.card)['privateKeys'] ?? {})]
    return keys.flatMap((key) => {
      const { privateExponent, primes } = key as { privateExponent: string; primes: string[] }
      return [privateExponent, ...primes]
    })
  }

  test('stand in files of their owner alone', () => {
    for (const file of [made.ca, made.card]) expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(secrets()).toHaveLength(12)
  })

  test('are never printed', async () => {
    const exported = await Promise.all(
      ['json', 'csv', 'tlv'].map((format) => run(['ca', 'export', '--ca', made.ca, '--format', format])),
    )
    const printed = made.out + exported.map(({ out, err }) => out + err).join('')
    expect(printed).toContain('checksum')
    for (const secret of secrets()) expect(printed).not.toContain(secret)
  })

  test('are never overwritten', async () => {
    const before = readFileSync(made.ca)
    for (const args of [
      [...NEW, ...SMALL, '--out', made.ca],
      ['ca', 'issue', '--ca', made.ca, ...ISSUE, '--out', made.ca],
    ]) {
      expect(await run(args)).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringContaining('cannot be written (EEXIST)'),
      })
    }
    expect(readFileSync(made.ca)).toEqual(before)
  })
})

describe('wrong use is', () => {
  const out = () => ['--out', join(testFolder(), 'new.json')]
  const issue = (...change: string[]) => ['ca', 'issue', '--ca', made.ca, ...ISSUE, ...change, ...out()]
  test.each<[name: string, args: () => string[], says: RegExp]>([
    ['no RID', () => ['ca', 'new', '--index', 'F1', ...out()], /required option '--rid/],
    ['a RID of 4 bytes', () => [...NEW, ...SMALL, '--rid', 'A0000003', ...out()], /ERR_USAGE: ERR_CA_KEY: CA key: rid/],
    ['a RID that is none', () => [...NEW, ...SMALL, '--rid', 'A00000033', ...out()], /Bytes are hexadecimal digits/],
    [
      'an index of 2 bytes',
      () => [...NEW, ...SMALL, '--index', 'F100', ...out()],
      /ERR_LENGTH: index: expected 1 byte/,
    ],
    ['an empty index', () => [...NEW, ...SMALL, '--index', '', ...out()], /ERR_LENGTH: index: expected 1 byte/],
    ['504 bits', () => [...NEW, '--bits', '504', ...out()], /ERR_OPTION: bits/],
    ['1992 bits', () => [...NEW, '--bits', '1992', ...out()], /ERR_OPTION: bits: expected at most 1984/],
    ['bits that are no number', () => [...NEW, '--bits', '1k', ...out()], /Bits are a number/],
    ['the exponent 5', () => [...NEW, '--exponent', '5', ...out()], /An exponent is 3 or 65537/],
    ['a day that is none', () => [...NEW, ...SMALL, '--expiry', '20301301', ...out()], /ERR_USAGE: ERR_DATE/],
    ['a folder that is not there', () => [...NEW, ...SMALL, '--out', '/no/such/file'], /cannot be written \(ENOENT\)/],
    ['a CA that is not there', () => ['ca', 'export', '--ca', '/no/such/file'], /cannot be read \(ENOENT\)/],
    ['a CA that is none', () => ['ca', 'export', '--ca', temporary('{')], /is not the file of a test CA\n/],
    ['a CA without its key', () => ['ca', 'export', '--ca', temporary('{"caKey":{}}')], /of a test CA \(ERR_CA_KEY\)/],
    ['another form', () => ['ca', 'export', '--ca', made.ca, '--format', 'pem'], /Allowed choices are/],
    ['a PAN of 7 digits', () => issue('--pan', '6214830'), /ERR_PAN: pan/],
    ['a PAN with a letter', () => issue('--pan', '62148301A'), /ERR_(PAN|HEX): pan/],
    ['an expiry of 4 digits', () => issue('--expiry', '1249'), /ERR_DATE/],
    ['an expiry that is no day', () => issue('--expiry', '20491331'), /ERR_DATE/],
    ['a card key that has no room', () => issue('--issuer-bits', '512', '--icc-bits', '2048'), /ERR_(OPTION|RSA)/],
    ['nothing to do', () => ['ca'], /Usage: issuerkit ca/],
    ['another thing to do', () => ['ca', 'fly'], /unknown command|too many arguments/],
  ])('%s', async (_name, args, says) => {
    expect(await run(args())).toEqual({ code: 2, out: '', err: expect.stringMatching(says) })
  })

  test('a changed private key', async () => {
    const { privateKey, ...rest } = read(made.ca)
    const changed = { ...rest, privateKey: { ...privateKey, exponent: '05' } }
    const { code, err } = await run(['ca', 'export', '--ca', temporary(JSON.stringify(changed))])
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/of a test CA \(ERR_RSA\)\n$/) })
  })
})
