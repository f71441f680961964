/** `issuerkit card` with an e-purse: made from a profile or a name, shown, run, put into a reader; and that `read` knows it. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromHex, toHex } from '@issuerkit/apdu'
import { listenVirtualReader, readCardFile, writeCardFile } from '@issuerkit/terminal'
import { describe, expect, test } from 'vitest'
import { testFolder } from './support/folders.js'
import { run } from './support/run.js'

const EXAMPLE = fileURLToPath(new URL('../../examples/cards/etc-purse.json', import.meta.url))
const SELECT = '00A4040009A00000000386980701'
const VERIFY_WRONG = '00200000021111'
const BALANCE = '805C000204'

/** An e-purse card in a file of its own folder. */
async function purse(profile = 'etc-2008'): Promise<string> {
  const file = join(testFolder(), 'card.json')
  expect(await run(['card', 'new', '--profile', profile, '--out', file])).toMatchObject({ code: 0, err: '' })
  return file
}

/** The example with one change. */
function changed(change: Record<string, unknown>): { profile: string; card: string } {
  const folder = testFolder()
  const json = JSON.parse(readFileSync(EXAMPLE, 'utf8')) as Record<string, unknown>
  const profile = join(folder, 'profile.json')
  writeFileSync(profile, JSON.stringify({ ...json, ...change }))
  return { profile, card: join(folder, 'card.json') }
}

describe('card new', () => {
  test.each([
    ['the example', EXAMPLE, 'etc-2008'],
    ['the test specification by name', 'etc-2008', 'etc-2008'],
    ['FMCOS by name', 'fmcos', 'fmcos'],
  ])('makes an e-purse of %s, and nothing beside it', async (_, profile, named) => {
    const card = join(testFolder(), 'card.json')
    expect(await run(['card', 'new', '--profile', profile, '--out', card])).toEqual({
      code: 0,
      err: '',
      out: `${card}: test e-purse card, T=0, ${named}\n  A00000000386980701 (3F01)\n  A00000000386980702 (3F02)\n`,
    })
    expect(readdirSync(join(card, '..'))).toEqual(['card.json'])
    expect(statSync(card).mode & 0o777).toBe(0o600)
    expect(readFileSync(card, 'utf8')).toContain('"kind":"e-purse"')
  })

  test('gives the example and the name the same card', async () => {
    expect(readFileSync(await purse(EXAMPLE), 'utf8')).toBe(readFileSync(await purse(), 'utf8'))
  })

  test('gives the two profiles what they differ in: SELECT by file identifier', async () => {
    for (const [profile, status] of [
      ['etc-2008', '6A86'],
      ['fmcos', '61[0-9A-F]{2}'],
    ] as const) {
      const { out } = await run(['card', 'run', await purse(profile), '--apdu', '00A40000023F01'])
      expect(out).toMatch(new RegExp(`^${status}\\n$`))
    }
  })

  test.each([
    ['an unknown field', { pse: true }, /ERR_CARD: \(profile\)/],
    ['a PIN that is none', { applications: [{ name: 'A000000003', fid: '3F01', pin: '91A2' }] }, /ERR_PIN/],
    ['no application', { applications: [] }, /ERR_CARD: applications/],
    ['another kind', { kind: 'phone-card' }, /ERR_CARD/],
  ])('from a profile with %s is wrong use', async (_, change, says) => {
    const { profile, card } = changed(change)
    const { code, out, err } = await run(['card', 'new', '--profile', profile, '--out', card])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(says)
    expect(err).not.toContain('91A2')
    expect(existsSync(card)).toBe(false)
  })

  test('with a CA is wrong use: an e-purse has no certificates', async () => {
    const card = join(testFolder(), 'card.json')
    const { code, err } = await run(['card', 'new', '--profile', 'etc-2008', '--ca', 'ca.json', '--out', card])
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('no certificates') })
    expect(existsSync(card)).toBe(false)
  })

  test('does not write over a card', async () => {
    const card = await purse()
    const before = readFileSync(card)
    expect(await run(['card', 'new', '--profile', 'fmcos', '--out', card])).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('EEXIST'),
    })
    expect(readFileSync(card)).toEqual(before)
  })
})

describe('card show', () => {
  test('tells what the purses hold, never a secret', async () => {
    const { code, out } = await run(['card', 'show', await purse()])
    expect(code).toBe(0)
    const heads = out.split('\n').filter((line) => /^\S/.test(line))
    expect(heads).toEqual([
      'e-purse card, T=0, ATR 3B6800000073C84000009000, profile etc-2008',
      'A00000000386980701 (3F01)',
      'A00000000386980702 (3F02)',
    ])
    expect(out).toMatch(/^ {2}PIN +3 of 3 tries left$/m)
    expect(out).toMatch(/^ {2}ED +10000, serials 0 online, 0 offline$/m)
    expect(out).toMatch(/^ {2}key load\/01 +version 02, algorithm 00, check value [0-9A-F]{6}$/m)
    expect(out).not.toMatch(/2222222222|grey lock|wrong MACs|BLOCKED/)
  })

  test('tells of locks, wrong MACs, credit, and of an application without PIN', async () => {
    const { profile, card } = changed({
      applications: [{ name: 'A000000003', fid: '3F01', ed: { balance: 500, limit: 300 } }],
    })
    await run(['card', 'new', '--profile', profile, '--out', card])
    const memory = readCardFile(card)
    memory.writeNumber('blocked', 1)
    memory.writeNumber('adf/0/life', 1)
    memory.writeNumber('adf/0/errors/maintenance', 2)
    memory.write('adf/0/grey', new Uint8Array(36))
    memory.commit()
    writeCardFile(card, memory)
    const { out } = await run(['card', 'show', card])
    expect(out).toMatch(/^e-purse card, .*, BLOCKED$/m)
    expect(out).toMatch(/^A000000003 \(3F01\), BLOCKED for a time$/m)
    expect(out).toMatch(/^ {2}PIN +none$/m)
    expect(out).toMatch(/^ {2}ED +500 with a limit of 300, serials/m)
    expect(out).toMatch(/^ {2}grey lock +waits for its release$/m)
    expect(out).toMatch(/^ {2}wrong MACs, maintenance +2$/m)
  })

  test('as JSON', async () => {
    const { out } = await run(['card', 'show', await purse('fmcos'), '--json'])
    const shown = JSON.parse(out)
    expect(shown).toMatchObject({ profile: 'fmcos', switches: { selectByFid: 'serve' }, blocked: false })
    expect(shown.applications[1]).toMatchObject({ fid: '3F02', life: 'in use', ep: { balance: 10_000 } })
  })
})

describe('card run', () => {
  test('runs an e-purse, and keeps in its file what it counts', async () => {
    const file = await purse()
    const { code, out } = await run(['card', 'run', file, '--power-up'], `${SELECT}\n${BALANCE}\n${VERIFY_WRONG}\n`)
    expect(code).toBe(0)
    expect(out).toMatch(/^3B6800000073C84000009000\n61[0-9A-F]{2}\n6982\n63C2\n$/)
    expect(readCardFile(file).readNumber('adf/0/pin-tries')).toBe(2)
  })

  test('puts it into a reader', async () => {
    const file = await purse()
    const reader = await listenVirtualReader({ port: 0 })
    const running = run(['card', 'run', file, '--reader', `127.0.0.1:${reader.port}`])
    const connection = await reader.accept()
    const answers: string[] = []
    for (const command of [SELECT, VERIFY_WRONG]) answers.push(toHex(await connection.transmit(fromHex(command))))
    expect(answers).toEqual([expect.stringMatching(/^61/), '63C2'])
    expect(readCardFile(file).readNumber('adf/0/pin-tries')).toBe(2)
    await reader.close()
    expect((await running).code).toBe(0)
  })
})

test('read says that the card is an e-purse', async () => {
  const file = await purse()
  const { code, out, err } = await run(['read', '--card', file])
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain(`${file} is an e-purse card`)
})
