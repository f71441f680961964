/** `issuerkit conformance`: the virtual card, and readers of the test's own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { etcPurseProfile } from '@issuerkit/card'
import { type CardConnection, CONFORMANCE_CASES, virtualPurse } from '@issuerkit/terminal'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ConformanceSurroundings, conformanceCommand } from '../src/cli/conformance.js'
import { type Ran, run } from './support/run.js'

let folder = ''
const file = (name: string): string => join(folder, name)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'conformance-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The command with parts of the test's own. */
async function runWith(args: readonly string[], surroundings: Partial<ConformanceSurroundings>): Promise<Ran> {
  const ran = { code: -1, out: '', err: '' }
  const add = (name: 'out' | 'err') => (text: string) => {
    ran[name] += text
  }
  const done = (code: number): void => {
    ran.code = code
  }
  const command = conformanceCommand({ out: add('out'), err: add('err'), environment: {} }, done, surroundings)
  await new Command().addCommand(command).parseAsync(['conformance', ...args], { from: 'user' })
  return ran
}

/** A profile's file, with fields of its own. */
function profileFile(name: string, fields: object): string {
  const application = (number: number) => ({ name: `A0000000038698070${number}`, fid: `3F0${number}`, pin: '5678' })
  writeFileSync(file(name), JSON.stringify({ applications: [application(1), application(2)], ...fields }))
  return file(name)
}

describe('the virtual card', () => {
  test('passes a chapter; the table says so', async () => {
    const { code, out, err } = await run(['conformance', '--only', '4.1.3'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out.split('\n')).toEqual([
      'chapter            passed  failed  skipped',
      '4.1.3    VERIFY        11       0        0',
      'total    11 cases      11       0        0',
      '',
    ])
  })

  test('as JSON is one object', async () => {
    const args = ['conformance', '--card', 'virtual', '--json', '--only', '4.1.2-7', '--only', '3.2']
    const { code, out } = await run(args)
    expect(code).toBe(0)
    expect(out.trim().split('\n')).toHaveLength(1)
    const report = JSON.parse(out)
    expect(report).toMatchObject({ total: 6, passed: 6, failed: 0, skipped: 0, card: { profile: 'etc-2008' } })
    expect(report.cases.map(({ id }: { id: string }) => id)).toEqual([
      '3.2-1',
      '3.2-2',
      '3.2-3',
      '3.2-4',
      '3.2-5',
      '4.1.2-7',
    ])
    expect(report.cases[0].steps[1]).toMatchObject({
      action: 'SELECT',
      command: '00A404000E315041592E5359532E4444463031',
    })
  })

  test('of the other profile serves file identifiers', async () => {
    const steps = async (profile: string): Promise<{ action: string; expected: string }[]> =>
      JSON.parse((await run(['conformance', '--profile', profile, '--json', '--only', '3.2-5'])).out).cases[0].steps
    expect((await steps('etc-2008')).filter(({ expected }) => expected === '6A86')).toHaveLength(4)
    expect((await steps('fmcos')).filter(({ expected }) => expected === '9000')).toHaveLength(5)
  })

  test('of a file is as the file says', async () => {
    const profile = profileFile('t1.json', { protocol: 'T=1' })
    const { code, out } = await run(['conformance', '--profile', profile, '--only', '4.1.3-1', '--only', '4.1.11'])
    expect(code).toBe(0)
    expect(out).toContain('skipped, the card does not have what the case needs: T=0: 4.1.11-1, 4.1.11-3, 4.1.11-4\n')
    const { cases } = JSON.parse((await run(['conformance', '--profile', profile, '--only', '4.1.3-1', '--json'])).out)
    expect(cases[0].steps).toContainEqual(expect.objectContaining({ command: '00200000025678', answer: '9000' }))
  })

  test('whose run fails has exit code 1', async () => {
    const [one] = CONFORMANCE_CASES
    const fails = {
      ...one,
      id: '3.2-1',
      run: () => Promise.reject(new Error('no')),
    } as (typeof CONFORMANCE_CASES)[number]
    const { code, out } = await runWith([], { cases: [fails] })
    expect(code).toBe(1)
    expect(out).toContain('FAILED 3.2-1')
    expect((await runWith(['--json'], { cases: [fails] })).code).toBe(1)
  })

  test('shows its progress to a terminal, and takes it away again', async () => {
    const cases = CONFORMANCE_CASES.slice(0, 2)
    expect((await runWith([], { cases, watched: true })).err).toBe('\r\u001b[K1/2 3.2-1 passed\r\u001b[K')
    expect((await runWith([], { cases, watched: false })).err).toBe('')
  })
})

describe('reports', () => {
  test('are written in the form of their names', async () => {
    const names = ['r.xml', 'r.HTML', 'r.json'].map(file)
    const { code } = await run(['conformance', '--only', '3.2-1', ...names.flatMap((name) => ['--report', name])])
    expect(code).toBe(0)
    const [xml = '', html = '', json = ''] = names.map((name) => readFileSync(name, 'utf8'))
    expect(xml).toContain('<testcase classname="conformance.3.2" name="3.2-1 ')
    expect(html).toContain('<!DOCTYPE html>')
    expect(JSON.parse(json)).toMatchObject({ total: 1, passed: 1, cases: [{ id: '3.2-1', verdict: 'passed' }] })
  })

  test.each([
    ['r.pdf', /a report ends in \.xml, \.html, \.json/],
    ['nowhere/r.xml', /cannot be written \(ENOENT\)/],
  ])('to %s are wrong use, and nothing is run', async (name, message) => {
    const { code, out, err } = await run(['conformance', '--only', '3.2-1', '--report', file(name)])
    expect({ code, out, err }).toEqual({ code: 2, out: '', err: expect.stringMatching(message) })
  })
})

describe('a card in a reader', () => {
  const asked: unknown[] = []
  let disconnected = 0
  /** A reader with a virtual card in it, which has no copies then. */
  const readers: Partial<ConformanceSurroundings> = {
    listReaders: async () => [{ name: 'Empty' }, { name: 'Full', atr: Uint8Array.of(0x3b, 0) }],
    connectReader: async (name, options): Promise<CardConnection> => {
      asked.push(name, options)
      const { connection } = virtualPurse(etcPurseProfile())
      const disconnect = async (): Promise<void> => {
        disconnected += 1
      }
      return { ...connection, name, atr: connection.atr, disconnect }
    },
  }

  test('is the first one, or the one of the name, and is let go', async () => {
    asked.length = 0
    disconnected = 0
    const only = ['--only', '3.2-1']
    for (const name of [[], ['My Reader'], ['My', 'Reader']]) {
      expect((await runWith(['--card', 'reader', ...name, ...only], readers)).code).toBe(0)
    }
    const share = { share: 'exclusive' }
    expect(asked).toEqual(['Full', share, 'My Reader', share, 'My Reader', share])
    expect(disconnected).toBe(3)
  })

  test('is not killed unless asked for', async () => {
    const args = ['--card', 'reader', '--only', '4.1.5']
    const spared = await runWith(args, readers)
    expect(spared.code).toBe(0)
    expect(spared.out).toContain('skipped, it kills the card, which has no copies: 4.1.5-3, 4.1.5-4\n')
    const killed = await runWith([...args, '--include-destructive'], readers)
    expect(killed.code).toBe(0)
    expect(killed.out).toContain('skipped, case 4.1.5-3 has killed the card: 4.1.5-4\n')
  })

  test('that is another card than the profile says fails', async () => {
    const profile = profileFile('other.json', {})
    const { code, out } = await runWith(['--card', 'reader', '--profile', profile, '--only', '4.1.3-1'], readers)
    expect(code).toBe(1)
    expect(out).toContain('FAILED 4.1.3-1')
    expect(out).toContain('VERIFY: expected 9000, got 63C2')
  })

  test('that is in no reader cannot be tested', async () => {
    const none = runWith(['--card', 'reader'], { ...readers, listReaders: async () => [{ name: 'Empty' }] })
    await expect(none).rejects.toMatchObject({ code: 'ERR_READER' })
  })
})

describe('wrong use', () => {
  test.each([
    ['a card of another kind', ['--card', 'plastic'], /--card virtual, or --card reader/],
    ['a virtual card with a name', ['--card', 'virtual', 'x'], /--card virtual, or --card reader/],
    ['a chapter that is not there', ['--only', '99'], /ERR_OPTION/],
    ['a profile that is not there', ['--profile', 'no-such-file'], /cannot be read \(ENOENT\)/],
    ['an argument', ['x'], /./],
  ])('%s', async (_name, args, message) => {
    const { code, out, err } = await run(['conformance', ...args])
    expect({ code, out, err }).toEqual({ code: 2, out: '', err: expect.stringMatching(message) })
  })

  test.each([
    ['no JSON', '{', /is not JSON/],
    ['an unknown field', '{"pin":"1234"}', /ERR_CARD/],
    [
      'one application',
      JSON.stringify({ applications: [{ name: 'A000000001', fid: '3F01', pin: '1234' }] }),
      /two applications/,
    ],
  ])('a profile with %s', async (_name, text, message) => {
    writeFileSync(file('bad.json'), text)
    for (const card of ['virtual', 'reader']) {
      const { code, err } = await run(['conformance', '--profile', file('bad.json'), '--card', card])
      expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(message) })
    }
  })
})
