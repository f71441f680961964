/**
 * The vectors once more where there is no Node: in Chromium, from a plain ES module served on loopback. Without a Chromium
 * the tests of the page are left out, and say so; those of the bundle are not. CHROMIUM names another program.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bundle, bundle } from './bundle.js'
import type { Page } from './page.js'
import { type PageServer, servePage } from './serve.js'

const ROOT = join(import.meta.dirname, '..', '..')
const PROGRAM = [process.env['CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync)
const FLAGS = [
  ...['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
]

/** The files of vectors/ that the page can run, each with the number of its cases. */
const FILES = readdirSync(join(ROOT, 'vectors'))
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({ name, ...(JSON.parse(readFileSync(join(ROOT, 'vectors', name), 'utf8')) as VectorFile) }))
  .flatMap(({ name, format, cases = [] }) =>
    format === 'issuerkit-vectors/1' || name === 'tr31.json' ? [{ name, count: cases.length }] : [],
  )

interface VectorFile {
  readonly format?: string
  readonly cases?: readonly unknown[]
}

let made: Bundle
beforeAll(async () => {
  made = await bundle(ROOT, 'test/browser/page.ts')
})

describe('the bundle', () => {
  it('has the packages and the portable back end', () => {
    const packages = made.inputs.map((path) => /^packages\/([a-z]+)\/src\//.exec(path)?.[1])
    expect(packages).toEqual(expect.arrayContaining(['apdu', 'keys', 'scripts', 'oda', 'securechannel']))
    expect(made.inputs).toContain('packages/keys/src/default-backend-browser.ts')
  })
  it('has nothing of Node, and imports nothing', () => {
    expect(made.inputs.filter((path) => /backend-node|default-backend\.ts/.test(path))).toEqual([])
    expect(made.imports).toEqual([])
  })
})

if (PROGRAM === undefined) console.log('test/browser: the page is left out, no chromium here (Debian: chromium)')

describe.skipIf(PROGRAM === undefined)('the page in Chromium', () => {
  let server: PageServer
  let browser: Browser
  let tab: Tab
  const requests: string[] = []
  const complaints: string[] = []

  beforeAll(async () => {
    server = await servePage(ROOT, made.code)
    browser = await chromium.launch({ executablePath: PROGRAM ?? '', args: FLAGS })
    tab = await browser.newPage()
    tab.on('request', (request) => requests.push(request.url()))
    tab.on('websocket', (socket) => requests.push(socket.url()))
    tab.on('console', (message) => complaints.push(message.text()))
    tab.on('pageerror', (error) => complaints.push(`${error}`))
    await tab.goto(server.origin)
    await tab.waitForFunction('globalThis.page !== undefined')
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  it('starts on the portable back end, which refuses private keys', async () => {
    const first = await tab.evaluate(() => (globalThis as unknown as { page: Page }).page.first)
    expect(first).toEqual({ name: 'portable', privateKey: 'ERR_BACKEND' })
  })

  it('has no Node', async () => {
    expect(await tab.evaluate('[typeof process, typeof Buffer, typeof require]')).toEqual(Array(3).fill('undefined'))
  })

  it('there are vector files', () => expect(FILES.length).toBeGreaterThan(14))

  it.each(FILES)('passes $name, $count cases', async ({ name, count }) => {
    const report = await tab.evaluate((file) => (globalThis as unknown as { page: Page }).page.run(file), name)
    expect(report).toEqual({ passed: count, failed: 0, failures: [] })
  })

  it.each([
    ['mac.json', /("mac": ")[0-9A-F]/],
    ['tr31.json', /("key": ")[0-9A-F]/],
  ])('finds a wrong digit in %s', async (name, place) => {
    const right = readFileSync(join(ROOT, 'vectors', name), 'utf8')
    const digit = place.exec(right)?.[0].at(-1) === '0' ? '1' : '0'
    const wrong = right.replace(place, `$1${digit}`)
    const judge = ([file, text]: [string, string]) => (globalThis as unknown as { page: Page }).page.judge(file, text)
    expect(await tab.evaluate(judge, [name, right] as [string, string])).toMatchObject({ failed: 0 })
    expect(await tab.evaluate(judge, [name, wrong] as [string, string])).toMatchObject({ failed: 1 })
  })

  it('asked for nothing beyond its origin, and had nothing to complain about', () => {
    const { origin, asked } = server
    const expected = ['/', '/page.js', ...FILES.map(({ name }) => `/vectors/${name}`)]
    expect(requests.filter((url) => !url.startsWith('data:'))).toEqual(
      expected.map((path) => new URL(path, origin).href),
    )
    expect(asked).toEqual(expected)
    expect(complaints).toEqual([])
  })
})
