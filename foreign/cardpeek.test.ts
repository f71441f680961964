/** cardpeek, a reader of cards with a reading of EMV of its own, reads ours without a window. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseOneTlv, toHex, withGetResponse } from '../packages/apdu/src/index.js'
import { readCard, type VirtualReader } from '../packages/terminal/src/index.js'
import { exampleCard, insert, READERS, remove, run } from './support.js'

/** Answers cardpeek's question for the first application, reads, saves what it shows, and leaves. */
const SCRIPT = `
ui.question = function(text, buttons) return 1 end
ui.readline = function(...) return false end
dofile(os.getenv("HOME") .. "/.cardpeek/scripts/emv.lua")
ui.save_view(os.getenv("HOME") .. "/out.xml")
`

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cardpeek-'))
  writeFileSync(join(folder, 'read.lua'), SCRIPT)
  // The first run asks whether it may unpack its scripts into the home folder, and ends.
  await peek('os.exit(0)', 'none:', '1\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

async function peek(command: string, reader: string, input = ''): Promise<string> {
  const script = `cd "$HOME" && cardpeek -c -r '${reader}' -e '${command}'`
  const { stdout, stderr } = await run('sh', ['-c', script], { env: { ...process.env, HOME: folder }, input })
  return stdout.slice(0, 100_000) + stderr.slice(0, 100_000)
}

describe.each(['T=0', 'T=1'])('cardpeek on %s', (protocol) => {
  const card = exampleCard('two-applications', { protocol })
  let inserted: VirtualReader
  let xml: string
  beforeAll(async () => {
    inserted = await insert(card)
    rmSync(join(folder, 'out.xml'), { force: true })
    const said = await peek(
      'print(pcall(dofile, os.getenv("HOME") .. "/read.lua")) os.exit(0)',
      `pcsc://${READERS[0].name}`,
    )
    expect(existsSync(join(folder, 'out.xml')), said.slice(-2000)).toBe(true)
    xml = readFileSync(join(folder, 'out.xml'), 'utf8')
  })
  afterAll(() => remove(inserted))

  it('names both applications and their PANs', () => {
    for (const name of ['A000000333010101', 'A000000333010102', '6200000000000005', '6200000000000013']) {
      expect(xml).toContain(name)
    }
  })
  it('shows each data object of each record, with its value', async () => {
    card.powerUp()
    const tree = await readCard(withGetResponse(card.exchange), {})
    const records = tree.applications.flatMap(({ reading }) => reading?.records ?? [])
    expect(records.length).toBeGreaterThan(10)
    const shown = xml.replace(/\s/g, '').toUpperCase()
    const objects = records.flatMap(({ data }) => parseOneTlv(data, '70').children ?? [])
    expect(objects.length).toBeGreaterThan(40)
    for (const { tag, value } of objects) expect(shown, tag).toContain(`8:${toHex(value)}<`)
  })
})
