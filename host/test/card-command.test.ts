/** `issuerkit card`: a card from a profile, what it tells, and that it lives on in its file. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, toHex } from '@issuerkit/apdu'
import { listenVirtualReader, lockCardFile, readCardFile, writeCardFile } from '@issuerkit/terminal'
import { describe, expect, test } from 'vitest'
import { readerAddress } from '../src/cli/card-run.js'
import { testFolder } from './support/folders.js'
import { run } from './support/run.js'

const EXAMPLE = new URL('../../examples/cards/pboc.json', import.meta.url)
const SELECT = '00A4040008A00000033301010100'
const GPO = '80A800000B830900000000000000000000'
const VERIFY_WRONG = '0020008008241111FFFFFFFFFF'
const VERIFY_RIGHT = '0020008008241234FFFFFFFFFF'

/** The example, its keys made in a moment. */
function profile(change: Record<string, unknown> = {}, protocol = 'T=0'): string {
  const json = JSON.parse(readFileSync(EXAMPLE, 'utf8')) as { applications: Record<string, unknown>[] }
  const [application] = json.applications
  const quick = { ...application, certificates: { issuerBits: 768, iccBits: 640, pinKey: true }, ...change }
  return JSON.stringify({ ...json, protocol, applications: [quick] })
}

function files(change: Record<string, unknown> = {}, protocol = 'T=0') {
  const folder = testFolder()
  const at = (name: string): string => join(folder, name)
  writeFileSync(at('profile.json'), profile(change, protocol))
  return { folder, profile: at('profile.json'), ca: at('ca.json'), card: at('card.json') }
}

/** A card without certificates, which is made at once. */
async function plainCard(change: Record<string, unknown> = {}): Promise<string> {
  const made = files({ certificates: undefined, ...change })
  expect(await run(['card', 'new', '--profile', made.profile, '--out', made.card])).toMatchObject({ code: 0, err: '' })
  return made.card
}

describe('card new', () => {
  test('makes a card, and the CA that it needs beside it', async () => {
    const { folder, profile, card } = files()
    const { code, out, err } = await run(['card', 'new', '--profile', profile, '--out', card])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/card\.json\.ca-A000000333\.json: test CA A000000333\/F1, checksum [0-9A-F]{40}\n/)
    expect(out).toMatch(/card\.json: test card, T=0\n {2}A000000333010101 PBOC DEBIT \(pboc\)\n$/)
    expect(readdirSync(folder).sort()).toEqual(['card.json', 'card.json.ca-A000000333.json', 'profile.json'])
    for (const file of ['card.json', 'card.json.ca-A000000333.json']) {
      expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600)
    }
  })

  test('takes a CA that is there, and a session with the card holds by its key', async () => {
    const { folder, profile, ca, card } = files({}, 'T=1')
    await run(['ca', 'new', '--rid', 'A000000333', '--index', 'F7', '--bits', '1024', '--out', ca])
    expect((await run(['card', 'new', '--profile', profile, '--ca', ca, '--out', card])).code).toBe(0)
    expect(readdirSync(folder)).toHaveLength(3)
    const records = ['010C', '0114', '0214', '0314', '0414', '0514', '0614', '011C', '0124']
    const commands = [SELECT, GPO, ...records.map((place) => `00B2${place}00`), '00880000041122334400']
    const asked = await run(['card', 'run', card, ...commands.flatMap((command) => ['--apdu', command])])
    const answers = asked.out.trimEnd().split('\n')
    expect(answers.map((answer) => answer.slice(-4))).toEqual(commands.map(() => '9000'))
    const [keys, session] = [join(folder, 'keys.json'), join(folder, 'session.txt')]
    writeFileSync(keys, (await run(['ca', 'export', '--ca', ca])).out)
    writeFileSync(session, commands.map((command, i) => `> ${command}\n< ${answers[i]}\n`).join(''))
    const judge = ['oda', '--date', '20261121', '--profile', 'test', '--ca-keys', keys]
    for (const method of ['records', 'dda']) {
      expect(await run([...judge, '--method', method, session])).toMatchObject({ code: 0, err: '' })
    }
  })

  test.each<[string, (made: ReturnType<typeof files>) => string[], RegExp]>([
    ['no profile', ({ card }) => ['--out', card], /required option '--profile/],
    ['no card', ({ profile }) => ['--profile', profile], /required option '--out/],
    [
      'a profile that is not there',
      ({ card }) => ['--profile', `${card}.x`, '--out', card],
      /cannot be read \(ENOENT\)/,
    ],
    [
      'a CA that is none',
      ({ profile, card }) => ['--profile', profile, '--ca', profile, '--out', card],
      /not the file of a/,
    ],
    [
      'a card that is there',
      ({ profile }) => ['--profile', profile, '--out', profile],
      /profile\.json cannot be written \(EEX/,
    ],
    [
      'a folder that is not there',
      ({ profile, card }) => ['--profile', profile, '--out', join(card, 'card.json')],
      /cannot be written \(ENOENT\)/,
    ],
  ])('with %s is wrong use', async (_, args, says) => {
    const made = files()
    const { code, out, err } = await run(['card', 'new', ...args(made)])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(says)
    expect(existsSync(made.card)).toBe(false)
  })

  test.each([
    ['that is no JSON', '{"pin": "9182', /is not JSON\n$/],
    ['with a field twice', '{"atr":"3B00","atr":"3B00"}', /a field twice/],
    ['without applications', '{"pse":true}', /ERR_USAGE: ERR_CARD: applications: expected an array of 1 to 4\n$/],
    ['with a wrong PIN', profile({ pin: '91827364554637' }), /ERR_USAGE: ERR_PIN: applications\[0\]\.pin/],
    [
      'with a record in the place of another',
      profile({ records: [{ sfi: 1, record: 1, data: '7000' }] }),
      /one record 1 in/,
    ],
    ['with another scheme', profile({ scheme: 'x' }), /ERR_SCHEME/],
  ])('from a profile %s is refused without repeating it', async (_, text, says) => {
    const made = files()
    writeFileSync(made.profile, text)
    const { code, err } = await run(['card', 'new', '--profile', made.profile, '--out', made.card])
    expect(code).toBe(2)
    expect(err).toMatch(says)
    expect(err).not.toContain('9182')
    expect(readdirSync(made.folder)).toEqual(['profile.json'])
  })
})

describe('card show', () => {
  test('tells what the card counts, never its secrets', async () => {
    const made = files()
    await run(['card', 'new', '--profile', made.profile, '--out', made.card])
    const { code, out } = await run(['card', 'show', made.card])
    expect(code).toBe(0)
    expect(out).toContain('debit/credit card, T=0, ATR 3B6800000073C84000009000\n\nA000000333010101 PBOC DEBIT\n')
    expect(out).toMatch(/^ {2}PAN +620000\*{6}0005, sequence 01$/m)
    expect(out).toMatch(/^ {2}PIN +3 of 3 tries left$/m)
    expect(out).toMatch(/^ {2}RSA +640 bits, PIN key 640 bits$/m)
    expect(out).toMatch(/^ {2}9F58 +02 {2}Lower Consecutive Offline Limit \(Card\)$/m)
    expect(out).not.toContain('6200000000000005')
    const json = await run(['card', 'show', made.card, '--json'])
    expect(JSON.parse(json.out)).toMatchObject({ protocol: 'T=0', applications: [{ atc: 0, pin: { triesLeft: 3 } }] })
  })

  test('tells of an application without PIN and certificates', async () => {
    const { out } = await run(['card', 'show', await plainCard({ pin: undefined })])
    expect(out).toMatch(/^ {2}PIN +none$/m)
    expect(out).toMatch(/^ {2}RSA +none$/m)
  })

  test('tells of what is blocked, and of indicators that are set', async () => {
    const file = await plainCard()
    const memory = readCardFile(file)
    memory.writeNumber('blocked', 1)
    memory.writeNumber('app/0/state/blocked', 2)
    memory.writeNumber('app/0/state/scriptCounter', 3)
    memory.commit()
    writeCardFile(file, memory)
    const { out } = await run(['card', 'show', file])
    expect(out).toMatch(/^debit\/credit card, .*, BLOCKED$/m)
    expect(out).toMatch(/^A000000333010101 PBOC DEBIT, BLOCKED by its PIN$/m)
    expect(out).toMatch(/^ {2}scriptCounter +3$/m)
  })

  test.each([
    ['no card', '{}'],
    ['no JSON', 'card'],
  ])('of %s fails', async (_, text) => {
    const { card } = files()
    writeFileSync(card, text)
    expect(await run(['card', 'show', card])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('ERR_CARD'),
    })
  })
})

describe('card run', () => {
  test('answers commands of options, after the answer to reset', async () => {
    const file = await plainCard()
    const { code, out, err } = await run([
      'card',
      'run',
      file,
      '--power-up',
      '--apdu',
      SELECT.slice(0, -2),
      '--apdu',
      GPO.slice(0, -2),
    ])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^3B6800000073C84000009000\n61[0-9A-F]{2}\n61[0-9A-F]{2}\n$/)
    expect(readdirSync(join(file, '..')).sort()).toEqual(['card.json', 'profile.json'])
  })

  test('answers lines of standard input, blanks and comments aside', async () => {
    const input = `# the directory\n00A40400 0E 315041592E5359532E4444463031\r\n\n00c0000000`
    const { code, out } = await run(['card', 'run', await plainCard()], input)
    expect(code).toBe(0)
    expect(out).toMatch(/^61([0-9A-F]{2})\n6C\1\n$/)
  })

  test('keeps in the file what the card counts', async () => {
    const file = await plainCard()
    const select = SELECT.slice(0, -2)
    const tries = async () => readCardFile(file).readNumber('app/0/data/9F17')
    expect(
      (await run(['card', 'run', file, '--apdu', select, '--apdu', GPO.slice(0, -2), '--apdu', VERIFY_WRONG])).out,
    ).toMatch(/63C2\n$/)
    expect(await tries()).toBe(2)
    expect(
      (await run(['card', 'run', file, '--apdu', select, '--apdu', GPO.slice(0, -2), '--apdu', VERIFY_RIGHT])).out,
    ).toMatch(/9000\n$/)
    expect(await tries()).toBe(3)
    expect(readCardFile(file).readNumber('app/0/data/9F36')).toBe(2)
  })

  test('keeps what was done before a line that is none', async () => {
    const file = await plainCard()
    const { code, out, err } = await run(
      ['card', 'run', file],
      `${SELECT.slice(0, -2)}\n${GPO.slice(0, -2)}\nselect\n${SELECT}\n`,
    )
    expect(code).toBe(2)
    expect(out.split('\n')).toHaveLength(3)
    expect(err).toContain('ERR_USAGE: line 3 is no command')
    expect(readCardFile(file).readNumber('app/0/data/9F36')).toBe(1)
    expect(existsSync(`${file}.lock`)).toBe(false)
  })

  test('refuses a line without end', async () => {
    const { code, err } = await run(['card', 'run', await plainCard()], `\n${'0'.repeat(200_001)}`)
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('line 2 is too long') })
  })

  test('refuses a card that somebody else runs', async () => {
    const file = await plainCard()
    const unlock = lockCardFile(file)
    expect(await run(['card', 'run', file, '--apdu', SELECT])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('ERR_READER'),
    })
    unlock()
  })

  test.each([
    ['an odd command', ['--apdu', '00A']],
    ['an empty command', ['--apdu', '']],
    ['a reader without a port', ['--reader', 'localhost']],
    ['a reader and commands', ['--apdu', '00A4', '--reader', '127.0.0.1:1']],
  ])('with %s is wrong use', async (_, args) => {
    const file = await plainCard()
    expect(await run(['card', 'run', file, ...args])).toMatchObject({ code: 2, out: '' })
  })

  test('of a card that is not there fails', async () => {
    const { card } = files()
    expect(await run(['card', 'run', card, '--apdu', SELECT])).toMatchObject({
      code: 1,
      err: expect.stringContaining('ENOENT'),
    })
  })

  test('puts a card into a reader, and keeps what it counts there', async () => {
    const file = await plainCard()
    const reader = await listenVirtualReader({ port: 0 })
    const running = run(['card', 'run', file, '--reader', `127.0.0.1:${reader.port}`])
    const connection = await reader.accept()
    expect(toHex(connection.atr)).toBe('3B6800000073C84000009000')
    for (const command of [SELECT.slice(0, -2), GPO.slice(0, -2)]) await connection.transmit(fromHex(command))
    expect(readCardFile(file).readNumber('app/0/data/9F36')).toBe(1)
    await reader.close()
    expect(await running).toEqual({ code: 0, out: '', err: expect.stringContaining('the card is in the reader') })
    expect(existsSync(`${file}.lock`)).toBe(false)
  })

  test('without a virtual reader fails, and gives the card back', async () => {
    const file = await plainCard()
    const { code, err } = await run(['card', 'run', file, '--reader', '127.0.0.1:1'])
    expect(code).toBe(1)
    expect(err).toContain('ERR_READER')
    expect(existsSync(`${file}.lock`)).toBe(false)
  })
})

describe('an address of a reader', () => {
  test.each([
    ['127.0.0.1:35963', { host: '127.0.0.1', port: 35963 }],
    ['[::1]:1', { host: '::1', port: 1 }],
    ['localhost:65535', { host: 'localhost', port: 65535 }],
    ['localhost:65536', undefined],
    ['localhost:0', undefined],
    ['::1:35963', undefined],
    [':35963', undefined],
    ['localhost', undefined],
  ])('%s', (text, address) => expect(readerAddress(text)).toEqual(address))
})
